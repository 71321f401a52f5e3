"""Which pictures are in a folder of a person's own? `photos`, `folder:PATH?size=64`.

Found by their endings, in all folders below, those of other programs left out. Links that lead out of the folder are not followed unless
the name says `links=follow`. Nothing is opened here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from trainer.datasets.kinds import is_litter, is_litter_folder, is_picture, named, natural
from trainer.datasets.pictures import read_bytes
from trainer.errors import DataError
from trainer.numerals import count

LINKS = "add links=follow to the name, as in photos?links=follow, to allow it"


@dataclass(frozen=True)
class Listing:
    """What is in a folder, as paths from it with forward slashes, in natural order."""

    files: tuple[str, ...]
    """pictures by their ending"""
    others: tuple[str, ...] = ()
    """all other files"""
    folders: tuple[str, ...] = ()
    """all"""
    outside: tuple[str, ...] = ()
    """links that were not followed"""
    closed: tuple[str, ...] = ()
    """what could not be looked into"""
    n_litter: int = 0
    """files of other programs"""
    replaced: tuple[str, ...] = ()
    """a path of an archive for each picture that a later one of the same path replaces"""

    def told_links(self) -> str:
        """The note about links; empty where there are none."""
        n = len(self.outside)
        if not n:
            return ""
        links = "1 link that leads out of the folder was" if n == 1 else f"{count(n)} links that lead out of the folder were"
        return f"{links} not followed ({LINKS}): {named(self.outside)}"


@dataclass
class _Found:
    """What was met so far, as in `Listing`."""

    files: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    n_litter: int = 0


@dataclass(frozen=True)
class FolderSource:
    """The files of a folder, for `decoded`."""

    folder: Path
    """where they are"""

    @property
    def place(self) -> str:
        return os.path.realpath(self.folder)

    def content(self, file: str) -> bytes:
        return read_bytes(self.folder / file, file)

    def looks(self, file: str) -> tuple[int, ...]:
        try:
            known = os.stat(os.path.join(self.folder, file))
        except OSError:
            return ()
        return known.st_size, known.st_mtime_ns, known.st_ctime_ns


def list_files(folder: Path, *, follows_links: bool = False) -> Listing:
    """Every file by its ending, hidden ones and other programs' left out. Raises `DataError` where there is no folder."""
    if not folder.is_dir():
        state = "is not a folder" if folder.exists() else "does not exist"
        raise DataError(f"folder {folder} {state}; give the path of a folder of images, as in folder:pictures/cats.")
    found = _Found()
    for path in _walk(folder, follows_links, found):
        if is_litter(path):
            found.n_litter += 1
        elif not is_picture(path):
            found.others.append(path)
        elif os.path.isfile(full := os.path.join(folder, path)):
            is_inside = follows_links or not os.path.islink(full) or _is_below(full, folder)
            (found.files if is_inside else found.outside).append(path)
        elif os.path.islink(full) and not _is_below(full, folder):
            found.outside.append(path)
        else:  # a link to nothing, or no file but a pipe or a device, which would be waited for
            found.closed.append(path)
    files, others, folders, outside, closed = (
        tuple(sorted(names, key=natural)) for names in (found.files, found.others, found.folders, found.outside, found.closed)
    )
    return Listing(files, others, folders, outside, closed, found.n_litter)


def _walk(folder: Path, follows_links: bool, found: _Found) -> Iterator[str]:
    """Paths from the folder of all files; links to folders are entered only where that is allowed, and never in circles."""
    entered = {os.path.realpath(folder)}

    def told(error: OSError) -> None:
        found.closed.append(os.path.relpath(error.filename, folder))

    for parent, names, files in os.walk(folder, followlinks=follows_links, onerror=told):
        inside = Path(os.path.relpath(parent, folder)).as_posix()
        start = "" if inside == "." else f"{inside}/"
        for name in list(names):
            full = os.path.join(parent, name)
            if is_litter_folder(name):
                found.n_litter += sum(len(files) for _, _, files in os.walk(full))
                names.remove(name)
            elif os.path.islink(full) and not follows_links:
                found.outside.append(start + name)
                names.remove(name)
            elif follows_links and (real := os.path.realpath(full)) in entered:
                names.remove(name)
            else:
                if follows_links:
                    entered.add(real)
                found.folders.append(start + name)
        yield from (start + name for name in files)


def _is_below(path: str, folder: Path) -> bool:
    """Whether a link's end is in the folder; unlike resolve(), realpath raises nothing for a link that points at itself."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))

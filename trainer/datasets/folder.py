"""How does a folder of a person's own pictures become a data set? `folder:PATH` or `folder:PATH?size=64`.

Class = subfolder name. Every picture is turned upright, cut to the square in its middle and resized to `size` × `size`
pixels. All grey: one channel; else RGB. Files that cannot be read are skipped, counted and named in the notes. Links
that lead out of the folder are not followed.

The images lie training split first, then validation, then test, each in the order of its paths: every split is then a
view of one file, which may be larger than memory (`trainer.datasets.decoded`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.datasets.dataset import SPLITS, Dataset
from trainer.errors import DataError

PREFIX = "folder:"
EXTENSIONS = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"))
SIZE, MIN_SIZE, MAX_SIZE = 32, 8, 128
LICENCE = "unknown: pictures of your own folder"
NAMED_IN_NOTES = 10


@dataclass(frozen=True)
class FolderName:
    """What `folder:PATH?size=…` says. size in pixels."""

    path: Path
    size: int


@dataclass(frozen=True)
class Listing:
    """Image files as sorted paths from the folder, with forward slashes; `outside`: links that were not followed."""

    files: tuple[str, ...]
    outside: tuple[str, ...]


def parse(name: str) -> FolderName:
    """`name` with its prefix; a question mark belongs to the path unless an option follows it."""
    rest = name[len(PREFIX) :]
    path, mark, option = rest.rpartition("?")
    if not mark or "=" not in option:
        path, option = rest, f"size={SIZE}"
    key, _, value = option.partition("=")
    if not path or key != "size" or not value.isascii() or not value.isdigit() or not MIN_SIZE <= int(value) <= MAX_SIZE:
        raise DataError(f"data set is {name!r}; allowed: folder:PATH or folder:PATH?size={MIN_SIZE} to ?size={MAX_SIZE}.")
    return FolderName(Path(path).expanduser(), int(value))


def load_folder(name: str, *, progress: bool) -> Dataset:
    """The pictures of a folder, decoded once; afterwards they are read from the cache as long as no file has changed."""
    from trainer.datasets.decoded import TooFewError, decoded, lay_out

    asked = parse(name)
    listing = list_files(asked.path)
    files, stray = _in_classes(listing.files)
    try:
        found = decoded(asked.path, files, asked.size, progress=progress)
    except TooFewError as error:
        raise _too_few(asked.path, error.n_readable, error.unreadable) from None
    layout = lay_out(found.readable)
    return Dataset(
        name=name,
        images=found.images,
        labels=layout.labels,
        class_names=layout.class_names,
        factors=None,
        factor_names=(),
        splits=layout.splits,
        licence=LICENCE,
        notes=_notes(found.unreadable, listing.outside, stray),
        known_sha256=found.sha256,
    )


def _too_few(folder: Path, n_readable: int, unreadable: Sequence[str]) -> DataError:
    return DataError(
        f"folder {folder} holds {n_readable} readable images; allowed: at least {len(SPLITS)} "
        f"({', '.join(sorted(e[1:] for e in EXTENSIONS))}), in one subfolder per class or all directly in it."
        + (f" Unreadable: {_names(unreadable)}." if unreadable else "")
    )


# --- which files


def list_files(folder: Path) -> Listing:
    """Every image file by its ending, hidden ones left out; nothing is opened."""
    if not folder.is_dir():
        state = "is not a folder" if folder.exists() else "does not exist"
        raise DataError(f"folder {folder} {state}; give the path of a folder of images, as in folder:pictures/cats.")
    root = Path(os.path.realpath(folder))
    files, outside = [], []
    for file in _walk(folder):
        path = os.path.join(folder, file)
        is_image = os.path.splitext(file)[1].lower() in EXTENSIONS
        # unlike resolve(), realpath raises nothing for a link that points at itself
        target = Path(os.path.realpath(path)) if os.path.islink(path) else None
        if target is not None and (target.is_dir() or (is_image and not target.is_relative_to(root))):
            outside.append(file)
        elif is_image and os.path.isfile(path):
            files.append(file)
    return Listing(tuple(sorted(files)), tuple(sorted(outside)))


def _walk(folder: Path) -> Iterator[str]:
    """Paths from the folder of files, and of links to folders, which are not entered: they may lead outside or in circles."""
    for parent, names, files in os.walk(folder, followlinks=False):
        names[:] = [name for name in names if not name.startswith(".")]
        links = [name for name in names if os.path.islink(os.path.join(parent, name))]
        inside = Path(parent).relative_to(folder).as_posix()
        start = "" if inside == "." else f"{inside}/"
        yield from (start + name for name in [*files, *links] if not name.startswith("."))


def _in_classes(files: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where there are class folders, a file beside them has no class: it is set aside, second."""
    classed = tuple(file for file in files if "/" in file)
    direct = tuple(file for file in files if "/" not in file)
    return (classed, direct) if classed else (direct, ())


# --- what to tell


def _notes(unreadable: Sequence[str], outside: Sequence[str], stray: Sequence[str]) -> tuple[str, ...]:
    told = (
        (unreadable, "unreadable file was skipped", "unreadable files were skipped"),
        (outside, "link was not followed", "links were not followed"),
        (stray, "file outside every class folder was skipped", "files outside every class folder were skipped"),
    )
    return tuple(f"{len(files)} {one if len(files) == 1 else many}: {_names(files)}" for files, one, many in told if files)


def _names(files: Sequence[str]) -> str:
    more = len(files) - NAMED_IN_NOTES
    text = ", ".join(files[:NAMED_IN_NOTES]) + (f" and {more} more" if more > 0 else "")
    return text.encode("utf-8", "replace").decode()  # a name in some other encoding could not be printed

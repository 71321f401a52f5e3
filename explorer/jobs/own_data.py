"""How does what a person uploads become a data set? A zip of pictures, an .npz, or a folder's pictures, kept under a checked name.

    uploads/TITLE/upload.json      kind, size, how many images it has, and what was left out
    uploads/TITLE/TITLE.zip        the archive as it came, or TITLE.npz, or the pictures in a folder TITLE

Everything is bounded before it is decoded, and nothing is unpacked: an archive is read where it lies. No name of an upload becomes a path
before it is checked; what is refused leaves nothing behind. What is kept is a data set like any other: its name goes into `FitConfig.data`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from trainer.config import check_run_name
from trainer.datasets import load_dataset
from trainer.datasets.kinds import files_word, is_litter, is_picture, left_out, printable
from trainer.datasets.memory import cache_folder
from trainer.datasets.names import MAX_SIZE, MIN_SIZE, SIZE
from trainer.datasets.pictures import MAX_BYTES
from trainer.errors import ConfigError, DataError
from trainer.numerals import count

FOLDER = "uploads"
ABOUT = "upload.json"
MOST_BYTES = 500_000_000  # of an upload, as it comes
MOST_UNPACKED = 2_000_000_000  # of all files of an archive, by its directory
MOST_FILES = 100_000
MOST_RATIO = 200  # bytes unpacked for one packed: pixels of a drawing in a .npz come to a hundred
MOST_KEPT = 5_000_000_000  # of all uploads together
MOST_DEEP, MOST_NAME = 8, 200  # folders in each other; bytes of a name: file systems end at 255
ARCHIVES = {".zip": "zip", ".npz": "npz"}
KINDS = ("folder", *ARCHIVES.values())
WHAT = "one .zip of pictures, one .npz, or pictures, which may lie in a folder of each class"


@dataclass(frozen=True)
class Upload:
    """One file as it came."""

    path: str
    """its name, in a folder with forward slashes"""
    data: bytes


@dataclass(frozen=True)
class OwnDataSet:
    """An upload that is kept."""

    name: str
    """of the data set, for `FitConfig.data`"""
    title: str
    """as its owner called it"""
    n_images: int
    notes: tuple[str, ...]
    """what was left out or assumed, a sentence each"""


def uploads_folder() -> Path:
    """`$LATENT_DATA/uploads`, else in the user's cache."""
    given = os.environ.get("LATENT_DATA", "").strip()
    return Path(given).expanduser() / FOLDER if given else cache_folder(FOLDER)


def keep_upload(files: Sequence[Upload], title: str, size: int = SIZE, folder: Path | None = None) -> OwnDataSet:
    """Checks an upload, keeps it under `title` and reads it once. Raises `DataError`, `ConfigError` with what is allowed.

    size: pixels of a side of pictures from files.
    """
    folder = uploads_folder() if folder is None else folder
    check_run_name(title)
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise DataError(f"size is {size}; allowed: {MIN_SIZE} to {MAX_SIZE} pixels.")
    kind = _kind(files)
    with _sentences(folder):
        _check_room(files, folder)
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / title).exists():
            raise DataError(f"there is an upload {title!r} already; allowed: another name.")
        beside = Path(tempfile.mkdtemp(prefix=".", dir=folder))
        try:
            notes = _written(files, kind, _place(beside, title, kind))
            data = load_dataset(_name(beside, title, kind, size))  # what cannot be read is refused, and nothing of it stays
            about = {"kind": kind, "size": size, "n_images": data.n, "notes": [*data.notes, *notes]}
            (beside / ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
            beside.chmod(0o755)  # else nobody but this user reads it, as temporary folders are
            os.rename(beside, folder / title)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return _described(about, title, folder)


def kept_uploads(folder: Path | None = None) -> dict[str, OwnDataSet]:
    """The data sets that were uploaded, by their titles; what cannot be understood is left where it is."""
    folder = uploads_folder() if folder is None else folder
    found = {}
    with contextlib.suppress(OSError):  # there is none yet, or it cannot be read
        for path in sorted(folder.iterdir()):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError, ConfigError):
                about = json.loads((path / ABOUT).read_text(encoding="utf-8"))
                found[path.name] = _described(about, check_run_name(path.name), folder)
    return found


def forget_upload(title: str, folder: Path | None = None) -> bool:
    """Removes an upload; runs that learned from it stay. False where there is none of that title. Raises `ConfigError`, `DataError`."""
    folder = uploads_folder() if folder is None else folder
    place = folder / check_run_name(title)
    if place.is_symlink() or not (place / ABOUT).is_file():  # somebody's own, which was put there by hand
        return False
    with _sentences(folder):
        shutil.rmtree(place)
    return True


@contextlib.contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    """What the disk refuses as a sentence."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror or type(error).__name__}); make room there, or set LATENT_DATA to another folder."
        ) from error


def _kind(files: Sequence[Upload]) -> str:
    """Of what came, within its bounds. Raises `DataError`."""
    if not files:
        raise DataError(f"nothing was uploaded; allowed: {WHAT}.")
    total = sum(len(file.data) for file in files)
    if total > MOST_BYTES or len(files) > MOST_FILES:
        raise DataError(
            f"the upload has {count(len(files))} files of {total / 1e6:.0f} MB; allowed: at most {count(MOST_FILES)} files and "
            f"{MOST_BYTES // 10**6} MB; more is trained from the command line, which reads it where it lies."
        )
    kind = ARCHIVES.get(PurePosixPath(files[0].path).suffix.lower()) if len(files) == 1 else None
    if kind is None and not any(is_picture(file.path) for file in files):
        raise DataError(f"no picture is in the upload, which begins with {_shown(files[0].path)!r}; allowed: {WHAT}.")
    return kind or "folder"


def _check_room(files: Sequence[Upload], folder: Path) -> None:
    """Raises `DataError` where all uploads together would be too many, or the disk is full."""
    if not folder.is_dir():
        return
    kept = sum(_size_of(path) for path in folder.rglob("*"))
    new = sum(len(file.data) for file in files)
    if kept + new > MOST_KEPT or shutil.disk_usage(folder).free < 2 * new:
        raise DataError(
            f"uploads of {kept / 1e6:.0f} MB are kept already, and there is no room for {new / 1e6:.0f} MB more; remove one."
        )


def _size_of(path: Path) -> int:
    """Bytes of a file; 0 of one that went away just now, and of a folder."""
    with contextlib.suppress(OSError):
        return path.stat().st_size if path.is_file() else 0
    return 0


def _written(files: Sequence[Upload], kind: str, target: Path) -> list[str]:
    """What of it was left out, a sentence each."""
    if kind != "folder":
        target.write_bytes(files[0].data)
        check_archive(target, files[0].path)
        return []
    target.mkdir()
    others, large, taken = list[str](), list[str](), set[PurePosixPath]()
    for file in files:
        place = checked_path(file.path)
        if place is None:
            others += [] if is_litter(file.path) else [file.path]
        elif len(file.data) > MAX_BYTES:
            large.append(file.path)
        elif place in taken or not taken.isdisjoint(place.parents) or (target / place).is_dir():
            raise DataError(f"{_shown(file.path)!r} lies where another file of the upload does; allowed: one file at each place.")
        else:
            taken.add(place)
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            (target / place).write_bytes(file.data)
    most = f"{files_word(len(large))} left out, larger than {MAX_BYTES // 10**6} MB: {_shown(large[0])}" if large else ""
    return [note for note in (left_out(others), most) if note]


def checked_path(path: str) -> PurePosixPath | None:
    """Where a file of a folder may lie, from the folder; None for what is no picture. Raises `DataError` for one elsewhere."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or len(parts) > MOST_DEEP or any(map(_is_odd, parts)):
        raise DataError(
            f"{_shown(path)!r} cannot be a picture's place; allowed: at most {MOST_DEEP} folders inside the upload, names of at most "
            f"{MOST_NAME} bytes without '..', ':' and control characters."
        )
    place = PurePosixPath(*parts)
    return place if is_picture(place.name) and not is_litter(str(place)) else None


def _is_odd(name: str) -> bool:
    """Whether a name leads elsewhere, or is one that file systems refuse."""
    try:
        n_bytes = len(name.encode())
    except UnicodeEncodeError:  # half of a pair of surrogates
        return True
    return name == ".." or n_bytes > MOST_NAME or re.search(r"[\x00-\x1f\x7f:]", name) is not None


def check_archive(path: Path, name: str) -> None:
    """Raises `DataError` for an archive that would unpack to more than a person's pictures are."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except Exception:  # BadZipFile, ValueError, struct.error, NotImplementedError on damaged directories
        raise DataError(f"{_shown(name)} is not an archive that can be read; make it again.") from None
    unpacked, packed = sum(info.file_size for info in infos), max(1, path.stat().st_size)
    if len(infos) > MOST_FILES or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * packed:
        raise DataError(
            f"{_shown(name)} would unpack to {count(len(infos))} files of {unpacked / 1e6:.0f} MB from {packed / 1e6:.1f} MB; allowed: "
            f"at most {count(MOST_FILES)} files, {MOST_UNPACKED // 10**6} MB and {MOST_RATIO} times its own size."
        )


def _shown(name: str) -> str:
    """A name of an upload as a sentence may hold it."""
    return printable(name[:MOST_NAME])


def _place(folder: Path, title: str, kind: str) -> Path:
    """Of the data, in the folder of an upload."""
    return folder / (title if kind == "folder" else f"{title}.{kind}")


def _name(folder: Path, title: str, kind: str, size: int) -> str:
    options = f"?size={size}" if kind in ("zip", "folder") and size != SIZE else ""
    return f"{kind}:{_place(folder, title, kind).absolute()}{options}"


def _described(about: dict[str, Any], title: str, folder: Path) -> OwnDataSet:
    """What is written beside an upload. Raises `ValueError`, `TypeError` or `KeyError` where it is something else."""
    kind, size, notes = about["kind"], int(about["size"]), tuple(map(str, about["notes"]))
    if kind not in KINDS or not MIN_SIZE <= size <= MAX_SIZE:
        raise ValueError("kind or size")
    return OwnDataSet(_name(folder / title, title, kind, size), title, int(about["n_images"]), notes)

"""How does what a person uploads become a data set? A zip of pictures, an .npz, or a folder's pictures, kept under a checked name.

Everything is bounded before it is decoded, and nothing is unpacked: an archive is read where it lies. No name of an upload becomes a path
before it is checked; what is refused leaves nothing behind. What is kept is a data set like any other: its name goes into `FitConfig.data`.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trainer.config import check_run_name
from trainer.datasets import Dataset, load_dataset
from trainer.datasets.kinds import is_litter, is_picture
from trainer.datasets.memory import cache_folder
from trainer.datasets.names import MAX_SIZE, MIN_SIZE, SIZE
from trainer.datasets.pictures import MAX_BYTES
from trainer.errors import DataError
from trainer.numerals import count

FOLDER = "uploads"
MOST_BYTES = 500_000_000  # of an upload, as it comes
MOST_UNPACKED = 2_000_000_000  # of all files of an archive, by its directory
MOST_FILES = 100_000
MOST_RATIO = 200  # bytes unpacked for one packed: pixels of a drawing in a .npz come to a hundred
MOST_KEPT = 5_000_000_000  # of all uploads together
MOST_DEEP, MOST_NAME = 8, 200
ARCHIVES = {".zip": "zip", ".npz": "npz"}
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
    _check_room(files, folder)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{title}.{kind}" if kind != "folder" else folder / title
    if any((folder / f"{title}{ending}").exists() for ending in ("", *ARCHIVES)):
        raise DataError(f"there is an upload {title!r} already; allowed: another name.")
    beside = Path(tempfile.mkdtemp(prefix=".", dir=folder))
    try:
        _written(files, kind, beside / target.name)
        dataset = load_dataset(_name(kind, beside / target.name, size))  # what cannot be read is refused, and nothing of it stays
        os.replace(beside / target.name, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return _told(dataset, _name(kind, target, size), title)


def kept_uploads(folder: Path | None = None) -> dict[str, str]:
    """The data sets that were uploaded, by their titles: each with its name for `FitConfig.data`."""
    folder = uploads_folder() if folder is None else folder
    if not folder.is_dir():
        return {}
    found = {}
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and (path.is_dir() or path.suffix in ARCHIVES):
            kind = "folder" if path.is_dir() else ARCHIVES[path.suffix]
            found[path.name if path.is_dir() else path.stem] = f"{kind}:{path.absolute()}"
    return found


def forget_upload(title: str, folder: Path | None = None) -> bool:
    """Removes an upload; runs that learned from it stay. False where there is none of that title. Raises `ConfigError`."""
    folder = uploads_folder() if folder is None else folder
    check_run_name(title)
    for path in (folder / title, *(folder / f"{title}{ending}" for ending in ARCHIVES)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
            return True
        if path.is_file():
            path.unlink()
            return True
    return False


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
        raise DataError(f"no picture is in the upload, which begins with {files[0].path[:MOST_NAME]!r}; allowed: {WHAT}.")
    return kind or "folder"


def _check_room(files: Sequence[Upload], folder: Path) -> None:
    """Raises `DataError` where all uploads together would be too many, or the disk is full."""
    if not folder.is_dir():
        return
    kept = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    new = sum(len(file.data) for file in files)
    if kept + new > MOST_KEPT or shutil.disk_usage(folder).free < 2 * new:
        raise DataError(
            f"uploads of {kept / 1e6:.0f} MB are kept already, and there is no room for {new / 1e6:.0f} MB more; remove one."
        )


def _written(files: Sequence[Upload], kind: str, target: Path) -> None:
    if kind == "folder":
        for file in files:
            if (place := checked_path(file.path)) is not None and len(file.data) <= MAX_BYTES:
                (target / place).parent.mkdir(parents=True, exist_ok=True)
                (target / place).write_bytes(file.data)
        return
    target.write_bytes(files[0].data)
    check_archive(target, files[0].path)


def checked_path(path: str) -> PurePosixPath | None:
    """Where a file of a folder may lie, from the folder; None for what is no picture. Raises `DataError` for one elsewhere."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    is_odd = len(parts) > MOST_DEEP or any(
        part == ".." or len(part) > MOST_NAME or re.search(r"[\x00-\x1f:]", part) for part in parts
    )
    if not parts or is_odd:
        raise DataError(
            f"{path[:MOST_NAME]!r} cannot be a picture's place; allowed: folders inside the upload, without '..' and ':'."
        )
    place = PurePosixPath(*parts)
    return place if is_picture(place.name) and not is_litter(str(place)) else None


def check_archive(path: Path, name: str) -> None:
    """Raises `DataError` for an archive that would unpack to more than a person's pictures are."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except Exception:  # BadZipFile, ValueError, struct.error, NotImplementedError on damaged directories
        raise DataError(f"{name[:MOST_NAME]} is not an archive that can be read; make it again.") from None
    unpacked, packed = sum(info.file_size for info in infos), max(1, path.stat().st_size)
    if len(infos) > MOST_FILES or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * packed:
        raise DataError(
            f"{name[:MOST_NAME]} would unpack to {count(len(infos))} files of {unpacked / 1e6:.0f} MB from {packed / 1e6:.1f} MB; allowed: "
            f"at most {count(MOST_FILES)} files, {MOST_UNPACKED // 10**6} MB and {MOST_RATIO} times its own size."
        )


def _name(kind: str, path: Path, size: int) -> str:
    options = f"?size={size}" if kind in ("zip", "folder") and size != SIZE else ""
    return f"{kind}:{path.absolute()}{options}"


def _told(dataset: Dataset, name: str, title: str) -> OwnDataSet:
    return OwnDataSet(name, title, dataset.n, dataset.notes)

"""How does a folder of a person's own pictures become a data set? `folder:PATH` or `folder:PATH?size=64`.

Class = subfolder name. Every picture is turned upright, cut to the square in its middle and resized to `size` × `size`
pixels. All grey: one channel; else RGB. Files that cannot be read are skipped, counted and named in the notes. Links
that lead out of the folder are not followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import SPLITS, Dataset, hashed_splits
from trainer.errors import DataError, ImageError

PREFIX = "folder:"
EXTENSIONS = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"))
SIZE, MIN_SIZE, MAX_SIZE = 32, 8, 128
LICENCE = "unknown: pictures of your own folder"
NAMED_IN_NOTES = 10
SHARES = (0.8, 0.1)  # train, validation; the rest is test


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


@dataclass(frozen=True)
class Pictures:
    """The readable files and their pictures (size, size, 3) or (size, size), and those that could not be read."""

    files: tuple[str, ...]
    pictures: tuple[NDArray[np.uint8], ...]
    unreadable: tuple[str, ...]


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
    """The pictures of a folder, in the order of their paths."""
    asked = parse(name)
    listing = list_files(asked.path)
    files, stray = _in_classes(listing.files)
    read = _read_all(asked, files, progress)
    if len(read.files) < len(SPLITS):
        raise DataError(
            f"folder {asked.path} holds {len(read.files)} readable images; allowed: at least {len(SPLITS)} "
            f"({', '.join(sorted(e[1:] for e in EXTENSIONS))}), in one subfolder per class or all directly in it."
            + _refusals(read.unreadable)
        )
    class_names, labels = _labels(read.files)
    return Dataset(
        name=name,
        images=_stack(read.pictures),
        labels=labels,
        class_names=class_names,
        factors=None,
        factor_names=(),
        splits=hashed_splits(read.files, *SHARES),
        licence=LICENCE,
        notes=_notes(read.unreadable, listing.outside, stray),
    )


# --- which files


def list_files(folder: Path) -> Listing:
    """Every image file by its ending, hidden ones left out; nothing is opened."""
    if not folder.is_dir():
        state = "is not a folder" if folder.exists() else "does not exist"
        raise DataError(f"folder {folder} {state}; give the path of a folder of images, as in folder:pictures/cats.")
    root = Path(os.path.realpath(folder))
    files, outside = [], []
    for path in _walk(folder):
        target = Path(os.path.realpath(path))  # unlike resolve(), it raises nothing for a link that points at itself
        is_inside = target.is_relative_to(root) and not (path.is_symlink() and target.is_dir())
        if is_inside and path.suffix.lower() in EXTENSIONS and path.is_file():
            files.append(path.relative_to(folder).as_posix())
        elif not is_inside and (target.is_dir() or path.suffix.lower() in EXTENSIONS):
            outside.append(path.relative_to(folder).as_posix())
    return Listing(tuple(sorted(files)), tuple(sorted(outside)))


def _walk(folder: Path) -> Iterator[Path]:
    """Files, and links to folders, which are not entered: they may lead outside or in circles."""
    for parent, names, files in os.walk(folder, followlinks=False):
        names[:] = [name for name in names if not name.startswith(".")]
        links = [name for name in names if (Path(parent) / name).is_symlink()]
        yield from (Path(parent) / name for name in [*files, *links] if not name.startswith("."))


def _in_classes(files: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where there are class folders, a file beside them has no class: it is set aside, second."""
    classed = tuple(file for file in files if "/" in file)
    direct = tuple(file for file in files if "/" not in file)
    return (classed, direct) if classed else (direct, ())


def _labels(files: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64] | None]:
    if "/" not in files[0]:
        return (), None
    names = [file.split("/", 1)[0] for file in files]
    class_names, labels = np.unique(np.array(names, dtype=object), return_inverse=True)
    shown = tuple(str(name).encode("utf-8", "replace").decode() for name in class_names)
    return shown, labels.astype(np.int64)


# --- what is in them


def _read_all(asked: FolderName, files: Sequence[str], progress: bool) -> Pictures:
    from tqdm import tqdm

    readable, pictures, unreadable = [], [], []
    for file in tqdm(files, desc="reading images", unit="image", disable=not progress, leave=False):
        try:
            pictures.append(_picture(asked.path / file, file, asked.size))
            readable.append(file)
        except ImageError:
            unreadable.append(file)
    return Pictures(tuple(readable), tuple(pictures), tuple(unreadable))


def _picture(path: Path, name: str, size: int) -> NDArray[np.uint8]:
    """(size, size) where the picture is grey, also when it is stored as colour; else (size, size, 3)."""
    from PIL import Image

    from trainer.datasets.pictures import middle_square, open_picture, to_grey_or_rgb

    image = to_grey_or_rgb(open_picture(path, name, draft_px=4 * size))
    # BOX repeats pixels when enlarging; LANCZOS is the sharpest when making smaller
    filter_ = Image.Resampling.LANCZOS if min(image.size) >= size else Image.Resampling.BOX
    picture = np.asarray(middle_square(image).resize((size, size), filter_))
    if picture.ndim == 3 and (picture == picture[..., :1]).all():
        picture = picture[..., 0]
    return picture


def _stack(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """(N, 1, H, W) when every picture is grey, else (N, 3, H, W)."""
    if all(picture.ndim == 2 for picture in pictures):
        return np.stack(pictures)[:, None]
    colour = [picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2) for picture in pictures]
    return np.ascontiguousarray(np.stack(colour).transpose(0, 3, 1, 2))


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


def _refusals(unreadable: Sequence[str]) -> str:
    return f" Unreadable: {_names(unreadable)}." if unreadable else ""

"""Images of your own in one numpy file: what is read of it, and how is it understood? `own.npz`, `own.npy`.

    images       (N, H, W), (N, C, H, W) or (N, H, W, C), C 1 to 4: pixels as `values` takes them
    labels       as `labels` takes them, where there are classes
    class_names  (Y,) texts, where they have names
    split        (N,) texts that say train, validation or test

or a part each: x_train, y_train, x_test, y_test, or train_images, train_labels, val_images …. An .npy holds images alone. Arrays of other
names are not looked at. Nothing is unpickled, and nothing is unpacked before its header says how large it is.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.archive import METHODS
from trainer.datasets.dataset import HASHED, Dataset, sha256_of
from trainer.datasets.kinds import named
from trainer.datasets.labels import UNLABELLED, Classes, LabelPart, classes_of_parts, of_one_case, text_of, told_one_case
from trainer.datasets.names import OwnData
from trainer.datasets.own import LICENCE, sha256
from trainer.datasets.splits import divide, is_division, part_of, split_of
from trainer.datasets.values import parts_on_one_scale, to_bytes
from trainer.errors import DataError
from trainer.numerals import counted

IMAGES = ("images", "imgs", "x", "data", "pictures", "arr_0")
LABELS = ("labels", "label", "y", "targets", "target", "classes")
NAMES = ("class_names", "label_names", "target_names", "names")
SPLIT = ("split", "splits", "subset", "set", "usage")
MOST_BYTES = 16_000_000_000  # of one array, unpacked
MOST_SIDE = 4096
SHAPES = "(N, H, W), or (N, C, H, W) or (N, H, W, C) with C 1, 3 or 4"


@dataclass(frozen=True)
class _Part:
    """Images in a file of arrays, and their labels."""

    images: str
    """name of the array"""
    labels: str
    """name of the array"""
    split: str
    """the word that gives the split, empty where there is one part only"""


class _File:
    """The arrays of an .npz by name, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                if any(info.compress_type not in METHODS for info in members):
                    raise DataError(
                        f"{path} is compressed in another way than numpy does; allowed: an .npz that numpy.savez wrote."
                    )
                self.sizes = {info.filename.removesuffix(".npy"): _unpacked(archive, info) for info in members}
                if len(self.sizes) < len(members):
                    raise DataError(f"{path} holds two arrays of one name; allowed: an .npz that numpy.savez wrote; make it again.")
        except FileNotFoundError:
            raise DataError(f"there is no file {path}; allowed: an .npz that numpy.savez wrote.") from None
        except DataError:
            raise
        except Exception:  # BadZipFile, OSError, ValueError, EOFError, struct.error ... of files that are none
            raise DataError(f"{path} cannot be read; allowed: an .npz that numpy.savez wrote, of numbers and texts.") from None

    def __getitem__(self, name: str) -> NDArray[Any]:
        n_bytes = self.sizes[name]
        if n_bytes is None:
            raise DataError(
                f"{self.path}: {name!r} is no array that numpy wrote; allowed: numbers and texts; save it as such, or leave it out."
            )
        if n_bytes > MOST_BYTES:
            size, most = n_bytes / 1e9, MOST_BYTES // 10**9
            raise DataError(f"{self.path}: array {name!r} has {size:.0f} GB; allowed: at most {most} GB; make the images smaller.")
        try:
            with np.load(self.path, allow_pickle=False) as file:
                array: NDArray[Any] = file[name]
        except Exception as error:  # ValueError for objects, zlib.error, BadZipFile, EOFError, MemoryError ... of damaged ones
            why = "it holds Python objects" if "pickle" in str(error) else "it is damaged or cut off"
            raise DataError(
                f"{self.path}: array {name!r} cannot be read, {why}; allowed: numbers and texts; save it as such, or leave it out."
            ) from None
        return array

    def first(self, names: tuple[str, ...]) -> str:
        """The first of these names that an array has, in any case; empty for none."""
        lower = {name.lower(): name for name in self.sizes}
        return next((lower[name] for name in names if name in lower), "")


def load_npz(own: OwnData) -> Dataset:
    """The data set in the file. Raises `DataError` where it is none."""
    file, where = _File(own.path), str(own.path)
    parts = _parts(file)
    notes = list[str]()
    stacks = [_channels_first(file[part.images], f"{part.images} of {where}") for part in parts]
    images = _joined(stacks, parts, where, notes)
    known: list[LabelPart] | None = None
    if all(part.labels for part in parts):
        names_ = [part.labels if len(parts) > 1 else "" for part in parts]
        known = [LabelPart(name, file[part.labels], len(stack)) for name, part, stack in zip(names_, parts, stacks, strict=True)]
    elif any(part.labels for part in parts):
        notes.append("labels are there for some parts only, so they are left out")
    given: list[str] | None = None
    if parts[0].split:
        given = [part.split for part, stack in zip(parts, stacks, strict=True) for _ in range(len(stack))]
    elif key := file.first(SPLIT):
        given = _words(file[key], len(images), notes)
    names = file[key] if (key := file.first(NAMES)) else None
    if names is not None and (names.ndim != 1 or names.dtype.kind not in "USiu"):
        notes.append(f"{key} has shape {names.shape} and type {names.dtype}, not (classes,) of texts: left out")
        names = None
    used = {part.images for part in parts} | {part.labels for part in parts} | {key, file.first(SPLIT)}
    rest = [name for name in file.sizes if name not in used]
    if rest:
        notes.append(f"arrays that are not read: {named(rest)}")
    return of_arrays(own, images, known, names, given, notes)


def load_npy(own: OwnData) -> Dataset:
    """The images of an .npy, which has no labels."""
    try:
        array = np.load(own.path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise DataError(f"there is no file {own.path}; allowed: an .npy that numpy.save wrote.") from None
    except Exception:  # ValueError for objects, EOFError, OSError, struct.error ... of files that are none
        raise DataError(f"{own.path} cannot be read; allowed: an .npy of numbers that numpy.save wrote, images {SHAPES}.") from None
    if not isinstance(array, np.ndarray):
        raise DataError(f"{own.path} is an .npz by its contents; allowed: an .npy; rename it to .npz.")
    return of_arrays(own, _channels_first(array, f"images of {own.path}"), None, None, None, [])


def of_arrays(
    own: OwnData, images: NDArray[Any], labels: Sequence[LabelPart] | None, names: Any, given: list[str] | None, notes: list[str]
) -> Dataset:
    """A data set of images (N, C, H, W) of any type.

    labels: of all images, in their order.
    given (N,): the word that gives each image's split.
    """
    where = str(own.path)
    if len(images) < 3:
        raise DataError(
            f"{where} holds {counted(len(images), 'image')}; allowed: 3 or more, so that no image is both trained on and tested on."
        )
    classes = None if labels is None else _of_one_case(classes_of_parts(labels, where, names), given)
    pixels, note = to_bytes(images, where)
    if pixels.shape[1] == 4:
        pixels, more = _without_alpha(pixels)
        note = f"{note}; {more}" if note else more
    found = None if classes is None else classes.labels
    divided = divide([str(i) for i in range(len(images))], found, given, own.held_out)
    of_pixels = sha256_of(
        pixels.shape, (np.ascontiguousarray(pixels[i : i + HASHED]).data for i in range(0, len(pixels), HASHED)), None
    )
    told = (divided.note, note, *(() if classes is None else classes.notes), *notes, _note_of_idle_options(own))
    return Dataset(
        own.name,
        pixels,
        found,
        () if classes is None else classes.names,
        None,
        (),
        divided.places,
        LICENCE,
        tuple(text for text in told if text),
        sha256(of_pixels, found, divided.places),
    )


def _note_of_idle_options(own: OwnData) -> str:
    """Which options of the name change nothing here; empty where there are none."""
    idle = [f"size={own.size}"] if own.size is not None else []
    idle += [f"fit={own.fit}"] if own.fit is not None else []
    have = "has" if len(idle) == 1 else "have"
    return f"{' and '.join(idle)} {have} no effect: images in arrays and tables keep their own size" if idle else ""


def _of_one_case(classes: Classes, given: list[str] | None) -> Classes:
    """Cat in one split and cat in another are one class."""
    if classes.labels is None or given is None or not is_division(list(set(given))):
        return classes
    names: list[str | None] = [*classes.names, None]
    same = of_one_case([names[label] for label in classes.labels.tolist()], list(map(split_of, given)))
    kept = [name for name in classes.names if name not in same]
    place = np.array([*(kept.index(same.get(name, name)) for name in classes.names), UNLABELLED], np.int64)
    return Classes(place[classes.labels], tuple(kept), (*classes.notes, *told_one_case(same)))


def _parts(file: _File) -> list[_Part]:
    """The arrays of images: one, or one of each split."""
    if key := file.first(IMAGES):
        return [_Part(key, file.first(LABELS), "")]
    things = {name: part_of(name, (*IMAGES, *LABELS)) for name in file.sizes}
    parts = []
    for name, (word, what) in things.items():
        if word and what in IMAGES:
            of_labels = {other: word_ for other, (word_, kind) in things.items() if kind in LABELS}
            same = [other for other, word_ in of_labels.items() if word_ == word]
            alike = [other for other, word_ in of_labels.items() if split_of(word_) == split_of(word)]
            parts.append(_Part(name, (*same, *alike, "")[0], word))
    if len(parts) == 1:
        return [_Part(parts[0].images, parts[0].labels, "")]
    if parts and "train" in {split_of(part.split) for part in parts}:
        return parts
    raise DataError(
        f"{file.path} holds {named(file.sizes) or 'nothing'}; allowed: an array 'images', and 'labels' and 'class_names', or x_train, "
        "y_train, x_test, y_test."
    )


def _joined(stacks: list[NDArray[Any]], parts: list[_Part], where: str, notes: list[str]) -> NDArray[Any]:
    """All images, on one scale. Raises `DataError` for parts of different shapes."""
    shapes = {stack.shape[1:] for stack in stacks}
    if len(shapes) > 1:
        told = ", ".join(f"{part.images} {stack.shape}" for part, stack in zip(parts, stacks, strict=True))
        raise DataError(f"{where}: images have different shapes: {told}; allowed: the same sides and channels in every part.")
    if len(stacks) == 1:
        return stacks[0]
    scaled, note = parts_on_one_scale([(part.images, stack) for part, stack in zip(parts, stacks, strict=True)], where)
    notes += [note] if note else []
    return np.concatenate(scaled)


def _channels_first(array: NDArray[Any], where: str) -> NDArray[Any]:
    """(N, C, H, W), a view where that is possible."""
    if array.ndim >= 1 and len(array) == 0:
        raise DataError(
            f"{where} are none (shape {array.shape}); allowed: 3 or more, so that no image is both trained on and tested on."
        )
    shape, flat = array.shape, ""
    if array.ndim == 2 and array.shape[1] > 3 and (side := round(array.shape[1] ** 0.5)) ** 2 == array.shape[1]:
        flat = f"; for rows of {array.shape[1]} pixels save images.reshape(-1, {side}, {side})"
    array = array[:, None] if array.ndim == 3 else array
    if array.ndim == 4 and array.shape[1] not in (1, 3) and array.shape[3] in (1, 3, 4):
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4 or array.shape[1] not in (1, 2, 3, 4) or min(array.shape[1:]) < 1 or max(array.shape[2:]) > MOST_SIDE:
        raise DataError(f"{where} have shape {shape}; allowed: {SHAPES}{flat}.")
    return array


def _without_alpha(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], str]:
    """RGB on white, as paper is: pictures in files are treated in the same way."""
    found = np.empty((len(pixels), 3, *pixels.shape[2:]), np.uint8)
    for start in range(0, len(pixels), HASHED):
        part = pixels[start : start + HASHED].astype(np.float32)
        share = part[:, 3:] / 255
        found[start : start + HASHED] = np.rint(part[:, :3] * share + 255 * (1 - share))
    return found, "the fourth channel was taken as opacity, transparent parts as white"


def _words(array: NDArray[Any], n: int, notes: list[str]) -> list[str] | None:
    """The split of each image in words; None, with a note, for what says none."""
    words = [text_of(value) for value in array.tolist()] if array.shape == (n,) and array.dtype.kind in "US" else []
    odd = sorted({word for word in words if not split_of(word)})
    if odd or not words:
        what = f"has {named(odd)}" if odd else f"has shape {array.shape} and type {array.dtype}"
        notes.append(f"the array that should name splits {what}: left out")
        return None
    return words


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> int | None:
    """Bytes of an array by its header, of which a few are read; None where it is none that numpy wrote."""
    with archive.open(info) as member:
        try:
            version = np.lib.format.read_magic(member)
            read: Mapping[tuple[int, int], Any] = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }
            shape, _, dtype = read.get(version, np.lib.format.read_array_header_2_0)(member)
        except ValueError:
            return None
    return int(np.prod(shape, dtype=object)) * int(dtype.itemsize)

"""Pictures of your own in one numpy file, `npz:PATH`: what is read of it, and how is it split?

    images       (N, H, W), (N, C, H, W) or (N, H, W, C): uint8, or floats from 0 to 1
    labels       (N,) whole numbers from 0, where there are classes
    class_names  (Y,) texts, where they have names

Nothing is unpickled. Test, validation and training images go by a hash of each picture's place: 20, 10 and 70 of a hundred.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, hashed_splits
from trainer.errors import DataError

PREFIX = "npz:"
LICENCE = "your own file"
TRAIN, VALIDATION = 0.7, 0.1


def load_npz(name: str) -> Dataset:
    """The data set in the file. Raises `DataError` where it is none."""
    path = Path(name.removeprefix(PREFIX)).expanduser()
    arrays = _read(path)
    if "images" not in arrays:
        raise DataError(
            f"{path} holds {', '.join(arrays) or 'nothing'}; allowed: an array 'images', and 'labels' and 'class_names'."
        )
    images = _images(arrays["images"], path)
    labels = _labels(arrays["labels"], len(images), path) if "labels" in arrays else None
    given = tuple(map(str, arrays["class_names"].tolist())) if "class_names" in arrays else ()
    names = given or (() if labels is None else tuple(map(str, range(int(labels.max()) + 1))))
    if len(images) < 3:
        raise DataError(f"{path} holds {len(images)} images; allowed: 3 or more, so that none is both learned from and judged by.")
    splits = hashed_splits((str(i) for i in range(len(images))), TRAIN, VALIDATION)
    return Dataset(name, images, labels, names, None, (), splits, LICENCE)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; allowed: an .npz that numpy.savez wrote.") from None
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile):
        raise DataError(f"{path} cannot be read; allowed: an .npz that numpy.savez wrote, of numbers and texts.") from None


def _images(array: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    """(N, C, H, W) uint8."""
    shape = array.shape
    array = array[:, None] if array.ndim == 3 else array
    if array.ndim == 4 and array.shape[1] not in (1, 3) and array.shape[3] in (1, 3):
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4 or array.shape[1] not in (1, 2, 3) or min(array.shape[1:]) < 1:
        raise DataError(f"images of {path} have shape {shape}; allowed: (N, H, W), or (N, C, H, W) or (N, H, W, C) with C 1 or 3.")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype.kind != "f" or not (len(array) and array.min() >= 0 and array.max() <= 1):
        raise DataError(
            f"images of {path} are {array.dtype} from {array.min():g} to {array.max():g}; allowed: uint8, or floats from 0 to 1."
        )
    return np.ascontiguousarray(np.round(array * 255).astype(np.uint8))


def _labels(array: NDArray[Any], n: int, path: Path) -> NDArray[np.int64]:
    if array.shape != (n,) or array.dtype.kind not in "iu" or array.min() < 0:
        raise DataError(f"labels of {path} have shape {array.shape} and type {array.dtype}; allowed: ({n},), whole numbers from 0.")
    return array.astype(np.int64)

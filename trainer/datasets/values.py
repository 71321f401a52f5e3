"""What is black and what is white in a person's pixels? One answer for a whole data set, never one for each picture.

    truth values, 0 and 1 only     black and white
    whole numbers                  white is the smallest of 255, 1023, 4095, 16383, 65535 that no pixel exceeds
    floats from 0 to 1             1 is white; a little beyond is cut off
    floats from −1 to 1            −1 is black, 1 is white
    floats above 1                 as whole numbers

What is not as usual (0 to 255, floats from 0 to 1) is a note. Anything else is refused, with the remedy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import DataError
from trainer.numerals import count, number

WHITES = (1, 255, 1023, 4095, 16383, 65535)  # of 1, 8, 10, 12, 14 and 16 bits
BLOCK = 16_000_000  # values at once
BEYOND = 0.1  # so far outside of 0 to 1 a resampling filter may lead
DARK = 32  # the brightest pixel of all is darker than this, of 255: worth a word
REMEDY = "rescale them to 0 to 1, or to 0 to 255"


@dataclass(frozen=True)
class Scale:
    """Which values are black and white."""

    black: float
    """value"""
    white: float
    """value"""
    note: str = ""
    """what to say of it; empty where it is as usual"""

    @property
    def is_usual(self) -> bool:
        return (self.black, self.white) == (0.0, 255.0)

    def apply(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """To 0 … 255, rounded; what lies beyond black and white is cut off."""
        share = (values.astype(np.float64) - self.black) / (self.white - self.black)
        scaled: NDArray[np.uint8] = np.rint(255 * share.clip(0, 1)).astype(np.uint8)
        return scaled


USUAL = Scale(0.0, 255.0)


def scale_of(low: float, high: float, is_float: bool, where: str) -> Scale:
    """From the smallest and the largest value of the whole set. Raises `DataError` that begins with `where`."""
    found = f"pixels from {_short(low)} to {_short(high)}"
    if low >= 0 and high <= 1:
        is_mask = not is_float
        return Scale(0.0, 1.0, "pixels are 0 and 1 only: 1 was taken as white" if is_mask and high == 1 else "")
    if is_float and low >= -BEYOND and high <= 1 + BEYOND:
        return Scale(0.0, 1.0, f"{found} were taken as 0 to 1: what lies beyond was cut off")
    if is_float and low >= -1 - BEYOND and high <= 1 + BEYOND:
        return Scale(-1.0, 1.0, f"{found} were taken as −1 to 1, and rescaled to 0 to 1")
    if low < 0 or high > WHITES[-1] or (is_float and high < DARK):
        raise DataError(f"{where}: {found}; allowed: 0 to 1, −1 to 1, 0 to 255, or up to {WHITES[-1]}; {REMEDY}.")
    white = white_of(high)
    return Scale(0.0, float(white), _told(found, high, white, is_float))


def white_of(high: float) -> int:
    """The smallest white that no pixel exceeds, 255 for a set that is all black."""
    return next((white for white in WHITES if high <= white), WHITES[-1]) if high > 0 else 255


def to_bytes(array: NDArray[Any], where: str) -> tuple[NDArray[np.uint8], str]:
    """Pixels of any type, images along the first axis, as uint8, and the note. Raises `DataError`; a block at a time."""
    if array.dtype.kind == "b":
        return np.asarray(array).astype(np.uint8) * 255, "pixels are true and false: true was taken as white"
    low, high = _ends(array, where)
    scale = scale_of(low, high, array.dtype.kind == "f", where)
    if scale.is_usual and array.dtype == np.uint8:
        return np.ascontiguousarray(array), scale.note
    return _scaled(array, scale), scale.note


def _scaled(array: NDArray[Any], scale: Scale) -> NDArray[np.uint8]:
    found = np.empty(array.shape, np.uint8)
    for part in _blocks(array):
        found[part] = scale.apply(np.asarray(array[part]))
    return found


def parts_on_one_scale(parts: Sequence[tuple[str, NDArray[Any]]], where: str) -> tuple[list[NDArray[Any]], str]:
    """Parts of one set, as they are where all have the same black and white; else each as uint8 by its own, and the note.

    parts: name and (n, …) of each. Together a part from 0 to 1 would be black beside one from 0 to 255. Raises `DataError`.
    """
    arrays = [array for _, array in parts]
    ends = [_ends(array, f"{where}, {name}") for name, array in parts]
    kinds = [_kind(array.dtype, *pair) for array, pair in zip(arrays, ends, strict=True)]
    highest = max((pair[1] for pair, kind in zip(ends, kinds, strict=True) if kind == "whole"), default=0)
    if highest <= 255:
        kinds = ["whole" if kind == "byte" else kind for kind in kinds]
    if len(set(kinds) - {"black"}) < 2:
        return arrays, ""
    found, told = list[NDArray[Any]](), list[str]()
    for (name, array), kind in zip(parts, kinds, strict=True):
        same = [k for k, other in enumerate(kinds) if other == kind]
        low, high = min(ends[k][0] for k in same), max(ends[k][1] for k in same)
        is_float = any(arrays[k].dtype.kind == "f" for k in same)
        scale = scale_of(low, high, is_float, f"{where}, {name}")
        found.append(_scaled(array, scale))
        told.append(f"{name} {number(scale.black, 0)} to {count(int(scale.white))}")
    return found, f"the parts have pixels of different ranges, and each was rescaled from its own: {', '.join(told)}"


def _kind(dtype: np.dtype[Any], low: float, high: float) -> str:
    """Parts of the same kind share their black and white."""
    if low == high == 0:
        return "black"
    if dtype.kind == "f" and low >= -1 - BEYOND and high <= 1 + BEYOND:
        return "unit" if low >= -BEYOND else "signed"
    if low >= 0 and high <= 1:
        return "unit"
    return "byte" if dtype == np.uint8 else "whole"


def _ends(array: NDArray[Any], where: str) -> tuple[float, float]:
    """Smallest and largest value; refuses what is no number, with the image's number."""
    if array.dtype.kind not in "buif":
        raise DataError(f"{where}: pixels are of type {array.dtype}; allowed: numbers; {REMEDY}.")
    low, high = np.inf, -np.inf
    for part in _blocks(array):
        values = np.asarray(array[part])
        if array.dtype.kind == "f" and not np.isfinite(values).all():
            image = part.start + int(np.argwhere(~np.isfinite(values))[0][0])
            raise DataError(f"{where}: image {image} has a pixel that is not a number; allowed: numbers; {REMEDY}.")
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    return low, high


def _blocks(array: NDArray[Any]) -> Iterator[slice]:
    step = max(1, BLOCK // max(1, int(np.prod(array.shape[1:]))))
    return (slice(start, min(len(array), start + step)) for start in range(0, len(array), step))


def _told(found: str, high: float, white: int, is_float: bool) -> str:
    if white != 255 or is_float:
        return f"{found} were taken as 0 to {count(white)}: white is {count(white)} for all images"
    return f"the brightest pixel of all images is {_short(high)} of 255: they are almost black" if 0 < high < DARK else ""


def _short(value: float) -> str:
    return count(int(value)) if value == int(value) else number(value, 2)

"""How are test images kept in a run, small and bounded, so that the app shows originals where the data set is not?

As PNG in sheets: the images of a sheet one below the other, channel by channel, in grey. Nothing is lost, and a sheet is small enough to be
decoded at once. Of many images some are kept, spread evenly over the test split; `rows` says which.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_IMAGES = 10_000
MOST_BYTES = 100_000_000  # of the pixels that are kept, unpacked: the app holds several runs in memory
SHEET_BYTES = 2**21
SHEET, ROWS, WHOLE = "sheet_", "rows", "images"


@dataclass(frozen=True)
class TestImages:
    """Images of the test split, or some of them."""

    rows: NDArray[np.int64]
    """(n,): where they stand among the encodings of the split, ascending"""
    images: NDArray[np.uint8]
    """(n, C, H, W)"""
    n_test: int
    """how many images the whole split has"""

    __test__ = False  # no test, whatever pytest thinks of its name

    @property
    def is_whole(self) -> bool:
        """Whether every image of the test split is here."""
        return len(self.rows) == self.n_test

    def of_row(self, row: int) -> NDArray[np.uint8] | None:
        """One image (C, H, W), or None where it was not kept."""
        place = int(np.searchsorted(self.rows, row))
        return self.images[place] if place < len(self.rows) and int(self.rows[place]) == row else None


def kept_rows(n: int, n_bytes: int) -> NDArray[np.int64]:
    """Which of n images of so many bytes each are kept: all, or as many as the bounds allow, spread evenly, the first one always."""
    most = max(1, min(MOST_IMAGES, MOST_BYTES // max(1, n_bytes)))
    return np.arange(n, dtype=np.int64) if n <= most else np.arange(most, dtype=np.int64) * n // most


def pack(images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """The test images (N, C, H, W), in the order of the encodings, as arrays by name: rows, and sheets of PNG bytes."""
    rows = kept_rows(len(images), int(np.prod(images.shape[1:])))
    step = images_a_sheet(images.shape[1:])
    arrays: dict[str, NDArray[Any]] = {ROWS: rows}
    from PIL import Image  # not on the way to the first page

    for k, start in enumerate(range(0, len(rows), step)):
        part = images[rows[start : start + step]]
        out = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(part).reshape(-1, part.shape[-1])).save(out, format="PNG")
        arrays[f"{SHEET}{k}"] = np.frombuffer(out.getvalue(), np.uint8)
    return arrays


def unpack(arrays: Mapping[str, NDArray[Any]], n_test: int, image_shape: tuple[int, int, int]) -> TestImages:
    """What `pack` made, or, of runs of before, an array (N, C, H, W) as it is. Raises `ValueError` for anything else.

    The size of a sheet is known before it is decoded, so that none can be larger than it should.
    """
    if WHOLE in arrays:
        images = arrays[WHOLE]
        if images.shape != (n_test, *image_shape) or images.dtype != np.uint8:
            raise ValueError(f"expected images of shape {(n_test, *image_shape)}, uint8")
        return TestImages(np.arange(n_test, dtype=np.int64), images, n_test)
    rows = arrays.get(ROWS, np.empty(0))
    n_bytes = int(np.prod(image_shape))
    is_sound = rows.dtype == np.int64 and rows.ndim == 1 and 1 <= len(rows) <= min(n_test, MOST_IMAGES)
    if (
        not is_sound
        or int(rows[0]) < 0
        or int(rows[-1]) >= n_test
        or (np.diff(rows) <= 0).any()
        or len(rows) * n_bytes > 2 * MOST_BYTES
    ):
        raise ValueError("expected rows, ascending, one for each image that is kept")
    step, images = images_a_sheet(image_shape), np.empty((len(rows), *image_shape), np.uint8)
    for k, start in enumerate(range(0, len(rows), step)):
        images[start : start + step] = _sheet(arrays.get(f"{SHEET}{k}"), len(rows[start : start + step]), image_shape)
    images.flags.writeable = False
    return TestImages(rows, images, n_test)


def images_a_sheet(image_shape: tuple[int, ...]) -> int:
    """How many images of that shape are in a sheet."""
    return max(1, SHEET_BYTES // max(1, int(np.prod(image_shape))))


def _sheet(data: NDArray[Any] | None, n: int, image_shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    from PIL import Image

    channels, height, width = image_shape
    if data is None or data.dtype != np.uint8 or data.ndim != 1:
        raise ValueError("a sheet is missing")
    try:
        with Image.open(io.BytesIO(data.tobytes()), formats=("PNG",)) as file:
            if file.size != (width, n * channels * height) or file.mode != "L":
                raise ValueError(f"a sheet has {file.size} pixels, expected {(width, n * channels * height)}")
            return np.asarray(file).reshape(n, channels, height, width)
    except ValueError:
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, EOFError ... on damaged data
        raise ValueError("a sheet is damaged") from error

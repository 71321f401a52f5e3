"""Which real images are nearest to a code?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CHUNK = 1000  # pictures at once


@dataclass(frozen=True)
class Neighbours:
    """The nearest test images, nearest first."""

    index: NDArray[np.int64]
    """Rows of the encodings, (k,)."""
    distance: Floats
    """Euclidean, (k,), in latent units or in pixels."""


def nearest(z: Floats, mu: Floats, k: int, without: int | None = None) -> Neighbours:
    """The k rows of mu (N, K) nearest to z (K,); fewer where there are fewer. without: a row that is z itself and is left out."""
    return _least(np.square(mu - z).sum(1), k, without)


def nearest_pictures(x: Floats, pictures: NDArray[np.uint8], k: int, without: int | None = None) -> Neighbours:
    """The k of pictures (N, C, H, W), uint8, nearest to x (C, H, W) in [0, 1]: distance ‖x − x'‖₂ over all pixels, both in [0, 1].

    without: a row that is x itself and is left out.
    """
    wanted = np.asarray(x, np.float32).ravel()
    squares = np.empty(len(pictures), np.float32)
    for at in range(0, len(pictures), CHUNK):  # as floats all of them would be four times as large
        some = pictures[at : at + CHUNK].reshape(-1, len(wanted)).astype(np.float32) / np.float32(255)
        squares[at : at + CHUNK] = np.square(some - wanted).sum(1)
    return _least(squares, k, without)


def _least(squares: Floats, k: int, without: int | None) -> Neighbours:
    """The k rows with the smallest squares, without one."""
    rows = np.arange(len(squares)) if without is None else np.delete(np.arange(len(squares)), without)
    k = min(k, len(rows))
    if k == 0:
        return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
    best = rows[np.argpartition(squares[rows], k - 1)[:k]]
    order = best[np.argsort(squares[best], kind="stable")]
    return Neighbours(order, np.sqrt(squares[order]))

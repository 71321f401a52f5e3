"""Which real images are nearest to a code?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Neighbours:
    """index (k,) rows of the encodings, nearest first · distance (k,) Euclidean, in latent units."""

    index: NDArray[np.int64]
    distance: Floats


def nearest(z: Floats, mu: Floats, k: int) -> Neighbours:
    """The k rows of mu (N, K) nearest to z (K,); fewer where N < k."""
    squares = np.square(mu - z).sum(1)
    k = min(k, len(mu))
    best = np.argpartition(squares, k - 1)[:k]
    order = best[np.argsort(squares[best], kind="stable")]
    return Neighbours(order, np.sqrt(squares[order]))

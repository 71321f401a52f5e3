"""Along which directions do images vary, and how much? The covariance of a data set and its eigenvalues.

Letters: N images, P pixels. Without torch, so that the app can ask too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.errors import ConfigError

MOST_PIXELS = 12_288  # 64 × 64 in colour: its covariance takes 1.2 GB


@dataclass(frozen=True)
class Spectrum:
    """Mean and principal directions of images."""

    mean: NDArray[np.float64]
    """(P,): mean image"""
    values: NDArray[np.float64]
    """(P,): eigenvalues of the covariance (divided by N), largest first"""
    directions: NDArray[np.float64]
    """(P, P): their directions, in columns"""


def spectrum(batches: Iterable[NDArray[np.float64]], n_pixels: int) -> Spectrum:
    """Of images in batches (B, P), in one pass: the sums are taken around the first batch's mean, so that nothing cancels."""
    if n_pixels > MOST_PIXELS:
        raise ConfigError("model", "pca", f"images of at most {MOST_PIXELS} values; these have {n_pixels}")
    count, shift = 0, np.zeros(n_pixels)
    total, products = np.zeros(n_pixels), np.zeros((n_pixels, n_pixels))
    for batch in batches:
        if count == 0:
            shift = batch.mean(0)
        centred = batch - shift
        count += len(batch)
        total += centred.sum(0)
        products += centred.T @ centred
    offset = total / count
    values, directions = np.linalg.eigh(products / count - np.outer(offset, offset))
    return Spectrum(shift + offset, np.maximum(values[::-1], 0), directions[:, ::-1])

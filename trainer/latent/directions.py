"""Which codes come of arithmetic with codes: an analogy, the direction between two groups, a grid between four corners?

Letters: N images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.errors import ConfigError, DataError
from trainer.latent.decoded_length import Doubles
from trainer.latent.interpolation import PathKind, interpolate

GridKind = Literal["bilinear", "spherical"]


def analogy(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Doubles:
    """a − b + c (K,): what turns b into a, done to c (Mikolov et al. 2013)."""
    return np.asarray(np.asarray(a, float) - np.asarray(b, float) + np.asarray(c, float))


def class_means(mu: NDArray[np.float32], label: NDArray[np.int64], n_classes: int) -> dict[int, Doubles]:
    """Mean code (K,) of every class that has images; −1 is no class."""
    return {y: mu[label == y].mean(0, dtype=float) for y in range(n_classes) if (label == y).any()}


def direction(mu: NDArray[np.float32], first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Doubles:
    """(K,) from the mean code of one group of rows to that of another (White 2016). Raises `DataError` for an empty group."""
    if not first.any() or not second.any():
        raise DataError(f"groups have {int(first.sum())} and {int(second.sum())} images; allowed: at least one each.")
    return np.asarray(mu[second].mean(0, dtype=float) - mu[first].mean(0, dtype=float))


def corner_grid(corners: Sequence[ArrayLike], n: int, kind: GridKind = "bilinear") -> Doubles:
    """Codes (n, n, K) between four corners: top left, top right, bottom left, bottom right.

    bilinear: the mean of the corners weighted by (1−u)(1−v), u(1−v), (1−u)v, uv. spherical: slerp across the upper and the lower edge,
    then down between the two, so that between codes of one length every code has that length.
    """
    if len(corners) != 4:
        raise DataError(f"{len(corners)} corners; allowed: 4, top left, top right, bottom left, bottom right.")
    if kind not in get_args(GridKind):
        raise ConfigError("grid", kind, ", ".join(get_args(GridKind)))
    if n < 2:
        raise ConfigError("n", n, "2 or more: the corners belong to the grid")
    path: PathKind = "linear" if kind == "bilinear" else "spherical"
    t = np.linspace(0, 1, n)
    upper, lower = interpolate(corners[0], corners[1], t, path), interpolate(corners[2], corners[3], t, path)
    columns = [interpolate(top, bottom, t, path) for top, bottom in zip(upper, lower, strict=True)]
    return np.stack(columns, axis=1)

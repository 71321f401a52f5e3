"""How is a lattice of values over a map read, and how is it filled from scattered points?

Letters: N points, K latent dimensions, G lattice size, M queries, D numbers of a value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Whole = NDArray[np.int64]
Extent = tuple[float, float, float, float]
NEIGHBOURS = 15
RIDGE = 0.3  # of the neighbourhood's own variance


def bilinear(lattice: Floats, extent: Extent, xy: Floats) -> Floats:
    """Values (M, D) of a lattice (G, G, D), row 0 at y0, at places (M, 2); clamped outside."""
    corners, weight = node_weights(len(lattice), extent, xy)
    flat = lattice.reshape(len(lattice) ** 2, -1)
    return np.asarray(sum(weight[:, c, None] * flat[corners[:, c]] for c in range(4)), np.float32)


def lattice_nodes(extent: Extent, size: int) -> Floats:
    """The places (size², 2) of a lattice's nodes, row by row from y0."""
    x0, x1, y0, y1 = extent
    x, y = np.meshgrid(np.linspace(x0, x1, size), np.linspace(y0, y1, size))
    return np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)


def blend(queries: Floats, places: Floats, values: Floats, k: int = NEIGHBOURS) -> Floats:
    """Gaussian-weighted mean (M, D) of the `values` (N, D) at the k nearest `places` to each query."""
    distance, index = nearest_places(queries, places, k)
    return np.asarray(
        np.einsum("mk,mkd->md", gaussian_weights(distance, distance.mean(1, keepdims=True) / 2), values[index]), np.float32
    )


def local_fit(queries: Floats, places: Floats, values: Floats, k: int = NEIGHBOURS, ridge: float = RIDGE) -> Floats:
    """The blend with a slope: a weighted linear fit, with ridge, of the k nearest values, read at each query (moving least squares).

    The width of the weights is the points' own spacing, not the query's distance: in an empty place one side decides and no average of
    far sides appears. The slope reaches no farther than the neighbourhood, so that far away the nearest points' own codes remain.
    """
    distance, index = nearest_places(queries, places, k)
    spacing = nearest_places(places, places, k)[0].mean(1)
    width = np.minimum(distance.mean(1), 2 * spacing[index].mean(1))[:, None] / 2
    weight = gaussian_weights(distance, width)
    near, codes = places[index].astype(float), values[index].astype(float)
    middle, mean = np.einsum("mk,mkd->md", weight, near), np.einsum("mk,mkd->md", weight, codes)
    offsets = near - middle[:, None]
    scatter = np.einsum("mk,mki,mkj->mij", weight, offsets, offsets)
    spread = np.trace(scatter, axis1=1, axis2=2) / 2
    scatter += (ridge * spread + 1e-12)[:, None, None] * np.eye(2)
    slope = np.linalg.solve(scatter, np.einsum("mk,mki,mkd->mid", weight, offsets, codes - mean[:, None]))
    step = queries - middle
    length = np.linalg.norm(step, axis=1)
    step *= np.minimum(1, np.sqrt(2 * spread) / np.maximum(length, 1e-12))[:, None]
    return np.asarray(mean + np.einsum("mi,mid->md", step, slope), np.float32)


def node_weights(size: int, extent: Extent, xy: Floats) -> tuple[Whole, Floats]:
    """Numbers (M, 4) of the nodes around each place and their weights (M, 4), which add up to 1; clamped outside."""
    x0, x1, y0, y1 = extent
    column = np.clip((xy[:, 0] - x0) / (x1 - x0) * (size - 1), 0, size - 1)
    row = np.clip((xy[:, 1] - y0) / (y1 - y0) * (size - 1), 0, size - 1)
    j, i = np.minimum(column.astype(np.int64), size - 2), np.minimum(row.astype(np.int64), size - 2)
    u, v = column - j, row - i
    low = i * size + j
    weight = np.stack([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], 1)
    return np.stack([low, low + 1, low + size, low + size + 1], 1), weight.astype(np.float32)


def nearest_places(queries: Floats | Doubles, places: Floats, k: int) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Distances and numbers (M, k) of the nearest places, nearest first."""
    from scipy.spatial import cKDTree

    k = min(k, len(places))
    distance, index = cKDTree(places).query(queries, k=k, workers=-1)
    return distance.reshape(len(queries), k), index.reshape(len(queries), k)


def gaussian_weights(distance: NDArray[np.float64], width: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian weights (M, k) that add up to 1; far from all points the nearest decides, hence the shift before the exponent."""
    weight = np.exp(-0.5 * ((distance**2 - distance[:, :1] ** 2) / (width + 1e-9) ** 2))
    return np.asarray(weight / weight.sum(1, keepdims=True))

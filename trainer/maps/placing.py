"""Where on a map of many dimensions is a code that is no point of it: an uploaded picture, a pin, a frame of a path?

Letters: N points, K latent dimensions, M queries.
"""

from __future__ import annotations

import numpy as np

from trainer.maps.lattice import NEIGHBOURS, Doubles, Extent, Floats, gaussian_weights, nearest_places

ON_MAP = 0.03  # of the map's width: what counts as the same neighbourhood, and how far a place may move towards its code
MEDIAN_ROUNDS, DESCENTS, HALVINGS = 60, 20, 8
SAME = 0.01  # of the distance to the neighbourhood: this is a real code, rounded
FAR_AWAY = 1e30  # numbers are cut there: their squares are numbers still


def xy_of(codes: Floats, mu: Floats, points: Floats, lattice: Floats, extent: Extent) -> Floats:
    """Where on a settled map codes (M, K) are, (M, 2); mu (N, K) and points (N, 2): the real ones. Never raises for any finite numbers.

    The nearest real codes may lie on several islands, and a mean of their places in the sea between. So: the weighted median of their
    places, which is on the island of most; the neighbour on that island whose place decodes most like the code; from there downhill on
    the sheet, to the place whose code is nearest. A real code has its own place. `frontend/src/geometry/projection.ts` is the same.
    """
    near = np.clip(codes, -FAR_AWAY, FAR_AWAY).astype(np.float64)
    distance, index = nearest_places(near, mu, NEIGHBOURS)
    places, reach = points[index].astype(np.float64), ON_MAP * (extent[1] - extent[0])
    middle = _median(places, gaussian_weights(distance, distance.mean(1, keepdims=True) / 2), 1e-6 * (extent[1] - extent[0]))
    missed = np.square(_sheet_at(lattice, extent, places)[0] - near[:, None]).sum(2)
    missed[np.square(places - middle[:, None]).sum(2) > reach**2] = np.inf
    best = missed.argmin(1)
    is_island = np.isfinite(missed.min(1))
    start = np.where(is_island[:, None], places[np.arange(len(near)), best], middle)
    found = _descend(start, near, lattice, extent, reach)
    is_real = distance[:, 0] <= SAME * distance.mean(1)
    return np.where(is_real[:, None], points[index[:, 0]], found).astype(np.float32)


def _median(places: Doubles, weight: Doubles, least: float) -> Doubles:
    """The point (M, 2) with the smallest weighted sum of distances to places (M, k, 2): Weiszfeld 1937, from the weighted mean."""
    middle = np.einsum("mk,mkd->md", weight, places)
    for _ in range(MEDIAN_ROUNDS):
        pull = weight / (np.sqrt(np.square(places - middle[:, None]).sum(2)) + least)
        middle = np.einsum("mk,mkd->md", pull, places) / pull.sum(1, keepdims=True)
    return np.asarray(middle)


def _sheet_at(lattice: Floats, extent: Extent, xy: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Codes (…, K) of a sheet at places (…, 2), and their slopes along x and y within the cell, all in double precision."""
    (x0, x1, y0, y1), last = extent, len(lattice) - 1
    column, row = np.clip((xy[..., 0] - x0) / (x1 - x0) * last, 0, last), np.clip((xy[..., 1] - y0) / (y1 - y0) * last, 0, last)
    j, i = np.minimum(column.astype(np.int64), last - 1), np.minimum(row.astype(np.int64), last - 1)
    u, v = (column - j)[..., None], (row - i)[..., None]
    a, b, c, d = (lattice[i + di, j + dj].astype(np.float64) for di in (0, 1) for dj in (0, 1))
    along_x, along_y = (1 - v) * (b - a) + v * (d - c), (1 - u) * (c - a) + u * (d - b)
    value = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d)
    return value, along_x * (last / (x1 - x0)), along_y * (last / (y1 - y0))


def _descend(start: Doubles, codes: Doubles, lattice: Floats, extent: Extent, reach: float) -> Doubles:
    """From each place downhill in |sheet(place) − code|², at most `reach` away: damped Gauss-Newton, halving steps that do not help."""
    now = start.copy()
    value, along_x, along_y = _sheet_at(lattice, extent, now)
    missed = np.square(value - codes).sum(1)
    for _ in range(DESCENTS):
        off = value - codes
        xx, xy, yy = (np.einsum("mk,mk->m", p, q) for p, q in ((along_x, along_x), (along_x, along_y), (along_y, along_y)))
        gx, gy = np.einsum("mk,mk->m", along_x, off), np.einsum("mk,mk->m", along_y, off)
        damping = 1e-3 * (xx + yy) + 1e-12
        determinant = (xx + damping) * (yy + damping) - xy * xy
        step = np.column_stack([xy * gy - (yy + damping) * gx, xy * gx - (xx + damping) * gy]) / determinant[:, None]
        for halving in range(HALVINGS):
            there = start + _shortened(now + step / 2**halving - start, reach)
            missed_there = np.square(_sheet_at(lattice, extent, there)[0] - codes).sum(1)
            is_nearer = missed_there < missed
            now[is_nearer], missed[is_nearer], step[is_nearer] = there[is_nearer], missed_there[is_nearer], 0
        value, along_x, along_y = _sheet_at(lattice, extent, now)
    return now


def _shortened(offset: Doubles, reach: float) -> Doubles:
    length = np.sqrt(np.square(offset).sum(1, keepdims=True))
    return np.asarray(offset * np.minimum(1, reach / np.maximum(length, 1e-300)))

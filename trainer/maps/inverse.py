"""Which code does a place on a map of many dimensions stand for, and how far is that to be trusted?

Letters: N points, K latent dimensions, G lattice size, M queries. A way back is a lattice of codes (G, G, K) over the map, bilinear
between its nodes: a 2-D sheet in latent space. It is found in three steps.

1. blend     a node is the local linear fit of the codes of the nearest points, so that linear data comes back exactly
2. settle    every point moves to the place, at most `SETTLE` of the map's width away, whose code is nearest its own; blend again. A
             layout puts points with some noise, which is most of what a blend averages away (the rule of self-organising maps, Kohonen
             1982, held near the layout)
3. refine    gradient descent on the sheet itself: how badly the points' pictures are decoded, and how far their codes are missed, each
             as a share of what it was before; only where the caller can decode

The way there, `place_of`, is for codes that are no point of the map: an uploaded picture, a pin, a step of a path.

Pictures are numbered like the points. Nothing here needs torch: who can decode hands over a `Decode`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Whole = NDArray[np.int64]
Extent = tuple[float, float, float, float]
Decode = Callable[[Floats, Whole], tuple[Floats, Floats]]
"""For codes (M, K) and the numbers (M,) of pictures: −log p(picture|code) (M,) nats, and its gradient (M, K)."""

LATTICE_SIZE = 96
NEIGHBOURS = 15
SETTLE = 0.015  # of the map's width: nine pixels of six hundred
ROUNDS = 3
FINER = 3  # points settle on a smooth sheet: on a bilinear one they gather along the lines of the lattice
RIDGE = 0.3  # of the neighbourhood's own variance
EPOCHS, BATCH, JITTER = 6, 500, 0.2
CODE_WEIGHT = 0.5  # of the missed codes in the loss, against 1 for the pictures
ON_MAP = 0.03  # of the map's width: what counts as the same neighbourhood, and how far a place may move towards its code
MEDIAN_ROUNDS, DESCENTS, HALVINGS = 60, 20, 8
SAME = 0.01  # of the distance to the neighbourhood: this is a real code, rounded
FAR_AWAY = 1e30  # numbers are cut there: their squares are numbers still
HELD_OUT, AT_MOST_HELD_OUT = 0.1, 1000
HONESTY_POINTS = 2000


@dataclass(frozen=True)
class Sheet:
    """lattice_z (G, G, K), row 0 at y0 · points (N, 2), where the points are on the map now · is_refined: by decoded pictures."""

    lattice_z: Floats
    points: Floats
    is_refined: bool = False


@dataclass(frozen=True)
class WayBackError:
    """What a place gives back of the point that is shown there.

    n points · is_held_out: they were left out when the way back was made · r2: share of the codes' variance · nll: −log p(picture|code
    found) and own_nll: of its own code, nats a picture; None without a decoder · agreement: share whose label most of the 15 real codes
    nearest to the code found have, the points measured not among them; None without labels or other points.
    """

    n: int
    is_held_out: bool
    r2: float
    nll: float | None = None
    own_nll: float | None = None
    agreement: float | None = None


@dataclass(frozen=True)
class Honesty:
    """How much of the neighbourhoods of k points survives on the map, over n of the points, neighbours among all.

    neighbours_kept: share of the k nearest codes that are among the k nearest on the map; chance is k / (N − 1) · trustworthiness
    (Venna & Kaski 2001): 1 less the ranks by which neighbours on the map are none in latent space, scaled so that 0 is the worst.
    """

    k: int
    n: int
    neighbours_kept: float
    trustworthiness: float


def bilinear(lattice: Floats, extent: Extent, xy: Floats) -> Floats:
    """Values (M, D) of a lattice (G, G, D), row 0 at y0, at places (M, 2); clamped outside."""
    corners, weight = _corners(len(lattice), extent, xy)
    flat = lattice.reshape(len(lattice) ** 2, -1)
    return np.asarray(sum(weight[:, c, None] * flat[corners[:, c]] for c in range(4)), np.float32)


def lattice_nodes(extent: Extent, size: int) -> Floats:
    """The places (size², 2) of a lattice's nodes, row by row from y0."""
    x0, x1, y0, y1 = extent
    x, y = np.meshgrid(np.linspace(x0, x1, size), np.linspace(y0, y1, size))
    return np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)


def blend(queries: Floats, places: Floats, values: Floats, k: int = NEIGHBOURS) -> Floats:
    """Gaussian-weighted mean (M, D) of the `values` (N, D) at the k nearest `places` to each query."""
    distance, index = _nearest(queries, places, k)
    return np.asarray(np.einsum("mk,mkd->md", _weights(distance, distance.mean(1, keepdims=True) / 2), values[index]), np.float32)


def local_fit(queries: Floats, places: Floats, values: Floats, k: int = NEIGHBOURS, ridge: float = RIDGE) -> Floats:
    """The blend with a slope: a weighted linear fit, with ridge, of the k nearest values, read at each query (moving least squares).

    The width of the weights is the points' own spacing, not the query's distance: in an empty place one side decides and no average of
    far sides appears. The slope reaches no farther than the neighbourhood, so that far away the nearest points' own codes remain.
    """
    distance, index = _nearest(queries, places, k)
    spacing = _nearest(places, places, k)[0].mean(1)
    width = np.minimum(distance.mean(1), 2 * spacing[index].mean(1))[:, None] / 2
    weight = _weights(distance, width)
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


def find_way_back(
    points: Floats, mu: Floats, extent: Extent, decode: Decode | None = None, seed: int = 0, epochs: int = EPOCHS
) -> Sheet:  # fmt: skip
    """The sheet of codes mu (N, K) laid out at `points` (N, 2), and where the points settle on it. Never raises for odd data.

    epochs: of its refinement by decoded pictures; 0 for none.
    """
    nodes = lattice_nodes(extent, LATTICE_SIZE)
    now = points
    for _ in range(ROUNDS):
        sheet = local_fit(nodes, now, mu).reshape(LATTICE_SIZE, LATTICE_SIZE, -1)
        now = settle(points, mu, sheet, extent)
    sheet = local_fit(nodes, now, mu).reshape(LATTICE_SIZE, LATTICE_SIZE, -1)
    refined = None if decode is None or epochs < 1 else refine(sheet, now, mu, extent, decode, seed, epochs)
    sheet = sheet if refined is None else refined
    return Sheet(sheet, settle(points, mu, sheet, extent), refined is not None)


def place_of(codes: Floats, mu: Floats, points: Floats, lattice: Floats, extent: Extent) -> Floats:
    """Where on a settled map codes (M, K) are, (M, 2); mu (N, K) and points (N, 2): the real ones. Never raises for any finite numbers.

    The nearest real codes may lie on several islands, and a mean of their places in the sea between. So: the weighted median of their
    places, which is on the island of most; the neighbour on that island whose place decodes most like the code; from there downhill on
    the sheet, to the place whose code is nearest. A real code has its own place. `frontend/src/geometry/projection.ts` is the same.
    """
    near = np.clip(codes, -FAR_AWAY, FAR_AWAY).astype(np.float64)
    distance, index = _nearest(near, mu, NEIGHBOURS)
    places, reach = points[index].astype(np.float64), ON_MAP * (extent[1] - extent[0])
    middle = _median(places, _weights(distance, distance.mean(1, keepdims=True) / 2), 1e-6 * (extent[1] - extent[0]))
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


def settle(points: Floats, mu: Floats, lattice: Floats, extent: Extent) -> Floats:
    """For each layout place (N, 2) the place (N, 2) within reach whose code is nearest the point's own; it stays where none is nearer."""
    from scipy.ndimage import zoom

    size = (len(lattice) - 1) * FINER + 1
    smooth = zoom(lattice, (size / len(lattice), size / len(lattice), 1), order=3, mode="nearest").astype(np.float32)
    reach = SETTLE * (extent[1] - extent[0])
    best = np.full(len(points), np.inf)
    settled = points.copy()
    for offset in _disc():
        there = points + reach * offset
        missed = np.square(bilinear(smooth, extent, there) - mu).sum(1)
        nearer = missed < best - 1e-9
        best[nearer], settled[nearer] = missed[nearer], there[nearer]
    return settled


def _disc(n: int = 6) -> Floats:
    """Places in the unit disc, the middle first."""
    steps = np.arange(-n, n + 1) / n
    grid = np.array([(x, y) for x in steps for y in steps if x * x + y * y <= 1 + 1e-9], np.float32)
    return grid[np.argsort(np.square(grid).sum(1), kind="stable")]


def refine(
    lattice: Floats, points: Floats, mu: Floats, extent: Extent, decode: Decode, seed: int = 0, epochs: int = EPOCHS
) -> Floats | None:  # fmt: skip
    """The lattice after descent on decoded error + `CODE_WEIGHT` · missed codes, each divided by its own start; Adam (Kingma & Ba 2015).

    None where nothing is gained: the start decodes as well as the codes themselves or not at all, or the end is no better, or far off.
    """
    every = np.arange(len(mu), dtype=np.int64)
    start = bilinear(lattice, extent, points)
    missed = float(np.square(start - mu).sum(1).mean())
    at_start = float(np.mean(decode(start, every)[0]))
    excess = at_start - float(np.mean(decode(mu, every)[0]))
    if not (np.isfinite(excess) and excess > 0 and missed > 0):
        return None
    rng = np.random.default_rng(seed)
    size, cell = len(lattice), (extent[1] - extent[0]) / (len(lattice) - 1)
    flat = lattice.reshape(size * size, -1).astype(np.float64)
    first, second = np.zeros_like(flat), np.zeros_like(flat)
    n_steps = epochs * -(-len(mu) // BATCH)
    rate = 0.12 * np.sqrt(missed / mu.shape[1])
    for step, batch in enumerate(_batches(rng, len(mu), epochs)):
        # a little noise in the place ties a node to its neighbours' points
        moved = points[batch] + (JITTER * cell * rng.standard_normal((len(batch), 2))).astype(np.float32)
        corners, weight = _corners(size, extent, moved)
        z = np.einsum("bc,bck->bk", weight, flat[corners]).astype(np.float32)
        slope = decode(z, batch)[1] / excess + CODE_WEIGHT * 2 * (z - mu[batch]) / missed
        if not np.isfinite(slope).all():
            return None
        gradient = np.zeros_like(flat)
        np.add.at(gradient, corners.ravel(), (weight[:, :, None] * slope[:, None] / len(batch)).reshape(-1, mu.shape[1]))
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        unbiased = first / (1 - 0.9 ** (step + 1)), second / (1 - 0.999 ** (step + 1))
        pace = rate * (0.5 + 0.5 * np.cos(np.pi * step / n_steps))
        flat -= pace * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
    refined = flat.astype(np.float32).reshape(lattice.shape)
    end = bilinear(refined, extent, points)
    gained = float(np.mean(decode(end, every)[0])) < at_start
    return refined if gained and np.square(end - mu).sum(1).mean() < 2 * missed else None


def _batches(rng: np.random.Generator, n: int, epochs: int) -> Iterator[Whole]:
    for _ in range(epochs):
        order = rng.permutation(n)
        for at in range(0, n, BATCH):
            yield order[at : at + BATCH]


def held_out_error(
    points: Floats, mu: Floats, extent: Extent, decode: Decode | None = None, labels: Whole | None = None, seed: int = 0,
    epochs: int = EPOCHS,
) -> WayBackError | None:  # fmt: skip
    """The error of a way back made in the same way without a tenth of the points (at most 1000), on these; None below ten points.

    The points left out settle like the others, by their own codes, on a sheet that knows nothing of them.
    """
    n = min(int(HELD_OUT * len(mu)), AT_MOST_HELD_OUT)
    if n < 1:
        return None
    order = np.random.default_rng((seed, len(mu))).permutation(len(mu))
    out, kept = order[:n], order[n:]
    known = None if decode is None else lambda z, index: decode(z, kept[index])
    sheet = find_way_back(points[kept], mu[kept], extent, known, seed, epochs)
    found = bilinear(sheet.lattice_z, extent, settle(points[out], mu[out], sheet.lattice_z, extent))
    return replace(way_back_error(found, out, mu, decode, labels), is_held_out=True)


def way_back_error(
    found: Floats, index: Whole, mu: Floats, decode: Decode | None = None, labels: Whole | None = None
) -> WayBackError:
    """How well the codes found (M, K) stand for the points of these numbers (M,)."""
    own = mu[index]
    # against the mean of all codes: a single point left out has no variance of its own
    variance = float(np.square(own - mu.mean(0)).sum())
    r2 = 1 - float(np.square(found - own).sum()) / max(variance, 1e-30)
    nll = own_nll = agreement = None
    if decode is not None:
        nll, own_nll = (float(np.mean(decode(z, index)[0])) for z in (found, own))
    if labels is not None and (labels >= 0).all():
        rest = np.setdiff1d(np.arange(len(mu)), index)
        if len(rest):
            votes = labels[rest][nearest_codes(found, mu[rest], min(NEIGHBOURS, len(rest)))]
            agreement = float(np.mean([np.bincount(row).argmax() for row in votes] == labels[index]))
    return WayBackError(len(index), False, r2, nll, own_nll, agreement)


def honesty_of(mu: Floats, points: Floats, k: int = NEIGHBOURS, most: int = HONESTY_POINTS) -> Honesty | None:
    """How honest a map (N, 2) of the codes (N, K) is, from at most `most` points evenly among them; None below three points.

    k is lowered where there are not twice as many points, as trustworthiness asks.
    """
    n_all = len(mu)
    k = min(k, (n_all - 1) // 2)
    if k < 1:
        return None
    sample = np.unique(np.linspace(0, n_all - 1, min(n_all, most)).astype(np.int64))
    kept, penalty = 0, 0.0
    for at in range(0, len(sample), 500):
        rows = sample[at : at + 500]
        far, flat = _squares(mu[rows], mu), _squares(points[rows], points)
        far[np.arange(len(rows)), rows] = flat[np.arange(len(rows)), rows] = np.inf
        on_map = np.argpartition(flat, k - 1, axis=1)[:, :k]
        own = np.take_along_axis(far, on_map, axis=1)
        nearer = np.stack([(far < own[:, i, None]).sum(1) for i in range(k)], 1)  # rank from 0 in latent space
        kept += int((nearer < k).sum())
        penalty += float(np.maximum(nearer + 1 - k, 0).sum())
    worst = len(sample) * k * (2 * n_all - 3 * k - 1) / 2
    return Honesty(k, len(sample), kept / (len(sample) * k), 1 - penalty / worst)


def nearest_codes(queries: Floats, real: Floats, k: int) -> Whole:
    """Numbers (M, k) of the nearest real codes, by one matrix product a chunk, in no order."""
    found = [
        np.argpartition(_squares(queries[at : at + 500], real), k - 1, axis=1)[:, :k] for at in range(0, len(queries), 500)
    ]  # fmt: skip
    return np.concatenate(found).astype(np.int64)


def _squares(queries: Floats, real: Floats) -> Floats:
    """Squared distances (M, N)."""
    return np.asarray(np.square(real).sum(1) - 2 * queries @ real.T + np.square(queries).sum(1)[:, None], np.float32)


def _corners(size: int, extent: Extent, xy: Floats) -> tuple[Whole, Floats]:
    """Numbers (M, 4) of the nodes around each place and their weights (M, 4), which add up to 1; clamped outside."""
    x0, x1, y0, y1 = extent
    column = np.clip((xy[:, 0] - x0) / (x1 - x0) * (size - 1), 0, size - 1)
    row = np.clip((xy[:, 1] - y0) / (y1 - y0) * (size - 1), 0, size - 1)
    j, i = np.minimum(column.astype(np.int64), size - 2), np.minimum(row.astype(np.int64), size - 2)
    u, v = column - j, row - i
    low = i * size + j
    weight = np.stack([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], 1)
    return np.stack([low, low + 1, low + size, low + size + 1], 1), weight.astype(np.float32)


def _nearest(queries: Floats | Doubles, places: Floats, k: int) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Distances and numbers (M, k) of the nearest places, nearest first."""
    from scipy.spatial import cKDTree

    k = min(k, len(places))
    distance, index = cKDTree(places).query(queries, k=k, workers=-1)
    return distance.reshape(len(queries), k), index.reshape(len(queries), k)


def _weights(distance: NDArray[np.float64], width: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian weights (M, k) that add up to 1; far from all points the nearest decides, hence the shift before the exponent."""
    weight = np.exp(-0.5 * ((distance**2 - distance[:, :1] ** 2) / (width + 1e-9) ** 2))
    return np.asarray(weight / weight.sum(1, keepdims=True))

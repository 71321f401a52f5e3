"""Which code does a place on a map of many dimensions stand for?

The inverse of a projection that has no formula is a lattice of codes (G, G, K) over the map, bilinear between its nodes: a 2-D sheet in
latent space (inverse projection, Espadoto et al. 2021). It is found in three steps.

1. blend     a node is the local linear fit of the codes of the nearest points, so that linear data comes back exactly
2. settle    every point moves to the place, at most `SETTLE` of the map's width away, whose code is nearest its own; blend again. A
             layout puts points with some noise, which is most of what a blend averages away (the rule of self-organising maps, Kohonen
             1982, held near the layout)
3. refine    gradient descent on the sheet itself: how badly the points' pictures are decoded, and how far their codes are missed, each
             as a share of what it was before; only where the caller can decode

Pictures are numbered like the points. Nothing here needs torch: a caller that can decode hands over a `Decode`.
Letters: N points, K latent dimensions, G lattice size, M queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from trainer.maps.lattice import Extent, Floats, Whole, bilinear, lattice_nodes, local_fit, node_weights
from trainer.maps.quality import Decode, InverseProjectionQuality, inverse_quality

LATTICE_SIZE = 96
SETTLE = 0.015  # of the map's width: nine pixels of six hundred
ROUNDS = 3
FINER = 3  # points settle on a smooth sheet: on a bilinear one they gather along the lines of the lattice
EPOCHS, BATCH, JITTER = 6, 500, 0.2
CODE_WEIGHT = 0.5  # of the missed codes in the loss, against 1 for the pictures
HELD_OUT = 0.1  # share of the points
AT_MOST_HELD_OUT = 1000


@dataclass(frozen=True)
class InverseProjection:
    """Codes for every place of a map, and where its points lie on it."""

    lattice_z: Floats
    """(G, G, K): the sheet, row 0 at y0"""
    points: Floats
    """(N, 2): map coordinates of the points, settled on the sheet"""
    is_refined: bool = False
    """whether it was refined by decoded pictures"""


def find_inverse(
    points: Floats, mu: Floats, extent: Extent, decode: Decode | None = None, seed: int = 0, epochs: int = EPOCHS
) -> InverseProjection:
    """The inverse: the sheet of codes mu (N, K) laid out at `points` (N, 2), and where the points settle on it. Never raises for odd data.

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
    return InverseProjection(sheet, settle(points, mu, sheet, extent), refined is not None)


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
) -> Floats | None:
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
        corners, weight = node_weights(size, extent, moved)
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


def held_out_quality(
    points: Floats,
    mu: Floats,
    extent: Extent,
    decode: Decode | None = None,
    labels: Whole | None = None,
    seed: int = 0,
    epochs: int = EPOCHS,
) -> InverseProjectionQuality | None:
    """The quality of an inverse made in the same way without a tenth of the points (at most 1000), on these; None below ten points.

    The points left out settle like the others, by their own codes, on a sheet that knows nothing of them.
    """
    n = min(int(HELD_OUT * len(mu)), AT_MOST_HELD_OUT)
    if n < 1:
        return None
    order = np.random.default_rng((seed, len(mu))).permutation(len(mu))
    out, kept = order[:n], order[n:]
    known = None if decode is None else lambda z, index: decode(z, kept[index])
    sheet = find_inverse(points[kept], mu[kept], extent, known, seed, epochs)
    found = bilinear(sheet.lattice_z, extent, settle(points[out], mu[out], sheet.lattice_z, extent))
    return replace(inverse_quality(found, out, mu, decode, labels), is_held_out=True)

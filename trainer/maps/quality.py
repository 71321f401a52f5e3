"""How well does a map show the codes, and how well does its inverse give them back?

`ProjectionQuality` counts the neighbourhoods that survive on the map; `InverseProjectionQuality` compares the codes that places stand for
with the codes of the points shown there. Letters: N points, K latent dimensions, M queries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trainer.maps.lattice import NEIGHBOURS, Floats, Whole

SAMPLED_POINTS = 2000
Decode = Callable[[Floats, Whole], tuple[Floats, Floats]]
"""For codes (M, K) and the numbers (M,) of pictures: −log p(picture|code) (M,) nats, and its gradient (M, K)."""


@dataclass(frozen=True)
class InverseProjectionQuality:
    """What the inverse gives back at the places of points."""

    n: int
    """points that it was measured on"""
    is_held_out: bool
    """whether these were left out when the inverse was made"""
    r2: float
    """share of the codes' variance that comes back"""
    nll: float | None = None
    """−log p(picture | code found), nats a picture; None without a decoder"""
    own_nll: float | None = None
    """the same for the picture's own code"""
    agreement: float | None = None
    """share of the points whose label most of the 15 real codes nearest to the code found have, the points measured not among
    them; None without labels or other points"""


@dataclass(frozen=True)
class ProjectionQuality:
    """How much of the neighbourhoods of codes survives on the map."""

    k: int
    """neighbours of a point"""
    n: int
    """points that it was measured on; their neighbours are looked for among all"""
    neighbours_kept: float
    """share of the k nearest codes that are among the k nearest on the map; chance is k / (N − 1)"""
    trustworthiness: float
    """1 less the ranks by which neighbours on the map are none in latent space, scaled so that 0 is the worst (Venna & Kaski
    2001)"""


def inverse_quality(
    found: Floats, index: Whole, mu: Floats, decode: Decode | None = None, labels: Whole | None = None
) -> InverseProjectionQuality:
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
    return InverseProjectionQuality(len(index), False, r2, nll, own_nll, agreement)


def projection_quality(mu: Floats, points: Floats, k: int = NEIGHBOURS, most: int = SAMPLED_POINTS) -> ProjectionQuality | None:
    """How much a map (N, 2) of the codes (N, K) keeps of their neighbourhoods; None below three points.

    It is measured on at most `most` points, evenly among them. k is lowered where there are not twice as many points, as trustworthiness
    asks.
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
    return ProjectionQuality(k, len(sample), kept / (len(sample) * k), 1 - penalty / worst)


def nearest_codes(queries: Floats, real: Floats, k: int) -> Whole:
    """Numbers (M, k) of the nearest real codes, by one matrix product a chunk, in no order."""
    found = [np.argpartition(_squares(queries[at : at + 500], real), k - 1, axis=1)[:, :k] for at in range(0, len(queries), 500)]
    return np.concatenate(found).astype(np.int64)


def _squares(queries: Floats, real: Floats) -> Floats:
    """Squared distances (M, N)."""
    return np.asarray(np.square(real).sum(1) - 2 * queries @ real.T + np.square(queries).sum(1)[:, None], np.float32)

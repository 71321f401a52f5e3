"""How many encoded images are there around a code? The one definition of support, for every map, path and sentence.

A code's support is a rank: the share of encoded images whose own distance to their 5th nearest code, in all latent dimensions, is at least
the code's. It is about .5 where codes are dense, 0 where none is near. It belongs to the code, not to its place on a map. A code whose norm
99 % of draws from the prior fall short of or exceed is counted as farther out still, unless codes are near: see `prior_factor`.
`frontend/src/geometry/support.ts` is the same in the browser, from the same sorted distances; a test holds the two together.

Letters: N encoded images, K latent dimensions, M codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.numerals import number

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

NEIGHBOUR = 5
SAMPLED = 1000  # encoded images whose own distance is known: a share is right to about .01
LOW, MEDIUM = 0.02, 0.2  # below: low density; below: medium. at 0.02 the 5th nearest is farther than for 49 of 50 encoded images
TAIL = 0.01  # of the prior, on either side of the norm
AT_ONCE, FEW = 256, 4
FAR_AWAY = 1e18  # numbers are cut there: their squares are float32 still
LEVELS = ("low", "medium", "high")


@dataclass(frozen=True)
class SupportEstimator:
    """How many encoded images are around a code, measured among codes mu."""

    mu: Floats
    """(N, K): codes of encoded images"""
    has_prior: bool = False
    """whether the model draws z from N(0, I), so that norms mean something"""

    def of(self, z: ArrayLike) -> Doubles:
        """(M,) in [0, 1] of codes z (M, K)."""
        codes = np.clip(np.asarray(z, np.float64).reshape(-1, self.mu.shape[1]), -FAR_AWAY, FAR_AWAY)
        far = self._distance(codes, self._k)
        share = 1 - np.searchsorted(self.distances, far) / len(self.distances)
        if not self.has_prior:
            return np.asarray(share, float)
        near = np.clip(share / MEDIUM, 0, 1)
        return np.asarray(share * (near + (1 - near) * prior_factor(codes)), float)

    @cached_property
    def distances(self) -> Floats:
        """Sorted distances of at most `SAMPLED` · 2 encoded images to their own 5th nearest; the code itself is not one of the five."""
        sample = self.mu[:: max(1, len(self.mu) // SAMPLED)]
        return np.asarray(np.sort(self._distance(sample.astype(np.float64), min(self._k + 1, len(self.mu)))), np.float32)

    @property
    def _k(self) -> int:
        return max(1, min(NEIGHBOUR, len(self.mu) - 1))

    def _distance(self, codes: Doubles, k: int) -> Floats:
        """(M,): to the k-th nearest encoded image. Without a tree: importing one would take longer than the first page has."""
        found = [kth_square(codes[at : at + AT_ONCE], self._real, k) for at in range(0, len(codes), AT_ONCE)]
        return np.asarray(np.sqrt(np.concatenate([np.empty(0), *found])), np.float32)

    @cached_property
    def _real(self) -> Doubles:
        return self.mu.astype(np.float64)


def kth_square(codes: Doubles, real: Doubles, k: int) -> Doubles:
    """(M,): squared distance of codes (M, K) to the k-th nearest of real (N, K); few dimensions by differences, which lose no digits."""
    if real.shape[1] <= FEW:
        squares = np.zeros((len(codes), len(real)), np.float32)
        for own, theirs in zip(codes.T.astype(np.float32), real.T.astype(np.float32), strict=True):
            squares += np.square(own[:, None] - theirs)
    else:
        squares = np.square(real).sum(1) - 2 * codes @ real.T + np.square(codes).sum(1)[:, None]
    return np.asarray(np.maximum(np.partition(squares, k - 1, axis=1)[:, k - 1], 0))


def prior_share(z: ArrayLike) -> Doubles:
    """(M,): share of draws from N(0, I) whose norm is smaller than that of codes z (M, K), by the χ² distribution."""
    from scipy.special import gammainc

    codes = np.asarray(z, float)
    return np.asarray(gammainc(codes.shape[1] / 2, np.square(codes).sum(1) / 2), float)


def prior_factor(z: ArrayLike) -> Doubles:
    """(M,): 1 for a norm that the prior has, falling to 0 beyond its outermost per cents: the smaller tail over `TAIL`."""
    within = prior_share(z)
    return np.asarray(np.minimum(1, np.minimum(within, 1 - within) / TAIL))


def density_words(support: float) -> str:
    """High, medium or low density of encoded images."""
    return f"{_level(support)} density of encoded images"


def density_figure(support: float) -> str:
    """The same in a table: “high, 0.41”."""
    return f"{_level(support)}, {number(support)}"


def _level(support: float) -> str:
    return LEVELS[0 if support < LOW else 1 if support < MEDIUM else 2]

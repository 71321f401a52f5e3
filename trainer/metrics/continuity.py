"""Do near codes decode to near pictures, and do draws decode to pictures at all? Continuity and completeness of a latent space.

Continuity: from the code z_i of an image a step of a share s of the codes' spread towards the code of another image, z_i + s·r·d, d the
unit vector to z_j, r = √Σ_k Var(z_k). The step is measured in the spread of the run's own codes, so the figure does not change when codes
are shifted, turned or scaled, and models with and without a posterior can be compared. Measured: Σ over pixels of the squared change of x̂,
as a share of the same for two images chosen at random, and how often the class that a classifier names changes. No image is in two pairs,
so pairs are independent, and the standard errors hold for few images too.

Completeness: of draws from N(0, I), and from the smallest box along the axes that holds all codes, the share that decodes to a picture
which the classifier names with at least a probability t. t is calibrated: the smallest from 1/2 on at which the classifier is right for
95 % of one half of the reconstructed images (selective classification, Geifman & El-Yaniv 2017); what it does with the other half is told.

Letters: N images, K latent dimensions, P pairs, S shares, D draws, Y classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.runs.continuity_figures import Share

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Rows = NDArray[np.int64]
Decode = Callable[[Floats, Rows], Floats]
"""Codes (B, K), and the rows (B,) of the images whose class a conditional model is told, to pictures (B, C, H, W)."""
Classify = Callable[[Floats], Floats]
"""Pictures (B, C, H, W) to probabilities (B, Y)."""

SHARES = (0.02, 0.05, 0.1, 0.2, 0.4)
PAIRS, DRAWS, CALIBRATION = 400, 1000, 1000
PRECISION = 0.95  # how often the classifier has to be right above the threshold
LEAST_PROBABILITY = 0.5  # more than all other classes together
LEAST_CALIBRATED = 30  # reconstructions above the threshold, below which it rests on chance


@dataclass(frozen=True)
class Continuity:
    """How far pictures move with a small step of the code."""

    shares: Doubles
    """(S,): lengths of the step, as shares of the spread"""
    squared: Doubles
    """(S, P): Σ over pixels of the squared change, grey levels²"""
    reference: Doubles
    """(P,): the same between two images chosen at random"""
    changed: NDArray[np.bool_] | None
    """(S, P): whether the classifier names another class; None without one"""
    changed_reference: NDArray[np.bool_] | None
    """(P,): the same of two images"""
    spread: float
    """r, latent units"""
    rows: Rows
    """(P,): the images that steps begin at"""
    codes: Floats
    """(P, K): their codes"""
    directions: Floats
    """(P, K): unit vectors of the steps; 0 where two codes are the same"""

    @property
    def mean(self) -> Doubles:
        """(S,) grey levels²."""
        return np.asarray(self.squared.mean(1))

    @property
    def mean_error(self) -> Doubles:
        """(S,): standard errors of `mean` over the pairs."""
        return np.asarray(self.squared.std(1, ddof=1) / math.sqrt(self.n))

    @property
    def relative(self) -> Doubles:
        """(S,): `mean` over the mean between two images; nan where images decode alike. s²/2 for a linear decoder that keeps lengths."""
        whole = self.reference.mean()
        return np.asarray(self.mean / whole if whole > 0 else np.full(len(self.shares), np.nan))

    @property
    def relative_error(self) -> Doubles:
        """(S,): standard errors of `relative`, a ratio of two means of the same pairs, by the delta method."""
        rest = self.squared - self.relative[:, None] * self.reference
        whole = self.reference.mean()
        return np.asarray(
            rest.std(1, ddof=1) / math.sqrt(self.n) / whole if whole > 0 else np.full(len(self.shares), np.nan),
        )

    @property
    def n(self) -> int:
        """P, pairs."""
        return len(self.reference)

    def class_changes(self, place: int) -> Share | None:
        """How many steps of that place of `shares` change the class; None without a classifier."""
        return None if self.changed is None else Share(int(self.changed[place].sum()), self.n)

    def at(self, place: int) -> Floats:
        """(P, K): codes after the step of that place of `shares`."""
        return np.asarray(self.codes + self.shares[place] * self.spread * self.directions, np.float32)


@dataclass(frozen=True)
class Threshold:
    """From which probability on a picture counts as known."""

    value: float
    """t"""
    passed: Share
    """of the half of the reconstructions that did not choose it: how many the classifier names with at least t"""
    right: Share | None
    """of those: how many have the class of their image; None where none passed"""


@dataclass(frozen=True)
class Completeness:
    """How many draws are pictures that the classifier knows."""

    threshold: Threshold
    codes: Floats
    """(D, K), the draws"""
    rows: Rows
    """(D,): the images whose class a conditional model is told"""
    probability: Doubles
    """(D,): of the class that the classifier names"""
    named: Rows
    """(D,): that class"""

    @property
    def known(self) -> Share:
        return Share(int((self.probability >= self.threshold.value).sum()), len(self.probability))


def _directions(start: Floats, end: Floats) -> Doubles:
    """Of length 1, row by row; 0 where both are one."""
    way = end.astype(float) - start
    length = np.linalg.norm(way, axis=1, keepdims=True)
    found: Doubles = np.divide(way, length, out=np.zeros_like(way), where=length > 0)
    return found


def continuity(
    decode: Decode,
    mu: Floats,
    rng: np.random.Generator,
    classify: Classify | None = None,
    shares: Sequence[float] = SHARES,
    n_pairs: int = PAIRS,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Continuity:
    """Of codes mu (N, K), N ≥ 4: at most n_pairs pairs of images, chosen at random, each image in one pair or none."""
    n_pairs = min(n_pairs, len(mu) // 2)
    rows, others = rng.permutation(len(mu))[: 2 * n_pairs].reshape(2, n_pairs)
    spread = math.sqrt(float(mu.astype(float).var(0).sum()))
    directions = _directions(mu[rows], mu[others])
    start = decode(mu[rows], rows)
    classes = None if classify is None else classify(start).argmax(1)
    squared, changed = np.empty((len(shares), n_pairs)), np.empty((len(shares), n_pairs), bool)

    def moved(pictures: Floats) -> tuple[Doubles, NDArray[np.bool_]]:
        distance = np.square(pictures.astype(float) - start).reshape(n_pairs, -1).sum(1)
        return distance, np.zeros(n_pairs, bool) if classify is None else classify(pictures).argmax(1) != classes

    for i, share in enumerate(shares):
        squared[i], changed[i] = moved(decode(np.asarray(mu[rows] + share * spread * directions, np.float32), rows))
        on_progress((i + 1) / (len(shares) + 1))
    reference, other_class = moved(decode(mu[others], others))
    has_class = classify is not None
    return Continuity(
        shares=np.asarray(shares, float),
        squared=squared,
        reference=reference,
        changed=changed if has_class else None,
        changed_reference=other_class if has_class else None,
        spread=spread,
        rows=rows,
        codes=mu[rows],
        directions=directions.astype(np.float32),
    )


def calibrated_threshold(probabilities: Floats, labels: Rows) -> Threshold | None:
    """From reconstructions of images with a class: probabilities (N, Y), labels (N,). Every second one chooses it, the others tell what it
    does. None where no threshold makes the classifier right for 95 % of at least 30 of them."""
    top, is_right = probabilities.max(1).astype(float), probabilities.argmax(1) == labels
    chosen = _smallest(top[::2], is_right[::2])
    if chosen is None or len(top) < 2:
        return None
    passed, right = top[1::2] >= chosen, is_right[1::2]
    n_passed = int(passed.sum())
    return Threshold(chosen, Share(n_passed, len(passed)), Share(int(right[passed].sum()), n_passed) if n_passed else None)


def _smallest(top: Doubles, is_right: NDArray[np.bool_]) -> float | None:
    """The smallest probability from which on 95 % are right, at least 1/2."""
    order = np.argsort(-top, kind="stable")
    n_above = np.arange(1, len(top) + 1)
    holds = np.cumsum(is_right[order]) / n_above >= PRECISION
    holds &= (n_above >= LEAST_CALIBRATED) & (top[order] >= LEAST_PROBABILITY)
    holds[:-1] &= top[order][:-1] > top[order][1:]  # a probability that several have takes all of them
    if not holds.any():
        return None
    last = int(np.flatnonzero(holds)[-1])
    is_all = last + 1 == len(top) or top[order][last + 1] < LEAST_PROBABILITY
    return LEAST_PROBABILITY if is_all else float(top[order][last])


def prior_draws(rng: np.random.Generator, n: int, n_dims: int) -> Floats:
    """(n, K) from N(0, I)."""
    return np.asarray(rng.standard_normal((n, n_dims)), np.float32)


def box_draws(rng: np.random.Generator, n: int, mu: Floats) -> Floats:
    """(n, K), uniform in the smallest box along the axes that holds all codes mu (N, K)."""
    low, high = mu.min(0).astype(float), mu.max(0).astype(float)
    return np.asarray(low + (high - low) * rng.random((n, mu.shape[1])), np.float32)


def completeness(decode: Decode, classify: Classify, threshold: Threshold, codes: Floats, rows: Rows) -> Completeness:
    """Of draws (D, K); rows (D,): images whose class a conditional model is told."""
    probabilities = classify(decode(codes, rows))
    return Completeness(threshold, codes, rows, probabilities.max(1).astype(float), probabilities.argmax(1))

"""How far are the codes from the prior, and how much do they say, when log N is less than they could say?

Information that is estimated from N images is at most log N, so that the distance of the aggregated posterior from the prior,
KL(q(z) ‖ p(z)) = mean KL − information, comes out too large by all that is missing: with q(z) taken as the mixture of N posteriors it is an
upper bound (by Jensen). E_q[log m(z) − log p(z)] = KL(q ‖ p) − KL(q ‖ m) is a lower one for every density m that has not seen the images
that it is scored on, and m = p gives 0. Here m is the prior or a mixture of Gaussians; the truth is between the two.

Letters: N images, K latent dimensions, J components, B points. Nats per image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.information import slope_of

Doubles = NDArray[np.float64]

COMPONENTS = (1, 2, 5, 10, 20, 40)
FOLDS = 2
CHOOSING = 4  # one of so many images that are not scored chooses how many components there are
DRAWS = 4  # codes of an image that a density is fitted to: few draws of few images would be learned by heart
TIE = 4  # images for each latent dimension that the components' common covariance counts for
MOST_STEPS, SETTLED = 30, 1e-3  # of EM; nats a point from one step to the next
LEAST_IMAGES = 8  # a component of fewer is none
MOST_PRODUCTS = 3e11  # multiply-adds of a fit: half a minute on an old machine
FLOOR = 1e-6  # of a variance
LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class PriorDistance:
    """A lower bound of KL(q(z) ‖ p(z))."""

    low: float
    """nats"""
    error: float
    """its standard error over the images, nats"""
    density: str
    """the density that gave it, in words"""


@dataclass(frozen=True)
class Mixture:
    """Gaussians with full covariances."""

    weight: Doubles
    """(J,)"""
    mean: Doubles
    """(J, K)"""
    factor: Doubles
    """(J, K, K): lower Cholesky factors of the covariances"""

    def log_parts(self, z: Doubles) -> Doubles:
        """log (weight_j N(z; mean_j, covariance_j)), (B, J), for z (B, K)."""
        out = np.empty((len(z), len(self.weight)))
        for j, (weight, mean, factor) in enumerate(zip(self.weight, self.mean, self.factor, strict=True)):
            whitened = (z - mean) @ np.linalg.inv(factor).T
            out[:, j] = math.log(weight) - np.log(np.diag(factor)).sum() - 0.5 * np.square(whitened).sum(1)
        return np.asarray(out - 0.5 * z.shape[1] * LOG_2PI)

    def log_density(self, z: Doubles) -> Doubles:
        """(B,)"""
        return _logsumexp(self.log_parts(z))


def prior_distance(mu: NDArray[Any], logvar: NDArray[Any], rng: np.random.Generator) -> PriorDistance:
    """From posteriors mu, logvar (N, K). Every image is scored once, by a density of images of the other half."""
    m, std = np.asarray(mu, float), np.exp(np.asarray(logvar, float) / 2)
    n = len(m)
    if n < LEAST_IMAGES * FOLDS * 2:
        return PriorDistance(0.0, 0.0, _words([0]))
    fold = rng.permutation(n) % FOLDS
    gained, chosen = np.zeros(n), []
    for each in range(FOLDS):
        others = np.flatnonzero(fold != each)
        found = _chosen(m[others], std[others], rng)
        chosen.append(0 if found is None else len(found.weight))
        if found is not None:
            scored = fold == each
            noise = rng.standard_normal(m[scored].shape)
            z = m[scored] + std[scored] * noise
            # what log q(z|x) − log p(z) of the draw misses of its mean, the KL in closed form, is a control variate as in `information`
            drawn = 0.5 * (np.square(z) - np.square(noise)) - np.log(std[scored])
            exact = 0.5 * (np.square(m[scored]) + np.square(std[scored]) - 1) - np.log(std[scored])
            off, gain = (drawn - exact).sum(1), _gain(found, z)
            gained[scored] = gain - slope_of(gain, off) * off
    return PriorDistance(float(gained.mean()), float(gained.std() / math.sqrt(n)), _words(chosen))


def _words(chosen: list[int]) -> str:
    most = max(chosen)
    if most == 0:
        return "the prior itself"
    return "a Gaussian" if most == 1 else f"a mixture of {most} Gaussians"


def _chosen(mu: Doubles, std: Doubles, rng: np.random.Generator) -> Mixture | None:
    """The density that does best on a part which it has not seen; None for the prior itself."""
    order = rng.permutation(len(mu))
    judge, fit = order[::CHOOSING], np.delete(order, np.s_[::CHOOSING])
    judged = np.concatenate([_codes(mu[judge], std[judge], rng) for _ in range(DRAWS)])
    codes = np.concatenate([_codes(mu[fit], std[fit], rng) for _ in range(DRAWS)])
    best, most = None, 0.0
    for n_components in COMPONENTS:
        work = 2 * MOST_STEPS * n_components * len(codes) * mu.shape[1] ** 2
        if n_components > 1 and work > MOST_PRODUCTS:
            break
        if n_components * LEAST_IMAGES > len(fit) or n_components > max(1, TIE * len(fit) // mu.shape[1]):
            break
        found = fitted(codes, n_components, rng, len(fit) / max(1, len(codes)))
        score = float(_gain(found, judged).mean())
        if score > most:
            best, most = found, score
    return best


def fitted(z: Doubles, n_components: int, rng: np.random.Generator, independent: float = 1.0) -> Mixture:
    """A mixture by expectation maximisation on points z (B, K); independent: the share of them that are (draws of one image are not)."""
    centres = _spread_out(z, n_components, rng)
    nearest = np.argmin(np.stack([np.square(z - centre).sum(1) for centre in centres], 1), 1)
    shares = np.eye(n_components)[nearest]
    last = -np.inf
    for _ in range(MOST_STEPS):
        mixture = _maximised(z, shares, independent)
        parts = mixture.log_parts(z)
        total = _logsumexp(parts)
        shares = np.exp(parts - total[:, None])
        if total.mean() - last < SETTLED:
            break
        last = float(total.mean())
    return mixture


def _maximised(z: Doubles, shares: Doubles, independent: float) -> Mixture:
    """Weights, means and covariances of shares (B, J). A component of too few images is left out; with few, it leans on all the others'.

    A covariance of its own of each component has so many numbers that it would be learned by heart; the inverse Wishart prior around the
    pooled one is the usual remedy (Fraley & Raftery 2007, section 3).
    """
    total = shares.sum(0)
    kept = total * independent >= min(LEAST_IMAGES, len(z) * independent)
    if not kept.any():
        kept = total == total.max()
    means, covariances = [], []
    for share, n in zip(shares.T[kept], total[kept], strict=True):
        mean = share @ z / n
        centred = z - mean
        covariance = (centred * share[:, None]).T @ centred / n
        means.append(mean)
        covariances.append(covariance)
    weight = total[kept] / total[kept].sum()
    pooled = shrunk(np.einsum("j,jkl->kl", weight, np.array(covariances)), total.sum() * independent)
    factors, tie = [], TIE * z.shape[1]
    for covariance, n in zip(covariances, total[kept] * independent, strict=True):
        factors.append(np.linalg.cholesky((n * covariance + tie * pooled) / (n + tie)))
    return Mixture(weight, np.array(means), np.array(factors))


def shrunk(covariance: Doubles, n: float) -> Doubles:
    """Towards the same trace times the identity, as far as n Gaussian points ask for (Chen, Wiesel, Eldar & Hero 2010, eq. 23)."""
    k = len(covariance)
    trace, square = float(np.trace(covariance)), float(np.square(covariance).sum())
    uneven = square - trace**2 / k
    above = (1 - 2 / k) * square + trace**2
    share = 1.0 if uneven <= 0 else min(1.0, above / ((n + 1 - 2 / k) * uneven))
    return np.asarray((1 - share) * covariance + (share * trace / k + FLOOR) * np.eye(k))


def _spread_out(z: Doubles, n: int, rng: np.random.Generator) -> Doubles:
    """n points far from each other: each with odds of its squared distance to those before (k-means++, Arthur & Vassilvitskii 2007)."""
    centres = [z[rng.integers(len(z))]]
    squares = np.square(z - centres[0]).sum(1)
    while len(centres) < n:
        total = squares.sum()
        centres.append(z[rng.choice(len(z), p=squares / total)] if total > 0 else z[rng.integers(len(z))])
        squares = np.minimum(squares, np.square(z - centres[-1]).sum(1))
    return np.array(centres)


def _gain(density: Mixture, z: Doubles) -> Doubles:
    """log m(z) − log p(z), (B,)."""
    prior = -0.5 * (np.square(z).sum(1) + z.shape[1] * LOG_2PI)
    return np.asarray(density.log_density(z) - prior)


def _codes(mu: Doubles, std: Doubles, rng: np.random.Generator) -> Doubles:
    return np.asarray(mu + std * rng.standard_normal(mu.shape))


def _logsumexp(parts: Doubles) -> Doubles:
    largest = parts.max(1)
    return np.asarray(largest + np.log(np.exp(parts - largest[:, None]).sum(1)))

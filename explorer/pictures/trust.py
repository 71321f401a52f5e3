"""How unlike the images that a model was tested on is a picture? Three figures, each held against the test split, and one of all three.

    reconstruction   the reconstruction loss E_q[−log p(x|z)], nats: what the decoder does not reproduce
    ELBO             −(reconstruction + KL(q(z|x) ‖ p(z))), nats (Kingma & Welling 2014, eq. 3)
    distance         of μ to the nearest code of the test split, an image of the split to the nearest other one (Sun et al. 2022, k = 1)
    strangeness      the anomaly score, −Σ log p over the figures there are, p = (1 + the number of test images at least as bad) /
                     (1 + N): Fisher's sum (1932) of conformal p-values (Bates et al. 2023). The figures depend on each other, so the
                     sum is not read from a χ² table but held against the sums of the test images themselves.

No figure alone is enough: a likelihood may be higher for foreign images than for its own (Nalisnick et al. 2019), and in a plane every
code is near to some other. All three together do not see a picture that is redrawn well as something else: `likeness` does.
Letters: B pictures, N images of the test split, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.likeness import FEWEST, Likeness, change_sentence, closest_sentence, likeness_sentence
from trainer.models.numpy_engine import Codes, Floats, Forward
from trainer.numerals import count, percent

Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]

RECONSTRUCTION, ELBO, DISTANCE = "reconstruction", "elbo", "distance"
N_DRAWS = 32  # of z for the expectation over q: the standard error is a sixth of what one draw of the stored figures has
SEED = 5
MOST_SEARCHES = 2000  # images of the split whose nearest other code is looked for: a percentile to 0.05
MOST_PAIRS = 40_000_000  # distances for that: half a second
LEAST_SEARCHES = 200
CHUNK = 200
UNUSUAL, LESS_TYPICAL = 95.0, 75.0  # percentiles of the anomaly score from which the sentence changes
MOST = 99.9  # per cent that a share of the test images may read where some are as unusual


@dataclass(frozen=True)
class Figures:
    """The figures of B pictures."""

    bad: Mapping[str, Doubles]
    """(B,) by the name of a figure. Larger is worse, so the ELBO is there as −ELBO; not of a deterministic model."""

    def row(self, i: int) -> Figures:
        """One picture's."""
        return Figures({name: values[i : i + 1] for name, values in self.bad.items()})


@dataclass(frozen=True)
class Population:
    """The figures of the test split."""

    ordered: Mapping[str, Doubles]
    """Each figure of its images, smallest first."""
    strangeness: Doubles
    """Anomaly scores, smallest first, of the M images whose distance was looked for, (M,)."""
    n: int
    """Images of the test split."""


@dataclass(frozen=True)
class Judged:
    """B pictures held against a population."""

    percentiles: Mapping[str, Doubles]
    """Of each figure, (B,): the share of test images, in percent, that are less bad."""
    strangeness: Doubles
    """The anomaly score, (B,), ≥ 0."""
    percentile: Doubles
    """(B,): the share of test images, in percent, with a lower anomaly score."""


def population(mu: Floats, reconstruction: Floats, elbo: Floats | None) -> Population:
    """From what a run stores of its test split: mu (N, K), reconstruction and elbo (N,) nats; elbo None for a deterministic model."""
    rows = searched_rows(len(mu))
    ordered, members = {}, {}
    if np.isfinite(reconstruction).all():  # a run that was imported without pictures has none
        ordered[RECONSTRUCTION] = np.sort(np.asarray(reconstruction, float))
        members[RECONSTRUCTION] = np.asarray(reconstruction, float)[rows]
    if elbo is not None and np.isfinite(elbo).all():
        ordered[ELBO], members[ELBO] = np.sort(-np.asarray(elbo, float)), -np.asarray(elbo, float)[rows]
    if len(mu) > 1:
        members[DISTANCE] = nearest_distance(mu[rows], mu, rows)
        ordered[DISTANCE] = np.sort(members[DISTANCE])
    # an image of the split counts among those that are as bad as itself: that is the 1 of the formula
    surprise = [-np.log(_at_least(ordered[name], values) / len(ordered[name])) for name, values in members.items()]
    return Population(ordered, np.sort(np.sum(surprise, axis=0)), len(mu))


def searched_rows(n: int) -> Labels:
    """The images of the split whose distances are known, evenly spaced: all of them where there are few."""
    searches = min(n, max(LEAST_SEARCHES, min(MOST_SEARCHES, MOST_PAIRS // n)))
    return np.linspace(0, n - 1, searches).round().astype(np.int64)


def figures_of(forward: Forward, x: Floats, codes: Codes, mu: Floats, y: Labels | None = None) -> Figures:
    """Of pictures x (B, C, H, W) in [0, 1] with these codes, under the classes y (B,) of a conditional model; mu (N, K): the split's."""
    error = expected_nll(forward, x, codes, y)
    bad = {RECONSTRUCTION: error}
    if not forward.config.is_deterministic:
        bad[ELBO] = error + codes.kl.astype(float).sum(1)
    if len(mu) > 1:
        bad[DISTANCE] = nearest_distance(codes.mu, mu)
    return Figures(bad)


def stored_figures(row: int, mu: Floats, reconstruction: Floats, elbo: Floats | None) -> Figures:
    """Of an image of the split itself, as the run stores them; for that its pixels need not be here."""
    bad = {RECONSTRUCTION: np.array([reconstruction[row]], float)}
    if elbo is not None:
        bad[ELBO] = -np.array([elbo[row]], float)
    if len(mu) > 1:
        bad[DISTANCE] = nearest_distance(mu[row : row + 1], mu, np.array([row]))
    return Figures(bad)


def judge(figures: Figures, among: Population) -> Judged:
    """The figures held against the population, as many as it has."""
    percentiles, surprise = {}, []
    for name, ordered in among.ordered.items():
        values = figures.bad[name]
        at_least = _at_least(ordered, values)
        percentiles[name] = 100 * (len(ordered) - at_least) / len(ordered)
        surprise.append(-np.log((1 + at_least) / (1 + len(ordered))))
    strangeness: Doubles = np.sum(surprise, axis=0)
    n = len(among.strangeness)
    return Judged(percentiles, strangeness, 100 * (n - _at_least(among.strangeness, strangeness)) / n)


def expected_nll(forward: Forward, x: Floats, codes: Codes, y: Labels | None = None) -> Doubles:
    """E_q[−log p(x|z)] (B,) nats, the mean over the same draws for every picture; of a deterministic model at its code."""
    if forward.config.is_deterministic:
        return forward.nll(codes.mu, x, y)
    total, draws = np.zeros(len(x)), np.random.default_rng(SEED)
    for eps in draws.standard_normal((N_DRAWS, 1, codes.mu.shape[1]), np.float32):
        total += forward.nll(codes.mu + codes.std * eps, x, y)
    return total / N_DRAWS


def nearest_distance(z: Floats, mu: Floats, own: Labels | None = None) -> Doubles:
    """Euclidean distance (B,) of codes z (B, K) to the nearest of mu (N, K); own (B,): rows of mu that are the codes' own and left out."""
    codes, others = z.astype(float), mu.astype(float)
    squares, found = np.square(others).sum(1), np.empty(len(codes))
    for at in range(0, len(codes), CHUNK):
        here = codes[at : at + CHUNK]
        distances = squares - 2 * here @ others.T  # without |z|², the same for all: only the order counts
        if own is not None:
            distances[np.arange(len(here)), own[at : at + CHUNK]] = np.inf
        # the difference of large squares loses digits, so the distance itself is computed from the codes
        found[at : at + CHUNK] = np.linalg.norm(here - others[distances.argmin(1)], axis=1)
    return found


def _at_least(ordered: Doubles, values: Doubles) -> Doubles:
    """How many of the ordered numbers are at least as large as each of the values."""
    return (len(ordered) - np.searchsorted(ordered, values, side="left")).astype(float)


# --- words


def sentence(percentile: float, n: int, n_figures: int = 3) -> str:
    """What the percentile of the anomaly score means, among n test images; of n_figures, which are shown with percentiles of their own."""
    by = f"by all {n_figures} figures together, " if n_figures > 1 else ""
    if n < FEWEST:
        return f"Too few test images ({n}) to say how unusual the picture is."
    if percentile >= 100:
        return _begun(f"{by}more unusual than each of the {count(n)} test images compared.")
    if percentile >= UNUSUAL:
        return _begun(f"{by}more unusual than {percent(min(percentile, MOST) / 100, 1)} of the test images.")
    if percentile >= LESS_TYPICAL:
        return f"Less typical: {by}more unusual than {percent(percentile / 100)} of the test images."
    return "Typical of the test data."


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def worse_than(percentile: float, n: int) -> str:
    """How many of n test images are less bad: as a share, or counted where there are few."""
    if percentile >= 100:
        return f"worse than all {count(n)} test images"
    if n < FEWEST:
        return f"worse than {round(percentile * n / 100)} of the {n} test images"
    return f"worse than {percent(percentile / 100, 1)} of the test images"


def is_redrawn(percentile: float, likeness: Likeness | None) -> bool:
    """Whether the headline is that of a picture redrawn as another class: a classifier's word on a picture of another kind means little."""
    return likeness is not None and likeness.is_changed and percentile < UNUSUAL


def headline(percentile: float, n: int, likeness: Likeness | None, names: Sequence[str], n_figures: int = 3) -> str:
    """The gauge's answer. A picture that is redrawn as another class is never called typical, whatever its figures are."""
    if likeness is not None and is_redrawn(percentile, likeness):
        return f"Reconstructed as another class. {change_sentence(likeness, names)}"
    return sentence(percentile, n, n_figures)


def beside(percentile: float, n: int, likeness: Likeness | None, names: Sequence[str], n_figures: int = 3) -> str:
    """What is said below the headline: the other half of the answer; nothing where the classes are not known."""
    if likeness is None:
        return ""
    if is_redrawn(percentile, likeness):
        figures = sentence(percentile, n, n_figures)
        return f"By its figures alone: {figures[:1].lower()}{figures[1:]}"
    return closest_sentence(likeness, names) if percentile >= UNUSUAL else likeness_sentence(likeness, names)

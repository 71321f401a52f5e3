"""What are continuity and completeness of a finished run? On its test codes, with its own classifier.

Two runs are measured alike, so they can stand beside each other: steps in the spread of their own codes, and a threshold at which each
run's classifier is right for 95 % of the run's own reconstructions. Letters: N images, K latent dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from trainer.metrics.continuity import (
    CALIBRATION,
    DRAWS,
    PAIRS,
    SHARES,
    Completeness,
    Continuity,
    Decode,
    Floats,
    Rows,
    Threshold,
    box_draws,
    calibrated_threshold,
    completeness,
    continuity,
    prior_draws,
)
from trainer.models.picture_classifier import PictureClassifier
from trainer.runs.continuity_figures import ContinuityFigures
from trainer.runs.read import Run

SEED = 20_160_101
SLOW_PIXELS, FEWER = 1024, 4  # convolutions and large pictures get a fourth of the pairs and draws
LEAST_CODES = 4  # two pairs
STEP = 0.1  # length of the step of the figure that a run keeps, one of SHARES
LEAST = 0.05  # share of pairs and draws, however small the budget


@dataclass(frozen=True)
class RunContinuity:
    """Both figures of a run."""

    continuity: Continuity
    threshold: Threshold | None
    """of the classifier; None where there is none, or where no probability makes it right often enough"""
    prior: Completeness | None
    """of draws from N(0, I)"""
    box: Completeness | None
    """of draws from the box around the codes"""


@dataclass(frozen=True)
class Sizes:
    """How much is decoded."""

    pairs: int = PAIRS
    draws: int = DRAWS
    """from each of both distributions"""
    calibration: int = CALIBRATION
    """reconstructions for the threshold"""

    def affordable(self, decode_s: float, most_s: float) -> Sizes:
        """As many of each as fit into most_s seconds, at decode_s seconds a picture."""
        wanted = decode_s * (3 * self.pairs + 2 * self.draws + self.calibration)
        share = max(LEAST, min(1.0, most_s / wanted)) if wanted > 0 else 1.0
        return Sizes(*(math.ceil(share * n) for n in (self.pairs, self.draws, self.calibration)))


def sizes_for(network: str, n_pixels: int) -> Sizes:
    """Fewer for convolutions and large pictures."""
    less = FEWER if network not in ("mlp", "linear") or n_pixels > SLOW_PIXELS else 1
    return Sizes(PAIRS // less, DRAWS // less, CALIBRATION // less)


def run_continuity(
    run: Run, on_progress: Callable[[float], None] = lambda share: None, shares: Sequence[float] = SHARES
) -> RunContinuity:
    """Of a run with at least four test images; the same seed and the same pairs for every run."""
    told = run.told

    def decode(z: Floats, rows: Rows) -> Floats:
        return run.forward.decode(z, None if told is None else told[rows])

    sizes = sizes_for(run.config.network, prod(run.image_shape))
    return measured(decode, run.encodings.mu, run.encodings.label, run.classifier, sizes, shares, on_progress)


def run_figures(run: Run) -> ContinuityFigures:
    """Of a run with at least four test images, as run.json keeps them."""
    return figures(run_continuity(run, shares=[STEP]))


def measured(
    decode: Decode,
    mu: Floats,
    labels: Rows,
    classifier: PictureClassifier | None,
    sizes: Sizes,
    shares: Sequence[float] = SHARES,
    on_progress: Callable[[float], None] = lambda share: None,
) -> RunContinuity:
    """Of codes mu (N, K), N ≥ 4, of images with classes labels (N,), −1 for none."""
    rng = np.random.default_rng(SEED)
    classify = None if classifier is None else classifier.probabilities
    part = 1.0 if classifier is None else 0.5
    steps = continuity(decode, mu, rng, classify, shares, sizes.pairs, lambda share: on_progress(part * share))
    if classifier is None:
        return RunContinuity(steps, None, None, None)
    known = np.flatnonzero(labels >= 0)
    rows = known[np.unique(np.linspace(0, len(known) - 1, min(len(known), sizes.calibration)).round().astype(int))]
    threshold = calibrated_threshold(classifier.probabilities(decode(mu[rows], rows)), labels[rows])
    on_progress(0.75)
    return RunContinuity(steps, threshold, *_completeness(decode, classifier, threshold, mu, sizes.draws))


def figures(found: RunContinuity) -> ContinuityFigures:
    """What a run keeps of it. Of a measurement whose shares hold STEP."""
    steps = found.continuity
    place = int(np.flatnonzero(steps.shares == STEP)[0])
    change, error = float(steps.relative[place]), float(steps.relative_error[place])
    classes, draws = steps.class_changes(place), found.prior
    return ContinuityFigures(
        step=STEP,
        n_pairs=steps.n,
        change=change if math.isfinite(change) else None,
        change_error=error if math.isfinite(error) else None,
        class_changes=None if classes is None else classes.n_yes,
        threshold=None if found.threshold is None else found.threshold.value,
        n_draws=None if draws is None else draws.known.n,
        known_prior=None if draws is None else draws.known.n_yes,
        known_box=None if found.box is None else found.box.known.n_yes,
    )


def _completeness(
    decode: Decode, classifier: PictureClassifier, threshold: Threshold | None, mu: Floats, n: int
) -> tuple[Completeness | None, Completeness | None]:
    """Of n draws from N(0, I), and of n from the box."""
    if threshold is None:
        return None, None
    rng = np.random.default_rng(SEED + 1)
    rows = rng.integers(len(mu), size=n)
    draws = (prior_draws(rng, n, mu.shape[1]), box_draws(rng, n, mu))
    prior, box = (completeness(decode, classifier.probabilities, threshold, codes, rows) for codes in draws)
    return prior, box

"""What are continuity and completeness of a finished run? On its stored test codes, with its own classifier, in numpy alone.

Two runs are measured alike, so they can stand beside each other: steps in the spread of their own codes, and a threshold at which each
run's classifier is right for 95 % of the run's own reconstructions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from trainer.metrics.continuity import (
    CALIBRATION,
    DRAWS,
    PAIRS,
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
from trainer.runs.read import Run

SEED = 20_160_101
SLOW_PIXELS, FEWER = 1024, 4  # convolutions and large pictures get a fourth of the pairs and draws
LEAST_CODES = 2


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


def run_continuity(run: Run, on_progress: Callable[[float], None] = lambda share: None) -> RunContinuity:
    """Of a run with at least two test images; the same seed and the same pairs for every run."""
    mu, labels, told, classifier = run.encodings.mu, run.encodings.label, run.told, run.classifier
    less = FEWER if run.config.network not in ("mlp", "linear") or prod(run.image_shape) > SLOW_PIXELS else 1

    def decode(z: Floats, rows: Rows) -> Floats:
        return run.forward.decode(z, None if told is None else told[rows])

    rng = np.random.default_rng(SEED)
    classify = None if classifier is None else classifier.probabilities
    part = 1.0 if classifier is None else 0.5
    steps = continuity(decode, mu, rng, classify, n_pairs=PAIRS // less, on_progress=lambda share: on_progress(part * share))
    if classifier is None:
        return RunContinuity(steps, None, None, None)
    known = np.flatnonzero(labels >= 0)
    rows = known[np.unique(np.linspace(0, len(known) - 1, min(len(known), CALIBRATION // less)).round().astype(int))]
    threshold = calibrated_threshold(classifier.probabilities(decode(mu[rows], rows)), labels[rows])
    on_progress(0.75)
    return RunContinuity(steps, threshold, *_completeness(decode, classifier, threshold, mu, DRAWS // less))


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

"""Which figures take seconds, and were computed already? Each once for all visitors, with a progress bar for the one who waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.datasets import originals
from explorer.cache.runs import get_run, run_at, stamp_of
from trainer.metrics.run_continuity import LEAST_CODES, RunContinuity, figures, run_continuity
from trainer.metrics.semi_supervised import ClassBounds, class_bounds
from trainer.runs.continuity_figures import ContinuityFigures
from trainer.runs.read import Run

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.metrics.gradient_variance import GradientVariance

T = TypeVar("T")
Report = Callable[[float], None]
Doubles = NDArray[np.float64]
Rows = NDArray[np.int64]
MOST_KEPT = 64
MOST_BOUND, GAP_IMAGES, GRADIENT_IMAGES, GRADIENT_DRAWS = 1000, 100, 20, 200
SEED = 20_160_101


def computed(key: tuple[Any, ...], words: str, compute: Callable[[Report], T]) -> T:
    """The figure of that key, computed where it is not kept; words: what the bar says meanwhile."""
    shelf = _shelf()
    if key not in shelf:
        bar = st.progress(0.0, words)

        def report(share: float) -> None:
            bar.progress(min(1.0, max(0.0, share)), words)

        try:
            shelf[key] = compute(report)
        finally:
            bar.empty()  # also where there is no figure, which the page says
        while len(shelf) > MOST_KEPT:
            shelf.pop(next(iter(shelf)), None)  # the oldest
    found: T = shelf[key]
    return found


def get_continuity(run_id: str) -> RunContinuity:
    """Continuity and completeness of a run."""
    stamp = stamp_of(run_id)
    words = f"Decoding small steps and random codes of {run_id} …"
    return computed(("continuity", run_id, stamp), words, lambda report: run_continuity(run_at(run_id, stamp), report))


def continuity_of(run: Run) -> ContinuityFigures | None:
    """The two figures of a run: as it keeps them, or as they were computed here; None where neither is so."""
    found = _shelf().get(("continuity", run.id, stamp_of(run.id)))
    return run.info.continuity or (None if found is None else figures(found))


def can_measure_continuity(run: Run) -> bool:
    """Whether decoder and codes for two pairs are here."""
    return (run.info.origin is None or run.info.origin.decoder != "pictures") and len(run.encodings.mu) >= LEAST_CODES


@dataclass(frozen=True)
class Gaps:
    """Amortisation and approximation gaps of M of the test images, nats."""

    amortisation: Doubles
    """(M,)"""
    approximation: Doubles | None
    """(M,); None beyond two dimensions"""
    mu: Doubles
    """(M, K): codes"""
    rows: Rows
    """(M,): places among the test images"""


def get_class_bounds(run_id: str) -> tuple[ClassBounds, Rows] | None:
    """Both bounds of a semi-supervised run, and the places of the test images that have a class; None where none has."""

    def compute(report: Report) -> tuple[ClassBounds, Rows] | None:
        run, images = get_run(run_id), originals(run_id)
        rows = np.flatnonzero(run.encodings.label >= 0)[:MOST_BOUND]
        if images is None or not len(rows):
            return None
        rng = np.random.default_rng(SEED)
        x = np.asarray(images[rows] / 255, np.float32)
        if run.config.binarise:
            x = np.asarray(rng.random(x.shape) < x, np.float32)
        return class_bounds(run.forward, x, run.encodings.label[rows], rng, on_progress=report), rows

    return computed(("class-bounds", run_id, stamp_of(run_id)), "Computing the bound of every class …", compute)


def has_gaps(run_id: str) -> bool:
    """Whether the gaps can be shown at once."""
    return ("gaps", run_id, stamp_of(run_id)) in _shelf()


def get_gaps(run_id: str) -> Gaps:
    """Both gaps of evenly spread test images of a run whose images are here."""

    def compute(report: Report) -> Gaps:
        from trainer.metrics.quadrature import gap_map

        run, rows, x, y = _pictures(run_id, GAP_IMAGES)
        found = gap_map(run.model, x, y, on_progress=report)
        return Gaps(found.amortisation, found.approximation, found.mu, rows)

    return computed(("gaps", run_id, stamp_of(run_id)), "Finding the best Gaussian for each image …", compute)


def has_gradients(run_id: str) -> bool:
    """Whether the variances can be shown at once."""
    return ("gradients", run_id, stamp_of(run_id)) in _shelf()


def get_gradients(run_id: str) -> tuple[GradientVariance, ...]:
    """Of each estimator the variance of one draw, of a run whose test images are here."""

    def compute(report: Report) -> tuple[GradientVariance, ...]:
        import torch

        from trainer.metrics.gradient_variance import ESTIMATORS, gradient_variance

        run, _, x, y = _pictures(run_id, GRADIENT_IMAGES)
        found = []
        for i, name in enumerate(ESTIMATORS):
            found.append(gradient_variance(run.model, x, GRADIENT_DRAWS, torch.Generator().manual_seed(SEED + i), name, y))
            report((i + 1) / len(ESTIMATORS))
        return tuple(found)

    return computed(("gradients", run_id, stamp_of(run_id)), "Sampling gradients …", compute)


def _pictures(run_id: str, most: int) -> tuple[Run, Rows, Tensor, Tensor | None]:
    """Evenly spread test images (M, C, H, W) as the model sees them, their places, and the classes that a conditional model is told."""
    import torch

    from trainer.metrics.evaluate import seeded, to_unit

    run, images = get_run(run_id), originals(run_id)
    assert images is not None, "the section is offered where they are here"
    rows = np.unique(np.linspace(0, len(images) - 1, min(most, len(images))).round().astype(np.int64))
    x = to_unit(torch.from_numpy(images[rows]), run.config.binarise, seeded(SEED, len(rows)))
    return run, rows, x, None if run.told is None else torch.from_numpy(np.asarray(run.told[rows]))


@st.cache_resource(show_spinner=False)
def _shelf() -> dict[tuple[Any, ...], Any]:
    return {}

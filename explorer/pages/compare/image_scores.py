"""How do runs score one test image, and which of them may be held against each other by it?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.pages.compare.rate_distortion import Measure
from explorer.text.numbers import format_number
from trainer.models.numpy_engine import Codes
from trainer.numerals import distance, number, three_figures
from trainer.runs.read import Run

Floats = NDArray[np.float32]
SIGNS = {"gaussian": "σ", "laplace": "b"}  # of the scale of a pixel


@dataclass(frozen=True)
class Noise:
    """How pixels scatter around the decoded picture: −log p tells which picture is closer only where this is the same."""

    words: str
    """The likelihood and its scale: “gaussian, σ 0.1234”; scales that are written alike are taken to be the same."""
    varies: bool = False
    """Whether each pixel has a scale of its own."""


@dataclass(frozen=True)
class Scored:
    """One image under one run."""

    run_id: str
    nll: float | None
    """−log p(x|z), nats; None for a run that was imported without its pictures, which has no bound either."""
    kl: float | None
    """Nats; None for a deterministic run."""
    noise: Noise = Noise("bernoulli")
    error: float | None = None
    """Root mean square of what the decoded picture's pixels are off by, of values from 0 to 1; None where the image is not here."""


def images_of(run: Run) -> str:
    """A name for the test images of a run in their order: where it is the same, a number is the same image."""
    order = np.ascontiguousarray(run.encodings.index, np.int64).tobytes()
    return hashlib.sha256(run.info.dataset.sha256.encode() + order).hexdigest()[:16]


def own_label(run: Run, row: int) -> list[int] | None:
    """The class of a test image, for a model that is told it."""
    return None if run.told is None else [int(run.told[row])]


def scored(run: Run, row: int, x: Floats | None) -> Scored:
    """A test image under a run: −log p at its mean code where its pixels x (C, H, W) are here, else as it was stored."""
    codes, label, error = run.encodings, own_label(run, row), None
    nll = codes.reconstruction[row]
    if x is not None:
        nll = run.forward.nll(codes.mu[[row]], x[None], label)[0]
        off = run.forward.decode(codes.mu[[row]], label)[0].astype(float) - x
        error = float(np.sqrt((off**2).mean()))
    kl = None if run.config.is_deterministic else float(Codes(codes.mu[[row]], codes.logvar[[row]]).kl.sum())
    assert run.info.metrics is not None  # a finished run has them
    is_scored = x is not None or run.info.metrics.reconstruction is not None
    return Scored(run.id, float(nll) if is_scored else None, kl, noise_of(run), error)


def noise_of(run: Run) -> Noise:
    """What a run assumes of the pixels around its pictures."""
    likelihood = run.config.likelihood
    if not run.config.has_scale:
        return Noise(likelihood.replace("-", " "))
    if run.config.scale == "per-pixel":
        return Noise(f"{likelihood}, another {SIGNS[likelihood]} for each pixel", varies=True)
    scale = float(np.exp(run.weights["log_sigma"]))
    return Noise(f"{likelihood}, {SIGNS[likelihood]} {number(scale, three_figures(scale) + 1)}")


def score_words(score: Scored) -> str:
    """The figures of one run, “−log p 90.1, KL 6.2 nats”; of one without pictures that there is no −log p, as its summary says."""
    nll = "without pictures: no −log p" if score.nll is None else f"−log p {format_number(score.nll)}"
    if score.kl is None:
        return f"{nll}, no KL" if score.nll is None else f"{nll} nats, no KL"
    return f"{nll}, KL {format_number(score.kl)} nats"


def apart_sentence(groups: Mapping[Measure, Sequence[Scored]]) -> str:
    """Why runs that are scored in different measures are not held against each other; empty where there is one measure."""
    if len(groups) < 2:
        return ""
    told = "; ".join(f"{', '.join(score.run_id for score in scores)}: {name}" for name, scores in groups.items())
    return (
        f"The figures of these runs are of different things ({told}), so their −log p are not compared with each other and none is "
        "ranked; the images can be compared."
    )


def image_sentence(scores: Iterable[Scored]) -> str:
    """Which run comes closest to the image, and which uses the highest rate; all scores of one measure. By −log p at the one code where all
    runs assume the same noise; else by the pixels, because a smaller σ alone changes −log p of the same picture."""
    known = [score for score in scores if score.nll is not None]
    if len(known) < 2:
        return ""
    if len({score.noise for score in known}) > 1 or any(score.noise.varies for score in known):
        return f"{_closest_by_pixels(known)}{_unlike_noise(known)}"
    closest = min(known, key=lambda score: score.nll or 0.0)
    assert closest.nll is not None
    return f"{closest.run_id} comes closest, −log p {format_number(closest.nll)} nats{_rate_clause(closest, known)}."


def _closest_by_pixels(known: Sequence[Scored]) -> str:
    """Nothing where the image is not here."""
    off = {score.run_id: score.error for score in known if score.error is not None}
    if len(off) < len(known):
        return ""
    closest = min(known, key=lambda score: score.error or 0.0)
    others = ", ".join(f"those of {name} by {distance(error)}" for name, error in off.items() if name != closest.run_id)
    return (
        f"{closest.run_id} comes closest: its pixels are off by {distance(off[closest.run_id])} (root mean square, of 1), "
        f"{others}{_rate_clause(closest, known)}. "
    )


def _unlike_noise(known: Sequence[Scored]) -> str:
    """Why −log p ranks none of them."""
    told = "; ".join(f"{score.run_id}: {score.noise.words}" for score in known)
    return f"−log p does not tell which is closer, because the runs assume different noise ({told})."


def _rate_clause(closest: Scored, known: Sequence[Scored]) -> str:
    """What the closest one pays, beside the dearest of the others; nothing where there is no rate."""
    others = [score for score in known if score.kl is not None and score is not closest]
    if closest.kl is None or not others:
        return ""
    dearest = max(others, key=lambda score: score.kl or 0.0)
    assert dearest.kl is not None
    much = "more" if closest.kl > dearest.kl else "less"
    return f"; it uses {much} rate (KL) than {dearest.run_id}, {format_number(closest.kl)} against {format_number(dearest.kl)} nats"

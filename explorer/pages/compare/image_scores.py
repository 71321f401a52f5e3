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
from trainer.runs.read import Run

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scored:
    """One image under one run."""

    run_id: str
    nll: float | None
    """−log p(x|z), nats; None for a run that was imported without its pictures, which has no bound either."""
    kl: float | None
    """Nats; None for a deterministic run."""


def images_of(run: Run) -> str:
    """A name for the test images of a run in their order: where it is the same, a number is the same image."""
    order = np.ascontiguousarray(run.encodings.index, np.int64).tobytes()
    return hashlib.sha256(run.info.dataset.sha256.encode() + order).hexdigest()[:16]


def own_label(run: Run, row: int) -> list[int] | None:
    """The class of a test image, for a model that is told it."""
    return None if run.told is None else [int(run.told[row])]


def scored(run: Run, row: int, x: Floats | None) -> Scored:
    """A test image under a run: −log p at its mean code where its pixels x (C, H, W) are here, else as it was stored."""
    codes = run.encodings
    nll = codes.reconstruction[row] if x is None else run.forward.nll(codes.mu[[row]], x[None], own_label(run, row))[0]
    kl = None if run.config.is_deterministic else float(Codes(codes.mu[[row]], codes.logvar[[row]]).kl.sum())
    assert run.info.metrics is not None  # a finished run has them
    is_scored = x is not None or run.info.metrics.reconstruction is not None
    return Scored(run.id, float(nll) if is_scored else None, kl)


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
    """Which run comes closest to the image, by −log p at the one code, and which uses the highest rate; all scores of one measure."""
    known = [(score.nll, score) for score in scores if score.nll is not None]
    if len(known) < 2:
        return ""
    least, closest = min(known, key=lambda pair: pair[0])
    told = f"{closest.run_id} comes closest, −log p {format_number(least)} nats"
    others = [score for _, score in known if score.kl is not None and score is not closest]
    if closest.kl is None or not others:
        return f"{told}."
    dearest = max(others, key=lambda score: score.kl or 0.0)
    assert dearest.kl is not None
    much = "more" if closest.kl > dearest.kl else "less"
    return f"{told}; it uses {much} rate (KL) than {dearest.run_id}, {format_number(closest.kl)} against {format_number(dearest.kl)} nats."

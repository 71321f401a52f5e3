"""What rate do runs pay for what distortion, and which of them can be compared with each other?

Rate R = E_x KL(q(z|x) ‖ p(z)), distortion D = −E_x E_q[log p(x|z)], both of the test split, in nats per image; ELBO = −(D + R)
(Alemi et al. 2018, "Fixing a Broken ELBO", eq. 4–5). Every number is one that `run.json` or the stored encodings hold.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.text.numbers import format_number
from explorer.text.run_summary import model_words
from trainer.config import FitConfig
from trainer.console import program
from trainer.likelihoods.registry import LIKELIHOODS
from trainer.models.numpy_engine import Codes
from trainer.presets import PRESETS
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

Floats = NDArray[np.float32]

Measure = Literal["probabilities of binarised pixels", "cross-entropies of grey pixels", "densities of grey pixels"]


@dataclass(frozen=True)
class Rated:
    """A run in the plane of rate and distortion."""

    run_id: str
    rate: float
    """Nats per image."""
    distortion: float
    """Nats per image."""
    beta: float
    latent_dim: int
    model: str
    given_label: bool
    """Both are given the class, and bound log p(x|y)."""

    @property
    def elbo(self) -> float:
        """−(distortion + rate)."""
        return -(self.distortion + self.rate)


@dataclass(frozen=True)
class Unrated:
    """A deterministic run, which has no rate."""

    run_id: str
    distortion: float
    """−log p(x|z) at the code, nats per image."""


@dataclass(frozen=True)
class RateDistortion:
    """The runs of one data set."""

    measure: Measure
    rated: tuple[Rated, ...]
    unrated: tuple[Unrated, ...]
    elsewhere: tuple[str, ...]
    """Names of runs that are scored in another measure."""
    not_finite: tuple[str, ...]
    """Names of runs whose figures are no numbers."""


@dataclass(frozen=True)
class Scored:
    """One image under one run."""

    run_id: str
    nll: float
    """−log p(x|z), nats."""
    kl: float | None
    """Nats; None for a deterministic run."""


def measure(config: FitConfig, is_binarised: bool) -> Measure:
    """What −log p(x|z) is of. Probabilities, densities (Gaussian, Laplace, continuous Bernoulli) and cross-entropies do not compare."""
    if LIKELIHOODS[config.likelihood].is_density:
        return "densities of grey pixels"
    return "probabilities of binarised pixels" if is_binarised else "cross-entropies of grey pixels"


def measure_of(info: RunInfo) -> Measure:
    """What a finished run's figures are of."""
    assert info.metrics is not None  # a finished run has them
    return measure(info.config, info.metrics.input == "binarised")


def of_data_set(runs: Mapping[str, RunInfo], like: RunInfo) -> dict[str, RunInfo]:
    """The runs that were trained on the same images, by their content."""
    return {name: info for name, info in runs.items() if info.dataset.sha256 == like.dataset.sha256}


def rate_distortion(runs: Mapping[str, RunInfo], like: RunInfo) -> RateDistortion:
    """The runs of the data set of `like`, sorted by what can be plotted in its measure."""
    wanted = measure_of(like)
    rated: list[Rated] = []
    unrated: list[Unrated] = []
    elsewhere, not_finite = [], []
    for name, info in of_data_set(runs, like).items():
        assert info.metrics is not None
        rate, distortion = info.metrics.kl, info.metrics.reconstruction
        if measure_of(info) != wanted:
            elsewhere.append(name)
        elif distortion is None:
            continue  # imported without its pictures
        elif not all(map(math.isfinite, (distortion, rate or 0.0))):
            not_finite.append(name)
        elif rate is None:
            unrated.append(Unrated(name, distortion))
        else:
            rated.append(_rated(name, info, rate, distortion))
    return RateDistortion(wanted, tuple(rated), tuple(unrated), tuple(elsewhere), tuple(not_finite))


def _rated(name: str, info: RunInfo, rate: float, distortion: float) -> Rated:
    assert info.metrics is not None
    return Rated(name, rate, distortion, info.config.beta, info.config.latent_dim, model_words(info), info.metrics.given_label)


def chart_sentence(rated: Sequence[Rated]) -> str:
    """What is seen: the best bound of log p(x), and how the run with the smallest rate differs."""
    unconditional = [run for run in rated if not run.given_label]
    if not rated:
        return "No run here has a rate."
    if len(unconditional) < 2:
        return " ".join(
            f"{run.run_id}: rate {format_number(run.rate)} and distortion {format_number(run.distortion)} nats."
            for run in unconditional
        )
    best, least = max(unconditional, key=lambda run: run.elbo), min(unconditional, key=lambda run: run.rate)
    told = (
        f"Best bound: {best.run_id}, ELBO {format_number(best.elbo)}, rate {format_number(best.rate)} and distortion "
        f"{format_number(best.distortion)} nats."
    )
    if best is least:
        return told
    more, less = format_number(best.rate - least.rate), format_number(least.distortion - best.distortion)
    return f"{told} Against {least.run_id} its rate (KL) is {more} nats higher and its distortion {less} nats lower."


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
    return Scored(run.id, float(nll), kl)


def another_command(info: RunInfo) -> str:
    """How to train a run that this one can be compared with; the list of presets where this one has none."""
    preset = PRESETS.get(info.preset)
    if preset is None or preset.data != info.config.data:
        return f"{program()} list"
    is_plain = preset.model == "vae" and preset.importance_samples == 1 and preset.beta == 1
    change, name = ("--beta 4", "beta4") if is_plain else ("--seed 1", "seed1")
    return f"{program()} fit {info.preset} {change} --name {info.preset.replace('+', '-')}-{name}"


def apart_sentence(groups: Mapping[Measure, Sequence[Scored]]) -> str:
    """Why runs that are scored in different measures are not held against each other; empty where there is one measure."""
    if len(groups) < 2:
        return ""
    told = "; ".join(f"{', '.join(score.run_id for score in scores)}: {name}" for name, scores in groups.items())
    return (
        f"The figures of these runs are of different things ({told}), so their −log p are not compared with each other and none is called "
        "closest; the images can be compared."
    )


def image_sentence(scores: Iterable[Scored]) -> str:
    """Which run comes closest to the image, by −log p at the one code, and which uses the highest rate; all scores of one measure."""
    known = list(scores)
    if len(known) < 2:
        return ""
    closest = min(known, key=lambda score: score.nll)
    told = f"{closest.run_id} comes closest, −log p {format_number(closest.nll)} nats"
    others = [score for score in known if score.kl is not None and score is not closest]
    if closest.kl is None or not others:
        return f"{told}."
    dearest = max(others, key=lambda score: score.kl or 0.0)
    assert dearest.kl is not None
    much = "more" if closest.kl > dearest.kl else "less"
    return f"{told}; it uses {much} rate (KL) than {dearest.run_id}, {format_number(closest.kl)} against {format_number(dearest.kl)} nats."

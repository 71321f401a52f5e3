"""What rate do runs pay for what distortion, and which of them can be compared with each other?

Rate R = E_x KL(q(z|x) ‖ p(z)), distortion D = −E_x E_q[log p(x|z)], both of the test split, in nats per image; ELBO = −(D + R)
(Alemi et al. 2018, "Fixing a Broken ELBO", eq. 4–5). Every number is one that `run.json` or the stored encodings hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.text.numbers import format_number
from explorer.text.run_summary import model_words
from trainer.config import FitConfig
from trainer.console import program
from trainer.likelihoods.registry import LIKELIHOODS
from trainer.presets import PRESETS
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


def another_command(info: RunInfo) -> str:
    """How to train a run that this one can be compared with; the list of presets where this one has none."""
    preset = PRESETS.get(info.preset)
    if preset is None or preset.data != info.config.data:
        return f"{program()} list"
    is_plain = preset.model == "vae" and preset.importance_samples == 1 and preset.beta == 1
    change, name = ("--beta 4", "beta4") if is_plain else ("--seed 1", "seed1")
    return f"{program()} fit {info.preset} {change} --name {info.preset.replace('+', '-')}-{name}"

"""What does the β that a model implies say about the one that was declared, in words?

Letters: N images, K latent dimensions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig
from trainer.metrics.collapse import LEAST_KL, LEAST_SHRINKAGE, kl_and_shrinkage
from trainer.numerals import count, number, three_figures
from trainer.runs.examination import Implied, Measured

DIFFERS = 1.25  # factor between the implied and the declared beta that is worth a word
NEAR = 1.35  # factor up to which an implied beta is called near the declared one
UNEVEN = 0.1  # spread of the implied beta over the dimensions that is worth a word
VERY_UNEVEN = 0.3  # and that forbids a verdict on a model from elsewhere
CLOSE = 0.12  # relative: how near the ratio of two betas must be to a number that explains it


class Pixels(NamedTuple):
    """What of an image a difference of β may be explained by, before anything is measured."""

    n_pixels: int
    """P = C·H·W"""
    n_positions: int
    """H·W"""


def implied_differs(config: FitConfig, implied: Implied) -> bool:
    """Whether the model says clearly that it was trained with another β than declared: by a quarter or more, beyond sampling error."""
    if config.importance_samples > 1 or implied.value <= 0 or implied.spread > VERY_UNEVEN:
        return False
    return implied.low > DIFFERS * config.beta or implied.high < config.beta / DIFFERS


def implied_sentence(config: FitConfig, measured: Measured | Pixels | None, implied: Implied) -> str:
    """The implied β beside the declared one: the same where its interval holds it, near it, or another, and what would explain that."""
    places, declared = three_figures(implied.value), f"{config.beta:g}"
    value, low, high = (number(beta, places) for beta in (implied.value, implied.low, implied.high))
    told = f"implied β {value} (95 % interval {low} to {high}, on {count(implied.n)} images)"
    if implied.value <= 0:
        return f"The {told} is one that no training gives: the posterior does not belong to this decoder or this likelihood."
    if implied.spread > VERY_UNEVEN:
        return f"{between_dimensions(implied)}, so the {told} says little about the declared {declared}."
    if implied_differs(config, implied):
        reason = _reason(config, measured, implied.value / config.beta) if config.beta > 0 else ""
        return f"The model looks trained as if β were {value}, not {declared}: {told}.{reason}"
    if round(implied.low, places) <= config.beta <= round(implied.high, places):  # as they are written
        return f"The declared β {declared} is what the model implies: {told}."
    side = "above" if implied.value > config.beta else "below"
    if max(implied.value, config.beta) <= NEAR * min(implied.value, config.beta):
        often = ", as in models whose training has not converged" if side == "above" else ""
        return f"I{told[1:]}, near the declared {declared} but {side} it{often}."
    return f"I{told[1:]}, {side} the declared {declared}; so wide an interval does not tell by how much."


def why_not_implied(mu: NDArray[Any], logvar: NDArray[Any]) -> str:
    """Why posteriors mu, logvar (N, K) have no implied β, in a sentence: they are the prior, as wide as it, or decoding has no gradient."""
    mu, logvar = np.asarray(mu, float), np.asarray(logvar, float)
    if not (np.isfinite(mu).all() and np.isfinite(logvar).all()):
        return "No implied β: some posteriors are not finite."
    is_used, narrower = kl_and_shrinkage(mu, logvar)
    if not is_used.any():
        return f"No implied β: the mean KL is at most {LEAST_KL:g} nats in every dimension, so no posterior differs enough from the prior."
    if not (is_used & narrower).any():
        return (
            "No implied β: in every dimension that differs from the prior the mean variance of the posteriors is that of the prior, 1, "
            f"within {LEAST_SHRINKAGE:g}."
        )
    return "No implied β: decoding has no finite gradient with respect to z."


def between_dimensions(implied: Implied) -> str:
    values = [value for value in implied.per_dim if value is not None]
    places = three_figures(max(map(abs, values), default=1.0))
    between = f" (from {number(min(values), places)} to {number(max(values), places)})" if values else ""
    return f"The implied β differs between dimensions{between}, while one training has one β"


def _reason(config: FitConfig, measured: Measured | Pixels | None, ratio: float) -> str:
    """What is often done that gives this ratio, as a question: others would give it too."""
    is_gaussian, latents = config.likelihood == "gaussian", config.latent_dim
    pixels = 0 if measured is None else measured.n_pixels
    positions = 0 if measured is None else measured.n_positions
    size = f"{count(pixels)} pixels" if pixels == positions else f"{count(pixels)} pixel values"
    candidates: list[tuple[float, str]] = [
        (pixels, f" Was the reconstruction averaged over its {size}?"),
        (1 / max(1, pixels), f" Was the KL divided by the {size}?"),
        (pixels / latents, f" Were both terms averaged, the reconstruction over {size}, the KL over {latents} dimensions?"),
        (latents, f" Was the reconstruction summed over pixels and the KL multiplied by {latents}, its dimensions?"),
        (1 / latents, f" Was the KL averaged over its {latents} dimensions?"),
        (positions, f" Was the reconstruction averaged over {count(positions)} positions?"),
    ]
    if is_gaussian:
        candidates.insert(0, (0.5, " Was the loss Σ(x − x̂)², without the ½? Then σ is 0.7071 times the declared one."))
        candidates.insert(1, (pixels / 2, f" Was the squared error averaged over its {size}, without the ½?"))
    for wanted, words in candidates:
        if wanted not in (0, 1) and abs(ratio / wanted - 1) < CLOSE:
            return words
    if is_gaussian and config.scale == "fixed":
        return (
            f" For β {config.beta:g} the scale of a pixel would be σ = {config.sigma * ratio**0.5:.3g} instead of {config.sigma:g}."
        )
    return " Is the likelihood the one that it was trained with, summed over pixels?"

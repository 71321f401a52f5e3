"""How probable is a picture, given what the decoder says, without torch? The second opinion of `trainer.likelihoods.torch_`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.likelihoods.registry import LikelihoodName, PixelChoice

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

SOFT_CLIP = -6.0


class Likelihood(Protocol):
    """output: (B, C, H, W), or (B, 2C, H, W) where the scale is per pixel."""

    def mean(self, output: Floats) -> Floats:
        """The mean picture, (B, C, H, W), in [0, 1]."""

    def nll(self, output: Doubles, x: Doubles, log_sigma: float) -> Doubles:
        """−log p(x|z) of every pixel, (B, C, H, W) nats, for x (B, C, H, W)."""

    def draw(self, output: Floats, log_sigma: float, rng: np.random.Generator) -> Floats:
        """One picture drawn from p(x|z), (B, C, H, W), clipped to [0, 1]."""


@dataclass(frozen=True)
class Bernoulli:
    """Pixels are coins; the output is a logit."""

    def mean(self, output: Floats) -> Floats:
        return sigmoid(output)

    def nll(self, output: Doubles, x: Doubles, log_sigma: float) -> Doubles:
        return np.asarray(np.logaddexp(0, output) - x * output)

    def draw(self, output: Floats, log_sigma: float, rng: np.random.Generator) -> Floats:
        return np.asarray(rng.random(output.shape) < sigmoid(output), np.float32)


@dataclass(frozen=True)
class ContinuousBernoulli:
    """Grey pixels with density C(λ) λ^x (1−λ)^(1−x), the output is logit λ."""

    def mean(self, output: Floats) -> Floats:
        return continuous_bernoulli_mean(output)

    def nll(self, output: Doubles, x: Doubles, log_sigma: float) -> Doubles:
        size = np.maximum(np.abs(output), 1e-4)  # log(sinh(l/2)/(l/2)) is l²/24 there: 4e-10
        return np.asarray(output * (0.5 - x) + 0.5 * size + np.log1p(-np.exp(-size)) - np.log(size))

    def draw(self, output: Floats, log_sigma: float, rng: np.random.Generator) -> Floats:
        """The inverse of the distribution function: log(1 + u·expm1(l))/l, mirrored so that no exponent is positive."""
        u, size = rng.random(output.shape), np.abs(output.astype(float))
        mirrored = np.where(size < 1e-3, u, -np.log1p(u * np.expm1(-size)) / np.maximum(size, 1e-3))
        return np.asarray(np.clip(np.where(output < 0, mirrored, 1 - mirrored), 0, 1), np.float32)


@dataclass(frozen=True)
class Gaussian:
    """Pixels are Gaussian around the output."""

    per_pixel: bool = False

    def mean(self, output: Floats) -> Floats:
        return _clipped_place(output, self.per_pixel)

    def nll(self, output: Doubles, x: Doubles, log_sigma: float) -> Doubles:
        error, log_scale = _scaled_error(output, x, log_sigma, self.per_pixel)
        return np.asarray(log_scale + (0.5 * error**2 + 0.5 * np.log(2 * np.pi)))

    def draw(self, output: Floats, log_sigma: float, rng: np.random.Generator) -> Floats:
        place, log_scale = _place_and_log_scale(output.astype(float), log_sigma, self.per_pixel)
        return np.asarray(np.clip(place + np.exp(log_scale) * rng.standard_normal(place.shape), 0, 1), np.float32)


@dataclass(frozen=True)
class Laplace:
    """Pixels are Laplace around the output."""

    per_pixel: bool = False

    def mean(self, output: Floats) -> Floats:
        return _clipped_place(output, self.per_pixel)

    def nll(self, output: Doubles, x: Doubles, log_sigma: float) -> Doubles:
        error, log_scale = _scaled_error(output, x, log_sigma, self.per_pixel)
        return np.asarray(log_scale + (error + np.log(2)))

    def draw(self, output: Floats, log_sigma: float, rng: np.random.Generator) -> Floats:
        place, log_scale = _place_and_log_scale(output.astype(float), log_sigma, self.per_pixel)
        return np.asarray(np.clip(place + np.exp(log_scale) * rng.laplace(size=place.shape), 0, 1), np.float32)


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(−x)) through tanh, which overflows for no x."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)


def continuous_bernoulli_mean(logits: Floats) -> Floats:
    """½ + ½(coth(l/2) − 2/l), its series near 0 (Loaiza-Ganem & Cunningham 2019, eq. 8)."""
    half = 0.5 * logits
    is_small = np.abs(half) < 0.05
    safe = np.where(is_small, 1, half)
    return np.asarray(0.5 + 0.5 * np.where(is_small, half / 3 - half**3 / 45, 1 / np.tanh(safe) - 1 / safe), np.float32)


def _clipped_place(output: Floats, per_pixel: bool) -> Floats:
    return np.clip(output[:, : output.shape[1] // 2] if per_pixel else output, 0, 1)


def _scaled_error(output: Doubles, x: Doubles, log_sigma: float, per_pixel: bool) -> tuple[Doubles, Doubles]:
    """|x − place| in units of the scale, and the log of the scale."""
    place, log_scale = _place_and_log_scale(output, log_sigma, per_pixel)
    return np.abs(x - place) * np.exp(-log_scale), log_scale


def _place_and_log_scale(output: Doubles, log_sigma: float, per_pixel: bool) -> tuple[Doubles, Doubles]:
    """The mean or median of every pixel before clipping, and the log of its scale."""
    if not per_pixel:
        return output, np.asarray(log_sigma)
    place, raw = np.split(output, 2, axis=1)
    return place, np.asarray(SOFT_CLIP + np.logaddexp(0, raw - SOFT_CLIP))


def likelihood_of(config: PixelChoice) -> Likelihood:
    """The likelihood that a configuration asks for."""
    per_pixel = config.scale == "per-pixel"
    kinds: dict[LikelihoodName, Likelihood] = {
        "bernoulli": Bernoulli(),
        "continuous-bernoulli": ContinuousBernoulli(),
        "gaussian": Gaussian(per_pixel),
        "laplace": Laplace(per_pixel),
    }
    return kinds[config.likelihood]


def mean_picture(config: PixelChoice, output: Floats) -> Floats:
    """The mean of p(x|z), (B, C, H, W) in [0, 1], for the decoder's output."""
    return likelihood_of(config).mean(output)


def nll(config: PixelChoice, output: Floats, x: Floats, log_sigma: float) -> Doubles:
    """−log p(x|z) (B,) nats, in double precision."""
    terms = likelihood_of(config).nll(output.astype(float), x.astype(float), log_sigma)
    return np.asarray(terms.reshape(len(x), -1).sum(1))


def drawn_picture(config: PixelChoice, output: Floats, log_sigma: float, rng: np.random.Generator) -> Floats:
    """One draw from p(x|z), (B, C, H, W) in [0, 1], for the decoder's output."""
    return likelihood_of(config).draw(output, log_sigma, rng)

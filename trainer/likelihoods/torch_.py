"""How probable is a picture, given what the decoder says?

A likelihood says of the decoder's output: the negative log-likelihood, the mean picture, one draw of a picture, and the output that a
given mean picture asks for. Sums over pixels, one number an image, nats. To add one: a class here and a line in `likelihood_of`; the other
places are listed in `trainer.likelihoods.registry`.

`log_sigma` is the log scale of a pixel that the model keeps (a scalar). Where the scale is per pixel, the output has twice the channels
and its second half is the log scale of every pixel instead, soft-clipped at −6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from trainer.likelihoods.registry import LikelihoodName, PixelChoice

SOFT_CLIP = -6.0  # Rybkin, Daniilidis & Levine 2021, section 4: keeps a pixel that is always black from an infinite density
LOG_2PI = math.log(2 * math.pi)


class Likelihood(Protocol):
    """What the rest of the trainer knows of p(x|z). output: (B, C, H, W), or (B, 2C, H, W) where the scale is per pixel."""

    def nll(self, output: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
        """−log p(x|z), (B,) nats, for x (B, C, H, W)."""

    def mean(self, output: Tensor) -> Tensor:
        """The mean picture, (B, C, H, W), clipped to [0, 1]."""

    def draw(self, output: Tensor, log_sigma: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """One picture drawn from p(x|z), (B, C, H, W), clipped to [0, 1]."""

    def output_for(self, mean_image: Tensor) -> Tensor:
        """The place (logit or mean) of the decoder's output whose mean is `mean_image`."""


class HasScale(Likelihood, Protocol):
    """A likelihood whose best scale has a closed form."""

    def error(self, output: Tensor, x: Tensor) -> Tensor: ...

    def log_scale_for(self, error: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Bernoulli:
    """Pixels are coins; the output is a logit. For grey x the same formula, a lower bound's cross-entropy (numbers: grey BCE)."""

    def nll(self, output: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
        """Σ softplus(l) − x·l, which is stable for logits of ±500 and more."""
        return functional.binary_cross_entropy_with_logits(output, x, reduction="none").flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        return output.sigmoid()

    def draw(self, output: Tensor, log_sigma: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return torch.bernoulli(output.sigmoid(), generator=generator)

    def output_for(self, mean_image: Tensor) -> Tensor:
        """logit, clipped at .001 and .999: a pixel that is always black must not start at −∞."""
        return mean_image.clamp(0.001, 0.999).logit()


@dataclass(frozen=True)
class ContinuousBernoulli:
    """Grey pixels in [0, 1] with density C(λ) λ^x (1−λ)^(1−x), the output is logit λ (Loaiza-Ganem & Cunningham 2019).

    In the logit l the normaliser is ∫ exp(x·l) dx = expm1(l)/l, so −log p = log(expm1(l)/l) − x·l.
    """

    def nll(self, output: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
        return (0.5 * output + _log_sinhc(0.5 * output) - x * output).flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        return continuous_bernoulli_mean(output)

    def draw(self, output: Tensor, log_sigma: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The inverse of the distribution function: log(1 + u·expm1(l))/l, mirrored so that no exponent is positive."""
        u = torch.rand(output.shape, generator=generator, dtype=output.dtype).to(output.device)
        size = output.abs()
        mirrored = torch.where(size < 1e-3, u, -torch.log1p(u * torch.expm1(-size)) / size.clamp_min(1e-3))
        return torch.where(output < 0, mirrored, 1 - mirrored).clamp(0, 1)

    def output_for(self, mean_image: Tensor) -> Tensor:
        """By bisection: the mean rises with the logit, from .001 at about −1000 to .999 at 1000."""
        wanted = mean_image.clamp(0.002, 0.998)
        low, high = torch.full_like(wanted, -1000.0), torch.full_like(wanted, 1000.0)
        for _ in range(60):
            middle = (low + high) / 2
            is_below = self.mean(middle) < wanted
            low, high = torch.where(is_below, middle, low), torch.where(is_below, high, middle)
        return (low + high) / 2


@dataclass(frozen=True)
class Gaussian:
    """Pixels are Gaussian around the output with standard deviation σ = exp(log_sigma)."""

    per_pixel: bool = False

    def nll(self, output: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
        """½ Σ [(x − m)²/σ² + log 2π + 2 log σ]."""
        place, log_scale = _place_and_scale(output, log_sigma, self.per_pixel)
        return _summed(0.5 * (x - place).square(), (-2 * log_scale).exp()) + _times_pixels(0.5 * LOG_2PI + log_scale, x)

    def mean(self, output: Tensor) -> Tensor:
        return _place(output, self.per_pixel).clamp(0, 1)

    def draw(self, output: Tensor, log_sigma: Tensor, generator: torch.Generator | None = None) -> Tensor:
        place, log_scale = _place_and_scale(output, log_sigma, self.per_pixel)
        eps = torch.randn(place.shape, generator=generator, dtype=place.dtype).to(place.device)
        return (place + log_scale.exp() * eps).clamp(0, 1)

    def output_for(self, mean_image: Tensor) -> Tensor:
        return mean_image

    def error(self, output: Tensor, x: Tensor) -> Tensor:
        """Mean squared error over images and pixels, a scalar."""
        return (x - output).square().mean()

    def log_scale_for(self, error: Tensor) -> Tensor:
        """The log σ under which pictures with that error are most probable: σ² = error (Rybkin 2021, eq. 5)."""
        return 0.5 * error.log()


@dataclass(frozen=True)
class Laplace:
    """Pixels are Laplace around the output with scale b = exp(log_sigma); their standard deviation is √2·b."""

    per_pixel: bool = False

    def nll(self, output: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
        """Σ [|x − m|/b + log 2b]."""
        place, log_scale = _place_and_scale(output, log_sigma, self.per_pixel)
        return _summed((x - place).abs(), (-log_scale).exp()) + _times_pixels(math.log(2) + log_scale, x)

    def mean(self, output: Tensor) -> Tensor:
        return _place(output, self.per_pixel).clamp(0, 1)

    def draw(self, output: Tensor, log_sigma: Tensor, generator: torch.Generator | None = None) -> Tensor:
        place, log_scale = _place_and_scale(output, log_sigma, self.per_pixel)
        u = torch.rand(place.shape, generator=generator, dtype=torch.float64).to(place.device) - 0.5
        # u = −½ would be an infinite draw, and a float64 never rounds up to it
        draw = -u.sign() * torch.log1p(-2 * u.abs().clamp(max=0.5 - 1e-16)).to(place.dtype)
        return (place + log_scale.exp() * draw).clamp(0, 1)

    def output_for(self, mean_image: Tensor) -> Tensor:
        return mean_image

    def error(self, output: Tensor, x: Tensor) -> Tensor:
        """Mean absolute error over images and pixels, a scalar."""
        return (x - output).abs().mean()

    def log_scale_for(self, error: Tensor) -> Tensor:
        """The log b under which pictures with that error are most probable: b = error."""
        return error.log()


def continuous_bernoulli_mean(logits: Tensor) -> Tensor:
    """The slope of the log normaliser: ½ + ½(coth(l/2) − 2/l), its series near 0."""
    half = 0.5 * logits
    is_small = half.abs() < 0.05
    safe = torch.where(is_small, torch.ones_like(half), half)
    return 0.5 + 0.5 * torch.where(is_small, half / 3 - half**3 / 45, 1 / safe.tanh() - 1 / safe)


def soft_clip(log_scale: Tensor) -> Tensor:
    """−6 + softplus(log_scale + 6): about the identity above −6, never below it (Rybkin 2021)."""
    return SOFT_CLIP + functional.softplus(log_scale - SOFT_CLIP)


def _place(output: Tensor, per_pixel: bool) -> Tensor:
    return output.chunk(2, dim=1)[0] if per_pixel else output


def _place_and_scale(output: Tensor, log_sigma: Tensor, per_pixel: bool) -> tuple[Tensor, Tensor]:
    if not per_pixel:
        return output, log_sigma
    place, log_scale = output.chunk(2, dim=1)
    return place, soft_clip(log_scale)


def _summed(errors: Tensor, precision: Tensor) -> Tensor:
    """Σ errors·precision over the pixels; a scalar precision is taken out of the sum, which saves a pass."""
    if precision.ndim == 0:
        return errors.flatten(1).sum(1) * precision
    return (errors * precision).flatten(1).sum(1)


def _times_pixels(term: Tensor, x: Tensor) -> Tensor:
    return term * x[0].numel() if term.ndim == 0 else term.flatten(1).sum(1)


def _log_sinhc(a: Tensor) -> Tensor:
    """log(sinh(a)/a), even in a: its series near 0, else |a| + log1p(−exp(−2|a|)) − log 2|a|, which overflows for no a."""
    size = a.abs()
    is_small = size < 0.1
    safe = torch.where(is_small, torch.ones_like(size), size)
    series = a.square() / 6 - a**4 / 180 + a**6 / 2835
    return torch.where(is_small, series, safe + torch.log1p(-torch.exp(-2 * safe)) - torch.log(2 * safe))


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

"""How probable is a picture, given what the decoder says?

A likelihood is three functions of the decoder's output: the negative log-likelihood, the mean picture, and the output that a
given mean picture asks for. Sums over pixels, one number an image, nats. To add one: a class here, a line in `LIKELIHOODS`, a
test, the name in `config.FitConfig` and in the README. Bernoulli and Gaussian values are not comparable with each other; a
density may exceed 1, so a Gaussian NLL may be negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor
from torch.nn import functional


class Likelihood(Protocol):
    """What the rest of the trainer knows of p(x|z)."""

    def nll(self, output: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
        """−log p(x|z), (B,) nats, for decoder output and x (B, C, H, W)."""

    def mean(self, output: Tensor) -> Tensor:
        """The mean picture, (B, C, H, W), clipped to [0, 1]."""

    def output_for(self, mean_image: Tensor) -> Tensor:
        """The decoder output whose mean is `mean_image`."""


@dataclass(frozen=True)
class Bernoulli:
    """Pixels are coins; the output is a logit. For grey x the same formula, a lower bound's cross-entropy (numbers: grey BCE)."""

    def nll(self, output: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
        """Σ softplus(l) − x·l, which is stable for logits of ±500 and more."""
        return functional.binary_cross_entropy_with_logits(output, x, reduction="none").flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        return output.sigmoid()

    def output_for(self, mean_image: Tensor) -> Tensor:
        """logit, clipped at .001 and .999: a pixel that is always black must not start at −∞."""
        return mean_image.clamp(0.001, 0.999).logit()


@dataclass(frozen=True)
class Gaussian:
    """Pixels are Gaussian with one standard deviation for all; the output is the mean."""

    def nll(self, output: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
        """½ Σ [(x − m)²/σ² + log 2π + 2 log σ]."""
        squares = (x - output).square().flatten(1).sum(1)
        n_pixels = x[0].numel()
        return 0.5 * squares * (-2 * log_sigma).exp() + n_pixels * (0.5 * math.log(2 * math.pi) + log_sigma)

    def mean(self, output: Tensor) -> Tensor:
        return output.clamp(0, 1)

    def output_for(self, mean_image: Tensor) -> Tensor:
        return mean_image


LIKELIHOODS: dict[str, Likelihood] = {"bernoulli": Bernoulli(), "gaussian": Gaussian()}


def likelihood_of(name: str) -> Likelihood:
    """The likelihood of that configured name."""
    return LIKELIHOODS[name]

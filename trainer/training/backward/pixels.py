"""How far is the decoder's output from the picture, and in which direction? The likelihoods of `trainer.likelihoods`, with their slopes.

Each gives Σ −log p(x|z) over pixels and images and turns the output, in place, into its gradient of that sum. A scale is one number for
all pixels. Letters: B images, P pixels.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

from trainer.config import FitConfig
from trainer.likelihoods.torch_ import LOG_2PI

KNOWN = ("bernoulli", "gaussian", "laplace")
FACTORS = 32  # of a product whose logarithm is taken


class Pixels(Protocol):
    def __call__(self, output: Tensor, x: Tensor, gradient: Tensor) -> Tensor:
        """Σ −log p(x|z) of output (B, P), which may be overwritten, and x (B, P); its gradient is written into `gradient`."""


def pixels_of(config: FitConfig, log_sigma: Tensor, of_log_sigma: Tensor | None) -> Pixels:
    """log_sigma: the model's scale; of_log_sigma: where the gradient of the mean over images goes, if it is learned."""
    if config.likelihood == "bernoulli":
        return bernoulli
    likelihood = gaussian if config.likelihood == "gaussian" else laplace
    return likelihood(log_sigma, of_log_sigma, is_optimal=config.scale == "optimal")


def bernoulli(output: Tensor, x: Tensor, gradient: Tensor) -> Tensor:
    """Σ softplus(l) − x·l, slope p − x with p = sigmoid(l).

    softplus(l) = max(l, 0) − log max(p, 1 − p): with p at hand a logarithm of a number from ½ to 1, of which many are one of their product.
    """
    p = torch.sigmoid(output, out=gradient)
    told = torch.dot(x.view(-1), output.view(-1))
    above = output.relu_().sum()
    rest = _sum_of_logs(torch.sub(p, 0.5, out=output).abs_().add_(0.5).view(-1))
    p.sub_(x)
    return above - rest - told


def _sum_of_logs(values: Tensor) -> Tensor:
    """Of numbers from ½ to 1, (n,): logarithms of the products of 32, which are 2⁻³² at least."""
    rest = len(values) % FACTORS
    products = values[: len(values) - rest].view(FACTORS, -1).prod(0)
    total = products.log_().sum()
    return total + values[-rest:].log().sum() if rest else total


def gaussian(log_sigma: Tensor, of_log_sigma: Tensor | None, is_optimal: bool) -> Pixels:
    """½ Σ [(m − x)²/σ² + log 2π + 2 log σ], slope (m − x)/σ²; the best σ² is the mean square."""

    def run(output: Tensor, x: Tensor, gradient: Tensor) -> Tensor:
        torch.sub(output, x, out=gradient)
        squares = gradient.view(-1).dot(gradient.view(-1))
        log_scale = 0.5 * (squares / x.numel()).log() if is_optimal else log_sigma
        precision = (-2 * log_scale).exp()
        gradient.mul_(precision)
        if of_log_sigma is not None:
            of_log_sigma.copy_((x.numel() - squares * precision) / len(x))
        return 0.5 * squares * precision + x.numel() * (0.5 * LOG_2PI + log_scale)

    return run


def laplace(log_sigma: Tensor, of_log_sigma: Tensor | None, is_optimal: bool) -> Pixels:
    """Σ [|m − x|/b + log 2b], slope sign(m − x)/b; the best b is the mean distance."""

    def run(output: Tensor, x: Tensor, gradient: Tensor) -> Tensor:
        torch.sub(output, x, out=output)
        torch.sign(output, out=gradient)
        distance = output.view(-1).dot(gradient.view(-1))
        log_scale = (distance / x.numel()).log() if is_optimal else log_sigma
        precision = (-log_scale).exp()
        gradient.mul_(precision)
        if of_log_sigma is not None:
            of_log_sigma.copy_((x.numel() - distance * precision) / len(x))
        return distance * precision + x.numel() * (math.log(2) + log_scale)

    return run

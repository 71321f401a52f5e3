"""What is minimised, what is reported, and how do the knobs move during training?

Letters: B images, K latent dimensions, S samples. Sums over pixels and latents, means over images: nats per image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from trainer.networks import Vae


@dataclass(frozen=True)
class ElboTerms:
    """The two terms of the bound, one sample of z an image. nll (B,) nats · kl (B, K) nats."""

    nll: Tensor
    kl: Tensor

    @property
    def elbo(self) -> Tensor:
        """(B,) nats, higher is better, never with beta: −(nll + Σ kl)."""
        return -(self.nll + self.kl.sum(1))

    def loss(self, beta: float) -> Tensor:
        """Scalar, lower is better: mean(nll + beta Σ kl) (Higgins et al. 2017, eq. 4)."""
        return self.nll.mean() + beta * self.kl.sum(1).mean()


def kl_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, exp logvar) ‖ N(0, 1)) of every dimension, (B, K) nats, ≥ 0. Kingma & Welling 2014, appendix B.

    `expm1(logvar) − logvar` because `exp(logvar) − 1 − logvar` cancels near the prior and goes negative in float32.
    """
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar)


def elbo_terms(model: Vae, x: Tensor, generator: torch.Generator | None = None) -> ElboTerms:
    """One reparameterised sample of the bound for x (B, C, H, W)."""
    q = model.posterior(x)
    return ElboTerms(model.nll(model.output(q.sample(generator)), x), kl_standard_normal(q.mu, q.logvar))


def importance_log_weights(model: Vae, x: Tensor, n_samples: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """log p(x|z) and log w = log p(x|z) + log p(z) − log q(z|x) for z ~ q(z|x), each (B, S) nats. Burda 2016, eq. 8."""
    q = model.posterior(x)
    eps = torch.randn((n_samples, *q.mu.shape), generator=generator)
    z = q.mu + q.std * eps
    # the normalisers −½ log 2π of prior and posterior cancel
    log_prior_ratio = 0.5 * (eps.square() + q.logvar - z.square()).sum(2)
    log_px_given_z = -model.nll(model.output(z.flatten(0, 1)), x.repeat(n_samples, 1, 1, 1)).view(n_samples, -1)
    return log_px_given_z.T, (log_px_given_z + log_prior_ratio).T


def log_mean_exp(log_weights: Tensor) -> Tensor:
    """log (1/S) Σ exp(log_weights) over the last axis: the importance-sampled log p(x), (B,) nats. Burda 2016, eq. 8."""
    return log_weights.logsumexp(-1) - math.log(log_weights.shape[-1])


def beta_at(epochs_done: float, beta: float, warmup_epochs: int) -> float:
    """KL weight after `epochs_done` (a fraction counts): linear from 0 to beta over the warm-up, then beta (Bowman 2016)."""
    return beta if warmup_epochs == 0 else beta * min(1.0, epochs_done / warmup_epochs)


def learning_rate_at(progress: float, rate: float, schedule: str) -> float:
    """Step size at `progress` in [0, 1]: constant, or half a cosine from `rate` to 1 % of it (Loshchilov & Hutter 2017)."""
    if schedule == "constant":
        return rate
    return rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))

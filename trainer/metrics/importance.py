"""What is log p(x) of an image, by importance sampling, and how sure is the estimate?

log p(x) = log E_q[w], w = p(x|z) p(z) / q(z|x), estimated by the log of the mean of S weights, which is a lower bound in expectation
(Burda, Grosse & Salakhutdinov 2016, eq. 8). Letters: N images, S samples, K latent dimensions, P pixels. Nats per image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from trainer.errors import ConfigError
from trainer.likelihoods.torch_ import Bernoulli
from trainer.metrics.cost import at_once
from trainer.models.torch_engine import Posterior, Vae, as_unit

Doubles = NDArray[np.float64]

ROWS = 500  # codes decoded at once: their pictures stay in the processor's second cache, and the products are large enough
IMAGES = 100  # whose posteriors are computed at once


@dataclass(frozen=True)
class ImportanceEstimate:
    """One number an image, each (N,)."""

    log_px: Doubles
    """nats"""
    ess: Doubles
    """effective number of samples, (Σw)²/Σw², 1 to S"""
    standard_error: Doubles
    """of log_px, nats, by the delta method: √((S/ess − 1)/S)"""
    reconstruction: Doubles
    """mean of −log p(x|z) over the draws, nats"""
    n_samples: int
    """S, draws of z"""

    @property
    def nll(self) -> float:
        """−mean log p(x), nats per image."""
        return -float(self.log_px.mean())

    @property
    def nll_standard_error(self) -> float:
        """Of the mean over images, as a sample of all images there could be: std/√N."""
        return float(self.log_px.std() / np.sqrt(len(self.log_px)))


@torch.no_grad()
def importance_estimate(
    model: Vae,
    x: Tensor | NDArray[Any],
    n_samples: int,
    generator: torch.Generator,
    y: Tensor | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
    rows: int | None = None,
) -> ImportanceEstimate:
    """Of pictures x (N, C, H, W), floats in [0, 1] or uint8, any number of samples in bounded memory. y (N,) for conditional models.

    The noise of an image depends on the generator and the image's place only: neither `rows` nor the number of images changes it.
    Raises `ConfigError` for a deterministic model.
    """
    if model.is_deterministic:
        raise ConfigError("model", model.config.model, "a model with a posterior: a point has no weights")
    device, n_dims = model.log_sigma.device, model.config.latent_dim
    rows = rows or at_once(model, ROWS)
    sums = [_Sums(n_samples) for _ in range(len(x))]
    for first in range(0, len(x), IMAGES):
        part = slice(first, first + IMAGES)
        images, labels = as_unit(x[part]).to(device), None if y is None else y[part].to(device)
        q = model.posterior(images, labels)
        for i, image in enumerate(images):
            seed = int(torch.randint(2**62, (), generator=generator))
            noise = torch.randn((n_samples, n_dims), generator=torch.Generator().manual_seed(seed)).to(device)
            one, label = Posterior(q.mu[i], q.logvar[i]), None if labels is None else labels[i]
            for eps in torch.split(noise, rows):
                sums[first + i].add(*_weighed(model, image, one, eps, label))
            on_progress((first + i + 1) / len(x))
    ess = np.array([each.ess for each in sums])
    return ImportanceEstimate(
        log_px=np.array([each.log_mean for each in sums]),
        ess=ess,
        standard_error=np.sqrt(np.maximum(n_samples / ess - 1, 0) / n_samples),
        reconstruction=np.array([-each.total / n_samples for each in sums]),
        n_samples=n_samples,
    )


def _weighed(model: Vae, image: Tensor, q: Posterior, eps: Tensor, label: Tensor | None) -> tuple[Tensor, Tensor]:
    """log p(x|z) and log w, (S,) each, of one image at z = mu + std · eps, eps (S, K)."""
    z = q.at(eps)
    log_px_given_z = _log_likelihood(model, z, image, None if label is None else label.expand(len(z)))
    # the normalisers −½ log 2π of prior and posterior cancel
    log_ratio = 0.5 * (eps.square() + q.logvar - z.square()).sum(1)
    return log_px_given_z.double(), (log_px_given_z + log_ratio).double()


class _Sums:
    """Σw and Σw² of one image in logarithms, however many parts they come in."""

    def __init__(self, n_samples: int) -> None:
        self.n_samples, self.total = n_samples, 0.0
        self.log_w, self.log_w2 = -np.inf, -np.inf

    def add(self, log_px_given_z: Tensor, log_w: Tensor) -> None:
        self.total += float(log_px_given_z.sum())
        self.log_w = float(np.logaddexp(self.log_w, float(log_w.logsumexp(0))))
        self.log_w2 = float(np.logaddexp(self.log_w2, float((2 * log_w).logsumexp(0))))

    @property
    def log_mean(self) -> float:
        return self.log_w - float(np.log(self.n_samples))

    @property
    def ess(self) -> float:
        return float(np.exp(2 * self.log_w - self.log_w2))


def _log_likelihood(model: Vae, z: Tensor, image: Tensor, label: Tensor | None) -> Tensor:
    """log p(x|z) (S,) of one picture under many codes."""
    output = model.output(z, label)
    if isinstance(model.likelihood, Bernoulli) and model.lookback is None:
        logits = output.flatten(1)
        # Σ x·l − softplus(l): the picture is the same in every row, so its part is one product
        return logits @ image.flatten() - functional.softplus(logits).sum(1)
    return -model.nll(output, image.expand(len(z), *image.shape))

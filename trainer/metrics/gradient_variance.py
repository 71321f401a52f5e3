"""How noisy is the gradient of an expectation, and why does everybody reparameterise?

∇ E_{z ~ N(mu, σ²)}[f(z)] can be estimated through the sample, z = mu + σ·eps (reparameterisation, Kingma & Welling 2014), or through the
density, f(z) ∇ log N(z; mu, σ²) (score function, Williams 1992), from which a baseline may be taken without bias. All three have the same
mean. Letters: B images, S draws, K dimensions. Variances are of one draw, a dimension.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.errors import ConfigError
from trainer.models.torch_engine import Vae

Estimator = Literal["reparameterisation", "score", "score-baseline"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
Parameter = Literal["mu", "logvar"]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class GradientSample:
    """Draws of a gradient with respect to mu or logvar."""

    draws: Tensor
    """(S, …, K), one draw of z each"""

    @property
    def mean(self) -> Tensor:
        return self.draws.mean(0)

    @property
    def variance(self) -> Tensor:
        """Of one draw, (…, K), unbiased."""
        return self.draws.var(0)


@dataclass(frozen=True)
class GradientVariance:
    """How much one draw of the gradient of E_q[−log p(x|z)] with respect to mu or logvar varies."""

    estimator: str
    """of the gradient"""
    variance: float
    """of one draw, mean over images and dimensions"""
    per_image: Doubles
    """(B,): the same of every image, mean over dimensions"""
    mean_square: float
    """of the gradient itself, for scale: that of the draws' mean, less what its own noise adds, variance / n_draws, so it may
    come out a little below 0"""
    n_draws: int
    """draws of every image"""

    @property
    def standard_error(self) -> float:
        """Of `variance` over the images; nan for one image."""
        return float(self.per_image.std(ddof=1) / len(self.per_image) ** 0.5) if len(self.per_image) > 1 else float("nan")


def gradient_draws(
    f: Callable[[Tensor], Tensor],
    mu: Tensor,
    std: Tensor,
    n_draws: int,
    generator: torch.Generator,
    estimator: Estimator,
    parameter: Parameter = "mu",
) -> GradientSample:
    """Estimates of ∇ E[f(z)] in mu or logvar = log std², z ~ N(mu, std²), for f: (S, …, K) to (S, …). mu, std (…, K).

    score-baseline takes from each draw's f the mean of the other draws' (leave-one-out), which leaves the estimate unbiased.
    Raises `ConfigError` for an estimator unknown, and for one draw, which has no variance.
    """
    if estimator not in ESTIMATORS:
        raise ConfigError("estimator", estimator, ", ".join(ESTIMATORS))
    if n_draws < 2:
        raise ConfigError("n_draws", n_draws, "2 or more: one draw has no variance")
    if parameter not in get_args(Parameter):
        raise ConfigError("parameter", parameter, ", ".join(get_args(Parameter)))
    eps = torch.randn((n_draws, *mu.shape), generator=generator, dtype=mu.dtype).to(mu.device)
    z = (mu + std * eps).detach()
    if estimator == "reparameterisation":
        z.requires_grad_()
        (slope,) = torch.autograd.grad(f(z).sum(), z)
        # dz/dmu = 1, dz/dlogvar = std·eps / 2
        return GradientSample(slope if parameter == "mu" else slope * std * eps / 2)
    with torch.no_grad():
        values = f(z)
        if estimator == "score-baseline":
            values = values - (values.sum(0) - values) / (n_draws - 1)
        # ∂ log N/∂mu = eps / std, ∂ log N/∂logvar = (eps² − 1) / 2
        return GradientSample(values[..., None] * (eps / std if parameter == "mu" else (eps.square() - 1) / 2))


def toy_variance(estimator: Estimator, n_dims: int) -> float:
    """Closed form for f(z) = ‖z‖², z ~ N(1, I), a dimension (numbers.md §6).

    Reparameterisation: the gradient is 2z, so its variance is 4 in any dimension. Score function: f·eps_k with f = (1 + e)² + R, R the
    other K − 1 terms, independent of e, with mean 2 and variance 6 each. E[(f·e)²] = E[(1+e)⁴ e²] + 2 E[(1+e)² e²] E[R] + E[e²] E[R²]
    = (1 + 6·3 + 15) + 2·4·2(K−1) + 6(K−1) + 4(K−1)², less the squared mean (E[f·e])² = 2² = 4. A baseline b changes it by
    b² − 2b·E[f e²], E[f e²] = 4 + 2(K−1); the mean of the other draws is b = E[f] = 2K up to its own error, which falls with their number.
    """
    if estimator == "reparameterisation":
        return 4.0
    others, baseline = n_dims - 1, 2 * n_dims if estimator == "score-baseline" else 0
    second_moment = 34 + 16 * others + 6 * others + 4 * others**2
    return float(second_moment - 4 + baseline**2 - 2 * baseline * (4 + 2 * others))


def gradient_variance(
    model: Vae,
    x: Tensor,
    n_draws: int,
    generator: torch.Generator,
    estimator: Estimator,
    y: Tensor | None = None,
    parameter: Parameter = "mu",
) -> GradientVariance:
    """For the reconstruction term of a VAE's bound on pictures x (B, C, H, W). Raises `ConfigError` for a deterministic model."""
    if model.is_deterministic:
        raise ConfigError("model", model.config.model, "a model with a posterior")
    with torch.no_grad():
        q = model.posterior(x, y)

    def nll(z: Tensor) -> Tensor:
        n = len(z)
        labels = None if y is None else y.repeat(n)
        return model.nll(model.output(z.flatten(0, 1), labels), x.repeat(n, 1, 1, 1)).view(n, -1)

    found = gradient_draws(nll, q.mu, q.std, n_draws, generator, estimator, parameter)
    per_image = found.variance.double().mean(1).cpu().numpy()
    variance = float(per_image.mean())
    return GradientVariance(estimator, variance, per_image, float(found.mean.square().mean()) - variance / n_draws, n_draws)

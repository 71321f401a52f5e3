"""Which β was a finished model trained with? Its decoder's gradient and its posteriors say so, whatever its owner remembers.

At a minimum of E_q[nll] + β KL(q ‖ N(0, I)) the derivative by log σ_k of every image vanishes, where z = μ + σ ε:
E_ε[(∂nll/∂z_k) σ_k ε_k] + β (σ_k² − 1) = 0. Summed over images and draws,

    β = Σ (∂nll/∂z_k) σ_k ε_k / Σ (1 − σ_k²),

over the dimensions that are used (where σ_k = 1 there is nothing to divide by). A reconstruction that was averaged over P pixels shows as
β = P, a wrong scale σ of a Gaussian pixel as its square, a log variance that is really a σ as a value that differs from dimension to
dimension. It holds for the bound of one draw; an importance-weighted bound (IWAE) is another objective.

The derivative by μ_k vanishes too: E_ε[∂nll/∂z_k] + β μ_k = 0. Times μ_k and summed,

    β = −Σ (∂nll/∂z_k) μ_k / Σ μ_k².

It says how strongly the means are held at 0, the first equation how the spreads are held at 1; one prior N(0, I) does both with one β. A
prior whose mean is another, for a class or a mixture, or a wider one, holds the means less: there the two disagree.

Letters: N images, B of them at once, K latent dimensions. Of a run: `implied_beta`. Of posteriors and a decoder of any kind:
`implied_beta_of`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.metrics.collapse import LEAST_KL, LEAST_SHRINKAGE
from trainer.models.gaussians import kl_standard_normal
from trainer.models.torch_engine import Vae

Doubles = NDArray[np.float64]
NllAt = Callable[[Tensor, Tensor], Tensor]

DRAWS = 8
BATCH = 100  # images at once: a backward pass keeps what every layer gave
RESAMPLES = 1000
CONFIDENCE = 0.95
SEED = 2026
OF_MEANS = ("means", "means_low", "means_high", "means_shift")


@dataclass(frozen=True)
class ImpliedBeta:
    """What the optimum's equation gives, no unit. Intervals are of 95 %, bootstrap over the images."""

    value: float
    """over all used dimensions, from the spreads"""
    low: float
    """lower end of its interval"""
    high: float
    """upper end of its interval"""
    per_dim: Doubles
    """(K,): of each dimension, NaN where it is not used"""
    spread: float
    """how much the dimensions differ beyond their own sampling error, root mean square relative to value, weighted by how much
    each says; 0 where they agree"""
    n: int
    """images"""
    means: float = float("nan")
    """the same from the posterior means; NaN where no mean leaves 0"""
    means_low: float = float("nan")
    """lower end of its interval"""
    means_high: float = float("nan")
    """upper end of its interval"""
    means_shift: float = float("nan")
    """share by which the means would have to shrink to agree with N(0, I): a step of Newton with the curvature β/σ² that the
    spreads tell"""


@dataclass(frozen=True)
class Pulls:
    """What the decoder does at posteriors."""

    spread: Doubles
    """(N, K): E_ε[(∂nll/∂z_k) σ_k ε_k], which is β (1 − σ_k²) at the optimum"""
    mean: Doubles
    """(N, K): E_ε[∂nll/∂z_k], which is −β μ_k at the optimum"""


def implied_beta(
    model: Vae, x: Tensor, y: Tensor | None = None, draws: int = DRAWS, generator: torch.Generator | None = None
) -> ImpliedBeta | None:
    """Of a model on images x (N, C, H, W), floats in [0, 1]: those that it is scored on. y (N,) for conditional models.

    None where there is nothing to be read: a deterministic or a collapsed model, posteriors of the prior's width, a decoder that cannot
    be differentiated (stored pictures, a decoder that leaves torch).
    """
    if model.is_deterministic:
        return None
    with torch.no_grad():
        parts = [model.posterior(x[at], None if y is None else y[at]) for at in _rows(len(x))]
    mu, logvar = torch.cat([q.mu for q in parts]), torch.cat([q.logvar for q in parts])

    def nll_at(z: Tensor, rows: Tensor) -> Tensor:
        return model.nll(model.output(z, None if y is None else y[rows]), x[rows])

    return implied_beta_of(nll_at, mu, logvar, draws, generator)


def implied_beta_of(
    nll_at: NllAt, mu: Tensor, logvar: Tensor, draws: int = DRAWS, generator: torch.Generator | None = None
) -> ImpliedBeta | None:
    """Of posteriors mu, logvar (N, K) and nll_at, which gives −log p(x|z), (B,) nats, of codes z (B, K) for the images numbered rows (B,).

    nll_at must be differentiable in z; where it is not, and where no dimension is used, the answer is None.
    """
    pull = pulls_of(nll_at, mu, logvar, draws, generator)
    if pull is None:
        return None
    variance = logvar.double().exp().cpu()
    kl = kl_standard_normal(mu.double().cpu(), logvar.double().cpu()).mean(0)
    return _estimate(pull, (1 - variance).numpy(), kl.numpy(), mu.double().cpu().numpy())


def pulls_of(
    nll_at: NllAt, mu: Tensor, logvar: Tensor, draws: int = DRAWS, generator: torch.Generator | None = None
) -> Pulls | None:
    """Of every image and dimension. None as for `implied_beta_of`."""
    if not (torch.isfinite(mu).all() and torch.isfinite(logvar).all()) or len(mu) == 0:
        return None
    generator = generator or torch.Generator().manual_seed(SEED)
    pull, push = torch.zeros(mu.shape, dtype=torch.float64), torch.zeros(mu.shape, dtype=torch.float64)
    std = (logvar / 2).exp()
    for rows in _rows(len(mu)):
        for _ in range(draws):
            noise = torch.randn(mu[rows].shape, generator=generator, dtype=mu.dtype).to(mu.device)
            slope = _slope(nll_at, mu[rows] + std[rows] * noise, rows)
            if slope is None:
                return None
            pull[rows] += (slope * std[rows] * noise).double().cpu() / draws
            push[rows] += slope.double().cpu() / draws
    return Pulls(np.asarray(pull.numpy(), float), np.asarray(push.numpy(), float))


def _rows(n: int) -> list[Tensor]:
    return [torch.arange(start, min(start + BATCH, n)) for start in range(0, n, BATCH)]


def _slope(nll_at: NllAt, z: Tensor, rows: Tensor) -> Tensor | None:
    """∂nll/∂z, (B, K), or None where there is no way to it."""
    code = z.detach().requires_grad_()
    with torch.enable_grad():
        try:
            total = nll_at(code, rows).sum()
            if not total.requires_grad:
                return None
            (slope,) = torch.autograd.grad(total, code, allow_unused=True)
        except (RuntimeError, NotImplementedError):  # an operation without a derivative in somebody's decoder
            return None
    return slope if slope is not None and torch.isfinite(slope).all() else None


def _estimate(pulls: Pulls, shrinkage: Doubles, kl: Doubles, mu: Doubles) -> ImpliedBeta | None:
    """From what the decoder does, 1 − σ² and μ, (N, K) each, and the mean KL (K,)."""
    used = (kl > LEAST_KL) & (np.abs(shrinkage.mean(0)) > LEAST_SHRINKAGE)
    if not used.any() or abs(shrinkage[:, used].sum(1).mean()) <= LEAST_SHRINKAGE:
        return None
    a, b = pulls.spread[:, used], shrinkage[:, used]
    value, per_dim = float(a.sum() / b.sum()), a.mean(0) / b.mean(0)
    # which images a resample holds, and how often: ratios of sums over them
    counts = np.random.default_rng(SEED).multinomial(len(a), np.full(len(a), 1 / len(a)), RESAMPLES).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        dims = (counts @ a) / (counts @ b)
    low, high = _interval(counts, a.sum(1), b.sum(1))
    means, means_low, means_high, means_shift = _of_means(pulls.mean[:, used], mu[:, used], 1 - b, value, counts)
    filled = np.full(len(kl), np.nan)
    filled[used] = per_dim
    spread = _spread(value, per_dim, np.nanvar(dims, axis=0), b)
    return ImpliedBeta(value, low, high, filled, spread, len(a), means, means_low, means_high, means_shift)


def _of_means(slope: Doubles, mu: Doubles, variance: Doubles, beta: float, counts: Doubles) -> tuple[float, float, float, float]:
    """β by the means, its interval, and the share by which they are too large, of used dimensions (N, K); beta: by the spreads."""
    against, square = -(slope * mu).sum(1), np.square(mu).sum(1)
    if not square.sum() > 0:
        return (float("nan"),) * 4
    means = float(against.sum() / square.sum())
    curvature = beta * float((np.square(mu) / variance).sum() / square.sum())
    # of a decoder that answers nothing, as a saturated one, beta is 0, and there is no step of Newton
    return means, *_interval(counts, against, square), (beta - means) / curvature if curvature else float("nan")


def _interval(counts: Doubles, above: Doubles, below: Doubles) -> tuple[float, float]:
    """Of a ratio of sums over images, (N,) each, over resamples counts (R, N)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.nanquantile((counts @ above) / (counts @ below), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _spread(value: float, per_dim: Doubles, noise: Doubles, shrinkage: Doubles) -> float:
    """Root of the weighted mean square of per_dim around value, less what its own sampling error adds; relative to value."""
    weight = np.abs(shrinkage.mean(0))
    square = float(np.sum(weight * (np.square(per_dim - value) - noise)) / weight.sum())
    return float(np.sqrt(max(0.0, square)) / max(abs(value), 1e-12))


def record(found: ImpliedBeta) -> dict[str, Any]:
    """For JSON: a dimension without a value is None, and means that have none are left out."""
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "spread": found.spread,
        "n": found.n,
        "per_dim": [None if np.isnan(beta) else float(beta) for beta in found.per_dim],
        **({} if np.isnan(found.means) else {name: getattr(found, name) for name in OF_MEANS}),
    }

"""Which latent dimensions carry information, and which have collapsed onto the prior?

Letters: N images, K latent dimensions. A dimension that switches off where others suffice does no harm: say so, raise no alarm.
KL alone does not tell: a constant encoder N(4, I) pays 8 nats a dimension for nothing. What reconstruction loses without the
dimension does (`intervention_losses`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import ConfigError, DataError
from trainer.metrics.cost import pieces
from trainer.models.gaussians import kl_standard_normal_numpy
from trainer.numerals import number, percent

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from trainer.models.torch_engine import Vae

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

ACTIVE_VARIANCE = 0.01  # Burda, Grosse & Salakhutdinov 2016, section 5.1
LEAST_KL = 0.05  # nats: a dimension with less is off, and the equation of its implied beta 0 = 0
LEAST_SHRINKAGE = 0.02  # mean 1 − σ² that can be divided by
DELTA = 0.01  # the share of images that a collapsed dimension may still encode
STEP = 1e-2  # of a difference, in units of z


@dataclass(frozen=True)
class CollapseCurve:
    """Which dimensions are (ε, δ)-collapsed at every ε."""

    epsilons: Doubles
    """(E,), nats"""
    collapsed: NDArray[np.bool_]
    """(E, K)"""
    delta: float
    """share of images"""

    @property
    def share(self) -> Doubles:
        """(E,): the share of collapsed dimensions, rising with ε."""
        return np.asarray(self.collapsed.mean(1))


@dataclass(frozen=True)
class Interventions:
    """What reconstruction loses without one dimension, nats per image, means over the images.

    Near 0 means that the decoder does not use the dimension; a small negative value is chance.
    """

    baseline: float
    """E_q[−log p(x|z)]"""
    shuffled: Doubles
    """(K,): its rise when z_k comes from another image"""
    zeroed: Doubles
    """(K,): its rise when z_k = 0, the prior's mean"""
    shuffled_error: Doubles
    """(K,): standard errors of shuffled over the n images"""
    zeroed_error: Doubles
    """(K,): standard errors of zeroed over the n images"""
    n: int
    """images"""


def kl_per_dim(mu: Floats, logvar: Floats) -> NDArray[np.float64]:
    """Mean KL(q(z_k|x) ‖ N(0, 1)) of every dimension over the images, (K,) nats, from mu and logvar (N, K)."""
    return np.asarray(population_kl(mu, logvar).mean(0))


def population_kl(mu: Floats, logvar: Floats) -> Doubles:
    """KL(q(z_k|x) ‖ N(0, 1)) of every image and dimension, (N, K) nats, in double precision."""
    return kl_standard_normal_numpy(mu.astype(float), logvar.astype(float))


def is_active(mu: Floats) -> NDArray[np.bool_]:
    """(K,): whether the posterior mean varies over the images by more than 0.01 in variance (Burda 2016)."""
    return np.asarray(mu.astype(float).var(0) > ACTIVE_VARIANCE)


def active_units(mu: Floats) -> int:
    """Number of active dimensions of mu (N, K)."""
    return int(is_active(mu).sum())


def is_collapsed(kl: NDArray[Any], epsilon: float, delta: float = DELTA) -> NDArray[np.bool_]:
    """(K,): Pr_x[KL_k(x) < epsilon] ≥ 1 − delta over the images, for kl (N, K) nats. Lucas et al. 2019, definition 1."""
    return np.asarray(epsilon_delta_curve(kl, [epsilon], delta).collapsed[0])


def epsilon_delta_curve(kl: NDArray[Any], epsilons: Sequence[float] | Doubles, delta: float = DELTA) -> CollapseCurve:
    """(ε, δ)-collapse of every dimension of kl (N, K) nats at every ε of epsilons (E,). Lucas et al. 2019, definition 1."""
    if not 0 <= delta < 1:
        raise ConfigError("delta", delta, "a share of images, 0 ≤ delta < 1")
    if kl.ndim != 2 or len(kl) == 0:
        raise DataError(f"kl has shape {kl.shape}; allowed: (N, K), one row an image, at least one.")
    at = np.asarray(epsilons, float)
    n_below = np.stack([np.searchsorted(column, at, side="left") for column in np.sort(kl, axis=0).T], axis=1)
    enough = math.ceil((1 - delta) * len(kl) - 1e-9)  # counts, because (1 − .01) · 100 is a little more than 99
    return CollapseCurve(at, n_below >= enough, delta)


def intervention_losses(
    model: Vae,
    x: Tensor,
    generator: torch.Generator,
    y: Tensor | None = None,
    batch: int | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Interventions:
    """The rise of reconstruction nll when one dimension of z is exchanged between images or set to 0.

    x (N, C, H, W), floats in [0, 1] or uint8: the pixels that are encoded and scored, so binarised ones for a model that was
    trained so. One sample of z an image, the same for all interventions (the code itself where the model is deterministic). A
    dimension moves along one random cycle through all images, so that none keeps its own.
    """
    import torch

    images = x.float() / 255 if x.dtype == torch.uint8 else x
    if len(images) == 0:
        raise DataError("intervention_losses got no images; allowed: at least one.")

    def nll_of(codes: Tensor) -> Doubles:
        """Reconstruction nll (N,) of codes (N, K)."""
        parts = [model.nll(_output(model, codes[part], y, part), images[part]) for part in pieces(model, len(images), batch)]
        return np.asarray(torch.cat(parts).double().numpy())

    with torch.no_grad():
        z = torch.cat([_codes(model, images[part], _labels(y, part), generator) for part in pieces(model, len(images), batch)])
        other = _next_in_a_cycle(len(z), generator)
        baseline = nll_of(z)
        rises = np.empty((2, z.shape[1], len(z)))
        for k in range(z.shape[1]):
            changed = z.clone()
            changed[:, k] = z[other, k]
            rises[0, k] = nll_of(changed) - baseline
            changed[:, k] = 0
            rises[1, k] = nll_of(changed) - baseline
            on_progress((k + 1) / z.shape[1])
    mean, error = rises.mean(2), rises.std(2) / math.sqrt(len(z))
    return Interventions(float(baseline.mean()), mean[0], mean[1], error[0], error[1], len(z))


def _next_in_a_cycle(n: int, generator: torch.Generator) -> Tensor:
    """(n,): which image follows each one in a random cycle through all."""
    import torch

    order = torch.randperm(n, generator=generator)
    other = torch.empty_like(order)
    other[order] = order.roll(1)
    return other


def decoder_sensitivity(model: Vae, z: Tensor, y: Tensor | None = None, batch: int | None = None) -> Doubles:
    """(K,): mean over codes z (N, K) of ‖∂x_hat/∂z_k‖, the root of the sum over pixels, grey levels in [0, 1] per unit of z.

    One forward-mode derivative a dimension, exact; a central difference where an imported decoder has an operation without one. A mean
    that is cut off at 0 or 1 does not move there.
    """
    import torch

    if z.ndim != 2 or len(z) == 0:
        raise DataError(f"decoder_sensitivity got codes of shape {tuple(z.shape)}; allowed: (N, K), at least one.")
    total = np.zeros(z.shape[1])
    with torch.no_grad():
        for part in pieces(model, len(z), batch):
            codes = z[part]
            for k in range(z.shape[1]):
                along = torch.zeros_like(codes)
                along[:, k] = 1
                slope = _slope(partial(_mean, model, y, part), codes, along)
                total[k] += float(slope.flatten(1).norm(dim=1).double().sum())
    return total / len(z)


def _mean(model: Vae, y: Tensor | None, part: slice, z: Tensor) -> Tensor:
    return model.mean(_output(model, z, y, part))


def _slope(decode: Callable[[Tensor], Tensor], z: Tensor, along: Tensor) -> Tensor:
    """The derivative of decode at z along a direction."""
    import torch

    try:
        slope: Tensor = torch.func.jvp(decode, (z,), (along,))[1]
    except (RuntimeError, NotImplementedError):
        return (decode(z + STEP * along) - decode(z - STEP * along)) / (2 * STEP)
    return slope


def _labels(y: Tensor | None, part: slice) -> Tensor | None:
    return None if y is None else y[part]


def _output(model: Vae, z: Tensor, y: Tensor | None, part: slice) -> Tensor:
    return model.output(z) if y is None else model.output(z, y[part])


def _codes(model: Vae, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
    q = model.posterior(x) if y is None else model.posterior(x, y)
    return q.sample(generator)  # mu itself where the model is deterministic: its std is 0


def spread_sentence(variance: NDArray[np.float64]) -> str:
    """One sentence about the codes (N, K) of a model without a posterior; variance (K,) over the images."""
    share = float(variance.max() / max(variance.sum(), 1e-12))
    if len(variance) == 1:
        return f"The one dimension of the codes has variance {number(float(variance[0]))}."
    return f"The codes spread over {len(variance)} dimensions; the widest holds {percent(share)} of their variance."


def kl_and_shrinkage(mu: NDArray[Any], logvar: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of dimensions, (K,): whether the mean KL is more than none, and whether the mean variance differs from the prior's."""
    excess = np.expm1(logvar)
    kl = 0.5 * (np.square(mu) + excess - logvar).mean(0)
    return np.asarray(kl > LEAST_KL), np.asarray(np.abs(excess.mean(0)) > LEAST_SHRINKAGE)

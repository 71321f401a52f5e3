"""How far is a bound from the truth, and whose fault is the rest?

With two latent dimensions log p(x) = log ∫ p(x|z) N(z; 0, I) dz is a sum over a fine grid, exact to many digits. The gap to the ELBO is
KL(q(z|x) ‖ p(z|x)). It splits (Cremer, Li & Duvenaud 2018, eq. 7) into what a better Gaussian for this very image would close, the
amortisation gap, and what no Gaussian closes, the approximation gap. Letters: N images, K dimensions, G grid nodes a side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from trainer.errors import ConfigError, DataError
from trainer.likelihoods.torch_ import Bernoulli
from trainer.models.gaussians import kl_standard_normal
from trainer.models.torch_engine import Posterior, Vae

Doubles = NDArray[np.float64]

HALF_WIDTH = 6.0
FINEST, COARSEST = 0.01, 0.1
NODES_AT_ONCE = 2048
IMAGES_AT_ONCE = 100
TABLE_VALUES = 150_000_000  # 0.6 GB
NEGLIGIBLE_NATS, FAR = 25.0, 5.0
GAP_STEPS, GAP_RATE = 50, 0.08


@dataclass(frozen=True)
class QuadratureGrid:
    """Square grid over [−half_width, half_width]²."""

    z: Tensor
    """(G², 2)"""
    log_weight: Tensor
    """(G²,): log of prior density times cell area"""
    step: float
    """between nodes"""
    half_width: float
    """of the square"""


@dataclass(frozen=True)
class TruePosterior:
    """p(z|x) of one image as a density."""

    density: Doubles
    """(G, G), row 0 at the lowest z₂"""
    extent: tuple[float, float, float, float]
    """(x0, x1, y0, y1)"""


@dataclass(frozen=True)
class Gaps:
    """Bounds of log p(x), nats per image: elbo_encoder ≤ elbo_optimal ≤ log_px."""

    elbo_encoder: Doubles
    """(N,): under the posterior that the encoder gives"""
    elbo_optimal: Doubles
    """(N,): under the best diagonal Gaussian that was found for the image"""
    log_px: Doubles | None
    """(N,); None beyond two dimensions, where quadrature is not offered"""
    mu: Doubles
    """(N, K): where the encoder put the images"""

    @property
    def amortisation(self) -> Doubles:
        """What the encoder loses against the best Gaussian, ≥ 0."""
        return self.elbo_optimal - self.elbo_encoder

    @property
    def approximation(self) -> Doubles | None:
        """What the best Gaussian loses against the truth."""
        return None if self.log_px is None else self.log_px - self.elbo_optimal

    @property
    def kl_to_truth(self) -> Doubles | None:
        """KL(q(z|x) ‖ p(z|x)) of the encoder's q: the whole gap."""
        return None if self.log_px is None else self.log_px - self.elbo_encoder


def quadrature_grid(step: float, half_width: float = HALF_WIDTH) -> QuadratureGrid:
    """Nodes at most `step` apart."""
    n = 2 * math.ceil(half_width / step) + 1
    axis = torch.linspace(-half_width, half_width, n, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    cell = 2 * math.log(2 * half_width / (n - 1))
    return QuadratureGrid(z.float(), cell - math.log(2 * math.pi) - 0.5 * z.square().sum(1), 2 * half_width / (n - 1), half_width)


@torch.no_grad()
def log_px_by_quadrature(
    model: Vae, x: Tensor, y: Tensor | None = None, step: float | None = None, half_width: float | None = None
) -> Doubles:
    """log p(x), (N,) nats, by quadrature; x (N, C, H, W). Raises `ConfigError` unless K = 2.

    step: at most the smallest posterior standard deviation, which makes the sum of a smooth function exact to about 1e-8 (numbers.md §5);
    half_width: 6, or further where posteriors reach out.
    """
    _two_dimensional(model)
    _finite(x)
    if y is None:
        return _log_px_on_grid(model, x, None, step, half_width)
    found = np.empty(len(x))
    for label in torch.unique(y).tolist():
        rows = (y == label).nonzero().flatten()
        found[rows.numpy()] = _log_px_on_grid(model, x[rows], int(label), step, half_width)
    return found


def _log_px_on_grid(model: Vae, x: Tensor, label: int | None, step: float | None, half_width: float | None) -> Doubles:
    grid = _grid_for(model, x, label, step, half_width)
    total = torch.full((len(x),), -math.inf, dtype=torch.float64)
    for start in range(0, len(grid.z), NODES_AT_ONCE):
        part = slice(start, start + NODES_AT_ONCE)
        log_px_given_z = _log_likelihood(model, grid.z[part], x, label)
        total = torch.logaddexp(total, (log_px_given_z.double() + grid.log_weight[part]).logsumexp(1))
    return np.asarray(total)


@torch.no_grad()
def true_posterior(model: Vae, x: Tensor, label: int | None = None, step: float | None = None) -> TruePosterior:
    """p(z|x) of one picture x (1, C, H, W) on a grid, a density that integrates to 1. Raises `ConfigError` unless K = 2."""
    _two_dimensional(model)
    grid = _grid_for(model, x, label, step, None)
    parts = [_log_likelihood(model, nodes, x, label)[0].double() for nodes in torch.split(grid.z, NODES_AT_ONCE)]
    log_joint = torch.cat(parts) + grid.log_weight
    share = (log_joint - log_joint.logsumexp(0)).exp() / grid.step**2
    side = math.isqrt(len(grid.z))
    extent = (-grid.half_width, grid.half_width, -grid.half_width, grid.half_width)
    return TruePosterior(share.view(side, side).T.numpy(), extent)


def gap_map(
    model: Vae,
    x: Tensor,
    y: Tensor | None = None,
    n_steps: int = GAP_STEPS,
    on_progress: Callable[[float], None] = lambda share: None,
    seed: int = 0,
) -> Gaps:
    """Both gaps of every picture x (N, C, H, W): the encoder's Gaussian, then the best one, found from there by Adam.

    With two dimensions log p(x|z) is tabulated on the grid once and E_q is its sum under the two marginals of q: no sampling. Beyond
    that E_q is the mean over 64 draws whose noise is fixed, the same for start and end. The optimum is never below the start: the best
    seen is kept. Raises `ConfigError` for a deterministic model.
    """
    if model.is_deterministic:
        raise ConfigError("model", model.config.model, "a model with a posterior")
    _finite(x)
    groups = [(None, torch.arange(len(x)))] if y is None else [(int(c), (y == c).nonzero().flatten()) for c in torch.unique(y)]
    found = {name: np.zeros(len(x)) for name in ("start", "best", "log_px")}
    mus, n_done = np.zeros((len(x), model.config.latent_dim)), 0
    with _constant(model):
        for label, places in groups:
            labels = None if label is None else torch.full((len(places),), label)
            with torch.no_grad():
                q = model.posterior(x[places], labels)
            for rows in torch.split(torch.arange(len(places)), _images_at_once(model, x[places], label)):
                at = places[rows].numpy()  # to numpy a tensor of one number is a number, not a list of one
                few, their_labels = x[places[rows]], None if labels is None else labels[rows]
                elbo, judge, log_px = _bounds(model, few, label, their_labels, seed)
                found["log_px"][at] = 0.0 if log_px is None else log_px
                start, best = _optimised(elbo, judge, q.mu[rows], q.logvar[rows], n_steps)
                found["start"][at], found["best"][at], mus[at] = start, best, q.mu[rows]
                n_done += len(rows)
                on_progress(n_done / len(x))
    return Gaps(found["start"], found["best"], found["log_px"] if model.config.latent_dim == 2 else None, mus)


@contextmanager
def _constant(model: Vae) -> Iterator[None]:
    """No parameter of the model gets a gradient."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)


Elbo = Callable[[Tensor, Tensor], Tensor]
"""mu, logvar (B, K) to the bound (B,), nats, with gradients."""


def _bounds(model: Vae, x: Tensor, label: int | None, labels: Tensor | None, seed: int) -> tuple[Elbo, Elbo, Doubles | None]:
    """The bound that is optimised, the one that judges the optimum, and log p(x) (B,) where it is known.

    Draws that were fitted to would flatter the optimum: beyond two dimensions it is judged by others.
    """
    if model.config.latent_dim == 2:
        table = _Table(model, x, label)
        elbo = table.elbo()
        return elbo, elbo, table.log_px()
    return _sampled_elbo(model, x, labels, seed), _sampled_elbo(model, x, labels, seed + 1), None


class _Table:
    """log p(x|z) of some pictures on every node of a grid: (N, G, G), the first axis of z first."""

    def __init__(self, model: Vae, x: Tensor, label: int | None) -> None:
        with torch.no_grad():
            self.grid = _grid_for(model, x, label, None, None)
            side = math.isqrt(len(self.grid.z))
            coarse = quadrature_grid(COARSEST, self.grid.half_width)
            log_px_given_z = _on_nodes(model, coarse.z, x, label)
            # what a fine node is near to: most of the plane is no picture's place, and there the coarse value does
            steps = torch.linspace(0, math.isqrt(len(coarse.z)) - 1, side).round().long()
            near = (steps[:, None] * math.isqrt(len(coarse.z)) + steps).flatten()
            table = log_px_given_z[:, near]
            wanted = _places_of(model, x, label, log_px_given_z + coarse.log_weight, coarse)[near]
            table[:, wanted] = _on_nodes(model, self.grid.z[wanted], x, label)
            self.log_px_given_z = table.view(len(x), side, side)
        self.axis = self.grid.z.view(side, side, 2)[0, :, 1]

    def log_px(self) -> Doubles:
        """(N,) nats, by quadrature."""
        return np.array([float((row.flatten().double() + self.grid.log_weight).logsumexp(0)) for row in self.log_px_given_z])

    def elbo(self) -> Elbo:
        """Σ_ij a_i log p(x|z_ij) b_j − KL, a and b the marginals of q on the axes; no narrower than the grid can see."""
        table, narrowest = self.log_px_given_z, 2 * math.log(self.grid.step)

        def bound(mu: Tensor, logvar: Tensor) -> Tensor:
            wide = logvar.clamp_min(narrowest)
            log_density = -0.5 * (self.axis - mu[:, :, None]).square() * (-wide[:, :, None]).exp()
            a, b = log_density.softmax(2).unbind(1)
            return torch.einsum("ni,nij,nj->n", a, table, b) - kl_standard_normal(mu, wide).sum(1)

        return bound


def _images_at_once(model: Vae, x: Tensor, label: int | None) -> int:
    """As many pictures as a table has room for."""
    if model.config.latent_dim != 2:
        return IMAGES_AT_ONCE
    with torch.no_grad():
        nodes = len(_grid_for(model, x, label, None, None).z)
    return max(1, min(IMAGES_AT_ONCE, TABLE_VALUES // nodes))


def _on_nodes(model: Vae, nodes: Tensor, x: Tensor, label: int | None) -> Tensor:
    """log p(x|z) (N, nodes) of every picture."""
    return torch.cat([_log_likelihood(model, some, x, label) for some in torch.split(nodes, NODES_AT_ONCE)], 1)


def _places_of(model: Vae, x: Tensor, label: int | None, log_joint: Tensor, coarse: QuadratureGrid) -> Tensor:
    """Coarse nodes (G,) where some picture may be: by its own posterior, or near its code; and those around them."""
    wanted = (log_joint > log_joint.amax(1, keepdim=True) - NEGLIGIBLE_NATS).any(0)
    q = model.posterior(x, None if label is None else torch.full((len(x),), label))
    for mu, reach in zip(q.mu, q.std * FAR, strict=True):
        wanted |= ((coarse.z - mu).abs() < reach).all(1)
    side = math.isqrt(len(coarse.z))
    around = functional.max_pool2d(wanted.view(1, 1, side, side).float(), 3, stride=1, padding=1)
    return around.flatten() > 0


def _sampled_elbo(model: Vae, x: Tensor, y: Tensor | None, seed: int) -> Elbo:
    """The bound by 64 draws (or 2K) of fixed noise with mean exactly 0 and covariance exactly I: exact where log p(x|z) is quadratic."""
    n_dims = model.config.latent_dim
    n_half = max(32, n_dims)
    noise = torch.randn((n_half, n_dims), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    half = torch.linalg.qr(noise)[0].float() * n_half**0.5
    eps = torch.cat((half, -half))[:, None]

    def bound(mu: Tensor, logvar: Tensor) -> Tensor:
        z = Posterior(mu, logvar).at(eps)
        output = model.output(z.flatten(0, 1), None if y is None else y.repeat(len(eps)))
        if isinstance(model.likelihood, Bernoulli) and model.lookback is None:
            logits = output.flatten(1).view(len(eps), len(x), -1)
            log_px = (logits * x.flatten(1)).sum(2) - functional.softplus(logits).sum(2)
        else:
            log_px = -model.nll(output, x.repeat(len(eps), 1, 1, 1)).view(len(eps), -1)
        return log_px.mean(0) - kl_standard_normal(mu, logvar).sum(1)

    return bound


def _optimised(elbo: Elbo, judge: Elbo, mu: Tensor, logvar: Tensor, n_steps: int) -> tuple[Doubles, Doubles]:
    """The bound at the given Gaussians and at the best that Adam finds from there by `elbo`, (B,) each, both by `judge`."""
    first = kept = (mu, logvar)
    mu, logvar = mu.clone().requires_grad_(), logvar.clone().requires_grad_()
    optimiser = torch.optim.Adam([mu, logvar], lr=GAP_RATE)
    best = torch.full((len(mu),), -math.inf)
    for step in range(n_steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = GAP_RATE * 0.5 * (1 + math.cos(math.pi * step / (n_steps + 1)))
        bound = elbo(mu, logvar)
        is_better = bound.detach() > best
        best = torch.where(is_better, bound.detach(), best)
        kept = (torch.where(is_better[:, None], mu.detach(), kept[0]), torch.where(is_better[:, None], logvar.detach(), kept[1]))
        optimiser.zero_grad()
        (-bound.sum()).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        start, end = (judge(*q).double().numpy() for q in (first, kept))
    return start, np.maximum(start, end)


def _grid_for(model: Vae, x: Tensor, label: int | None, step: float | None, half_width: float | None) -> QuadratureGrid:
    q = model.posterior(x, None if label is None else torch.full((len(x),), label))
    finest = float(q.std.min())
    reach = float((q.mu.abs() + 6 * q.std).max())
    return quadrature_grid(step or min(max(finest, FINEST), COARSEST), half_width or max(HALF_WIDTH, reach))


def _log_likelihood(model: Vae, z: Tensor, x: Tensor, label: int | None) -> Tensor:
    """log p(x|z) (N, G) of every picture at every node; coins by one matrix product."""
    y = None if label is None else torch.full((len(z),), label)
    output = model.output(z, y)
    if isinstance(model.likelihood, Bernoulli) and model.lookback is None:
        logits = output.flatten(1)
        return x.flatten(1) @ logits.T - functional.softplus(logits).sum(1)
    return torch.stack([-model.nll(output, image.expand(len(z), *image.shape)) for image in x])


def _two_dimensional(model: Vae) -> None:
    if model.is_deterministic:
        raise ConfigError("model", model.config.model, "a model with a posterior")
    if model.config.latent_dim != 2:
        raise ConfigError("latent_dim", model.config.latent_dim, "2, for a quadrature over the plane, and a model with a posterior")


def _finite(x: Tensor) -> None:
    if len(x) == 0:
        raise DataError("There are 0 images; allowed: 1 or more.")
    bad = (~x.isfinite()).flatten(1).any(1).nonzero().flatten()
    if len(bad):
        raise DataError(f"Image {int(bad[0])} has a pixel that is not a number; allowed: 0 to 1.")

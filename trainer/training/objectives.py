"""What is minimised, and what is reported?

Letters: B images, K latent dimensions, S samples, Y classes. Sums over pixels and latents, means over images: nats per image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.config import FitConfig
from trainer.errors import TrainingDiverged
from trainer.likelihoods.torch_ import Bernoulli, HasScale
from trainer.models.gaussians import kl_standard_normal
from trainer.training.schedules import StepSettings

if TYPE_CHECKING:
    from trainer.models.torch_engine import Posterior, SemiSupervisedVae, StackedVae, Vae
    from trainer.training.labels.propagated import Propagated

ROWS = 500  # codes decoded at once where there are many samples an image


@dataclass(frozen=True)
class ElboTerms:
    """The two terms of the bound, one sample of z an image."""

    nll: Tensor
    """(B,) nats."""
    kl: Tensor
    """(B, K) nats, K = 0 for a deterministic code."""

    @property
    def elbo(self) -> Tensor:
        """(B,) nats, higher is better, never with beta: −(nll + Σ kl)."""
        return -(self.nll + self.kl.sum(1))

    def loss(self, beta: float) -> Tensor:
        """Scalar, lower is better: mean(nll + beta Σ kl) (Higgins et al. 2017, eq. 4)."""
        return self.nll.mean() + beta * self.kl.sum(1).mean()


def kl_of(model: Vae, q: Posterior) -> Tensor:
    """The KL of a model's posterior, (B, K) nats; (B, 0) where the code is a point, whose KL would be infinite."""
    return q.mu[:, :0] if model.is_deterministic else kl_standard_normal(q.mu, q.logvar)


def log_normal(x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log N(x; mu, exp logvar), (B,) nats, summed over the last axis."""
    return -0.5 * (math.log(2 * math.pi) + logvar + (x - mu).square() * (-logvar).exp()).sum(-1)


def elbo_terms(model: Vae, x: Tensor, eps: Tensor, y: Tensor | None = None) -> ElboTerms:
    """One reparameterised sample of the bound for x (B, C, H, W) with noise eps (B, K).

    A linear decoder with Gaussian pixels needs no sample: E_q‖x − m(z)‖² = ‖x − m(mu)‖² + Σ_k var_k ‖w_k‖² (Lucas et al. 2019, app. C).
    """
    q = model.posterior(x, y)
    if is_linear_gaussian(model.config):
        return ElboTerms(_expected_nll(model, q, x, y), kl_of(model, q))
    return ElboTerms(model.nll(model.output(q.at(eps), y), x), kl_of(model, q))


def is_linear_gaussian(config: FitConfig) -> bool:
    """Whether the expectation of the reconstruction term has a closed form."""
    return config.network == "linear" and config.likelihood == "gaussian" and config.scale in ("fixed", "learned")


def _expected_nll(model: Vae, q: Posterior, x: Tensor, y: Tensor | None) -> Tensor:
    at_mean = model.nll(model.output(q.mu, y), x)
    if model.is_deterministic:
        return at_mean
    weight: Tensor = model.decoder[0].weight[:, : q.mu.shape[1]]  # type: ignore[index]
    spread = q.logvar.exp() @ weight.square().sum(0)
    return at_mean + 0.5 * spread * (-2 * model.log_sigma).exp()


def importance_log_weights(
    model: Vae, x: Tensor, n_samples: int, generator: torch.Generator, y: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """log p(x|z) and log w = log p(x|z) + log p(z) − log q(z|x) for z ~ q(z|x), each (B, S) nats. Burda 2016, eq. 8."""
    q = model.posterior(x, y)
    eps = torch.randn((n_samples, *q.mu.shape), generator=generator, dtype=q.mu.dtype).to(q.mu.device)
    return _log_weights(model, q, eps, x, y)


def _log_weights(model: Vae, q: Posterior, eps: Tensor, x: Tensor, y: Tensor | None) -> tuple[Tensor, Tensor]:
    """The same for noise eps (S, B, K)."""
    n_samples = len(eps)
    z = q.at(eps)
    # the normalisers −½ log 2π of prior and posterior cancel
    log_prior_ratio = 0.5 * (eps.square() + q.logvar - z.square()).sum(2)
    labels = None if y is None else y.repeat(n_samples)
    log_px_given_z = _log_likelihood(model, model.output(z.flatten(0, 1), labels), x).view(n_samples, -1)
    return log_px_given_z.T, (log_px_given_z + log_prior_ratio).T


def _log_likelihood(model: Vae, output: Tensor, x: Tensor) -> Tensor:
    """log p(x|z) (S·B,) of the pictures x (B, C, H, W) again and again. Coins: Σ x·l − softplus(l)."""
    if isinstance(model.likelihood, Bernoulli) and model.lookback is None:
        logits = output.flatten(1).view(-1, len(x), x[0].numel())
        return ((logits * x.flatten(1)).sum(2) - functional.softplus(logits).sum(2)).flatten()
    return -model.nll(output, x.repeat(len(output) // len(x), 1, 1, 1))


def log_mean_exp(log_weights: Tensor) -> Tensor:
    """log (1/S) Σ exp(log_weights) over the last axis: the importance-sampled log p(x), (B,) nats. Burda 2016, eq. 8."""
    return log_weights.logsumexp(-1) - math.log(log_weights.shape[-1])


def free_bits_kl(kl_per_dim: Tensor, free_bits: float) -> Tensor:
    """Σ_k max(λ, kl_k), a scalar, of batch means kl_k (K,) nats: below λ a dimension costs nothing more (Kingma 2016, eq. 15)."""
    return kl_per_dim.clamp_min(free_bits).sum()


# --- one step


@dataclass(frozen=True)
class Batch:
    """This process's share of a step."""

    x: Tensor
    """(B, C, H, W) in [0, 1]"""
    y: Tensor | None = None
    """(B,)"""
    labelled_x: Tensor | None = None
    """semi-supervised: as many labelled images besides"""
    labelled_y: Tensor | None = None
    likely: Propagated | None = None
    """semi-supervised: the classes that their neighbours suggest for the images, where labels spread"""


Normal = Callable[..., Tensor]
"""normal(*dims) gives standard noise (B, *dims), the same however many processes share the batch."""


def _itself(value: Tensor) -> Tensor:
    return value


class Objective(nn.Module):
    """The loss of a model on a batch, as a module, so that torch can wrap it for several processes.

    mean_of_team: the mean of a value over all processes. labelled_share: labelled images per unlabelled one.
    """

    def __init__(self, model: Vae, mean_of_team: Callable[[Tensor], Tensor] = _itself, labelled_share: float = 1.0) -> None:
        super().__init__()
        self.model, self.labelled_share = model, labelled_share
        self._mean_of_team = mean_of_team

    def forward(self, batch: Batch, normal: Normal, settings: StepSettings) -> tuple[Tensor, Tensor]:
        """The scalar to differentiate, and its two readable parts (2,), detached."""
        model, config = self.model, self.model.config
        if settings.phase == "iwae":
            return _iwae(model, batch, normal)
        if settings.phase == "m1":
            return _parts(_m1_terms(model, batch, normal), settings.beta)  # type: ignore[arg-type]
        if config.is_semi_supervised:
            return _semi_supervised(model, batch, normal, settings.beta, self.labelled_share)  # type: ignore[arg-type]
        terms = self._terms(batch, normal)
        if config.free_bits and not config.is_deterministic:
            return self._with_free_bits(terms, settings.beta)
        return _parts(terms, settings.beta)

    def _terms(self, batch: Batch, normal: Normal) -> ElboTerms:
        model = self.model
        if not (model.config.has_scale and model.config.scale == "optimal"):
            return elbo_terms(model, batch.x, normal(model.config.latent_dim), batch.y)
        q = model.posterior(batch.x, batch.y)
        output = model.output(q.at(normal(model.config.latent_dim)), batch.y)
        # held fixed, the best scale gives the gradient of (n/2)·log MSE: d MSE / (2σ²) with σ² = MSE (Rybkin 2021, eq. 5)
        with torch.no_grad():
            likelihood = cast(HasScale, model.likelihood)
            log_scale = likelihood.log_scale_for(self._mean_of_team(likelihood.error(output, batch.x)))
        return ElboTerms(likelihood.nll(output, batch.x, log_scale), kl_of(model, q))

    def _with_free_bits(self, terms: ElboTerms, beta: float) -> tuple[Tensor, Tensor]:
        per_dim = terms.kl.mean(0)
        # which dimensions are below is decided by the whole batch, wherever its images are
        is_paid = self._mean_of_team(per_dim.detach()) > self.model.config.free_bits
        free = self.model.config.free_bits * (~is_paid).sum()
        loss = terms.nll.mean() + beta * ((per_dim * is_paid).sum() + free)
        return loss, torch.stack((terms.nll.mean(), per_dim.sum())).detach()


def _parts(terms: ElboTerms, beta: float) -> tuple[Tensor, Tensor]:
    return terms.loss(beta), torch.stack((terms.nll.mean(), terms.kl.sum(1).mean())).detach()


def _iwae(model: Vae, batch: Batch, normal: Normal) -> tuple[Tensor, Tensor]:
    """−log (1/k) Σ w, mean over images (Burda 2016, eq. 8 and 13).

    The gradient Σ w̃_i ∇ log w_i is an expectation over i ~ w̃, so one of the k is drawn and only that one is passed back: unbiased, and
    a third of the work (Burda 2016, section 3).
    """
    config = model.config
    k, n_dims = config.importance_samples, config.latent_dim
    eps = normal(k, n_dims).transpose(0, 1)
    uniform = 0.5 * (1 + torch.erf(normal() / math.sqrt(2)))
    with torch.no_grad():
        q = model.posterior(batch.x, batch.y)
        # a few samples at a time: their pictures stay in the processor's cache, which is half of the time
        n_at_once = max(1, ROWS // len(batch.x))
        parts = [_log_weights(model, q, few, batch.x, batch.y) for few in torch.split(eps, n_at_once)]
        log_px_given_z, log_w = (torch.cat(each, 1) for each in zip(*parts, strict=True))
        chosen = (log_w.softmax(1).cumsum(1) < uniform[:, None]).sum(1).clamp_max(k - 1)
        bound = log_mean_exp(log_w).mean()
        nll = -log_px_given_z.mean()
        kl = kl_standard_normal(q.mu, q.logvar).sum(1).mean()
    one = eps[chosen, torch.arange(len(chosen), device=eps.device)][None]
    drawn = _log_weights(model, model.posterior(batch.x, batch.y), one, batch.x, batch.y)[1].mean()
    # the value is the bound, the gradient that of the drawn weight
    return -(drawn + (bound - drawn).detach()), torch.stack((nll, kl))


def _m1_terms(model: StackedVae, batch: Batch, normal: Normal) -> ElboTerms:
    """The bound of M1, a plain VAE of the pictures."""
    q = model.feature_posterior(batch.x)
    output = model.feature_output(q.at(normal(model.config.feature_dim)))
    return ElboTerms(model.nll(output, batch.x), kl_standard_normal(q.mu, q.logvar))


def _semi_supervised(
    model: SemiSupervisedVae, batch: Batch, normal: Normal, beta: float, labelled_share: float
) -> tuple[Tensor, Tensor]:
    """−U(x) of unlabelled, −L(x, y) of labelled pictures, and α times the classifier's cross-entropy (Kingma 2014, eq. 6 to 9).

    Per unlabelled picture: batches have as many labelled as unlabelled ones, but in the sum over the data set (eq. 8) the few labelled
    ones count once each, hence their share; with equal weight the decoder would learn them by heart.
    """
    from trainer.models.torch_engine import StackedVae

    assert batch.labelled_x is not None and batch.labelled_y is not None
    n_classes = model.n_classes
    seen, labelled, moved, likely = batch.x, batch.labelled_x, _moved(model, batch.labelled_x, normal), None
    if batch.likely is not None:
        likely = _moved(model, batch.x, normal)
    if isinstance(model, StackedVae):  # M1 is finished: M2 learns from draws of its codes
        seen, labelled, moved = (_drawn_features(model, x, normal) for x in (seen, labelled, moved))
        likely = None if likely is None else _drawn_features(model, likely, normal)
    every_y = torch.arange(n_classes, device=seen.device).repeat_interleave(len(seen))
    eps = normal(n_classes, model.config.latent_dim).transpose(0, 1).flatten(0, 1)
    unlabelled = _class_terms(model, seen, every_y, eps)
    log_q = functional.log_softmax(model.classifier(seen), 1)
    bounds = unlabelled.nll.view(n_classes, -1).T + beta * unlabelled.kl.sum(1).view(n_classes, -1).T
    q_y = log_q.exp()
    # U(x) = Σ_y q(y|x) [L(x, y) − log q(y|x)] with log p(y) = −log Y inside L
    minus_u = (q_y * (bounds + math.log(n_classes) + log_q)).sum(1)
    of_labelled = _class_terms(model, labelled, batch.labelled_y, normal(model.config.latent_dim))
    minus_l = of_labelled.nll + beta * of_labelled.kl.sum(1) + math.log(n_classes)
    cross_entropy = functional.cross_entropy(model.classifier(moved), batch.labelled_y)
    if likely is not None and batch.likely is not None:
        cross_entropy = cross_entropy + batch.likely.cross_entropy(model.classifier(likely))
    loss = minus_u.mean() + labelled_share * minus_l.mean() + model.config.alpha * cross_entropy
    kl = (q_y * unlabelled.kl.sum(1).view(n_classes, -1).T).sum(1).mean()
    nll = (q_y * unlabelled.nll.view(n_classes, -1).T).sum(1).mean()
    return loss, torch.stack((nll, kl)).detach()


def _moved(model: SemiSupervisedVae, x: Tensor, normal: Normal) -> Tensor:
    """What the classifier sees of pictures whose class it is told."""
    most = model.config.labelled_shift
    return shifted(x, most, normal(2)) if most else x


@torch.no_grad()
def _drawn_features(model: StackedVae, x: Tensor, normal: Normal) -> Tensor:
    return model.feature_posterior(x).at(normal(model.config.feature_dim))


def shifted(x: Tensor, most: int, noise: Tensor) -> Tensor:
    """Pictures moved by whole pixels, each way and each number up to `most` equally often; what comes in at the edge is 0.

    x (B, C, H, W); noise (B, 2) standard normal, whose percentile chooses the rows down and the columns to the right.
    """
    moves = (torch.special.ndtr(noise) * (2 * most + 1)).long().clamp(max=2 * most)
    height, width = x.shape[2:]
    rows = torch.arange(height, device=x.device) + 2 * most - moves[:, :1]
    columns = torch.arange(width, device=x.device) + 2 * most - moves[:, 1:]
    padded = functional.pad(x, (most,) * 4)
    pictures = torch.arange(len(x), device=x.device)[:, None, None]
    return padded[pictures, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _class_terms(model: SemiSupervisedVae, seen: Tensor, y: Tensor, eps: Tensor) -> ElboTerms:
    """Terms of −L(x, y) + log p(y), one for each label; R·B labels go with seen (B, …) again and again."""
    from trainer.models.torch_engine import Posterior, StackedVae

    mu, logvar = model.encoder(seen, y).chunk(2, dim=1)
    z = Posterior(mu, logvar).at(eps)
    targets = seen.repeat(len(y) // len(seen), *(1,) * (seen.ndim - 1))
    if isinstance(model, StackedVae):
        p = model.feature_prior(z, y)
        nll = -log_normal(targets, p.mu, p.logvar)
    else:
        nll = model.nll(model.output(z, y), targets)
    return ElboTerms(nll, kl_standard_normal(mu, logvar))


def check_finite(config: FitConfig, terms: Tensor, first_step: int) -> None:
    """Raises `TrainingDiverged` where a term of the steps from `first_step` on, (S, 2), is not a finite number."""
    bad = (~torch.isfinite(terms)).nonzero()
    if len(bad):
        offset, column = bad[0].tolist()
        slower, warmup = config.learning_rate / 10, max(5, 2 * config.warmup_epochs)
        remedy = f"try --learning-rate {slower:g} or --warmup-epochs {warmup}, with --overwrite"
        raise TrainingDiverged(first_step + offset, ("the reconstruction term", "the KL term")[column], remedy)

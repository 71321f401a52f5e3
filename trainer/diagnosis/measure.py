"""What does the clinic measure of a model? Once a run, on held-out images; `trainer.diagnosis.diagnose` says what it means.

Letters: N images, C×H×W their shape, K latent dimensions. Nats per image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.datasets import Dataset
from trainer.diagnosis.reading import measure
from trainer.errors import ConfigError
from trainer.metrics.collapse import decoder_sensitivity, intervention_losses
from trainer.metrics.cost import MOST_AT_ONCE, Budget, pieces, seconds_a_decode
from trainer.metrics.evaluate import (
    BACKWARD,
    EVALUATION_SEED,
    NEIGHBOURS,
    as_labels,
    device_of_model,
    encode_all,
    labels_told,
    seeded,
    to_unit,
)
from trainer.metrics.implied_beta import DRAWS, implied_beta, record
from trainer.metrics.importance import importance_estimate
from trainer.metrics.information import information_split
from trainer.metrics.information_bracket import prior_distance
from trainer.models.torch_engine import Vae
from trainer.runs.examination import Examination, Implied, Measured

MOST_IMAGES = 4000  # enough for shares of a per cent, and seconds on an old machine
SENSITIVITY_IMAGES = 500
IMPLIED_IMAGES = 1000
WEIGHED_IMAGES, WEIGHED_DRAWS = 30, 200
LEAST_IMAGES = 100  # of an intervention, however small the budget
STREAM = 1  # of random numbers, apart from those of the pixels

Progress = Callable[[float], None]


def examine(
    model: Vae, dataset: Dataset, split: str = "test", budget: Budget | None = None, on_progress: Progress = lambda share: None
) -> Examination:
    """Measures a model on (at most 4000) held-out images. Raises `ConfigError` for a deterministic model, whose codes are points.

    budget: about how long it may take; what costs most, a decode of every image for every dimension, is then measured on fewer images,
    and the standard errors say how much that leaves open.
    """
    if model.is_deterministic:
        raise ConfigError("model", model.config.model, "a model with a posterior: a point has no KL that could collapse")
    x, told = _images(model, dataset, split)
    labels = labels_told(model, x, told)
    y, (mu, logvar) = as_labels(labels, x.device), encode_all(model, x, labels)
    on_progress(0.05)
    information = _information(mu, logvar)
    on_progress(0.15)
    n = _affordable(model, x, y, mu, budget)
    interventions = _interventions(model, x[: n.interventions], y, lambda share: on_progress(0.15 + 0.65 * share))
    slopes = decoder_sensitivity(model, torch.from_numpy(mu[: n.sensitivity]), _first(y, n.sensitivity))
    codes = torch.from_numpy(mu + np.exp(logvar / 2) * np.random.default_rng(STREAM).standard_normal(mu.shape)).float()
    few = slice(0, n.whole)
    everything, squares = _of_whole_codes(model, codes[few], x[few], _first(y, n.whole))
    on_progress(0.85)
    implied = implied_beta(model, x[: n.implied], _first(y, n.implied))
    on_progress(0.95)
    measured = _measured(model, dataset, x[few], _first(y, n.whole), mu[few], logvar[few], n.weighed)
    of_codes = _of_codes(mu, logvar, codes.numpy(), told)
    on_progress(1.0)
    return Examination(
        n=len(x),
        **information,
        **interventions,
        **of_codes,
        all_shuffled=everything,
        sensitivity=_rounded(slopes),
        residual=squares,
        sigma=_sigma(model),
        implied=None if implied is None else Implied(**record(implied)),
        measured=measured,
    )


def _images(model: Vae, dataset: Dataset, split: str) -> tuple[Tensor, NDArray[np.int64] | None]:
    """At most 4000 images (N, C, H, W) of a split as the model sees them, and their classes (N,), where they have some."""
    part = dataset.subset(split)
    pick = np.sort(np.random.default_rng(EVALUATION_SEED).permutation(len(part.index))[:MOST_IMAGES])
    x = to_unit(torch.from_numpy(part.images[pick]), model.config.binarise, seeded(EVALUATION_SEED, len(pick)))
    return x, None if part.labels is None else part.labels[pick]


@torch.no_grad()
def _of_whole_codes(model: Vae, z: Tensor, x: Tensor, y: Tensor | None) -> tuple[float, float]:
    """What reconstruction loses when the whole code is another image's, nats, and the mean squared error of a pixel at codes z (N, K)."""
    return _nll(model, z.roll(1, 0), x, y) - _nll(model, z, x, y), _squared_error(model, z, x, y)


def _information(mu: NDArray[Any], logvar: NDArray[Any]) -> dict[str, Any]:
    """Fields of `Examination`: where the KL goes, and how far the codes as a whole are from the prior."""
    parts = information_split(mu, logvar, np.random.default_rng(EVALUATION_SEED))
    far = prior_distance(mu, logvar, np.random.default_rng(EVALUATION_SEED))
    return {
        "mean_kl": parts.mean_kl,
        "information": parts.mutual_information,
        "information_error": parts.mutual_information_error,
        "marginal_kl": parts.marginal_kl,
        "total_correlation": parts.total_correlation,
        "dimension_wise_kl": _rounded(parts.dimension_wise_kl),
        "prior_low": far.low,
        "prior_error": far.error,
        "prior_density": far.density,
    }


def _interventions(model: Vae, x: Tensor, y: Tensor | None, on_progress: Progress) -> dict[str, Any]:
    """Fields of `Examination`: what reconstruction loses without a dimension."""
    losses = intervention_losses(model, x, seeded(EVALUATION_SEED, 1), _first(y, len(x)), on_progress=on_progress)
    return {
        "baseline": losses.baseline,
        "shuffled": _rounded(losses.shuffled),
        "zeroed": _rounded(losses.zeroed),
        "shuffled_error": _rounded(losses.shuffled_error),
        "zeroed_error": _rounded(losses.zeroed_error),
        "interventions_n": losses.n,
    }


def _of_codes(mu: NDArray[Any], logvar: NDArray[Any], draws: NDArray[Any], classes: NDArray[np.int64] | None) -> dict[str, Any]:
    """Fields of `Examination`: how far means (N, K) spread, and how well they and draws tell classes apart."""
    variance = mu.astype(float).var(0)
    of_means, of_draws = _neighbours(mu, draws, classes)
    return {
        "variance": _rounded(variance),
        "signal_to_noise": _rounded(variance / np.exp(logvar.astype(float)).mean(0)),
        "knn_means": of_means,
        "knn_draws": of_draws,
    }


def _sigma(model: Vae) -> float | None:
    """The fixed or learned scale of a pixel; None where there is none or every pixel has its own."""
    has_sigma = model.config.has_scale and model.config.scale != "per-pixel"
    return float(model.log_sigma.detach().exp()) if has_sigma else None


class _Affordable:
    """How many images each part gets: all of them, or as many as a budget pays for at seconds a decode."""

    def __init__(self, n: int, n_dims: int, budget: Budget | None, seconds: float) -> None:
        def most(share: float, decodes: float, wanted: int) -> int:
            if budget is None or seconds <= 0:
                return min(n, wanted)
            return min(n, wanted, max(LEAST_IMAGES, int(share * budget.seconds / (seconds * decodes))))

        self.interventions = most(0.5, 2 * n_dims + 1, n)
        self.sensitivity = most(0.15, BACKWARD * n_dims, SENSITIVITY_IMAGES)
        self.whole = most(0.1, 4, n)
        self.implied = most(0.15, BACKWARD * DRAWS, IMPLIED_IMAGES)
        self.weighed = min(n, WEIGHED_IMAGES)
        if budget is not None and seconds * self.weighed * WEIGHED_DRAWS > 0.1 * budget.seconds:
            self.weighed = 0  # the effective number of draws is also among the figures of `evaluate`


def _affordable(model: Vae, x: Tensor, y: Tensor | None, mu: NDArray[np.float32], budget: Budget | None) -> _Affordable:
    seconds = 0.0 if budget is None else seconds_a_decode(model, torch.from_numpy(mu), y)
    return _Affordable(len(x), model.config.latent_dim, budget, seconds)


def _first(y: Tensor | None, n: int) -> Tensor | None:
    return None if y is None else y[:n]


def _measured(
    model: Vae, dataset: Dataset, x: Tensor, y: Tensor | None, mu: NDArray[np.float32], logvar: NDArray[np.float32], n_weighed: int
) -> Measured:
    """What the checks before a verdict rest on; the mean picture is the training images' where the data set has some."""
    source = dataset.subset("train").images if "train" in dataset.splits else dataset.subset("test").images
    total = np.zeros(source.shape[1:])
    for start in range(0, len(source), MOST_AT_ONCE):
        total += source[start : start + MOST_AT_ONCE].sum(0, dtype=np.float64)
    mean = torch.from_numpy((total / len(source) / 255).astype(np.float32)).to(device_of_model(model))
    ess = None
    if n_weighed:
        estimate = importance_estimate(model, x[:n_weighed], WEIGHED_DRAWS, seeded(EVALUATION_SEED, 2), _first(y, n_weighed))
        ess = float(np.mean(estimate.ess))
    return measure(model, x, y, mu, logvar, mean, ess, None if ess is None else WEIGHED_DRAWS)


def _neighbours(
    mu: NDArray[np.float32], z: NDArray[np.float32], labels: NDArray[np.int64] | None
) -> tuple[float | None, float | None]:
    """Share of images whose class their 15 nearest neighbours among the others vote for, by posterior means and by draws z (N, K)."""
    if labels is not None and (labels < 0).any():  # −1 is no class
        known = np.flatnonzero(labels >= 0)
        mu, z, labels = mu[known], z[known], labels[known]
    if labels is None or len(mu) <= NEIGHBOURS or len(np.unique(labels)) < 2 or not np.isfinite(z).all():
        return None, None
    from sklearn.neighbors import NearestNeighbors

    classes, named = np.unique(labels, return_inverse=True)
    shares = []
    for codes in (mu, z):
        near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(codes).kneighbors(return_distance=False)
        votes = np.stack([(named[near] == c).sum(1) for c in range(len(classes))], 1)
        shares.append(float((votes.argmax(1) == named).mean()))
    return shares[0], shares[1]


def _nll(model: Vae, z: Tensor, x: Tensor, y: Tensor | None) -> float:
    """Mean −log p(x|z), a batch at a time."""
    total = 0.0
    for part in pieces(model, len(z)):
        total += float(model.nll(model.output(z[part], None if y is None else y[part]), x[part]).double().sum())
    return total / len(z)


def _squared_error(model: Vae, z: Tensor, x: Tensor, y: Tensor | None) -> float:
    """Mean squared error of a pixel."""
    total = 0.0
    for part in pieces(model, len(z)):
        x_hat = model.mean(model.output(z[part], None if y is None else y[part]))
        total += float((x_hat - x[part]).double().square().sum())
    return total / x.numel()


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)

"""How good is a model on images that it did not train on?

Sums over pixels and latents, means over all images of the split, whatever the batch: nats per image. Letters: B batch, S samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.datasets import Dataset, Split
from trainer.datasets.batches import Rows
from trainer.maps.quality import Decode
from trainer.metrics.collapse import active_units, kl_per_dim
from trainer.metrics.cost import TIMED, Budget, pieces, seconds_a_decode, seconds_an_encode
from trainer.metrics.importance import ImportanceEstimate, importance_estimate
from trainer.models.torch_engine import SemiSupervisedVae, Vae, as_tensor, as_unit

Floats = NDArray[np.float32]
Input = Literal["grey", "binarised"]

Labels = NDArray[np.int64]

BACKWARD = 3  # a gradient costs about three decodes
FEW_SAMPLES = 16
FEWEST_DRAWS, FEWEST_IMAGES = 50, 100  # of an importance-sampled NLL, however small the budget
EVALUATION_SEED = 20_160_101  # the same coins for every model, so that models are compared on the same pixels
NEIGHBOURS = 15


@dataclass(frozen=True)
class Evaluation:
    """Test figures of one model, nats per image unless said otherwise; None where a model has no such figure."""

    split: str
    """that was measured"""
    n: int
    """images"""
    elbo: float | None
    """−(reconstruction + kl), the expectation over q by the same samples as the NLL"""
    nll: float | None
    """−log p(x), importance-sampled: log-mean-exp an image, then the mean over the first nll_n images"""
    nll_n: int | None
    """images of the NLL"""
    samples: int | None
    """draws of the NLL"""
    reconstruction: float
    """E_q[−log p(x|z)]"""
    kl: float | None
    """Σ kl_per_dim, in closed form"""
    kl_per_dim: tuple[float, ...] | None
    """(K,)"""
    active_units: int
    """dimensions with Var(mu) > 0.01"""
    knn_accuracy: float | None
    """share of images whose class the 15 nearest training codes vote for, those without a label left out;
    None without labels"""
    input: Input
    """what the encoder saw and the likelihood scored"""
    nll_standard_error: float | None = None
    """spread of the NLL over images / √n"""
    ess: float | None = None
    """mean effective number of samples of the NLL"""
    squared_error: float | None = None
    """Σ_pixels (x − x_hat)² at the mean code"""
    classifier_error: float | None = None
    """share of images that q(y|x) gets wrong"""
    given_label: bool = False
    """whether all of it is given the class, as −log p(x|y) is"""


def seeded(*numbers: int) -> torch.Generator:
    """A generator that depends on all the numbers, so that every use of randomness has its own stream."""
    seed = np.random.SeedSequence((len(numbers), *numbers)).generate_state(1, np.uint64)[0]  # (1,) and (1, 0) differ
    return torch.Generator().manual_seed(int(seed >> np.uint64(1)))


def to_unit(images: Tensor, binarise: bool, generator: torch.Generator | None = None, rows: Rows | None = None) -> Tensor:
    """uint8 (B, C, H, W) to floats in [0, 1], or to coins that show 1 with that probability.

    Exact: a uniform whole number below 255 is smaller than the pixel with probability pixel / 255. rows: which rows of a larger batch
    these are; the coins are then those that the rows of the whole would get.
    """
    return _coins(images, generator, rows).float() if binarise else images.float().div_(255)


def _coins(images: Tensor, generator: torch.Generator | None, rows: Rows | None = None) -> Tensor:
    rows = rows or Rows(len(images), 0, len(images), 1.0)
    thresholds = torch.empty((rows.n, *images.shape[1:]), dtype=torch.uint8).random_(0, 255, generator=generator)
    return images > thresholds[rows.start : rows.stop]


def evaluate(
    model: Vae,
    dataset: Dataset,
    split: str = "test",
    samples: int = 200,
    nll_images: int | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
    budget: Budget | None = None,
) -> Evaluation:
    """All figures of `Evaluation` on one split; `nll_images` bounds the importance sampling to the first so many images.

    Conditional models are told the true class. budget: about how long it may take; fewer images, and then fewer draws, are
    importance-sampled, and the nearest neighbours are looked for among fewer training images. `samples` and `nll_n` say how many it were.
    """
    part, config = dataset.subset(split), model.config
    images = _seen(part, config.binarise)
    labels = labels_told(model, images, part.labels)
    mu, logvar = encode_all(model, images, labels)
    cost = _Cost(1, 1) if budget is None else _cost(model, images, mu, labels)
    train = dataset.subset("train") if "train" in dataset.splits else None
    figures: dict[str, Any] = {
        "split": split,
        "n": len(images),
        "input": "binarised" if config.binarise else "grey",
        "active_units": active_units(mu),
        "squared_error": squared_error(model, images, mu, labels),
        "knn_accuracy": None if train is None else knn_accuracy(model, _affordable(train, cost, budget), part),
        "given_label": config.is_conditional,
        "classifier_error": _classifier_error(model, part),
    }
    if config.is_deterministic:
        return _of_points(model, images, labels, figures)
    nll_n, few = len(images) if nll_images is None else min(nll_images, len(images)), min(samples, FEW_SAMPLES)
    if budget is not None:
        samples, nll_n, few = _draws(budget, cost, len(images), samples, nll_n)
    estimate, rest = _sampled(model, images, labels, samples, nll_n, few, on_progress)
    figures |= {"nll_n": nll_n, "samples": samples}
    return _of_posteriors(kl_per_dim(mu, logvar), estimate, np.concatenate((estimate.reconstruction, rest)), figures)


def _seen(part: Split, binarise: bool) -> NDArray[np.uint8]:
    """What the model sees of all images, coins as 0 and 255: bytes, because floats would be four times as much."""
    images: NDArray[np.uint8] = part.images
    if not binarise:
        return images
    coins: NDArray[np.uint8] = (
        _coins(torch.from_numpy(images.copy()), seeded(EVALUATION_SEED, len(images))).byte().mul_(255).numpy()
    )
    return coins


def _of_posteriors(
    kl: NDArray[np.float64], estimate: ImportanceEstimate, reconstruction: NDArray[np.float64], figures: dict[str, Any]
) -> Evaluation:
    """The bound and the estimate, in nats per image: the mean KL (K,) and the reconstruction losses (N,), beside the other figures."""
    mean = float(np.mean(reconstruction))
    return Evaluation(
        elbo=-(mean + float(kl.sum())),
        nll=estimate.nll,
        reconstruction=mean,
        kl=float(kl.sum()),
        kl_per_dim=tuple(kl.tolist()),
        nll_standard_error=estimate.nll_standard_error,
        ess=float(np.mean(estimate.ess)),
        **figures,
    )


def _of_points(model: Vae, images: NDArray[np.uint8], labels: Labels | None, figures: dict[str, Any]) -> Evaluation:
    """Of a model whose codes are points: there is no KL and no bound."""
    nll, _, _ = bound_terms(model, images, False, seeded(EVALUATION_SEED), labels)
    return Evaluation(
        elbo=None, nll=None, nll_n=None, samples=None, kl=None, kl_per_dim=None, reconstruction=float(nll.mean()), **figures
    )


def _classifier_error(model: Vae, part: Split) -> float | None:
    """Where the model has a classifier and images have classes."""
    if isinstance(model, SemiSupervisedVae) and part.labels is not None and (part.labels >= 0).any():
        return classifier_error(model, part.images, part.labels)
    return None


@dataclass(frozen=True)
class _Cost:
    """What one picture costs."""

    decode: float
    """seconds"""
    encode: float
    """seconds"""


def _cost(model: Vae, images: NDArray[np.uint8], mu: Floats, labels: Labels | None) -> _Cost:
    device = device_of_model(model)
    y = as_labels(labels, device)
    few = as_unit(images[:TIMED]).to(device)
    return _Cost(seconds_a_decode(model, torch.from_numpy(mu[:TIMED]), y), seconds_an_encode(model, few, y))


def _affordable(train: Split, cost: _Cost, budget: Budget | None) -> Split:
    """The first training images, as many as a fifth of the budget encodes."""
    if budget is None:
        return train
    n = max(10 * FEWEST_IMAGES, int(0.2 * budget.seconds / cost.encode))
    return train if n >= len(train.index) else _head(train, n)


def _head(part: Split, n: int) -> Split:
    return replace(part, images=part.images[:n], index=part.index[:n], labels=None if part.labels is None else part.labels[:n])


def _draws(budget: Budget, cost: _Cost, n: int, samples: int, nll_n: int) -> tuple[int, int, int]:
    """Draws of an image, how many images get them, and draws of the others, within three quarters of the budget.

    A fifth of it goes to the images that only need their reconstruction. The rest goes to as many images as can have all draws; where
    those are too few for a mean, the draws become fewer.
    """
    affordable = 0.75 * budget.seconds / cost.decode
    if nll_n * samples <= affordable:
        return samples, nll_n, min(samples, FEW_SAMPLES)
    few = int(min(FEW_SAMPLES, max(1, 0.2 * affordable // n)))
    for_weights = max(0.0, affordable - few * n)
    images = min(nll_n, max(FEWEST_IMAGES, int(for_weights / samples)))
    draws = samples if images * samples <= for_weights else max(FEWEST_DRAWS, int(for_weights / images))
    return min(samples, draws), images, few


def _sampled(
    model: Vae,
    images: NDArray[np.uint8],
    labels: Labels | None,
    samples: int,
    nll_n: int,
    few: int,
    on_progress: Callable[[float], None],
) -> tuple[ImportanceEstimate, NDArray[np.float64]]:
    """log p(x) of the first nll_n images, and E_q[−log p(x|z)] of the others, for whose mean a few draws are enough."""
    generator = seeded(EVALUATION_SEED, samples)
    y = as_labels(labels, device_of_model(model))
    share = nll_n / len(images)
    estimate = importance_estimate(
        model, images[:nll_n], samples, generator, None if y is None else y[:nll_n], lambda done: on_progress(done * share)
    )
    if nll_n == len(images):
        return estimate, np.empty(0)
    rest = importance_estimate(model, images[nll_n:], few, generator, None if y is None else y[nll_n:])
    on_progress(1.0)
    return estimate, np.asarray(rest.reconstruction, float)


@torch.no_grad()
def encode_all(model: Vae, images: Tensor | NDArray[Any], labels: Labels | None = None) -> tuple[Floats, Floats]:
    """mu and logvar (N, K) of images (N, C, H, W), floats in [0, 1] or uint8; conditional models without labels use their own guess."""
    y = labels_told(model, images, labels)
    device = device_of_model(model)
    posteriors = [
        model.encode(as_tensor(images[part]).to(device), None if y is None else as_labels(y[part], device))
        for part in pieces(model, len(images))
    ]
    return (
        torch.cat([q.mu for q in posteriors]).cpu().numpy(),
        torch.cat([q.logvar for q in posteriors]).cpu().numpy(),
    )


@torch.no_grad()
def bound_terms(
    model: Vae, images: Tensor | NDArray[Any], binarise: bool, generator: torch.Generator, labels: Labels | None = None
) -> tuple[NDArray[np.float64], Floats, Floats]:
    """One-sample reconstruction nll (N,) nats, and mu, logvar (N, K), of images, uint8 or floats in [0, 1]: the figures of an epoch."""
    device, labels = device_of_model(model), labels_told(model, images, labels)
    nll, mus, logvars = [], [], []
    for part in pieces(model, len(images)):
        x = as_tensor(images[part])
        x = (to_unit(x, binarise, generator) if x.dtype == torch.uint8 else x).to(device)
        y = None if labels is None else as_labels(labels[part], device)
        q = model.posterior(x, y)
        nll.append(model.nll(model.output(q.sample(generator), y), x).double().cpu().numpy())
        mus.append(q.mu.cpu().numpy())
        logvars.append(q.logvar.cpu().numpy())
    return np.concatenate(nll), np.concatenate(mus), np.concatenate(logvars)


@torch.no_grad()
def squared_error(model: Vae, images: Tensor | NDArray[Any], mu: Floats, labels: Labels | None = None) -> float:
    """Mean over images of Σ_pixels (x − x_hat)², x_hat decoded from the mean code; for PCA Σ_{i>K} λ_i of the split. x_hat unclipped."""
    device, total = device_of_model(model), 0.0
    for part in pieces(model, len(images)):
        y = None if labels is None else as_labels(labels[part], device)
        output = model.output(torch.from_numpy(mu[part]).to(device), y)
        x_hat = output[:, : images.shape[1]] if model.config.has_scale else model.mean(output)
        total += float((as_unit(images[part]).to(device) - x_hat).square().double().sum())
    return total / len(images)


@torch.no_grad()
def classifier_error(model: SemiSupervisedVae, images: NDArray[Any], labels: Labels) -> float:
    """Share of grey images, uint8 (N, C, H, W), whose most probable class under q(y|x) is not their label, of those that have one."""
    device, known = device_of_model(model), np.flatnonzero(labels >= 0)
    images, labels = _some(images, known), labels[known]
    guesses = [model.label_of(as_tensor(images[part]).to(device)).cpu().numpy() for part in pieces(model, len(images))]
    return float((np.concatenate(guesses) != labels).mean())


def decode_of(model: Vae, images: NDArray[Any], labels: Labels | None = None) -> Decode:
    """How well codes decode the numbered ones of these images (N, C, H, W), and which way is better; see `trainer.maps.quality.Decode`.

    Grey pictures; a conditional model is told their classes.
    """
    device, labels = device_of_model(model), labels_told(model, images, labels)

    def decode(z: Floats, index: Labels) -> tuple[Floats, Floats]:
        nll, slope = np.empty(len(z), np.float32), np.empty(z.shape, np.float32)
        for part in pieces(model, len(z)):
            here = index[part]
            code = torch.tensor(z[part], dtype=torch.float32, device=device, requires_grad=True)
            x = to_unit(torch.from_numpy(np.asarray(images[here])), False).to(device)
            y = None if labels is None else as_labels(labels[here], device)
            with torch.enable_grad():
                terms = model.nll(model.output(code, y), x)
                total = terms.sum()
                (gradient,) = torch.autograd.grad(total, code, allow_unused=True) if total.requires_grad else (None,)
            nll[part] = terms.detach().cpu().numpy()
            # None: the pictures do not depend on the code
            slope[part] = 0 if gradient is None else gradient.cpu().numpy()
        return nll, slope

    return decode


def knn_accuracy(model: Vae, train: Split, test: Split) -> float | None:
    """Share of test images whose class the 15 nearest training codes (posterior means of grey images) vote for.

    A conditional model's codes are those under its own guess of the class: with the true class given the figure would mean nothing.
    """
    if train.labels is None or test.labels is None:
        return None
    known, judged = np.flatnonzero(train.labels >= 0), np.flatnonzero(test.labels >= 0)
    if len(known) < NEIGHBOURS or not len(judged):
        return None
    from sklearn.neighbors import KNeighborsClassifier

    train_mu, _ = encode_all(model, _some(train.images, known))
    test_mu, _ = encode_all(model, _some(test.images, judged))
    if not (np.isfinite(train_mu).all() and np.isfinite(test_mu).all()):
        return None
    classifier = KNeighborsClassifier(NEIGHBOURS, n_jobs=-1).fit(train_mu, train.labels[known])
    return float(classifier.score(test_mu, test.labels[judged]))


def _some(images: NDArray[Any], places: NDArray[np.int64]) -> NDArray[Any]:
    """The images at these places; all of them are viewed, not copied."""
    return images if len(places) == len(images) else images[places]


@torch.no_grad()
def labels_told(model: Vae, images: Tensor | NDArray[Any], labels: Labels | None) -> Labels | None:
    """The class (N,) that a conditional model is told of each image: its label, or, where it has none (−1), the model's own guess.

    None for a model that is told no class, and where there are no labels: then every class is a guess.
    """
    if labels is None or not model.config.is_conditional:
        return None
    unknown = np.flatnonzero(labels < 0)
    if not len(unknown):
        return labels
    told, device = labels.copy(), device_of_model(model)
    for part in pieces(model, len(unknown)):
        places = unknown[part]
        told[places] = model.label_of(as_tensor(images[places]).to(device)).cpu().numpy()
    return told


def as_labels(labels: Labels | None, device: torch.device) -> Tensor | None:
    """Labels (N,) as a tensor on the device."""
    return None if labels is None else as_tensor(labels).long().to(device)


def device_of_model(model: Vae) -> torch.device:
    """Where the model's parameters are."""
    return model.log_sigma.device

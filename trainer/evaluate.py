"""How good is a model on images that it did not train on?

Sums over pixels and latents, means over all images of the split, whatever the batch: nats per image. Letters: B batch, S samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.collapse import active_units, kl_per_dim
from trainer.datasets import Dataset, Split
from trainer.networks import Vae
from trainer.objectives import importance_log_weights, log_mean_exp

Floats = NDArray[np.float32]
Input = Literal["grey", "binarised"]

BATCH = 1000
DECODES_AT_ONCE = 20_000  # rows of the decoder's largest product: about 60 MB of pixels for MNIST
EVALUATION_SEED = 20_160_101  # the same coins for every model, so that models are compared on the same pixels
NEIGHBOURS = 15


@dataclass(frozen=True)
class Evaluation:
    """Test figures of one model, nats per image unless said otherwise.

    elbo = −(reconstruction + kl), the expectation over q by the same samples as the NLL · nll = −log p(x), importance-sampled with
    `samples` draws (log-mean-exp an image, then the mean over the first nll_n images) · reconstruction = E_q[−log p(x|z)] ·
    kl = Σ kl_per_dim, closed form · active_units: Var(mu) > 0.01 · knn_accuracy: share of images whose class the 15 nearest training
    codes vote for, None without labels · input: what the encoder saw and the likelihood scored.
    """

    split: str
    n: int
    elbo: float
    nll: float
    nll_n: int
    samples: int
    reconstruction: float
    kl: float
    kl_per_dim: tuple[float, ...]
    active_units: int
    knn_accuracy: float | None
    input: Input


def seeded(*numbers: int) -> torch.Generator:
    """A generator that depends on all the numbers, so that every use of randomness has its own stream."""
    seed = np.random.SeedSequence((len(numbers), *numbers)).generate_state(1, np.uint64)[0]  # (1,) and (1, 0) differ
    return torch.Generator().manual_seed(int(seed >> np.uint64(1)))


def to_unit(images: Tensor, binarise: bool, generator: torch.Generator | None = None) -> Tensor:
    """uint8 (B, C, H, W) to floats in [0, 1], or to coins that show 1 with that probability.

    Exact: a uniform whole number below 255 is smaller than the pixel with probability pixel / 255.
    """
    if not binarise:
        return images.float().div_(255)
    thresholds = torch.empty_like(images).random_(0, 255, generator=generator)
    return (images > thresholds).float()


def evaluate(
    model: Vae,
    dataset: Dataset,
    split: str = "test",
    samples: int = 200,
    nll_images: int | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Evaluation:
    """All figures of `Evaluation` on one split; `nll_images` bounds the importance sampling to the first so many images."""
    part = dataset.subset(split)
    binarise = model.config.binarise
    images = to_unit(torch.from_numpy(part.images.copy()), binarise, seeded(EVALUATION_SEED, len(part.images)))
    nll_n = len(images) if nll_images is None else min(nll_images, len(images))
    reconstruction, log_px = _sampled_terms(model, images, samples, nll_n, on_progress)
    mu, logvar = encode_all(model, images)
    kl = kl_per_dim(mu, logvar)
    mean_reconstruction = float(np.mean(reconstruction))
    return Evaluation(
        split=split, n=len(images), elbo=-(mean_reconstruction + float(kl.sum())), nll=-float(np.mean(log_px)), nll_n=nll_n,
        samples=samples, reconstruction=mean_reconstruction, kl=float(kl.sum()), kl_per_dim=tuple(kl.tolist()),
        active_units=active_units(mu), knn_accuracy=knn_accuracy(model, dataset.subset("train"), part),
        input="binarised" if binarise else "grey",
    )  # fmt: skip


@torch.no_grad()
def _sampled_terms(
    model: Vae, images: Tensor, samples: int, nll_n: int, on_progress: Callable[[float], None]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """E_q[−log p(x|z)] of all images and log p(x) of the first nll_n; beyond those a few samples are enough for the mean."""
    generator = seeded(EVALUATION_SEED, samples)
    reconstruction, log_px = [], []
    start = 0
    while start < len(images):
        n_samples = samples if start < nll_n else min(samples, 16)
        size = max(1, DECODES_AT_ONCE // n_samples)
        stop = min(start + size, nll_n if start < nll_n else len(images))
        log_likelihood, log_weights = importance_log_weights(model, images[start:stop], n_samples, generator)
        reconstruction.append(-log_likelihood.double().mean(1).numpy())
        if start < nll_n:
            log_px.append(log_mean_exp(log_weights.double()).numpy())
        start = stop
        on_progress(start / len(images))
    return np.concatenate(reconstruction), np.concatenate(log_px)


@torch.no_grad()
def encode_all(model: Vae, images: Tensor) -> tuple[Floats, Floats]:
    """mu and logvar (N, K) of images (N, C, H, W), floats in [0, 1] or uint8."""
    posteriors = [model.encode(images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
    return (
        torch.cat([q.mu for q in posteriors]).numpy(),
        torch.cat([q.logvar for q in posteriors]).numpy(),
    )


@torch.no_grad()
def bound_terms(
    model: Vae, images: Tensor, binarise: bool, generator: torch.Generator
) -> tuple[NDArray[np.float64], Floats, Floats]:
    """One-sample reconstruction nll (N,) nats, and mu, logvar (N, K), of uint8 images: the figures of an epoch."""
    nll, mus, logvars = [], [], []
    for start in range(0, len(images), BATCH):
        x = to_unit(images[start : start + BATCH], binarise, generator)
        q = model.posterior(x)
        nll.append(model.nll(model.output(q.sample(generator)), x).double().numpy())
        mus.append(q.mu.numpy())
        logvars.append(q.logvar.numpy())
    return np.concatenate(nll), np.concatenate(mus), np.concatenate(logvars)


def knn_accuracy(model: Vae, train: Split, test: Split) -> float | None:
    """Share of test images whose class the 15 nearest training codes (posterior means of grey images) vote for."""
    if train.labels is None or test.labels is None or len(train.images) < NEIGHBOURS:
        return None
    from sklearn.neighbors import KNeighborsClassifier

    train_mu, _ = encode_all(model, torch.from_numpy(train.images.copy()))
    test_mu, _ = encode_all(model, torch.from_numpy(test.images.copy()))
    if not (np.isfinite(train_mu).all() and np.isfinite(test_mu).all()):
        return None
    classifier = KNeighborsClassifier(NEIGHBOURS, n_jobs=-1).fit(train_mu, train.labels)
    return float(classifier.score(test_mu, test.labels))

"""Which training images and which random numbers does a run use?

Randomness depends on the seed and on what it is for, and on nothing else: every use has a stream of its own.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.config import FitConfig
from trainer.datasets import Dataset, Split
from trainer.metrics.pca_spectrum import Spectrum, spectrum

DRAW, EPOCH, HELD_OUT, LABELLED, LAGGING = 1, 2, 3, 4, 5  # names of the random streams; 6 is the classifier's
MEAN_BATCH = 4096  # images at once for the mean image and the covariance


def seeded_choice(seed: int, n: int, at_most: int) -> NDArray[np.int64]:
    """At most so many different numbers below n, always the same for a seed."""
    return np.random.default_rng((seed, DRAW, n)).permutation(n)[:at_most]


def mean_image(images: NDArray[np.uint8]) -> Tensor:
    """(C, H, W) in [0, 1], summed in whole numbers, a batch at a time: the images may be larger than memory."""
    total = np.zeros(images.shape[1:], np.int64)
    for start in range(0, len(images), MEAN_BATCH):
        total += images[start : start + MEAN_BATCH].sum(0, dtype=np.int64)
    return torch.from_numpy(total / (255 * len(images))).float()


def spectrum_of(images: NDArray[np.uint8]) -> Spectrum:
    """Of the covariance of images (N, C, H, W), a batch at a time."""
    batches = (_pixels_in_unit(images[start : start + MEAN_BATCH]) for start in range(0, len(images), MEAN_BATCH))
    return spectrum(batches, int(np.prod(images.shape[1:])))


def _pixels_in_unit(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """uint8 (B, C, H, W) to (B, P) in [0, 1]."""
    return np.asarray(images.reshape(len(images), -1) / 255.0)


def splits_of(config: FitConfig, dataset: Dataset) -> tuple[Split, Split, Split | None]:
    """What is learned from, what the model is judged by, and what may stop its training; the last one only where it may."""
    validation = dataset.subset("validation") if config.early_stopping else None
    return dataset.subset(config.train_on), dataset.subset("test"), validation

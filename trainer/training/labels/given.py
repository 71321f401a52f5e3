"""Of which training images does a run use the label?

Randomness depends on the seed and on what it is for, and on nothing else.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.config import FitConfig
from trainer.datasets import Dataset
from trainer.errors import ConfigError, DataError
from trainer.metrics.evaluate import seeded
from trainer.training.inputs import LABELLED


def check_labels(config: FitConfig, dataset: Dataset) -> None:
    """Raises `DataError` where a class-conditional model needs the class of every image, and some have none."""
    n = 0 if dataset.labels is None else int((dataset.labels < 0).sum())
    if n and config.is_conditional and not config.is_semi_supervised:
        raise DataError(
            f"model {config.model!r} is class-conditional, and {n} of {dataset.n} have no label; allowed: one for each image; "
            "label them, or choose --model m2, which learns from images without one."
        )


def _of_rarest(labels: NDArray[np.int64], n_classes: int) -> int:
    """How many images have the class that fewest have; −1 is no label."""
    return int(np.bincount(labels[labels >= 0], minlength=n_classes).min())


def most_labelled(labels: NDArray[np.int64], n_classes: int, at_most: int) -> int:
    """The largest number of labels, the same of every class and up to `at_most`, that images have; 0 where a class has none."""
    smallest = _of_rarest(labels, n_classes)
    return n_classes * min(smallest, max(1, at_most // n_classes))


def labelled_images(labels: NDArray[np.int64] | None, n_classes: int, config: FitConfig) -> Tensor:
    """Places of the training images whose labels are used: the same number of every class, drawn by the seed; −1 is no label.

    Raises `ConfigError`, `DataError` where a class has no labelled image to learn from.
    """
    assert labels is not None
    each, left_over = divmod(config.labelled, n_classes)
    smallest = _of_rarest(labels, n_classes)
    if smallest == 0:
        raise DataError(
            f"model {config.model!r} needs labelled training images of every class, and one of the {n_classes} classes has none; "
            "label some, or leave that class out."
        )
    if left_over or not 1 <= each <= smallest:
        allowed = f"a multiple of {n_classes}, the number of classes, up to {n_classes * smallest}"
        raise ConfigError("labelled", config.labelled, allowed)
    rng = np.random.default_rng((config.seed, LABELLED))
    chosen = [rng.permutation(np.flatnonzero(labels == label))[:each] for label in range(n_classes)]
    return torch.from_numpy(np.sort(np.concatenate(chosen)))


def labelled_order(labelled: Tensor, n_images: int, seed: int, epoch: int) -> Tensor:
    """Places of labelled images for an epoch, as many as images: all of them again and again, each time in a new order."""
    generator = seeded(seed, LABELLED, epoch)
    rounds = -(-n_images // len(labelled))
    return torch.cat([labelled[torch.randperm(len(labelled), generator=generator)] for _ in range(rounds)])

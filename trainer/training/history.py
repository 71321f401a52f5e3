"""What is a row of the history? Figures of the weights as they are at the end of an epoch, each over a whole fixed set of images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.datasets import Split
from trainer.metrics.collapse import kl_per_dim
from trainer.metrics.evaluate import bound_terms, classifier_error, seeded
from trainer.models.torch_engine import SemiSupervisedVae, Vae
from trainer.training.checkpoint import Row
from trainer.training.inputs import HELD_OUT
from trainer.training.schedules import Setting

HISTORY_IMAGES = 10_000  # of each split


def history_row(
    model: Vae, epoch: int, train: Split, chosen: NDArray[np.int64], test: Split, setting: Setting, validation: Split | None = None
) -> Row:
    """chosen: the training images that are measured; of the other splits the first `HISTORY_IMAGES` are; setting: in force then.

    validation: where a training may be stopped by it.
    """
    config = model.config
    row: Row = {"epoch": epoch}
    kl = np.zeros(config.latent_dim)
    few = slice(HISTORY_IMAGES)
    parts = {"train": (train.images[chosen], None if train.labels is None else train.labels[chosen])}
    held_out = {"test": test} if validation is None else {"validation": validation, "test": test}
    parts |= {name: (split.images[few], None if split.labels is None else split.labels[few]) for name, split in held_out.items()}
    for split, (images, labels) in parts.items():
        nll, mu, logvar = bound_terms(model, images, config.binarise, seeded(config.seed, HELD_OUT), labels)
        reconstruction = float(nll.mean())
        if config.is_deterministic:
            row[f"{split}_reconstruction"] = reconstruction
            continue
        kl = kl_per_dim(mu, logvar)
        row |= {
            f"{split}_elbo": -(reconstruction + float(kl.sum())),
            f"{split}_reconstruction": reconstruction,
            f"{split}_kl": float(kl.sum()),
        }
    if isinstance(model, SemiSupervisedVae) and test.labels is not None and (test.labels[few] >= 0).any():
        row["test_error"] = classifier_error(model, test.images[few], test.labels[few])
    row |= {"beta": setting.beta, "learning_rate": setting.learning_rate}
    return row if config.is_deterministic else row | {f"kl_{k + 1}": float(value) for k, value in enumerate(kl)}


def n_measured(chosen: NDArray[np.int64], test: Split, validation: Split | None) -> int:
    """How many images such a row measures."""
    return len(chosen) + sum(min(len(split.index), HISTORY_IMAGES) for split in (test, validation) if split is not None)

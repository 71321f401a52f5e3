"""What does the clinic measure of a model? Once a run, on held-out images; `trainer.clinic` says what it means."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.clinic import Examination
from trainer.collapse import BATCH, decoder_sensitivity, intervention_losses
from trainer.datasets import Dataset
from trainer.errors import ConfigError, RunError
from trainer.evaluate import EVALUATION_SEED, as_labels, encode_all, seeded, to_unit
from trainer.information import information_split
from trainer.networks import Vae
from trainer.runs import Run, RunWriter

MOST_IMAGES = 4000  # enough for shares of a per cent, and seconds on an old machine
SENSITIVITY_IMAGES = 500


def examine(model: Vae, dataset: Dataset, split: str = "test") -> Examination:
    """Measures a model on (at most 4000) held-out images. Raises `ConfigError` for a deterministic model, whose codes are points."""
    if model.is_deterministic:
        raise ConfigError("model", model.config.model, "a model with a posterior: a point has no KL that could collapse")
    part = dataset.subset(split)
    pick = np.sort(np.random.default_rng(EVALUATION_SEED).permutation(len(part.index))[:MOST_IMAGES])
    x = to_unit(torch.from_numpy(part.images[pick]), model.config.binarise, seeded(EVALUATION_SEED, len(pick)))
    labels = part.labels[pick] if model.is_conditional and part.labels is not None else None
    y = as_labels(labels, x.device)
    mu, logvar = encode_all(model, x, labels)
    parts = information_split(mu, logvar, np.random.default_rng(EVALUATION_SEED))
    losses = intervention_losses(model, x, seeded(EVALUATION_SEED, 1), y)
    few = slice(0, SENSITIVITY_IMAGES)
    slopes = decoder_sensitivity(model, torch.from_numpy(mu[few]), None if y is None else y[few])
    with torch.no_grad():
        codes = torch.from_numpy(mu + np.exp(logvar / 2) * np.random.default_rng(1).standard_normal(mu.shape)).float()
        everything = _nll(model, codes.roll(1, 0), x, y) - _nll(model, codes, x, y)
        squares = _squared_error(model, codes, x, y)
    has_sigma = model.config.has_scale and model.config.scale != "per-pixel"
    return Examination(
        n=len(pick), mean_kl=parts.mean_kl, information=parts.mutual_information, information_error=parts.mutual_information_error,
        marginal_kl=parts.marginal_kl, total_correlation=parts.total_correlation,
        dimension_wise_kl=_rounded(parts.dimension_wise_kl), baseline=losses.baseline, shuffled=_rounded(losses.shuffled),
        zeroed=_rounded(losses.zeroed), all_shuffled=everything, sensitivity=_rounded(slopes), residual=squares,
        sigma=float(model.log_sigma.detach().exp()) if has_sigma else None,
    )  # fmt: skip


def refresh_examination(run: Run, dataset: Dataset) -> Examination:
    """Examines a finished run and writes what was found into its run.json, unless it is a shipped one.

    Raises `RunError` for another data set.
    """
    if dataset.sha256 != run.info.dataset.sha256:
        raise RunError(
            f"data set {dataset.name!r} is not the one that run {run.id!r} was trained on: restore it or train the run anew."
        )
    found = examine(run.model, dataset)
    if not (writer := RunWriter(run.folder)).is_kept:
        writer.write_info(run.info.model_copy(update={"examination": found}))
    return found


def _nll(model: Vae, z: Tensor, x: Tensor, y: Tensor | None) -> float:
    """Mean −log p(x|z), a batch at a time."""
    total = 0.0
    for start in range(0, len(z), BATCH):
        part = slice(start, start + BATCH)
        total += float(model.nll(model.output(z[part], None if y is None else y[part]), x[part]).double().sum())
    return total / len(z)


def _squared_error(model: Vae, z: Tensor, x: Tensor, y: Tensor | None) -> float:
    """Mean squared error of a pixel."""
    total = 0.0
    for start in range(0, len(z), BATCH):
        part = slice(start, start + BATCH)
        x_hat = model.mean(model.output(z[part], None if y is None else y[part]))
        total += float((x_hat - x[part]).double().square().sum())
    return total / x.numel()


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)

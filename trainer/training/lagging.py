"""Does the encoder lag behind the decoder? Inference that trains it ahead, for as long as that brings information (He et al. 2019)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.config import FitConfig
from trainer.metrics.evaluate import encode_all, seeded
from trainer.metrics.information import information_split
from trainer.models.torch_engine import Vae
from trainer.training.inputs import LAGGING

LAGGING_ROUND = 10  # inner steps of which the mean loss must fall for the encoder to go on (section 4.2)
INFORMATION_IMAGES = 2000


def train_ahead(
    config: FitConfig,
    n_images: int,
    step: int,
    loss_of: Callable[[Tensor, torch.Generator], Tensor],
    mean_of_team: Callable[[Tensor], Tensor],
) -> None:
    """Encoder steps on random batches while the mean loss of ten still falls (algorithm 1).

    The loop's own step, which follows, then moves the decoder; here it moves both, and once information peaks this ends. loss_of: takes one
    encoder step on the images at these places, and gives its loss.
    """
    generator = seeded(config.seed, LAGGING, step)
    before, losses = float("inf"), torch.zeros(LAGGING_ROUND)
    for i in range(config.lagging_steps):
        places = torch.randint(n_images, (config.batch_size,), generator=generator)
        losses[i % LAGGING_ROUND] = loss_of(places, generator)
        if i % LAGGING_ROUND == LAGGING_ROUND - 1:
            now = float(mean_of_team(losses.mean()))
            if not now < before:
                break
            before = now


def information_of(model: Vae, images: NDArray[np.uint8], labels: NDArray[np.int64] | None, seed: int) -> float:
    """Nats that the codes of these images tell of them; once it falls, the encoder no longer lags."""
    mu, logvar = encode_all(model, images, labels)
    return information_split(mu, logvar, np.random.default_rng((seed, LAGGING))).mutual_information


def forget_gradients_outside(model: nn.Module, part: str) -> None:
    """The optimiser leaves parameters without a gradient as they are."""
    for name, parameter in model.named_parameters():
        if not name.startswith(f"{part}."):
            parameter.grad = None

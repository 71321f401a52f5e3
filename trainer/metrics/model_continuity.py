"""What are continuity and completeness of a model in torch, before its run is whole? Letters: N images, K latent dimensions."""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.metrics.continuity import Floats, Rows
from trainer.metrics.cost import Budget, pieces, seconds_a_decode
from trainer.metrics.evaluate import as_labels, device_of_model
from trainer.metrics.run_continuity import LEAST_CODES, STEP, figures, measured, sizes_for
from trainer.models.picture_classifier import PictureClassifier
from trainer.models.torch_engine import Vae
from trainer.runs.continuity_figures import ContinuityFigures


def model_figures(
    model: Vae,
    mu: Floats,
    labels: NDArray[np.int64] | None,
    told: NDArray[np.int64] | None,
    classifier: PictureClassifier | None,
    budget: Budget | None = None,
) -> ContinuityFigures | None:
    """Of codes mu (N, K) of images with classes labels (N,); told (N,): the classes that a conditional model is told. None below 4 codes.

    budget: about how long it may take; a slow decoder gets fewer pairs and draws, and larger standard errors.
    """
    if len(mu) < LEAST_CODES:
        return None
    device = device_of_model(model)
    classes = np.zeros(len(mu), np.int64) if told is None and model.is_conditional else told

    @torch.no_grad()
    def decode(z: Floats, rows: Rows) -> Floats:
        pictures = []
        for part in pieces(model, len(z)):
            y = None if classes is None else as_labels(classes[rows[part]], device)
            pictures.append(model.mean(model.output(torch.from_numpy(z[part]).to(device), y)).cpu().numpy())
        return np.concatenate(pictures)

    sizes = sizes_for(model.config.network, prod(model.image_shape))
    if budget is not None:
        sizes = sizes.affordable(seconds_a_decode(model, torch.tensor(mu), as_labels(classes, device)), budget.seconds)
    no_class = np.full(len(mu), -1)
    return figures(measured(decode, mu, no_class if labels is None else labels, classifier, sizes, [STEP]))

"""What are M2's two bounds, image by image? A part of `atlas evaluate RUN --parts bounds`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from trainer.datasets import Dataset, Split
from trainer.metrics.evaluate import EVALUATION_SEED, seeded, to_unit
from trainer.metrics.semi_supervised import class_bounds
from trainer.models.numpy_engine import Forward
from trainer.models.torch_engine import Vae

BOUND_IMAGES = 1000


def bounds_record(model: Vae, dataset: Dataset, part: Split) -> dict[str, Any]:
    """M2's two bounds, of the images that have a class."""
    assert part.labels is not None, "a semi-supervised model has classes"
    known = np.flatnonzero(part.labels >= 0)[:BOUND_IMAGES]
    weights = {name: array.cpu().numpy() for name, array in model.state_dict().items()}
    forward = Forward(model.config, model.image_shape, weights, model.n_classes)
    x = to_unit(torch.from_numpy(part.images[known]), model.config.binarise, seeded(EVALUATION_SEED, len(part.index)))
    found = class_bounds(forward, x.numpy(), part.labels[known], np.random.default_rng(EVALUATION_SEED))
    return {
        "labelled": found.labelled,
        "unlabelled": found.unlabelled,
        "difference": found.labelled - found.unlabelled,
        "class_nll": found.class_nll,
        "entropy": found.entropy,
        "class_gap": found.class_gap,
        "error": float(found.is_wrong.mean()),
        "label": found.label,
    }

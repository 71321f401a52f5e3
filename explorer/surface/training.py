"""Which images does a page get to learn from? A data set's training images, then its test images, as bytes: nothing else of it is sent."""

from __future__ import annotations

import numpy as np

from explorer.surface.payload import pack_arrays
from trainer.datasets import Dataset

MOST_TRAIN = 10_000
"""An epoch of so many takes a page half a second; more would only be waited for."""
MOST_TEST = 2000


def pack_training(dataset: Dataset) -> bytes:
    """Images and labels of a data set for `frontend/src/wire/training.ts`, of a large one the first of each part."""
    train, test = dataset.subset("train"), dataset.subset("test")
    parts = (train.images[:MOST_TRAIN], test.images[:MOST_TEST])
    labels = [
        np.full(len(images), -1) if part.labels is None else part.labels[: len(images)]
        for part, images in zip((train, test), parts, strict=True)
    ]
    header = {
        "dataset": dataset.name,
        "licence": dataset.licence,
        "image_shape": list(dataset.images.shape[1:]),
        "class_names": list(dataset.class_names),
        "n_train": len(parts[0]),
    }
    return pack_arrays(header, {"images": np.concatenate(parts), "labels": np.concatenate(labels).astype(np.int16)})

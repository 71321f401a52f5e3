"""Which images does a page get to learn from? Some to learn from, then some that are held back, as bytes: nothing else is sent of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.surface.payload import pack_arrays, with_length
from explorer.surface.training_schema import AppTraining, ImageOffer, TrainingBegin
from trainer.datasets import Dataset

MOST_TRAIN = 10_000
"""An epoch of so many takes a page half a second; more would only be waited for."""
MOST_TEST = 2000
MOST_BYTES = 32_000_000
"""Of all images."""
HELD_BACK = 5
"""Of images that are not divided every so many-th is held back."""


def most_images(n_bytes: int) -> int:
    """So many images of so many bytes each does a page get at most."""
    return int((MOST_TRAIN + MOST_TEST) * _share(n_bytes))


def pack_training(dataset: Dataset, called: str = "") -> bytes:
    """Images and labels of a data set for `frontend/src/wire/training.ts`, of a large one the first of each part.

    called: the name by which the page knows it, where that is another one.
    """
    train, test = dataset.subset("train"), dataset.subset("test")
    share = _share(dataset.images[0].size)
    parts = (train.images[: int(MOST_TRAIN * share)], test.images[: int(MOST_TEST * share)])
    labels = [
        np.full(len(images), -1) if part.labels is None else part.labels[: len(images)]
        for part, images in zip((train, test), parts, strict=True)
    ]
    return _pack(called or dataset.name, dataset.licence, dataset.class_names, parts, labels)


def pack_kept_images(name: str, images: NDArray[np.uint8], labels: NDArray[np.int64], class_names: Sequence[str]) -> bytes:
    """Test images (N, C, H, W) that a run has kept, a fifth of them held back, where they are very many the first."""
    most = max(2 * HELD_BACK, min(MOST_TRAIN + MOST_TEST, MOST_BYTES // max(1, images[0].size)))
    images, labels = images[:most], labels[:most]
    is_test = np.arange(len(images)) % HELD_BACK == HELD_BACK - 1
    parts = (images[~is_test], images[is_test])
    return _pack(name, "", class_names, parts, [labels[~is_test], labels[is_test]])


def for_app(images: bytes, offers: Sequence[ImageOffer], keeps: bool, begin: TrainingBegin | None = None) -> bytes:
    """Those bytes with what the app tells the page besides."""
    return with_length(AppTraining(offers=list(offers), keeps=keeps, begin=begin)) + images


def _share(n_bytes: int) -> float:
    """Of the most images those that are not too many bytes."""
    return min(1.0, MOST_BYTES / (max(1, n_bytes) * (MOST_TRAIN + MOST_TEST)))


def _pack(
    name: str, licence: str, class_names: Sequence[str], parts: tuple[NDArray[np.uint8], ...], labels: Sequence[NDArray[np.int64]]
) -> bytes:
    header = {
        "dataset": name,
        "licence": licence,
        "image_shape": list(parts[0].shape[1:]),
        "class_names": list(class_names),
        "n_train": len(parts[0]),
    }
    return pack_arrays(header, {"images": np.concatenate(parts), "labels": np.concatenate(labels).astype(np.int16)})

"""What does a model make of many pictures at once? One row each: prepared, decoded, its figures, or the sentence why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.pictures import trust
from explorer.pictures.arrays import Picture, to_picture
from explorer.pictures.batch import Item
from explorer.pictures.likeness import SURE, Likeness, classified, voted
from explorer.pictures.neighbours import nearest
from explorer.pictures.opening import open_upload
from explorer.pictures.preprocess import prepare
from explorer.pictures.protocols import Ground
from explorer.pictures.trust import ELBO, RECONSTRUCTION, Population
from explorer.text.test_images import class_name
from trainer.errors import ImageError
from trainer.models.numpy_engine import Floats, Forward
from trainer.models.picture_classifier import PictureClassifier

NO_CLASS = ""


@dataclass(frozen=True)
class Against:
    """What every picture is held against, of one run."""

    forward: Forward
    dataset: str
    class_names: Sequence[str]
    mu: Floats
    """Codes of the test split, (N, K)."""
    label: NDArray[np.int64]
    """Their classes, (N,); −1 for none."""
    population: Population
    ground: Ground | None = None
    """Of a folder's images."""
    classifier: PictureClassifier | None = None
    """Of pictures, where the run has one."""
    pictures: NDArray[np.uint8] | None = None
    """The test images, (N, C, H, W), where they are here."""


@dataclass(frozen=True)
class Row:
    """What a run makes of one picture."""

    name: str
    fed: Picture | None = None
    """The model input."""
    x_hat: Picture | None = None
    """The reconstruction."""
    reconstruction: float | None = None
    """The reconstruction loss, nats."""
    elbo: float | None = None
    """Nats; None for a deterministic model."""
    distance: float | None = None
    """To the nearest code of the test split, in latent units."""
    percentile: float | None = None
    """Of the anomaly score among the test images."""
    nearest: str = NO_CLASS
    """Class of the image with that code."""
    looks_like: str = NO_CLASS
    """Class of the model input, where one is more likely than not."""
    redrawn_as: str = NO_CLASS
    """Class of the reconstruction, where one is more likely than not."""
    problem: str = ""
    """A sentence; then there is nothing else."""


def row_of(item: Item, against: Against) -> Row:
    """The figures of one picture, or its problem: nothing is raised for what is wrong with a file."""
    if item.data is None:
        return Row(item.name, problem=item.refusal)
    try:
        image = open_upload(item.data, item.name)
        x = prepare(image, against.forward.image_shape, against.dataset, ground=against.ground).x
    except ImageError as error:
        return Row(item.name, problem=str(error) if item.name in str(error) else f"{item.name}: {error}")
    return _judged(item.name, x, against)


def _judged(name: str, x: Floats, against: Against) -> Row:
    forward = against.forward
    y = forward.label_of(x[None]) if forward.config.is_conditional else None
    codes = forward.encode(x[None], y)
    figures = trust.figures_of(forward, x[None], codes, against.mu, y)
    near = nearest(codes.mu[0], against.mu, 1)
    label = int(against.label[near.index[0]])
    bound = figures.bad.get(ELBO)
    x_hat = forward.decode(codes.mu, y)[0]
    looks_like, redrawn_as = _classes(x, x_hat, against)
    return Row(
        name,
        to_picture(x),
        to_picture(x_hat),
        float(figures.bad[RECONSTRUCTION][0]),
        None if bound is None else -float(bound[0]),
        float(near.distance[0]),
        float(trust.judge(figures, against.population).percentile[0]),
        class_name(label, against.class_names) or NO_CLASS,
        looks_like,
        redrawn_as,
    )


def _classes(x: Floats, x_hat: Floats, against: Against) -> tuple[str, str]:
    """What the picture and its reconstruction look like; nothing where no class is more likely than not."""
    if against.classifier is not None:
        alike: Likeness | None = classified(against.classifier, x, x_hat)
    else:
        alike = None if against.pictures is None else voted(x, x_hat, against.pictures, against.label)
    if alike is None:
        return NO_CLASS, NO_CLASS
    names = against.class_names
    looks = (alike.picture, alike.reconstruction)
    first, second = ((class_name(look.label, names) if look.share > SURE else None) or NO_CLASS for look in looks)
    return first, second


def most_unusual_first(rows: Sequence[Row]) -> list[Row]:
    """Those with figures, the most unusual first; among equals the one that is reconstructed worst."""
    return sorted((row for row in rows if not row.problem), key=lambda row: (-(row.percentile or 0), -(row.reconstruction or 0)))


def as_records(rows: Sequence[Row]) -> list[dict[str, str | float | None]]:
    """For a file: every picture, those with a problem last; numbers as they are, without rounding."""
    ordered = [*most_unusual_first(rows), *(replace(row, nearest="") for row in rows if row.problem)]
    return [
        {
            "name": row.name,
            "anomaly score, percentile": row.percentile,
            "ELBO, nats": row.elbo,
            "reconstruction loss, nats": row.reconstruction,
            "distance to the nearest code": row.distance,
            "class of the nearest test image": row.nearest,
            "class of the picture": row.looks_like,
            "class of its reconstruction": row.redrawn_as,
            "problem": row.problem,
        }
        for row in ordered
    ]

"""What does a model make of many pictures at once? One row each: prepared, decoded, its figures, or the sentence why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.core import trust
from explorer.core.batch import Item
from explorer.core.neighbours import nearest
from explorer.core.opening import open_upload
from explorer.core.pictures import Picture, to_picture
from explorer.core.preprocess import Ground, prepare
from explorer.core.trust import ELBO, RECONSTRUCTION, Population
from trainer.errors import ImageError
from trainer.forward import Floats, Forward

NO_CLASS = ""


@dataclass(frozen=True)
class Against:
    """What every picture is held against, of one run. mu (N, K), label (N,): of the test split, −1 for none."""

    forward: Forward
    dataset: str
    class_names: Sequence[str]
    mu: Floats
    label: NDArray[np.int64]
    population: Population
    ground: Ground | None = None


@dataclass(frozen=True)
class Row:
    """One picture. fed, x_hat: what the model was fed and what it made of it · reconstruction, elbo: nats; elbo None for a deterministic
    model · distance: to the nearest code of the test split · percentile: of test images that are less strange · nearest: class of the
    image with that code · problem: a sentence; then there is nothing else."""

    name: str
    fed: Picture | None = None
    x_hat: Picture | None = None
    reconstruction: float | None = None
    elbo: float | None = None
    distance: float | None = None
    percentile: float | None = None
    nearest: str = NO_CLASS
    problem: str = ""


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
    return Row(
        name, to_picture(x), to_picture(forward.decode(codes.mu, y)[0]), float(figures.bad[RECONSTRUCTION][0]),
        None if bound is None else -float(bound[0]), float(near.distance[0]),
        float(trust.judge(figures, against.population).percentile[0]),
        against.class_names[label] if 0 <= label < len(against.class_names) else NO_CLASS,
    )  # fmt: skip


def strangest_first(rows: Sequence[Row]) -> list[Row]:
    """Those with figures, the strangest first; among equals the one that is redrawn worst."""
    return sorted((row for row in rows if not row.problem), key=lambda row: (-(row.percentile or 0), -(row.reconstruction or 0)))


def as_records(rows: Sequence[Row]) -> list[dict[str, str | float | None]]:
    """For a file: every picture, those with a problem last; numbers as they are, without rounding."""
    ordered = [*strangest_first(rows), *(replace(row, nearest="") for row in rows if row.problem)]
    return [
        {
            "name": row.name, "stranger than % of test images": row.percentile, "ELBO, nats": row.elbo,
            "reconstruction error, nats": row.reconstruction, "distance to the nearest code": row.distance,
            "class of the nearest test image": row.nearest, "problem": row.problem,
        }
        for row in ordered
    ]  # fmt: skip

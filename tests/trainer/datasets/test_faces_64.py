"""Are the faces in colour those of `faces`, of the same factors and in the same places, and is each part painted with its own colour?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import availability, load_dataset
from trainer.datasets.built_in import faces
from trainer.datasets.built_in.faces import FACTOR_NAMES, GREY, HIGH, LOW, draw_factors, portraits, render
from trainer.datasets.built_in.faces_64 import COLOUR, SCALE, SIDE, load_faces_64

Floats = NDArray[np.float64]
ONE_GREY = replace(COLOUR, palette=GREY.palette)


def some(n: int = 40) -> NDArray[np.float32]:
    return draw_factors(n, np.random.default_rng(3))


def at_units(pictures: Floats, rows: int, columns: int, left: float) -> Floats:
    """(n, side, side) → (n, rows, columns): mean of what each unit of the plane shows, by areas of overlap."""

    def overlap(n: int, first: float) -> Floats:
        low, high = np.arange(SIDE) / SCALE - first, (np.arange(SIDE) + 1) / SCALE - first
        unit = np.arange(n)[:, None]
        return np.asarray(np.clip(np.minimum(unit + 1, high) - np.maximum(unit, low), 0, None))

    return np.asarray(np.einsum("ri,nij,cj->nrc", overlap(rows, 0), pictures, overlap(columns, -left)))


def test_painted_in_grey_and_seen_from_afar_they_are_the_small_ones() -> None:
    factors = some().astype(np.float64)
    large = portraits(factors, ONE_GREY)[:, 0].astype(np.float64)
    small = portraits(factors)[:, 0].astype(np.float64)
    difference = np.abs(at_units(large, faces.HEIGHT, faces.WIDTH, COLOUR.left) - small)
    assert difference.mean() < 0.012
    assert np.percentile(difference, 99) < 0.12


def test_the_head_is_in_the_middle_and_paper_at_its_sides() -> None:
    images = render(some(), COLOUR).astype(int)
    paper = np.floor(255 * np.array(COLOUR.palette.paper) + 0.5).astype(int)[:, None, None]
    assert (images[:, :, :40, :8] == paper).all()
    assert (images[:, :, :40, -8:] == paper).all()
    straight = np.array([[0, 0, 0.9, 0, 0, 0]], np.float32)
    is_head = (render(straight, COLOUR)[0].astype(int) != paper).any(axis=0)
    assert (is_head == is_head[:, ::-1]).mean() > 0.995


@pytest.mark.parametrize(
    ("part", "expression", "at"),
    [
        ("hair", 0.0, (9, 32)),
        ("iris", 0.0, (28, 25)),
        ("clothes", 0.0, (62, 20)),
        ("lips", 0.0, (42, 32)),
        ("white", 0.99, (43, 32)),
    ],
)
def test_each_part_has_its_colour(part: str, expression: float, at: tuple[int, int]) -> None:
    """Of a face that looks straight ahead; white are the teeth of a smile."""
    straight = np.array([[0, expression, 0.99, 0, 0, 0]], np.float64)
    colour = np.array(getattr(COLOUR.palette, part))
    assert portraits(straight, COLOUR)[0, :, at[0], at[1]] == pytest.approx(colour, abs=0.12)


def test_every_colour_is_between_black_and_white() -> None:
    rows = np.stack([LOW, HIGH])[np.random.default_rng(0).integers(0, 2, (60, 6)), np.arange(6)]
    drawn = portraits(rows, COLOUR)
    assert drawn.min() >= 0
    assert drawn.max() <= 1


@pytest.mark.parametrize("factor", range(6), ids=FACTOR_NAMES)
def test_every_factor_is_visible(factor: int) -> None:
    """A tenth of each range changes some pixel by 6 levels, from wherever it starts; skin, which changes hundreds, by one."""
    before = some().astype(np.float64)
    after = before.copy()
    after[:, factor] += 0.1 * (HIGH - LOW)[factor]
    found = 255 * np.abs(portraits(after, COLOUR) - portraits(before, COLOUR)).max(axis=(1, 2, 3))
    assert found.min() >= (1 if FACTOR_NAMES[factor] == "skin" else 6)


def test_no_two_factors_draw_the_same_change() -> None:
    before = some().astype(np.float64)
    changes = []
    for factor in range(6):
        after = before.copy()
        after[:, factor] += 0.05 * (HIGH - LOW)[factor]
        changes.append((portraits(after, COLOUR) - portraits(before, COLOUR)).reshape(len(before), -1).astype(np.float64))
    unit = np.stack(changes, axis=1)
    unit /= np.linalg.norm(unit, axis=2, keepdims=True)
    cosines = np.abs(unit @ unit.transpose(0, 2, 1)) - np.eye(6)
    assert cosines.max() < 0.95
    assert cosines.mean(axis=0).max() < 0.6


def test_the_data_set_has_the_factors_and_classes_of_the_small_one() -> None:
    large, small = load_faces_64.__wrapped__(seed=2, n=80), faces.load_faces.__wrapped__(seed=2, n=80)
    assert large.factors is not None
    assert small.factors is not None
    assert (large.factors == small.factors).all()
    assert large.factor_names == small.factor_names
    assert large.labels is not None
    assert (large.labels == small.labels).all()
    assert large.class_names == small.class_names
    assert large.images.dtype == np.uint8
    assert load_faces_64.__wrapped__(seed=2, n=80).sha256 == large.sha256
    assert load_faces_64.__wrapped__(seed=3, n=80).sha256 != large.sha256


def test_the_bytes_are_the_same_on_every_machine() -> None:
    """A run remembers this checksum. Where this fails, drawing has changed: runs must be trained anew."""
    dataset = load_dataset("faces-64")
    assert dataset.sha256 == "126f63fff1c4070f17d4f6804b2464c5638f93a845147d9baf51ee34ff6c939e"
    assert dataset.image_shape == (3, 64, 64)
    assert dataset.n == availability("faces-64").n_images == 10_000
    assert {name: len(index) for name, index in dataset.splits.items()} == {"train": 7500, "validation": 1000, "test": 1500}
    assert dataset.factors is not None
    for i in (0, 38, 39, 9_999):  # drawn alone or in a chunk with others, a picture is the same
        assert (render(dataset.factors[i : i + 1], COLOUR)[0] == dataset.images[i]).all()

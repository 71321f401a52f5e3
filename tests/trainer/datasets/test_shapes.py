"""Are the shapes what their six numbers say, and always the same bytes?"""

from __future__ import annotations

import colorsys
import math
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import load_dataset
from trainer.datasets.built_in.shapes import (
    ASPECT,
    BACKGROUND,
    CLASS_NAMES,
    FACTOR_NAMES,
    HIGH,
    LOW,
    SATURATION,
    SIZE,
    VALUE,
    coverage,
    hue_to_rgb,
    load_shapes,
    render,
)

SHAPES = range(len(CLASS_NAMES))


def one(shape: int, scale: float = 8, rotation: float = 0, x: float = 0, y: float = 0, hue: float = 0) -> NDArray[np.float32]:
    return np.array([[shape, scale, rotation, x, y, hue]], dtype=np.float32)


def ink(factors: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(coverage(factors.astype(np.float64))[0])


@cache
def heart_middle() -> float:
    """The height at which the tip and the far side of a disc are equally far, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        t = (low + high) / 2
        is_below = t + math.sqrt(2) < 1 + math.hypot(math.sqrt(0.5), math.sqrt(0.5) - t)
        low, high = (t, high) if is_below else (low, t)
    return low


def inside(shape: int, scale: float, rotation: float, x: float, y: float, px: float, py: float) -> bool:
    """The shape by other words: polygons and discs in plain Python, at one point of the picture."""
    angle = math.radians(rotation)
    dx, dy = px - SIZE / 2 - x, -(py - SIZE / 2 - y)
    u, v = dx * math.cos(-angle) - dy * math.sin(-angle), dx * math.sin(-angle) + dy * math.cos(-angle)
    if shape == 0:
        return math.hypot(u, v / ASPECT) <= scale
    if shape == 1:
        return max(abs(u), abs(v)) <= scale / math.sqrt(2)
    # heart: with r = 1 its tip is at (0, −√2), its discs at (±√½, √½)
    t = heart_middle()
    r = scale / (t + math.sqrt(2))
    u, v = u / r, v / r + t
    is_in_disc = any(math.hypot(u - side * math.sqrt(0.5), v - math.sqrt(0.5)) <= 1 for side in (-1, 1))
    return is_in_disc or abs(u) + abs(v) <= math.sqrt(2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("scale", "rotation", "x", "y"), [(8, 0, 0, 0), (5, 30, 3.3, -5.1), (8.9, -44, -6, 6)])
def test_coverage_is_the_share_of_each_pixel_inside(shape: int, scale: float, rotation: float, x: float, y: float) -> None:
    """Brute force: 12 × 12 points in each pixel. The ramp is exact along an axis and errs by < 0.25 at tips."""
    points = (np.arange(SIZE * 12) + 0.5) / 12
    hits = np.array([[inside(shape, scale, rotation, x, y, px, py) for px in points] for py in points])
    share = hits.reshape(SIZE, 12, SIZE, 12).mean(axis=(1, 3))
    drawn = ink(one(shape, scale, rotation, x, y))
    assert np.abs(drawn - share).max() < 0.25
    assert np.abs(drawn - share).mean() < 0.005
    assert drawn.sum() == pytest.approx(share.sum(), rel=0.01)


@pytest.mark.parametrize("shape", SHAPES)
def test_scale_is_the_radius_of_the_circle_around_the_shape(shape: int) -> None:
    """A circle of that radius holds the shape and cannot be smaller: the outermost ink lies within a pixel of it."""
    for scale in (5.0, 7.0, 9.0):
        drawn = ink(one(shape, scale, rotation=45))
        pixel = np.arange(SIZE) + 0.5 - SIZE / 2
        distance = np.hypot(*np.meshgrid(pixel, pixel))
        reach = distance[drawn > 0].max()
        assert scale - 1 < reach < scale + 1


def test_no_shape_touches_the_border_of_the_picture() -> None:
    for shape in SHAPES:
        for rotation in (-45, -20, 0, 10, 44):
            for x, y in ((-6, -6), (6, 6), (6, -6)):
                drawn = ink(one(shape, 9, rotation, x, y))
                assert drawn[[0, -1]].max() == 0
                assert drawn[:, [0, -1]].max() == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_every_factor_is_visible(shape: int) -> None:
    """A tenth of each range changes some pixel by 20 grey levels, from wherever it starts and for every shape."""
    middle = (LOW + HIGH) / 2
    for factor in range(1, len(FACTOR_NAMES)):
        for start in np.linspace(0, 0.89, 7):
            a = middle.copy()
            a[0] = shape
            a[factor] = LOW[factor] + start * (HIGH - LOW)[factor]
            b = a.copy()
            b[factor] += 0.1 * (HIGH - LOW)[factor]
            pictures = render(np.stack([a, b]).astype(np.float32)).astype(int)
            assert np.abs(pictures[0] - pictures[1]).max() >= 20, (FACTOR_NAMES[factor], start)


def test_x_moves_right_and_y_moves_down_and_rotation_turns_counter_clockwise() -> None:
    drawn = ink(one(1, x=4, y=-3))
    rows, columns = np.indices(drawn.shape) + 0.5
    assert (drawn * columns).sum() / drawn.sum() == pytest.approx(16 + 4, abs=1e-6)
    assert (drawn * rows).sum() / drawn.sum() == pytest.approx(16 - 3, abs=1e-6)
    ellipse = ink(one(0, 9, rotation=30))
    assert ellipse[16 - 4, 16 + 6] == 1  # right and up: the long axis has turned counter-clockwise
    assert ellipse[16 + 3, 16 + 6] == 0
    heart = ink(one(2, 9))
    assert heart[:16].sum() > heart[16:].sum()  # the two lobes are above, the tip below
    assert (heart == heart[:, ::-1]).all()


def test_hue_is_that_of_the_colour_circle() -> None:
    for hue in (0.0, 15.0, 60.0, 119.0, 180.0, 240.0, 299.0):
        expected = [VALUE * v for v in colorsys.hsv_to_rgb(hue / 360, SATURATION, 1.0)]
        assert hue_to_rgb(np.array([hue]))[0] == pytest.approx(expected, abs=1e-9)


def test_inside_is_the_colour_and_outside_the_background() -> None:
    picture = render(one(1, hue=120))[0]
    red, green, blue = picture[:, 16, 16]
    assert (red, green, blue) == (round(VALUE * (1 - SATURATION)), VALUE, round(VALUE * (1 - SATURATION)))
    assert (picture[:, 0, 0] == BACKGROUND).all()


def test_factors_are_uniform_and_independent() -> None:
    dataset = load_dataset("shapes")
    assert dataset.n == 12_000
    assert dataset.image_shape == (3, 32, 32)
    factors = dataset.factors
    assert factors is not None
    unit = (factors - LOW) / (HIGH - LOW)
    assert unit.min() >= 0
    assert unit.max() < 1
    n = len(unit)
    for k in range(1, 6):  # Kolmogorov-Smirnov, probability 0.001 a factor
        assert np.abs(np.sort(unit[:, k]) - (np.arange(n) + 0.5) / n).max() < 1.95 / n**0.5
    counts = np.bincount(factors[:, 0].astype(int))
    assert np.abs(counts - n / 3).max() < 4 * (n * 2 / 9) ** 0.5
    correlation = np.corrcoef(unit.T) - np.eye(6)
    assert np.abs(correlation).max() < 4 / n**0.5
    assert dataset.labels is not None
    assert (dataset.labels == factors[:, 0]).all()


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    again = load_shapes.__wrapped__(seed=3, n=60)
    assert load_shapes.__wrapped__(seed=3, n=60).sha256 == again.sha256
    assert load_shapes.__wrapped__(seed=4, n=60).sha256 != again.sha256
    assert {name: len(index) for name, index in again.splits.items()} == {"train": 45, "validation": 5, "test": 10}


def test_the_bytes_are_those_that_pretrained_runs_were_trained_on() -> None:
    """A run remembers this checksum. Where this fails, drawing has changed: the runs in assets must be trained anew."""
    assert load_dataset("shapes").sha256 == "e7f2cb77505837e2d7db2a0b44b7e5e0fac7466ceb4c0b5493bf6902342a0c4d"


def test_each_picture_depends_on_its_own_factors_only() -> None:
    """Drawn alone or in a chunk with others, a picture is the same; the last chunk may be short."""
    dataset = load_dataset("shapes")
    assert dataset.factors is not None
    for i in (0, 499, 500, 11_999):
        assert (render(dataset.factors[i : i + 1])[0] == dataset.images[i]).all()

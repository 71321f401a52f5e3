"""Are the doodles drawn where their strokes are, does each number change what it says, and can each kind be told from the others?"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import availability, load_dataset
from trainer.datasets.built_in import sketches
from trainer.datasets.built_in.sketches import (
    CLASS_NAMES,
    FACTOR_NAMES,
    HIGH,
    LOW,
    SIDE,
    draw_factors,
    drawn,
    inked,
    load_sketches,
    meant,
    render,
)

Floats = NDArray[np.float64]
N_KINDS = len(CLASS_NAMES)
KINDS = pytest.mark.parametrize("kind", range(N_KINDS), ids=CLASS_NAMES)


def some(n: int = 240) -> NDArray[np.float32]:
    return draw_factors(n, np.random.default_rng(3))


def of_kind(kind: int, n: int = 40) -> Floats:
    factors = some(n).astype(np.float64)
    factors[:, 0] = kind
    return factors


def extremes(kind: int) -> Floats:
    hands = 2 * math.pi * np.arange(8) / 8
    sides = [hands if name == "hand" else np.array([LOW[k], HIGH[k]]) for k, name in enumerate(FACTOR_NAMES)][1:]
    return np.array([[kind, *rest] for rest in product(*sides)], dtype=np.float64)


# --- the strokes


@KINDS
def test_strokes_are_as_large_as_the_size_says(kind: int) -> None:
    """None reaches farther than 1.2 times the size, and the farthest of a kind at least 0.9 times; the middle is that of the box."""
    points = np.concatenate(meant()[kind])
    assert 0.9 <= np.hypot(*points.T).max() <= 1.2
    assert np.abs((points.max(axis=0) + points.min(axis=0)) / 2).max() < 0.2


@KINDS
def test_no_piece_is_longer_than_a_step(kind: int) -> None:
    for stroke in meant()[kind]:
        assert np.hypot(*np.diff(stroke, axis=0).T).max() <= sketches.STEP + 1e-9


def test_a_drawing_is_what_is_meant_turned_stretched_and_swayed() -> None:
    """By other words: complex numbers for points, and every stroke for itself."""
    for kind in range(N_KINDS):
        one = of_kind(kind, 1)
        _, size, tilt, stretch, wobble, hand, _ = one[0]
        way = 0.0
        for stroke, found in zip(meant()[kind], drawn(kind, one), strict=True):
            along = way + np.array([np.hypot(*np.diff(stroke[: k + 1], axis=0).T).sum() for k in range(len(stroke))])
            way = along[-1] + sketches.LIFT
            across = size * math.sqrt(stretch) * stroke[:, 0] + wobble * np.sin(3.7 * along + hand)
            down = size / math.sqrt(stretch) * stroke[:, 1] + wobble * np.sin(2.9 * along + 2 + hand)
            turned = (across + 1j * down) * np.exp(1j * math.radians(tilt)) + SIDE / 2 * (1 + 1j)
            assert found[0, :, 0] + 1j * found[0, :, 1] == pytest.approx(turned, abs=1e-4)


def test_a_hand_that_does_not_sway_closes_what_it_means_to_close() -> None:
    still = np.array([[0, 9, 0, 1, 0, 0, 1.5]], np.float64)
    circle = drawn(0, still)[0][0] - SIDE / 2
    assert np.hypot(*circle.T) == pytest.approx(0.94 * 9, abs=1e-4)
    star = drawn(2, still)[0][0]
    assert star[0] == pytest.approx(star[-1], abs=1e-4)
    swaying = still + np.array([[0, 0, 0, 0, 0.7, 0, 0]])
    assert np.hypot(*(drawn(2, swaying)[0][0][[0, -1]] @ np.array([[1], [-1]]))) != pytest.approx(0, abs=0.1)


# --- the picture


def painted(kind: int, factors: Floats, points: int = 10) -> Floats:
    """Brute force: which of points² places in each pixel are nearer to some piece than half the pen's width."""
    at = (np.arange(SIDE * points) + 0.5) / points
    place = np.stack(np.meshgrid(at, at), axis=-1)
    is_inked = np.zeros(place.shape[:2], dtype=bool)
    for stroke in drawn(kind, factors[None]):
        for start, end in zip(stroke[0, :-1], stroke[0, 1:], strict=True):
            way = end - start
            share = np.clip(((place - start) @ way) / max(way @ way, 1e-12), 0, 1)
            is_inked |= np.hypot(*np.moveaxis(place - start - share[..., None] * way, -1, 0)) <= factors[6] / 2
    return np.asarray(is_inked.reshape(SIDE, points, SIDE, points).mean(axis=(1, 3)))


@KINDS
def test_each_pixel_is_the_share_of_it_that_is_inked(kind: int) -> None:
    for one in of_kind(kind, 4):
        found, exact = inked(kind, one[None])[0], painted(kind, one)
        assert np.abs(found - exact).max() < 0.45  # where lines cross or end in a pixel
        assert np.abs(found - exact).mean() < 0.012
        assert found.sum() == pytest.approx(exact.sum(), rel=0.06)


@KINDS
def test_no_piece_is_cut_by_the_patch_it_is_drawn_in(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    factors = extremes(kind)[::3]
    expected = inked(kind, factors)
    monkeypatch.setattr(sketches, "PATCH", 13)
    monkeypatch.setattr(sketches, "EDGE", 14)
    assert (inked(kind, factors) == expected).all()


@KINDS
def test_the_drawing_lies_wholly_inside_the_picture(kind: int) -> None:
    ink = inked(kind, extremes(kind))
    edge = np.concatenate([ink[:, [0, -1]].reshape(len(ink), -1), ink[:, :, [0, -1]].reshape(len(ink), -1)], axis=1)
    assert edge.max() < 0.1
    assert ink.max(axis=(1, 2)).min() > 0.85


def changed(factors: NDArray[np.float32], factor: int, share: float) -> NDArray[np.int_]:
    """What a share of a factor's range adds to pictures; of the kind, the next one."""
    after = factors.copy()
    if factor == 0:
        after[:, 0] = (after[:, 0] + 1) % N_KINDS
    else:
        after[:, factor] += share * (HIGH - LOW)[factor]
    difference = render(after).astype(int) - render(factors).astype(int)
    return np.asarray(difference.reshape(len(factors), -1))


@pytest.mark.parametrize("factor", range(len(FACTOR_NAMES)), ids=FACTOR_NAMES)
def test_every_factor_is_visible_in_every_drawing(factor: int) -> None:
    """A tenth of each range changes some pixel by 10 grey levels, from wherever it starts; another kind changes it by more than half."""
    found = np.abs(changed(some(600), factor, 0.1)).max(axis=1)
    assert found.min() >= (128 if factor == 0 else 10)


def test_each_factor_changes_what_it_says() -> None:
    factors = some()

    def spread(of: NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
        """Of the ink: its amount, and the standard deviations across and down."""
        ink = render(of)[:, 0].astype(np.float64)
        at = np.arange(SIDE) + 0.5
        amount = ink.sum(axis=(1, 2))
        deviations = []
        for axis in (1, 2):
            share = ink.sum(axis=axis) / amount[:, None]
            mean = (share * at).sum(axis=1)
            deviations.append(np.sqrt((share * (at - mean[:, None]) ** 2).sum(axis=1)))
        return amount, deviations[0], deviations[1]

    def after(name: str, value: float) -> tuple[Floats, Floats, Floats]:
        other = factors.copy()
        other[:, FACTOR_NAMES.index(name)] = value
        return spread(other)

    thin, thick = after("pen", 1), after("pen", 2)
    assert ((thick[0] / thin[0] > 1.4) & (thick[0] / thin[0] < 2.1)).all()
    small, large = after("size", 7.2), after("size", 9.6)
    assert np.median(large[1] / small[1]) == pytest.approx(9.6 / 7.2, rel=0.05)
    assert np.median(large[2] / small[2]) == pytest.approx(9.6 / 7.2, rel=0.05)
    factors[:, FACTOR_NAMES.index("tilt")] = 0
    slim, broad = after("stretch", 0.75), after("stretch", 1.3)
    assert np.median((broad[1] / broad[2]) / (slim[1] / slim[2])) == pytest.approx(1.3 / 0.75, rel=0.08)


def test_no_two_factors_draw_the_same_change() -> None:
    start = some()
    changes = np.stack([changed(start, k, 0.05).astype(float) for k in range(len(FACTOR_NAMES))], axis=1)
    unit = changes / np.linalg.norm(changes, axis=2, keepdims=True)
    cosines = np.abs(unit @ unit.transpose(0, 2, 1)) - np.eye(len(FACTOR_NAMES))
    assert cosines.max() < 0.95
    assert cosines.mean(axis=0).max() < 0.6


def test_kinds_can_be_told_apart_by_their_nearest_neighbours() -> None:
    """Euclidean distance of pixels alone: what is told right by it can be learned."""
    dataset = load_sketches.__wrapped__(seed=1, n=3000)
    assert dataset.labels is not None
    x = dataset.images.reshape(len(dataset.images), -1).astype(np.float32)
    known, asked = x[:2400], x[2400:]
    distance = (known**2).sum(axis=1) - 2 * asked @ known.T
    assert (dataset.labels[:2400][distance.argmin(axis=1)] == dataset.labels[2400:]).mean() > 0.95


# --- the data set


def test_factors_are_uniform_and_independent() -> None:
    dataset = load_dataset("sketches")
    factors = dataset.factors
    assert factors is not None
    assert dataset.image_shape == (1, SIDE, SIDE)
    assert dataset.n == availability("sketches").n_images == 12_000
    assert {name: len(index) for name, index in dataset.splits.items()} == {"train": 9000, "validation": 1000, "test": 2000}
    n = dataset.n
    unit = (factors.astype(np.float64) - LOW) / (HIGH - LOW)
    assert unit.min() > -1e-6
    assert (factors < HIGH).all()
    for k in range(1, len(FACTOR_NAMES)):  # Kolmogorov-Smirnov, probability 0.001 a factor
        assert np.abs(np.sort(unit[:, k]) - (np.arange(n) + 0.5) / n).max() < 1.95 / n**0.5
    assert np.abs(np.corrcoef(unit.T) - np.eye(len(FACTOR_NAMES))).max() < 4 / n**0.5
    assert dataset.labels is not None
    assert (dataset.labels == factors[:, 0]).all()
    share = 1 / N_KINDS
    assert np.abs(np.bincount(dataset.labels) - n * share).max() < 4 * (n * share * (1 - share)) ** 0.5


def test_the_ends_of_the_ranges_are_outside() -> None:
    class Ends:
        def random(self, shape: tuple[int, int]) -> Floats:
            return np.array([[0.0] * shape[1], [1 - 2**-53] * shape[1]])

    factors = draw_factors(2, Ends()).astype(np.float64)  # type: ignore[arg-type]
    assert factors[0] == pytest.approx(LOW, rel=1e-7)
    assert (factors[1] < HIGH).all()
    assert factors[1, 0] == N_KINDS - 1


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    again = load_sketches.__wrapped__(seed=3, n=60)
    assert load_sketches.__wrapped__(seed=3, n=60).sha256 == again.sha256
    assert load_sketches.__wrapped__(seed=4, n=60).sha256 != again.sha256
    assert {name: len(index) for name, index in again.splits.items()} == {"train": 45, "validation": 5, "test": 10}


@pytest.mark.parametrize("function", ["sin", "cos"])
def test_rounding_hides_the_last_bits_of_sin_and_cos(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine's may be off by a few units in the last place: the pictures stay the same."""
    expected = load_sketches.__wrapped__(seed=0, n=400)
    exact, exact_of_one = getattr(np, function), getattr(math, function)
    monkeypatch.setattr(f"numpy.{function}", lambda x: exact(x) * (1 + 4 * np.finfo(float).eps))
    monkeypatch.setattr(f"math.{function}", lambda x: exact_of_one(x) * (1 + 4 * np.finfo(float).eps))
    meant.cache_clear()
    try:
        assert load_sketches.__wrapped__(seed=0, n=400).sha256 == expected.sha256
    finally:
        meant.cache_clear()


def test_each_picture_depends_on_its_own_factors_only() -> None:
    """Drawn alone or in a chunk with others, a picture is the same."""
    dataset = load_dataset("sketches")
    assert dataset.factors is not None
    for i in (0, 999, 6000, 11_999):
        assert (render(dataset.factors[i : i + 1])[0] == dataset.images[i]).all()


def test_the_bytes_are_the_same_on_every_machine() -> None:
    """A run remembers this checksum. Where this fails, drawing has changed: runs must be trained anew."""
    assert load_dataset("sketches").sha256 == "354a90fd43ff6232c601a2d9f2cf6f00b2f6155c525dfaac5598b128d9f9143a"

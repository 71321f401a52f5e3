"""Do the faces turn as a ball does, smile where they are said to, and does each number change what it says?"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import availability, load_dataset
from trainer.datasets.built_in import faces
from trainer.datasets.built_in.faces import (
    ACROSS,
    FACTOR_NAMES,
    GREY,
    HEIGHT,
    HIGH,
    LIGHT,
    LOW,
    MIDDLE,
    MOUTH,
    MOUTH_WIDTH,
    SKIN,
    SKIN_STEP,
    WIDTH,
    draw_factors,
    load_faces,
    render,
)

Floats = NDArray[np.float64]
MOUTH_AT, EYES_AT = slice(27, 36), slice(17, 26)


def portraits(factors: Floats) -> NDArray[np.float32]:
    """(n, 6) → (n, 48, 40)."""
    return faces.portraits(factors)[:, 0]


def face(**given: float) -> NDArray[np.float32]:
    """One with a straight look, apart from what is given."""
    straight = {"yaw": 0, "expression": 0, "eyes": 0.9, "brows": 0, "hair": 0, "skin": 0}
    return np.array([[{**straight, **given}[name] for name in FACTOR_NAMES]], dtype=np.float32)


def picture(**given: float) -> NDArray[np.int_]:
    return np.asarray(render(face(**given))[0, 0].astype(int))


def middle(weight: NDArray[np.float64]) -> tuple[float, float]:
    """Column and row of the centre of mass, in pixels from the left and from the top."""
    rows, columns = np.indices(weight.shape) + 0.5
    return float((weight * columns).sum() / weight.sum()), float((weight * rows).sum() / weight.sum())


def some(n: int = 200) -> NDArray[np.float32]:
    return draw_factors(n, np.random.default_rng(3))


def extremes() -> NDArray[np.float32]:
    yaw_and_expression = product(np.linspace(LOW[0], HIGH[0], 9), np.linspace(LOW[1], HIGH[1], 7))
    return np.array(
        [[*two, *rest] for two in yaw_and_expression for rest in product(*np.stack([LOW[2:], HIGH[2:]], 1))], np.float32
    )


# --- the turning head


@pytest.mark.parametrize("yaw", [-20, -10, 0, 10, 20])
def test_the_mouth_is_where_a_ball_of_that_yaw_shows_it(yaw: float) -> None:
    """The teeth of a smile: their middle is the mean of sin(arc + yaw) over the arcs of a mouth."""
    teeth = np.clip(portraits(face(yaw=yaw, expression=0.99).astype(float))[0, MOUTH_AT].astype(float) - 0.85, 0, None)
    arcs = np.linspace(-0.6, 0.6, 401) * MOUTH_WIDTH / ACROSS
    weight = (1 - (arcs * ACROSS / MOUTH_WIDTH) ** 2) * np.cos(
        arcs + math.radians(yaw)
    )  # how far it is open, and how narrow that looks
    expected = MIDDLE + ACROSS * float((weight * np.sin(arcs + math.radians(yaw))).sum() / weight.sum())
    assert middle(teeth)[0] == pytest.approx(expected, abs=0.35)


def test_a_feature_is_as_much_smaller_as_the_ball_is_turned() -> None:
    """The white of both eyes: what an eye loses by being closed, summed over the picture, goes with the cosine of where it is."""
    found = []
    for yaw in (0, 15):
        wide, narrow = (portraits(face(yaw=yaw, eyes=opened).astype(float))[0, EYES_AT].astype(float) for opened in (1.0, 0.8))
        found.append(np.clip(wide - narrow, 0, None).sum())
    arcs = np.array([-1, 1]) * faces.EYE_ARC / ACROSS
    expected = np.cos(arcs + math.radians(15)).sum() / np.cos(arcs).sum()
    assert found[1] / found[0] == pytest.approx(expected, abs=0.06)


def test_a_turned_head_shows_hair_behind_and_its_nose_goes_farther_than_its_mouth() -> None:
    left, right = picture(yaw=-30), picture(yaw=30)
    is_hair = [np.abs(p - 255 * faces.HAIR) < 3 for p in (left, right)]
    assert middle(is_hair[0].astype(float))[0] > MIDDLE + 2
    assert middle(is_hair[1].astype(float))[0] < MIDDLE - 2
    noses = [int(picture(yaw=yaw)[20:25, 10:30].mean(axis=0).argmax()) for yaw in (-12, 12)]
    turned = 2 * ACROSS * math.sin(math.radians(12))
    assert noses[1] - noses[0] > turned


def test_a_mirrored_yaw_is_almost_a_mirrored_picture() -> None:
    """But for light and parting, which are on the left."""
    for yaw in (0, 12, 30):
        outline = [np.abs(p - 255 * faces.PAPER) > 3 for p in (picture(yaw=yaw), picture(yaw=-yaw)[:, ::-1])]
        assert (outline[0] != outline[1]).mean() < 0.01


# --- the expression


def test_corners_of_the_mouth_go_up_with_a_smile_and_down_with_a_scowl() -> None:
    heights = []
    for expression in (-0.9, -0.45, 0.0, 0.45, 0.9):
        lips = np.clip(0.4 - portraits(face(expression=expression).astype(float))[0, MOUTH_AT].astype(float), 0, None)
        lips[:, :13] = lips[:, 27:] = 0  # what is dark outside of the face
        half = np.s_[:, 19:21]
        corners = lips.copy()
        corners[:, 16:24] = 0
        heights.append(middle(lips[half])[1] - middle(corners)[1])
    assert (np.diff(heights) > 0.5).all()
    assert heights[2] == pytest.approx(0, abs=0.1)


def test_a_smile_shows_teeth_and_nothing_else_does() -> None:
    teeth = [(picture(expression=expression)[MOUTH_AT] > 230).sum() for expression in (-1, 0, 0.2, 0.8, 0.99)]
    assert teeth[:3] == [0, 0, 0]
    assert 0 < teeth[3] < teeth[4]
    assert picture(expression=0.99)[int(MOUTH) + 1, 19:21].min() == pytest.approx(255 * LIGHT, abs=2)


def test_a_scowl_lowers_the_inner_ends_of_the_brows() -> None:
    def inner_minus_outer(expression: float) -> float:
        dark = np.clip(0.3 - portraits(face(expression=expression).astype(float))[0, 12:20].astype(float), 0, None)
        return float(np.mean([middle(dark[:, s])[1] for s in (np.s_[16:18], np.s_[22:24])])) - float(
            np.mean([middle(dark[:, s])[1] for s in (np.s_[11:13], np.s_[27:29])])
        )

    assert inner_minus_outer(-0.9) > inner_minus_outer(0) + 0.4 > inner_minus_outer(0.9) + 0.8


def test_the_classes_are_thirds_of_the_expression() -> None:
    dataset = load_faces.__wrapped__(seed=5, n=300)
    assert dataset.factors is not None
    assert dataset.labels is not None
    expression = dataset.factors[:, FACTOR_NAMES.index("expression")]
    assert ((expression < -1 / 3) == (dataset.labels == 0)).all()
    assert ((expression > 1 / 3) == (dataset.labels == 2)).all()


# --- the picture


def test_an_ellipse_covers_its_area() -> None:
    for across, down in ((12.0, 15.5), (2.8, 2.2), (1.5, 4.6)):
        distance = faces._ellipse(GREY, 20.3, 23.6, across, down)
        assert np.clip(0.5 - distance, 0, 1).sum() == pytest.approx(math.pi * across * down, rel=0.05)


@pytest.mark.parametrize("rows", ["FRINGE_ROWS", "EYE_ROWS", "BROW_ROWS", "NOSE_ROWS", "MOUTH_ROWS"])
def test_no_part_is_cut_by_the_rows_it_is_drawn_in(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    factors = extremes()
    expected = render(factors)
    monkeypatch.setattr(faces, rows, slice(0, HEIGHT))
    assert (render(factors) == expected).all()


def test_every_picture_is_a_grey_between_black_and_white() -> None:
    drawn = portraits(extremes().astype(np.float64))
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert drawn.std(axis=(1, 2)).min() > 0.15


def changed(factors: NDArray[np.float32], factor: int, share: float) -> Floats:
    """What a share of a factor's range adds to pictures, in grey levels; before rounding."""
    after = factors.astype(np.float64)
    after[:, factor] += share * (HIGH - LOW)[factor]
    return 255 * (portraits(after).astype(np.float64) - portraits(factors.astype(np.float64)))


@pytest.mark.parametrize("factor", range(6), ids=FACTOR_NAMES)
def test_every_factor_is_visible_where_it_says(factor: int) -> None:
    """A tenth of each range changes some pixel by 6 grey levels, from wherever it starts; skin, which changes hundreds, by one."""
    name = FACTOR_NAMES[factor]
    found = np.abs(changed(some(), factor, 0.1))
    assert found.max(axis=(1, 2)).min() >= (1 if name == "skin" else 6)
    elsewhere = {
        "expression": [slice(0, 10), slice(39, HEIGHT)],
        "eyes": [slice(0, 16), slice(27, HEIGHT)],
        "brows": [slice(0, 10), slice(24, HEIGHT)],
        "hair": [slice(39, HEIGHT)],
    }
    for rows in elsewhere.get(name, []):
        assert found[:, rows].max() < 1e-3
    if name == "skin":
        assert found.max() <= 1.12 * 255 * SKIN_STEP * 0.2 + 1e-3
        assert (found > 0.1 * 255 * SKIN_STEP * 0.2).sum(axis=(1, 2)).min() > 200


def test_no_two_factors_draw_the_same_change() -> None:
    changes = np.stack([changed(some(), k, 0.05).reshape(200, -1) for k in range(6)], axis=1)
    unit = changes / np.linalg.norm(changes, axis=2, keepdims=True)
    cosines = np.abs(unit @ unit.transpose(0, 2, 1)) - np.eye(6)
    assert cosines.max() < 0.95
    assert cosines.mean(axis=0).max() < 0.6


def test_yaw_and_expression_change_more_than_the_other_four_together() -> None:
    """Variance of pictures along each factor alone, the others where they are; the yaw most of all."""
    grid = np.linspace(0, 1, 15)
    variance = np.zeros(6)
    for one in some(10).astype(np.float64):
        for k in range(6):
            line = np.tile(one, (15, 1))
            line[:, k] = LOW[k] + grid * (HIGH - LOW)[k]
            variance[k] += portraits(line).astype(np.float64).var(axis=0).sum()
    assert variance[0] > variance[1] > variance[2:].sum()


def test_a_fortieth_of_the_way_is_a_step_of_the_skin() -> None:
    cheek = [portraits(face(skin=skin).astype(float))[0, 26, 14] for skin in (-1.0, 1.0)]
    assert cheek[1] / cheek[0] == pytest.approx((SKIN + SKIN_STEP) / (SKIN - SKIN_STEP), abs=1e-4)
    assert SKIN_STEP == 1 / 40


# --- the data set


def test_factors_are_uniform_and_independent() -> None:
    dataset = load_dataset("faces")
    factors = dataset.factors
    assert factors is not None
    assert dataset.image_shape == (1, HEIGHT, WIDTH)
    assert dataset.n == availability("faces").n_images == 10_000
    assert {name: len(index) for name, index in dataset.splits.items()} == {"train": 7500, "validation": 1000, "test": 1500}
    n = dataset.n
    unit = (factors.astype(np.float64) - LOW) / (HIGH - LOW)
    assert unit.min() > -1e-6
    assert (factors < HIGH).all()
    for k in range(6):  # Kolmogorov-Smirnov, probability 0.001 a factor
        assert np.abs(np.sort(unit[:, k]) - (np.arange(n) + 0.5) / n).max() < 1.95 / n**0.5
    assert np.abs(np.corrcoef(unit.T) - np.eye(6)).max() < 4 / n**0.5


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    again = load_faces.__wrapped__(seed=3, n=60)
    assert load_faces.__wrapped__(seed=3, n=60).sha256 == again.sha256
    assert load_faces.__wrapped__(seed=4, n=60).sha256 != again.sha256
    assert {name: len(index) for name, index in again.splits.items()} == {"train": 45, "validation": 6, "test": 9}


@pytest.mark.parametrize("function", ["sin", "arcsin"])
def test_rounding_hides_the_last_bits_of_sin_and_asin(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine's may be off by a few units in the last place: the pictures stay the same."""
    expected = load_faces.__wrapped__(seed=0, n=400)
    exact = getattr(np, function)
    monkeypatch.setattr(f"numpy.{function}", lambda x: exact(x) * (1 + 4 * np.finfo(float).eps))
    assert load_faces.__wrapped__(seed=0, n=400).sha256 == expected.sha256


def test_each_picture_depends_on_its_own_factors_only() -> None:
    """Drawn alone or in a chunk with others, a picture is the same."""
    dataset = load_dataset("faces")
    assert dataset.factors is not None
    for i in (0, 249, 250, 9_999):
        assert (render(dataset.factors[i : i + 1])[0] == dataset.images[i]).all()


def test_the_bytes_are_the_same_on_every_machine() -> None:
    """A run remembers this checksum. Where this fails, drawing has changed: runs must be trained anew."""
    assert load_dataset("faces").sha256 == "61fd1e851316120c0f8c4c6f39cba852002f71bf143279c47a64e625ba099a1e"

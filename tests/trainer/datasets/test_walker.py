"""Does the figure walk as people do, is it drawn where its joints are, and does each number change what it says?"""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import availability, load_dataset
from trainer.datasets.built_in import walker
from trainer.datasets.built_in.walker import (
    ANKLE,
    ARM_WIDTH,
    BODY,
    DT_S,
    FACTOR_NAMES,
    FAR,
    FOREARM,
    GROUND,
    HEAD,
    HEIGHT,
    HIGH,
    HIP,
    KNEE,
    LEG_WIDTH,
    LOW,
    MIDDLE,
    NEAR,
    NECK,
    PAPER,
    SHANK,
    SHOULDER,
    THIGH,
    TRUNK,
    TRUNK_WIDTH,
    UPPER_ARM,
    WIDTH,
    arm,
    draw_factors,
    figure,
    leg,
    load_walker,
    quarter,
    render,
    swing,
)

Floats = NDArray[np.float64]
CIRCLE = 2 * math.pi * np.arange(400) / 400
NORMAL = np.ones(400)
PAPER_GREY = round(255 * PAPER)


def some(n: int = 60) -> NDArray[np.float32]:
    return draw_factors(n, np.random.default_rng(3))


def extremes() -> NDArray[np.float32]:
    rows = product(CIRCLE[::8], *np.stack([LOW[1:], HIGH[1:]], axis=1))
    return np.array(list(rows), dtype=np.float32)


# --- the gait


def test_the_joints_bend_as_textbooks_of_gait_say() -> None:
    """Perry's normal gait: the hip is bent by about 30° as the foot lands and stretched most at half a stride; the knee bends by about 60°
    in the swing and by 15° to 20° under the load, and never backwards; the foot leaves the ground with its toes down."""
    share = np.arange(400) / 400
    hip, knee, ankle = (swing(joint, CIRCLE, NORMAL) for joint in (HIP, KNEE, ANKLE))
    assert hip[0] == pytest.approx(30, abs=4)
    assert hip.min() == pytest.approx(-10, abs=4)
    assert 0.48 < share[hip.argmin()] < 0.57
    assert knee.max() == pytest.approx(60, abs=6)
    assert 0.68 < share[knee.argmax()] < 0.78
    under_load = share < 0.3
    assert 12 < knee[under_load].max() < 22
    assert knee.min() > 0
    assert 0.58 < share[ankle.argmin()] < 0.68


def test_an_arm_swings_against_the_leg_of_its_side() -> None:
    assert np.corrcoef(swing(HIP, CIRCLE, NORMAL), swing(SHOULDER, CIRCLE, NORMAL))[0, 1] < -0.95


def test_bones_keep_their_length() -> None:
    knee, ankle, _, _ = leg(CIRCLE, 1.2 * NORMAL)
    elbow, hand = arm(CIRCLE, 1.2 * NORMAL)
    for bone, length in ((knee, THIGH), (ankle - knee, SHANK), (elbow, UPPER_ARM), (hand - elbow, FOREARM)):
        assert np.hypot(*bone.T) == pytest.approx(length, abs=1e-4)


def test_a_swing_grows_with_the_stride_and_repeats_after_it() -> None:
    for joint in (HIP, KNEE, ANKLE, SHOULDER):
        whole = swing(joint, CIRCLE, NORMAL)
        assert swing(joint, CIRCLE, 0.7 * NORMAL) == pytest.approx(0.7 * whole, abs=1e-5)
        assert swing(joint, CIRCLE + 2 * math.pi, NORMAL) == pytest.approx(whole, abs=1e-3)


def test_the_lower_foot_stands_on_the_ground_in_every_picture() -> None:
    """The row above the ground's is as light or as dark as a foot, the one below is paper."""
    off = np.abs(render(extremes()).astype(float) - PAPER_GREY)
    assert (off[:, :, 29].max(axis=2) > 0.8 * 255 * (PAPER - FAR)).all()
    assert off[:, :, 31].max() == 0


def test_the_classes_are_what_the_legs_do() -> None:
    """By the ankles: the near one is ahead around 0 and behind around π; it moves forward while it passes."""
    phase = CIRCLE + CIRCLE[1] / 2
    near, far = leg(phase, NORMAL)[1][:, 0], leg(phase + math.pi, NORMAL)[1][:, 0]
    factors = np.zeros((400, 4), np.float32)
    factors[:, 0] = phase
    label = quarter(factors)
    assert np.bincount(label).tolist() == [100, 100, 100, 100]
    assert label[[0, 100, 200, 300]].tolist() == [0, 1, 2, 3]
    assert near[label == 0].min() > far[label == 0].max()
    assert near[label == 2].max() < far[label == 2].min()
    assert far[label == 1][-1] > far[label == 1][0] + 8
    assert near[label == 3][-1] > near[label == 3][0] + 8


# --- the picture


def painted(phase: float, stride: float, lean: float, points: int = 8) -> Floats:
    """Brute force: the figure by other words at points² places in each pixel, nearest part first."""
    x, y = np.meshgrid((np.arange(WIDTH * points) + 0.5) / points, (np.arange(HEIGHT * points) + 0.5) / points)

    def is_on(start: Floats, end: Floats, width: float) -> NDArray[np.bool_]:
        way = end - start
        share = 0.0 if not way.any() else np.clip(((x - start[0]) * way[0] + (y - start[1]) * way[1]) / (way @ way), 0, 1)
        return np.asarray(np.hypot(x - start[0] - share * way[0], y - start[1] - share * way[1]) <= width)

    def limb(root: Floats, joints: tuple[Floats, ...], width: float) -> NDArray[np.bool_]:
        ends = [root, *(root + joint[0] for joint in joints)]
        return np.any([is_on(a, b, width) for a, b in pairwise(ends)], axis=0)

    one, other = (np.array([phase + half]) for half in (0.0, math.pi))
    size = np.array([stride])
    legs, arms = [leg(side, size) for side in (one, other)], [arm(side, size) for side in (one, other)]
    soles = [point[0, 1] for side in legs for point in side[2:]]
    hip = np.array([MIDDLE, GROUND - LEG_WIDTH - max(soles)])
    up = np.array([math.sin(math.radians(lean)), -math.cos(math.radians(lean))])
    shoulder, head = hip + TRUNK * up, hip + (TRUNK + NECK) * up
    grey = np.full_like(x, PAPER)
    is_body = is_on(hip, shoulder, TRUNK_WIDTH) | is_on(shoulder, head, ARM_WIDTH) | is_on(head, head, HEAD)
    for is_part, tone in (
        (limb(shoulder, arms[1], ARM_WIDTH) | limb(hip, legs[1], LEG_WIDTH), FAR),
        (is_body, BODY),
        (limb(hip, legs[0], LEG_WIDTH) | limb(shoulder, arms[0], ARM_WIDTH), NEAR),
    ):
        grey[is_part] = tone
    return np.asarray(grey.reshape(HEIGHT, points, WIDTH, points).mean(axis=(1, 3)))


def test_each_pixel_is_the_mean_of_what_is_in_it() -> None:
    for phase, stride, lean, _ in some(12).astype(float):
        drawn = figure(*(np.array([value]) for value in (phase, stride, lean)))[0]
        exact = painted(phase, stride, lean)
        assert np.abs(drawn - exact).max() < 0.35  # where edges meet in a pixel, and at round ends
        assert np.abs(drawn - exact).mean() < 0.01
        assert (drawn - PAPER).sum() == pytest.approx((exact - PAPER).sum(), abs=0.03 * np.abs(exact - PAPER).sum())


@pytest.mark.parametrize("rows", ["BODY_ROWS", "ARM_ROWS", "LEG_ROWS"])
def test_no_part_is_cut_by_the_rows_it_is_drawn_in(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    factors = extremes()
    expected = render(factors)
    monkeypatch.setattr(walker, rows, slice(0, HEIGHT))
    assert (render(factors) == expected).all()


def test_the_figure_lies_wholly_inside_the_picture() -> None:
    images = render(extremes())
    assert (images[:, :, [0, -1]] == PAPER_GREY).all()
    assert (images[..., [0, -1]] == PAPER_GREY).all()
    assert images.max() == 255
    assert images.min() == round(255 * FAR)


def test_the_second_frame_is_the_first_of_the_phase_a_moment_later() -> None:
    now = some()
    later = now.astype(np.float64)
    later[:, 0] += 2 * math.pi * DT_S * later[:, 3]
    difference = render(now)[:, 1].astype(int) - render(later.astype(np.float32))[:, 0].astype(int)
    assert np.abs(difference).max() <= 1  # float32 and 20 bits move a joint by 1e-4 pixels at most


def test_a_stride_ends_where_it_began_and_its_two_steps_look_different() -> None:
    circle = np.tile(np.array([[0, 0.9, 3, 0.9]], np.float32), (81, 1))
    circle[:, 0] = np.linspace(0, 2 * math.pi, 81)
    pictures = figure(*circle[:, :3].astype(np.float64).T)
    assert np.abs(pictures[0] - pictures[-1]).max() < 1e-3
    steps = np.square(np.diff(pictures, axis=0)).sum(axis=(1, 2))
    halves = np.square(pictures[:40] - pictures[40:80]).sum(axis=(1, 2))
    assert steps.min() > 0.01
    assert halves.min() > 2 * steps.max()  # no two pictures of the other half are as near as neighbours are


def test_most_of_what_a_stride_changes_goes_round_once() -> None:
    """By the Fourier series of the pictures along a stride: the first harmonic has several times the variance of the second."""
    for stride in (0.6, 1.25):
        pictures = figure(CIRCLE, stride * NORMAL, 4 * NORMAL).reshape(400, -1)
        once, twice = np.square(np.abs(np.fft.rfft(pictures, axis=0)[1:3])).sum(axis=1)
        assert once > 4 * twice


def changed(factors: NDArray[np.float32], factor: int, share: float) -> NDArray[np.int_]:
    """What a share of a factor's range adds to pictures."""
    after = factors.copy()
    after[:, factor] += share * (HIGH - LOW)[factor]
    return render(after).astype(int) - render(factors).astype(int)


@pytest.mark.parametrize("factor", range(4), ids=FACTOR_NAMES)
def test_every_factor_is_visible_and_changes_what_it_says(factor: int) -> None:
    """A tenth of each range changes some pixel by 20 grey levels, of speed by 8, from wherever it starts; speed is in the second frame."""
    found = np.abs(changed(some(200), factor, 0.1)).max(axis=(2, 3))
    assert found.max(axis=1).min() >= (8 if factor == 3 else 20)
    assert (found[:, 0] == 0).all() if factor == 3 else found[:, 0].min() >= 15
    if factor == 2:  # lean moves nothing below the hip
        assert np.abs(changed(some(200), factor, 0.1))[:, :, 21:].max() <= 1


def test_no_two_factors_draw_the_same_change() -> None:
    start = some(200)
    changes = np.stack([changed(start, k, 0.05).reshape(200, -1).astype(float) for k in range(4)], axis=1)
    unit = changes / np.linalg.norm(changes, axis=2, keepdims=True)
    cosines = np.abs(unit @ unit.transpose(0, 2, 1)) - np.eye(4)
    assert cosines.max() < 0.95
    assert cosines.mean(axis=0).max() < 0.6


# --- the data set


def test_factors_are_uniform_and_independent() -> None:
    dataset = load_dataset("walker")
    factors = dataset.factors
    assert factors is not None
    assert dataset.image_shape == (2, 32, 24)
    assert dataset.n == availability("walker").n_images == 10_000
    assert {name: len(index) for name, index in dataset.splits.items()} == {"train": 7500, "validation": 1000, "test": 1500}
    n = dataset.n
    unit = (factors.astype(np.float64) - LOW) / (HIGH - LOW)
    assert unit.min() >= 0
    assert unit.max() < 1
    for k in range(4):  # Kolmogorov-Smirnov, probability 0.001 a factor
        assert np.abs(np.sort(unit[:, k]) - (np.arange(n) + 0.5) / n).max() < 1.95 / n**0.5
    assert np.abs(np.corrcoef(unit.T) - np.eye(4)).max() < 4 / n**0.5
    assert dataset.labels is not None
    assert np.abs(np.bincount(dataset.labels) - n / 4).max() < 4 * (n * 3 / 16) ** 0.5


def test_the_ends_of_the_ranges_are_outside() -> None:
    class Ends:
        def random(self, shape: tuple[int, int]) -> Floats:
            return np.array([[0.0] * 4, [1 - 2**-53] * 4])

    factors = draw_factors(2, Ends()).astype(np.float64)  # type: ignore[arg-type]
    assert factors[0] == pytest.approx(LOW, rel=1e-7)
    assert (factors[1] < HIGH).all()
    assert quarter(factors.astype(np.float32)).tolist() == [0, 0]


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    again = load_walker.__wrapped__(seed=3, n=60)
    assert load_walker.__wrapped__(seed=3, n=60).sha256 == again.sha256
    assert load_walker.__wrapped__(seed=4, n=60).sha256 != again.sha256
    assert {name: len(index) for name, index in again.splits.items()} == {"train": 45, "validation": 6, "test": 9}


@pytest.mark.parametrize("function", ["sin", "cos"])
def test_rounding_hides_the_last_bits_of_sin_and_cos(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine's may be off by a few units in the last place: the pictures stay the same."""
    expected = load_walker.__wrapped__(seed=0, n=400)
    exact = getattr(np, function)
    monkeypatch.setattr(f"numpy.{function}", lambda x: exact(x) * (1 + 4 * np.finfo(float).eps))
    assert load_walker.__wrapped__(seed=0, n=400).sha256 == expected.sha256


def test_each_picture_depends_on_its_own_factors_only() -> None:
    """Drawn alone or in a chunk with others, a picture is the same."""
    dataset = load_dataset("walker")
    assert dataset.factors is not None
    for i in (0, 499, 500, 9_999):
        assert (render(dataset.factors[i : i + 1])[0] == dataset.images[i]).all()


def test_the_bytes_are_the_same_on_every_machine() -> None:
    """A run remembers this checksum. Where this fails, drawing has changed: runs must be trained anew."""
    assert load_dataset("walker").sha256 == "191a25302c1df1e8163a7e3c84eab69736064b6fa1ce5ac6e51316596c9187a2"

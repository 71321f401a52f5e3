"""Does the pendulum swing as physics says, and do the pictures show it?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import availability, load_dataset
from trainer.datasets.built_in.pendulum import (
    BOB,
    DT_S,
    GRAVITY,
    LENGTH,
    MAX_VELOCITY,
    PIVOT_TO_BOB,
    ROD,
    SIZE,
    advance,
    coverage,
    draw_states,
    energy,
    load_pendulum,
    render,
    turns_over,
)

RATE = math.sqrt(GRAVITY / LENGTH)  # rad/s of a small swing


def states(n: int = 500) -> NDArray[np.float64]:
    return draw_states(n, np.random.default_rng(3)).astype(np.float64)


def upward_crossings(angles: NDArray[np.float64], dt: float) -> NDArray[np.float64]:
    """Times at which the angle passes 0 upwards, interpolated."""
    at = np.flatnonzero((angles[:-1] < 0) & (angles[1:] >= 0))
    crossings: NDArray[np.float64] = dt * (at + angles[at] / (angles[at] - angles[at + 1]))
    return crossings


def test_energy_is_conserved_over_a_hundred_frames() -> None:
    start = states()
    end = advance(start, 100 * DT_S)
    assert np.abs(energy(end) - energy(start)).max() < 1e-5 * (MAX_VELOCITY**2 / 2 + GRAVITY / LENGTH)


def test_the_error_falls_with_the_fourth_power_of_the_step() -> None:
    start = states(50)
    exact = advance(start, 1.0, 0.0005)
    errors = [np.abs(advance(start, 1.0, step) - exact).max() for step in (0.04, 0.02)]
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.3)


def test_another_integrator_gives_the_same_states() -> None:
    from scipy.integrate import solve_ivp

    start = states(20)
    for before, after in zip(start, advance(start, DT_S), strict=True):
        other = solve_ivp(lambda _, y: [y[1], -(RATE**2) * math.sin(y[0])], (0, DT_S), before, rtol=1e-11, atol=1e-11)
        assert after == pytest.approx(other.y[:, -1], abs=1e-7)


@pytest.mark.parametrize("swing", [0.01, 1.0, 2.5])
def test_the_period_is_the_textbook_s(swing: float) -> None:
    """4 K(sin²(swing/2)) / √(g/l), which for a small swing is 2π√(l/g)."""
    from scipy.special import ellipk

    dt = 0.005
    path = np.empty(4000)
    state = np.array([[-swing, 0.0]])
    for i in range(len(path)):
        path[i] = state[0, 0]
        state = advance(state, dt)
    period = np.diff(upward_crossings(path, dt)).mean()
    assert period == pytest.approx(4 * ellipk(math.sin(swing / 2) ** 2) / RATE, rel=1e-4)
    if swing == 0.01:
        assert period == pytest.approx(2 * math.pi * math.sqrt(LENGTH / GRAVITY), rel=1e-4)


def test_time_runs_backwards_when_the_velocity_is_turned() -> None:
    start = states()
    back = advance(advance(start, 1.0) * [1, -1], 1.0) * [1, -1]
    assert np.abs(back - start).max() < 1e-5


def test_the_class_is_what_the_state_will_do() -> None:
    """Ten seconds by brute force, apart from states so near to the limit that the top takes longer."""
    start = states()
    is_clear = np.abs(energy(start) - RATE**2) > 0.01
    now, angles = start, [start[:, 0]]
    for _ in range(100):
        now = advance(now, 0.1)
        angles.append(now[:, 0])
    went_round = np.ptp(angles, axis=0) > 2 * math.pi
    assert is_clear.mean() > 0.99
    assert (turns_over(start) == went_round)[is_clear].all()


def test_the_second_frame_is_the_first_of_the_state_a_moment_later() -> None:
    now = draw_states(300, np.random.default_rng(5))
    later = advance(now.astype(np.float64), DT_S)
    difference = render(now)[:, 1].astype(int) - render(later.astype(np.float32))[:, 0].astype(int)
    # float32 and 20 bits move the angle by 1e-6 rad at most: one grey level where it falls on the other side of a half
    assert np.abs(difference).max() <= 1


def test_a_mirrored_state_is_a_mirrored_picture() -> None:
    now = draw_states(200, np.random.default_rng(6))
    assert (render(-now) == render(now)[..., ::-1]).all()


def test_coverage_is_the_share_of_each_pixel() -> None:
    """Brute force: 16 × 16 points in each pixel, rod and bob in other words. The ramp errs by < 0.2 at round ends."""
    points = (np.arange(SIZE * 16) + 0.5) / 16 - SIZE / 2
    x, y = np.meshgrid(points, points)
    for angle in (0.0, 0.3, math.pi / 4, 1.9, math.pi, -2.2):
        bob = PIVOT_TO_BOB * np.array([math.sin(angle), math.cos(angle)])
        share_of_way = np.clip((x * bob[0] + y * bob[1]) / PIVOT_TO_BOB**2, 0, 1)
        is_rod = np.hypot(x - share_of_way * bob[0], y - share_of_way * bob[1]) <= ROD
        is_covered = is_rod | (np.hypot(x - bob[0], y - bob[1]) <= BOB)
        share = is_covered.reshape(SIZE, 16, SIZE, 16).mean(axis=(1, 3))
        drawn = coverage(np.array([angle]))[0]
        assert np.abs(drawn - share).max() < 0.2
        assert np.abs(drawn - share).mean() < 0.01
        assert drawn.sum() == pytest.approx(share.sum(), rel=0.04)


def test_it_hangs_down_at_zero_and_points_right_at_a_right_angle() -> None:
    down, right = render(np.array([[0, 0], [math.pi / 2, 0]], dtype=np.float32))[:, 0]
    assert down[13:15, 7:9].min() == 255
    assert down[:7].max() == 0
    assert right[7:9, 13:15].min() == 255
    assert right[:, :7].max() == 0
    assert (down == render(np.zeros((1, 2), np.float32))[0, 1]).all()  # at rest it stays


def test_pictures_vary_smoothly_and_every_state_looks_different() -> None:
    """A pixel's ramp is a pixel wide, so a turn by a hundredth of a radian moves no pixel by more than 7.5 hundredths."""
    circle = np.linspace(-math.pi, math.pi, 629)
    pictures = coverage(circle)
    step = circle[1] - circle[0]
    assert np.abs(np.diff(pictures, axis=0)).max() <= (PIVOT_TO_BOB + BOB) * step + 1e-4
    assert np.abs(np.diff(pictures, axis=0)).max(axis=(1, 2)).min() > 0.01
    slow, fast = render(np.array([[1.0, 2.0], [1.0, 2.8]], dtype=np.float32)).astype(int)
    assert (slow[0] == fast[0]).all()
    assert np.abs(slow[1] - fast[1]).max() >= 20


def test_states_cover_the_phase_plane() -> None:
    dataset = load_dataset("pendulum")
    factors = dataset.factors
    assert factors is not None
    assert dataset.image_shape == (2, 16, 16)
    assert dataset.n == availability("pendulum").n_images == 8000
    assert {name: len(index) for name, index in dataset.splits.items()} == {"train": 6000, "validation": 800, "test": 1200}
    n = dataset.n
    unit = factors.astype(np.float64) / [2 * math.pi, 2 * MAX_VELOCITY] + 0.5
    for k in range(2):  # Kolmogorov-Smirnov, probability 0.001 a factor
        assert np.abs(np.sort(unit[:, k]) - (np.arange(n) + 0.5) / n).max() < 1.95 / n**0.5
    assert np.abs(np.corrcoef(unit.T) - np.eye(2)).max() < 4 / n**0.5
    assert dataset.labels is not None
    assert dataset.class_names == ("swings", "turns over")
    # the area inside the separatrix is 16 √(g/l), that of the plane 2π × 16
    share = 1 - RATE / (2 * math.pi)
    inside_range = dataset.labels.mean()
    assert inside_range == pytest.approx(share, abs=4 * (share * (1 - share) / n) ** 0.5)


def test_the_ends_of_the_ranges_belong_where_the_table_says() -> None:
    class Ends:
        def random(self, shape: tuple[int, int]) -> NDArray[np.float64]:
            return np.array([[0.0, 0.0], [1 - 2**-53, 1 - 2**-53]])

    angle, velocity = draw_states(2, Ends()).T.astype(np.float64)  # type: ignore[arg-type]
    assert -math.pi < angle.min() < angle.max() <= math.pi
    assert velocity[0] == -MAX_VELOCITY
    assert velocity[1] < MAX_VELOCITY


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    again = load_pendulum.__wrapped__(seed=3, n=60)
    assert load_pendulum.__wrapped__(seed=3, n=60).sha256 == again.sha256
    assert load_pendulum.__wrapped__(seed=4, n=60).sha256 != again.sha256
    assert {name: len(index) for name, index in again.splits.items()} == {"train": 45, "validation": 6, "test": 9}


def test_rounding_hides_the_last_bits_of_sin_and_cos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine's sin may be off by a few units in the last place: the pictures stay the same."""
    expected = load_pendulum.__wrapped__(seed=0, n=400)
    exact = np.sin
    monkeypatch.setattr("numpy.sin", lambda x: exact(x) * (1 + 4 * np.finfo(float).eps))
    other = load_pendulum.__wrapped__(seed=0, n=400)
    assert other.sha256 == expected.sha256


def test_the_bytes_are_those_that_runs_were_trained_on() -> None:
    """A run remembers this checksum. Where this fails, drawing has changed: runs must be trained anew."""
    assert load_dataset("pendulum").sha256 == "3d8c8e03595ca8e585dd3725f8c2cabb670cc39e1c5aa732d083123260a0d2f7"

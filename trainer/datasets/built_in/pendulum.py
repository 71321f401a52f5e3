"""Which images have causes that move? A pendulum without friction that this file swings: two frames, one a moment later.

| factor   | range      | unit and meaning                                                                          |
|----------|------------|-------------------------------------------------------------------------------------------|
| angle    | (−π, π]    | radians, 0 hanging down, counter-clockwise as seen: π/2 points to the right               |
| velocity | [−8, 8)    | radians a second, counter-clockwise                                                       |

Both are those of the first frame, drawn independently and uniformly, so that the phase plane is covered. Channel 0 is
the pendulum now, channel 1 the same DT_S later: one frame tells the angle, only both tell the velocity (the example of
deep variational Bayes filters, Karl et al. 2017). Angle is a circle, so that the plane of states is a cylinder.

    θ'' = −(g/l) sin θ          energy ½ω² − (g/l) cos θ, in units of m l², stays what it is

The class says what the state will do: swing to and fro, or turn over at the top, where the energy is above (g/l).

The same seed gives the same bytes on every machine: sin and cos of one library may differ from another's in the last
bit, so the angle after DT_S and each sin and cos that is drawn are rounded to 20 bits; all else is + − × ÷ and √.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, dataset_of_factors

NAME = "pendulum"
N_IMAGES = 8_000
SIZE = 16
IMAGE_SHAPE = (2, SIZE, SIZE)
CLASS_NAMES = ("swings", "turns over")
FACTOR_NAMES = ("angle", "velocity")
DESCRIPTION = "8000 pendulums, 16 × 16, two frames as channels, known angle and velocity; made here"

N_TRAIN, N_VALIDATION, N_TEST = 6_000, 800, 1_200
GRAVITY, LENGTH = 9.81, 1.0  # m/s², m
MAX_ANGLE = np.nextafter(np.float32(math.pi), np.float32(0))  # float32's π lies above π
MAX_VELOCITY = 8.0  # rad/s: more than the 2√(g/l) = 6.3 with which it turns over from the bottom
DT_S = 0.1  # between the frames: a twentieth of a small swing, at most 0.9 rad
STEP_S = 0.01  # the error of RK4 is then below 1e-7 rad over DT_S

PIVOT_TO_BOB, BOB, ROD = 5.5, 2.0, 0.75  # pixels: the bob's middle from the picture's, its radius, half the rod's width

Floats = NDArray[np.float64]


@lru_cache(maxsize=2)
def load_pendulum(seed: int = 0, n: int = N_IMAGES) -> Dataset:
    """`n` states from `seed`; they are independent, so the first 3/4 are as good a training split as any."""
    factors = draw_states(n, np.random.Generator(np.random.PCG64(seed)))
    labels = turns_over(factors.astype(np.float64)).astype(np.int64)
    parts = N_TRAIN, N_VALIDATION, N_TEST
    return dataset_of_factors(NAME, render(factors), labels, CLASS_NAMES, factors, FACTOR_NAMES, parts)


def draw_states(n: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """(n, 2): angle and velocity, independent and uniform in their ranges."""
    unit = generator.random((n, 2))
    angle = np.clip((math.pi - 2 * math.pi * unit[:, 0]).astype(np.float32), -MAX_ANGLE, MAX_ANGLE)
    velocity = (MAX_VELOCITY * (2 * unit[:, 1] - 1)).astype(np.float32)
    # float32 may round up to the end itself, which is outside
    return np.stack([angle, np.minimum(velocity, np.nextafter(np.float32(MAX_VELOCITY), np.float32(0)))], axis=1)


# --- the motion; states (n, 2): angle in rad, velocity in rad/s


def advance(states: Floats, seconds: float, step_s: float = STEP_S) -> Floats:
    """The states `seconds` later, by the classical Runge-Kutta method; the angle is not wrapped: it counts the turns."""
    n_steps = max(1, math.ceil(seconds / step_s - 1e-9))
    h = seconds / n_steps
    for _ in range(n_steps):
        k1 = _slope(states)
        k2 = _slope(states + h / 2 * k1)
        k3 = _slope(states + h / 2 * k2)
        k4 = _slope(states + h * k3)
        states = states + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return states


def _slope(states: Floats) -> Floats:
    return np.stack([states[:, 1], -GRAVITY / LENGTH * np.sin(states[:, 0])], axis=1)


def energy(states: Floats) -> Floats:
    """(n,), rad²/s², per m l²: −g/l at rest, +g/l standing on its head."""
    conserved: Floats = states[:, 1] ** 2 / 2 - GRAVITY / LENGTH * np.cos(states[:, 0])
    return conserved


def turns_over(states: Floats) -> NDArray[np.bool_]:
    """(n,): whether it has the energy to pass the top."""
    return energy(states) > GRAVITY / LENGTH


# --- the picture


def render(states: NDArray[np.float32]) -> NDArray[np.uint8]:
    """states (n, 2) → images (n, 2, 16, 16): now, and DT_S later."""
    now = states.astype(np.float64)
    later = advance(now, DT_S)
    frames = [coverage(angle) for angle in (now[:, 0], _to_20_bits(later[:, 0]))]
    return np.floor(255 * np.stack(frames, axis=1) + 0.5).astype(np.uint8)


def coverage(angle: Floats) -> Floats:
    """(n,) → (n, 16, 16) in [0, 1]: the share of each pixel that rod and bob cover, from its distance to their outline."""
    sin, cos = (_to_20_bits(f(angle))[:, None, None] for f in (np.sin, np.cos))
    pixel = np.arange(SIZE) + 0.5 - SIZE / 2
    right, down = pixel[None, None, :], pixel[None, :, None]
    along, across = right * sin + down * cos, right * cos - down * sin
    beyond = along - np.clip(along, 0.0, PIVOT_TO_BOB)
    rod = np.sqrt(beyond * beyond + across * across) - ROD
    bob = np.sqrt((along - PIVOT_TO_BOB) * (along - PIVOT_TO_BOB) + across * across) - BOB
    return np.clip(0.5 - np.minimum(rod, bob), 0.0, 1.0)


def _to_20_bits(values: Floats) -> Floats:
    rounded: Floats = np.rint(values * 2**20) / 2**20
    return rounded

"""Which images return to where they began? A figure that walks on the spot, drawn by this file: two frames, one a moment later.

| factor | range       | unit and meaning                                                                                |
|--------|-------------|-------------------------------------------------------------------------------------------------|
| phase  | [0, 2π)     | radians of a stride, which is two steps: at 0 the near foot lands, at π the far one             |
| stride | [0.6, 1.25) | how far every joint swings, as a share of a normal stride; 0 would stand still                  |
| lean   | [−4, 12)    | degrees by which the trunk leans forward                                                        |
| speed  | [0.5, 1.3)  | strides a second: how far the phase of the second frame is ahead                                |

Each is drawn independently and uniformly. Phase is a circle and stride its radius, so that the codes of one stride can
close to a ring. Channel 0 is the figure now, channel 1 the same DT_S later: one frame tells all but the speed.

The joints follow the mean curves of healthy walking in textbooks of gait, as sums of the first two or three harmonics
of the stride; one leg is half a stride behind the other, and each arm swings against its leg. The lower foot stands on
the ground, which lifts and lowers the hip twice a stride. Near limbs are as much lighter than the paper as far ones are
darker: were they alike, the two steps of a stride would look the same, and the ring would cross itself or be gone round
twice. So opposed, what repeats twice a stride cancels, and most of what changes goes round once.

32 × 24 pixels: at this height knees, elbows and feet can be seen, with limbs of two pixels, and the longest stride is
hardly narrower than the picture.

The same seed gives the same bytes on every machine: sin and cos of one library may differ from another's in the last
bit, so each is rounded to 20 bits, and so are the angles that are summed from them; all else is + − × ÷ and √.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, dataset_of_factors, uniform_factors

NAME = "walker"
N_IMAGES = 10_000
HEIGHT, WIDTH = 32, 24
IMAGE_SHAPE = (2, HEIGHT, WIDTH)
CLASS_NAMES = ("near leg ahead", "far leg passes", "far leg ahead", "near leg passes")
FACTOR_NAMES = ("phase", "stride", "lean", "speed")
LOW = np.array([0, 0.6, -4, 0.5], dtype=np.float64)
HIGH = np.array([2 * math.pi, 1.25, 12, 1.3], dtype=np.float64)
DESCRIPTION = "10 000 walking figures, 32 × 24, two frames as channels, known phase, stride, lean and speed; made here"

N_TRAIN, N_VALIDATION, N_TEST = 7_500, 1_000, 1_500
DT_S = 0.08  # between the frames: 4 to 10 % of a stride
CHUNK = 500  # images drawn at once: 3 MB per intermediate array, which fits the processor's cache

# degrees at a normal stride: mean, then cos and sin of each harmonic of the leg's own phase, 0 where its foot lands
HIP = (13.7, 19.6, -3.4, -3.9, -2.5)  # bent forward is positive
KNEE = (22.7, -3.6, -20.7, -14.2, 8.0, -0.5, 3.8)  # bent backward
ANKLE = (-0.2, 0.0, 5.2, -0.2, -8.7, -1.8, 1.0)  # toes up
SHOULDER = (-4.0, -28.0, 5.0)  # bent forward
ELBOW = (24.0, -12.0, 4.0)

# pixels
GROUND, MIDDLE = 30.5, 10.8
THIGH, SHANK, HEEL, TOES = 6.6, 6.4, 0.9, 2.4
TRUNK, UPPER_ARM, FOREARM = 8.2, 4.4, 4.0
NECK, HEAD = 3.4, 2.3  # from the shoulders to the middle of the head, and its radius
LEG_WIDTH, ARM_WIDTH, TRUNK_WIDTH = 1.0, 0.75, 1.35  # half of each
PAPER, FAR, BODY, NEAR = (
    0.35,
    0.05,
    0.75,
    1.0,
)  # grey: what is far is darker than the paper, and the near arm lighter than the trunk

# outside of these rows the part never is: less to compute
BODY_ROWS, ARM_ROWS, LEG_ROWS = slice(0, 19), slice(6, 22), slice(14, HEIGHT)

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bone = tuple[Floats, Floats]


@lru_cache(maxsize=2)
def load_walker(seed: int = 0, n: int = N_IMAGES) -> Dataset:
    """`n` figures from `seed`; the factors are independent, so the first 3/4 are as good a training split as any."""
    factors = draw_factors(n, np.random.Generator(np.random.PCG64(seed)))
    labels = quarter(factors)
    parts = N_TRAIN, N_VALIDATION, N_TEST
    return dataset_of_factors(NAME, render(factors), labels, CLASS_NAMES, factors, FACTOR_NAMES, parts)


def draw_factors(n: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """(n, 4), independent and uniform in [LOW, HIGH)."""
    return uniform_factors(LOW, HIGH, n, generator)


def quarter(factors: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n,): the quarter of the stride around 0, π/2, π and 3π/2."""
    return (np.floor(factors[:, 0].astype(np.float64) * (2 / math.pi) + 0.5) % 4).astype(np.int64)


def render(factors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """factors (n, 4) → images (n, 2, 32, 24): now, and DT_S later."""
    images = np.empty((len(factors), *IMAGE_SHAPE), dtype=np.uint8)
    for start in range(0, len(factors), CHUNK):
        phase, stride, lean, speed = factors[start : start + CHUNK].astype(np.float64).T
        for frame, ahead in enumerate((0.0, 2 * math.pi * DT_S)):
            images[start : start + CHUNK, frame] = np.floor(255 * figure(phase + ahead * speed, stride, lean) + 0.5)
    return images


# --- the gait; all (n,), angles in degrees, points (n, 2) in pixels, y down


def swing(harmonics: tuple[float, ...], phase: Floats, stride: Floats) -> Floats:
    """The angle of a joint: the mean of its curve and the curve itself both grow with the stride."""
    mean, *waves = harmonics
    angle = np.full_like(phase, mean)
    for k, (cos, sin) in enumerate(zip(waves[::2], waves[1::2], strict=True), start=1):
        angle = angle + cos * _to_20_bits(np.cos(k * phase)) + sin * _to_20_bits(np.sin(k * phase))
    return _to_20_bits(stride * angle)


def leg(phase: Floats, stride: Floats) -> tuple[Floats, ...]:
    """Knee, ankle, heel and toes, as seen from a hip at (0, 0)."""
    thigh = swing(HIP, phase, stride)
    shank = thigh - swing(KNEE, phase, stride)
    sole = shank + swing(ANKLE, phase, stride)
    knee = THIGH * towards(thigh)
    ankle = knee + SHANK * towards(shank)
    return knee, ankle, ankle + HEEL * towards(sole - 30), ankle + TOES * towards(sole + 75)


def arm(phase: Floats, stride: Floats) -> tuple[Floats, Floats]:
    """Elbow and hand, as seen from a shoulder at (0, 0); phase is that of the leg on the same side, against which it swings."""
    upper = swing(SHOULDER, phase, stride)
    elbow = UPPER_ARM * towards(upper)
    return elbow, elbow + FOREARM * towards(upper + swing(ELBOW, phase, stride))


def towards(degrees: Floats) -> Floats:
    """(n, 2): a step of one pixel, down at 0 and forward, to the right, at 90."""
    angle = degrees * (math.pi / 180)
    return np.stack([_to_20_bits(np.sin(angle)), _to_20_bits(np.cos(angle))], axis=1)


# --- the picture


def figure(phase: Floats, stride: Floats, lean: Floats) -> Singles:
    """(n, 32, 24) in [0, 1]: far limbs, trunk and head, near limbs, each painted over what is behind it."""
    near, far = leg(phase, stride), leg(phase + math.pi, stride)
    lowest = np.max([point[:, 1] for point in (*near[2:], *far[2:])], axis=0)
    hip = np.stack([np.full_like(phase, MIDDLE), GROUND - LEG_WIDTH - lowest], axis=1)
    up = towards(180 - lean)
    shoulder = hip + TRUNK * up
    head, far_arm, near_arm = shoulder + NECK * up, arm(phase + math.pi, stride), arm(phase, stride)
    paper = np.full((len(phase), HEIGHT, WIDTH), PAPER, np.float32)
    _paint(paper[:, ARM_ROWS], ARM_ROWS, _limb(shoulder, *far_arm), ARM_WIDTH, FAR)
    _paint(paper[:, LEG_ROWS], LEG_ROWS, _limb(hip, *far), LEG_WIDTH, FAR)
    _paint(paper[:, BODY_ROWS], BODY_ROWS, [(hip, shoulder)], TRUNK_WIDTH, BODY)
    _paint(paper[:, BODY_ROWS], BODY_ROWS, [(shoulder, head)], ARM_WIDTH, BODY)
    _paint(paper[:, BODY_ROWS], BODY_ROWS, [(head, head)], HEAD, BODY)
    _paint(paper[:, LEG_ROWS], LEG_ROWS, _limb(hip, *near), LEG_WIDTH, NEAR)
    _paint(paper[:, ARM_ROWS], ARM_ROWS, _limb(shoulder, *near_arm), ARM_WIDTH, NEAR)
    return paper


def _limb(root: Floats, *joints: Floats) -> list[Bone]:
    """The bones from joint to joint, each (n, 2) at its two ends."""
    ends = [root, *(root + joint for joint in joints)]
    return list(pairwise(ends))


def _paint(paper: Singles, rows: slice, bones: list[Bone], half_width: float, grey: float) -> None:
    """Lines with round ends over what `rows` of the paper show already: the share of each pixel that is covered gets the grey."""
    squared = np.minimum.reduce([_squared_distance(rows, *bone) for bone in bones])
    paper += np.clip(np.float32(0.5 + half_width) - np.sqrt(squared), 0, 1) * (np.float32(grey) - paper)


def _squared_distance(rows: slice, start: Floats, end: Floats) -> Singles:
    """(n, rows, 24): of each pixel's middle to a line."""
    right = np.arange(WIDTH) + 0.5 - start[:, 0, None, None]
    down = (np.arange(HEIGHT)[rows] + 0.5)[:, None] - start[:, 1, None, None]
    x, y = (end - start).T[:, :, None, None]
    length = np.maximum(x * x + y * y, 1e-9)
    along = np.clip(_single(right * x / length) + _single(down * y / length), 0, 1)
    beyond, aside = _single(right) - along * _single(x), _single(down) - along * _single(y)
    squared: Singles = beyond * beyond + aside * aside
    return squared


def _single(values: Floats) -> Singles:
    """What is done for every pixel is done in half the bytes: it takes half the time."""
    return values.astype(np.float32)


def _to_20_bits(values: Floats) -> Floats:
    rounded: Floats = np.rint(values * 2**20) / 2**20
    return rounded

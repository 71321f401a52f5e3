"""Which faces have causes that are known exactly? Heads that this file draws, each from six numbers: they turn and smile.

| factor     | range       | unit and meaning                                                                            |
|------------|-------------|---------------------------------------------------------------------------------------------|
| yaw        | [−22, 22)   | degrees by which the head is turned, to the right as seen                                   |
| expression | [−1, 1)     | from a scowl over a straight mouth to a smile that shows teeth: mouth and slope of the brows |
| eyes       | [0.6, 1)    | how far the lids are open                                                                   |
| brows      | [−0.5, 0.5) | pixels by which both brows are raised                                                       |
| hair       | [−0.8, 0.8) | pixels by which the hair comes down the forehead                                            |
| skin       | [−1, 1)     | how light the skin is: 1 is a fortieth of the way from black to white lighter               |

Each is drawn independently and uniformly. Yaw and expression change much of a picture, the other four little: a map of
two dimensions is to be spanned by those two. A wider yaw would outweigh expression and fill the map alone, as a ribbon.

The features lie on a ball. What is left or right on it is an arc from its middle, and the head is turned by adding to
all arcs: a picture's column shows the arc asin(column / radius) − yaw. So a turned face has its features aside,
narrower where the ball curves away, and the far eye goes behind the edge; the nose stands out of the ball, and the
hair is seen from where the face turns away.

The same seed gives the same bytes on every machine: asin, sin and cos of one library may differ from another's in the
last bit, so they are rounded to 20 bits; all else is + − × ÷, square roots, minima and maxima.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, consecutive_splits

NAME = "faces"
N_IMAGES = 10_000
HEIGHT, WIDTH = 48, 40
IMAGE_SHAPE = (1, HEIGHT, WIDTH)
CLASS_NAMES = ("scowls", "straight", "smiles")
FACTOR_NAMES = ("yaw", "expression", "eyes", "brows", "hair", "skin")
LOW = np.array([-22, -1, 0.6, -0.5, -0.8, -1], dtype=np.float64)
HIGH = np.array([22, 1, 1, 0.5, 0.8, 1], dtype=np.float64)
LICENCE = "made by this project's own code"
DESCRIPTION = "10 000 drawn faces, 48 × 40, grey, six known factors: they turn and smile; made here"

N_TRAIN, N_VALIDATION, N_TEST = 7_500, 1_000, 1_500
CHUNK = 250  # images drawn at once: 2 MB per intermediate array, which fits the processor's cache

# grey, 0 black to 1 white
PAPER, CLOTHES, HAIR, SKIN, LIGHT, DARK = 0.12, 0.36, 0.22, 0.78, 1.0, 0.06
SKIN_STEP = 0.025
SHADE = 0.3  # by which share the skin is darker at the edge of the face

# pixels; the face is an ellipse around (MIDDLE, LEVEL)
MIDDLE, LEVEL, ACROSS, DOWN = 20.0, 23.0, 12.0, 15.5
EYES, BROWS, MOUTH = 21.0, 16.6, 31.6  # rows
EYE_ARC, EYE_WIDTH, EYE_HEIGHT = 5.2, 2.8, 2.2
BROW_WIDTH, BROW_SLOPE, BROW_LIFT = 3.6, 0.5, 0.8
MOUTH_WIDTH, MOUTH_BEND, MOUTH_OPEN, CLOSED_TO = 6.6, 3.6, 4.6, 0.3
LIP, BROW = 0.7, 0.85  # half of each line's width

# outside of these rows the part never is: less to compute
FRINGE_ROWS, EYE_ROWS, BROW_ROWS, NOSE_ROWS, MOUTH_ROWS = slice(5, 38), slice(16, 27), slice(10, 24), slice(17, 31), slice(25, 39)

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class Ball(NamedTuple):
    """What a column shows of the ball, each (n, 1, 40)."""

    arc: Singles
    """pixels along the ball from the middle of the face, to the right as seen"""
    narrowing: Singles
    """pixels of the picture that a pixel along the ball takes, 1 in the middle and less towards the edge"""


@lru_cache(maxsize=2)
def load_faces(seed: int = 0, n: int = N_IMAGES) -> Dataset:
    """`n` faces from `seed`; the factors are independent, so the first 3/4 are as good a training split as any."""
    factors = draw_factors(n, np.random.Generator(np.random.PCG64(seed)))
    n_validation, n_test = n * N_VALIDATION // N_IMAGES, n * N_TEST // N_IMAGES
    return Dataset(
        name=NAME,
        images=render(factors),
        labels=np.digitize(factors[:, 1], [-1 / 3, 1 / 3]).astype(np.int64),
        class_names=CLASS_NAMES,
        factors=factors,
        factor_names=FACTOR_NAMES,
        splits=consecutive_splits(n - n_validation - n_test, n_validation, n_test),
        licence=LICENCE,
    )


def draw_factors(n: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """(n, 6), independent and uniform in [LOW, HIGH)."""
    factors = LOW + (HIGH - LOW) * generator.random((n, len(FACTOR_NAMES)))
    # float32 may round up to HIGH itself, which is outside
    return np.minimum(factors.astype(np.float32), np.nextafter(HIGH.astype(np.float32), np.float32(0)))


def render(factors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """factors (n, 6) → images (n, 1, 48, 40)."""
    images = np.empty((len(factors), *IMAGE_SHAPE), dtype=np.uint8)
    for start in range(0, len(factors), CHUNK):
        part = factors[start : start + CHUNK].astype(np.float64)
        images[start : start + CHUNK, 0] = np.floor(255 * portraits(part) + 0.5)
    return images


def portraits(factors: Floats) -> Singles:
    """(n, 6) → (n, 48, 40) in [0, 1], painted from the back to the front."""
    yaw, expression, eyes, brows, hair, skin = (factors[:, k, None, None] for k in range(len(FACTOR_NAMES)))
    turn = yaw * (math.pi / 180)
    aside = _to_20_bits(np.sin(turn))
    paper = np.full((len(factors), HEIGHT, WIDTH), PAPER, np.float32)
    tone = _single(SKIN + SKIN_STEP * skin)
    _paint(paper, _ellipse(MIDDLE, 52.0, 17.0, 10.0), CLOTHES)
    _paint(paper, _ellipse(MIDDLE, 40.0, 5.0, 7.0), (1 - SHADE) * tone)
    _paint(paper, _ellipse(MIDDLE - 3.2 * aside, LEVEL - 4.0, 14.2, 15.4), HAIR)
    face = _ellipse(MIDDLE, LEVEL, ACROSS, DOWN)
    _paint(paper, face, tone * _shade())
    ball = _ball(turn)
    on_face = np.clip(np.float32(0.5) - face, 0, 1)
    _paint_fringe(paper, ball, np.clip(np.float32(1.5) - face, 0, 1), hair)  # hair is a pixel thick
    for side in (-1, 1):
        _paint_eye(paper, ball, on_face, side, eyes)
        _paint_brow(paper, ball, on_face, side, brows, expression)
    _paint_nose(paper, aside, tone)
    _paint_mouth(paper, ball, on_face, expression)
    return paper


def _ball(turn: Floats) -> Ball:
    """turn (n, 1, 1), radians."""
    across = np.clip((np.arange(WIDTH) + 0.5 - MIDDLE) / ACROSS, -0.98, 0.98)  # beyond the edge of the face nothing is painted
    return Ball(
        _single(ACROSS * (_to_20_bits(np.arcsin(across)) - turn)),
        _single(np.broadcast_to(np.sqrt(1 - across * across), (1, 1, WIDTH))),
    )


def _shade() -> Singles:
    """(48, 40): the light comes from above on the left, and less of it meets the edges of the face."""
    across = (np.arange(WIDTH) + 0.5 - MIDDLE + 3.0) / (ACROSS + 3.0)
    down = (np.arange(HEIGHT)[:, None] + 0.5 - LEVEL + 3.0) / (DOWN + 3.0)
    return _single(1 - SHADE * np.clip(across * across + down * down, 0.0, 1.5))


# --- features on the ball; each is painted into the rows in which it can be


def _paint_fringe(paper: Singles, ball: Ball, near_face: Singles, hair: Floats) -> None:
    """Hair over the forehead, whose edge rises from the parting to both sides of it and comes down at the temples."""
    arc = ball.arc / np.float32(ACROSS)
    edge = _single(11.6 + hair) + np.float32(5.5) * arc * arc - np.float32(0.8) * arc
    _paint(paper[:, FRINGE_ROWS], _rows(FRINGE_ROWS) - edge, HAIR, near_face[:, FRINGE_ROWS])


def _paint_eye(paper: Singles, ball: Ball, on_face: Singles, side: int, opened: Floats) -> None:
    right, down = ball.arc - np.float32(side * EYE_ARC), _rows(EYE_ROWS) - np.float32(EYES)
    height = _single(EYE_HEIGHT * opened)
    lid = _round(right, down, EYE_WIDTH + 0.7, height + np.float32(0.7), ball)
    white = _round(right, down, EYE_WIDTH, height, ball)
    iris = np.maximum(_round(right, down, 1.5, np.float32(1.5), ball), white)
    for distance, grey in ((lid, 0.4), (white, LIGHT), (iris, DARK)):
        _paint(paper[:, EYE_ROWS], distance, grey, on_face[:, EYE_ROWS])


def _paint_brow(paper: Singles, ball: Ball, on_face: Singles, side: int, raised: Floats, expression: Floats) -> None:
    """A scowl draws the brow down, its inner end most; a smile lifts both."""
    outward = np.float32(side) * (ball.arc - np.float32(side * (EYE_ARC + 0.2)))
    slope = _single(BROW_SLOPE * (expression - 0.1))
    line = _single(BROWS - raised - BROW_LIFT * expression) + slope * outward + np.float32(0.05) * outward * outward
    _paint(paper[:, BROW_ROWS], _line(_rows(BROW_ROWS) - line, outward, slope, BROW_WIDTH, BROW, ball), DARK, on_face[:, BROW_ROWS])


def _paint_mouth(paper: Singles, ball: Ball, on_face: Singles, expression: Floats) -> None:
    """A line that bends up at its corners with a smile and down with a scowl; a smile parts it over the teeth."""
    width = _single(MOUTH_WIDTH + 0.9 * expression)
    share = np.clip(ball.arc / width, -1, 1)
    curve = share * share
    middle = np.float32(MOUTH) + _single(MOUTH_BEND * expression) * (np.float32(0.45) - curve)
    opened = _single(MOUTH_OPEN * np.maximum(expression - CLOSED_TO, 0.0)) * (1 - curve)
    off = np.abs(_rows(MOUTH_ROWS) - middle) - opened
    slope = _single(2 * MOUTH_BEND * expression) * share / width
    lips = _line(np.maximum(off, 0), ball.arc, slope, width, LIP, ball)
    _paint(paper[:, MOUTH_ROWS], lips, DARK, on_face[:, MOUTH_ROWS])
    _paint(paper[:, MOUTH_ROWS], off + np.float32(LIP), LIGHT, on_face[:, MOUTH_ROWS])


def _paint_nose(paper: Singles, aside: Floats, tone: Singles) -> None:
    """It stands out of the ball: its tip moves farther than what lies on it."""
    tip = (ACROSS + 2.6) * aside
    _paint(paper[:, NOSE_ROWS], _ellipse(MIDDLE + 0.93 * tip, 24.2, 1.5, 4.6, NOSE_ROWS), np.float32(1.12) * tone)
    _paint(paper[:, NOSE_ROWS], _ellipse(MIDDLE + tip, 27.2, 2.3, 1.5, NOSE_ROWS), np.float32(0.62) * tone)
    _paint(paper[:, NOSE_ROWS], _ellipse(MIDDLE + 1.02 * tip, 26.4, 2.1, 1.5, NOSE_ROWS), np.float32(1.1) * tone)


# --- signed distances, in pixels of the picture, negative inside; (n, rows, 40)


def _rows(rows: slice) -> Singles:
    return _single(np.arange(HEIGHT, dtype=np.float64)[rows, None] + 0.5)


def _ellipse(x: Floats | float, y: float, across: float, down: float, rows: slice = slice(0, HEIGHT)) -> Singles:
    """On the picture itself; x: a number or (n, 1, 1)."""
    right = np.arange(WIDTH) + 0.5 - np.asarray(x).reshape(-1, 1, 1)
    return _round(_single(right), _rows(rows) - np.float32(y), across, np.float32(down), None)


def _round(right: Singles, down: Singles, across: float, height: Singles | np.float32, ball: Ball | None) -> Singles:
    """First order: with f = |(right/a, down/b)| the distance is (f − 1)/|∇f|, exact on the outline, where it matters."""
    p, q = right / np.float32(across), down / height
    f = np.sqrt(p * p + q * q)
    along = p / np.float32(across) if ball is None else p / (np.float32(across) * ball.narrowing)
    up = q / height
    distance: Singles = f * (f - 1) / np.maximum(np.sqrt(along * along + up * up), np.float32(1e-4))
    return distance


def _line(off: Singles, along: Singles, slope: Singles, half_length: Singles | float, half_width: float, ball: Ball) -> Singles:
    """Of a line whose height above a pixel is `off`, which has that slope on the ball, and ends at ±half_length."""
    steep = slope / ball.narrowing
    beyond = np.maximum(np.abs(along) - np.asarray(half_length, np.float32), 0) * ball.narrowing
    distance: Singles = np.sqrt(off * off / (1 + steep * steep) + beyond * beyond) - np.float32(half_width)
    return distance


def _paint(paper: Singles, distance: Singles, grey: Singles | float, within: Singles | float = 1.0) -> None:
    """The share of each pixel that is covered gets the grey."""
    share = np.clip(np.float32(0.5) - distance, 0, 1) * within
    paper += share * (grey - paper)


def _single(values: Floats) -> Singles:
    """What is done for every pixel is done in half the bytes: it takes half the time."""
    return values.astype(np.float32)


def _to_20_bits(values: Floats) -> Floats:
    rounded: Floats = np.rint(values * 2**20) / 2**20
    return rounded

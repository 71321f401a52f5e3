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

The same painting gives `faces_64` in colour: all lengths are in units, which are the pixels of a canvas of scale 1, and
each part has a colour of its own.

The same seed gives the same bytes on every machine: asin, sin and cos of one library may differ from another's in the
last bit, so they are rounded to 20 bits; all else is + − × ÷, square roots, minima and maxima.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, dataset_of_factors, uniform_factors

NAME = "faces"
N_IMAGES = 10_000
HEIGHT, WIDTH = 48, 40
IMAGE_SHAPE = (1, HEIGHT, WIDTH)
CLASS_NAMES = ("scowls", "straight", "smiles")
FACTOR_NAMES = ("yaw", "expression", "eyes", "brows", "hair", "skin")
LOW = np.array([-22, -1, 0.6, -0.5, -0.8, -1], dtype=np.float64)
HIGH = np.array([22, 1, 1, 0.5, 0.8, 1], dtype=np.float64)
DESCRIPTION = "10 000 drawn faces, 48 × 40, grey, six known factors: they turn and smile; made here"

N_TRAIN, N_VALIDATION, N_TEST = 7_500, 1_000, 1_500
CHUNK = 250  # images of this size drawn at once: 2 MB per intermediate array, which fits the processor's cache

# grey, 0 black to 1 white
PAPER, CLOTHES, HAIR, SKIN, LIGHT, DARK = 0.12, 0.36, 0.22, 0.78, 1.0, 0.06
LID = 0.4
SKIN_STEP = 0.025
SHADE = 0.3  # by which share the skin is darker at the edge of the face

# units; the face is an ellipse around (MIDDLE, LEVEL)
MIDDLE, LEVEL, ACROSS, DOWN = 20.0, 23.0, 12.0, 15.5
EYES, BROWS, MOUTH = 21.0, 16.6, 31.6  # rows
EYE_ARC, EYE_WIDTH, EYE_HEIGHT = 5.2, 2.8, 2.2
BROW_WIDTH, BROW_SLOPE, BROW_LIFT = 3.6, 0.5, 0.8
MOUTH_WIDTH, MOUTH_BEND, MOUTH_OPEN, CLOSED_TO = 6.6, 3.6, 4.6, 0.3
LIP, BROW = 0.7, 0.85  # half of each line's width

# units from the top: outside of these the part never is, so that there is less to compute
FRINGE_ROWS, EYE_ROWS, BROW_ROWS, NOSE_ROWS, MOUTH_ROWS = slice(5, 38), slice(16, 27), slice(10, 24), slice(17, 31), slice(25, 39)
WHOLE = slice(0, HEIGHT)

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


Colour = tuple[float, ...]
"""A number a channel, 0 to 1."""


class Palette(NamedTuple):
    """What each part is painted with."""

    paper: Colour
    clothes: Colour
    hair: Colour
    skin: Colour
    lid: Colour
    white: Colour
    """of eyes, and teeth"""
    iris: Colour
    brow: Colour
    lips: Colour


@dataclass(frozen=True)
class Canvas:
    """How large the picture is, and which part of the plane it shows: units from the left and from the top."""

    height: int
    """pixels"""
    width: int
    scale: float
    """pixels in a unit"""
    left: float
    """units at the left edge"""
    palette: Palette

    def across(self) -> Floats:
        """(width,): the middle of each column, in units."""
        return np.asarray((np.arange(self.width, dtype=np.float64) + 0.5) / self.scale + self.left, np.float64)

    def down(self, part: slice) -> Floats:
        """(rows, 1): the middle of each row in a part of the picture, in units."""
        return np.asarray((np.arange(self.height, dtype=np.float64)[self.rows(part), None] + 0.5) / self.scale, np.float64)

    def rows(self, part: slice) -> slice:
        """The rows that show a part."""
        return slice(math.floor(part.start * self.scale), min(self.height, math.ceil(part.stop * self.scale)))


GREY = Canvas(
    HEIGHT,
    WIDTH,
    scale=1.0,
    left=0.0,
    palette=Palette((PAPER,), (CLOTHES,), (HAIR,), (SKIN,), (LID,), (LIGHT,), (DARK,), (DARK,), (DARK,)),
)


class Paper(NamedTuple):
    """Pictures that are being painted."""

    pixels: Singles
    """(n, C, height, width) in [0, 1]"""
    canvas: Canvas


class Ball(NamedTuple):
    """What a column shows of the ball, each (n, 1, width)."""

    arc: Singles
    """units along the ball from the middle of the face, to the right as seen"""
    narrowing: Singles
    """units of the picture that a unit along the ball takes, 1 in the middle and less towards the edge"""


@lru_cache(maxsize=2)
def load_faces(seed: int = 0, n: int = N_IMAGES) -> Dataset:
    """`n` faces from `seed`."""
    return faces_on(GREY, NAME, seed, n)


def faces_on(canvas: Canvas, name: str, seed: int, n: int) -> Dataset:
    """`n` faces from `seed`; the factors are independent, so the first 3/4 are as good a training split as any."""
    factors = draw_factors(n, np.random.Generator(np.random.PCG64(seed)))
    labels = np.digitize(factors[:, 1], [-1 / 3, 1 / 3]).astype(np.int64)
    parts = N_TRAIN, N_VALIDATION, N_TEST
    return dataset_of_factors(name, render(factors, canvas), labels, CLASS_NAMES, factors, FACTOR_NAMES, parts)


def draw_factors(n: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """(n, 6), independent and uniform in [LOW, HIGH)."""
    return uniform_factors(LOW, HIGH, n, generator)


def render(factors: NDArray[np.float32], canvas: Canvas = GREY) -> NDArray[np.uint8]:
    """factors (n, 6) → images (n, C, height, width)."""
    images = np.empty((len(factors), len(canvas.palette.paper), canvas.height, canvas.width), dtype=np.uint8)
    chunk = CHUNK * HEIGHT * WIDTH // images[0].size
    for start in range(0, len(factors), chunk):
        part = factors[start : start + chunk].astype(np.float64)
        images[start : start + chunk] = np.floor(255 * portraits(part, canvas) + 0.5)
    return images


def portraits(factors: Floats, canvas: Canvas = GREY) -> Singles:
    """(n, 6) → (n, C, height, width) in [0, 1], painted from the back to the front."""
    yaw, expression, eyes, brows, hair, skin = (factors[:, k, None, None] for k in range(len(FACTOR_NAMES)))
    turn = yaw * (math.pi / 180)
    aside = _to_20_bits(np.sin(turn))
    palette = canvas.palette
    paper = Paper(np.empty((len(factors), len(palette.paper), canvas.height, canvas.width), np.float32), canvas)
    paper.pixels[:] = _flat(palette.paper)
    tone = _single(np.array(palette.skin)[:, None, None] + SKIN_STEP * skin[:, None])
    _paint(paper, _ellipse(canvas, MIDDLE, 52.0, 17.0, 10.0), _flat(palette.clothes))
    _paint(paper, _ellipse(canvas, MIDDLE, 40.0, 5.0, 7.0), (1 - SHADE) * tone)
    _paint(paper, _ellipse(canvas, MIDDLE - 3.2 * aside, LEVEL - 4.0, 14.2, 15.4), _flat(palette.hair))
    face = _ellipse(canvas, MIDDLE, LEVEL, ACROSS, DOWN)
    _paint(paper, face, tone * _shade(canvas))
    ball = _ball(canvas, turn)
    on_face = _covered(canvas, face)
    _paint_fringe(paper, ball, _covered(canvas, face - np.float32(1)), hair)  # hair is a unit thick
    for side in (-1, 1):
        _paint_eye(paper, ball, on_face, side, eyes)
        _paint_brow(paper, ball, on_face, side, brows, expression)
    _paint_nose(paper, aside, tone)
    _paint_mouth(paper, ball, on_face, expression)
    return paper.pixels


def _ball(canvas: Canvas, turn: Floats) -> Ball:
    """turn (n, 1, 1), radians."""
    across = np.clip((canvas.across() - MIDDLE) / ACROSS, -0.98, 0.98)  # beyond the edge of the face nothing is painted
    return Ball(
        _single(ACROSS * (_to_20_bits(np.arcsin(across)) - turn)),
        _single(np.broadcast_to(np.sqrt(1 - across * across), (1, 1, canvas.width))),
    )


def _shade(canvas: Canvas) -> Singles:
    """(height, width): the light comes from above on the left, and less of it meets the edges of the face."""
    across = (canvas.across() - MIDDLE + 3.0) / (ACROSS + 3.0)
    down = (canvas.down(WHOLE) - LEVEL + 3.0) / (DOWN + 3.0)
    return _single(1 - SHADE * np.clip(across * across + down * down, 0.0, 1.5))


# --- features on the ball; each is painted into the part of the picture in which it can be


def _paint_fringe(paper: Paper, ball: Ball, near_face: Singles, hair: Floats) -> None:
    """Hair over the forehead, whose edge rises from the parting to both sides of it and comes down at the temples."""
    arc = ball.arc / np.float32(ACROSS)
    edge = _single(11.6 + hair) + np.float32(5.5) * arc * arc - np.float32(0.8) * arc
    _paint(paper, _rows(paper.canvas, FRINGE_ROWS) - edge, _flat(paper.canvas.palette.hair), near_face, FRINGE_ROWS)


def _paint_eye(paper: Paper, ball: Ball, on_face: Singles, side: int, opened: Floats) -> None:
    right, down = ball.arc - np.float32(side * EYE_ARC), _rows(paper.canvas, EYE_ROWS) - np.float32(EYES)
    height = _single(EYE_HEIGHT * opened)
    lid = _round(right, down, EYE_WIDTH + 0.7, height + np.float32(0.7), ball)
    white = _round(right, down, EYE_WIDTH, height, ball)
    iris = np.maximum(_round(right, down, 1.5, np.float32(1.5), ball), white)
    palette = paper.canvas.palette
    for distance, colour in ((lid, palette.lid), (white, palette.white), (iris, palette.iris)):
        _paint(paper, distance, _flat(colour), on_face, EYE_ROWS)


def _paint_brow(paper: Paper, ball: Ball, on_face: Singles, side: int, raised: Floats, expression: Floats) -> None:
    """A scowl draws the brow down, its inner end most; a smile lifts both."""
    outward = np.float32(side) * (ball.arc - np.float32(side * (EYE_ARC + 0.2)))
    slope = _single(BROW_SLOPE * (expression - 0.1))
    line = _single(BROWS - raised - BROW_LIFT * expression) + slope * outward + np.float32(0.05) * outward * outward
    off = _rows(paper.canvas, BROW_ROWS) - line
    _paint(paper, _line(off, outward, slope, BROW_WIDTH, BROW, ball), _flat(paper.canvas.palette.brow), on_face, BROW_ROWS)


def _paint_mouth(paper: Paper, ball: Ball, on_face: Singles, expression: Floats) -> None:
    """A line that bends up at its corners with a smile and down with a scowl; a smile parts it over the teeth."""
    width = _single(MOUTH_WIDTH + 0.9 * expression)
    share = np.clip(ball.arc / width, -1, 1)
    curve = share * share
    middle = np.float32(MOUTH) + _single(MOUTH_BEND * expression) * (np.float32(0.45) - curve)
    opened = _single(MOUTH_OPEN * np.maximum(expression - CLOSED_TO, 0.0)) * (1 - curve)
    off = np.abs(_rows(paper.canvas, MOUTH_ROWS) - middle) - opened
    slope = _single(2 * MOUTH_BEND * expression) * share / width
    lips = _line(np.maximum(off, 0), ball.arc, slope, width, LIP, ball)
    _paint(paper, lips, _flat(paper.canvas.palette.lips), on_face, MOUTH_ROWS)
    _paint(paper, off + np.float32(LIP), _flat(paper.canvas.palette.white), on_face, MOUTH_ROWS)


def _paint_nose(paper: Paper, aside: Floats, tone: Singles) -> None:
    """It stands out of the ball: its tip moves farther than what lies on it."""
    tip = (ACROSS + 2.6) * aside
    for along, y, across, down, light in ((0.93, 24.2, 1.5, 4.6, 1.12), (1.0, 27.2, 2.3, 1.5, 0.62), (1.02, 26.4, 2.1, 1.5, 1.1)):
        outline = _ellipse(paper.canvas, MIDDLE + along * tip, y, across, down, NOSE_ROWS)
        _paint(paper, outline, np.float32(light) * tone, part=NOSE_ROWS)


# --- signed distances, in units, negative inside; (n, rows, width)


def _rows(canvas: Canvas, part: slice) -> Singles:
    return _single(canvas.down(part))


def _ellipse(canvas: Canvas, x: Floats | float, y: float, across: float, down: float, part: slice = WHOLE) -> Singles:
    """On the picture itself; x: a number or (n, 1, 1)."""
    right = canvas.across() - np.asarray(x).reshape(-1, 1, 1)
    return _round(_single(right), _rows(canvas, part) - np.float32(y), across, np.float32(down), None)


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


def _covered(canvas: Canvas, distance: Singles) -> Singles:
    """The share of each pixel that is inside."""
    share: Singles = np.clip(np.float32(0.5) - np.float32(canvas.scale) * distance, 0, 1)
    return share


def _paint(paper: Paper, distance: Singles, colour: Singles, within: Singles | None = None, part: slice = WHOLE) -> None:
    """In a part of the picture, the share of each pixel that is covered gets the colour; within: shares (n, height, width)."""
    rows = paper.canvas.rows(part)
    share = _covered(paper.canvas, distance)
    if within is not None:
        share = share * within[:, rows]
    pixels = paper.pixels[:, :, rows]
    pixels += share[:, None] * (colour - pixels)


def _flat(colour: Colour) -> Singles:
    """(C, 1, 1)"""
    return np.array(colour, np.float32)[:, None, None]


def _single(values: Floats) -> Singles:
    """What is done for every pixel is done in half the bytes: it takes half the time."""
    return values.astype(np.float32)


def _to_20_bits(values: Floats) -> Floats:
    rounded: Floats = np.rint(values * 2**20) / 2**20
    return rounded

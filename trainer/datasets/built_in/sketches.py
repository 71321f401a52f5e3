"""Which drawings have strokes that are known exactly? Doodles that this file draws with a pen, each from seven numbers.

| factor  | range       | unit and meaning                                                                                   |
|---------|-------------|----------------------------------------------------------------------------------------------------|
| kind    | 0 … 5       | circle, spiral, star, house, cat, fish: the label too                                              |
| size    | [7.2, 9.6)  | pixels: what the kinds are drawn in, none reaching more than 1.2 times as far from the middle      |
| tilt    | [−18, 18)   | degrees by which the drawing is turned, clockwise as seen                                          |
| stretch | [0.75, 1.3) | width over height, as a multiple of the kind's own; width times height stays                      |
| wobble  | [0.2, 0.75) | pixels by which the hand sways to each side of the line that it means                              |
| hand    | [0, 2π)     | radians: where in its sway the hand begins                                                         |
| pen     | [1, 2)      | pixels: width of the line                                                                          |

Each is drawn independently and uniformly. The hand sways as it draws, and not as the paper lies: an offset of two waves
along the length of all strokes, so lines bend, corners are round or sharp, and ends that ought to meet do not quite.
Where it begins is a factor of its own, so that two drawings of one kind, size and wobble still differ, and yet nothing in
a picture is without a number.

The kinds are what people draw without a model, in one to eleven strokes, and no two are alike for a network or for a
program that traces pictures: a line that closes, one that does not, one that crosses itself, corners, many small
strokes, and a loop with a tail. 28 × 28 pixels, light on dark, as MNIST: what works for digits works for them.

A pixel shows the share of it that the line covers, by its distance to the nearest point of any stroke.

The same seed gives the same bytes on every machine: sin and cos of one library may differ from another's in the last
bit, so they are rounded to 20 bits; all else is + − × ÷, square roots, minima and maxima.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, dataset_of_factors, uniform_factors

NAME = "sketches"
N_IMAGES = 12_000
SIDE = 28
IMAGE_SHAPE = (1, SIDE, SIDE)
CLASS_NAMES = ("circle", "spiral", "star", "house", "cat", "fish")
FACTOR_NAMES = ("kind", "size", "tilt", "stretch", "wobble", "hand", "pen")
LOW = np.array([0, 7.2, -18, 0.75, 0.2, 0, 1], dtype=np.float64)
HIGH = np.array([len(CLASS_NAMES), 9.6, 18, 1.3, 0.75, 2 * math.pi, 2], dtype=np.float64)
DESCRIPTION = "12 000 pen drawings of six kinds, 28 × 28, grey, strokes with seven known factors; made here"

N_TRAIN, N_VALIDATION, N_TEST = 9_000, 1_000, 2_000
CHUNK = 1_000  # drawings drawn at once: a stroke's piece of each takes 200 kB, which fits the processor's cache

STEP = 0.16  # of the drawing's size: lines are drawn in pieces no longer than that, 1.8 pixels at most, so that they can bend
SWAYS = ((3.7, 0.0), (2.9, 2.0))  # across and down: radians for a length of the drawing's size, and ahead of `hand`
LIFT = 1.0  # of the drawing's size: how far the hand sways on between two strokes
PATCH = 7  # pixels: a square that holds a piece and the pen's width around it
EDGE = PATCH  # pixels around the picture while pieces are drawn

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Stroke = NDArray[np.float64]
"""(points, 2): x to the right and y down."""


@lru_cache(maxsize=2)
def load_sketches(seed: int = 0, n: int = N_IMAGES) -> Dataset:
    """`n` drawings from `seed`; the factors are independent, so the first 3/4 are as good a training split as any."""
    factors = draw_factors(n, np.random.Generator(np.random.PCG64(seed)))
    labels = factors[:, 0].astype(np.int64)
    parts = N_TRAIN, N_VALIDATION, N_TEST
    return dataset_of_factors(NAME, render(factors), labels, CLASS_NAMES, factors, FACTOR_NAMES, parts)


def draw_factors(n: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """(n, 7), independent and uniform in [LOW, HIGH); the kind is floored to 0 … 5."""
    return uniform_factors(LOW, HIGH, n, generator, first_is_kind=True)


def render(factors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """factors (n, 7) → images (n, 1, 28, 28)."""
    images = np.empty((len(factors), *IMAGE_SHAPE), dtype=np.uint8)
    for kind in range(len(CLASS_NAMES)):
        rows = np.flatnonzero(factors[:, 0] == kind)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            images[part, 0] = np.floor(255 * inked(kind, factors[part].astype(np.float64)) + np.float32(0.5))
    return images


# --- what the hand means to draw; the unit is the size


def _arc(middle: tuple[float, float], radii: tuple[float, float], start: float, end: float) -> Stroke:
    """Part of an ellipse; degrees from the right, clockwise as seen."""
    n = max(3, math.ceil(math.radians(abs(end - start)) * max(radii) / STEP) + 1)
    angle = np.linspace(start, end, n) * (math.pi / 180)
    return np.stack([middle[0] + radii[0] * _to_20_bits(np.cos(angle)), middle[1] + radii[1] * _to_20_bits(np.sin(angle))], 1)


def _lines(*corners: tuple[float, float]) -> Stroke:
    """From corner to corner, in pieces."""
    parts = [np.array(corners[:1], np.float64)]
    for (x, y), (to_x, to_y) in pairwise(corners):
        n = max(1, math.ceil(math.sqrt((to_x - x) ** 2 + (to_y - y) ** 2) / STEP))
        share = np.arange(1, n + 1)[:, None] / n
        parts.append(np.array([[x, y]]) + share * np.array([[to_x - x, to_y - y]]))
    return np.concatenate(parts)


def _circle() -> list[Stroke]:
    """Begun on top, and drawn a little beyond where it began."""
    return [_arc((0, 0), (0.94, 0.94), -90, 290)]


def _spiral() -> list[Stroke]:
    turns = 2.4
    share = np.sqrt(np.linspace(0.0, 1.0, math.ceil(turns * math.pi / STEP) + 2))  # about evenly along the line
    angle = 2 * math.pi * turns * share
    return [np.stack([share * _to_20_bits(np.cos(angle)), share * _to_20_bits(np.sin(angle))], 1)]


def _star() -> list[Stroke]:
    """Five points, without lifting the pen."""
    corners = [math.radians(-90 + 144 * k) for k in range(6)]
    return [_lines(*((_rounded(math.cos(angle)), _rounded(math.sin(angle))) for angle in corners))]


def _house() -> list[Stroke]:
    walls = _lines((-0.66, -0.16), (-0.66, 0.84), (0.66, 0.84), (0.66, -0.16))
    roof = _lines((-0.98, 0.06), (0, -0.98), (0.98, 0.06))
    door = _lines((-0.22, 0.84), (-0.22, 0.24), (0.22, 0.24), (0.22, 0.84))
    return [roof, walls, door]


def _cat() -> list[Stroke]:
    """A head: ears, eyes, mouth and whiskers."""
    left = _lines((-0.68, -0.28), (-0.6, -0.88), (-0.22, -0.58))
    right = _lines((0.22, -0.58), (0.6, -0.88), (0.68, -0.28))
    head = _arc((0, 0.1), (0.76, 0.68), -28, 208)
    brow = _lines((-0.22, -0.58), (0.22, -0.58))
    eyes = [_lines((x, -0.12), (x, 0.06)) for x in (-0.3, 0.3)]
    mouth = _lines((0, 0.28), (0, 0.36))
    whiskers = [_lines((side * 0.5, 0.24), (side * 0.95, y)) for side in (-1, 1) for y in (0.14, 0.42)]
    return [left, brow, right, head, *eyes, mouth, *whiskers]


def _fish() -> list[Stroke]:
    """Body and tail in one stroke that crosses itself, and an eye: two parabolas from the nose on, their ends joined."""
    x = np.linspace(-0.98, 0.8, 36)
    share = (x + 0.25) / 0.73
    height = 0.66 * (1 - share * share)
    below, above = np.stack([x + 0.09, height], 1), np.stack([x + 0.09, -height], 1)
    (from_x, from_y), (to_x, to_y) = below[-1], above[-1]
    tail = _lines((float(from_x), float(from_y)), (float(to_x), float(to_y)))
    return [np.concatenate([above[:0:-1], below[:-1], tail]), _arc((-0.5, -0.12), (0.05, 0.05), 0, 360)]


@lru_cache(maxsize=1)
def meant() -> tuple[list[Stroke], ...]:
    """The strokes of each kind."""
    return tuple(kind() for kind in (_circle, _spiral, _star, _house, _cat, _fish))


# --- what it does draw


def drawn(kind: int, factors: Floats) -> list[Floats]:
    """(n, 7), all of one kind → of each stroke (n, points, 2) in pixels from the top left corner, x to the right and y down."""
    _, size, tilt, stretch, wobble, hand, _ = (factors[:, k, None] for k in range(len(FACTOR_NAMES)))
    wide = np.sqrt(stretch)
    angle = tilt * (math.pi / 180)
    cos, sin = _to_20_bits(np.cos(angle)), _to_20_bits(np.sin(angle))
    strokes, way = [], 0.0
    for points in meant()[kind]:
        lengths = np.sqrt(np.square(np.diff(points, axis=0)).sum(axis=1))
        along = way + np.concatenate([[0.0], np.add.accumulate(lengths)])
        (often, ahead), (seldom, ahead_down) = SWAYS
        right = size * wide * points[:, 0] + wobble * _to_20_bits(np.sin(often * along + ahead + hand))
        down = size / wide * points[:, 1] + wobble * _to_20_bits(np.sin(seldom * along + ahead_down + hand))
        strokes.append(np.stack([SIDE / 2 + cos * right - sin * down, SIDE / 2 + sin * right + cos * down], axis=2))
        way = float(along[-1]) + LIFT
    return strokes


def inked(kind: int, factors: Floats) -> Singles:
    """(n, 7), all of one kind → (n, 28, 28) in [0, 1]: the share of each pixel that the pen covers."""
    wide = SIDE + 2 * EDGE
    squared = np.full((len(factors), wide * wide), 100, np.float32)
    for stroke in drawn(kind, factors):
        for k in range(stroke.shape[1] - 1):
            _draw_piece(squared, wide, stroke[:, k], stroke[:, k + 1])
    within = squared.reshape(-1, wide, wide)[:, EDGE:-EDGE, EDGE:-EDGE]
    covered: Singles = np.clip(np.float32(0.5) + (factors[:, 6, None, None] / 2).astype(np.float32) - np.sqrt(within), 0, 1)
    return covered


def _draw_piece(squared: Singles, wide: int, start: Floats, end: Floats) -> None:
    """Squared distances (n, wide²) of pixels to what is drawn already become those to a piece too, where its ink can be."""
    corner = np.floor((start + end) / 2).astype(np.int64) - PATCH // 2
    offset = np.arange(PATCH)
    pixels = (corner[:, 1, None, None] + offset[:, None] + EDGE) * wide + corner[:, 0, None, None] + offset + EDGE
    right = (corner[:, 0, None] - start[:, 0, None] + (offset + 0.5)).astype(np.float32)[:, None, :]
    down = (corner[:, 1, None] - start[:, 1, None] + (offset + 0.5)).astype(np.float32)[:, :, None]
    x, y = (end - start).astype(np.float32).T[:, :, None, None]
    along = np.clip((right * x + down * y) / np.maximum(x * x + y * y, np.float32(1e-9)), 0, 1)
    beyond, aside = right - along * x, down - along * y
    rows = np.arange(len(squared))[:, None, None]
    squared[rows, pixels] = np.minimum(squared[rows, pixels], beyond * beyond + aside * aside)


def _to_20_bits(values: Floats) -> Floats:
    rounded: Floats = np.rint(values * 2**20) / 2**20
    return rounded


def _rounded(value: float) -> float:
    return round(value * 2**20) / 2**20

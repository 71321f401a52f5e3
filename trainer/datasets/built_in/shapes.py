"""Which images have causes that are known exactly? Coloured shapes that this file draws, each from six numbers.

| factor   | range            | unit and meaning                                                                   |
|----------|------------------|------------------------------------------------------------------------------------|
| shape    | 0, 1, 2          | ellipse, square, heart: the label too                                              |
| scale    | [5, 9)           | pixels: radius of the circle around the shape, whatever the shape                  |
| rotation | [−45, 45)        | degrees, counter-clockwise as seen                                                 |
| x, y     | [−6, 6)          | pixels from the middle of the picture to the middle of that circle; y points down  |
| hue      | [0, 300)         | degrees on the colour circle, red to magenta                                       |

Each is drawn independently and uniformly. Rotation spans 90°, the symmetry of the square (the ellipse repeats after
180°, the heart after 360°), so that one unit serves all shapes, every angle looks different, and rotation stays
independent of shape. Hue stops before it comes back to red, so that it is a line and not a circle. scale < 9 and
|x|, |y| ≤ 6, so every shape lies wholly inside the picture (9 + 6 < 16).

The same seed gives the same bytes on every machine: after sin and cos, which are rounded to 20 bits, there are only
+ − × ÷, square roots, minima and maxima, which IEEE 754 rounds in one way only.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, dataset_of_factors, uniform_factors

NAME = "shapes"
N_IMAGES = 12_000
SIZE = 32
IMAGE_SHAPE = (3, SIZE, SIZE)
CLASS_NAMES = ("ellipse", "square", "heart")
FACTOR_NAMES = ("shape", "scale", "rotation", "x", "y", "hue")
LOW = np.array([0, 5, -45, -6, -6, 0], dtype=np.float64)
HIGH = np.array([3, 9, 45, 6, 6, 300], dtype=np.float64)
DESCRIPTION = "12 000 ellipses, squares and hearts, 32 × 32, colour, six known factors; made here"

N_TRAIN, N_VALIDATION, N_TEST = 9_000, 1_000, 2_000
BACKGROUND = 28.0  # grey level: dark and neutral, so that hue is the shape's alone
SATURATION, VALUE = 0.75, 245.0
ASPECT = 0.5  # short axis of the ellipse over the long one: its rotation is plain at every size
CHUNK = 500  # images drawn at once: 4 MB per intermediate array, which fits the processor's cache

Floats = NDArray[np.float64]


@lru_cache(maxsize=2)
def load_shapes(seed: int = 0, n: int = N_IMAGES) -> Dataset:
    """`n` shapes from `seed`; the factors are independent, so the first 3/4 are as good a training split as any."""
    factors = draw_factors(n, np.random.Generator(np.random.PCG64(seed)))
    labels = factors[:, 0].astype(np.int64)
    parts = N_TRAIN, N_VALIDATION, N_TEST
    return dataset_of_factors(NAME, render(factors), labels, CLASS_NAMES, factors, FACTOR_NAMES, parts)


def draw_factors(n: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """(n, 6), independent and uniform in [LOW, HIGH); the shape is floored to 0, 1 or 2."""
    return uniform_factors(LOW, HIGH, n, generator, first_is_kind=True)


def render(factors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """factors (n, 6) → images (n, 3, 32, 32)."""
    images = np.empty((len(factors), *IMAGE_SHAPE), dtype=np.uint8)
    for start in range(0, len(factors), CHUNK):
        part = factors[start : start + CHUNK].astype(np.float64)
        ink = coverage(part)[:, None]
        colour = hue_to_rgb(part[:, 5])[:, :, None, None]
        images[start : start + CHUNK] = np.floor(BACKGROUND + ink * (colour - BACKGROUND) + 0.5)
    return images


def coverage(factors: Floats) -> Floats:
    """(n, 6) → (n, 32, 32) in [0, 1]: the share of each pixel that is covered, from its distance to the outline."""
    u, v = _own_axes(factors)
    scale = factors[:, 1, None, None]
    distance = np.empty_like(u)
    for shape, outline in enumerate((_ellipse, _square, _heart)):
        chosen = factors[:, 0] == shape
        distance[chosen] = outline(u[chosen], v[chosen], scale[chosen])
    return np.clip(0.5 - distance, 0.0, 1.0)


def _own_axes(factors: Floats) -> tuple[Floats, Floats]:
    """Pixel centres in the shape's own frame, u to its right and v up, each (n, 32, 32) in pixels."""
    angle = factors[:, 2] * (math.pi / 180)
    cos, sin = (np.rint(f(angle) * 2**20)[:, None, None] / 2**20 for f in (np.cos, np.sin))
    pixel = np.arange(SIZE) + 0.5 - SIZE / 2
    right = pixel[None, None, :] - factors[:, 3, None, None]
    up = factors[:, 4, None, None] - pixel[None, :, None]
    return cos * right + sin * up, cos * up - sin * right


# --- signed distance to the outline, in pixels, negative inside; all (n, 32, 32)


def _ellipse(u: Floats, v: Floats, scale: Floats) -> Floats:
    """First order: with f = |(u/a, v/b)| the distance is (f − 1)/|∇f|, exact on the outline, where it matters."""
    p, q = u / scale, v / (ASPECT * scale)
    f: Floats = np.sqrt(p * p + q * q)
    slope: Floats = np.sqrt(p * p + (q / ASPECT) * (q / ASPECT)) / scale
    distance: Floats = f * (f - 1) / np.maximum(slope, 1e-9)
    return distance


def _square(u: Floats, v: Floats, scale: Floats) -> Floats:
    reach: Floats = np.maximum(np.abs(u), np.abs(v))
    return reach - scale * math.sqrt(0.5)


def _heart(u: Floats, v: Floats, scale: Floats) -> Floats:
    """A square on its corner, half side r, and a disc of radius r on each of its two upper sides.

    The smallest circle around it is centred t·r above the square's middle and has radius (t + √2)·r, where the tip at
    the bottom and the far side of a disc are equally far: t + √2 = 1 + √(½ + (√½ − t)²), so t = (1 − m²)/(2m + √2)
    with m = √2 − 1.
    """
    m = math.sqrt(2) - 1
    t = (1 - m * m) / (2 * m + math.sqrt(2))
    r = scale / (t + math.sqrt(2))
    v = v + t * r
    p, q = (u + v) * math.sqrt(0.5), (v - u) * math.sqrt(0.5)
    diamond = np.maximum(np.abs(p), np.abs(q)) - r
    right = np.sqrt((p - r) * (p - r) + q * q) - r
    left = np.sqrt(p * p + (q - r) * (q - r)) - r
    return np.minimum(diamond, np.minimum(right, left))


def hue_to_rgb(hue: Floats) -> Floats:
    """Degrees → (n, 3) grey levels 0..255 of one saturation and value (HSV)."""
    sixth = hue[:, None] / 60 + np.array([0.0, 4.0, 2.0])  # red leads at 0°, green at 120°, blue at 240°
    sixth = sixth - 6 * np.floor(sixth / 6)
    share: Floats = np.clip(np.abs(sixth - 3) - 1, 0.0, 1.0)
    return VALUE * (1 - SATURATION + SATURATION * share)

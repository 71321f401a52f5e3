"""What does the film of a training look like as a file? Points on their map with its axes, the epoch, the KL of every dimension.

Drawn without a plotting library, at most 256 colours, so that a GIF keeps every pixel. Letters: T frames, M images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from explorer.pictures.map_picture import LIGHT, NEUTRAL_LIGHT

Floats = NDArray[np.floating]
Pictures = NDArray[np.uint8]

SIDE = 560  # pixels of the map, which is a square
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 44, 48  # pixels around it
KL_HEIGHT, KL_FOOT = 96, 28  # pixels of the bars and of the names below them
POINT, MANY_POINT, MANY = 4, 3, 1000  # pixels of a point's side; of more points than so many
FAR_SHARE = 0.25  # per cent of the points at each end of a moment that may lie outside
PAPER, INK, PALE, BAR = "#ffffff", "#1f2733", "#c9d0d9", "#3b5bdb"
MOST_NAMES = 20  # of dimensions below their bars
PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉−", "0123456789-")  # the letters that Pillow brings along have none of these


@dataclass(frozen=True)
class MapFilm:
    """A film on a plane, as it is to be drawn."""

    title: str
    x_label: str
    y_label: str
    places: Floats
    """(T, M, 2), y upwards."""
    epoch: Floats
    """(T,)."""
    kl_per_dim: Floats | None
    """(T, K), nats; NaN where it is not known yet. None of a model whose codes are points."""
    label: NDArray[np.integer]
    """(M,); −1: none."""


def between(values: Floats, n: int) -> Floats:
    """(T, …) → ((T − 1)·n + 1, …): n − 1 more between each two, on the straight line from one to the next."""
    at = np.arange((len(values) - 1) * n + 1) / n
    first = np.minimum(at.astype(int), len(values) - 1)
    second = np.minimum(first + 1, len(values) - 1)
    part = (at - first).reshape(-1, *(1,) * (values.ndim - 1))
    mixed: Floats = np.where(part == 0, values[first], values[first] + part * (values[second] - values[first]))
    return mixed


def extent_of(places: Floats) -> tuple[float, float, float]:
    """Middle (x, y) and half the side of a square that has nearly all points of all moments."""
    known = np.where(np.isfinite(places), places, np.nan)
    low, high = np.nanpercentile(known, [FAR_SHARE, 100 - FAR_SHARE], axis=1)
    low, high = np.nanmin(low, axis=0), np.nanmax(high, axis=0)
    x, y = (low + high) / 2
    return float(x), float(y), float(max((high - low).max(), 1e-3) * 0.53)


def frames_of(film: MapFilm) -> Pictures:
    """(T, H, W, 3)."""
    extent = extent_of(film.places)
    return np.stack([_frame(film, moment, extent) for moment in range(len(film.places))])


def _frame(film: MapFilm, moment: int, extent: tuple[float, float, float]) -> Pictures:
    has_kl = film.kl_per_dim is not None
    height = TOP + SIDE + BOTTOM + (KL_HEIGHT + KL_FOOT if has_kl else 0)
    image = Image.new("RGB", (LEFT + SIDE + RIGHT, height), PAPER)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"  # no greys between paper and ink, whose colours the points need
    words = f"{film.title}, epoch {film.epoch[moment]:.1f} of {film.epoch[-1]:.0f}"
    draw.text((LEFT, TOP / 2), words, INK, _font(17), anchor="lm")
    _axes(draw, film, extent)
    if film.kl_per_dim is not None:
        _bars(draw, film.kl_per_dim[moment], float(np.nanmax(film.kl_per_dim, initial=0.01)), TOP + SIDE + BOTTOM)
    pixels = np.array(image)
    _points(pixels[TOP : TOP + SIDE, LEFT : LEFT + SIDE], film.places[moment], film.label, extent)
    return pixels


def _points(ground: Pictures, places: Floats, label: NDArray[np.integer], extent: tuple[float, float, float]) -> None:
    """Squares in the colours of their classes, later ones over earlier ones."""
    x, y, half = extent
    side = MANY_POINT if len(places) > MANY else POINT
    at = (places - (x, y)) * (1, -1) * (SIDE / (2 * half)) + SIDE / 2 - side / 2
    at = np.rint(np.nan_to_num(at, nan=-1e6)).clip(-1e6, 1e6).astype(int)
    inside = ((at >= 0) & (at <= SIDE - side)).all(axis=1)
    colours = np.array([_rgb(colour) for colour in (NEUTRAL_LIGHT, *LIGHT)], np.uint8)
    shown = colours[np.where(label < 0, 0, label % len(LIGHT) + 1)][inside]
    for dx in range(side):
        for dy in range(side):
            ground[at[inside, 1] + dy, at[inside, 0] + dx] = shown


def _axes(draw: ImageDraw.ImageDraw, film: MapFilm, extent: tuple[float, float, float]) -> None:
    x, y, half = extent
    draw.rectangle((LEFT - 1, TOP - 1, LEFT + SIDE, TOP + SIDE), outline=PALE)
    per_unit = SIDE / (2 * half)
    for value in _ticks(x - half, x + half):
        left = LEFT + (value - (x - half)) * per_unit
        draw.line((left, TOP + SIDE, left, TOP + SIDE + 5), INK)
        draw.text((left, TOP + SIDE + 8), f"{value:g}", INK, _font(14), anchor="mt")
    for value in _ticks(y - half, y + half):
        top = TOP + ((y + half) - value) * per_unit
        draw.line((LEFT - 6, top, LEFT - 1, top), INK)
        draw.text((LEFT - 9, top), f"{value:g}", INK, _font(14), anchor="rm")
    draw.text((LEFT + SIDE, TOP + SIDE + 26), film.x_label.translate(PLAIN), INK, _font(14), anchor="rt")
    draw.text((LEFT + 6, TOP + 6), film.y_label.translate(PLAIN), INK, _font(14), anchor="lt")


def _bars(draw: ImageDraw.ImageDraw, kl: Floats, most: float, top: int) -> None:
    """The KL of every dimension, on one scale for the whole film."""
    foot, step = top + KL_HEIGHT, SIDE / len(kl)
    draw.line((LEFT, foot, LEFT + SIDE, foot), INK)
    draw.text((LEFT - 9, top + 8), f"{most:.2g}", INK, _font(14), anchor="rm")
    draw.text((LEFT - 9, foot - 8), "KL, nats", INK, _font(12), anchor="rm")
    for k, value in enumerate(kl.tolist()):
        left = LEFT + k * step
        height = round((KL_HEIGHT - 8) * value / most) if value > 0 else 0  # NaN: not known yet
        if height > 0:
            draw.rectangle((left + step / 8, foot - height, left + 7 * step / 8, foot - 1), BAR)
        if len(kl) <= MOST_NAMES:
            draw.text((left + step / 2, foot + 6), f"z{k + 1}", INK, _font(12), anchor="mt")


def _ticks(low: float, high: float) -> Sequence[float]:
    """About five round numbers."""
    unit = 10 ** np.floor(np.log10((high - low) / 4))
    step = next(unit * factor for factor in (1, 2, 5, 10) if (high - low) / (unit * factor) <= 6)
    return [float(i * step) for i in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)

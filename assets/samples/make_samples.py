"""Where do the sample pictures come from? This file draws them: our own handwriting, stroke by stroke, and two shapes.

    python assets/samples/make_samples.py            # rewrites the pictures and samples.json beside this file

Nothing is taken from any data set. The same on every run: chance comes from `random.Random` with fixed seeds.
"""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIZE = 400  # pixels, both sides of a sheet
FINE = 3  # drawn so many times larger and made smaller, which smooths every edge

Point = tuple[float, float]
Colour = tuple[int, int, int]

# strokes in the unit square, x right, y down; the pen goes smoothly through the points of each
GLYPHS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "2": (
        ((0.18, 0.28), (0.42, 0.04), (0.78, 0.18), (0.74, 0.44), (0.44, 0.72), (0.14, 0.95)),
        ((0.14, 0.95), (0.38, 0.89), (0.62, 0.95), (0.9, 0.9)),
    ),
    "3": (
        ((0.2, 0.16), (0.48, 0.02), (0.8, 0.2), (0.68, 0.4), (0.42, 0.48)),
        ((0.42, 0.48), (0.78, 0.56), (0.84, 0.8), (0.52, 0.99), (0.14, 0.86)),
    ),
    "4": (
        ((0.5, 0.02), (0.34, 0.34), (0.1, 0.64)),
        ((0.1, 0.64), (0.46, 0.63), (0.9, 0.58)),
        ((0.7, 0.3), (0.66, 0.66), (0.64, 1.0)),
    ),
    "5": (
        ((0.82, 0.04), (0.54, 0.07), (0.3, 0.06)),
        ((0.3, 0.06), (0.27, 0.25), (0.22, 0.46)),
        ((0.22, 0.46), (0.5, 0.37), (0.8, 0.54), (0.76, 0.84), (0.46, 0.99), (0.14, 0.88)),
    ),
    "7": (
        ((0.1, 0.12), (0.46, 0.1), (0.88, 0.06)),
        ((0.88, 0.06), (0.64, 0.48), (0.44, 1.0)),
    ),
    "8": (
        (
            *((0.74, 0.16), (0.48, 0.02), (0.25, 0.2), (0.46, 0.43), (0.76, 0.66), (0.68, 0.93)),
            *((0.42, 0.99), (0.2, 0.82), (0.36, 0.56), (0.64, 0.38), (0.8, 0.2), (0.66, 0.05)),
        ),
    ),
}


@dataclass(frozen=True)
class Pen:
    """width in pixels · colour · waver: how far the hand trembles, share of the width · grip: paper left white."""

    width: float
    colour: Colour
    waver: float = 0.1
    grip: float = 0.0


# --- strokes


def smooth(points: tuple[Point, ...], steps: int = 40) -> Iterator[Point]:
    """A Catmull-Rom curve: through every point, its direction there that of its neighbours."""
    padded = (points[0], *points, points[-1])
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(steps):
            t = step / steps
            yield tuple(  # type: ignore[misc]
                0.5
                * (
                    2 * b[i]
                    + (c[i] - a[i]) * t
                    + (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]) * t * t
                    + (3 * b[i] - a[i] - 3 * c[i] + d[i]) * t * t * t
                )
                for i in (0, 1)
            )
    yield points[-1]


def ink(glyph: str, pen: Pen, box: tuple[float, float, float, float], slant: float, chance: random.Random) -> Image.Image:
    """Where the pen went, as a mask (L): 255 full ink. box = left, top, right, bottom in pixels of the sheet."""
    left, top, right, bottom = box
    mask = Image.new("L", (SIZE * FINE, SIZE * FINE), 0)
    draw = ImageDraw.Draw(mask)
    for stroke in GLYPHS[glyph]:
        phase = chance.uniform(0, 2 * math.pi)
        for i, (u, v) in enumerate(smooth(stroke)):
            pressure = 1 + pen.waver * math.sin(phase + i / 25)
            x = left + (right - left) * u + slant * (0.5 - v) * (bottom - top) + chance.gauss(0, pen.waver)
            y = top + (bottom - top) * v + chance.gauss(0, pen.waver)
            r = pen.width / 2 * pressure
            draw.ellipse([FINE * (x - r), FINE * (y - r), FINE * (x + r), FINE * (y + r)], fill=255)
    mask = mask.resize((SIZE, SIZE), Image.Resampling.BOX)
    if pen.grip:
        texture = noise(chance, 1.2).point(lambda level: 255 if level > 128 - 40 * (1 - 2 * pen.grip) else 90)
        mask = ImageChops.multiply(mask, texture.filter(ImageFilter.GaussianBlur(0.7)))
    return mask


# --- paper


def noise(chance: random.Random, radius: float) -> Image.Image:
    """Grain (L) around 128: the mean of four even draws, blurred, and stretched again."""
    layers = [Image.frombytes("L", (SIZE, SIZE), chance.randbytes(SIZE * SIZE)) for _ in range(4)]
    mean = ImageChops.blend(ImageChops.blend(layers[0], layers[1], 0.5), ImageChops.blend(layers[2], layers[3], 0.5), 0.5)
    return mean.filter(ImageFilter.GaussianBlur(radius)).point(lambda level: 128 + (level - 128) * (1 + 2 * radius))


def paper(colour: Colour, grain: float, chance: random.Random) -> Image.Image:
    """An even sheet with grain, in grey levels."""
    texture = noise(chance, 0.8).point(lambda level: 128 + (level - 128) * grain / 35)
    return ImageChops.add(Image.new("RGB", (SIZE, SIZE), colour), Image.merge("RGB", [texture] * 3), 1, -128)


def light(sheet: Image.Image, dark: float, angle: float) -> Image.Image:
    """A lamp at one side: brightness falls evenly from 1 to `dark` across the sheet, in the direction of `angle`."""
    fall = Image.linear_gradient("L").resize((2 * SIZE, 2 * SIZE), Image.Resampling.BICUBIC).rotate(angle)
    fall = fall.crop((SIZE // 2, SIZE // 2, SIZE // 2 + SIZE, SIZE // 2 + SIZE))
    shade = fall.point(lambda level: 255 * (1 - (1 - dark) * level / 255))
    return ImageChops.multiply(sheet, Image.merge("RGB", [shade] * 3))


def written(sheet: Image.Image, mask: Image.Image, pen: Pen) -> Image.Image:
    return Image.composite(Image.new("RGB", sheet.size, pen.colour), sheet, mask)


# --- the eight pictures


def three_ballpoint(chance: random.Random) -> Image.Image:
    pen = Pen(width=9, colour=(28, 48, 130), waver=0.15)
    sheet = paper((247, 246, 241), 5, chance)
    return written(sheet, ink("3", pen, (135, 80, 255, 300), 0.1, chance), pen)


def seven_marker(chance: random.Random) -> Image.Image:
    pen = Pen(width=34, colour=(18, 18, 22), waver=0.06)
    sheet = paper((244, 236, 205), 4, chance)
    return written(sheet, ink("7", pen, (100, 90, 300, 330), 0.05, chance), pen)


def five_photograph(chance: random.Random) -> Image.Image:
    """Taken with a telephone: a lamp from the left, a dark table in the corner, a little blur, much grain."""
    pen = Pen(width=15, colour=(52, 46, 58), waver=0.12)
    sheet = written(paper((222, 216, 204), 6, chance), ink("5", pen, (150, 90, 275, 290), 0.12, chance), pen)
    corner = Image.new("L", (SIZE, SIZE), 0)
    ImageDraw.Draw(corner).polygon([(SIZE, 300), (SIZE, SIZE), (270, SIZE)], fill=255)
    sheet = Image.composite(paper((74, 52, 38), 8, chance), sheet, corner.filter(ImageFilter.GaussianBlur(1.5)))
    lit = light(sheet, dark=0.5, angle=70).filter(ImageFilter.GaussianBlur(1.1))
    texture = noise(chance, 0.6).point(lambda level: 128 + (level - 128) * 0.25)
    return ImageChops.add(lit, Image.merge("RGB", [texture] * 3), 1, -128)


def two_lying(chance: random.Random) -> Image.Image:
    """Stored on its side; EXIF says how to turn it."""
    pen = Pen(width=13, colour=(34, 92, 62), waver=0.12)
    sheet = written(paper((240, 243, 246), 5, chance), ink("2", pen, (110, 95, 275, 310), 0.08, chance), pen)
    return sheet.transpose(Image.Transpose.ROTATE_90)


def eight_transparent(chance: random.Random) -> Image.Image:
    """Drawn on a tablet: ink only, nothing behind it."""
    pen = Pen(width=20, colour=(150, 30, 50), waver=0.2)
    image = Image.new("RGBA", (SIZE, SIZE), (*pen.colour, 0))
    image.putalpha(ink("8", pen, (125, 70, 275, 330), 0.14, chance))
    return image


def four_pencil(chance: random.Random) -> Image.Image:
    pen = Pen(width=7, colour=(105, 105, 110), waver=0.2, grip=0.35)
    sheet = light(paper((236, 234, 230), 9, chance), dark=0.88, angle=200)
    return written(sheet, ink("4", pen, (215, 60, 330, 230), 0.06, chance), pen)


def heart(_: random.Random) -> Image.Image:
    """x and y of the well-known curve 16 sin³t, 13 cos t − 5 cos 2t − 2 cos 3t − cos 4t."""
    image = Image.new("RGB", (SIZE * FINE, SIZE * FINE), (28, 28, 28))
    curve = []
    for i in range(400):
        t = 2 * math.pi * i / 400
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        curve.append((FINE * (225 + 6 * x), FINE * (180 - 6 * y)))
    ImageDraw.Draw(image).polygon(curve, fill=(245, 153, 61))
    return image.rotate(12, Image.Resampling.BICUBIC, fillcolor=(28, 28, 28)).resize((SIZE, SIZE), Image.Resampling.BOX)


def ellipse(_: random.Random) -> Image.Image:
    image = Image.new("RGB", (SIZE * FINE, SIZE * FINE), (28, 28, 28))
    ImageDraw.Draw(image).ellipse([FINE * 90, FINE * 165, FINE * 290, FINE * 265], fill=(62, 190, 240))
    return image.rotate(28, Image.Resampling.BICUBIC, fillcolor=(28, 28, 28)).resize((SIZE, SIZE), Image.Resampling.BOX)


HANDWRITING, SHAPES = ("digits", "mnist"), ("shapes",)
SAMPLES = (
    ("three-ballpoint.jpg", "3 in ballpoint", HANDWRITING, three_ballpoint),
    ("seven-marker.png", "7 with a thick marker", HANDWRITING, seven_marker),
    ("five-photograph.jpg", "5, photographed in uneven light", HANDWRITING, five_photograph),
    ("two-lying.jpg", "2, stored lying on its side", HANDWRITING, two_lying),
    ("eight-transparent.png", "8 on a transparent ground", HANDWRITING, eight_transparent),
    ("four-pencil.jpg", "4 in pencil, small", HANDWRITING, four_pencil),
    ("heart.png", "An orange heart", SHAPES, heart),
    ("ellipse.png", "A blue ellipse", SHAPES, ellipse),
)


def main(folder: Path) -> None:
    for file, _, _, make in SAMPLES:
        image = make(random.Random(file))
        exif = image.getexif()
        if make is two_lying:
            exif[0x0112] = 6  # orientation: turn by 90° clockwise to look at it
        image.save(folder / file, exif=exif, **({"quality": 88} if file.endswith(".jpg") else {"optimize": True}))
    listed = [{"file": file, "title": title, "suits": suits} for file, title, suits, _ in SAMPLES]
    (folder / "samples.json").write_text(json.dumps(listed, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)

"""What does a run's map look like, small? Points in the colours of their classes, drawn without a plotting library.

The colours are those of the map itself (`frontend/src/ui/palette.ts`, which says where they come from); a test holds the two together.
"""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LIGHT = ("#5169ed", "#f2641b", "#127230", "#d01849", "#7f06a7", "#a28e66", "#b142b1", "#6d7077", "#534705", "#20a0a4")
DARK = ("#6e86fe", "#fc9918", "#4ece75", "#fb4c04", "#cd92e4", "#a1906f", "#e14fbc", "#bfbfbf", "#bcf284", "#49e1fe")
NEUTRAL_LIGHT, NEUTRAL_DARK = "#5f6b7a", "#9aa7b8"  # of an image of no class
WIDTH, HEIGHT, MARGIN = 240, 120, 4  # pixels
MOST_POINTS, MANY_POINTS = 2500, 1000
FAR_SHARE = 0.5  # per cent of the points at each end that may lie outside the picture


def map_picture(points: NDArray[np.float32], labels: NDArray[np.int64], is_dark: bool, least: float = 0.0) -> str:
    """A PNG with a transparent ground as a data: address. points (N, 2): y upwards; labels (N,): −1 for none. least: units of the map that
    are seen from top to bottom at least, so that codes that collapsed are the speck that they are."""
    step = -(-len(points) // MOST_POINTS)
    places, classes = points[::step].astype(float), labels[::step]
    side = 2 if len(places) > MANY_POINTS else 3
    low, high = np.percentile(places, [FAR_SHARE, 100 - FAR_SHARE], axis=0)
    room = np.array([WIDTH, HEIGHT]) - 2 * MARGIN - side
    scale = float(
        (room / np.maximum(high - low, (1e-9, max(least, 1e-9)))).min()
    )  # the same across and up: a distance is a distance
    at = np.rint((places - (low + high) / 2) * scale * (1, -1) + np.array([WIDTH, HEIGHT]) / 2 - side / 2).astype(int)
    index = np.zeros((HEIGHT, WIDTH), np.uint8)  # 0: the ground, 1: no class, 2 …: the colours
    is_inside = ((at >= 0) & (at < np.array([WIDTH, HEIGHT]) - side)).all(axis=1)
    colour = np.where(classes < 0, 1, classes % len(LIGHT) + 2).astype(np.uint8)
    for dx in range(side):
        for dy in range(side):
            index[at[is_inside, 1] + dy, at[is_inside, 0] + dx] = colour[is_inside]
    return _png(index, (NEUTRAL_DARK, *DARK) if is_dark else (NEUTRAL_LIGHT, *LIGHT))


def _png(index: NDArray[np.uint8], colours: tuple[str, ...]) -> str:
    image = Image.fromarray(index)
    image.putpalette(bytes(3) + b"".join(bytes.fromhex(colour[1:]) for colour in colours))
    out = io.BytesIO()
    image.save(out, "PNG", transparency=0)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"

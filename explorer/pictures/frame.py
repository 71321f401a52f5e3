"""How large, how thick and where in the frame is the ink? H, W pixels; ink in [0, 1]."""

from __future__ import annotations

import numpy as np
from PIL import Image

from explorer.pictures.ink import Floats, Mask

CANVAS = 10  # work pixels per pixel of the model while the stroke is measured and thickened


def cropped(values: Floats, mask: Mask) -> Floats:
    """The rectangle around what is in the mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def middle_of(image: Image.Image, aspect: float) -> Image.Image:
    """The largest part of that aspect (width over height) around the middle."""
    width = min(image.width, max(1, round(image.height * aspect)))
    height = min(image.height, max(1, round(width / aspect)))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def box_on_canvas(cut: Floats, room: tuple[float, float], height: int, width: int) -> tuple[int, int]:
    """Height and width on the canvas: as large as the room, shares of height and width, allows; aspect kept."""
    h, w = cut.shape
    scale = CANVAS * min(room[0] * height / h, room[1] * width / w)
    return max(1, round(h * scale)), max(1, round(w * scale))


def stroke_width(ink: Floats) -> float:
    """Mean width of the strokes in pixels: 2 · area / outline, the outline being π/4 · its crossings with rows and
    columns (Crofton)."""
    mask = np.pad(ink > 0.5, 1)
    crossings = (mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum()
    return float(2 * mask.sum() / max(1.0, np.pi / 4 * crossings))


def thickened(ink: Floats, radius: float) -> Floats:
    """Every stroke grows by `radius` pixels on each side; the picture grows with it."""
    reach = int(np.ceil(radius))
    padded = np.pad(ink, 2 * reach)
    result = np.zeros((ink.shape[0] + 2 * reach, ink.shape[1] + 2 * reach))
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            weight = np.clip(radius + 0.5 - np.hypot(dx, dy), 0, 1)  # the disc's own edge is smooth too
            if weight > 0:
                part = padded[reach + dy : reach + dy + result.shape[0], reach + dx : reach + dx + result.shape[1]]
                np.maximum(result, weight * part, out=result)
    return result


def placed(ink: Floats, height: int, width: int, by_mass: bool = False) -> Floats:
    """Into the empty frame, all of the ink inside. By mass: on the canvas, by whole model pixels, as in MNIST."""
    h, w = ink.shape
    top, left = (height - h) / 2, (width - w) / 2
    if by_mass:
        # MNIST's centre of mass lies in pixel 14 of 0..27, half a pixel right of and below the geometric middle
        mass = ink.sum()
        top = height / 2 - float((ink.sum(1) * (np.arange(h) + 0.5)).sum() / mass)
        left = width / 2 - float((ink.sum(0) * (np.arange(w) + 0.5)).sum() / mass)
        top, left = (float(np.ceil(offset / CANVAS) * CANVAS) for offset in (top, left))
    row, column = int(np.clip(np.floor(top), 0, height - h)), int(np.clip(np.floor(left), 0, width - w))
    frame = np.zeros((height, width))
    frame[row : row + h, column : column + w] = ink
    return frame

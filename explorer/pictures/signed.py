"""How is a picture with values on both sides of 0 shown? One colour for each sign, and 0 as the page's own ground, light or dark.

All pictures of a row have one scale, so that they can be compared. Letters: C, H, W channels, height, width.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.arrays import Picture, data_uri, fitted
from explorer.text.escape import shortened
from trainer.numerals import number

Doubles = NDArray[np.float64]
# negative, 0, positive: ends that colour-blind eyes tell apart on the ground between them
LIGHT = np.array([[33, 102, 172], [255, 255, 255], [178, 24, 43]], float)
DARK = np.array([[120, 180, 240], [22, 26, 33], [244, 130, 120]], float)
BAR_STEPS = 121


def signed_picture(values: Doubles, most: float, dark: bool = False) -> Picture:
    """(C, H, W) or (H, W) to (H, W, 3): 0 is the ground, ±most the full colours; of several channels the mean."""
    plane = np.asarray(values, float)
    plane = plane.mean(0) if plane.ndim == 3 else plane
    strength = np.clip(plane / most if most > 0 else np.zeros_like(plane), -1, 1)[..., None]
    negative, ground, positive = DARK if dark else LIGHT
    end = np.where(strength < 0, negative, positive)
    return np.asarray(np.round(ground + (end - ground) * np.abs(strength)), np.uint8)


def signed_grid(values: Sequence[Doubles], lines: Sequence[str], most: float, cell_px: int) -> str:
    """HTML of signed pictures with a line of text under each, in the colours of the reader's scheme; the lines are escaped."""
    figures = "".join(
        _figure(each, html.escape(shortened(line, 60)), most, cell_px) for each, line in zip(values, lines, strict=True)
    )
    return f'<div class="picture-grid" style="--cell: {cell_px}px">{figures}</div>'


def scale_bar(most: float, digits: int = 2) -> str:
    """HTML of the colours from −most to most."""
    ramp = np.repeat(np.linspace(-most, most, BAR_STEPS)[None], 8, axis=0)
    low, high = (html.escape(number(end, digits)) for end in (-most, most))
    alt = f"colours from {low} over 0 to {high}"
    style = "display:flex;align-items:center;gap:8px;font-size:14px"
    return f'<div style="{style}">{low}{_picture(ramp, alt, most, BAR_STEPS)}{high}</div>'


def _figure(values: Doubles, text: str, most: float, cell_px: int) -> str:
    return f"<figure>{_picture(values, text, most, cell_px)}<figcaption>{text}</figcaption></figure>"


def _picture(values: Doubles, alt: str, most: float, size_px: int) -> str:
    """Both forms; the page's style shows one of them."""
    light, dark = (data_uri(fitted(signed_picture(values, most, is_dark), size_px)) for is_dark in (False, True))
    return f'<img class="in-light" src="{light}" alt="{alt}"><img class="in-dark" src="{dark}" alt="{alt}">'

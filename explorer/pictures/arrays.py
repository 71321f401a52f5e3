"""How do numbers become a picture that can be looked at?

Pictures are pixels: enlarged by whole factors, never blurred. Letters: B pictures, C, H, W channels, height, width.
"""

from __future__ import annotations

import base64
import html
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.text.escape import shortened

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]

# a diverging scale that colour-blind eyes tell apart, on a light and on a dark page: no error, brighter, darker
ON_LIGHT = np.array([[255, 255, 255], [178, 24, 43], [33, 102, 172]])
ON_DARK = np.array([[18, 21, 27], [255, 118, 100], [96, 172, 255]])


def to_picture(x: Floats | Picture) -> Picture:
    """(C, H, W), floats in [0, 1] or uint8, to (H, W) or (H, W, 3) uint8; two channels are two frames."""
    pixels: Picture = np.asarray(x if x.dtype == np.uint8 else np.round(np.clip(np.asarray(x, float), 0, 1) * 255), np.uint8)
    if len(pixels) == 2:
        pixels = pixels[[0, 1, 1]]  # two frames: the first in red, the second in cyan, white where both are
    return np.asarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))


def enlarged(picture: Picture, size_px: int) -> Picture:
    """The picture at the largest whole factor that keeps its longer side within `size_px`."""
    factor = max(1, size_px // max(picture.shape[:2]))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def fitted(picture: Picture, size_px: int) -> Picture:
    """The picture with its longer side at about `size_px`: enlarged by a whole factor, or, if it is larger, reduced by area means."""
    longer = max(picture.shape[:2])
    if longer <= size_px:
        return enlarged(picture, size_px)
    height, width = (max(1, round(side * size_px / longer)) for side in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BOX))


def data_uri(picture: Picture) -> str:
    """The picture as a lossless PNG in a data: address."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def picture_grid(pictures: list[Picture], lines: list[str], cell_px: int = 124) -> str:
    """HTML of pictures with a line of text under each, as many in a row as fit; the lines are escaped: text and nothing else."""
    figures = [
        f'<figure><img src="{data_uri(picture)}" alt="{text}"><figcaption>{text}</figcaption></figure>'
        for picture, text in zip(pictures, (html.escape(shortened(line, 60)) for line in lines), strict=True)
    ]
    return f'<div class="picture-grid" style="--cell: {cell_px}px">{"".join(figures)}</div>'


def error_map(x: Floats, x_hat: Floats, is_dark: bool = False) -> Picture:
    """(H, W, 3): red where the reconstruction is brighter, blue where darker, the page's own tone where right; mean over channels."""
    right, brighter, darker = ON_DARK if is_dark else ON_LIGHT
    difference = (x_hat.astype(float) - x).mean(0)
    strength = np.abs(difference)[..., None].clip(0, 1)
    colour = np.where((difference > 0)[..., None], brighter, darker)
    return np.asarray(np.round(right * (1 - strength) + colour * strength), np.uint8)


def strip(pictures: list[Picture], gap: int = 1, paper: int = 255) -> Picture:
    """Pictures of one size side by side, `gap` pixels of `paper` between them."""
    height = pictures[0].shape[0]
    space = np.full((height, gap, *pictures[0].shape[2:]), paper, np.uint8)
    parts = [part for picture in pictures for part in (picture, space)][:-1]
    return np.concatenate(parts, axis=1)

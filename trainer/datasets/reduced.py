"""How does a large picture become a smaller one without a second copy of it in memory?

Strip by strip: each is brought into a mode whose numbers may be averaged, and reduced by a whole factor, each new pixel the mean of a
square. Transparent colours count by their opacity; palettes and single bits become colours and greys, deep numbers stay deep.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from trainer.errors import ImageError

FULL_SIZE = (-1, -1)  # key in a picture's `info`: no text of a file can be a tuple
PICTURES_IN_FILE = (-1, -2)
ORIENTATION = 0x0112  # EXIF
STRIP_ROWS = 256


def reduced(image: Image.Image, least_px: int) -> Image.Image:
    """The picture by the largest whole factor that leaves its longer side at least `least_px`; itself where that is 1.

    Its EXIF orientation stays. Raises `ImageError` for a pixel that is no number, which a mean would spread.
    """
    factor = max(image.size) // least_px
    if factor < 2:
        return image
    width, height = (-(-side // factor) for side in image.size)
    rows = max(1, STRIP_ROWS // factor) * factor
    pieces = [_strip(image, top, min(image.height, top + rows), factor) for top in range(0, image.height, rows)]
    whole = Image.new(pieces[0].mode, (width, height))
    for i, piece in enumerate(pieces):
        whole.paste(piece, (0, i * rows // factor))
    orientation = image.getexif().get(ORIENTATION)
    if orientation is not None:
        whole.getexif()[ORIENTATION] = orientation
    return whole


def full_size(image: Image.Image) -> tuple[int, int]:
    """Width and height in the file, upright; of a picture that comes from no file its own."""
    size: tuple[int, int] = image.info.get(FULL_SIZE, image.size)
    return size


def n_in_file(image: Image.Image) -> int:
    """Of how many pictures in its file this is the first: pages of a TIFF, moments of an animation."""
    n: int = image.info.get(PICTURES_IN_FILE, 1)
    return n


def refuse_what_is_no_number(image: Image.Image, top: int = 0) -> None:
    """Raises `ImageError` with the place of the first pixel that is NaN; top: the row of the whole picture at which this part begins."""
    if image.mode != "F":
        return
    bad = np.isnan(np.asarray(image))
    if bad.any():
        row, column = np.argwhere(bad)[0].tolist()
        raise ImageError(
            f"The picture's pixel at row {top + row}, column {column} is not a number; save it again without such pixels."
        )


def _strip(image: Image.Image, top: int, bottom: int, factor: int) -> Image.Image:
    part = image.crop((0, top, image.width, bottom))
    refuse_what_is_no_number(part, top)
    if image.has_transparency_data:
        return part.convert("RGBA").convert("RGBa").reduce(factor).convert("RGBA")
    if image.mode.startswith("I;16"):
        return part.convert("I").reduce(factor).convert("I;16")
    if image.mode == "F":
        values = np.asarray(part).clip(-1e30, 1e30)  # an infinite pixel would make its neighbours infinite, or no numbers
        return Image.fromarray(values.astype(np.float32)).reduce(factor)
    if image.mode == "1":
        return part.convert("L").reduce(factor)
    return (part if image.mode in ("L", "I", "RGB", "CMYK", "YCbCr") else part.convert("RGB")).reduce(factor)

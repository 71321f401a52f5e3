"""What is in this image file? Any picture of a person, opened safely and brought to 8-bit grey or RGB.

Shared by the image folders here and by the uploads of the explorer. Each refusal is one sentence.
"""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from trainer.datasets.reduced import FULL_SIZE, ORIENTATION, reduced, refuse_what_is_no_number
from trainer.errors import ImageError

FORMATS = (
    "PNG",
    "JPEG",
    "WEBP",
    "GIF",
    "BMP",
    "TIFF",
)  # Pillow reads many more; each further decoder is a risk without a use here
ALLOWED = "PNG, JPEG, WebP, GIF, BMP or TIFF"
MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
MAX_PIXELS_FRUGAL = {"WEBP": 16_000_000, "progressive JPEG": 24_000_000}  # decoders that hold several copies of the picture
TURNED = (5, 6, 7, 8)  # EXIF orientations that exchange rows and columns
WHITE, BLACK = 255, 0
SHEET = 0.75  # of its pixels that a picture shows: then it brings its own ground, and only corners or a margin are cut away
ONE_TONE = 12.0  # grey levels: what scatters less has no ground of its own
WHITES = {"I": (255.0, 65535.0), "F": (1.0, 255.0, 65535.0)}  # what white is by habit in pictures of 32-bit numbers


def open_picture(data: bytes | Path, name: str, *, draft_px: int | None = None, enough_px: int | None = None) -> Image.Image:
    """The first frame, decoded, EXIF rotation applied; the size is checked from the header, before a pixel is decoded.

    `draft_px`: a JPEG may be decoded at a fraction of its size, as long as both sides keep that many pixels (several times faster).
    `enough_px`: a larger picture comes back reduced, its longer side no shorter than that; no second copy of it is made, and what a
    decoder could read only with several copies is refused, so that some 200 MB are the most.
    """
    data = read_bytes(data, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # doubtful metadata is no reason to refuse a picture
            file = Image.open(io.BytesIO(data), formats=FORMATS)
            size = file.size
            kind = "progressive JPEG" if "progressive" in file.info and file.format == "JPEG" else file.format or ""
            _check_size(*size, name, MAX_PIXELS if enough_px is None else MAX_PIXELS_FRUGAL.get(kind, MAX_PIXELS))
            if draft_px is not None and file.format == "JPEG":
                file.draft(file.mode, (draft_px, draft_px))
            file.load()
            upright = ImageOps.exif_transpose(file if enough_px is None else reduced(file, enough_px))
            upright.info[FULL_SIZE] = size[::-1] if file.getexif().get(ORIENTATION) in TURNED else size
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is no image that can be read, or one without pixels; allowed: {ALLOWED}; save it as PNG and try again."
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_large(name, "has more than 100 megapixels") from error
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, EOFError ... on damaged files
        raise ImageError(f"{name} is damaged or cut off ({_short(error)}); export or copy it again.") from error
    return upright


def read_bytes(data: bytes | Path, name: str) -> bytes:
    """What is in a file of a picture; its size is checked before it is read."""
    try:
        n_bytes = data.stat().st_size if isinstance(data, Path) else len(data)
        if n_bytes == 0:
            raise ImageError(f"{name} is empty (0 bytes); allowed: an image file, {ALLOWED}; copy it again.")
        if n_bytes > MAX_BYTES:
            size, most = n_bytes / 1e6, MAX_BYTES // 10**6
            raise ImageError(f"{name} has {size:.1f} MB; allowed: at most {most} MB; make the picture smaller.")
        return data.read_bytes() if isinstance(data, Path) else data
    except OSError as error:
        raise ImageError(f"{name} cannot be read ({error.strerror}); check the rights of the file.") from error


def _check_size(width: int, height: int, name: str, most: int) -> None:
    if width * height > most:
        raise _too_large(name, f"is {width} × {height} = {width * height / 1e6:.1f} megapixels", most)


def _too_large(name: str, size: str, most: int = MAX_PIXELS) -> ImageError:
    return ImageError(f"{name} {size}; allowed: at most {most // 10**6} megapixels; make the picture smaller.")


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:80].rstrip(".") or type(error).__name__


def middle_square(image: Image.Image) -> Image.Image:
    """Cut, not squeezed: the aspect stays. Cut before any resizing, whose filter would blend in what lies outside."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


# --- to 8 bits


def to_grey_or_rgb(image: Image.Image, ground: int = WHITE) -> Image.Image:
    """Mode L or RGB; deep pixels are scaled to 8 bits. ground: the grey level, 0..255, that comes behind what is transparent."""
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_to_8_bits(image))
    if image.has_transparency_data:
        image = _on_ground(image, ground)
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def is_transparent(image: Image.Image) -> bool:
    """Whether any pixel lets something through; an alpha channel that is opaque throughout is none."""
    return image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema()[0] != 255


def ground_behind(image: Image.Image) -> int:
    """BLACK or WHITE: what has to lie behind the transparent parts of a picture so that nothing of it is lost.

    The opposite of what is visible: white strokes on nothing would vanish on white. Where most of the picture is visible and in more than
    one tone, as a sheet of paper whose corners were cut off, the ground goes on behind them. WHITE for a picture without transparency.
    `frontend/src/prepare/prepare.ts` decides the same.
    """
    if not is_transparent(image):
        return WHITE
    rgba = image.convert("RGBA")
    alpha = np.asarray(rgba.getchannel("A"))
    shown = np.bincount(np.asarray(rgba.convert("L")).ravel(), weights=alpha.ravel(), minlength=256)
    total = float(shown.sum())
    if total == 0:
        return WHITE
    levels = np.arange(256)
    mean = float(shown @ levels) / total
    spread = math.sqrt(float(shown @ np.square(levels - mean)) / total)
    has_ground = total >= SHEET * 255 * alpha.size and spread >= ONE_TONE
    return WHITE if (mean > 127.5) == has_ground else BLACK


def _on_ground(image: Image.Image, ground: int) -> Image.Image:
    is_grey = image.mode in ("LA", "La", "L", "1")
    with_alpha = image.convert("RGBA")
    behind = Image.new("RGBA", image.size, (ground, ground, ground, 255))
    return Image.alpha_composite(behind, with_alpha).convert("L" if is_grey else "RGB")


def _to_8_bits(image: Image.Image) -> NDArray[np.uint8]:
    """Deep pixels by the range that they are in: 0..65535 for 16 bits, the first of WHITES that fits for 32 bits.

    A picture that goes below 0 or above all whites has its own darkest and brightest value as its ends.
    """
    refuse_what_is_no_number(image)
    values = np.asarray(image).astype(np.float64)
    values = values.clip(-1e30, 1e30)
    low, high = float(values.min()), float(values.max())
    if low >= 0:
        low, high = 0.0, next((white for white in WHITES.get(image.mode, (65535.0,)) if high <= white), high)
    return np.rint((values - low) * (255 / max(high - low, 1e-30))).astype(np.uint8)

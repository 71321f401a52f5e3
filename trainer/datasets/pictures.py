"""What is in this image file? Any picture of a person, opened safely and brought to 8-bit grey or RGB.

Shared by the image folders here and by the uploads of the explorer. Each refusal is one sentence.
"""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from trainer.datasets.kinds import ALLOWED, FORMATS
from trainer.datasets.names import Fit
from trainer.datasets.reduced import FULL_SIZE, ORIENTATION, PICTURES_IN_FILE, reduced, refuse_what_is_no_number
from trainer.datasets.values import WHITES, Scale, white_of
from trainer.errors import ImageError

T = TypeVar("T")
MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
MAX_PIXELS_FRUGAL = {"WEBP": 16_000_000, "progressive JPEG": 24_000_000}  # decoders that hold several copies of the picture
TURNED = (5, 6, 7, 8)  # EXIF orientations that exchange rows and columns
LFS = b"version https://git-lfs"
MAX_PAGES = 1000  # of one file
NEW_SUBFILE_TYPE, IS_REDUCED = 254, 1  # of a page of a TIFF: a smaller version of another page
WHITE, BLACK = 255, 0
SHEET = 0.75  # of its pixels that a picture shows: then it brings its own ground, and only corners or a margin are cut away
ONE_TONE = 12.0  # grey levels: what scatters less has no ground of its own


def open_picture(data: bytes | Path, name: str, *, draft_px: int | None = None, enough_px: int | None = None) -> Image.Image:
    """The first frame, decoded, EXIF rotation applied; the size is checked from the header, before a pixel is decoded.

    `draft_px`: a JPEG may be decoded at a fraction of its size, as long as both sides keep that many pixels (several times faster).
    `enough_px`: a larger picture comes back reduced, its longer side no shorter than that; no second copy of it is made, and what a
    decoder could read only with several copies is refused, so that some 200 MB are the most.
    """
    with _sentences(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # doubtful metadata is no reason to refuse a picture
        file = _opened(read_bytes(data, name), name)
        size = file.size
        kind = "progressive JPEG" if "progressive" in file.info and is_jpeg(file) else file.format or ""
        _check_size(*size, name, MAX_PIXELS if enough_px is None else MAX_PIXELS_FRUGAL.get(kind, MAX_PIXELS))
        _draft(file, draft_px)
        file.load()
        upright = ImageOps.exif_transpose(file if enough_px is None else reduced(file, enough_px))
        upright.info[FULL_SIZE] = size[::-1] if file.getexif().get(ORIENTATION) in TURNED else size
        with contextlib.suppress(Exception):  # what is wrong with later pictures is no fault of the first
            upright.info[PICTURES_IN_FILE] = _n_frames(file)
        return upright


@dataclass(frozen=True)
class Opened(Generic[T]):
    """The pictures of a file."""

    pages: tuple[T, ...]
    """what was made of each"""
    n_frames: int
    """of how many pictures the file says that it holds"""
    is_stack: bool
    """whether those are pages, and not moments of an animation"""


def of_pages(data: bytes, name: str, use: Callable[[Image.Image], T], *, draft_px: int) -> Opened[T]:
    """What `use` makes of every page of a TIFF, at most `MAX_PAGES`, smaller versions of other pages left out; of any other file of its
    first picture. One page is in memory at a time. Raises `ImageError`."""
    made = []
    with _sentences(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = _opened(data, name)
        _check_size(*file.size, name, MAX_PIXELS)
        n, is_stack = _n_frames(file), file.format == "TIFF"
        for page in range(min(n, MAX_PAGES) if is_stack else 1):
            if page:
                file.seek(page)
                if file.tag_v2.get(NEW_SUBFILE_TYPE, 0) & IS_REDUCED:  # type: ignore[attr-defined]  # a TIFF
                    continue
                _check_size(*file.size, name, MAX_PIXELS)
            _draft(file, draft_px)
            file.load()
            made.append(use(ImageOps.exif_transpose(file)))
    return Opened(tuple(made), n, is_stack)


def size_of(data: bytes, name: str) -> tuple[int, int]:
    """Width and height of the first picture, upright, from its header: no pixel is decoded. Raises `ImageError`."""
    with _sentences(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = _opened(data, name)
        _check_size(*file.size, name, MAX_PIXELS)
        if file.format == "PNG" and "exif" not in file.info:
            return file.size  # looking for it further on would decode the picture
        return file.size[::-1] if file.getexif().get(ORIENTATION) in TURNED else file.size


def _n_frames(file: Image.Image) -> int:
    """How many pictures a file holds; of a phone's JPEG one: its second picture is a map of depths, or of light."""
    return 1 if is_jpeg(file) else int(getattr(file, "n_frames", 1))


def is_jpeg(file: Image.Image) -> bool:
    """A phone's JPEG may hold a second picture, and is called MPO then."""
    return file.format in ("JPEG", "MPO")


def _opened(data: bytes, name: str) -> Image.Image:
    if data.startswith(LFS):
        raise ImageError(f"{name} is not the picture but a pointer of Git LFS; fetch the pictures with: git lfs pull.")
    return Image.open(io.BytesIO(data), formats=FORMATS)


def _draft(file: Image.Image, draft_px: int | None) -> None:
    if draft_px is not None and is_jpeg(file):
        file.draft(file.mode, (draft_px, draft_px))


@contextlib.contextmanager
def _sentences(name: str) -> Iterator[None]:
    """What a decoder complains of as one sentence about the file."""
    try:
        yield
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is not an image that can be read, or has no pixels; allowed: {ALLOWED}; save it as PNG and try again."
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_large(name, "has more than 100 megapixels") from error
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, EOFError ... on damaged files
        raise ImageError(f"{name} is damaged or cut off ({_short(error)}); export or copy it again.") from error


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


def fitted(image: Image.Image, size: int, fit: Fit) -> Image.Image:
    """A picture in mode L or RGB as `size` × `size` pixels: its middle, all of it on the tone of its edge, or stretched."""
    if fit == "crop":
        image = middle_square(image)
    if fit != "pad" or image.width == image.height:
        return image.resize((size, size), _filter(image.size, (size, size)))
    longer = max(image.size)
    inner = (max(1, round(size * image.width / longer)), max(1, round(size * image.height / longer)))
    frame = Image.new(image.mode, (size, size), edge_tone(image))
    frame.paste(image.resize(inner, _filter(image.size, inner)), ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return frame


def edge_tone(image: Image.Image) -> int | tuple[int, ...]:
    """The median of the outermost pixels, of every channel of mode L or RGB: what a picture goes on with beyond its edge."""
    width, height = image.size
    lines = ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height))
    n_channels = len(image.getbands())
    edge = np.concatenate([np.asarray(image.crop(line)).reshape(-1, n_channels) for line in lines])
    tone = tuple(int(value) for value in np.median(edge, axis=0))
    return tone if n_channels > 1 else tone[0]


def _filter(given: tuple[int, int], wanted: tuple[int, int]) -> Image.Resampling:
    """BOX repeats pixels when enlarging; LANCZOS is the sharpest when making smaller."""
    is_smaller = all(old >= new for old, new in zip(given, wanted, strict=True))
    return Image.Resampling.LANCZOS if is_smaller else Image.Resampling.BOX


def middle_square(image: Image.Image) -> Image.Image:
    """Cut, not squeezed: the aspect stays. Cut before any resizing, whose filter would blend in what lies outside."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


# --- to 8 bits


def is_deep(image: Image.Image) -> bool:
    """Whether pixels are numbers of more than 8 bits."""
    return image.mode.startswith("I") or image.mode == "F"


def deep_values(image: Image.Image) -> NDArray[np.float64]:
    """(H, W) of a deep picture. Raises `ImageError` for a pixel that is no number."""
    refuse_what_is_no_number(image)
    return np.asarray(image).astype(np.float64).clip(-1e30, 1e30)


def deep_scale(low: float, high: float) -> Scale:
    """Black and white of deep pictures by the values that they hold, of one upload or of a whole folder: one of `WHITES`, or, where they
    go below 0 or above all whites, their own darkest and brightest value."""
    if low >= 0 and high <= WHITES[-1]:
        return Scale(0.0, float(white_of(high)))
    return Scale(min(low, 0.0), max(high, low + 1e-30))


def to_grey_or_rgb(image: Image.Image, ground: int = WHITE, deep: Scale | None = None) -> Image.Image:
    """Mode L or RGB.

    ground: the grey level, 0..255, that comes behind what is transparent.
    deep: how pixels of more than 8 bits are scaled, where it is known of a whole set; else by what this picture holds.
    """
    if is_deep(image):
        values = deep_values(image)
        image = Image.fromarray((deep or deep_scale(float(values.min()), float(values.max()))).apply(values))
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

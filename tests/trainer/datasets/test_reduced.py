"""Is a large picture reduced to the means of its squares, whatever its mode, and is nothing lost on the way?"""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from trainer.datasets.pictures import open_picture, to_grey_or_rgb
from trainer.datasets.reduced import full_size, reduced
from trainer.errors import ImageError

WIDTH, HEIGHT, FACTOR = 1203, 1500, 3


def noise(shape: tuple[int, ...], high: int = 256) -> np.ndarray:
    return np.random.default_rng(0).integers(0, high, shape)


def means(values: np.ndarray) -> np.ndarray:
    """Of squares of FACTOR, by hand; both sides are multiples of it."""
    tall, wide = values.shape[0] // FACTOR, values.shape[1] // FACTOR
    return values.astype(float).reshape(tall, FACTOR, wide, FACTOR, -1).mean((1, 3)).reshape(tall, wide, *values.shape[2:])


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_bytes_become_means(mode):
    values = noise((HEIGHT, WIDTH, *([] if mode == "L" else [len(mode)]))).astype(np.uint8)
    small = reduced(Image.fromarray(values, mode) if mode == "CMYK" else Image.fromarray(values), 500)
    assert small.mode == mode
    assert np.abs(np.asarray(small) - means(values)).max() < 1


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_deep_numbers_stay_deep(kind):
    values = noise((HEIGHT, WIDTH), 65536).astype(kind)
    small = reduced(Image.fromarray(values), 500)
    assert small.mode == Image.fromarray(values).mode
    assert np.abs(np.asarray(small) - means(values)).max() <= 1


def test_single_bits_become_greys_and_palettes_colours():
    bits = noise((HEIGHT, WIDTH), 2).astype(bool)
    assert np.abs(np.asarray(reduced(Image.fromarray(bits), 500)) - 255 * means(bits)).max() < 1
    table = noise((256, 3)).astype(np.uint8)
    indices = noise((HEIGHT, WIDTH)).astype(np.uint8)
    palette = Image.frombytes("P", (WIDTH, HEIGHT), indices.tobytes())
    palette.putpalette(table.ravel().tolist())
    assert np.abs(np.asarray(reduced(palette, 500)) - means(table[indices])).max() < 1


def test_what_is_transparent_has_no_colour():
    """On white it is what the large picture on white is, though the transparent half is red underneath."""
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = (0, 0, 200), 255
    pixels[::2] = (255, 0, 0, 0)
    image = Image.fromarray(pixels)
    small = np.asarray(to_grey_or_rgb(reduced(image, 500)), float)
    assert np.abs(small - means(np.asarray(to_grey_or_rgb(image)))).max() < 3


def test_a_small_picture_is_left_alone_and_a_strip_wide_one_is_not_lost():
    image = Image.new("L", (999, 10))
    assert reduced(image, 500) is image
    assert reduced(Image.new("L", (10_000, 1), 77), 2048).size == (2500, 1)
    assert reduced(Image.new("L", (1, 10_000), 77), 2048).getextrema() == (77, 77)


@pytest.mark.parametrize(("kind", "orientation"), [("JPEG", 6), ("PNG", 8), ("TIFF", 5), ("PNG", 3)])
def test_the_orientation_and_the_size_in_the_file_stay(kind, orientation):
    image = Image.new("L", (1200, 600), 250)
    image.paste(10, (0, 0, 300, 150))
    exif = image.getexif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    whole, small = (open_picture(out.getvalue(), "x", enough_px=px) for px in (None, 300))
    assert full_size(small) == full_size(whole) == whole.size
    assert max(small.size) == 300
    expected = np.asarray(whole.resize(small.size, Image.Resampling.BOX), float)
    assert np.abs(np.asarray(small, float) - expected).max() < 20


def test_a_pixel_that_is_no_number_is_named_by_its_place_in_the_file():
    values = np.zeros((HEIGHT, WIDTH), np.float32)
    values[1234, 567] = np.nan
    with pytest.raises(ImageError, match="at row 1234, column 567 is not a number"):
        reduced(Image.fromarray(values), 500)


def test_infinite_pixels_spoil_nothing():
    values = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    values[0, 0], values[7, 7] = np.inf, -np.inf
    small = np.asarray(reduced(Image.fromarray(values), 500))
    assert np.isfinite(small).all()
    assert small[50, 50] == 0.5

"""Does any picture become what the model was trained on, and is everything else refused in a sentence?"""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import runpy
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from explorer.pictures.preprocess import PreparedPicture, prepare
from explorer.pictures.protocols import switches
from trainer.datasets import load_dataset
from trainer.datasets.pictures import MAX_BYTES, MAX_PIXELS, open_picture
from trainer.errors import ImageError

MNIST, DIGITS, SHAPES = (1, 28, 28), (1, 8, 8), (3, 32, 32)
SHAPE_OF = {"mnist": MNIST, "digits": DIGITS, "fashion-mnist": MNIST, "shapes": SHAPES}
SAMPLES = Path(__file__).parents[3] / "assets" / "samples"
DATA = os.environ.get("LATENT_DATA", "")
needs_mnist = pytest.mark.skipif(
    not DATA or not (Path(DATA) / "mnist").is_dir(), reason="the MNIST files are not in $LATENT_DATA/mnist"
)
Picture = NDArray[np.uint8]


def file_of(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(image: Image.Image, kind: str, **options: object) -> Image.Image:
    return open_picture(file_of(image, kind, **options), f"a.{kind.lower()}")


def seven(width: int = 24, box: tuple[int, int, int, int] = (120, 80, 260, 300), ink: int = 20, paper: int = 240) -> Image.Image:
    """A 7 on a sheet of 400 × 400, drawn four times larger for smooth edges."""
    left, top, right, bottom = (4 * side for side in box)
    image = Image.new("L", (1600, 1600), paper)
    draw, r = ImageDraw.Draw(image), 2 * width
    points = [(left + r, top + r), (right - r, top + r), ((left + right) // 2, bottom - r)]
    draw.line(points, fill=ink, width=4 * width)
    for x, y in points:
        draw.ellipse([x - r, y - r, x + r, y + r], fill=ink)
    return image.resize((400, 400), Image.Resampling.BOX)


def photographed(image: Image.Image, seed: int = 0, grain: float = 6) -> Image.Image:
    """A lamp from the upper left, half as bright at the lower right, and grain."""
    values = np.asarray(image, dtype=np.float64)
    y, x = np.indices(values.shape) / values.shape[0]
    noise = np.random.default_rng(seed).normal(0, grain, values.shape)
    return Image.fromarray(np.clip(values * (1 - 0.3 * x - 0.2 * y * y) + noise, 0, 255).astype(np.uint8))


def mass_centre(x: NDArray[np.float32]) -> tuple[float, float]:
    """Row and column, pixel indices."""
    rows, columns = np.indices(x.shape)
    return float((x * rows).sum() / x.sum()), float((x * columns).sum() / x.sum())


def shifted_error(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Mean absolute difference after the best shift by at most one pixel."""
    moved = (np.roll(a, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
    return min(float(np.abs(each - b).mean()) for each in moved)


def check(ready: PreparedPicture, shape: tuple[int, int, int]) -> None:
    """What always holds: range, shape, and that the last step shows what the model is fed."""
    assert ready.x.shape == shape
    assert ready.x.dtype == np.float32
    assert ready.x.min() >= 0
    assert ready.x.max() <= 1
    assert ready.steps[-1].title == "Model input"
    shown = ready.steps[-1].picture
    planes = shown[None] if shown.ndim == 2 else shown.transpose(2, 0, 1)
    assert (np.rint(ready.x * 255) == planes).all()
    for step in ready.steps:
        assert step.picture.dtype == np.uint8
        assert max(step.picture.shape[:2]) <= 512
        assert step.sentence.endswith(".")


# --- pictures of the model's own size


@pytest.mark.parametrize(("name", "kind"), [("digits", "PNG"), ("digits", "BMP"), ("shapes", "PNG"), ("shapes", "WEBP")])
def test_a_data_set_image_comes_back_bit_for_bit(name: str, kind: str) -> None:
    dataset = load_dataset(name)
    for i in range(0, 60, 7):
        pixels = dataset.images[i]
        image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0).copy())
        options = {"lossless": True} if kind == "WEBP" else {}
        ready = prepare(opened(image, kind, **options), dataset.image_shape, name)
        check(ready, dataset.image_shape)
        assert (np.rint(ready.x * 255) == pixels).all()
        assert (ready.x == pixels.astype(np.float32) / 255).all()


def test_a_grey_image_stored_as_colour_comes_back_bit_for_bit() -> None:
    pixels = load_dataset("digits").images[0, 0]
    for mode in ("RGB", "RGBA", "P"):
        ready = prepare(opened(Image.fromarray(pixels).convert(mode), "PNG"), DIGITS, "digits")
        assert (np.rint(ready.x[0] * 255) == pixels).all()


# --- handwriting


@needs_mnist
def test_mnist_images_enlarged_and_inverted_come_back() -> None:
    """Ten times larger, dark on light. Area means undo the factor 10; box and centre of mass are in place already.

    What may differ: the stretch, which takes the ink's upper quartile for full. That is 240 or more of 255 wherever
    strokes are wider than their edges, so ink with a mean of 0.13 moves by less than 0.13 · 15/240 = 0.008. Very thin
    strokes are thickened.
    """
    dataset = load_dataset("mnist")
    errors, n_thick = [], 0
    for i in dataset.splits["test"][:80]:
        image = ImageOps.invert(Image.fromarray(dataset.images[i, 0])).resize((280, 280), Image.Resampling.NEAREST)
        ready = prepare(opened(image, "PNG"), MNIST, "mnist")
        check(ready, MNIST)
        if any(step.title == "Stroke" for step in ready.steps):
            n_thick += 1
        else:
            errors.append(shifted_error(ready.x[0], dataset.images[i, 0].astype(np.float32) / 255))
    assert n_thick <= 2
    assert np.mean(np.array(errors) < 0.008) >= 0.95
    assert max(errors) < 0.05


@needs_mnist
def test_photographed_mnist_digits_are_read_as_what_they_are() -> None:
    """A second opinion that has seen no preparation: three nearest neighbours among 5000 training images."""
    from sklearn.neighbors import KNeighborsClassifier

    dataset = load_dataset("mnist")
    train, test = dataset.subset("train"), dataset.subset("test")
    assert train.labels is not None
    assert test.labels is not None
    reader = KNeighborsClassifier(3).fit(train.images[:5000].reshape(-1, 784) / 255, train.labels[:5000])
    codes = []
    for n, pixels in enumerate(test.images[:60, 0]):
        sheet = np.pad(255 - pixels, 10, constant_values=255)
        image = Image.fromarray(sheet).resize((480, 480), Image.Resampling.BICUBIC).point(lambda v: 40 + 0.75 * v)
        codes.append(prepare(opened(photographed(image, n), "JPEG", quality=80), MNIST, "mnist").x.ravel())
    clean = reader.score(test.images[:60].reshape(-1, 784) / 255, test.labels[:60])
    assert clean >= 0.9
    # the same 60 digits: at most 3 may be lost on the way
    assert reader.score(np.array(codes), test.labels[:60]) >= clean - 0.05


# --- steps left out


def test_every_step_that_is_left_out_changes_what_it_says() -> None:
    sheet = Image.new("RGB", (120, 90), (230, 240, 250))
    ImageDraw.Draw(sheet).line((20, 15, 60, 12, 30, 60), (180, 10, 20), 2)
    whole = prepare(sheet, MNIST, "mnist")
    for switch in switches("mnist"):
        ready = prepare(sheet, MNIST, "mnist", [switch.name])
        check(ready, MNIST)
        assert np.abs(ready.x - whole.x).max() > 0.1 or switch.name in ("own", "grey"), switch.name
    titles = {
        switch.name: [step.title for step in prepare(sheet, MNIST, "mnist", [switch.name]).steps] for switch in switches("mnist")
    }
    assert "Stroke" in titles["mass"]  # a thin pen
    assert "Stroke" not in titles["thicken"]


def test_without_box_and_crop_the_whole_picture_fills_the_frame() -> None:
    sheet = np.zeros((56, 56), np.uint8)
    sheet[8:16, 40:48] = 255
    ready = prepare(Image.fromarray(sheet), MNIST, "mnist", ["paper", "crop", "box", "mass", "thicken"])
    expected = sheet.reshape(28, 2, 28, 2).mean((1, 3)) / 255  # area means of two by two
    assert mass_centre(ready.x[0]) == pytest.approx(mass_centre(expected), abs=0.01)
    assert np.mean(np.abs(ready.x[0] - expected) < 1e-6) > 0.95  # all but what touches the edge of the square


def test_red_alone_is_the_red_channel() -> None:
    rng = np.random.default_rng(0)
    sheet = rng.integers(0, 255, (60, 60, 3), np.uint8)
    off = ["grey", "paper"]
    ready = prepare(Image.fromarray(sheet), (1, 28, 28), "fashion-mnist", off)
    alone = prepare(Image.fromarray(sheet[..., 0]), (1, 28, 28), "fashion-mnist", ["paper"])
    assert (ready.x == alone.x).all()
    assert "red channel alone" in ready.steps[1].sentence


def test_a_photograph_that_is_not_cut_is_squeezed() -> None:
    columns = np.tile(np.repeat(np.array([0, 255], np.uint8), 100), (50, 1))  # the left half black
    ready = prepare(Image.fromarray(columns).convert("RGB"), (3, 64, 64), "shapes", ["crop"])
    assert ready.x[:, :, :28].max() < 0.1
    assert ready.x[:, :, 36:].min() > 0.9
    assert ready.steps[1].title == "Whole"


def test_nothing_light_is_a_sentence_where_the_background_is_left_alone() -> None:
    for dataset in ("mnist", "fashion-mnist"):
        with pytest.raises(ImageError, match="nothing of it is lighter"):
            prepare(Image.new("L", (60, 60), 5), MNIST, dataset, ["paper"])


@pytest.mark.parametrize("dataset", ["mnist", "kmnist"])
def test_ink_is_20_pixels_long_with_its_mass_in_the_middle(dataset: str) -> None:
    """The middle is pixel 14: of MNIST's 10 000 test images, 99 of 100 have it between 13.5 and 14.5."""
    for box in ((120, 80, 260, 300), (30, 200, 330, 330), (250, 20, 380, 180)):
        ready = prepare(opened(seven(box=box), "PNG"), MNIST, dataset)
        check(ready, MNIST)
        x = ready.x[0]
        rows, columns = np.flatnonzero(x.max(axis=1)), np.flatnonzero(x.max(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        assert mass_centre(x) == pytest.approx((14, 14), abs=0.51)
        assert x.max() == 1


def test_digits_fill_the_height_and_six_columns_at_most() -> None:
    for box in ((120, 80, 260, 300), (20, 100, 380, 300), (180, 50, 240, 350)):
        ready = prepare(opened(seven(box=box), "PNG"), DIGITS, "digits")
        check(ready, DIGITS)
        x = ready.x[0]
        is_wide = (box[2] - box[0]) / (box[3] - box[1]) > 0.75
        assert (x[[0, -1]].max(axis=1) > 0.2).all() != is_wide
        assert x[:, [0, -1]].max() == 0


def test_polarity_place_size_light_and_grain_make_no_difference() -> None:
    plain = prepare(opened(seven(), "PNG"), MNIST, "mnist").x[0]
    others = {
        "light on dark": ImageOps.invert(seven()),
        "elsewhere": seven(box=(200, 150, 340, 370)),
        "smaller": seven(width=12, box=(40, 60, 110, 170)),
        "on a large sheet": ImageOps.expand(seven(), 600, fill=240),
        "grey pen": seven(ink=150),
        "grey paper": seven(ink=20, paper=120),
        "photographed": photographed(seven()),
        "pencil, photographed": photographed(seven(ink=140), grain=4),
        "wide": ImageOps.expand(seven(), (300, 0), fill=240),
        "coloured": ImageOps.colorize(seven(), "navy", "beige"),
    }
    for title, image in others.items():
        x = prepare(opened(image, "PNG"), MNIST, "mnist").x[0]
        # edges are one pixel wide: a place between two pixels moves 60 edge pixels of 784 by a quarter
        assert shifted_error(x, plain) < 0.02, title


def test_the_grain_of_the_paper_is_removed() -> None:
    """Ink begins 3 standard deviations above the paper, and normal noise exceeds that once in 740 times."""
    (step,) = (step for step in prepare(photographed(seven()), MNIST, "mnist").steps if step.title == "Ink")
    is_paper = np.asarray(seven()) == 240
    assert step.picture.shape == is_paper.shape
    assert (step.picture[is_paper] > 0).mean() < 0.002


def test_dirt_and_the_edge_of_the_table_are_no_ink() -> None:
    clean = prepare(opened(seven(), "PNG"), MNIST, "mnist").x[0]
    dirty = seven()
    draw = ImageDraw.Draw(dirty)
    draw.polygon([(399, 280), (399, 399), (290, 399)], fill=30)
    draw.ellipse([30, 340, 36, 346], fill=60)
    draw.ellipse([350, 40, 354, 44], fill=20)
    assert shifted_error(prepare(dirty, MNIST, "mnist").x[0], clean) < 0.01


def test_a_pencil_line_counts_more_than_a_dark_table() -> None:
    pale = seven(ink=150)
    clean = prepare(pale, MNIST, "mnist").x[0]
    ImageDraw.Draw(pale).rectangle([0, 340, 399, 399], fill=10)
    assert shifted_error(prepare(pale, MNIST, "mnist").x[0], clean) < 0.02


def test_a_drawing_cut_out_closely_is_still_found() -> None:
    whole = prepare(seven(), MNIST, "mnist").x[0]
    close = prepare(seven().crop((120, 80, 260, 300)), MNIST, "mnist").x[0]
    assert shifted_error(close, whole) < 0.02


def test_separate_strokes_are_all_kept() -> None:
    """An i with its dot, as in kana of two or three parts."""
    image = Image.new("L", (300, 300), 250)
    draw = ImageDraw.Draw(image)
    draw.rectangle([140, 120, 165, 250], fill=10)
    draw.ellipse([138, 60, 168, 90], fill=10)
    x = prepare(image, MNIST, "kmnist").x[0]
    filled = x.max(axis=1) > 0.3
    runs = np.flatnonzero(np.diff(np.r_[False, filled, False].astype(int)) == 1)
    assert len(runs) == 2


def test_a_thin_pen_is_thickened_and_the_step_says_so() -> None:
    """2 of 220 pixels are 0.2 of 20: no image of MNIST has a stroke below 0.9."""
    ready = prepare(seven(width=2), MNIST, "mnist")
    check(ready, MNIST)
    (step,) = (step for step in ready.steps if step.title == "Stroke")
    assert "0.2 pixels of the model wide, thinner than the data set's, and was thickened to 2.0" in step.sentence
    # area / length: the two strokes of the 7 are about 13 + 20 pixels long
    assert 1.5 < ready.x.sum() / 33 < 2.6
    assert [step.title for step in prepare(seven(), MNIST, "mnist").steps] == [
        *("Your picture", "Grey", "Ink", "Crop", "Model input")
    ]


def test_sentences_say_what_was_done() -> None:
    dark = [step.sentence for step in prepare(opened(seven(), "PNG"), MNIST, "mnist").steps]
    assert dark[0] == "400 × 400 pixels."
    assert dark[2].startswith("The light background (grey level 240) was removed and the rest inverted")
    # 140 × 220 pixels of ink, or one more where an edge lies between two: 12.7 or 12.8
    assert re.fullmatch(r"Scaled to 12\.[78] × 20 of the frame's 28 × 28 pixels, its centre of mass in the middle\.", dark[-1])
    light = [step.sentence for step in prepare(ImageOps.invert(seven()), MNIST, "mnist").steps]
    assert light[2] == "The dark background (grey level 15) was removed; what is light on it stands out by 220 grey levels."


# --- objects and photographs


def test_a_garment_keeps_its_greys_and_fills_the_frame() -> None:
    """A dark shirt with a lighter band on white: grey 55 → 200/255, grey 155 → 100/255 of light on dark."""
    image = Image.new("RGB", (500, 400), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle([150, 60, 309, 339], fill=(55, 55, 55))
    draw.rectangle([150, 180, 309, 219], fill=(155, 155, 155))
    ready = prepare(opened(image, "PNG"), MNIST, "fashion-mnist")
    check(ready, MNIST)
    x = ready.x[0]
    assert (x.max(axis=1) > 0.3).all()
    assert (x[:, :6] == 0).all()
    assert (x[:, -6:] == 0).all()
    assert x[4, 8:20] == pytest.approx(200 / 255, abs=0.01)
    assert x[13, 8:20] == pytest.approx(100 / 255, abs=0.01)


@pytest.mark.parametrize("dataset", ["shapes", "folder:pictures?size=32"])
def test_photographs_are_cut_to_the_middle_and_resized(dataset: str) -> None:
    stripes = np.zeros((100, 300, 3), dtype=np.uint8)
    stripes[:, :100, 0], stripes[:, 100:200, 1], stripes[:, 200:, 2] = 255, 200, 255
    for picture in (stripes, stripes.transpose(1, 0, 2)):
        ready = prepare(opened(Image.fromarray(picture), "PNG"), SHAPES, dataset)
        check(ready, SHAPES)
        assert (ready.x[1] == np.float32(200) / np.float32(255)).all()
        assert ready.x[[0, 2]].max() == 0
    grey = prepare(Image.fromarray(stripes), (1, 32, 32), dataset)
    check(grey, (1, 32, 32))
    assert np.abs(grey.x * 255 - 0.587 * 200).max() <= 0.5 + 1e-4  # luma, ITU-R 601


def test_a_frame_that_is_no_square_gets_that_aspect() -> None:
    ramp = np.broadcast_to(np.arange(120, dtype=np.uint8), (120, 120))
    x = prepare(Image.fromarray(ramp.copy()), (1, 10, 5), "folder:x").x
    assert x.shape == (1, 10, 5)
    # the middle 60 of 120 columns are 30 to 89, five means of twelve columns each
    assert x[0, 5] * 255 == pytest.approx([35.5, 47.5, 59.5, 71.5, 83.5], abs=2)


# --- blank


@pytest.mark.parametrize(("dataset", "shape"), [("mnist", MNIST), ("digits", DIGITS), ("kmnist", MNIST), ("fashion-mnist", MNIST)])
def test_a_blank_sheet_is_a_sentence(dataset: str, shape: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(0).normal(200, 9, (300, 300)).clip(0, 255).astype(np.uint8)
    sheets = {
        "white": Image.new("L", (300, 300), 255),
        "black": Image.new("RGB", (50, 90), "black"),
        "nothing at all": Image.new("RGBA", (300, 300), (0, 0, 0, 0)),
        "grain": Image.fromarray(noise),
        "lamp": photographed(Image.new("L", (300, 300), 230)),
        "one pixel": Image.new("L", (1, 1), 7),
        "own size": Image.new("L", (shape[2], shape[1]), 7),
    }
    for title, image in sheets.items():
        with pytest.raises(ImageError, match=r"^The picture looks blank \(.*\); allowed: one drawing or object .*; draw with"):
            pytest.fail(f"{title}: {prepare(image, shape, dataset).steps[-1].sentence}")


def test_noise_is_not_called_blank() -> None:
    for side, seed in itertools.product((20, 30, 40, 64, 300), range(12)):
        noise = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side)).astype(np.uint8))
        with pytest.raises(
            ImageError, match=r"^Nothing stands out from the grain of this picture \(.*\); allowed: one drawing or .*; take"
        ):
            pytest.fail(prepare(noise, MNIST, "mnist").steps[-1].sentence)


def test_a_plain_colour_is_no_mistake_for_a_photograph() -> None:
    assert (prepare(Image.new("L", (50, 50), 51), SHAPES, "shapes").x == np.float32(0.2)).all()


# --- opening


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_allowed_format_is_opened(kind: str) -> None:
    image = opened(seven().convert("RGB"), kind)
    assert image.size == (400, 400)
    check(prepare(image, MNIST, "mnist"), MNIST)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int) -> bytes:
    """A PNG's head only: it says how large it is and holds nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", file_of(seven(), "PNG"))
    return file.getvalue()


NO_IMAGES = {
    "text": b"hello",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "html": b"<!doctype html><img src=x onerror=alert(1)>",
    "zip": zipped(),
    "pdf": b"%PDF-1.7\n%\xe2\xe3",
    "noise": np.random.default_rng(0).bytes(1000),
    "eps": file_of(seven(), "EPS"),
    "ico": file_of(seven(), "ICO"),
    "tga": file_of(seven(), "TGA"),
}


@pytest.mark.parametrize("kind", NO_IMAGES)
def test_what_is_no_image_is_refused_whatever_its_name(kind: str) -> None:
    with pytest.raises(ImageError) as caught:
        open_picture(NO_IMAGES[kind], "holiday.png")
    assert str(caught.value) == (
        "holiday.png is not an image that can be read, or has no pixels; allowed: PNG, JPEG, WebP, "
        "GIF, BMP, TIFF or PGM/PPM; save it as PNG and try again."
    )


def test_an_empty_file_and_one_over_20_mb_are_refused() -> None:
    with pytest.raises(ImageError) as caught:
        open_picture(b"", "a.png")
    assert str(caught.value) == (
        "a.png is empty (0 bytes); allowed: an image file, PNG, JPEG, WebP, GIF, BMP, TIFF or PGM/PPM; copy it again."
    )
    with pytest.raises(ImageError) as caught:
        open_picture(bytes(MAX_BYTES + 100_000), "a.png")
    assert str(caught.value) == "a.png has 20.1 MB; allowed: at most 20 MB; make the picture smaller."


def test_too_many_pixels_are_refused_from_the_header() -> None:
    """The file is a few bytes, so nothing could be decoded; a bomb above Pillow's own limit too."""
    assert MAX_PIXELS == 40_000_000
    with pytest.raises(ImageError) as caught:
        open_picture(png_of(8001, 5000), "a.png")
    assert str(caught.value) == (
        "a.png is 8001 × 5000 = 40.0 megapixels; allowed: at most 40 megapixels; make the picture smaller."
    )
    for width, height in ((10_000, 10_000), (60_000, 60_000), (40_000_001, 1)):
        with pytest.raises(ImageError, match="megapixels; allowed: at most 40 megapixels; make the picture smaller"):
            open_picture(png_of(width, height), "a.png")
    with pytest.raises(ImageError, match="damaged or cut off"):
        open_picture(png_of(8000, 5000), "a.png")  # exactly 40: refused for another reason


def test_a_picture_without_pixels_is_refused() -> None:
    bmp = bytearray(file_of(Image.new("L", (4, 4)), "BMP"))
    bmp[18:22] = bytes(4)  # its width
    for data in (png_of(0, 10), bytes(bmp), b"GIF89a" + struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b";"):
        with pytest.raises(ImageError, match=r"^a\.png is not an image that can be read, or has no pixels; allowed: PNG"):
            open_picture(data, "a.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_file_cut_off_is_refused(kind: str) -> None:
    data = file_of(photographed(seven()), kind)
    for share in (0.02, 0.3, 0.7):
        with pytest.raises(ImageError, match=r"^a\.x (is damaged or cut off \(.*\); export or copy it again|is not an image)"):
            open_picture(data[: int(len(data) * share)], "a.x")


@settings(max_examples=150)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]), st.integers(0), st.integers(0, 255))
def test_a_damaged_byte_gives_a_picture_or_a_sentence(kind: str, place: int, value: int) -> None:
    data = bytearray(file_of(load_image(), kind))
    data[place % len(data)] = value
    try:
        image = open_picture(bytes(data), "a.x")
        prepare(image, SHAPES, "shapes")
    except ImageError as error:
        assert str(error).startswith("a.x ")  # noqa: PT017


def load_image() -> Image.Image:
    return Image.fromarray((np.indices((12, 17)).sum(0) * 9).astype(np.uint8)).convert("RGB")


def test_the_first_frame_of_a_film_is_taken() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "WEBP", "TIFF", "PNG"):
        image = opened(frames[0], kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {}))
        x = prepare(image, SHAPES, "shapes").x
        assert x[:, 0, 0].tolist() == [1, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotation_is_undone(kind: str, orientation: int) -> None:
    """A camera stores it turned; each orientation's inverse by the EXIF table (0th row, 0th column are where)."""
    upright = np.zeros((48, 64), dtype=np.uint8)
    upright[:24, :32], upright[:24, 32:] = 250, 120  # upper left light, upper right grey
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: upright[:, ::-1].T,
        7: upright[::-1, ::-1].T,
        8: upright[::-1].T,
    }[orientation]
    image = Image.fromarray(np.ascontiguousarray(stored))
    exif = image.getexif()
    exif[0x0112] = orientation
    back = np.asarray(opened(image, kind, exif=exif).convert("L"))
    assert back.shape == (48, 64)
    assert np.abs(back[4:20, 4:28].astype(int) - 250).max() < 12
    assert np.abs(back[4:20, 36:60].astype(int) - 120).max() < 12
    assert back[28:].max() < 12


# --- modes


def test_transparent_parts_are_white_and_half_transparent_ones_mixed() -> None:
    pixels = np.array([[[200, 0, 0, 255], [200, 0, 0, 0]], [[200, 0, 0, 51], [0, 0, 0, 128]]], dtype=np.uint8)
    ready = prepare(opened(Image.fromarray(pixels), "PNG"), (3, 2, 2), "folder:x")
    alpha = pixels[..., 3:] / 255
    expected = pixels[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(ready.x.transpose(1, 2, 0) * 255 - expected).max() <= 1
    assert ready.steps[0].sentence == "2 × 2 pixels, on white where it is transparent."


def test_dark_ink_on_nothing_is_dark_on_white() -> None:
    """All colours are black; only alpha says where the ink is. Grey with alpha and a palette with a hole likewise."""
    plain = prepare(seven(ink=0, paper=255), MNIST, "mnist").x[0]
    alpha = ImageOps.invert(seven(ink=0, paper=255))
    for mode in ("RGBA", "LA"):
        image = Image.new(mode, (400, 400))
        image.putalpha(alpha)
        assert np.abs(prepare(opened(image, "PNG"), MNIST, "mnist").x[0] - plain).max() < 0.02
    palette = seven(ink=0, paper=255).point(lambda level: 0 if level < 128 else 1).convert("L")
    palette = Image.frombytes("P", palette.size, palette.tobytes())
    palette.putpalette([0, 0, 0, 0, 0, 0])
    hole = opened(palette, "PNG", transparency=1)
    assert np.abs(prepare(hole, MNIST, "mnist").x[0] - plain).mean() < 0.01


def test_deep_pictures_are_scaled_by_their_range() -> None:
    ramp = np.linspace(0, 65535, 100).reshape(10, 10)
    expected = np.rint(ramp / 257)
    deep = {
        "PNG 16": opened(Image.fromarray(ramp.astype(np.uint16)), "PNG"),
        "TIFF 16": opened(Image.fromarray(ramp.astype(np.uint16)), "TIFF"),
        "TIFF I": opened(Image.fromarray(ramp.astype(np.int32)), "TIFF"),
        "TIFF F, 0 to 1": opened(Image.fromarray((ramp / 65535).astype(np.float32)), "TIFF"),
        "TIFF F, 0 to 255": opened(Image.fromarray((ramp / 257).astype(np.float32)), "TIFF"),
        "TIFF F, its own range": opened(Image.fromarray((ramp * 3 - 7e4).astype(np.float32)), "TIFF"),
    }
    for title, image in deep.items():
        x = prepare(image, (1, 10, 10), "folder:x").x[0]
        assert np.abs(x * 255 - expected).max() <= 1, title
    half = np.full((10, 10), 32768, dtype=np.uint16)  # a mid grey stays one, though it is the brightest there is
    assert prepare(opened(Image.fromarray(half), "PNG"), (1, 10, 10), "folder:x").x == pytest.approx(0.5, abs=0.01)
    odd = np.array([[0.2, np.inf], [0.5, -np.inf]], dtype=np.float32)
    check(prepare(opened(Image.fromarray(odd), "TIFF"), (1, 2, 2), "folder:x"), (1, 2, 2))
    odd[1, 0] = np.nan
    with pytest.raises(ImageError) as error:
        prepare(opened(Image.fromarray(odd), "TIFF"), (1, 2, 2), "folder:x")
    assert str(error.value) == "The picture's pixel at row 1, column 0 is not a number; save it again without such pixels."


def test_cmyk_ycbcr_and_one_bit() -> None:
    red = Image.new("RGB", (40, 40), (210, 30, 40))
    for image in (
        opened(red.convert("CMYK"), "JPEG", quality=95),
        opened(red.convert("CMYK"), "TIFF"),
        red.convert("YCbCr"),
    ):
        x = prepare(image, SHAPES, "shapes").x
        assert np.abs(x[:, 16, 16] * 255 - [210, 30, 40]).max() < 8
    sheet = seven(ink=0, paper=255)
    bits = opened(sheet.convert("1"), "PNG")
    assert bits.mode == "1"
    assert shifted_error(prepare(bits, MNIST, "mnist").x[0], prepare(sheet, MNIST, "mnist").x[0]) < 0.02


@settings(max_examples=80)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.sampled_from(sorted(SHAPE_OF)))
def test_any_pixels_give_a_picture_or_a_sentence(width: int, height: int, seed: int, dataset: str) -> None:
    shape = SHAPE_OF[dataset]
    generator = np.random.default_rng(seed)
    levels = generator.integers(0, 256, 1 + seed % 4)
    image = Image.fromarray(generator.choice(levels, (height, width)).astype(np.uint8))
    try:
        check(prepare(image, shape, dataset), shape)
    except ImageError as error:
        assert "blank" in str(error) or "grain" in str(error)  # noqa: PT017


@pytest.mark.parametrize("size", [(4000, 3), (3, 4000), (1, 300), (6000, 5000)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    image = Image.new("L", size, 250)
    ImageDraw.Draw(image).rectangle([size[0] // 3, size[1] // 3, size[0] // 2, size[1] // 2], fill=0)
    for dataset, shape in SHAPE_OF.items():
        check(prepare(image, shape, dataset), shape)


# --- our own samples


def samples() -> list[dict[str, str]]:
    return list(json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["digits", pytest.param("mnist", marks=needs_mnist)])
def test_the_samples_are_read_as_what_they_are(name: str) -> None:
    """Each title begins with its digit; a nearest-neighbour reader trained on the data set must read that digit."""
    from sklearn.neighbors import KNeighborsClassifier

    dataset = load_dataset(name)
    train = dataset.subset("train")
    assert train.labels is not None
    reader = KNeighborsClassifier(5).fit(train.images[:10_000].reshape(-1, dataset.images[0].size), train.labels[:10_000])
    written = [sample for sample in samples() if name in sample["suits"]]
    assert len(written) == 6
    for sample in written:
        image = open_picture((SAMPLES / sample["file"]).read_bytes(), sample["file"])
        ready = prepare(image, dataset.image_shape, name)
        check(ready, dataset.image_shape)
        assert reader.predict(ready.x.reshape(1, -1) * 255)[0] == int(sample["title"][0]), sample["title"]


def test_the_sample_shapes_look_like_the_data_set() -> None:
    """The background is that of the shapes, and the nearest of all shapes is of the same kind."""
    dataset = load_dataset("shapes")
    assert dataset.labels is not None
    for sample in (sample for sample in samples() if "shapes" in sample["suits"]):
        image = open_picture((SAMPLES / sample["file"]).read_bytes(), sample["file"])
        x = prepare(image, SHAPES, "shapes").x
        assert np.abs(x[:, 0, 0] * 255 - dataset.images[0, :, 0, 0]).max() < 2
        distance = np.square(dataset.images / np.float32(255) - x).sum(axis=(1, 2, 3))
        assert dataset.class_names[int(dataset.labels[distance.argmin()])] in sample["title"]


def test_the_script_makes_the_samples_that_are_there(tmp_path: Path) -> None:
    runpy.run_path(str(SAMPLES / "make_samples.py"))["main"](tmp_path)
    assert (tmp_path / "samples.json").read_text() == (SAMPLES / "samples.json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in SAMPLES.iterdir() if path.is_file() and path.suffix != ".py"
    )
    for sample in samples():
        made, kept = (np.asarray(Image.open(folder / sample["file"]).convert("RGBA")) for folder in (tmp_path, SAMPLES))
        assert np.abs(made.astype(int) - kept).mean() < 1, sample["file"]  # JPEG libraries differ by rounding

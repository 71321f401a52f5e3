"""Is a drawing read the same however it was saved: dark or light, on paper or on nothing, at any size, depth and orientation?

The second opinions are the classifier that ships with mnist-2d, which never sees how a picture was prepared, the labels of the test images
whose codes are nearest, and the same drawing saved in the plainest way.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from explorer.pictures.neighbours import nearest
from explorer.pictures.opening import open_upload
from explorer.pictures.preprocess import PreparedPicture, prepare
from explorer.pictures.protocols import browser_protocol, ground_of, switches
from trainer.datasets.pictures import BLACK, WHITE, ground_behind
from trainer.runs.catalogue import load_run

MNIST, SEVEN = (1, 28, 28), 7


def dark_on_white(side: int = 280) -> Image.Image:
    """A seven in black ink on white paper, antialiased, mode L."""
    sheet = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(sheet).line([(70, 70), (210, 70), (120, 220)], fill=0, width=22, joint="curve")
    return sheet if side == 280 else sheet.resize((side, side), Image.Resampling.BOX)


def on_nothing(level: int, mode: str = "RGBA", side: int = 280) -> Image.Image:
    """Strokes of one grey level; only alpha says where they are."""
    drawn = Image.new(mode, (side, side), (level,) * (len(mode) - 1) + (0,))
    drawn.putalpha(ImageOps.invert(dark_on_white(side)))
    return drawn


def palette(ink: int, side: int = 280) -> Image.Image:
    """Two colours, the paper being the transparent one."""
    image = dark_on_white(side).point(lambda level: 0 if level < 128 else 1)
    indexed = Image.frombytes("P", image.size, image.tobytes())
    indexed.putpalette([ink] * 3 + [ink] * 3)
    return indexed


def sixteen_bits(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)


def with_a_printed_frame(image: Image.Image) -> Image.Image:
    """A sheet of paper whose corners are cut off, as a scanner's program leaves it."""
    sheet = image.convert("RGBA")
    alpha = Image.new("L", image.size, 0)
    ImageDraw.Draw(alpha).rounded_rectangle((0, 0, image.width - 1, image.height - 1), image.width // 8, fill=255)
    sheet.putalpha(alpha)
    return sheet


def reopened(image: Image.Image, kind: str = "PNG", **options: object) -> Image.Image:
    """As the app gets it: from the bytes of a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return open_upload(file.getvalue(), f"seven.{kind.lower()}")


def lying(image: Image.Image) -> Image.Image:
    """A phone stores the sensor's rows and says by EXIF how to turn them."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return reopened(image.transpose(Image.Transpose.ROTATE_90).convert("RGB"), "JPEG", exif=exif, quality=92)


def two_pictures(image: Image.Image) -> Image.Image:
    """A phone's file of a picture and its preview (MPO)."""
    return reopened(image.convert("RGB"), "MPO", save_all=True, append_images=[image.convert("RGB").resize((40, 40))])


DRAWINGS: dict[str, Callable[[], Image.Image]] = {
    "dark on white": lambda: reopened(dark_on_white()),
    "light on black": lambda: reopened(ImageOps.invert(dark_on_white())),
    **{
        f"{name}, {side} px": lambda make=make, side=side: reopened(make(side))
        for name, make in {
            "dark on white": dark_on_white,
            "black strokes on nothing": lambda side: on_nothing(0, side=side),
            "white strokes on nothing": lambda side: on_nothing(255, side=side),
            "light grey strokes on nothing": lambda side: on_nothing(200, side=side),
            "white strokes on nothing, grey with alpha": lambda side: on_nothing(255, "LA", side),
        }.items()
        for side in (28, 56, 280)
    },
    "white palette on nothing": lambda: reopened(palette(255), transparency=1),
    "black palette on nothing": lambda: reopened(palette(0), transparency=1),
    "black palette on nothing, 28 px": lambda: reopened(palette(0, 28), transparency=1),
    "one bit, 28 px": lambda: reopened(dark_on_white(28).convert("1")),
    "colours, 28 px": lambda: reopened(ImageOps.colorize(dark_on_white(28), "darkblue", "lightyellow")),
    "16 bits, 28 px": lambda: reopened(sixteen_bits(dark_on_white(28))),
    "16 bits": lambda: reopened(sixteen_bits(dark_on_white())),
    "lying on its side, EXIF": lambda: lying(dark_on_white()),
    "lying on its side, EXIF, 28 px": lambda: lying(dark_on_white(28)),
    "two pictures in a file": lambda: two_pictures(dark_on_white()),
    "paper with rounded corners": lambda: reopened(with_a_printed_frame(dark_on_white())),
    "board with rounded corners": lambda: reopened(with_a_printed_frame(ImageOps.invert(dark_on_white()))),
}


@pytest.fixture(scope="module")
def run():
    return load_run("mnist-2d")


@pytest.fixture(scope="module")
def plainest() -> NDArray[np.float32]:
    return prepare(dark_on_white(), MNIST, "mnist").x[0]


def agreement(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlation of pixels at the best shift by up to two: how much two pictures show the same."""
    shifts = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3)]
    return max(float(np.corrcoef(a.ravel(), np.roll(b, shift, (0, 1)).ravel())[0, 1]) for shift in shifts)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_seven_is_a_seven_however_it_was_saved(name: str, run, plainest) -> None:
    ready = prepare(DRAWINGS[name](), MNIST, "mnist")
    odds = run.classifier.probabilities(ready.x[None])[0]
    assert (odds.argmax(), odds.max() > 0.9) == (SEVEN, True), name
    found = nearest(run.forward.encode(ready.x[None]).mu[0], run.encodings.mu, 15)
    assert np.bincount(run.encodings.label[found.index]).argmax() == SEVEN
    assert agreement(plainest, ready.x[0]) > 0.85, name


def test_an_image_of_the_data_set_passes_unchanged_and_can_be_prepared_all_the_same() -> None:
    """A light seven on black at the model's own size, not in the middle: fed as it is, one click away from being put there."""
    image = reopened(ImageOps.invert(dark_on_white(28)).transform((28, 28), Image.Transform.AFFINE, (1, 0, 4, 0, 1, 3)))
    kept = prepare(image, MNIST, "mnist")
    assert (kept.x[0] * 255).round().astype(int).tolist() == np.asarray(image).astype(int).tolist()
    assert kept.steps[-1].sentence == (
        "It has the model's own size, 28 × 28, and a dark background like the images of the data set, so nothing was changed."
    )
    moved = prepare(image, MNIST, "mnist", ["own"])
    assert [step.title for step in moved.steps][-1] == "Model input"
    assert len(moved.steps) == 5
    rows, columns = (np.arange(28) + 0.5 for _ in range(2))
    centre = [float(moved.x[0].sum(axis) @ places / moved.x.sum()) for axis, places in ((1, rows), (0, columns))]
    assert centre == pytest.approx([14.5, 14.5], abs=0.6)  # LeCun 1998: the centre of mass lies in pixel 14


def test_what_was_done_with_a_light_picture_of_the_own_size_is_said_and_can_be_left_out() -> None:
    image = reopened(dark_on_white(28))
    drawn = prepare(image, MNIST, "mnist")
    assert drawn.steps[0].sentence == (
        "28 × 28 pixels. It has the model's own size, but a light background, where the data set's is dark: it was prepared as a drawing."
    )
    as_it_is = prepare(image, MNIST, "mnist", ["paper"])
    assert (as_it_is.x[0] * 255).round().astype(int).tolist() == np.asarray(image).astype(int).tolist()
    assert as_it_is.steps[-1].sentence == "It has the model's own size, 28 × 28, so nothing was changed."


def test_an_object_on_white_is_light_on_dark_too() -> None:
    """Fashion-MNIST: objects with their own greys on black."""
    shirt = Image.new("L", (28, 28), 250)
    ImageDraw.Draw(shirt).rectangle((8, 5, 19, 23), fill=60)
    x = prepare(shirt, MNIST, "fashion-mnist").x[0]
    border = np.concatenate([x[:, 0], x[:, -1]])
    assert border.max() < 0.05
    assert x[14, 14] > 0.5


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (lambda: on_nothing(255), BLACK),
        (lambda: on_nothing(0), WHITE),
        (lambda: on_nothing(128), BLACK),
        (lambda: on_nothing(127), WHITE),
        (lambda: with_a_printed_frame(dark_on_white()), WHITE),
        (lambda: with_a_printed_frame(ImageOps.invert(dark_on_white())), BLACK),
        (lambda: with_a_printed_frame(Image.new("L", (80, 80), 255)), BLACK),
        (lambda: Image.new("RGBA", (9, 9), (255, 255, 255, 0)), WHITE),
        (lambda: Image.new("RGB", (9, 9), "white"), WHITE),
    ],
)
def test_the_ground_behind_transparency_hides_nothing(visible: Callable[[], Image.Image], expected: int) -> None:
    """Strokes: the opposite of their tone. A sheet with cut corners: its own tone goes on. Nothing visible: white, and a refusal later."""
    assert ground_behind(visible()) == expected


def test_a_folder_of_light_on_dark_inverts_what_is_dark_on_light_and_says_so() -> None:
    rng = np.random.default_rng(0)
    dark = np.zeros((200, 1, 20, 20), np.uint8)
    dark[:, :, 5:15, 5:15] = rng.integers(100, 255, (200, 1, 10, 10), np.uint8)
    assert ground_of(dark) == "dark"
    assert ground_of(255 - dark) == "light"
    assert ground_of(np.concatenate([dark, 255 - dark])) is None
    assert ground_of(dark.repeat(3, axis=1)) is None  # a colour has no opposite that is the same thing
    assert ground_of(dark[:0]) is None

    upload = Image.fromarray((255 - dark[0, 0]).repeat(4, 0).repeat(4, 1))
    for image in (upload, upload.resize((20, 20), Image.Resampling.BOX)):
        ready = prepare(image, (1, 20, 20), "folder:/tmp/x", ground="dark")
        assert np.abs(ready.x[0] * 255 - dark[0, 0]).max() < 40
        assert "Its background is light and that of the data set's images dark, so it was inverted." in ready.steps[0].sentence
        left = prepare(image, (1, 20, 20), "folder:/tmp/x", ["paper"], ground="dark")
        assert left.x[0, 0, 0] == 1
    same = prepare(ImageOps.invert(upload), (1, 20, 20), "folder:/tmp/x", ground="dark")
    assert "inverted" not in same.steps[0].sentence
    unknown = prepare(upload, (1, 20, 20), "folder:/tmp/x")
    assert unknown.x[0, 0, 0] == 1
    assert [switch.title for switch in switches("folder:/tmp/x", "dark")] == ["Cut to the middle", "Polarity"]
    assert browser_protocol("folder:/tmp/x", "dark")["ground"] == "dark"


def test_a_refusal_is_one_sentence(plainest) -> None:
    from trainer.errors import ImageError

    for image in (Image.new("RGBA", (28, 28), (255, 255, 255, 0)), Image.new("L", (28, 28), 255), Image.new("L", (28, 28), 0)):
        with pytest.raises(ImageError, match="looks blank"):
            _: PreparedPicture = prepare(image, MNIST, "mnist")

"""How does any picture become what the model was trained on? Step by step, each kept so that it can be shown.

A model knows only pictures that were made as its training images were: a drawing that is encoded without their size,
place and polarity lands anywhere. So each data set has its own way:

- mnist, kmnist: ink light on dark, its longer side 20 of 28 pixels, its centre of mass in the middle (LeCun 1998);
- digits: ink light on dark, filling the height of 8 pixels (Garris et al., NIST's handprint recognition system, 1994);
- fashion-mnist: the object light on dark, its longer side the whole frame (Xiao et al. 2017);
- shapes and folders: the square in the middle, or what `fit` in the data set's name says, as trainer.datasets.pictures does it.

A picture that has the model's size and the dark ground of the data set already is one of its images: it passes unchanged.
Dark ink on a light ground is a drawing at any size. Where all images of a grey folder have a ground of one kind, a picture
on the opposite ground is inverted. Every step can be left out, to see what it does.
`explorer/surface/frontend/src/prepare` takes the same steps in the browser.
H, W pixels; grey levels 0..255 outside, floats in [0, 1] inside.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from explorer.pictures.frame import CANVAS, box_on_canvas, cropped, middle_of, placed, stroke_width, thickened
from explorer.pictures.ink import FAINT, Floats, Found, blank, find_ink, fitted, resize
from explorer.pictures.protocols import HANDWRITING, MIDDLE_GREY, OBJECTS, Ground, Protocol, border_of
from explorer.pictures.step_words import first_of_many_words, grey_words, mode_words, own_size_words, size_words, stroke_words
from trainer.datasets.names import Fit, fit_of
from trainer.datasets.pictures import fitted as fitted_to_square
from trainer.datasets.pictures import ground_behind, is_transparent, to_grey_or_rgb

WORK_PX = 1024  # longer side at which ink is looked for: a small digit on a large photograph keeps its strokes
SHOWN_PX = 512  # longer side of a step's picture: enough to look at


@dataclass(frozen=True)
class Step:
    """One step that a person can look at."""

    title: str
    sentence: str
    picture: NDArray[np.uint8]
    """(h, w) or (h, w, 3)."""


@dataclass(frozen=True)
class PreparedPicture:
    """What the model is fed, and how it came to be."""

    x: NDArray[np.float32]
    """(C, H, W) in [0, 1]."""
    steps: tuple[Step, ...]
    """The last shows exactly `x`."""


def prepare(
    image: Image.Image, image_shape: tuple[int, int, int], dataset: str, off: Collection[str] = (), ground: Ground | None = None
) -> PreparedPicture:
    """`image` as `open_picture` gives it → what a model of `dataset` with images of `image_shape` (C, H, W) is fed.

    off: names of the `switches` that are left out.
    ground: what the images of a folder lie on, see `ground_of`.
    """
    is_mixed, behind = is_transparent(image), ground_behind(image)
    flat = to_grey_or_rgb(image, behind)
    is_own_size = flat.size == (image_shape[2], image_shape[1])
    steps: tuple[Step, ...]
    if is_own_size and _is_one_of_its_images(flat, is_mixed, dataset, off):
        steps, why = (_as_it_is(flat, image_shape, dataset),), ""
    elif dataset in HANDWRITING:
        steps, why = _handwriting(flat, image_shape, HANDWRITING[dataset], off), own_size_words(is_own_size, is_mixed, off)
    elif dataset in OBJECTS:
        steps, why = _object(flat, image_shape, off), own_size_words(is_own_size, is_mixed, off)
    else:
        flat_, why = _turned(flat, ground, off)
        steps = (
            (_as_it_is(flat_, image_shape, dataset, bool(why)),)
            if is_own_size
            else _photograph(flat_, image_shape, fit_of(dataset), off)
        )
    first = Step(
        "Your picture",
        f"{size_words(image)} pixels{mode_words(image, is_mixed, behind)}{first_of_many_words(image)}.{why}",
        _shown(flat),
    )
    return PreparedPicture(_to_x(steps[-1].picture, image_shape), (first, *steps))


# --- the four ways


def _is_one_of_its_images(image: Image.Image, is_mixed: bool, dataset: str, off: Collection[str]) -> bool:
    """Whether a picture of the model's size is as images of the data set are: nothing transparent, and on a dark ground.

    Folders decide by their own ground.
    """
    if (dataset not in HANDWRITING and dataset not in OBJECTS) or "own" in off:
        return False
    return "paper" in off or not (is_mixed or _is_on_light(image))


def _is_on_light(image: Image.Image) -> bool:
    """Dark things on a light ground: the border is light, and the rest darker."""
    grey = np.asarray(image.convert("L"), np.float64)
    border = float(np.median(grey[border_of(grey.shape)]))
    return border > MIDDLE_GREY and border > float(grey.mean())


def _turned(image: Image.Image, ground: Ground | None, off: Collection[str]) -> tuple[Image.Image, str]:
    """The picture inverted where its ground is the opposite of the data set's, and the sentence that says so."""
    if ground is None or "paper" in off:
        return image, ""
    grey = image.convert("L")
    values = np.asarray(grey)
    is_light = float(np.median(values[border_of(values.shape)])) > MIDDLE_GREY
    if is_light == (ground == "light"):
        return image, ""
    own = "light" if is_light else "dark"
    return ImageOps.invert(grey), f" Its background is {own} and that of the data set's images {ground}, so it was inverted."


def _as_it_is(image: Image.Image, image_shape: tuple[int, int, int], dataset: str, is_inverted: bool = False) -> Step:
    picture = _channels(image, image_shape[0])
    has_ink = dataset in HANDWRITING or dataset in OBJECTS
    if picture.min() == picture.max() and has_ink:
        raise blank("every pixel is the same")
    size = f"{image.width} × {image.height}"
    if is_inverted:
        return Step("Model input", f"It has the model's own size, {size}, so nothing else was changed.", picture)
    ground = ", and a dark background like the images of the data set" if has_ink and not _is_on_light(image) else ""
    return Step("Model input", f"It has the model's own size, {size}{ground}, so nothing was changed.", picture)


def _photograph(image: Image.Image, image_shape: tuple[int, int, int], fit: Fit, off: Collection[str]) -> tuple[Step, ...]:
    """The middle of a picture, or all of it padded or squeezed, as the data set's own pictures were made; one that has the aspect of the
    model's images is only resized."""
    channels, height, width = image_shape
    size, kind = f"{width} × {height}", "grey" if channels <= 2 else "colour"
    if fit == "pad" and height == width and "crop" not in off:
        shown = _shown(fitted_to_square(image, min(SHOWN_PX, max(image.size)), fit))
        first = Step("Padded", "The whole picture on a square, as the data set's: its edge goes on around it.", shown)
        how = "Resized to" if image.width == image.height else "Padded to a square,"
        return first, Step("Model input", f"{how} {size}, in {kind}.", _channels(fitted_to_square(image, width, fit), channels))
    is_whole = fit == "stretch" or "crop" in off
    cut = image if is_whole else middle_of(image, width / height)
    filter_ = Image.Resampling.LANCZOS if cut.width >= width and cut.height >= height else Image.Resampling.BOX
    fed = _channels(cut.resize((width, height), filter_), channels)
    whole = "Not cut: it is squeezed into the aspect of the model's images."
    middle = f"Cut to the middle, {cut.width} × {cut.height}: the model's images have that aspect."
    first = Step("Whole" if is_whole else "Middle", whole if is_whole else middle, _shown(cut))
    has_aspect = image.width * height == image.height * width
    how = "Middle cut out," if cut.size != image.size else "Resized to" if has_aspect or not is_whole else "Squeezed to"
    return first, Step("Model input", f"{how} {size}, in {kind}.", fed)


def _handwriting(
    image: Image.Image, image_shape: tuple[int, int, int], protocol: Protocol, off: Collection[str]
) -> tuple[Step, ...]:
    _, height, width = image_shape
    grey = _grey(image, off)
    found = _found(_work(grey), off)
    ink = (found.ink > 0.5).astype(np.float64) if protocol.is_bitmap else found.ink
    cut = ink if "crop" in off else cropped(ink, found.extent & (ink > 0))
    if not cut.any():
        raise blank("nothing of it is lighter than the darkest grey")
    room = (1.0, 1.0) if "box" in off else (protocol.height, protocol.width)
    drawn = resize(cut, *box_on_canvas(cut, room, height, width))
    stroke = stroke_width(drawn) / CANVAS
    is_thin = stroke < protocol.thin * height and "thicken" not in off
    if is_thin:
        thick = thickened(drawn, (protocol.usual * height - stroke) / 2 * CANVAS)
        drawn = resize(thick, *box_on_canvas(thick, room, height, width))
    by_mass = protocol.by_mass and "mass" not in off
    frame = resize(placed(drawn, height * CANVAS, width * CANVAS, by_mass), height, width)
    fed = _to_8_bits(frame / frame.max())
    size = " × ".join(f"{side / CANVAS:.3g}" for side in (drawn.shape[1], drawn.shape[0]))
    place = "its centre of mass" if by_mass else "the middle of its box"
    return (
        Step("Grey", grey_words(off, "The data set has no colours."), _shown(grey)),
        Step("Ink", found.sentence, _shown_floats(ink)),
        Step(
            "Stroke" if is_thin else "Crop",
            stroke_words(stroke, is_thin, protocol, height, "crop" in off),
            _shown_floats(drawn),
        ),
        Step(
            "Model input",
            f"Scaled to {size} of the frame's {width} × {height} pixels, {place} in the middle.",
            fed,
        ),
    )


def _object(image: Image.Image, image_shape: tuple[int, int, int], off: Collection[str]) -> tuple[Step, ...]:
    """The whole object with its own greys: only what lies outside its box is removed."""
    _, height, width = image_shape
    grey = _grey(image, off)
    found = _found(_work(grey), off)
    cut = found.greys if "crop" in off else cropped(found.greys, found.extent)
    scale = min(height / cut.shape[0], width / cut.shape[1])
    box = (max(1, round(cut.shape[0] * scale)), max(1, round(cut.shape[1] * scale)))
    fed = _to_8_bits(placed(resize(cut, *box), height, width))
    return (
        Step("Grey", grey_words(off, "The data set has no colours."), _shown(grey)),
        Step("Object", found.sentence, _shown_floats(found.greys)),
        Step("Crop", "Not cut." if "crop" in off else "Cut to the object.", _shown_floats(cut)),
        Step(
            "Model input",
            f"Scaled to {box[1]} × {box[0]} and put in the middle of {width} × {height} pixels.",
            fed,
        ),
    )


def _grey(image: Image.Image, off: Collection[str]) -> Image.Image:
    """Mode L."""
    return image.getchannel(0) if "grey" in off else image.convert("L")


def _found(grey: Floats, off: Collection[str]) -> Found:
    """The ink, or, where the background is left alone, what is light."""
    if "paper" not in off:
        return find_ink(grey)
    light = grey / 255
    if not (light > FAINT).any():
        raise blank("nothing of it is lighter than the darkest grey")
    return Found(light, light > FAINT, light, "Background and polarity were left alone: whatever is light counts as ink.")


# --- pixels


def _work(grey: Image.Image) -> Floats:
    """Grey levels (h, w), not larger than needed."""
    height, width = fitted((grey.height, grey.width), WORK_PX)
    return np.asarray(grey.resize((width, height), Image.Resampling.BOX), dtype=np.float64)


def _channels(image: Image.Image, channels: int) -> NDArray[np.uint8]:
    return np.asarray(image.convert("L" if channels <= 2 else "RGB"))


def _to_8_bits(values: Floats) -> NDArray[np.uint8]:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _to_x(picture: NDArray[np.uint8], image_shape: tuple[int, int, int]) -> NDArray[np.float32]:
    # a still picture for a model of several frames: the same in each
    planes = np.repeat(picture[None], image_shape[0], axis=0) if picture.ndim == 2 else picture.transpose(2, 0, 1)
    return np.ascontiguousarray(planes, dtype=np.float32).reshape(image_shape) / np.float32(255)


def _shown(image: Image.Image) -> NDArray[np.uint8]:
    height, width = fitted((image.height, image.width), SHOWN_PX)
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def _shown_floats(values: Floats) -> NDArray[np.uint8]:
    return _shown(Image.fromarray(_to_8_bits(values)))

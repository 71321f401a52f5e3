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
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from explorer.pictures.ink import FAINT, Floats, Found, Mask, blank, find_ink, fitted, resize
from trainer.datasets.names import Fit, fit_of
from trainer.datasets.pictures import BLACK, MAX_BYTES, MAX_PIXELS, ground_behind, is_transparent, open_picture, to_grey_or_rgb
from trainer.datasets.pictures import fitted as fitted_to_square
from trainer.datasets.reduced import full_size, n_in_file
from trainer.numerals import count

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "Ground",
    "PictureProtocol",
    "PreparedPicture",
    "Step",
    "Switch",
    "browser_protocol",
    "ground_of",
    "open_picture",
    "prepare",
    "switches",
]

Ground = Literal["dark", "light"]

WORK_PX = 1024  # longer side at which ink is looked for: a small digit on a large photograph keeps its strokes
SHOWN_PX = 512  # longer side of a step's picture: enough to look at
MIDDLE_GREY = 127  # a border above it is light
AGREE = 0.99  # of a data set's images have the same ground: then it is the data set's
CANVAS = 10  # work pixels per pixel of the model while the stroke is measured and thickened


@dataclass(frozen=True)
class Step:
    """One step that a person can look at. picture (h, w) or (h, w, 3), uint8."""

    title: str
    sentence: str
    picture: NDArray[np.uint8]


@dataclass(frozen=True)
class PreparedPicture:
    """x (C, H, W), float32 in [0, 1]: what the model is fed; the last step shows exactly that."""

    x: NDArray[np.float32]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Protocol:
    """How the images of a data set of handwriting were made; lengths are shares of the frame's height or width.

    height, width: the box that the ink is fitted into · by_mass: the centre of mass goes to the middle, else the middle
    of the box · is_bitmap: ink was black or white before it was made small · thin: a stroke below that is thinner than
    99 of 100 in the data set · usual: the first quartile there.
    """

    height: float
    width: float
    by_mass: bool
    is_bitmap: bool
    thin: float
    usual: float


# stroke widths: of 1500 images each, measured as _stroke_width does
_MNIST = Protocol(height=20 / 28, width=20 / 28, by_mass=True, is_bitmap=False, thin=1.2 / 28, usual=2.0 / 28)
HANDWRITING = {
    "mnist": _MNIST,
    "kmnist": _MNIST,
    # the pictures of digits lie in columns 1 to 6 of 8, hence the width
    "digits": Protocol(height=1, width=6 / 8, by_mass=False, is_bitmap=True, thin=0.9 / 8, usual=1.3 / 8),
}
OBJECTS = ("fashion-mnist",)


class PictureProtocol(TypedDict):
    """What the browser must know to prepare a picture as `prepare` does; lengths are shares of the frame."""

    way: Literal["handwriting", "object", "photograph"]
    box: tuple[float, float] | None
    """Of the ink: height, width."""
    by_mass: bool
    """The centre of mass goes to the middle, else the middle of the box."""
    is_bitmap: bool
    """Ink was black or white before it was made small."""
    ground: Ground | None
    """What the images of a grey folder lie on, where they agree."""
    fit: Fit
    """How the data set's pictures became square: their middle, all of them padded, or stretched."""
    thin: float
    """A stroke that is thinner than 99 of 100 in the data set is thinner than this."""
    usual: float
    """The first quartile of the strokes' widths."""
    pen: float
    """Width of the pad's pen, a little above the first quartile of the data set's strokes, which is about their middle."""
    switches: list[tuple[str, str, str]]
    """Steps that can be left out: name, title, what happens without."""


@dataclass(frozen=True)
class Switch:
    """A step that can be left out. name: what `prepare` calls it in `off`."""

    name: str
    title: str
    help: str


_GREY = Switch("grey", "Grey", "Luminance of the three colours (ITU-R 601); off: the red one alone.")
_PAPER = Switch(
    "paper",
    "Background and polarity",
    "Paper, its shading and its grain are removed, and what is left is light on dark; off: nothing is removed.",
)
_CROP = Switch("crop", "Crop to the ink", "Off: the whole picture is made small, empty paper and all.")
_BOX = Switch(
    "box",
    "Box of the data set",
    "The longer side gets the length that it has in the data set, 20 of 28 pixels in MNIST; off: the whole frame.",
)
_MASS = Switch("mass", "Centre of mass", "It goes to the middle of the frame; off: the middle of the box does.")
_THICKEN = Switch(
    "thicken", "Thin strokes thickened", "A pen that is thinner than 99 of 100 of the data set gets its usual width; off: it stays."
)
_MIDDLE = Switch("crop", "Cut to the middle", "Off: the whole picture is squeezed into the frame's aspect.")
_PADDED = Switch("crop", "Padded to a square", "Off: the whole picture is squeezed into the frame's aspect.")
_OWN = Switch(
    "own",
    "Model's own size kept",
    "A picture of exactly the model's size, on a dark ground as in the data set, passes unchanged; off: it is prepared like any other.",
)
_POLARITY = Switch("paper", "Polarity", "A picture on the opposite ground of the data set's images is inverted; off: it is not.")


def switches(dataset: str, ground: Ground | None = None) -> tuple[Switch, ...]:
    """The steps that pictures for a model of `dataset` take and that can be left out, in their order; ground: see `ground_of`."""
    if dataset in HANDWRITING:
        mass = (_MASS,) if HANDWRITING[dataset].by_mass else ()
        return (_OWN, _GREY, _PAPER, _CROP, _BOX, *mass, _THICKEN)
    if dataset in OBJECTS:
        return (_OWN, _GREY, _PAPER, _CROP)
    shape: dict[Fit, tuple[Switch, ...]] = {"crop": (_MIDDLE,), "pad": (_PADDED,), "stretch": ()}
    return (*shape[fit_of(dataset)], *((_POLARITY,) if ground else ()))


def ground_of(images: NDArray[np.uint8]) -> Ground | None:
    """Whether images (N, 1, H, W) of a data set lie on a dark or on a light ground; None where they do not agree, or have colours.

    The ground of an image is the median of its border. A colour has no opposite that would be the same thing, so colours are left alone.
    """
    if images.shape[1] != 1 or not len(images):
        return None
    light = float(np.mean(np.median(images[:, 0][:, _border(images.shape[2:])], axis=1) > MIDDLE_GREY))
    return "light" if light >= AGREE else "dark" if light <= 1 - AGREE else None


def browser_protocol(dataset: str, ground: Ground | None = None) -> PictureProtocol:
    """What the browser is told of a data set; ground: see `ground_of`."""
    protocol = HANDWRITING.get(dataset)
    return {
        "way": "handwriting" if protocol else "object" if dataset in OBJECTS else "photograph",
        "switches": [(switch.name, switch.title, switch.help) for switch in switches(dataset, ground)],
        "ground": ground,
        "fit": fit_of(dataset),
        "box": (protocol.height, protocol.width) if protocol else None,
        "by_mass": protocol is not None and protocol.by_mass,
        "is_bitmap": protocol is not None and protocol.is_bitmap,
        "thin": protocol.thin if protocol else 0.0,
        "usual": protocol.usual if protocol else 0.0,
        "pen": 1.2 * protocol.usual if protocol else 0.08,
    }


def prepare(
    image: Image.Image, image_shape: tuple[int, int, int], dataset: str, off: Collection[str] = (), ground: Ground | None = None
) -> PreparedPicture:
    """`image` as `open_picture` gives it → what a model of `dataset` with images of `image_shape` (C, H, W) is fed.

    off: names of the `switches` that are left out · ground: what the images of a folder lie on, see `ground_of`.
    """
    is_mixed, behind = is_transparent(image), ground_behind(image)
    flat = to_grey_or_rgb(image, behind)
    is_own_size = flat.size == (image_shape[2], image_shape[1])
    steps: tuple[Step, ...]
    if is_own_size and _is_one_of_its_images(flat, is_mixed, dataset, off):
        steps, why = (_as_it_is(flat, image_shape, dataset),), ""
    elif dataset in HANDWRITING:
        steps, why = _handwriting(flat, image_shape, HANDWRITING[dataset], off), _told_own_size(is_own_size, is_mixed, off)
    elif dataset in OBJECTS:
        steps, why = _object(flat, image_shape, off), _told_own_size(is_own_size, is_mixed, off)
    else:
        flat_, why = _turned(flat, ground, off)
        steps = (
            (_as_it_is(flat_, image_shape, dataset, bool(why)),)
            if is_own_size
            else _photograph(flat_, image_shape, fit_of(dataset), off)
        )
    first = Step(
        "Your picture", f"{_told_size(image)} pixels{_told_mode(image, is_mixed, behind)}{_told_first(image)}.{why}", _shown(flat)
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
    border = float(np.median(grey[_border(grey.shape)]))
    return border > MIDDLE_GREY and border > float(grey.mean())


def _turned(image: Image.Image, ground: Ground | None, off: Collection[str]) -> tuple[Image.Image, str]:
    """The picture inverted where its ground is the opposite of the data set's, and the sentence that says so."""
    if ground is None or "paper" in off:
        return image, ""
    grey = image.convert("L")
    values = np.asarray(grey)
    is_light = float(np.median(values[_border(values.shape)])) > MIDDLE_GREY
    if is_light == (ground == "light"):
        return image, ""
    own = "light" if is_light else "dark"
    return ImageOps.invert(grey), f" Its ground is {own} and that of the data set's images {ground}, so it was inverted."


def _border(shape: tuple[int, ...]) -> Mask:
    """The outermost rows and columns."""
    border: Mask = np.ones(shape, np.bool_)
    border[1:-1, 1:-1] = False
    return border


def _as_it_is(image: Image.Image, image_shape: tuple[int, int, int], dataset: str, is_inverted: bool = False) -> Step:
    picture = _channels(image, image_shape[0])
    has_ink = dataset in HANDWRITING or dataset in OBJECTS
    if picture.min() == picture.max() and has_ink:
        raise blank("every pixel is the same")
    size = f"{image.width} × {image.height}"
    if is_inverted:
        return Step("Model input", f"It has the model's own size, {size}, so nothing else was changed.", picture)
    ground = ", and a dark ground like the images of the data set" if has_ink and not _is_on_light(image) else ""
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
    cut = image if is_whole else _middle(image, width / height)
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
    cut = ink if "crop" in off else _crop(ink, found.extent & (ink > 0))
    if not cut.any():
        raise blank("nothing of it is lighter than the darkest grey")
    room = (1.0, 1.0) if "box" in off else (protocol.height, protocol.width)
    drawn = resize(cut, *_box(cut, room, height, width))
    stroke = _stroke_width(drawn) / CANVAS
    is_thin = stroke < protocol.thin * height and "thicken" not in off
    if is_thin:
        thick = _thicken(drawn, (protocol.usual * height - stroke) / 2 * CANVAS)
        drawn = resize(thick, *_box(thick, room, height, width))
    by_mass = protocol.by_mass and "mass" not in off
    frame = resize(_place(drawn, height * CANVAS, width * CANVAS, by_mass), height, width)
    fed = _to_8_bits(frame / frame.max())
    size = " × ".join(f"{side / CANVAS:.3g}" for side in (drawn.shape[1], drawn.shape[0]))
    place = "its centre of mass" if by_mass else "the middle of its box"
    return (
        Step("Grey", _told_grey(off, "The data set has no colours."), _shown(grey)),
        Step("Ink", found.sentence, _shown_floats(ink)),
        Step(
            "Stroke" if is_thin else "Crop",
            _told_stroke(stroke, is_thin, protocol, height, "crop" in off),
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
    cut = found.greys if "crop" in off else _crop(found.greys, found.extent)
    scale = min(height / cut.shape[0], width / cut.shape[1])
    box = (max(1, round(cut.shape[0] * scale)), max(1, round(cut.shape[1] * scale)))
    fed = _to_8_bits(_place(resize(cut, *box), height, width))
    return (
        Step("Grey", _told_grey(off, "The data set has no colours."), _shown(grey)),
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


# --- size, stroke, place


def _box(cut: Floats, room: tuple[float, float], height: int, width: int) -> tuple[int, int]:
    """Height and width on the canvas: as large as the room, shares of height and width, allows; aspect kept."""
    h, w = cut.shape
    scale = CANVAS * min(room[0] * height / h, room[1] * width / w)
    return max(1, round(h * scale)), max(1, round(w * scale))


def _stroke_width(ink: Floats) -> float:
    """Mean width of the strokes in pixels: 2 · area / outline, the outline being π/4 · its crossings with rows and
    columns (Crofton)."""
    mask = np.pad(ink > 0.5, 1)
    crossings = (mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum()
    return float(2 * mask.sum() / max(1.0, np.pi / 4 * crossings))


def _thicken(ink: Floats, radius: float) -> Floats:
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


def _place(ink: Floats, height: int, width: int, by_mass: bool = False) -> Floats:
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


# --- pixels


def _work(grey: Image.Image) -> Floats:
    """Grey levels (h, w), not larger than needed."""
    height, width = fitted((grey.height, grey.width), WORK_PX)
    return np.asarray(grey.resize((width, height), Image.Resampling.BOX), dtype=np.float64)


def _crop(values: Floats, mask: Mask) -> Floats:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _middle(image: Image.Image, aspect: float) -> Image.Image:
    """The largest part of that aspect (width over height) around the middle."""
    width = min(image.width, max(1, round(image.height * aspect)))
    height = min(image.height, max(1, round(width / aspect)))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _channels(image: Image.Image, channels: int) -> NDArray[np.uint8]:
    return np.asarray(image.convert("L" if channels <= 2 else "RGB"))


def _to_8_bits(values: Floats) -> NDArray[np.uint8]:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _to_x(picture: NDArray[np.uint8], image_shape: tuple[int, int, int]) -> NDArray[np.float32]:
    # a still picture for a model of several frames: the same in each
    planes = np.repeat(picture[None], image_shape[0], axis=0) if picture.ndim == 2 else picture.transpose(2, 0, 1)
    return np.ascontiguousarray(planes, dtype=np.float32).reshape(image_shape) / np.float32(255)


# --- words and pictures for the person


def _shown(image: Image.Image) -> NDArray[np.uint8]:
    height, width = fitted((image.height, image.width), SHOWN_PX)
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def _shown_floats(values: Floats) -> NDArray[np.uint8]:
    return _shown(Image.fromarray(_to_8_bits(values)))


def _told_size(image: Image.Image) -> str:
    width, height = full_size(image)
    return f"{width} × {height}"


def _told_first(image: Image.Image) -> str:
    """Of a stack of pages or an animation only the first picture is looked at."""
    n = n_in_file(image)
    return f", the first of {count(n)} pictures in the file" if n > 1 else ""


def _told_mode(image: Image.Image, is_mixed: bool, behind: int) -> str:
    if is_mixed:
        return f", on {'black' if behind == BLACK else 'white'} where it is transparent"
    deep = {"I": "32 bits", "F": "real numbers"}
    if image.mode.startswith("I;16") or image.mode in deep:
        return f", {deep.get(image.mode, '16 bits')} scaled to 8"
    return ", CMYK turned into RGB" if image.mode == "CMYK" else ""


def _told_own_size(is_own_size: bool, is_mixed: bool, off: Collection[str]) -> str:
    """Why a picture of the model's own size was not fed as it is; nothing for other sizes."""
    if not is_own_size:
        return ""
    if "own" in off:
        return " It has the model's own size and was prepared like any other."
    if is_mixed:
        return " It has the model's own size, but is transparent in parts: it was prepared as a drawing."
    return " It has the model's own size, but a light ground, where the data set's is dark: it was prepared as a drawing."


def _told_grey(off: Collection[str], why: str) -> str:
    return "The red channel alone." if "grey" in off else why


def _told_stroke(stroke: float, is_thin: bool, protocol: Protocol, height: int, is_whole: bool) -> str:
    told = f"{'Not cut' if is_whole else 'Cut to the ink'}; the pen is {stroke:.1f} pixels of the model wide"
    if is_thin:
        return f"{told}, thinner than the data set's, and was thickened to {protocol.usual * height:.1f}."
    return f"{told}."

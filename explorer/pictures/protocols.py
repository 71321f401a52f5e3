"""How were the images of a data set made, which steps bring a picture there, and which of them can be left out?

`browser_protocol` says the same to the browser. Lengths are shares of the frame's height or width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.ink import Mask
from trainer.datasets.names import Fit, fit_of

Ground = Literal["dark", "light"]
MIDDLE_GREY = 127  # a border above it is light
AGREE = 0.99  # of a data set's images have the same ground: then it is the data set's


@dataclass(frozen=True)
class Protocol:
    """How the images of a data set of handwriting were made."""

    height: float
    """Of the box that the ink is fitted into."""
    width: float
    by_mass: bool
    """The centre of mass goes to the middle, else the middle of the box."""
    is_bitmap: bool
    """Ink was black or white before it was made small."""
    thin: float
    """A stroke that is thinner than 99 of 100 in the data set is thinner than this."""
    usual: float
    """The first quartile of the strokes' widths."""


# stroke widths: of 1500 images each, measured as `frame.stroke_width` does
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
    """A step that can be left out."""

    name: str
    """What `prepare` calls it in `off`."""
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
    "A picture of exactly the model's size, on a dark background as in the data set, passes unchanged; off: it is prepared like any other.",
)
_POLARITY = Switch(
    "paper",
    "Polarity",
    "A picture whose background is light where the data set's is dark, or the other way round, is inverted; off: it is not.",
)


def switches(dataset: str, ground: Ground | None = None) -> tuple[Switch, ...]:
    """The steps that pictures for a model of `dataset` take and that can be left out, in their order; ground: see `ground_of`."""
    if dataset in HANDWRITING:
        mass = (_MASS,) if HANDWRITING[dataset].by_mass else ()
        return (_OWN, _GREY, _PAPER, _CROP, _BOX, *mass, _THICKEN)
    if dataset in OBJECTS:
        return (_OWN, _GREY, _PAPER, _CROP)
    shape: dict[Fit, tuple[Switch, ...]] = {"crop": (_MIDDLE,), "pad": (_PADDED,), "stretch": ()}
    return (*shape[fit_of(dataset)], *((_POLARITY,) if ground else ()))


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


def ground_of(images: NDArray[np.uint8]) -> Ground | None:
    """Whether images (N, 1, H, W) of a data set lie on a dark or on a light ground; None where they do not agree, or have colours.

    The ground of an image is the median of its border. A colour has no opposite that would be the same thing, so colours are left alone.
    """
    if images.shape[1] != 1 or not len(images):
        return None
    light = float(np.mean(np.median(images[:, 0][:, border_of(images.shape[2:])], axis=1) > MIDDLE_GREY))
    return "light" if light >= AGREE else "dark" if light <= 1 - AGREE else None


def border_of(shape: tuple[int, ...]) -> Mask:
    """The outermost rows and columns."""
    border: Mask = np.ones(shape, np.bool_)
    border[1:-1, 1:-1] = False
    return border

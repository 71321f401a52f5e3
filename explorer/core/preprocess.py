"""How does any picture become what the model was trained on? Step by step, each kept so that it can be shown.

A model knows only pictures that were made as its training images were: a drawing that is encoded without their size, place and
polarity lands anywhere. So each data set has its own way:

- mnist, kmnist: ink light on dark, its longer side 20 of 28 pixels, its centre of mass in the middle (LeCun et al. 1998);
- digits: ink light on dark, filling the height of 8 pixels (Garris et al., NIST form-based handprint recognition, 1994);
- fashion-mnist: the object light on dark, its longer side the whole frame (Xiao et al. 2017);
- shapes and folders: the square in the middle, as trainer.datasets.folder cuts it.

A picture that has the model's size already is one of its images: it passes unchanged. H, W pixels; grey levels 0..255 outside,
floats in [0, 1] inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.datasets.pictures import MAX_BYTES, MAX_PIXELS, open_picture, to_grey_or_rgb
from trainer.errors import ImageError

__all__ = ["MAX_BYTES", "MAX_PIXELS", "Prepared", "Step", "open_picture", "prepare"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SHOWN_PX = 512  # longer side of a step's picture: enough to look at
WORK_PX = 1024  # longer side at which ink is looked for: a small digit on a large photograph keeps its strokes
FIT_PX = 96  # the light on the paper is smooth: its surface is fitted to so many pixels a side
PIECES_PX = 160  # size at which ink is taken apart into pieces
CANVAS = 10  # work pixels per pixel of the model while the stroke is measured and thickened
MIN_CONTRAST = 12  # grey levels between ink and paper; below that it is no drawing
MIN_CONTRAST_GRAINS = 6  # the same in standard deviations of the paper's grain: two halves of pure noise are 1.6 apart
MAX_GRAIN = 12.0  # grey levels: what scatters more is no paper
SAME_GREY = 6.0  # grey levels: so near to the surface a pixel counts for it
FAINT = 0.05  # of full ink: what is fainter does not count for the ink's extent
SPECK = 0.02  # of the largest piece's area: what is smaller is dirt
LONG_CONTACT = 0.15  # of the mean side: a piece that touches the border for longer is a table edge or a shadow, no stroke


@dataclass(frozen=True)
class Step:
    """One step that a person can look at. picture (h, w) or (h, w, 3), uint8."""

    title: str
    sentence: str
    picture: NDArray[np.uint8]


@dataclass(frozen=True)
class Prepared:
    """x (C, H, W), float32 in [0, 1]: what the model is fed; the last step shows exactly that."""

    x: NDArray[np.float32]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Protocol:
    """How the images of a data set of handwriting were made; lengths are shares of the frame's height or width.

    height, width: the box that the ink is fitted into · by_mass: the centre of mass goes to the middle, else the middle of the box ·
    thin: below this stroke width a pen is thinner than 19 of 20 in the data set · usual: a width that is common there.
    """

    height: float
    width: float
    by_mass: bool
    thin: float
    usual: float


# stroke widths: 5th and 25th percentile of 1500 images each, measured as _stroke_width does
_MNIST = Protocol(height=20 / 28, width=20 / 28, by_mass=True, thin=1.2 / 28, usual=2.0 / 28)
HANDWRITING = {
    "mnist": _MNIST,
    "kmnist": _MNIST,
    # the pictures of digits lie in columns 1 to 6 of 8, hence the width
    "digits": Protocol(height=1, width=6 / 8, by_mass=False, thin=0.9 / 8, usual=1.3 / 8),
}
OBJECTS = ("fashion-mnist",)


def prepare(image: Image.Image, image_shape: tuple[int, int, int], dataset: str) -> Prepared:
    """`image` as `open_picture` gives it → what a model of `dataset` with images of `image_shape` (C, H, W) is fed."""
    flat = to_grey_or_rgb(image)
    first = Step("Your picture", f"{image.width} × {image.height} pixels{_told_mode(image)}.", _shown(flat))
    if flat.size == (image_shape[2], image_shape[1]):
        steps = (_as_it_is(flat, image_shape, dataset),)
    elif dataset in HANDWRITING:
        steps = _handwriting(flat, image_shape, HANDWRITING[dataset])
    elif dataset in OBJECTS:
        steps = _object(flat, image_shape)
    else:
        steps = _photograph(flat, image_shape)
    return Prepared(_to_x(steps[-1].picture, image_shape), (first, *steps))


# --- the four ways


def _as_it_is(image: Image.Image, image_shape: tuple[int, int, int], dataset: str) -> Step:
    picture = _channels(image, image_shape[0])
    if picture.min() == picture.max() and (dataset in HANDWRITING or dataset in OBJECTS):
        raise _blank("every pixel is the same")
    size = f"{image.width} × {image.height}"
    return Step("Fed to the model", f"It has the model's own size, {size}, so nothing was changed.", picture)


def _photograph(image: Image.Image, image_shape: tuple[int, int, int]) -> tuple[Step, ...]:
    channels, height, width = image_shape
    cut = _middle(image, width / height)
    filter_ = Image.Resampling.LANCZOS if cut.width >= width else Image.Resampling.BOX
    fed = _channels(cut.resize((width, height), filter_), channels)
    kind = "grey" if channels == 1 else "colour"
    return (
        Step("Middle", f"Cut to the middle, {cut.width} × {cut.height}: the model's images have that aspect.", _shown(cut)),
        Step("Fed to the model", f"Resized to {width} × {height}, in {kind}.", fed),
    )


def _handwriting(image: Image.Image, image_shape: tuple[int, int, int], protocol: Protocol) -> tuple[Step, ...]:
    _, height, width = image_shape
    found = _find_ink(_work(image))
    cut = _crop(found.ink, found.ink > FAINT)
    drawn = _resize(cut, *_box(cut, protocol, height, width))
    stroke = _stroke_width(drawn) / CANVAS
    is_thin = stroke < protocol.thin * height
    if is_thin:
        thick = _thicken(drawn, (protocol.usual * height - stroke) / 2 * CANVAS)
        drawn = _resize(thick, *_box(thick, protocol, height, width))
    frame = _resize(_place(drawn, height * CANVAS, width * CANVAS, protocol.by_mass), height, width)
    fed = _to_8_bits(frame / frame.max())
    size = " × ".join(f"{side / CANVAS:.3g}" for side in (drawn.shape[1], drawn.shape[0]))
    place = "its centre of mass" if protocol.by_mass else "the middle of its box"
    return (
        Step("Grey", "Colour says nothing here.", _shown(image.convert("L"))),
        Step("Ink", found.sentence, _shown_floats(found.ink)),
        Step("Stroke" if is_thin else "Crop", _told_stroke(stroke, is_thin, protocol, height), _shown_floats(drawn)),
        Step(
            "Fed to the model",
            f"Scaled to {size} of the frame's {width} × {height} pixels, {place} in the middle.",
            fed,
        ),
    )


def _object(image: Image.Image, image_shape: tuple[int, int, int]) -> tuple[Step, ...]:
    """The whole object with its own greys: only what lies outside its box is removed."""
    _, height, width = image_shape
    found = _find_ink(_work(image))
    cut = _crop(found.greys, found.ink > FAINT)
    scale = min(height / cut.shape[0], width / cut.shape[1])
    box = (max(1, round(cut.shape[0] * scale)), max(1, round(cut.shape[1] * scale)))
    fed = _to_8_bits(_place(_resize(cut, *box), height, width))
    return (
        Step("Grey", "The model knows no colour.", _shown(image.convert("L"))),
        Step("Object", found.sentence, _shown_floats(found.greys)),
        Step("Crop", "Cut to the object.", _shown_floats(cut)),
        Step("Fed to the model", f"Scaled to {box[1]} × {box[0]} and put in the middle of {width} × {height} pixels.", fed),
    )


# --- ink: what differs from the paper


@dataclass(frozen=True)
class _Found:
    """ink (h, w) in [0, 1]: 0 paper, 1 full ink · greys (h, w) in [0, 1]: the same without stretching · sentence: how."""

    ink: Floats
    greys: Floats
    sentence: str


def _find_ink(grey: Floats) -> _Found:
    """grey (h, w) 0..255 → ink, whether it was dark or light, with the paper's light and grain removed."""
    paper = _paper(grey)
    above = grey - paper.level
    is_dark_on_light = float(above.mean()) < 0  # the paper is fitted, so only ink is on one side
    signal = -above if is_dark_on_light else above
    smooth = _blur(signal, max(grey.shape) / 200)
    is_ink = smooth > _otsu(smooth)
    contrast = float(np.percentile(signal[is_ink], 75)) if is_ink.any() else 0.0
    if contrast < max(MIN_CONTRAST, MIN_CONTRAST_GRAINS * paper.grain):
        grain = f"ink and paper differ by {max(0.0, contrast):.0f} of 255 grey levels, the paper's grain is {paper.grain:.0f}"
        raise _blank(grain)
    near = _dilate(_keep_pieces(is_ink), max(2, round(max(grey.shape) / 28)))
    low = 3 * paper.grain
    room = paper.level if is_dark_on_light else 255 - paper.level
    return _Found(
        ink=np.clip((signal - low) / (contrast - low), 0, 1) * near,
        greys=np.clip((signal - low) / np.maximum(room - low, 1.0), 0, 1) * near,
        sentence=_told_paper(is_dark_on_light, paper.level, contrast),
    )


@dataclass(frozen=True)
class _Paper:
    """level (h, w): the grey of the paper everywhere, also under the ink · grain: standard deviation around it, robust."""

    level: Floats
    grain: float


def _paper(grey: Floats) -> _Paper:
    """The light on the paper is smooth, so it is a quadratic surface: the one that most pixels lie on.

    It is sought from three beginnings, because ink may touch the border: the surface through the border, and the even grey of
    the border and of the corners.
    """
    small = _resize(grey, *(min(side, FIT_PX) for side in grey.shape))
    terms, values = _quadratic(small.shape), small.ravel()
    rim = _rim(small.shape)
    fits = [
        _settle(terms, values, start)
        for start in (
            terms @ _least_absolute(terms[rim.ravel()], small[rim]),
            np.full_like(values, np.median(small[rim])),
            np.full_like(values, np.median(small[[0, 0, -1, -1], [0, -1, 0, -1]])),
        )
    ]
    factors, on_it = max(fits, key=lambda fit: (np.abs(values - terms @ fit[0]) < SAME_GREY).sum())
    level: Floats = np.clip((_quadratic(grey.shape) @ factors).reshape(grey.shape), 0, 255)
    is_paper = _resize(on_it.reshape(small.shape).astype(np.float64), *grey.shape) > 0.5
    residual = np.abs(grey - level)[is_paper] if is_paper.any() else np.zeros(1)
    return _Paper(level, 1.4826 * float(np.median(residual)))


def _rim(shape: tuple[int, ...]) -> Mask:
    """The outer tenth."""
    rows, columns = np.indices(shape)
    inwards = np.minimum.reduce([rows, shape[0] - 1 - rows, columns, shape[1] - 1 - columns])
    return inwards < max(1, 0.1 * min(shape))


def _settle(terms: Floats, values: Floats, surface: Floats) -> tuple[Floats, Mask]:
    """Refit to the pixels that lie on the surface until they stay the same: ink drops out, the rest of the paper joins in."""
    spread, on_it, factors = MAX_GRAIN, np.zeros(len(values), dtype=np.bool_), np.zeros(terms.shape[1])
    for _ in range(10):
        nearer = np.abs(values - surface) < 3 * spread
        if (nearer == on_it).all():
            break
        on_it = nearer
        factors = np.linalg.lstsq(terms[on_it], values[on_it], rcond=None)[0]
        surface = terms @ factors
        spread = min(MAX_GRAIN, max(1.0, 1.4826 * float(np.median(np.abs(values - surface)[on_it]))))
    return factors, on_it


def _quadratic(shape: tuple[int, ...]) -> Floats:
    """1, x, y, x², xy, y² at every pixel, coordinates in [−1, 1]: (h·w, 6)."""
    y, x = (((np.arange(side) + 0.5) / side * 2 - 1) for side in shape)
    y, x = np.broadcast_arrays(y[:, None], x[None, :])
    return np.stack([np.ones(shape), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)


def _least_absolute(terms: Floats, values: Floats) -> Floats:
    """Least absolute deviations by reweighted least squares: a weight 1/|residual| turns squares into absolute values."""
    weight = np.ones(len(values))
    factors = np.zeros(terms.shape[1])
    for _ in range(20):
        root = np.sqrt(weight)[:, None]
        factors = np.linalg.lstsq(terms * root, values * root[:, 0], rcond=None)[0]
        weight = 1 / np.maximum(np.abs(values - terms @ factors), 0.5)
    return factors


def _otsu(values: Floats) -> float:
    """The threshold that leaves the least variance within the two classes, ink and paper (Otsu 1979)."""
    counts, edges = np.histogram(values, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    return float(edges[1 + int(np.nanargmax(np.where(np.isfinite(between), between, -1.0)))])


def _keep_pieces(is_ink: Mask) -> Mask:
    """Ink without specks of dirt and without what lies along the border, such as the edge of the table."""
    small = _resize(is_ink.astype(np.float64), *_fitted(is_ink.shape, PIECES_PX)) > 0.2
    pieces = _pieces(small)
    names, areas = np.unique(pieces[small], return_counts=True)
    if len(names) < 2:
        return is_ink
    rim = np.concatenate([pieces[0], pieces[-1], pieces[1:-1, 0], pieces[1:-1, -1]])
    contact = np.array([(rim == name).sum() for name in names])
    is_inner = contact <= LONG_CONTACT * (small.shape[0] + small.shape[1]) / 2
    if not is_inner.any():
        is_inner[:] = True
    kept = names[is_inner & (areas >= SPECK * areas[is_inner].max())]
    chosen = _resize(np.isin(pieces, kept).astype(np.float64), *is_ink.shape) > 0
    return is_ink & chosen


def _pieces(mask: Mask) -> NDArray[np.int64]:
    """Connected pieces, corners included: each pixel of one piece has the same number, outside is 0."""
    names = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        wider = np.where(mask, _spread(names), 0)
        if (wider == names).all():
            return names
        names = wider


def _spread(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each pixel takes the largest of itself and its eight neighbours."""
    padded = np.pad(values, 1)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    result: NDArray[np.int64] = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return result


# --- size, stroke, place


def _box(cut: Floats, protocol: Protocol, height: int, width: int) -> tuple[int, int]:
    """Height and width on the canvas: as large as the protocol's box allows, aspect kept."""
    h, w = cut.shape
    scale = CANVAS * min(protocol.height * height / h, protocol.width * width / w)
    return max(1, round(h * scale)), max(1, round(w * scale))


def _stroke_width(ink: Floats) -> float:
    """Mean width of the strokes in pixels: 2 · area / outline, the outline by Crofton's formula from its crossings with rows and columns."""
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
    """Into the empty frame; the ink stays wholly inside. By mass, all of it is on the canvas and moves by whole pixels of the model."""
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


def _work(image: Image.Image) -> Floats:
    """Grey levels (h, w), not larger than needed."""
    grey = image.convert("L")
    height, width = _fitted((grey.height, grey.width), WORK_PX)
    return np.asarray(grey.resize((width, height), Image.Resampling.BOX), dtype=np.float64)


def _fitted(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _resize(values: Floats, height: int, width: int) -> Floats:
    """Means over areas when it becomes much smaller, which keeps whole factors exact; else straight lines between pixels."""
    is_reduced = values.shape[0] >= 2 * height and values.shape[1] >= 2 * width
    filter_ = Image.Resampling.BOX if is_reduced else Image.Resampling.BILINEAR
    image = Image.fromarray(values.astype(np.float32)).resize((width, height), filter_)
    return np.asarray(image, dtype=np.float64)


def _blur(values: Floats, radius: float) -> Floats:
    """Mean over a square of 2·radius + 1 pixels, borders repeated; running sums cost the same at any radius."""
    reach = int(radius)
    for axis in (0, 1):
        padding = [(reach + 1, reach) if a == axis else (0, 0) for a in (0, 1)]
        sums = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis)
        n = values.shape[axis]
        values = (np.take(sums, np.arange(n) + 2 * reach + 1, axis) - np.take(sums, np.arange(n), axis)) / (2 * reach + 1)
    return values


def _dilate(mask: Mask, reach: int) -> Mask:
    """Every pixel within `reach` rows and columns of the mask."""
    return _blur(np.pad(mask.astype(np.float64), reach), reach)[reach:-reach, reach:-reach] > 1e-9


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
    return np.asarray(image.convert("L" if channels == 1 else "RGB"))


def _to_8_bits(values: Floats) -> NDArray[np.uint8]:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _to_x(picture: NDArray[np.uint8], image_shape: tuple[int, int, int]) -> NDArray[np.float32]:
    planes = picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)
    return np.ascontiguousarray(planes, dtype=np.float32).reshape(image_shape) / np.float32(255)


# --- words and pictures for the person


def _shown(image: Image.Image) -> NDArray[np.uint8]:
    height, width = _fitted((image.height, image.width), SHOWN_PX)
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def _shown_floats(values: Floats) -> NDArray[np.uint8]:
    return _shown(Image.fromarray(_to_8_bits(values)))


def _told_mode(image: Image.Image) -> str:
    if image.has_transparency_data:
        return ", what is transparent on white"
    deep = {"I": "32 bits", "F": "real numbers"}
    if image.mode.startswith("I;16") or image.mode in deep:
        return f", {deep.get(image.mode, '16 bits')} scaled to 8"
    return ", CMYK turned into RGB" if image.mode == "CMYK" else ""


def _told_paper(is_dark_on_light: bool, paper: Floats, contrast: float) -> str:
    level = f"grey level {paper.mean():.0f}" + (f", {paper.min():.0f} to {paper.max():.0f}" if np.ptp(paper) > 8 else "")
    if is_dark_on_light:
        return f"The light background ({level}) was removed and the rest inverted: the model knows light on dark."
    return f"The dark background ({level}) was removed; what is light on it stands out by {contrast:.0f} grey levels."


def _told_stroke(stroke: float, is_thin: bool, protocol: Protocol, height: int) -> str:
    if is_thin:
        usual = protocol.usual * height
        return f"Cut to the ink; the pen, {stroke:.1f} pixels of the model wide, was thickened to {usual:.1f}, which is usual there."
    return f"Cut to the ink; the pen is {stroke:.1f} pixels of the model wide, which is usual there."


def _blank(found: str) -> ImageError:
    return ImageError(
        f"the picture is blank: {found}; allowed: one drawing or object that stands out from an even background; "
        "draw with a darker pen or take a nearer picture."
    )

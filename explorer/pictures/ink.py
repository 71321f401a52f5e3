"""Where is the ink on this picture? Whatever stands out from paper that may be shaded, grainy, dirty, light or dark.

h, w pixels; grey levels 0..255, ink in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.errors import ImageError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FIT_PX = 64  # the light on the paper is smooth: its surface is fitted to so many pixels a side
PIECES_PX = 160  # size at which ink is taken apart into pieces
MIN_CONTRAST = 12  # grey levels between ink and paper; below that it is no drawing
MIN_CONTRAST_GRAINS = 6  # the same in standard deviations of the paper's grain: two halves of pure noise are 1.6 apart
MAX_GRAIN = 12.0  # grey levels: what scatters more is no paper
NO_PAPER = 16.0  # grain of what is no paper: in pure noise, 18 or more, some pieces are large enough for strokes
SAME_GREY = 6.0  # grey levels: so near to the surface a pixel counts for it
FAINT = 0.05  # of full ink: what is fainter does not count for its extent
SPECK = 0.02  # of the largest piece's area: what is smaller is dirt
ONE_TONE = 1e-9  # relative: values that differ by less are one
LONG_CONTACT = 0.15  # of the mean side: a piece that touches the border for longer is a table edge or a shadow, no stroke


@dataclass(frozen=True)
class Found:
    """The ink of a picture."""

    ink: Floats
    """(h, w) in [0, 1]: 0 paper, 1 full ink."""
    extent: Mask
    """(h, w): where there is any."""
    greys: Floats
    """(h, w) in [0, 1]: the ink without stretching."""
    sentence: str
    """What was removed."""


def find_ink(grey: Floats) -> Found:
    """grey (h, w) 0..255 → ink, whether it was dark or light, with the paper's light and grain removed."""
    paper = _paper(grey)
    above = grey - paper.level
    is_dark_on_light = float(above.mean()) < 0  # the paper is fitted, so only ink is on one side
    signal = -above if is_dark_on_light else above
    smooth = _blur(signal, max(grey.shape) / 200)
    least = max(MIN_CONTRAST, MIN_CONTRAST_GRAINS * paper.grain)
    strokes = _strokes(signal, smooth, least)
    full, low = _full(signal, strokes), 3 * paper.grain
    if full < least or paper.grain > NO_PAPER:
        differ = f"ink and paper differ by {max(full, 0):.0f} of 255 grey levels, the paper's grain is {paper.grain:.0f}"
        raise blank(differ) if paper.grain <= NO_PAPER else uneven(differ)
    near = _dilate(strokes, max(2, round(_longer_side(strokes) / 20)))
    ink = np.clip((signal - low) / (full - low), 0, 1) * near
    room = paper.level if is_dark_on_light else 255 - paper.level
    return Found(
        ink=ink,
        extent=(ink > FAINT) & (smooth > low + FAINT * (full - low)),  # a single grain is no ink, nor is the blur around ink
        greys=np.clip((signal - low) / np.maximum(room - low, 1.0), 0, 1) * near,
        sentence=_told_paper(is_dark_on_light, paper.level, full),
    )


def _full(signal: Floats, strokes: Mask) -> float:
    """What full ink is: a quarter of the ink is at least so strong, the rest are its edges and lighter places."""
    return float(np.percentile(signal[strokes], 75)) if strokes.any() else 0.0


def _longer_side(mask: Mask) -> int:
    return int(max(np.ptp(np.flatnonzero(mask.any(axis=axis))) for axis in (0, 1))) + 1


# --- the paper


@dataclass(frozen=True)
class _Paper:
    """What the ink lies on."""

    level: Floats
    """(h, w): the grey of the paper everywhere, also under the ink."""
    grain: float
    """Standard deviation around it."""


def _paper(grey: Floats) -> _Paper:
    """The light on the paper is smooth, so it is a quadratic surface: the one that most pixels lie on.

    It is sought from three beginnings, because ink may touch the border: the surface through the border, and the even
    grey of the border and of the corners.
    """
    small = resize(grey, *(min(side, FIT_PX) for side in grey.shape))
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
    is_paper = resize(on_it.reshape(small.shape).astype(np.float64), *grey.shape) > 0.5
    residual = np.abs(grey - level)[is_paper] if is_paper.any() else np.zeros(1)
    return _Paper(level, 1.4826 * float(np.median(residual)))


def _rim(shape: tuple[int, ...]) -> Mask:
    """The outer tenth."""
    rows, columns = np.indices(shape)
    inwards = np.minimum.reduce([rows, shape[0] - 1 - rows, columns, shape[1] - 1 - columns])
    return np.asarray(inwards < max(1, 0.1 * min(shape)))


def _settle(terms: Floats, values: Floats, surface: Floats) -> tuple[Floats, Mask]:
    """Refit to the pixels that lie on the surface until they stay the same: ink drops out, all paper joins in."""
    factors = np.zeros(terms.shape[1])
    on_it: Mask = np.zeros(len(values), dtype=np.bool_)
    spread = MAX_GRAIN
    for _ in range(10):
        nearer = np.abs(values - surface) < 3 * spread
        if (nearer == on_it).all():
            break
        on_it = nearer
        factors = _fit(terms, values, on_it.astype(np.float64))
        surface = terms @ factors
        spread = min(MAX_GRAIN, max(1.0, 1.4826 * float(np.median(np.abs(values - surface)[on_it]))))
    return factors, on_it


def _quadratic(shape: tuple[int, ...]) -> Floats:
    """1, x, y, x², xy, y² at every pixel, coordinates in [−1, 1]: (h·w, 6)."""
    y, x = (((np.arange(side) + 0.5) / side * 2 - 1) for side in shape)
    y, x = np.broadcast_arrays(y[:, None], x[None, :])
    return np.stack([np.ones(shape), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)


def _least_absolute(terms: Floats, values: Floats) -> Floats:
    """Least absolute deviations by reweighted least squares: a weight 1/|residual| makes squares absolute values."""
    factors = _fit(terms, values, np.ones(len(values)))
    for _ in range(20):
        factors = _fit(terms, values, 1 / np.maximum(np.abs(values - terms @ factors), 0.5))
    return factors


def _fit(terms: Floats, values: Floats, weight: Floats) -> Floats:
    """Weighted least squares by its 6 × 6 normal equations: well conditioned on [−1, 1], and ten times faster."""
    weighted = terms * weight[:, None]
    factors: Floats = np.linalg.lstsq(weighted.T @ terms, weighted.T @ values, rcond=None)[0].astype(np.float64)
    return factors


# --- the strokes


def _otsu(values: Floats) -> float:
    """The threshold that leaves the least variance within the two classes, ink and paper (Otsu 1979)."""
    low, high = float(values.min()), float(values.max())
    if high - low <= ONE_TONE * max(1.0, abs(high)):  # rounding leaves no room for the bins
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(values, bins=256, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    return float(edges[1 + int(np.nanargmax(np.where(np.isfinite(between), between, -1.0)))])


@dataclass(frozen=True)
class _Parted:
    """Two masks (h, w): strokes, and what lies along the border, such as the edge of a table. Specks are in neither."""

    strokes: Mask
    along_border: Mask


def _strokes(signal: Floats, smooth: Floats, least: float) -> Mask:
    """The ink: what is above Otsu's threshold, or above a second one without the strong shapes along the border.

    Where nothing else is strong enough, what touches the border is the drawing: it was cut out closely.
    """
    parted = _part(smooth > _otsu(smooth))
    if not parted.along_border.any():
        return parted.strokes
    elsewhere = ~_dilate(parted.along_border, max(2, round(max(signal.shape) / 28)))
    again = _part((smooth > _otsu(smooth[elsewhere])) & elsewhere) if elsewhere.any() else parted
    return again.strokes if _full(signal, again.strokes) >= least else parted.strokes | parted.along_border


def _part(is_ink: Mask) -> _Parted:
    """Takes the ink apart into connected pieces and sorts them."""
    small = resize(is_ink.astype(np.float64), *fitted(is_ink.shape, PIECES_PX)) > 0.2
    pieces = _pieces(small)
    names, areas = np.unique(pieces[small], return_counts=True)
    rim = np.concatenate([pieces[0], pieces[-1], pieces[1:-1, 0], pieces[1:-1, -1]])
    is_along = np.array([(rim == name).sum() for name in names]) > LONG_CONTACT * sum(small.shape) / 2
    is_large = areas >= SPECK * areas[~is_along].max(initial=0)

    def chosen(which: Mask) -> Mask:
        return is_ink & (resize(np.isin(pieces, names[which]).astype(np.float64), *is_ink.shape) > 0)

    return _Parted(chosen(~is_along & is_large), chosen(is_along))


def _pieces(mask: Mask) -> NDArray[np.int64]:
    """Connected pieces, corners included: each pixel of one piece has the same number, outside is 0.

    A number names a pixel of the same piece, the largest found so far; asking that pixel for its own doubles the reach.
    """
    names = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        wider = np.where(mask, _spread(names), 0)
        wider = np.where(mask, wider.ravel()[wider - 1], 0)
        if (wider == names).all():
            return names
        names = wider


def _spread(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each pixel takes the largest of itself and its eight neighbours."""
    padded = np.pad(values, 1)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    result: NDArray[np.int64] = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return result


# --- pixels


def fitted(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resize(values: Floats, height: int, width: int) -> Floats:
    """Means over areas when it becomes much smaller, so that whole factors are exact; else lines between pixels."""
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


# --- words


def _told_paper(is_dark_on_light: bool, paper: Floats, contrast: float) -> str:
    level = f"grey level {paper.mean():.0f}" + (f", {paper.min():.0f} to {paper.max():.0f}" if np.ptp(paper) > 8 else "")
    if is_dark_on_light:
        return f"The light background ({level}) was removed and the rest inverted: the data set is light on dark."
    return f"The dark background ({level}) was removed; what is light on it stands out by {contrast:.0f} grey levels."


ALLOWED = "allowed: one drawing or object that stands out from an even background"


def blank(found: str) -> ImageError:
    return ImageError(f"The picture looks blank ({found}); {ALLOWED}; draw with a darker pen or take a nearer picture.")


def uneven(found: str) -> ImageError:
    """For a picture full of noise or texture, which is everything but blank."""
    return ImageError(
        f"Nothing stands out from the grain of this picture ({found}); {ALLOWED}; take it in more light or cut it to the drawing."
    )

"""Which strokes would draw this picture? Light lines on dark are traced: ink, middle line, ways between forks, and what goes straight on.

Points are (x, y) in pixels of the picture from its top left corner, y down. H, W pixels; intensities in [0, 1].
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.arrays import Picture, data_uri
from explorer.pictures.thinning import Graph, Mask, Pixel, graph_of, thinned, ways_of

Floats = NDArray[np.float64]
Line = NDArray[np.float64]

FINE = 4  # pixels of the traced picture to a pixel of the given one: lines are found between pixels
INK = 0.4  # of the brightest pixel: half of a line's edge, and less, because a thin line is half as bright between two pixels
FAINT = 0.15  # a picture whose brightest pixel is darker has no ink
DARK, MOSTLY = 0.12, 0.4  # paper is darker, and takes at least so much of a drawing
SLENDER = 2.5  # length over width of all lines of a drawing: a blurred digit of 8 × 8 pixels has about 3, of 28 × 28 ten
SPECK = 0.5  # pixels of area: what is smaller is noise
STRAIGHT_ON = 0.35  # cosine of the bend with which a line may go on beyond a fork: 70°
AHEAD = 5  # fine pixels along a line from which its direction at a fork is taken
SMOOTHED = 6  # times that each point moves a quarter of the way to both of its neighbours: half a pixel in all
ON_SCREEN = ("#f2f4f7", "#000000")  # ink and paper, as the pictures themselves have them
NEAR = 0.08  # pixels by which a line may leave out points


@dataclass(frozen=True)
class Traced:
    """The strokes of one picture."""

    lines: tuple[Line, ...]
    """(points, 2) each; a line that closes ends where it begins, a dot has one point."""
    width: float
    """Mean width of the strokes in pixels, 0 where there are none."""

    @property
    def length(self) -> float:
        """Of all lines, in pixels."""
        return float(sum(_length(line) for line in self.lines))


class _End(NamedTuple):
    way: int
    is_last: bool


def trace(picture: NDArray[np.floating]) -> Traced:
    """picture (H, W) → its strokes, the longest first."""
    fine = _fine(np.nan_to_num(np.asarray(picture, np.float64)))
    brightest = float(fine.max(initial=0.0))
    if brightest < FAINT:
        return Traced((), 0.0)
    mask = _without_specks(fine >= INK * brightest)
    graph = graph_of(thinned(mask))
    if not graph:
        return Traced((), 0.0)
    near = int(mask.sum()) / len(graph)  # fine pixels, and too wide: a diagonal has fewer pixels than it is long
    lines = sorted((_smooth(line) for line in _strokes(graph, near)), key=_length, reverse=True)
    return Traced(tuple(lines), _width(lines, np.where(mask, fine, 0).sum() / (brightest * FINE**2)))


def _width(lines: list[Line], area: float) -> float:
    """Of the pen that would leave so much ink along the lines, with half a disc beyond each end: area = length · w + ends · π w² / 8."""
    length = sum(map(_length, lines))
    half_discs = math.pi / 8 * 2 * sum(len(line) == 1 or bool((line[0] != line[-1]).any()) for line in lines)
    if half_discs == 0:
        return area / max(length, 1e-9)
    return (math.sqrt(length * length + 4 * half_discs * area) - length) / (2 * half_discs)


def is_drawn(pictures: NDArray[np.floating]) -> bool:
    """(n, H, W): whether most are light lines on dark paper. Those of the middle one are thin, a seventh of a side or 3.5 pixels at most,
    and longer than wide; what is filled, as clothes are, is thicker."""
    if not len(pictures) or np.median(np.mean(pictures < DARK, axis=(1, 2))) < MOSTLY:
        return False
    found = [one for one in (trace(picture) for picture in pictures) if one.lines]
    if not found:
        return False
    slender = np.median([one.length / one.width for one in found])
    return bool(slender >= SLENDER and np.median([one.width for one in found]) <= max(3.5, min(pictures.shape[1:]) / 7))


def strokes_svg(frames: Sequence[Traced], shape: tuple[int, int], scale: float, ink: str, paper: str, gap: float = 1.0) -> str:
    """Pictures (H, W) side by side as lines, `scale` CSS pixels to a pixel. Nothing in it but numbers and two colours of this program."""
    height, width = shape
    whole = len(frames) * (width + gap) - gap
    parts = [
        f'<g transform="translate({i * (width + gap):.2f} 0)" stroke-width="{max(one.width, 0.5):.2f}">{_path(one)}</g>'
        for i, one in enumerate(frames)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole * scale:.0f}" height="{height * scale:.0f}" '
        f'viewBox="0 0 {whole:.2f} {height}"><rect width="{whole:.2f}" height="{height}" fill="{paper}"/>'
        f'<g fill="none" stroke="{ink}" stroke-linecap="round" stroke-linejoin="round">{"".join(parts)}</g></svg>'
    )


def strokes_grid(
    pictures: Sequence[Picture], traced: Sequence[Traced], shape: tuple[int, int], lines: Sequence[str], cell_px: int
) -> str:
    """HTML of pictures, each with its strokes, as light on dark, and a line of text under it; as many in a row as fit."""
    figures = []
    for picture, one, line in zip(pictures, traced, lines, strict=True):
        text = html.escape(line)
        svg = strokes_svg([one], shape, picture.shape[1] / shape[1], *ON_SCREEN)
        figures.append(
            f'<figure><img src="{data_uri(picture)}" alt="decoded at {text} of the path">'
            f'<img src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}" alt="{_told(one)}">'
            f"<figcaption>{text}</figcaption></figure>"
        )
    return f'<div class="picture-grid traced-grid" style="--cell: {cell_px}px">{"".join(figures)}</div>'


def _told(one: Traced) -> str:
    return f"traced strokes: {len(one.lines)}" if one.lines else "no strokes"


def _path(one: Traced) -> str:
    """A dot is a line to where it begins: round ends make it a disc."""
    moves = []
    for line in one.lines:
        points = line if len(line) > 1 else np.concatenate([line, line])
        moves.append("M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points.tolist()))
    return f'<path d="{"".join(moves)}"/>' if moves else ""


# --- ink


def _fine(picture: Floats) -> Floats:
    """Bilinear, FINE times as many pixels a side; beyond the outermost centres the edge goes on."""
    rows, columns = (_between(side) for side in picture.shape)
    return np.asarray(rows @ picture @ columns.T)


def _between(n: int) -> Floats:
    """(FINE n, n): what each fine pixel takes of each pixel."""
    at = np.clip((np.arange(FINE * n) + 0.5) / FINE - 0.5, 0, max(n - 1, 0))
    return np.asarray(np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n))))


def _without_specks(mask: Mask) -> Mask:
    from scipy.ndimage import label

    pieces, _ = label(mask, np.ones((3, 3)))
    areas = np.bincount(pieces.ravel())
    keeps = areas >= SPECK * FINE**2
    keeps[0] = False
    return np.asarray(keeps[pieces])


# --- strokes


def _strokes(graph: Graph, width: float) -> list[Line]:
    """Ways without the twigs that thinning leaves at corners and ends, joined beyond forks where they go straight on; fine pixels."""
    ways = [way for way in ways_of(graph) if not _is_twig(graph, way, width)]
    forks = _forks(graph, ways, width)
    middle = {fork: np.mean([pixel for pixel, own in forks.items() if own == fork], axis=0) for fork in set(forks.values())}
    lines: list[Line] = []
    ends: dict[int, list[_End]] = {}
    for way in ways:
        first, last = forks.get(way[0]), forks.get(way[-1])
        if first is not None and first == last and len(way) <= 2 * width:  # the fork itself
            continue
        line = np.array(way, np.float64)
        for fork, place in ((first, 0), (last, -1)):
            if fork is not None:
                line[place] = middle[fork]
                ends.setdefault(fork, []).append(_End(len(lines), place == -1))
        lines.append(line)
    return _joined(lines, [pair for there in ends.values() for pair in _pairs(lines, there)])


def _is_twig(graph: Graph, way: list[Pixel], width: float) -> bool:
    """From a fork to an end that is no farther than the line's own edge."""
    joined = sorted((len(graph[way[0]]), len(graph[way[-1]])))
    return joined[0] == 1 and joined[1] > 2 and len(way) <= 0.5 * width + 1


def _forks(graph: Graph, ways: list[list[Pixel]], width: float) -> dict[Pixel, int]:
    """To which fork each pixel with three ways or more belongs: two that are no farther from each other than a line is wide are one."""
    number = {pixel: i for i, pixel in enumerate(graph) if len(graph[pixel]) > 2}
    for way in ways:
        if way[0] in number and way[-1] in number and len(way) <= width + 1:
            kept, gone = number[way[0]], number[way[-1]]
            number = {pixel: kept if own == gone else own for pixel, own in number.items()}
    return number


def _pairs(lines: list[Line], there: list[_End]) -> list[tuple[_End, _End]]:
    """Which ends at a fork go on in each other, the straightest first."""
    leaving = [_leaving(lines[end.way], end.is_last) for end in there]
    bends = sorted((float(leaving[i] @ leaving[j]), i, j) for i in range(len(there)) for j in range(i))
    pairs, used = [], set[int]()
    for cosine, i, j in bends:
        if not {i, j} & used and (cosine <= -STRAIGHT_ON or len(there) == 2):
            pairs.append((there[i], there[j]))
            used |= {i, j}
    return pairs


def _leaving(line: Line, is_last: bool) -> Floats:
    """(2,): in which direction a line leaves its fork, length 1."""
    towards = line[::-1] if is_last else line
    step = towards[min(AHEAD, len(line) - 1)] - towards[0]
    return np.asarray(step / max(float(np.hypot(*step)), 1e-9))


def _joined(lines: list[Line], pairs: list[tuple[_End, _End]]) -> list[Line]:
    """Every line once, those whose ends are paired as one."""
    onward = {one: other for pair in pairs for one, other in (pair, pair[::-1])}
    done: set[int] = set()
    strokes = []
    free = [_End(way, is_last) for way in range(len(lines)) for is_last in (False, True) if _End(way, is_last) not in onward]
    for start in (*free, *(_End(way, False) for way in range(len(lines)))):  # what has no free end is a loop
        parts, end = [], start
        while end.way not in done:
            done.add(end.way)
            parts.append(lines[end.way][::-1] if end.is_last else lines[end.way])
            end = onward.get(_End(end.way, not end.is_last), end)
        if parts:
            strokes.append(np.concatenate([parts[0], *(part[1:] for part in parts[1:])]))
    return strokes


# --- lines


def _smooth(line: Line) -> Line:
    """Rows and columns of fine pixels → a smooth line of few points (x, y); its ends stay, and a loop is a loop."""
    points = (line[:, ::-1] + 0.5) / FINE
    is_loop = len(points) > 3 and bool((points[0] == points[-1]).all())
    for _ in range(SMOOTHED if len(points) > 2 else 0):
        around = np.concatenate([points[-2:-1], points, points[1:2]]) if is_loop else points
        inner = 0.25 * around[:-2] + 0.5 * around[1:-1] + 0.25 * around[2:]
        points = inner if is_loop else np.concatenate([points[:1], inner, points[-1:]])
    if is_loop:
        half = len(points) // 2
        return np.concatenate([_fewer(points[: half + 1])[:-1], _fewer(points[half:])])
    return _fewer(points)


def _fewer(points: Line) -> Line:
    """Without the points that lie on the line between the others (Ramer 1972; Douglas & Peucker 1973)."""
    kept = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        chord = points[last] - points[first]
        off = points[first + 1 : last] - points[first]
        share = np.clip(off @ chord / max(float(chord @ chord), 1e-12), 0, 1)
        distance = np.hypot(*(off - share[:, None] * chord).T)
        if distance.max() > NEAR:
            middle = first + 1 + int(distance.argmax())
            kept.add(middle)
            spans += [(first, middle), (middle, last)]
    return points[sorted(kept)]


def _length(line: Line) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum()) if len(line) > 1 else 0.0

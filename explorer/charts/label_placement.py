"""On which side of its point does a name go, so that names lie neither on each other nor on other points?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Side = Literal["middle right", "top center", "bottom center", "middle left", "top right", "bottom right", "top left", "bottom left"]
Box = tuple[float, float, float, float]

SIDES: tuple[Side, ...] = (
    "middle right",
    "top center",
    "bottom center",
    "middle left",
    "top right",
    "bottom right",
    "top left",
    "bottom left",
)
LETTER_PX, LINE_PX, GAP_PX = 7.5, 17.0, 9.0


def label_sides(
    places: Sequence[tuple[float, float]], texts: Sequence[str], width: float, height: float, narrow: float
) -> list[Side]:
    """A side for each text at its place, in pixels from the upper left of a frame of that size.

    One after the other, the first side with the least overlap; what sticks out of the frame counts as overlap, also where the frame is
    only `narrow` pixels wide, as on a phone.
    """
    frame, phone = (width, height), (narrow, height)
    taken = [(x - GAP_PX, y - GAP_PX, x + GAP_PX, y + GAP_PX) for x, y in places]
    chosen: list[Side] = []
    for i, ((x, y), text) in enumerate(zip(places, texts, strict=True)):
        others, length, costs = taken[:i] + taken[i + 1 :], len(text) * LETTER_PX, {}
        for side in SIDES:
            box, on_phone = _box(side, (x, y), length), _box(side, (x * narrow / width, y), length)
            costs[side] = sum(_shared(box, other) for other in others) + _outside(box, frame) + _outside(on_phone, phone)
        best = min(SIDES, key=costs.__getitem__)
        chosen.append(best)
        taken.append(_box(best, (x, y), length))
    return chosen


def _box(side: Side, place: tuple[float, float], length: float) -> Box:
    """Where a text of that length lies: left, top, right, bottom."""
    (x, y), (up, across) = place, side.split(" ")
    left = {"left": x - GAP_PX - length, "center": x - length / 2, "right": x + GAP_PX}[across]
    top = {"top": y - GAP_PX - LINE_PX, "middle": y - LINE_PX / 2, "bottom": y + GAP_PX}[up]
    return (left, top, left + length, top + LINE_PX)


def _shared(a: Box, b: Box) -> float:
    """Area that two boxes have in common."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _outside(box: Box, frame: tuple[float, float]) -> float:
    """Area of the box beyond a frame of that width and height."""
    return (box[2] - box[0]) * (box[3] - box[1]) - _shared(box, (0, 0, *frame))

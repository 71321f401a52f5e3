"""On which side of its point does a name go, so that names lie neither on each other nor on other points?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Side = Literal["middle right", "top center", "bottom center", "middle left", "top right", "bottom right", "top left", "bottom left"]
Box = tuple[float, float, float, float]

SIDES: tuple[Side, ...] = (
    "middle right", "top center", "bottom center", "middle left", "top right", "bottom right", "top left", "bottom left",
)  # fmt: skip
LETTER_PX, LINE_PX, GAP_PX = 7.5, 17.0, 9.0


def label_sides(
    places: Sequence[tuple[float, float]], texts: Sequence[str], width: float, height: float
) -> list[Side]:  # fmt: skip
    """A side for each text at its place, in pixels from the upper left of a frame of that size.

    One after the other, the first side with the least overlap; what sticks out of the frame counts as overlap.
    """
    taken = [(x - GAP_PX, y - GAP_PX, x + GAP_PX, y + GAP_PX) for x, y in places]
    chosen: list[Side] = []
    for i, (place, text) in enumerate(zip(places, texts, strict=True)):
        others = taken[:i] + taken[i + 1 :]
        boxes = {side: _box(side, place, len(text) * LETTER_PX) for side in SIDES}
        best = min(SIDES, key=lambda side: sum(_shared(boxes[side], box) for box in others) + _outside(boxes[side], width, height))
        chosen.append(best)
        taken.append(boxes[best])
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


def _outside(box: Box, width: float, height: float) -> float:
    """Area of the box beyond the frame."""
    return (box[2] - box[0]) * (box[3] - box[1]) - _shared(box, (0, 0, width, height))

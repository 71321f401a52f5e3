"""What is the middle line of strokes? A mask is thinned to lines of one pixel by Zhang & Suen (1984), whose pixels are joined to ways.

H, W pixels; a pixel is (row, column).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Pixel = tuple[int, int]
Graph = dict[Pixel, list[Pixel]]
"""The neighbours of every pixel of a line."""

AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""The eight neighbours of a pixel, clockwise from the one above: P2 … P9 of the paper."""


def thinned(mask: Mask) -> Mask:
    """(H, W): what is left where border pixels are taken away as long as no piece falls apart, vanishes or loses an end."""
    lines = np.pad(mask, 1)
    while True:
        before = int(lines.sum())
        for step in (0, 1):
            lines[1:-1, 1:-1] &= ~_may_go(lines, step)
        if int(lines.sum()) == before:
            return lines[1:-1, 1:-1] | _vanished(mask, lines[1:-1, 1:-1])


def _vanished(mask: Mask, lines: Mask) -> Mask:
    """(H, W): a pixel in the middle of each piece of which nothing is left; the method takes squares of 2 × 2 away."""
    from scipy.ndimage import label

    pieces, n = label(mask, np.ones((3, 3)))
    lost = np.setdiff1d(np.arange(1, n + 1), pieces[lines])
    middles = np.zeros_like(mask)
    for piece in lost:
        places = np.argwhere(pieces == piece)
        row, column = places[np.square(places - places.mean(axis=0)).sum(axis=1).argmin()]
        middles[row, column] = True
    return middles


def _may_go(lines: Mask, step: int) -> Mask:
    """(H, W) of padded lines: the border pixels on the lower right (step 0) or the upper left (step 1) that can be spared."""
    height, width = lines.shape[0] - 2, lines.shape[1] - 2
    ring = [lines[1 + down : 1 + down + height, 1 + right : 1 + right + width] for down, right in AROUND]
    neighbours = np.sum(ring, axis=0)
    turns = np.sum([~here & after for here, after in zip(ring, [*ring[1:], ring[0]], strict=True)], axis=0)
    above, right, below, left = ring[0], ring[2], ring[4], ring[6]
    corner = ~(above & right & below) & ~(right & below & left) if step == 0 else ~(above & right & left) & ~(above & below & left)
    return np.asarray(lines[1:-1, 1:-1] & (neighbours >= 2) & (neighbours <= 6) & (turns == 1) & corner)


def graph_of(lines: Mask) -> Graph:
    """The pixels of thin lines and which are joined; two that touch at a corner only where no third one leads from one to the other."""
    pixels: list[Pixel] = [(int(row), int(column)) for row, column in np.argwhere(lines)]
    known = set(pixels)
    graph: Graph = {}
    for row, column in pixels:
        joined = []
        for down, right in AROUND:
            if (row + down, column + right) not in known:
                continue
            is_bridged = down and right and ((row + down, column) in known or (row, column + right) in known)
            if not is_bridged:
                joined.append((row + down, column + right))
        graph[row, column] = joined
    return graph


def ways_of(graph: Graph) -> list[list[Pixel]]:
    """Each line from an end or a fork to the next, each loop that has neither, which ends where it begins, and each single pixel."""
    ways = [[pixel] for pixel, joined in graph.items() if not joined]
    used: set[frozenset[Pixel]] = set()
    nodes = [pixel for pixel, joined in graph.items() if len(joined) != 2]
    for start in (*nodes, *graph):  # what no end or fork leads to are loops
        for second in graph[start]:
            if frozenset((start, second)) not in used:
                ways.append(_walked(graph, start, second, used))
    return ways


def _walked(graph: Graph, start: Pixel, second: Pixel, used: set[frozenset[Pixel]]) -> list[Pixel]:
    """On from a pixel as long as there is one way on."""
    way = [start, second]
    used.add(frozenset((start, second)))
    while len(graph[way[-1]]) == 2 and way[-1] != start:
        here, before = way[-1], way[-2]
        first, other = graph[here]
        way.append(other if first == before else first)
        used.add(frozenset((here, way[-1])))
    return way

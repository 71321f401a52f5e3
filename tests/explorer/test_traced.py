"""Are strokes traced where they were drawn, is nothing traced where nothing is, and which pictures count as drawings?"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.pictures.thinning import graph_of, thinned, ways_of
from explorer.pictures.traced import Traced, is_drawn, strokes_grid, strokes_svg, trace
from trainer.datasets import load_dataset
from trainer.datasets.built_in import sketches
from trainer.datasets.built_in.sketches import CLASS_NAMES, draw_factors, drawn, inked

Floats = NDArray[np.float64]
SIDE = 28


def lines_drawn(lines: list[Floats], width: float = 1.8, shape: tuple[int, int] = (SIDE, SIDE)) -> Floats:
    """Another renderer than the data set's: each pixel is the share of 6 × 6 places in it that are near enough to a line."""
    points = 6
    y, x = ((np.arange(n * points) + 0.5) / points for n in shape)
    place = np.stack(np.meshgrid(x, y), axis=-1)
    is_ink = np.zeros(place.shape[:2], bool)
    for point in dense(lines):
        is_ink |= np.hypot(*np.moveaxis(place - point, -1, 0)) <= width / 2
    return np.asarray(is_ink.reshape(shape[0], points, shape[1], points).mean(axis=(1, 3)))


def dense(lines: list[Floats] | tuple[Floats, ...]) -> Floats:
    """Points along lines, a tenth of a pixel apart or less."""
    parts = []
    for line in lines:
        parts.append(line[:1])
        for start, end in pairwise(line):
            n = max(1, math.ceil(10 * float(np.hypot(*(end - start)))))
            parts.append(start + np.arange(1, n + 1)[:, None] / n * (end - start))
    return np.concatenate(parts)


def apart(found: tuple[Floats, ...], meant: list[Floats]) -> tuple[float, float]:
    """Mean distance of what was found to what was meant, and of what was meant to what was found; pixels."""
    one, other = dense(found), dense(meant)
    distance = np.hypot(*(one[:, None] - other[None]).transpose(2, 0, 1))
    return float(distance.min(axis=1).mean()), float(distance.min(axis=0).mean())


def arc(x: float, y: float, radius: float, start: float = 0, end: float = 360) -> Floats:
    angle = np.radians(np.linspace(start, end, 60))
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


# --- thinning


def pieces(mask: NDArray[np.bool_]) -> int:
    from scipy.ndimage import label

    return int(label(mask, np.ones((3, 3)))[1])


def test_thinning_keeps_pieces_and_holes_and_leaves_lines_of_one_pixel() -> None:
    for seed in range(8):
        mask = np.random.default_rng(seed).random((30, 34)) < 0.12
        mask = np.asarray(sum(np.roll(mask, (i, j), (0, 1)) for i in range(4) for j in range(4)) > 0)
        lines = thinned(mask)
        assert not (lines & ~mask).any()
        assert pieces(lines) == pieces(mask)
        squares = lines[:-1, :-1] & lines[1:, :-1] & lines[:-1, 1:] & lines[1:, 1:]
        assert squares.sum() <= 2
        assert (thinned(lines) == lines).all()


def test_a_bar_becomes_its_middle_row() -> None:
    mask = np.zeros((9, 30), bool)
    mask[3:6, 2:28] = True
    rows, columns = np.nonzero(thinned(mask))
    assert set(rows.tolist()) == {4}
    assert columns.min() <= 4
    assert columns.max() >= 25


def test_every_joint_of_a_graph_is_walked_once() -> None:
    lines = np.zeros((20, 20), bool)
    lines[10, 2:18] = lines[2:18, 10] = True  # a crossing
    lines[3:6, 3] = lines[3:6, 5] = lines[3, 3:6] = lines[5, 3:6] = True  # a loop that nothing leads to
    lines[18, 1] = True  # a pixel by itself
    graph = graph_of(lines)
    ways = ways_of(graph)
    walked = [frozenset(pair) for way in ways for pair in pairwise(way)]
    assert len(walked) == len(set(walked)) == sum(map(len, graph.values())) // 2
    assert {pixel for way in ways for pixel in way} == set(graph)
    assert sum(len(way) == 1 for way in ways) == 1
    assert sum(len(way) > 1 and way[0] == way[-1] for way in ways) == 1


# --- tracing


@pytest.mark.parametrize(
    "meant",
    [
        [np.array([[4.0, 5], [23, 20]])],
        [arc(14, 13, 8)],
        [arc(14, 14, 9, 20, 300)],
        [np.array([[4.0, 4], [24, 24]]), np.array([[24.0, 5], [5, 24]])],
        [np.array([[3.0, 14], [25, 14]]), np.array([[14.0, 14], [14, 25]])],
        [np.array([[4.0, 5], [24, 5]]), np.array([[4.0, 12], [24, 12]]), arc(14, 20, 4)],
    ],
    ids=["line", "circle", "arc", "crossing", "fork", "three"],
)
@pytest.mark.parametrize("width", [1.2, 2.0, 3.0])
def test_lines_are_found_where_they_were_drawn(meant: list[Floats], width: float) -> None:
    found = trace(lines_drawn(meant, width))
    assert max(apart(found.lines, meant)) < 0.3
    assert found.length == pytest.approx(sum(float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in meant), rel=0.12)
    assert found.width == pytest.approx(width, abs=0.45)


def test_what_crosses_goes_straight_on_and_what_closes_is_closed() -> None:
    crossing = trace(lines_drawn([np.array([[4.0, 4], [24, 24]]), np.array([[24.0, 5], [5, 24]])]))
    assert len(crossing.lines) == 2
    for line in crossing.lines:
        assert np.hypot(*(line[-1] - line[0])) > 24
    (loop,) = trace(lines_drawn([arc(14, 13, 8)])).lines
    assert loop[0] == pytest.approx(loop[-1])


@pytest.mark.parametrize("kind", range(len(CLASS_NAMES)), ids=CLASS_NAMES)
def test_every_kind_of_sketch_is_traced_along_its_strokes(kind: int) -> None:
    """The mean is over drawings; where lines of a star run together, nobody could tell them apart."""
    factors = draw_factors(14, np.random.default_rng(5)).astype(np.float64)
    factors[:, 0] = kind
    found = [apart(trace(inked(kind, one[None])[0]).lines, [part[0] for part in drawn(kind, one[None])]) for one in factors]
    assert np.mean(found, axis=0).max() < 0.55
    assert np.max(found) < 1.0


def test_shifted_and_turned_pictures_give_shifted_and_turned_lines() -> None:
    picture = lines_drawn([arc(13, 12, 7, 0, 250), np.array([[4.0, 22], [20, 24]])])
    whole = trace(picture)
    shifted = trace(np.roll(picture, (2, 1), (0, 1)))
    assert max(apart(shifted.lines, [line + np.array([1, 2]) for line in whole.lines])) < 0.02
    turned = trace(picture[:, ::-1])
    assert max(apart(turned.lines, [line * np.array([-1, 1]) + np.array([SIDE, 0]) for line in whole.lines])) < 0.2


def test_a_dot_is_a_stroke_and_a_speck_is_none() -> None:
    (dot,) = trace(lines_drawn([np.array([[14.0, 9.0]])], 2.0)).lines
    assert dot.mean(axis=0) == pytest.approx([14, 9], abs=0.5)
    speckled = lines_drawn([arc(14, 14, 8)])
    speckled[2, 2] = 0.43  # a twentieth of a pixel of what is bright enough
    assert len(trace(speckled).lines) == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (8, 8), (28, 28), (31, 17)])
def test_empty_full_and_broken_pictures_end(shape: tuple[int, int]) -> None:
    assert trace(np.zeros(shape)) == Traced((), 0.0)
    assert trace(np.full(shape, 0.1)).lines == ()
    for picture in (np.ones(shape), np.full(shape, np.nan), np.random.default_rng(0).random(shape), np.eye(*shape)):
        found = trace(picture)
        for line in found.lines:
            assert np.isfinite(line).all()
            assert (line >= 0).all()
            assert (line <= np.array(shape)[::-1]).all()


def test_noise_moves_lines_little() -> None:
    meant = [arc(14, 13, 8), np.array([[4.0, 25], [24, 25]])]
    picture = lines_drawn(meant, 2.0)
    for seed in range(5):
        noisy = np.clip(picture + 0.1 * np.random.default_rng(seed).standard_normal(picture.shape), 0, 1)
        assert max(apart(trace(noisy).lines, meant)) < 0.4


# --- what is a drawing


@pytest.mark.parametrize(("name", "expected"), [("sketches", True), ("digits", True), ("faces", False), ("walker", False)])
def test_drawings_are_told_from_other_pictures(name: str, expected: bool) -> None:
    assert is_drawn(load_dataset(name).images[:40, 0] / 255) is expected


def test_filled_shapes_and_dark_on_light_are_no_drawings() -> None:
    y, x = np.indices((SIDE, SIDE)) + 0.5
    discs = np.stack([np.clip(r + 0.5 - np.hypot(x - 14, y - 14), 0, 1) for r in (5.0, 6.0, 7.0)])
    assert not is_drawn(discs)
    assert not is_drawn(1 - load_dataset("sketches").images[:20, 0] / 255)
    assert not is_drawn(np.zeros((4, SIDE, SIDE)))
    assert not is_drawn(np.zeros((0, SIDE, SIDE)))


# --- the file


def test_the_file_holds_every_line_at_its_place() -> None:
    meant = [np.array([[4.0, 5], [23, 20]])]
    frames = [trace(lines_drawn(meant)), Traced((), 0.0), Traced((np.array([[3.0, 4.0]]),), 2.0)]
    root = ET.fromstring(strokes_svg(frames, (SIDE, SIDE), 6, "#000000", "#ffffff"))
    name = "{http://www.w3.org/2000/svg}"
    assert (root.get("width"), root.get("height")) == (str(6 * (3 * SIDE + 2)), str(6 * SIDE))
    groups = root.findall(f"{name}g/{name}g")
    assert [group.get("transform") for group in groups] == ["translate(0.00 0)", "translate(29.00 0)", "translate(58.00 0)"]
    assert [len(group.findall(f"{name}path")) for group in groups] == [1, 0, 1]
    first = groups[0][0].get("d", "").removeprefix("M").split("L")
    points = np.array([[float(value) for value in pair.split()] for pair in first])
    assert points == pytest.approx(frames[0].lines[0], abs=0.006)
    assert {element.tag.removeprefix(name) for element in root.iter()} == {"svg", "rect", "g", "path"}


def test_words_in_the_grid_are_text() -> None:
    grid = strokes_grid([np.zeros((4, 4), np.uint8)], [Traced((), 0.0)], (4, 4), ['<b onload="x">'], 84)
    assert "<b" not in grid
    assert "no strokes" in grid


def test_a_picture_traced_twice_is_the_same() -> None:
    picture = load_dataset("sketches").images[3, 0] / 255
    one, other = trace(picture), trace(picture.copy())
    assert len(one.lines) == len(other.lines) > 0
    assert all((a == b).all() for a, b in zip(one.lines, other.lines, strict=True))
    assert picture.shape[0] == sketches.SIDE

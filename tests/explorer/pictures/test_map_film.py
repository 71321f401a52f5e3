"""Are the points of a film's frames where the codes are, on one scale and in the colours of their classes?"""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from explorer.pictures.export import animation
from explorer.pictures.map_film import BAR, LEFT, POINT, SIDE, TOP, MapFilm, between, extent_of, frames_of
from explorer.pictures.map_picture import LIGHT, NEUTRAL_LIGHT

PLACES = np.array([[[-1, -1], [1, 1], [0, 0.5]], [[-1, 1], [1, -1], [0.5, 0]], [[-3, 3], [3, -3], [0, 0]]], float)
LABEL = np.array([0, 3, -1])
COLOURS = (LIGHT[0], LIGHT[3], NEUTRAL_LIGHT)


def film(kl: np.ndarray | None = None) -> MapFilm:
    return MapFilm("toy", "z₁", "z₂", PLACES, np.array([0.0, 1, 4]), kl, LABEL)


def middles(frame: np.ndarray, colour: str) -> np.ndarray:
    """Middle (x, y) of the pixels of a colour within the map, pixels from its upper left corner."""
    inside = frame[TOP : TOP + SIDE, LEFT : LEFT + SIDE]
    rows, columns = np.nonzero((inside == list(bytes.fromhex(colour[1:]))).all(axis=-1))
    assert len(rows) == POINT**2
    return np.array([columns.mean(), rows.mean()]) + 0.5


def test_points_are_where_the_codes_are_on_one_scale_for_all_frames():
    x, y, half = extent_of(PLACES)
    for moment, frame in enumerate(frames_of(film())):
        for point, colour in enumerate(COLOURS):
            across, up = PLACES[moment, point]
            expected = [(across - x + half) / (2 * half) * SIDE, (y + half - up) / (2 * half) * SIDE]
            np.testing.assert_allclose(middles(frame, colour), expected, atol=1)


def test_every_bar_is_as_high_as_its_kl_and_missing_where_that_is_not_known():
    kl = np.array([[np.nan, np.nan], [2.0, 1.0], [4.0, 0.0]])
    is_bar = (frames_of(film(kl)) == list(bytes.fromhex(BAR[1:]))).all(axis=-1)
    heights = is_bar.sum(axis=1)  # (T, W)
    first, second = heights[:, : LEFT + SIDE // 2].max(axis=1), heights[:, LEFT + SIDE // 2 :].max(axis=1)
    assert first[0] == second[0] == second[2] == 0
    assert first[2] == pytest.approx(2 * first[1], abs=1) and first[1] == pytest.approx(2 * second[1], abs=1)


def test_between_two_moments_lies_the_straight_line_and_the_moments_are_exact():
    values = np.array([[0.1, 5.0], [0.7, -1.0], [np.nan, 2.0]])
    found = between(values, 4)
    assert found.shape == (9, 2)
    np.testing.assert_array_equal(found[::4], values)
    expected = [np.interp(at, [0, 4, 8], values[:, 1]) for at in range(9)]
    np.testing.assert_allclose(found[:, 1], expected)


def test_as_a_gif_no_pixel_is_lost():
    frames = frames_of(film(np.array([[1.0], [2.0], [3.0]])))
    with Image.open(io.BytesIO(animation(frames, 12, 1, "gif"))) as file:
        assert file.n_frames == len(frames)
        for i, frame in enumerate(frames):
            file.seek(i)
            np.testing.assert_array_equal(np.asarray(file.convert("RGB")), frame)


def test_a_code_that_is_no_number_is_left_out():
    places = PLACES.copy()
    places[1, 0] = (np.inf, np.nan)
    frames = frames_of(MapFilm("toy", "a", "b", places, np.arange(3.0), None, LABEL))
    there = [(frame == list(bytes.fromhex(COLOURS[0][1:]))).all(axis=-1).any() for frame in frames]
    assert there == [True, False, True]

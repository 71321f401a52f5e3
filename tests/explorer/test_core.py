"""Pictures, neighbours and state: small pure pieces."""

import numpy as np
import pytest

from explorer.pictures.arrays import enlarged, error_map, fitted, picture_grid, strip, to_picture
from explorer.pictures.neighbours import nearest
from explorer.session.events import sent_place
from explorer.session.pins import Pin, parse_pins, pin_letter, pin_text


def test_a_picture_is_rounded_not_truncated_and_channels_go_last():
    grey = to_picture(np.array([[[0, 0.5, 1.2]]], np.float32))
    assert grey.tolist() == [[0, 128, 255]]
    assert to_picture(np.zeros((3, 4, 5), np.float32)).shape == (4, 5, 3)


def test_enlarging_repeats_whole_pixels():
    picture = np.arange(4, dtype=np.uint8).reshape(2, 2)
    big = enlarged(picture, 7)
    assert big.shape == (6, 6)
    np.testing.assert_array_equal(big[::3, ::3], picture)
    np.testing.assert_array_equal(enlarged(picture, 1), picture)


def test_a_large_picture_is_reduced_by_area_means_and_keeps_its_shape():
    picture = np.zeros((400, 100), np.uint8)
    picture[:, 50:] = 200
    small = fitted(picture, 40)
    assert small.shape == (40, 10)
    assert small[:, :5].max() == 0
    assert small[:, 5:].min() == 200
    assert fitted(picture[:10, :10], 40).shape == (40, 40)


def test_a_grids_lines_are_text_and_nothing_else():
    grid = picture_grid([np.zeros((2, 2), np.uint8)], ['<script>alert("1")</script>"><img src=x onerror=1>'])
    assert grid.count("<img") == 1
    assert "<script" not in grid
    assert "&lt;script&gt;" in grid


def test_the_error_map_is_white_where_right_red_where_too_bright_blue_where_too_dark():
    x, x_hat = np.array([[[0.5, 0.0, 1.0]]], np.float32), np.array([[[0.5, 1.0, 0.0]]], np.float32)
    right, bright, dark = error_map(x, x_hat)[0].tolist()
    assert right == [255, 255, 255]
    assert bright[0] > bright[2]
    assert dark[2] > dark[0]


def test_on_a_dark_page_the_error_maps_ground_is_dark_and_its_ends_are_light():
    x, x_hat = np.array([[[0.5, 0.0, 1.0, 0.0]]], np.float32), np.array([[[0.5, 1.0, 0.0, 0.5]]], np.float32)
    right, bright, dark, half = error_map(x, x_hat, is_dark=True)[0].astype(int).tolist()
    assert max(right) < 32 < 90 < min(sum(bright), sum(dark)) / 3
    assert bright[0] > bright[2]
    assert dark[2] > dark[0]
    np.testing.assert_allclose(half, (np.array(right) + bright) / 2, atol=1)


def test_a_strip_keeps_every_picture():
    pictures = [np.full((3, 2), v, np.uint8) for v in (1, 2, 3)]
    row = strip(pictures, gap=1)
    assert row.shape == (3, 8)
    assert row[0].tolist() == [1, 1, 255, 2, 2, 255, 3, 3]


def test_neighbours_are_brute_forces():
    mu = np.random.default_rng(0).standard_normal((500, 6)).astype(np.float32)
    z = mu[7] + 0.01
    found = nearest(z, mu, 8)
    expected = sorted(range(500), key=lambda i: float(np.linalg.norm(mu[i] - z)))[:8]
    assert found.index.tolist() == expected
    assert found.index[0] == 7
    np.testing.assert_allclose(found.distance, np.linalg.norm(mu[expected] - z, axis=1), rtol=1e-5)
    assert len(nearest(z, mu[:3], 8).index) == 3


@pytest.mark.parametrize("text", ["nan_1", "inf", "1e9_0", "a~b", "1_2_x", "<script>", "1_2!umap", "1_2!umap_nan_1", "1!a_b_c_d"])
def test_a_link_with_nonsense_has_no_pins(text):
    assert parse_pins(text.split("~")) == ()


def test_one_bad_pin_of_a_link_does_not_take_the_others_along():
    parts = ["0.5_0.5", "nan_1", "1e8_-1e8", "0.25_-1*tall%20seven", "<script>"]
    assert parse_pins(parts) == (Pin((0.5, 0.5)), Pin((0.25, -1.0), name="tall seven"))


def test_a_link_with_pins_has_them():
    assert parse_pins(["0.41_-1.2", "2_3"]) == (Pin((0.41, -1.2)), Pin((2.0, 3.0)))
    pins = (Pin((0.1234, -2.0, 3.5), "umap", (7.25, -0.5)), Pin((1.0, 2.0, 3.0)))
    assert parse_pins(list(map(pin_text, pins))) == pins
    assert len(parse_pins(["1_1"] * 99)) == 26


@pytest.mark.parametrize(
    "event", [None, {}, {"map": None}, {"map": [1]}, {"map": ["a", 0]}, {"map": [float("nan"), 0]}, {"map": [1e9, 0]}]
)
def test_an_event_that_is_no_place_is_nothing(event):
    assert sent_place(event) is None


def test_pins_are_lettered():
    assert [pin_letter(i) for i in range(3)] == ["A", "B", "C"]

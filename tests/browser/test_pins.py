"""What is kept, taken back, walked through, and laid a plane through, in a real browser?"""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.surface import at, choose_tab, code, eventually, grey, opened, pretrained, settled, tiles
from tests.browser.surface import hover as hover_over
from trainer.latent.interpolation import interpolate

RUN = "digits-16d"


def link_of(codes) -> str:
    return "~".join("_".join(f"{value:.4f}" for value in z) for z in codes)


def hover(page: Page, canvas: Locator, x: float, y: float) -> None:
    canvas.scroll_into_view_if_needed()
    hover_over(page, canvas, x, y)


def test_a_pin_is_named_dropped_and_had_back_and_the_link_knows(page, server):
    opened(page, server, run="digits-2d", pins="0.5_-1.25~1_1")
    page.get_by_label("Name of pin B").fill("almost ~ a *4*")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\*almost|%2Aalmost"))
    page.reload()
    expect(page.get_by_label("Name of pin B")).to_have_value("almost ~ a *4*")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)  # nothing was done on this page yet
    page.get_by_role("button", name="Remove pin A").click()
    expect(page.get_by_test_id("tile")).to_have_count(1)
    expect(page.get_by_label("Name of pin A")).to_have_value("almost ~ a *4*")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("tile")).to_have_count(2)
    page.get_by_role("application").focus()
    page.keyboard.press("Control+Shift+Z")
    expect(page.get_by_test_id("tile")).to_have_count(1)
    page.keyboard.press("Control+Z")
    expect(page.get_by_test_id("tile")).to_have_count(2)
    assert tiles(page) == [[0.5, -1.25], [1, 1]]


def test_pins_made_right_before_a_reload_are_there_after_it(page, server):
    """The server is not asked whether it has heard of them; one of which it has is not there twice."""
    canvas = opened(page, server, run="digits-2d")
    settled(page)
    for x, y in ((0.4, 0.4), (0.6, 0.5), (0.5, 0.65)):
        page.mouse.click(*at(canvas, x, y))
    expect(page.get_by_test_id("tile")).to_have_count(3)
    made = tiles(page)
    page.reload()
    expect(page.get_by_test_id("tile")).to_have_count(3)
    np.testing.assert_allclose(tiles(page), made, atol=2e-3)
    expect(page).to_have_url(re.compile("pins=.*~.*~"))
    settled(page)
    page.reload()
    expect(page.get_by_test_id("tile")).to_have_count(3)
    settled(page)
    expect(page.get_by_test_id("tile")).to_have_count(3)


def test_beyond_the_most_pins_one_sentence_says_what_to_do_and_none_is_lost(page, server):
    codes = [[i / 26, -1] for i in range(26)]
    canvas = opened(page, server, run="digits-2d", pins=link_of(codes))
    expect(page.get_by_test_id("tile")).to_have_count(26)
    settled(page)
    before = tiles(page)
    page.mouse.click(*at(canvas, 0.4, 0.4))
    told = page.get_by_text("26 pins are the most. All are kept; remove one").first
    expect(told).to_be_visible()
    assert tiles(page) == before
    page.get_by_role("button", name="Remove pin Z").click()
    expect(page.get_by_test_id("tile")).to_have_count(25)
    page.mouse.click(*at(canvas, 0.4, 0.4))
    expect(page.get_by_test_id("tile")).to_have_count(26)
    assert tiles(page)[:25] == before[:25]


def test_a_path_goes_through_the_pins_in_order(page, server):
    run = pretrained(RUN)
    codes = np.round(run.encodings.mu[[0, 7, 40]], 4)
    opened(page, server, run=RUN, pins=link_of(codes))
    page.get_by_role("radio", name="Spherical").check(force=True)
    page.get_by_role("button", name="Play the path").click()
    slider = page.get_by_role("slider", name="Position on the path")
    expect(slider).to_have_attribute("max", "120")
    for frame, (a, b) in {0: (0, 1), 30: (0, 1), 60: (0, 1), 75: (1, 2), 120: (1, 2)}.items():
        slider.fill(str(frame))
        t = frame / 60 - a
        np.testing.assert_allclose(code(page), interpolate(codes[a], codes[b], np.array([t]), "spherical")[0], atol=1e-5)
    page.get_by_label("through the pins between").uncheck()
    expect(slider).to_have_attribute("max", "60")
    slider.fill("60")
    np.testing.assert_allclose(code(page), codes[2], atol=1e-6)
    page.get_by_role("button", name="Remove pin C").click()
    expect(slider).to_be_hidden()  # its end is gone
    page.get_by_role("button", name="Undo").click()
    expect(slider).to_be_visible()


def test_two_pins_are_compared(page, server):
    run = pretrained(RUN)
    a, b = np.round(run.encodings.mu[[3, 9]].astype(float), 4)
    opened(page, server, run=RUN, pins=link_of([a, b]))
    expect(page.get_by_test_id("apart")).to_contain_text(f"distance {np.linalg.norm(b - a):.2f}")
    most = int(np.abs(b - a).argmax())
    assert str(most + 1) in page.get_by_test_id("apart").inner_text().translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
    shown = grey(page.get_by_role("img", name="Absolute difference of the two pictures")).ravel()
    first, second = run.forward.decode(np.array([a, b], np.float32))
    np.testing.assert_allclose(shown / 255, np.abs(first - second).ravel(), atol=0.01)


def test_the_plane_through_three_pins_holds_them(page, server):
    run = pretrained(RUN)
    codes = np.round(run.encodings.mu[[0, 7, 40]], 4)
    canvas = opened(page, server, run=RUN, pins=link_of(codes), projection="umap")
    hover(page, canvas, 0.4, 0.4)
    before = code(page)
    choose_tab(page, "Slices")
    page.get_by_role("button", name="Show this plane").click()
    expect(page.get_by_test_id("map-title")).to_have_text("Plane through A, B, C")
    np.testing.assert_allclose(code(page), before, atol=1e-9)  # the map changes, not the picture
    choose_tab(page, "Pins")
    for i, label in enumerate("ABC"):
        page.get_by_role("button", name=f"Go to pin {label}").click()
        eventually(lambda pinned=codes[i]: np.testing.assert_allclose(code(page), pinned, atol=1e-6))
    hover(page, canvas, 0.62, 0.35)
    z = np.array(code(page))
    inside, *_ = np.linalg.lstsq((codes[1:] - codes[0]).T.astype(float), z - codes[0], rcond=None)
    np.testing.assert_allclose(codes[0] + inside @ (codes[1:] - codes[0]), z, atol=1e-3)
    page.mouse.click(*at(canvas, 0.62, 0.35))
    expect(page.get_by_test_id("tile")).to_have_count(4)
    np.testing.assert_allclose(tiles(page)[3], z, atol=1e-3)
    page.get_by_role("button", name="Back to UMAP").click()
    expect(page.get_by_test_id("map-title")).to_have_text("UMAP")
    expect(page.get_by_test_id("tile")).to_have_count(4)  # no pin is lost
    page.get_by_role("button", name="Go to pin D").click()
    eventually(lambda: np.testing.assert_allclose(code(page), tiles(page)[3], atol=1e-6))


def test_three_pins_on_a_line_have_no_plane(page, server):
    zero = [0.0] * 16
    codes = [zero, [1.0] * 16, [2.0] * 16]
    opened(page, server, run=RUN, pins=link_of(codes))
    choose_tab(page, "Slices")
    page.get_by_role("button", name="Show this plane").click()
    expect(page.get_by_test_id("hint")).to_contain_text("lie on one line")


def test_a_slice_varies_two_dimensions_and_keeps_the_pins_others(page, server):
    run = pretrained(RUN)
    pin = np.round(run.encodings.mu[11], 4)
    canvas = opened(page, server, run=RUN, pins=link_of([pin]))
    choose_tab(page, "Slices")
    panel = page.get_by_role("group", name="Slice of two dimensions")
    panel.get_by_label("Across").select_option(label="z₃")
    panel.get_by_label("up", exact=True).select_option(label="z₁₀")
    panel.get_by_label("others as in").select_option(label="pin A")
    panel.get_by_role("button", name="Show this slice").click()
    expect(page.get_by_test_id("map-title")).to_have_text("z₃ and z₁₀ at pin A")
    hover(page, canvas, 0.3, 0.7)
    z = np.array(code(page))
    others = [k for k in range(16) if k not in (2, 9)]
    np.testing.assert_allclose(z[others], pin[others], atol=1e-6)
    assert abs(z[2] - pin[2]) + abs(z[9] - pin[9]) > 0.1
    x, y = page.get_by_test_id("place").inner_text().removeprefix("map ").strip("()").replace("−", "-").split(",")
    np.testing.assert_allclose(z[[2, 9]], [float(x), float(y)], atol=0.006)


def test_a_boxs_difference_is_an_axis_and_is_added_to_pins(page, server):
    run = pretrained(RUN)
    pin = np.round(run.encodings.mu[11], 4)
    canvas = opened(page, server, run=RUN, pins=link_of([pin]), projection="pca")
    page.get_by_role("button", name="Drag draws a box that selects points").click()
    box = canvas.bounding_box()
    means = []
    for x0, y0, x1, y1 in ((0.35, 0.3, 0.48, 0.6), (0.55, 0.3, 0.7, 0.6)):
        page.mouse.move(box["x"] + x0 * box["width"], box["y"] + y0 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + x1 * box["width"], box["y"] + y1 * box["height"], steps=4)
        page.mouse.up()
        expect(page.get_by_role("button", name="Save as group")).to_be_visible()
        corners = page.get_by_test_id("surface").evaluate(
            "(r, [a, b, c, d]) => [[a, b], [c, d]].map(([x, y]) => r.surface.viewport.toMap(x, y))",
            [x0 * box["width"], y0 * box["height"], x1 * box["width"], y1 * box["height"]],
        )
        low, high = np.sort(np.array(corners), axis=0)
        points = run.projections["pca"].points
        inside = ((points > low) & (points < high)).all(1)
        assert inside.sum() > 10
        expect(page.get_by_role("group", name="Selection and groups")).to_contain_text(f"{inside.sum()} points selected")
        means.append(run.encodings.mu[inside].astype(float).mean(0))
        page.get_by_label("Name of the group").fill(["left", "right"][len(means) - 1])
        page.get_by_role("button", name="Save as group").click()
    direction = means[0] - means[1]
    page.get_by_label("Start of the walk").select_option(label="pin A")
    page.get_by_label("Strength of the direction from B to A").fill("1.5")
    settled(page)  # the code is shown with the next picture
    np.testing.assert_allclose(code(page), pin + 1.5 * direction, atol=4e-3)
    page.get_by_role("button", name="Use as map axis").click()
    expect(page.get_by_test_id("map-title")).to_have_text("Along left − right")
    page.get_by_role("button", name=re.compile("Drag draws a box")).click()
    ends = []
    for x in (0.3, 0.6):
        hover(page, canvas, x, 0.5)
        ends.append(np.array(code(page)))
    along = ends[1] - ends[0]
    assert along @ direction / np.linalg.norm(along) / np.linalg.norm(direction) == pytest.approx(1, abs=1e-4)


def test_a_code_of_the_sliders_is_pinned_as_it_is(page, server):
    canvas = opened(page, server, run=RUN, projection="umap")
    choose_tab(page, "Sliders")
    slider = page.get_by_test_id("dimension").get_by_role("slider").first
    slider.fill("2.5")
    settled(page)
    shown = code(page)
    canvas.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("tile")).to_have_count(1)
    expect(page).to_have_url(re.compile("pins="))
    page.reload()
    expect(page.get_by_test_id("tile")).to_have_count(1)
    np.testing.assert_allclose(tiles(page)[0], shown, atol=1e-4)


def test_a_link_that_is_opened_right_after_a_pin_shows_what_it_says(page, server):
    canvas = opened(page, server, run="digits-2d")
    settled(page)
    page.mouse.click(*at(canvas, 0.4, 0.4))
    expect(page.get_by_test_id("tile")).to_have_count(1)
    opened(page, server, run="digits-2d", pins="1_1~2_-1")
    settled(page)
    expect(page.get_by_test_id("tile")).to_have_count(2)
    assert tiles(page) == [[1, 1], [2, -1]]

"""Can a person do the main job in a real browser: hover, click, keyboard, upload, play, switch, reload?"""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from explorer.app.pages import NAMES
from tests.browser.surface import (
    address,
    answered,
    assert_no_barrier,
    at,
    code,
    drawn,
    grey,
    hover,
    opened,
    pixels,
    pretrained,
    settled,
    tab,
    watched,
)
from trainer.runs.catalogue import load_run


def picture(page: Page) -> bytes:
    """What the decoded canvas holds."""
    return pixels(page.get_by_test_id("decoded")).tobytes()


def content_of(page: Page, view: str) -> Locator:
    """What shows that a view is there: a chart, a sheet of pictures or the first decoded picture."""
    return page.get_by_test_id(
        {"dimensions": "stPlotlyChart", "samples": "stImage", "lessons": "stCaptionContainer"}.get(view, "decoded")
    ).first


def test_nothing_is_asked_of_another_host(page, server):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for view in NAMES:
        page.goto(address(server, view=view))
        expect(content_of(page, view)).to_be_visible()
        answered(page)
        if view != "interpolate":  # where the path plays on
            settled(page)
    assert asked
    assert not [url for url in asked if not url.startswith((server, "data:", "blob:"))]


def test_hovering_decodes_without_the_server(page, server):
    canvas = opened(page, server)
    seen = set()
    for share in (0.2, 0.4, 0.6, 0.8):
        hover(page, canvas, share, 0.5)
        seen.add((tuple(code(page)), picture(page)))
    assert len(seen) == 4
    xs = sorted(z[0] for z, _ in seen)
    assert xs[0] < 0 < xs[-1]


def test_the_picture_is_the_decoders(page, server):
    """What is on the canvas is what torch decodes from the canvas's own data-z."""
    canvas = opened(page, server)
    hover(page, canvas, 0.3, 0.4)
    shown = grey(page.get_by_test_id("decoded"))
    expected = pretrained("mnist-2d").model.decode(np.array([code(page)]))[0, 0].numpy() * 255
    assert np.abs(shown - expected).max() <= 1.1


def test_clicking_an_empty_place_pins_it(page, server):
    canvas = opened(page, server)
    page.mouse.move(*at(canvas, 0.5, 0.5))
    before = picture(page)
    page.mouse.click(*at(canvas, 0.93, 0.1))
    expect(page.get_by_test_id("surface-state")).to_contain_text("Pinned A")
    expect(page.get_by_test_id("pin")).to_contain_text("A")
    expect(page.get_by_test_id("tile")).to_be_visible()
    assert picture(page) != before
    expect(page).to_have_url(re.compile("pins="))


def test_a_pin_survives_a_reload_by_its_link(page, server):
    canvas = opened(page, server)
    page.mouse.click(*at(canvas, 0.3, 0.3))
    expect(page).to_have_url(re.compile("pins="))
    tile = page.get_by_test_id("tile")
    expect(tile).to_be_visible()
    kept = json.loads(tile.get_attribute("data-z"))
    page.goto(page.url)
    expect(tile).to_be_visible()
    assert json.loads(tile.get_attribute("data-z")) == pytest.approx(kept, abs=1e-3)


def test_pins_stay_where_they_were_clicked_and_are_counted_once(page, server):
    """On a UMAP, where a place is found by search, too."""
    canvas = opened(page, server, run="mnist-20d")
    places = [(0.35, 0.45), (0.6, 0.5)]
    for i, (x, y) in enumerate(places):
        page.mouse.click(*at(canvas, x, y))
        expect(page.get_by_test_id("tile")).to_have_count(i + 1)
        settled(page)
    shown = json.loads(page.get_by_test_id("pin").get_attribute("data-map"))
    assert page.get_by_test_id("pin").get_attribute("data-label") == "B"
    expect(page).to_have_url(re.compile("run=mnist-20d"))
    page.reload()
    expect(page.get_by_test_id("tile")).to_have_count(2)
    expect(page.get_by_test_id("pin")).to_have_attribute("data-label", "B")
    assert json.loads(page.get_by_test_id("pin").get_attribute("data-map")) == pytest.approx(shown, abs=1e-3)


def test_no_click_is_lost_however_quick(page, server):
    canvas = opened(page, server, run="digits-2d")
    for i in range(8):
        page.mouse.click(*at(canvas, 0.2 + 0.07 * i, 0.4))
    expect(page.get_by_test_id("tile")).to_have_count(8)
    expect(page).to_have_url(re.compile("((~|%7E).*){7}"))
    settled(page)
    expect(page.get_by_test_id("pin")).to_have_attribute("data-label", "H")
    assert len(re.findall("~", page.url)) + len(re.findall("%7E", page.url)) == 7


def test_a_picture_is_shown_by_its_own_code_until_the_probe_moves(page, server):
    """On a UMAP no place stands for it: the card shows μ itself."""
    canvas = opened(page, server, run="shapes-6d", view="reconstruct")
    mu = pretrained("shapes-6d").encodings.mu[0]
    expect(page.get_by_role("heading", name="Test image 0, decoded")).to_be_visible()
    assert code(page) == pytest.approx(mu.tolist(), abs=2e-2)
    canvas.scroll_into_view_if_needed()
    page.mouse.move(*at(canvas, 0.4, 0.4))
    expect(page.get_by_role("heading", name="Under the cursor")).to_be_visible()


def test_dragging_decodes_along_and_pins_nothing(page, server):
    canvas = opened(page, server)
    page.mouse.move(*at(canvas, 0.3, 0.5))
    page.mouse.down()
    settled(page)
    first = code(page)
    page.mouse.move(*at(canvas, 0.7, 0.4), steps=8)
    settled(page)
    assert code(page) != first
    page.mouse.up()
    settled(page)
    expect(page.get_by_test_id("pin")).to_contain_text("Nothing pinned")


def test_the_keyboard_moves_pins_zooms_and_resets(page, server):
    canvas = opened(page, server)
    canvas.focus()
    start = code(page)
    page.keyboard.press("ArrowRight")
    settled(page)
    step = code(page)[0] - start[0]
    assert step > 0
    assert code(page)[1] == pytest.approx(start[1], abs=1e-6)
    page.keyboard.press("Shift+ArrowRight")
    settled(page)
    assert code(page)[0] - start[0] == pytest.approx(6 * step, rel=0.02)
    page.keyboard.press("ArrowUp")
    settled(page)
    assert code(page)[1] > start[1]
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("pin")).to_contain_text("A")


def test_the_probe_is_announced(page, server):
    canvas = opened(page, server)
    page.mouse.move(*at(canvas, 0.42, 0.48))
    expect(page.get_by_test_id("surface-state")).to_contain_text(re.compile(r"z = \(.+class \d", re.S))


def test_many_dimensions_decode_live_and_say_how(page, server):
    canvas = opened(page, server, run="mnist-20d", view="atlas")
    hover(page, canvas, 0.3, 0.4)
    first = (code(page), picture(page))
    hover(page, canvas, 0.6, 0.6)
    assert len(first[0]) == 20
    assert (code(page), picture(page)) != first
    expect(page.get_by_text("Each map point is mapped to a latent code by an approximate inverse")).to_be_visible()


def test_the_map_can_be_changed(page, server):
    opened(page, server, run="digits-16d")
    page.get_by_role("radio", name="pca").or_(page.get_by_role("button", name="pca")).first.click()
    expect(page.get_by_text("code on the plane of the two main axes")).to_be_visible()
    expect(page).to_have_url(re.compile("projection=pca"))
    opened(page, server, run="digits-16d", projection="axes", x="3", y="7")
    expect(page.get_by_text("Each map point sets z₃ and z₇")).to_be_visible()


def choose_class(page: Page, name: str) -> None:
    page.get_by_role("combobox", name=re.compile("Decode as class")).click()
    page.get_by_role("option", name=name, exact=True).click()
    expect(page.get_by_test_id("decoded-as")).to_have_text(f"decoded as class {name}")


def test_another_class_is_another_picture_of_the_same_place(page, server, kinds):
    """Probe and camera stay; what is drawn is torch's picture of that very code and class, before and after."""
    model = load_run("tiny-conditional", kinds).model
    canvas = opened(page, server, run="tiny-conditional")
    expect(page.get_by_test_id("decoded-as")).to_have_text("decoded as class 0")
    hover(page, canvas, 0.3, 0.4)
    place, shown = code(page), {0: grey(page.get_by_test_id("decoded"))}
    choose_class(page, "7")
    expect(page).to_have_url(re.compile("as=7"))
    expect(
        page.get_by_text("Points are images, each encoded under its own class; pictures under the cursor are decoded as 7.")
    ).to_be_visible()
    settled(page)
    if code(page) != place:  # the pointer went to the list and may have crossed the map
        hover(page, canvas, 0.3, 0.4)
        place = code(page)
    shown[7] = grey(page.get_by_test_id("decoded"))
    for label in (0, 7):
        expected = model.decode(np.array([place]), np.array([label]))[0, 0].numpy() * 255
        assert np.abs(shown[label] - expected).max() <= 1.1
    assert (shown[0] != shown[7]).any()


def test_a_pin_and_the_camera_stay_when_the_class_changes(page, server):
    canvas = opened(page, server, run="tiny-conditional")
    page.mouse.click(*at(canvas, 0.3, 0.4))
    expect(page.get_by_test_id("pin")).to_contain_text("A")
    expect(page).to_have_url(re.compile("pins="))
    settled(page)
    canvas.focus()
    page.keyboard.press("+")
    settled(page)
    page.keyboard.press("ArrowRight")
    settled(page)
    place = code(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    choose_class(page, "3")
    canvas.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    settled(page)
    assert code(page) == pytest.approx(place, abs=1e-4)
    expect(page.get_by_test_id("pin")).to_have_attribute("data-label", "A")


def test_a_films_pictures_of_pins_are_of_the_chosen_class(page, server):
    """Pins are codes of no class; a stop that is an image is decoded as its own."""
    opened(page, server, run="tiny-conditional", view="interpolate", pins="0.5_0.5~-1_0.2")
    film = page.get_by_role("group", name="Filmstrip").locator("canvas")
    frames = lambda: [drawn(canvas) for canvas in film.all()]
    before = frames()
    assert len(before) == 11
    choose_class(page, "7")
    after = frames()
    assert len(after) == 11
    assert all(a != b for a, b in zip(before, after, strict=True))


def test_a_deterministic_model_has_no_prior_to_draw(page, server):
    opened(page, server, run="tiny-autoencoder")
    layers = page.get_by_role("button", name=re.compile("^Layers"))
    layers.click()
    expect(page.get_by_role("radio", name=re.compile("^Decoded manifold"))).to_be_visible()
    for of_the_prior in ("Prior rings", "Posterior − prior", "Posterior ellipses"):
        expect(page.get_by_label(of_the_prior)).to_have_count(0)
    opened(page, server, run="tiny-continuous")
    layers.click()
    for of_the_prior in ("Prior rings", "Posterior − prior", "Posterior ellipses"):
        expect(page.get_by_label(of_the_prior)).to_be_visible()


def test_switching_the_run_switches_the_map(page, server):
    opened(page, server)
    assert len(code(page)) == 2
    page.get_by_role("combobox", name=re.compile("Run")).click()
    page.keyboard.type("shapes")  # a long list draws only what is in sight
    page.get_by_role("option", name="shapes-6d").click()
    expect(page.get_by_test_id("decoded")).to_have_attribute("data-z", re.compile(r"^\[[^,]+(,[^,]+){5}\]$"))
    expect(page).to_have_url(re.compile("run=shapes-6d"))


def test_a_link_opens_run_and_view(page, server):
    page.goto(address(server, run="mnist-20d", view="dimensions"))
    expect(page.get_by_text("of 20 latent dimensions are used")).to_be_visible()
    expect(content_of(page, "dimensions")).to_be_visible()


def test_an_upload_is_reconstructed(page, server):
    page.goto(address(server, run="mnist-2d", view="reconstruct"))
    page.get_by_text("Upload", exact=True).click()
    paper = np.full((300, 240), 235, np.uint8)
    paper[60:240, 110:135] = 30
    out = io.BytesIO()
    Image.fromarray(paper).save(out, "JPEG")
    page.locator("input[type=file]").set_input_files({"name": "one.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
    expect(page.get_by_text("mean absolute error")).to_be_visible()
    expect(page.get_by_text("model input", exact=True)).to_be_visible()
    page.get_by_role("tab", name="Latent code").click()
    expect(page.get_by_text("Its latent code")).to_be_visible()


def test_a_bad_upload_is_refused_in_words(page, server):
    page.goto(address(server, run="mnist-2d", view="reconstruct"))
    page.get_by_text("Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"<html>no picture</html>"}
    )
    expect(page.get_by_role("alert")).to_contain_text("x.png")


def test_an_interpolation_plays_pauses_and_scrubs(page, server):
    opened(page, server, run="mnist-2d", view="interpolate")
    page.get_by_role("button", name=re.compile("^Pause")).click()
    slider = page.get_by_role("slider").last
    slider.focus()
    page.keyboard.press("Home")
    settled(page)
    first = code(page)
    page.keyboard.press("End")
    settled(page)
    last = code(page)
    assert first != last
    page.keyboard.press("Home")
    page.get_by_role("button", name=re.compile("^Play")).click()
    assert len(set(map(tuple, watched(page, 45)))) >= 4


def test_an_interpolation_can_be_downloaded(page, server):
    opened(page, server, run="digits-2d", view="interpolate")
    answered(page)
    expect(page.get_by_text("Computing the geodesic")).to_have_count(0)  # then the page is drawn again
    answered(page)
    for kind in ("GIF", "WebP"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).click()
        picture = Image.open(download.value.path())
        assert picture.format == kind.upper()
        assert picture.n_frames == 61


# test_access looks into every part of the views of another run
@pytest.mark.parametrize(("run", "scheme"), [("tiny-conditional", "light"), ("tiny-autoencoder", "dark")])
@pytest.mark.parametrize("view", NAMES)
def test_axe_finds_nothing(browser, server, run, view, scheme):
    with tab(browser, color_scheme=scheme, reduced_motion="reduce") as page:
        page.goto(address(server, run=run, view=view))
        expect(content_of(page, view)).to_be_visible()
        assert_no_barrier(page)


@pytest.mark.parametrize("width", [390, 1400])
def test_nothing_is_wider_than_the_window(browser, server, width):
    with tab(browser, viewport={"width": width, "height": 900}) as page:
        canvas = opened(page, server)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box, shown = canvas.bounding_box(), page.get_by_test_id("decoded").bounding_box()
        if width == 390:
            assert box["width"] > 300
            assert shown["y"] > box["y"] + box["height"] - 1
        else:
            assert box["width"] > 0.6 * width
            assert shown["width"] >= 224

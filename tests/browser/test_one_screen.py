"""In a real browser: is what an action brings in the window when it appears, on a projector's screen and on a phone?"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.surface import (
    address,
    answered,
    assert_no_barrier_in_either_scheme,
    at,
    eventually,
    find,
    of_screen,
    opened,
    pretrained,
    ready,
    settled,
    stroke,
    tab,
    the_map,
)

PROJECTOR, PHONE = (1280, 720), (390, 844)
SEVEN = [(0.25, 0.25), (0.72, 0.25), (0.45, 0.85)]


@pytest.fixture(params=[PROJECTOR, PHONE], ids=["projector", "phone"])
def screen(browser, request) -> Iterator[Page]:
    width, height = request.param
    with tab(browser, viewport={"width": width, "height": height}, reduced_motion="reduce") as page:
        yield page


@pytest.fixture
def projector(browser) -> Iterator[Page]:
    with tab(browser, viewport={"width": PROJECTOR[0], "height": PROJECTOR[1]}, reduced_motion="reduce") as page:
        yield page


def all_in_window(*found: Locator) -> None:
    """Whole, not only a part of each."""
    for one in found:
        expect(one).to_be_in_viewport(ratio=0.99)


def digit() -> dict[str, object]:
    paper = np.full((300, 240), 235, np.uint8)
    paper[60:240, 110:135] = 30
    out = io.BytesIO()
    Image.fromarray(paper).save(out, "PNG")
    return {"name": "one.png", "mimeType": "image/png", "buffer": out.getvalue()}


def alt(page: Page, name: str) -> Locator:
    return page.get_by_alt_text(name, exact=True)


def verdict(page: Page) -> Locator:
    return page.get_by_text(re.compile("typical of the test data|more unusual than", re.IGNORECASE)).first


@pytest.mark.parametrize("size", [PROJECTOR, (1400, 900), (1920, 1080)], ids=str)
def test_nothing_of_the_atlas_is_left_to_scroll_to(browser, server, size):
    with tab(browser, viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce") as page:
        opened(page, server, run="digits-2d")
        settled(page)
        main = page.get_by_test_id("stMain")
        assert main.evaluate("main => main.scrollHeight - main.clientHeight") == 0


@pytest.mark.parametrize(("view", "width", "height"), [("train", 1280, 720), ("reconstruct", 1920, 1080)])
def test_at_the_start_there_is_nothing_to_scroll(browser, server, view, width, height):
    with tab(browser, viewport={"width": width, "height": height}) as page:
        page.goto(address(server, run="mnist-2d", view=view))
        shown = page.get_by_role("button", name="One epoch") if view == "train" else page.get_by_text("nearest pixels").first
        expect(shown).to_be_visible()
        settled(page)
        eventually(lambda: _nothing_below(page))


def _nothing_below(page: Page) -> None:
    below = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight - main.clientHeight")
    assert below <= 0, below


def test_the_map_fills_the_window_also_after_what_stands_above_it_has_come_or_gone(projector, server):
    page = projector
    opened(page, server, run="mnist-2d")
    settled(page)
    surface = page.get_by_test_id("surface")
    before = surface.bounding_box()
    page.evaluate(
        """() => {
          const above = document.createElement('p');
          above.id = 'above';
          above.style.height = '40px';
          document.querySelector('[data-testid=stMain]').querySelector('.block-container > *').prepend(above);
        }"""
    )

    def moved_down() -> None:
        now = surface.bounding_box()
        assert now["y"] >= before["y"] + 40
        assert now["y"] + now["height"] == pytest.approx(before["y"] + before["height"], abs=1)

    eventually(moved_down)
    _nothing_below(page)
    page.evaluate("document.getElementById('above').remove()")
    eventually(lambda: _same_box(surface, before))


@pytest.mark.parametrize(
    ("run", "size"),
    [
        *((run, PROJECTOR) for run in ("walker-2d", "melodies-2d", "mnist-2d", "sketches-2d", "faces-64")),
        ("walker-2d", (1400, 900)),
    ],
    ids=str,
)
def test_at_the_start_and_with_three_pins_there_is_nothing_to_scroll_and_a_key_plays_their_path(projector, server, run, size):
    page = projector
    page.set_viewport_size({"width": size[0], "height": size[1]})
    canvas = opened(page, server, run=run)
    settled(page)
    _nothing_below(page)
    for n, place in enumerate([(0.4, 0.4), (0.6, 0.5), (0.5, 0.7)], 1):
        page.mouse.click(*at(canvas, *place))
        expect(page.get_by_test_id("tile")).to_have_count(n)
        settled(page)
    _nothing_below(page)
    all_in_window(*page.get_by_test_id("tile").all(), page.get_by_role("combobox", name="to", exact=True))
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Remove the path")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^3-pin linear path"))).to_be_visible()


def _same_box(found: Locator, wanted: dict[str, float]) -> None:
    assert found.bounding_box() == pytest.approx(wanted, abs=1)


def test_an_upload_brings_pictures_verdict_and_map_on_one_screen(projector, server):
    page = projector
    page.goto(address(server, run="mnist-2d", view="reconstruct"))
    page.get_by_text("Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(digit())
    all_in_window(*(alt(page, name) for name in ("your picture", "model input", "reconstruction", "error")))
    all_in_window(verdict(page), page.get_by_text("worse than").last)
    ready(page)
    all_in_window(page.get_by_label("your picture", exact=True).or_(page.get_by_role("heading", name="your picture")).first)


def test_a_test_image_is_seen_with_its_verdict(screen, server):
    screen.goto(address(server, run="mnist-2d", view="reconstruct"))
    all_in_window(*(alt(screen, name) for name in ("model input", "reconstruction", "error")), verdict(screen))
    assert screen.evaluate("document.documentElement.scrollWidth") <= screen.viewport_size["width"]


@pytest.mark.parametrize("size", [PHONE, (360, 640)], ids=["phone", "small phone"])
def test_on_a_phone_pictures_verdict_and_the_map_are_on_one_screen_and_all_maps_can_be_chosen(browser, server, size):
    with tab(
        browser, viewport={"width": size[0], "height": size[1]}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    ) as page:
        canvas = opened(page, server, run="mnist-20d", view="reconstruct")
        settled(page)
        all_in_window(*(alt(page, name) for name in ("model input", "reconstruction", "error")), verdict(page), canvas)
        assert canvas.bounding_box()["height"] >= 100
        chooser = page.get_by_role("radiogroup", name="Map")
        all_in_window(*chooser.get_by_role("radio").all())
        about = page.get_by_role("button", name="About", exact=True)
        boxes = [one.bounding_box() for one in (about, chooser.get_by_role("radio").first)]
        first, last = (box["y"] + box["height"] / 2 for box in boxes)
        assert abs(first - last) < 4  # one row


def test_a_batch_brings_its_table(projector, server):
    page = projector
    page.goto(address(server, run="digits-16d", view="reconstruct"))
    page.get_by_text("Batch", exact=True).click()
    page.locator("input[type=file]").set_input_files([{**digit(), "name": f"{i}.png"} for i in range(4)])
    all_in_window(page.get_by_text("4 images, most unusual first"), page.get_by_role("button", name="Save the table as CSV"))
    all_in_window(page.get_by_test_id("stDataFrame"))


def opened_pad(page: Page, server: str) -> Locator:
    """Reconstruct with the pad, at rest."""
    page.goto(address(server, run="mnist-2d", view="reconstruct"))
    page.get_by_role("radio", name="Draw").click()
    pad = page.get_by_test_id("pad")
    expect(pad).to_be_visible()
    settled(page)
    return pad


def test_a_drawing_is_seen_with_its_marker_and_its_reconstruction(screen, server):
    page = screen
    pad = opened_pad(page, server)
    all_in_window(pad, page.get_by_test_id("seen"), page.get_by_test_id("made"), page.get_by_role("button", name="Pen", exact=True))
    stroke(page, pad, SEVEN, steps=6)
    all_in_window(pad, the_map(page))
    if page.viewport_size["width"] == PROJECTOR[0]:
        all_in_window(page.get_by_role("button", name="Analyse"), page.get_by_role("button", name="Clear"))
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_text(re.compile("your drawing: mean absolute error"))).to_be_visible()
    all_in_window(alt(page, "model input"), alt(page, "error"))


# The map alone on its page: what of it is in view, and the code that its marker stands for.
LOOKED_AT = "({ view, probe }) => ({ ...view.camera, ...view.plot, at: probe.at })"


def test_the_pad_stays_where_it_is_under_the_first_stroke(projector, server):
    page = projector
    pad = opened_pad(page, server)
    before = pad.bounding_box()
    stroke(page, pad, SEVEN, steps=6)
    expect(page.get_by_role("tab", name="Posterior")).to_be_visible()
    settled(page)
    assert pad.bounding_box() == before


def test_draw_opens_the_pad_whatever_was_open_and_the_marker_is_in_view_wherever_one_looked(projector, server):
    page = projector
    canvas = opened(page, server, run="mnist-2d")
    find(page, "image 3742")  # which flies there
    settled(page)
    page.mouse.click(*at(canvas, 0.5, 0.5))
    expect(page.get_by_role("tab", name=re.compile("^Pins"))).to_have_attribute("aria-selected", "true")
    page.get_by_test_id("stMain").get_by_role("radio", name="reconstruct").click()
    page.get_by_role("radio", name="Draw").click()
    pad = page.get_by_test_id("pad")
    expect(pad).to_be_visible()
    settled(page)
    stroke(page, pad, SEVEN, steps=6)
    settled(page)
    seen = of_screen(page, LOOKED_AT)
    for middle, place, extent in zip((seen["x"], seen["y"]), seen["at"], (seen["width"], seen["height"]), strict=True):
        assert abs(place - middle) < extent / seen["scale"] / 2


def test_the_neighbours_of_a_pin_are_beside_the_map_and_lead_to_their_points(projector, server):
    """Second opinion: distances of all codes, in numpy."""
    page = projector
    run = pretrained("mnist-2d")
    canvas = opened(page, server, run="mnist-2d")
    page.get_by_role("tab", name="Neighbours").click()
    page.mouse.click(*at(canvas, 0.4, 0.45))
    expect(page.get_by_label("Nearest to", exact=True)).to_have_value("0")
    settled(page)
    z = np.array(json.loads(page.get_by_test_id("tile").get_attribute("data-z")))
    distances = np.linalg.norm(run.encodings.mu - z, axis=1)
    shown = page.get_by_role("list", name="Nearest test images").get_by_role("button")
    expect(shown).to_have_count(8)
    for i in (0, 7):
        all_in_window(shown.nth(i))
        number = int(re.search(r"image (\d+)", shown.nth(i).inner_text())[1])
        assert distances[number] == pytest.approx(np.sort(distances)[i], abs=1e-3)  # codes travel as 16-bit numbers
    first = shown.first.inner_text()
    shown.nth(7).click()
    settled(page)
    assert shown.first.inner_text() == first  # they stay the pin's


def test_a_pin_far_from_all_images_has_a_dashed_frame(projector, server):
    """z = (9, 9): the largest norm of a test image of digits-2d is far below."""
    page = projector
    run = pretrained("digits-2d")
    assert np.linalg.norm(run.encodings.mu, axis=1).max() < 9
    middle = np.median(run.encodings.mu, axis=0)
    opened(page, server, run="digits-2d", pins=f"9_9~{middle[0]:.3f}_{middle[1]:.3f}")
    pictures = page.get_by_test_id("tile").locator("canvas")
    expect(pictures).to_have_count(2)
    expect(pictures.first).to_have_attribute("data-low", "")
    expect(pictures.last).not_to_have_attribute("data-low", "")


def test_a_walk_is_seen_with_its_stops_and_its_film(projector, server):
    page = projector
    opened(page, server, run="digits-2d", view="interpolate")
    film = page.get_by_role("slider", name="Position on the path")
    all_in_window(
        the_map(page), film, page.get_by_test_id("decoded"), page.get_by_role("button", name=re.compile("^Play|^Pause")).first
    )
    all_in_window(*(page.get_by_role("button", name=re.compile(name)) for name in ("^test image 0", "^test image 1", "Add a stop")))
    all_in_window(page.get_by_role("radio", name="Geodesic"), page.get_by_role("button", name="Path settings"))


def test_what_a_tool_of_the_walk_shows_is_brought_into_view(screen, server):
    page = screen
    opened(page, server, run="digits-2d", view="interpolate")
    page.get_by_role("radio", name="Direction").click()
    all_in_window(page.get_by_alt_text(re.compile("^decoded picture of .* strength")).first)
    page.get_by_role("radio", name="Four corners").click()
    expect(page.get_by_text("A grid between four pictures.")).to_be_in_viewport()


GROW = """height => {
  const page = document.querySelector('[data-testid=stMainBlockContainer]');
  page.parentElement.style.overflowAnchor = 'none'; // as in browsers that keep nothing in its place by themselves
  const above = document.getElementById('above') ?? document.createElement('div');
  above.id = 'above';
  above.style.height = `${height}px`;
  page.prepend(above);
}"""


def test_what_was_brought_stays_in_view_while_the_page_above_it_grows_until_a_hand_scrolls(screen, server):
    page = screen
    opened(page, server, run="digits-2d", view="interpolate")
    page.get_by_role("radio", name="Direction").click()
    made = page.get_by_alt_text(re.compile("^decoded picture of .* strength")).first
    all_in_window(made)
    answered(page)
    for height in (300, 1500, 100):
        page.evaluate(GROW, height)
        all_in_window(made)
    page.mouse.move(page.viewport_size["width"] / 2, 20)
    page.mouse.wheel(0, -100_000)
    expect(made).not_to_be_in_viewport()
    page.evaluate(GROW, 900)
    settled(page)
    expect(made).not_to_be_in_viewport()


def test_a_view_that_is_opened_again_begins_at_its_top(projector, server):
    page = projector
    opened(page, server, run="digits-2d", view="interpolate")
    page.get_by_role("radio", name="Direction").click()
    all_in_window(page.get_by_alt_text(re.compile("^decoded picture of .* strength")).first)
    page.mouse.wheel(0, -100_000)
    page.get_by_role("radio", name="dimensions").click()
    expect(page).to_have_url(re.compile("view=dimensions"))
    expect(page.get_by_test_id("surface")).to_have_count(0)
    page.get_by_role("radio", name="interpolate").click()
    canvas = ready(page)
    answered(page)
    settled(page)
    all_in_window(canvas)


@pytest.mark.parametrize(("view", "sign"), [("samples", "20 test images"), ("reconstruct", "worse than")])
def test_pages_of_pictures_have_no_barrier(browser, server, view, sign):
    with tab(browser, reduced_motion="reduce") as page:
        page.goto(address(server, run="digits-2d", view=view))
        expect(page.get_by_text(sign).first).to_be_visible()
        assert_no_barrier_in_either_scheme(page)


def test_samples_and_real_images_are_seen_together(projector, server):
    page = projector
    page.goto(address(server, run="mnist-2d", view="samples"))
    all_in_window(alt(page, "20 pictures from the prior"), alt(page, "20 test images"))
    all_in_window(page.get_by_role("button", name="PNG"), page.get_by_role("button", name="npz"))
    page.get_by_text("Posterior of an image", exact=True).click()
    all_in_window(page.get_by_alt_text(re.compile("^20 pictures from the posterior of test image 0")))

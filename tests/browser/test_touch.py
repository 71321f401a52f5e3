"""Does the map work under fingers, on a page as wide as a phone?

Touches are Chromium's own (CDP `Input.dispatchTouchEvent`), so they go through hit testing and through `touch-action` as a hand's would.
On a 2-D run the code under a place is the place itself: how far apart two codes are tells how close the camera is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.browser import surface
from tests.browser.surface import address, settled, tab

WIDTH, HEIGHT = 390, 844


@pytest.fixture(scope="module")
def phone(browser, server) -> Iterator[Page]:
    """One page with touch, 390 pixels wide, for all tests here; each opens its own view."""
    size = {"width": WIDTH, "height": HEIGHT}
    with tab(browser, viewport=size, has_touch=True, is_mobile=True, reduced_motion="reduce") as page:
        yield page


class Fingers:
    """One or two fingers on the map; places are shares of its width and height."""

    def __init__(self, page: Page, canvas: Locator) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.page, self.box = page, canvas.bounding_box()

    def at(self, x: float, y: float) -> dict[str, float]:
        return {"x": self.box["x"] + x * self.box["width"], "y": self.box["y"] + y * self.box["height"]}

    def send(self, kind: str, places: Sequence[tuple[float, float]]) -> None:
        points = [{**self.at(*place), "id": i} for i, place in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        settled(self.page)

    def down(self, *places: tuple[float, float]) -> None:
        self.send("touchStart", places)

    def move(self, *places: tuple[float, float]) -> None:
        self.send("touchMove", places)

    def up(self) -> None:
        self.send("touchEnd", [])


def opened(page: Page, server: str, **query: str) -> Locator:
    canvas = surface.opened(page, server, **query)
    canvas.scroll_into_view_if_needed()
    settled(page)
    return canvas


def code(page: Page) -> np.ndarray:
    return np.array(surface.code(page))


def under(page: Page, fingers: Fingers, *places: tuple[float, float]) -> np.ndarray:
    """The codes under some places: one finger goes from one to the next. Farther than a tap, so nothing is pinned."""
    fingers.down((0.5, 0.5))
    codes = []
    for place in places:
        fingers.move(place)
        codes.append(code(page))
    fingers.up()
    return np.array(codes)


def scrolled(page: Page) -> list[float]:
    """How far the page and what it scrolls in are from their beginnings."""
    return page.evaluate("[scrollX, scrollY, ...[...document.querySelectorAll('*')].map((e) => e.scrollTop + e.scrollLeft)]")


def test_one_finger_decodes_along_the_way_and_pins_nothing(phone, server):
    canvas = opened(phone, server, run="digits-2d")
    fingers, before = Fingers(phone, canvas), scrolled(phone)
    path = [(0.3, 0.3), (0.4, 0.4), (0.5, 0.5), (0.6, 0.6), (0.7, 0.7)]
    codes = under(phone, fingers, *path)
    steps = np.diff(codes, axis=0)
    assert (steps[:, 0] > 0).all() and (steps[:, 1] < 0).all()  # to the right, and down
    np.testing.assert_allclose(steps, np.tile(steps.mean(0), (4, 1)), rtol=0.02)  # equal steps of the finger are equal steps of z
    assert scrolled(phone) == before
    expect(phone.get_by_test_id("pin")).to_contain_text("Nothing pinned")


def test_a_tap_pins_the_place_under_it(phone, server):
    canvas = opened(phone, server, run="digits-2d")
    fingers = Fingers(phone, canvas)
    [wanted] = under(phone, fingers, (0.35, 0.4))
    fingers.down((0.35, 0.4))
    fingers.up()
    expect(phone.get_by_test_id("pin")).to_have_attribute("data-label", "A")
    pinned = json.loads(phone.get_by_test_id("pin").get_attribute("data-z"))
    assert pinned == pytest.approx(wanted.tolist(), abs=6e-5)  # the link that the server answers with has four decimals


def test_two_fingers_zoom_around_their_middle_and_move_the_map(phone, server):
    canvas = opened(phone, server, run="digits-2d")
    settled(phone)
    fingers, before = Fingers(phone, canvas), scrolled(phone)
    middle, aside = (0.5, 0.5), (0.6, 0.4)
    first = under(phone, fingers, middle, aside)
    fingers.down((0.4, 0.5), (0.6, 0.5))
    for reach in (0.12, 0.15, 0.2):
        fingers.move((0.5 - reach, 0.5), (0.5 + reach, 0.5))
    fingers.up()
    zoomed = under(phone, fingers, middle, aside)
    scale = 0.4 / 0.2  # from a fifth of the width to two fifths
    np.testing.assert_allclose(zoomed[0], first[0], atol=0.01)
    np.testing.assert_allclose(zoomed[1] - zoomed[0], (first[1] - first[0]) / scale, rtol=0.02)
    fingers.down((0.4, 0.5), (0.6, 0.5))
    for x in (0.03, 0.06, 0.1):
        fingers.move((0.4 + x, 0.5 - x), (0.6 + x, 0.5 - x))
    fingers.up()
    moved = under(phone, fingers, aside)
    np.testing.assert_allclose(moved[0], zoomed[0], atol=0.02)  # what was in the middle went along with the fingers
    assert scrolled(phone) == before
    assert phone.evaluate("visualViewport.scale") == pytest.approx(1)  # the map was zoomed, not the page
    expect(phone.get_by_test_id("pin")).to_contain_text("Nothing pinned")


def test_a_finger_that_stays_after_a_pinch_does_nothing(phone, server):
    canvas = opened(phone, server, run="digits-2d")
    fingers = Fingers(phone, canvas)
    fingers.down((0.4, 0.5), (0.6, 0.5))
    fingers.move((0.3, 0.5), (0.7, 0.5))
    fingers.send("touchEnd", [(0.3, 0.5)])
    before = code(phone)
    fingers.move((0.35, 0.6))
    fingers.up()
    np.testing.assert_array_equal(code(phone), before)
    expect(phone.get_by_test_id("pin")).to_contain_text("Nothing pinned")


OVER = [("Find", "Find"), ("Export from the map", "Export from the map")]


@pytest.mark.parametrize(("button", "name"), OVER)
def test_a_tap_elsewhere_closes_what_lies_over_the_map_and_pins_nothing(phone, server, button, name):
    canvas = opened(phone, server, run="digits-2d")
    opener, dialog = phone.get_by_role("button", name=re.compile(f"^{button}")), phone.get_by_role("dialog", name=name)
    opener.tap()
    expect(dialog).to_be_visible()
    settled(phone)  # what is opened is brought into view, and lies over all of a small map but its edge
    phone.touchscreen.tap(*surface.at(canvas, 0.5, 0.01))
    expect(dialog).to_be_hidden()
    settled(phone)
    expect(phone.get_by_test_id("pin")).to_contain_text("Nothing pinned")
    opener.tap()
    expect(dialog).to_be_visible()
    opener.tap()
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("run", ["mnist-2d", "mnist-20d"])
@pytest.mark.parametrize("view", ["atlas", "reconstruct", "interpolate", "dimensions"])
def test_no_view_scrolls_sideways(phone, server, view, run):
    phone.goto(address(server, run=run, view=view))
    target = phone.get_by_test_id("stPlotlyChart") if view == "dimensions" else phone.get_by_test_id("decoded")
    expect(target.first).to_be_visible()
    settled(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= WIDTH
    phone.evaluate("scrollTo(100, 0)")
    assert phone.evaluate("scrollX") == 0
    main = phone.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    # what Streamlit clips would be out of reach: no control lies beyond the edge, but for those of a row that scrolls sideways itself
    beyond = phone.evaluate(BEYOND, WIDTH)
    assert not beyond, beyond


BEYOND = """(width) => {
  const isInARow = (e) => {
    for (let node = e.parentNode; node && node !== document.body; node = node.parentNode ?? node.host) {
      if (!(node instanceof Element) || node.dataset.testid === 'stMain') continue;
      if (/auto|scroll/.test(getComputedStyle(node).overflowX) && node.scrollWidth > node.clientWidth) return true;
    }
    return false;
  };
  const roots = [document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)];
  return roots.flatMap((root) => [...root.querySelectorAll('button, select, input, [role=application]')])
    .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !isInARow(e))
    .map((e) => [e.getAttribute('aria-label') ?? e.textContent, e.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && (box.right > width + 1 || box.left < -1))
    .map(([name, box]) => `${name}: ${Math.round(box.left)} to ${Math.round(box.right)}`);
}"""


def test_keys_are_told_where_a_keyboard_is_likely_and_in_the_help_always(browser, server):
    for options in ({}, {"viewport": {"width": WIDTH, "height": HEIGHT}, "has_touch": True, "is_mobile": True}):
        with tab(browser, **options) as page:
            is_told = not options
            opened(page, server, run="mnist-2d")
            keys = surface.drawer(page).locator("kbd")
            assert keys.count() > 3
            assert [key.is_visible() for key in keys.all()] == [is_told] * keys.count()
            page.keyboard.press("Escape")
            surface.find(page, "hole")
            hole = page.get_by_role("button", name=re.compile("Show me a hole"))
            expect(hole).to_have_text("Show me a hole (h)" if is_told else "Show me a hole", use_inner_text=True)
            surface.find(page, "keys and gestures")
            expect(page.get_by_role("dialog", name="Keys and gestures").get_by_text("Ctrl+K")).to_be_visible()

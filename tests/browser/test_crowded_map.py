"""In a real browser: do names and pictures on the map keep off each other, and whose is the wheel, the map's or the page's?

What is drawn is read from the canvas' own calls, with the letters' ink as the browser measures it, not from what placed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import exp

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.surface import SURFACE, answered, at, opened, settled, tab, the_map

# Before a page's own programs: every canvas keeps what was written and pasted on it since it was cleared, in CSS pixels, and the page's
# clock can be held.
WATCH_CANVAS = """(() => {
  const made = CanvasRenderingContext2D.prototype;
  const watch = (name, boxOf) => {
    const own = made[name];
    made[name] = function (...given) {
      const { a, d, e, f } = this.getTransform();
      const [left, top, width, height, text] = boxOf(this, given);
      const box = [left * a + e, top * d + f, width * a, height * d].map((value) => value / devicePixelRatio);
      (this.canvas.calls ??= []).push({ name, box, text });
      return own.apply(this, given);
    };
  };
  watch('strokeText', (context, [text, x, y]) => {
    const ink = context.measureText(text);
    const [left, top] = [x - ink.actualBoundingBoxLeft, y - ink.actualBoundingBoxAscent];
    return [left, top, ink.actualBoundingBoxRight + x - left, ink.actualBoundingBoxDescent + y - top, text];
  });
  watch('drawImage', (context, [, x, y, width = 0, height = 0]) => [x, y, width, height, '']);
  watch('strokeRect', (context, [x, y, width, height]) => {
    const line = context.lineWidth;
    return [x - line / 2, y - line / 2, width + line, height + line, ''];
  });
  const clear = made.clearRect;
  made.clearRect = function (...given) {
    this.canvas.calls = [];
    return clear.apply(this, given);
  };
  const now = performance.now.bind(performance);
  let [held, later] = [null, 0];
  performance.now = () => held ?? now() + later;
  window.holdClock = () => (held = performance.now());
  window.clockGoesOn = (ms) => {
    later += held === null ? ms : held - (now() + later) + ms;
    held = null;
  };
})()"""

# The camera and the pixels of the map.
VIEW = f"""(() => {{
  const {{ camera, plot }} = ({SURFACE}).shown().context.state.view;
  return [camera.x, camera.y, camera.scale, plot.width, plot.height];
}})()"""
# Places of the path's numbered stops, map units.
STOPS = f"({SURFACE}).shown().context.state.host.path.stops"
STOP_PX = 10.5


@pytest.fixture
def watched(browser: Browser) -> Iterator[Page]:
    with tab(browser, viewport={"width": 1280, "height": 720}, reduced_motion="reduce") as page:
        page.add_init_script(WATCH_CANVAS)
        yield page


Box = tuple[float, float, float, float]


def calls(page: Page, name: str) -> list[tuple[str, Box]]:
    """Of that name since the map was cleared: what was written, and left, top, width, height."""
    found = the_map(page).evaluate("(map, name) => (map.calls ?? []).filter((call) => call.name === name)", name)
    return [(call["text"], tuple(call["box"])) for call in found]


def on_each_other(one: Box, other: Box) -> bool:
    (a, b, w, h), (c, d, u, v) = one, other
    return a < c + u and c < a + w and b < d + v and d < b + h


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        settled(page)


def on_map(page: Page, places: list[list[float]]) -> list[tuple[float, float]]:
    """Map units to pixels of the map."""
    x, y, scale, width, height = page.evaluate(VIEW)
    return [(width / 2 + (u - x) * scale, height / 2 - (v - y) * scale) for u, v in places]


def test_no_name_on_the_map_lies_on_another_on_a_stop_or_outside(watched, server):
    """Names of three paths between near stops and of the prior's rings, at five cameras."""
    page = watched
    opened(page, server, run="mnist-2d", view="interpolate", stops="0.9_0.9*a~1.3_1.2*b~0.8_1.4*c")
    answered(page)
    the_map(page).focus()
    settled(page)
    seen = set()
    for keys in ((), ("r",), ("+", "+"), ("+", "+"), ("-", "-", "-", "-", "-")):
        press(page, *keys)
        names = calls(page, "strokeText")
        *_, width, height = page.evaluate(VIEW)
        for text, (left, top, w, h) in names:
            assert left >= 0 and top >= 0 and left + w <= width and top + h <= height, text
        for (text, one), (other, box) in combinations(names, 2):
            assert not on_each_other(one, box), (text, other)
        for stop in on_map(page, page.evaluate(STOPS)):
            square = (stop[0] - STOP_PX, stop[1] - STOP_PX, 2 * STOP_PX, 2 * STOP_PX)
            for text, box in names:
                assert not on_each_other(box, square), text
        seen |= {text for text, _ in names}
    assert len(seen) >= 5, seen


def test_of_pictures_close_by_none_lies_on_another(watched, server):
    page = watched
    opened(page, server, run="digits-2d")
    the_map(page).focus()
    counts = []
    for _ in range(14):
        press(page, "+")
        pictures, frames = calls(page, "drawImage"), calls(page, "strokeRect")
        pictures = [box for _, box in pictures if box[2] > 0]
        if not pictures:
            continue
        counts.append(len(pictures))
        assert len(frames) >= len(pictures)
        for one, other in combinations(pictures, 2):
            assert not on_each_other(one, other)
        for (_, one), (_, other) in combinations(frames, 2):
            apart = np.array(one[:2]) - np.array(other[:2])
            assert (np.abs(apart) >= np.array(one[2:]) - 2 - 1e-6).any()  # lines may share a border, pictures no pixel
    assert len(counts) >= 3 and max(counts) >= 10, counts


def scroll_top(page: Page) -> float:
    return float(page.get_by_test_id("stMain").evaluate("main => main.scrollTop"))


def test_the_wheel_zooms_under_a_pointer_at_rest_and_scrolls_on_a_page_that_is_being_scrolled(watched, server):
    page = watched
    canvas = opened(page, server, run="digits-2d", view="interpolate")
    page.get_by_role("radio", name="Direction").click()
    expect(page.get_by_alt_text("decoded picture of", exact=False).first).to_be_visible()
    answered(page)
    page.mouse.move(*(middle := (page.viewport_size["width"] * 0.3, page.viewport_size["height"] * 0.7)))
    page.get_by_test_id("stMain").evaluate("main => { main.scrollTop = main.scrollHeight; }")
    settled(page)
    before = page.evaluate(VIEW)
    assert scroll_top(page) > 200
    assert canvas.bounding_box()["y"] + canvas.bounding_box()["height"] < middle[1]
    page.evaluate("window.holdClock()")  # as fast as a hand, however slow the machine is
    while scroll_top(page) > 0:
        top = scroll_top(page)
        page.mouse.wheel(0, -120)
        page.wait_for_function("top => document.querySelector('[data-testid=stMain]').scrollTop < top", arg=top)
    box = canvas.bounding_box()
    assert box["y"] < middle[1] < box["y"] + box["height"] and box["x"] < middle[0] < box["x"] + box["width"]
    page.evaluate("window.clockGoesOn(0)")
    settled(page)
    assert page.evaluate(VIEW) == before
    page.evaluate("window.clockGoesOn(1000)")  # the hand rests
    x, y, scale, width, height = before
    page.mouse.wheel(0, -100)
    page.wait_for_function(f"before => {VIEW}[2] !== before", arg=scale)
    settled(page)
    after = page.evaluate(VIEW)
    assert scroll_top(page) == 0
    assert after[2] / scale == pytest.approx(exp(0.22), rel=1e-6)
    left, top = middle[0] - box["x"], middle[1] - box["y"]
    place = [(x + (left - width / 2) / scale, y - (top - height / 2) / scale)]
    assert on_map(page, place) == [pytest.approx((left, top), abs=0.01)]  # what lies under the pointer stays there


def test_the_wheel_over_the_map_never_scrolls_the_page_once_the_hand_has_moved_there(watched, server):
    page = watched
    canvas = opened(page, server, run="digits-2d", view="interpolate")
    answered(page)
    settled(page)
    before = page.evaluate(VIEW)
    page.mouse.move(*at(canvas, 0.4, 0.4))
    page.mouse.wheel(0, 100)
    page.wait_for_function(f"before => {VIEW}[2] < before", arg=before[2])
    settled(page)
    assert scroll_top(page) == 0

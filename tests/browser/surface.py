"""How does a browser test open the surface, wait until it rests, move over it, and read what it shows?

No test sleeps. `settled` waits until the page does nothing any more, `eventually` and Playwright's `expect` for what comes from the server.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.places import ASSETS
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

DESKTOP = {"width": 1400, "height": 1000}
SOME_CODE = re.compile(r"^\[.+\]$")

# What axe finds in Streamlit's own elements, which no option and no style of ours changes: rule, and what marks the element.
OF_STREAMLIT = (
    # its drop zone is made presentational and named at once; the button in it has a role and a name of its own
    ("presentation-role-conflict", 'data-testid="stFileUploaderDropzone"'),
)

# The first surface of the page, also where its host keeps it in a shadow root.
SURFACE = (
    "[document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)]"
    ".map((r) => r.querySelector('[data-testid=surface]')).find(Boolean).surface"
)

# Before a page's own programs: counts their frames and keeps their short timers, by which the surface waits for a hand that rests.
WATCH = """(() => {
  const ask = requestAnimationFrame.bind(window), later = setTimeout.bind(window), forget = clearTimeout.bind(window);
  const SHORT_MS = 200, STILL_FRAMES = 3;
  const timers = new Set();
  let drawn = 0, isLate = false, asker = '';
  window.requestAnimationFrame = (draw) => {
    if (isLate) asker = new Error().stack;
    return ask((now) => { drawn += 1; draw(now); });
  };
  window.setTimeout = (act, ms = 0, ...rest) => {
    if (typeof act !== 'function') return later(act, ms, ...rest);
    const id = later((...all) => { timers.delete(id); act(...all); }, ms, ...rest);
    if (ms <= SHORT_MS) timers.add(id);
    return id;
  };
  window.clearTimeout = (id) => { timers.delete(id); forget(id); };

  const ends = (animation) => animation.effect?.getComputedTiming().endTime !== Infinity;
  const isMoving = () => [document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)]
    .some((root) => root.getAnimations().some((one) => one.playState === 'running' && ends(one)));
  const isAsking = () => document.querySelector('[data-test-script-state]:not([data-test-script-state="notRunning"])') !== null;
  const reason = (seen) =>
    drawn !== seen ? 'frames' : timers.size > 0 ? 'timers' : isAsking() ? 'the server' : isMoving() ? 'transitions' : '';

  window.atRest = async (limit) => {
    const start = performance.now();
    for (let still = 0, seen = -1; still < STILL_FRAMES; ) {
      const busy = reason(seen);
      still = busy ? 0 : still + 1;
      isLate = performance.now() - start > limit - 1000;
      if (busy && performance.now() - start > limit) throw new Error(`the page does not come to rest: ${busy} ${asker}`);
      seen = drawn;
      await new Promise(ask);
    }
  };
})()"""


# Whether the page of the server was being drawn at any time since.
WATCH_RERUNS = """(() => {
  const app = document.querySelector('[data-test-script-state]');
  const runs = () => app !== null && app.getAttribute('data-test-script-state') !== 'notRunning';
  let seen = runs();
  const watch = new MutationObserver(() => { seen = true; });
  if (app) watch.observe(app, { attributes: true, attributeFilter: ['data-test-script-state'] });
  window.hasRerun = () => { seen ||= watch.takeRecords().length > 0; watch.disconnect(); return seen; };
})()"""


# --- opening


@contextmanager
def tab(browser: Browser, **options) -> Iterator[Page]:
    """A fresh tab; an exception in the page fails the test."""
    context = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "no-preference", **options})
    context.add_init_script(WATCH)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(120_000)
    try:
        yield page
    finally:
        context.close()  # a page that a failed test left open would draw on, beside all tests that follow
    assert not errors, errors


def address(server: str, **query: object) -> str:
    return f"{server}/?" + "&".join(f"{name}={value}" for name, value in query.items())


def ready(page: Page) -> Locator:
    """The map, once its first picture is there, and no other map: that of the view before stays until the server has drawn the next."""
    eventually(lambda: _one_map_and_picture(page))
    return the_map(page)


def _one_map_and_picture(page: Page) -> None:
    """Both in one: after quick clicks a view of several maps may come and go meanwhile."""
    assert the_map(page).evaluate_all("all => all.map((one) => one.checkVisibility({ visibilityProperty: true }))") == [True]
    codes = page.get_by_test_id("decoded").evaluate_all("all => all.map((one) => one.dataset.z ?? '')")
    assert len(codes) == 1 and SOME_CODE.match(codes[0]), codes


def opened(page: Page, server: str, **query: object) -> Locator:
    """The app at that link; gives the map."""
    page.goto(address(server, **query))
    return ready(page)


def pretrained(name: str) -> Run:
    return load_run(name, ASSETS)


# --- waiting


def settled(page: Page, seconds: float = 120.0) -> None:
    """Until the page draws no more frames, runs no transition, and waits neither for a resting hand nor for the server."""
    page.evaluate("seconds => window.atRest(1000 * seconds)", seconds)


def answered(page: Page) -> None:
    """Until the server has drawn its page: also where something on it plays on."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def hear(page: Page) -> None:
    """Requests and messages of the page reach the test only while it asks the page for something."""
    page.evaluate("new Promise(requestAnimationFrame)")


def eventually(check: Callable[[], object], seconds: float = 90.0) -> None:
    """Passes as soon as the check does: a map follows its neighbour some frames later, on a busy machine many.

    A check of what only the test's own handlers were told has to `hear` the page, otherwise nothing comes while it waits.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            check()
            return
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


# --- acting


def at(canvas: Locator, x: float, y: float) -> tuple[float, float]:
    """The page position of a share of the map's width and height."""
    box = canvas.bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def hover(page: Page, canvas: Locator, x: float, y: float) -> None:
    """Moves there and waits for what is shown of it."""
    page.mouse.move(*at(canvas, x, y))
    settled(page)


def choose_tab(where: Page | Locator, name: str) -> None:
    """One of the tabs beside the map; those that count something have the number after their name."""
    chosen = where.get_by_role("tab", name=re.compile(f"^{name}"))
    chosen.click()
    expect(chosen).to_have_attribute("aria-selected", "true")


def drawer(page: Page) -> Locator:
    """The layers' panel, opened."""
    button = page.get_by_role("button", name=re.compile("^Layers"))
    if button.get_attribute("aria-expanded") != "true":
        button.click()
    panel = page.get_by_role("group", name="Layers of the map")
    expect(panel).to_be_visible()
    return panel


def find(page: Page, text: str) -> None:
    """The first entry that the palette has for it: an image, a class, a command, a layer."""
    page.get_by_role("button", name=re.compile("^Find")).click()
    box = page.get_by_role("combobox", name="Find a command, a layer, an image or a class")
    box.fill(text)
    box.press("Enter")
    expect(box).to_be_hidden()


def export_menu(page: Page) -> Locator:
    """What can be taken away, opened."""
    page.get_by_role("button", name="Export from the map").click()
    return page.get_by_role("dialog", name="Export from the map")


def stroke(page: Page, canvas: Locator, places: list[tuple[float, float]], steps: int) -> None:
    """The mouse goes down at the first place and through the others; afterwards nothing is drawn any more."""
    first, *others = [at(canvas, x, y) for x, y in places]
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=steps)
    page.mouse.up()
    settled(page)


# --- reading


def the_map(where: Page | Locator) -> Locator:
    return where.get_by_role("application", name=re.compile("^Latent map"))


def of_screen(page: Page, read: str) -> Any:
    """What `read`, a function of the map's state, gives for the one map of the page; None while no map answers."""
    return page.evaluate(
        f"""() => {{
          let found = null;
          const hear = ({{ detail }}) => {{ found = ({read})(detail.state()); }};
          addEventListener('latent-atlas-screen', hear);
          dispatchEvent(new Event('latent-atlas-which-screen'));
          removeEventListener('latent-atlas-screen', hear);
          return found;
        }}"""
    )


def code(where: Page | Locator) -> list[float]:
    """The code of the decoded picture, with all its digits."""
    return json.loads(where.get_by_test_id("decoded").get_attribute("data-z"))


def watched(where: Page | Locator, frames: int) -> list[list[float]]:
    """The codes that are shown at each of the next frames."""
    return where.get_by_test_id("decoded").evaluate(
        """async (canvas, frames) => {
          const seen = [];
          for (let i = 0; i < frames; i++) {
            await new Promise(requestAnimationFrame);
            seen.push(JSON.parse(canvas.dataset.z));
          }
          return seen;
        }""",
        frames,
    )


def heading(where: Page | Locator) -> Locator:
    """What the card says that it shows."""
    return where.get_by_role("complementary", name="Under the cursor").get_by_role("heading").first


def tiles(page: Page) -> list[list[float]]:
    """The codes of the pins."""
    return [json.loads(tile.get_attribute("data-z")) for tile in page.get_by_test_id("tile").all()]


def pixels(canvas: Locator) -> np.ndarray:
    """(H, W, 4) bytes of a canvas."""
    height, width, *data = canvas.evaluate(
        "c => [c.height, c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    return np.array(data, np.uint8).reshape(height, width, 4)


def grey(canvas: Locator) -> np.ndarray:
    """(H, W) red levels of a canvas, which are all there is of a grey picture."""
    return pixels(canvas)[..., 0].astype(float)


def drawn(canvas: Locator) -> str:
    """What a canvas shows, to be compared with what it shows later."""
    return canvas.evaluate("c => c.toDataURL()")


# what axe finds in one scheme and not in the other
OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def assert_no_barrier(page: Page, *, rests: bool = True, rules: dict[str, object] | None = None) -> None:
    """axe finds nothing, of whatever impact, at rest; `rules`: axe's options, where not all rules are meant.

    What the server draws anew meanwhile fades, and looks fainter than it is: what is found then does not count, and nothing found does.
    """
    for _ in range(10):
        if rests:
            settled(page)
        page.evaluate(WATCH_RERUNS)
        found = [
            (violation["id"], node["target"], node["html"][:160])
            for violation in Axe().run(page, options={"resultTypes": ["violations"], **(rules or {})}).response["violations"]
            for node in violation["nodes"]
            if not any(violation["id"] == rule and mark in node["html"] for rule, mark in OF_STREAMLIT)
        ]
        if not found:
            return
        assert page.evaluate("window.hasRerun()"), found
    raise AssertionError(f"the server never stops drawing this page, on which there is {found}")


def assert_no_barrier_in_either_scheme(page: Page, *, rests: bool = True) -> None:
    """In light and in dark: an open page follows the wish of the system, so that one is enough for both."""
    for scheme, rules in (("light", None), ("dark", OF_COLOURS)):
        page.emulate_media(color_scheme=scheme)
        eventually(lambda wanted=scheme: _drawn_in(page, wanted))
        assert_no_barrier(page, rests=rests, rules=rules)


def _drawn_in(page: Page, scheme: str) -> None:
    """What the server chose follows the system a moment later; a page without a server has nothing to wait for."""
    apps = page.locator("[data-drawn-in]").all()
    assert all(app.get_attribute("data-drawn-in") == scheme for app in apps)

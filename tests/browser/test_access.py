"""Can everything be done by keyboard, without motion, and without a barrier that axe knows, also where drawers and panels are open?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.app.pages import NAMES
from tests.browser.surface import (
    address,
    answered,
    assert_no_barrier_in_either_scheme,
    choose_tab,
    code,
    drawn,
    opened,
    pretrained,
    settled,
    tab,
    the_map,
    watched,
)

# every control of the surface that Tab must reach, numbered; of a group of radio buttons Tab reaches the chosen one, arrows the others
NUMBER = """() => {
  const roots = [document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)];
  const root = roots.map((r) => r.querySelector('[data-testid=surface]')).find(Boolean);
  root.querySelectorAll('[data-reach]').forEach((e) => delete e.dataset.reach);
  const all = [...root.querySelectorAll('button:not([role=tab]), [role=tab][aria-selected=true], select, input, summary, [tabindex="0"]')]
    .filter((e) => e.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }))
    .filter((e) => !e.disabled && !(e.type === 'radio' && !e.checked));
  all.forEach((e, i) => (e.dataset.reach = i));
  root.querySelector('button').focus();
  return all.map((e) => e.getAttribute('aria-label') || e.textContent || e.tagName);
}"""

PROJECTOR, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
# the switch of a view that shows its parts, by name
SWITCHES = {"reconstruct": "Picture from", "interpolate": "More tools", "dimensions": "Look at"}

FOCUSED = """() => {
  let e = document.activeElement;
  while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  return e?.dataset?.reach === undefined ? null : Number(e.dataset.reach);
}"""


@pytest.fixture(scope="module")
def still(browser, server) -> Iterator[Page]:
    """One page for all tests here, of someone to whom motion is unwelcome; each opens its own view."""
    with tab(browser, reduced_motion="reduce") as page:
        yield page


def with_drawer(page: Page, canvas: Locator) -> Locator:
    canvas.focus()
    page.keyboard.press("l")
    panel = page.get_by_role("group", name="Layers of the map")
    expect(panel).to_be_visible()
    return panel


def choose(page: Page, wanted: str) -> None:
    """With keys alone: the list's option by its first letters, then Enter on the button after it."""
    choose_tab(page, "Group")
    which = page.get_by_label("Which points")
    which.focus()
    page.keyboard.type(wanted)
    assert which.evaluate("e => e.selectedOptions[0].textContent") == wanted
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def selection(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    return list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))


def everything_open(page: Page, server: str) -> None:
    """A list of extreme images, a pin, a selection, two saved groups with their slider: every tab beside the map has something to show."""
    canvas = opened(page, server, run="digits-2d")
    page.get_by_label("Colour points by").select_option("kl")
    for wanted in ("all of class 3", "all of class 4", "50 codes nearest to the probe"):
        choose(page, wanted)
        if wanted != "50 codes nearest to the probe":
            page.get_by_role("button", name="Save as group").click()
    canvas.press("Enter")
    choose_tab(page, "Group")
    expect(page.get_by_label(re.compile("^Strength"))).to_be_visible()
    settled(page)


def each_tab(page: Page) -> Iterator[str]:
    """The name of every tab, while it is chosen."""
    names = page.get_by_role("tab").all_inner_texts()
    assert len(names) >= 5
    for name in names:
        choose_tab(page, name)
        settled(page)
        yield name
    choose_tab(page, "Sliders")
    expect(page.get_by_test_id("dimension")).to_have_count(2)


def test_tab_reaches_every_control_of_the_surface(still, server):
    everything_open(still, server)
    everywhere: set[str] = set()
    for tab_name in each_tab(still):
        names = still.evaluate(NUMBER)
        everywhere |= set(names)
        reached = {still.evaluate(FOCUSED)}
        for _ in range(2 * len(names)):  # round the whole page: some controls lie before the surface, some after
            if reached >= set(range(len(names))):
                break
            still.keyboard.press("Tab")
            reached.add(still.evaluate(FOCUSED))
        missed = [name for i, name in enumerate(names) if i not in reached]
        assert not missed, tab_name
    assert len(everywhere) > 60


def test_axe_finds_nothing_with_all_panels_open(still, server):
    everything_open(still, server)
    for _ in each_tab(still):
        assert_no_barrier_in_either_scheme(still)


def each_part(page: Page, view: str) -> Iterator[str]:
    """A view as it opens, then every part of it that a switch shows, by name."""
    yield view
    options = page.get_by_role("radiogroup", name=SWITCHES.get(view, "none")).get_by_role("radio")
    for name in options.all_inner_texts():
        options.filter(has_text=name).click()
        answered(page)
        yield f"{view}: {name}"


@pytest.mark.parametrize("view", NAMES)
def test_axe_finds_nothing_in_any_part_of_a_view(browser, server, view):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        page.goto(address(server, run="digits-16d", view=view))
        answered(page)
        parts = []
        for part in each_part(page, view):
            assert_no_barrier_in_either_scheme(page)
            parts.append(part)
    assert len(parts) > 3 or view not in SWITCHES


@pytest.mark.parametrize("view", NAMES)
def test_axe_finds_nothing_on_a_phone(browser, server, view):
    with tab(browser, viewport=PHONE, has_touch=True, reduced_motion="reduce") as page:
        page.goto(address(server, run="digits-16d", view=view))
        answered(page)
        assert_no_barrier_in_either_scheme(page)


@pytest.mark.parametrize("run", ["there-is-none", "clinic-collapsed"])
def test_axe_finds_nothing_where_a_run_is_missing_or_collapsed(browser, server, run):
    with tab(browser, reduced_motion="reduce") as page:
        opened(page, server, run=run)
        assert_no_barrier_in_either_scheme(page)


def test_points_are_selected_by_keyboard(still, server):
    run = pretrained("digits-2d")
    mu = run.encodings.mu
    canvas = opened(still, server, run="digits-2d")
    for _ in range(3):
        canvas.press("ArrowRight")
    settled(still)
    z = np.array(code(still))

    choose(still, "50 codes nearest to the probe")
    chosen = [int(row["image"]) for row in selection(still)]
    distances = np.sort(np.linalg.norm(mu - z, axis=1))
    assert len(chosen) == len(set(chosen)) == 50
    np.testing.assert_allclose(np.linalg.norm(mu[chosen] - z, axis=1), distances[:50], atol=2e-3)  # codes came as float16
    expect(still.get_by_role("group", name="Selection and groups").get_by_text("50 points selected")).to_be_visible()

    choose(still, "all of class 7")
    assert sorted(int(row["image"]) for row in selection(still)) == np.flatnonzero(run.encodings.label == 7).tolist()

    choose(still, "all shown points")
    assert len(selection(still)) == len(mu)

    for _ in range(6):
        canvas.press("+")
    choose(still, "all points in view")
    inside = np.array([[float(row["z1"]), float(row["z2"])] for row in selection(still)])
    (x0, y0), (x1, y1) = inside.min(0), inside.max(0)
    in_box = (mu[:, 0] > x0 + 2e-3) & (mu[:, 0] < x1 - 2e-3) & (mu[:, 1] > y0 + 2e-3) & (mu[:, 1] < y1 - 2e-3)
    assert 4 < len(inside) < len(mu) / 2
    assert in_box.sum() <= len(inside)  # nothing within what was selected was left out


RING = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at || at === document.body) return null;
  const hasRing = (e) => {
    const style = getComputedStyle(e);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  const field = at.closest('[data-testid=stNumberInput], [data-testid=stSelectbox], [data-testid=stTextInput]');
  const hasBorder = (e) => /59, 91, 219|141, 162, 251/.test(getComputedStyle(e).borderColor);
  const isTable = at.matches('[data-testid=data-grid-canvas]'); // it draws the cell that has the keyboard
  const isSeen = isTable || [at, at.parentElement, at.nextElementSibling].some((e) => e && hasRing(e));
  const { x, y } = at.getBoundingClientRect();
  const name = at.getAttribute('aria-label') ?? at.textContent.trim().slice(0, 40);
  return [`${at.tagName} ${name} ${Math.round(x)} ${Math.round(y)}`, isSeen || [...(field?.querySelectorAll('div') ?? [])].some(hasBorder)];
}"""


FROM_THE_START = "(root => { root.tabIndex = -1; root.focus(); root.removeAttribute('tabindex'); })(document.documentElement)"


@pytest.mark.parametrize("view", ["atlas", "interpolate"])
def test_every_control_shows_that_it_has_the_keyboard(browser, server, view):
    with tab(browser, reduced_motion="reduce") as page:
        opened(page, server, run="mnist-2d", view=view)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            settled(page)
            page.evaluate(FROM_THE_START)
            seen: dict[str, bool] = {}
            for _ in range(150):
                page.keyboard.press("Tab")
                found = page.evaluate(RING)
                if found is None or found[0] in seen:
                    break
                seen[found[0]] = found[1]
            assert len(seen) > 25
            assert [name for name, is_seen in seen.items() if not is_seen] == []


FLY = """async (panel) => {
  const root = panel.getRootNode();
  const ground = root.querySelector('[data-testid=ground]');
  const box = panel.querySelector('[role=combobox]');
  box.value = 'image 321';
  box.dispatchEvent(new Event('input'));
  box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  const seen = [];
  for (let frame = 0; frame < 40; frame++) {
    await new Promise(requestAnimationFrame);
    await new Promise((done) => setTimeout(done)); // after the surface's own callback
    seen.push(ground.toDataURL());
  }
  return new Set(seen).size;
}"""


def test_the_camera_jumps_where_motion_is_unwelcome_and_glides_elsewhere(still, page, server):
    looks = {}
    for name, one in (("reduce", still), ("no-preference", page)):
        opened(one, server, run="digits-2d")
        one.keyboard.press("Control+k")
        panel = one.get_by_role("dialog", name="Find")
        expect(panel).to_be_visible()
        settled(one)
        before = drawn(one.get_by_test_id("ground"))
        looks[name] = panel.evaluate(FLY)
        settled(one)
        assert drawn(one.get_by_test_id("ground")) != before
        expect(panel).to_be_hidden()
    assert looks["reduce"] == 1
    assert looks["no-preference"] > 2


def test_a_path_does_not_play_by_itself_where_motion_is_unwelcome(still, server):
    opened(
        still, server, run="mnist-2d", view="interpolate", path="linear"
    )  # which is there at once: a geodesic comes when it is found
    expect(still.get_by_role("button", name=re.compile("^Play"))).to_be_visible()
    expect(still.get_by_text("Computing the geodesic")).to_be_hidden()  # its line joins the others when it is found
    settled(still)
    first, path = code(still), drawn(the_map(still))
    assert all(shown == first for shown in watched(still, 40))
    assert drawn(the_map(still)) == path  # all of the path is there at once
    still.get_by_role("button", name=re.compile("^Play")).click()  # who asks for motion gets it
    assert any(shown != first for shown in watched(still, 40))

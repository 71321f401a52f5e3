"""Is a map of melodies heard: nothing before it is asked for, then the decoded notes, the bar, the path; and can it always be stopped?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from explorer.hosts.cli import main
from explorer.surface import bundles
from tests.browser.conftest import served
from tests.browser.surface import (
    address,
    answered,
    assert_no_barrier,
    assert_no_barrier_in_either_scheme,
    at,
    code,
    eventually,
    ready,
    settled,
    tab,
    the_map,
)
from tests.kept import trained_runs
from tests.places import ASSETS
from trainer.config import FitConfig
from trainer.datasets import piano_roll
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

SMALL = {"latent_dim": 2, "hidden": (128,), "activation": "silu", "classifier": False, "umap": False}
CONFIGS = {"heard": FitConfig(data="melodies", **SMALL, beta=0.5, epochs=20, batch_size=64, learning_rate=2e-3, warmup_epochs=3)}
PROGRAMS = re.compile(r"/media/\w+\.(js|mjs|es)$")
PHONE = {"width": 390, "height": 844}

# Before the page's own programs: keeps every audio context, and each oscillator with its pitch and when it is to sound.
SPY = """(() => {
  window.contexts = [];
  window.notes = [];
  const Real = window.AudioContext;
  window.AudioContext = class extends Real {
    constructor(...options) { super(...options); window.contexts.push(this); }
    createOscillator() {
      const made = super.createOscillator(), note = { frequency: made.frequency, start: null, stop: null };
      const [start, stop] = [made.start.bind(made), made.stop.bind(made)];
      made.start = (when) => { note.start = when; start(when); };
      made.stop = (when) => { note.stop = when; stop(when); };
      window.notes.push(note);
      return made;
    }
  };
})()"""
HEARD = "window.notes.map(({ frequency, start }) => [frequency.value, start])"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return trained_runs(tmp_path_factory.mktemp("melodies"), CONFIGS)


@pytest.fixture(scope="module")
def app(folder) -> Iterator[str]:
    with served(folder) as url:
        yield url


@pytest.fixture(scope="module")
def run(folder) -> Run:
    return load_run("heard", folder)


@pytest.fixture
def listening(browser: Browser) -> Iterator[Page]:
    with tab(browser) as page:
        page.context.add_init_script(SPY)
        yield page


def opened(page: Page, url: str) -> Locator:
    page.goto(url)
    canvas = ready(page)
    settled(page)
    return canvas


def switch(page: Page) -> Locator:
    return page.get_by_role("button", name="Sound", exact=True)


def on(page: Page) -> None:
    switch(page).click()
    expect(switch(page)).to_have_attribute("aria-pressed", "true")
    settled(page)


def heard(page: Page) -> list[list[float]]:
    return page.evaluate(HEARD)


def roll_of(run: Run, z: list[float]) -> np.ndarray:
    """(24, 16): which pitches sound at which step, by the decoder in numpy."""
    return run.forward.decode(np.array([z], np.float32))[0, 0] >= 0.5


def pitches(run: Run, z: list[float], steps: int) -> list[tuple[int, int]]:
    """The notes that begin within so many steps: MIDI's number and the step."""
    cells = roll_of(run, z)
    begins = cells & ~np.pad(cells, ((0, 0), (1, 0)))[:, :-1]
    known = piano_roll("melodies")
    assert known is not None
    found = [(known.lowest_pitch + 23 - int(row), int(step)) for row, step in np.argwhere(begins[:, :steps])]
    return sorted(found, key=lambda note: (note[1], -note[0]))


def played(page: Page) -> list[tuple[int, int]]:
    """The same of what was heard, from the first note on: MIDI's numbers by log₂, steps of 150 ms."""
    notes = heard(page)
    return [(round(69 + 12 * np.log2(frequency / 440)), round((start - notes[0][1]) / 0.15)) for frequency, start in notes]


def from_first(notes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(pitch, step - notes[0][1]) for pitch, step in notes]


def somewhere(page: Page, canvas: Locator, run: Run, steps: int) -> list[tuple[int, int]]:
    """Moves over the map to a place whose picture has notes in the first steps, and gives them."""
    for x, y in product((0.5, 0.45, 0.55, 0.42, 0.58), (0.5, 0.4, 0.6, 0.3, 0.7)):
        page.evaluate("window.notes.length = 0")
        page.mouse.move(*at(canvas, x, y))
        settled(page)
        if notes := pitches(run, code(page), steps):
            return notes
    raise AssertionError("no place of the map is heard")


def test_nothing_sounds_before_it_is_asked_for(listening, app):
    canvas = opened(listening, address(app, run="heard"))
    expect(switch(listening)).to_have_attribute("aria-pressed", "false")
    expect(listening.get_by_test_id("piano-roll")).to_be_hidden()
    listening.mouse.move(*at(canvas, 0.4, 0.4))
    listening.mouse.move(*at(canvas, 0.6, 0.5))
    settled(listening)
    assert listening.evaluate("window.contexts.length") == 0
    on(listening)
    assert listening.evaluate("window.contexts.map((context) => context.state)") == ["running"]
    assert heard(listening) == []  # it is on, and the hand has not moved
    switch(listening).click()
    eventually(lambda: assert_states(listening, ["suspended"]))
    listening.mouse.move(*at(canvas, 0.4, 0.4))
    settled(listening)
    assert heard(listening) == []


def assert_states(page: Page, states: list[str]) -> None:
    assert page.evaluate("window.contexts.map((context) => context.state)") == states


def test_a_place_is_heard_by_its_first_beat_and_enter_plays_its_bar(listening, app, run):
    canvas = opened(listening, address(app, run="heard"))
    on(listening)
    notes = somewhere(listening, canvas, run, 4)
    expect(listening.get_by_test_id("sound-words")).to_contain_text("Another place of the map")  # it is over
    assert played(listening) == from_first(notes)
    listening.evaluate("window.notes.length = 0")
    listening.keyboard.press("Enter")
    expect(listening.get_by_test_id("sound-words")).to_have_text("The bar sounds.")
    expect(listening.get_by_test_id("sound-words")).to_contain_text("Another place of the map")
    assert played(listening) == from_first(pitches(run, code(listening), 16))
    assert listening.get_by_test_id("tile").count() == 0  # and pins nothing
    listening.keyboard.press("Shift+Enter")
    expect(listening.get_by_test_id("tile")).to_have_count(1)
    assert listening.evaluate("window.notes.length") == len(pitches(run, code(listening), 16))


def test_the_roll_shows_the_notes_and_a_line_moves_over_it(listening, app, run):
    canvas = opened(listening, address(app, run="heard"))
    on(listening)
    somewhere(listening, canvas, run, 16)
    roll = listening.get_by_test_id("piano-roll")
    first = pitches(run, code(listening), 16)[0][0]
    name = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"][first % 12] + str(first // 12 - 1)
    expect(roll).to_have_attribute(
        "aria-label", re.compile(f"^Piano roll of the decoded bar, beat . *: {name}".replace(". *", r"\d"))
    )
    line = roll.locator(".la-roll-line")
    expect(line).to_be_hidden()
    listening.get_by_role("button", name="Play bar").click()
    seen = line.evaluate(
        """async (line) => {
          const seen = [];
          while (!line.hasAttribute('hidden')) {
            seen.push(Number(/translate\\(([\\d.]+)/.exec(line.getAttribute('transform'))[1]));
            await new Promise(requestAnimationFrame);
          }
          return seen;
        }"""
    )
    assert seen == sorted(seen)
    assert seen[0] < 4
    assert 12 < seen[-1] < 16
    assert len(set(seen)) > 8


def test_escape_and_the_button_stop_it(listening, app, run):
    canvas = opened(listening, address(app, run="heard"))
    on(listening)
    somewhere(listening, canvas, run, 16)
    stop = listening.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_disabled()
    for act in (lambda: listening.keyboard.press("Escape"), stop.click):
        listening.get_by_role("button", name="Play bar").click()
        expect(stop).to_be_enabled()
        act()
        expect(stop).to_be_disabled()
        late = "window.notes.filter(({ stop }) => stop > window.contexts[0].currentTime + 0.1).length"
        assert listening.evaluate(late) == 0


def test_a_path_is_heard_along_the_way_until_it_is_stopped(listening, app):
    listening.goto(address(app, run="heard", view="interpolate"))
    expect(listening.get_by_role("slider", name="Position on the path")).to_be_visible()
    answered(listening)
    switch(listening).click()
    pause = listening.get_by_role("button", name=re.compile("^Pause"))
    if pause.count() == 0:
        listening.get_by_role("button", name=re.compile("^Play the path|^Play$")).first.click()
    expect(listening.get_by_test_id("sound-words")).to_have_text(re.compile("along the way sounds|silence"))
    eventually(lambda: assert_many(listening, 6))
    listening.keyboard.press("Escape")
    expect(pause).to_have_count(0)
    expect(listening.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    settled(listening)
    before = len(heard(listening))
    settled(listening)
    assert len(heard(listening)) == before


def assert_many(page: Page, n: int) -> None:
    assert len(heard(page)) >= n


def test_with_reduced_motion_the_line_goes_from_step_to_step(browser, app, run):
    with tab(browser, reduced_motion="reduce") as page:
        page.context.add_init_script(SPY)
        canvas = opened(page, address(app, run="heard"))
        on(page)
        somewhere(page, canvas, run, 16)
        page.get_by_role("button", name="Play bar").click()
        line = page.get_by_test_id("piano-roll").locator(".la-roll-line")
        for _ in range(5):
            expect(line).to_have_attribute("transform", re.compile(r"^translate\(\d+\.000 0\)$"))


def test_the_volume_is_that_of_the_slider(listening, app):
    opened(listening, address(app, run="heard"))
    on(listening)
    slider = listening.get_by_role("slider", name="Volume")
    assert slider.input_value() == "60"
    slider.press("Home")
    assert slider.input_value() == "0"


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 720}, PHONE], ids=["desk", "phone"])
def test_its_controls_bar_nobody_and_fit(browser, app, viewport):
    with tab(browser, viewport=viewport) as page:
        opened(page, address(app, run="heard"))
        on(page)
        assert_no_barrier_in_either_scheme(page)
        for name in ("Play bar", "Stop"):
            box = page.get_by_role("button", name=name, exact=True).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= viewport["width"]
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_other_runs_have_no_sound_and_do_not_fetch_its_program(listening, app):
    fetched: list[str] = []

    def serve(route: Route) -> None:
        if route.fetch().text() == bundles.read("sound.js"):
            fetched.append(route.request.url)
        route.continue_()

    listening.route(PROGRAMS, serve)
    opened(listening, address(app, run="digits-2d"))
    expect(switch(listening)).to_have_count(0)
    assert fetched == []
    opened(listening, address(app, run="heard"))
    expect(switch(listening)).to_be_visible()
    assert len(fetched) == 1


def test_a_program_that_does_not_come_is_said(listening, app):
    def serve(route: Route) -> None:
        if route.fetch().text() == bundles.read("sound.js"):
            route.abort()
        else:
            route.continue_()

    listening.route(PROGRAMS, serve)
    opened(listening, address(app, run="heard"))
    expect(listening.get_by_text("The sound did not load. Reload the page.")).to_be_visible()


def test_a_browser_without_web_audio_says_so(browser, app):
    with tab(browser) as page:
        page.context.add_init_script("delete window.AudioContext")
        opened(page, address(app, run="heard"))
        switch(page).click()
        expect(page.get_by_role("alert").filter(has_text="This browser plays no sound.")).to_be_visible()
        expect(switch(page)).to_be_disabled()


def test_a_file_from_disk_sounds_without_a_network(browser, folder, run, tmp_path):
    target = tmp_path / "heard.html"
    assert main(["export", "heard", "--html", str(target), "--runs", str(folder)]) == 0
    said: list[str] = []
    with tab(browser, offline=True) as page:
        page.context.add_init_script(SPY)
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        canvas = opened(page, target.as_uri())
        assert page.evaluate("window.contexts.length") == 0
        on(page)
        notes = somewhere(page, canvas, run, 4)
        assert played(page) == from_first(notes)
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("sound-words")).to_have_text("The bar sounds.")
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    assert not said, said


def late_notes(page: Page) -> int:
    """How many of the notes are to sound on."""
    return page.evaluate("window.notes.filter(({ stop }) => stop > window.contexts[0].currentTime).length")


def test_a_map_that_is_left_for_its_film_is_silent(browser, folder, tmp_path):
    target = tmp_path / "heard.html"
    assert main(["export", "heard", "--html", str(target), "--runs", str(folder)]) == 0
    with tab(browser, offline=True) as page:
        page.context.add_init_script(SPY)
        canvas = opened(page, target.as_uri())
        on(page)
        canvas.press("w")  # the random walk
        eventually(lambda: assert_many(page, 6))
        page.get_by_role("button", name="Film", exact=True).click()
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
        eventually(lambda: assert_silent(page))
        n, then = len(heard(page)), clock(page)
        eventually(lambda: assert_later(page, then + 1))
        assert len(heard(page)) == n


def clock(page: Page) -> float:
    """Seconds, of the clock of the sound."""
    return page.evaluate("window.contexts[0].currentTime")


def assert_later(page: Page, then: float) -> None:
    assert clock(page) > then


def assert_silent(page: Page) -> None:
    assert late_notes(page) == 0


def test_what_was_switched_off_has_faded_before_the_clock_of_the_sound_stops(listening, app):
    """Else the rest of its notes would be heard when it is switched on again."""
    canvas = opened(listening, address(app, run="heard"))
    on(listening)
    canvas.press("w")
    eventually(lambda: assert_many(listening, 6))
    switch(listening).click()
    eventually(lambda: assert_suspended(listening))
    assert late_notes(listening) == 0


def assert_suspended(page: Page) -> None:
    assert page.evaluate("window.contexts[0].state") == "suspended"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> str:
    """Where a web site of a run of melodies and another one lies on disk, with the last slash."""
    target = tmp_path_factory.mktemp("site") / "site"
    assert main(["site", str(target), "--lessons", "08-dimensions-that-die", "--runs", "melodies-2d", "digits-2d"]) == 0
    return f"{target.as_uri()}/"


def test_a_web_site_from_disk_sounds_and_brings_the_program_for_such_runs_only(browser, site):
    run = load_run("melodies-2d", ASSETS)
    asked: list[str] = []
    with tab(browser, offline=True) as page:
        page.context.add_init_script(SPY)
        page.on("request", lambda request: asked.append(request.url))
        opened(page, f"{site}run.html?run=digits-2d")
        expect(switch(page)).to_have_count(0)
        assert not [url for url in asked if "sound" in url]
        canvas = opened(page, f"{site}run.html?run=melodies-2d")
        assert len([url for url in asked if "sound" in url]) == 1
        on(page)
        notes = somewhere(page, canvas, run, 4)
        assert played(page) == from_first(notes)


def test_a_web_site_whose_program_of_sound_is_lost_shows_its_map(browser, site):
    with tab(browser) as page:
        page.route(re.compile("sound"), lambda route: route.abort())
        opened(page, f"{site}run.html?run=melodies-2d")
        expect(switch(page)).to_have_count(0)


def test_in_compare_every_column_of_melodies_has_its_own_sound(listening, app):
    listening.goto(address(app, run="heard", view="compare", **{"with": "melodies-2d"}))
    columns = listening.get_by_test_id("surface")
    expect(columns).to_have_count(2)
    settled(listening)
    second = columns.nth(1)
    expect(switch(listening)).to_have_count(2)
    assert listening.evaluate("window.contexts.length") == 0
    second.get_by_role("button", name="Sound", exact=True).click()
    settled(listening)
    assert listening.evaluate("window.contexts.length") == 1
    for x, y in product((0.5, 0.42, 0.58), (0.5, 0.4, 0.6)):
        listening.mouse.move(*at(the_map(second), x, y))
        settled(listening)
    assert heard(listening)
    expect(columns.first.get_by_role("button", name="Sound", exact=True)).to_have_attribute("aria-pressed", "false")
    assert_no_barrier(listening)


def test_a_file_of_another_run_is_without_it(folder, tmp_path):
    for name, root, has in (("heard", folder, True), ("digits-2d", ASSETS, False)):
        target = tmp_path / f"{name}.html"
        assert main(["export", name, "--html", str(target), "--runs", str(root)]) == 0
        assert (bundles.read("sound.js") in target.read_text(encoding="utf-8")) is has

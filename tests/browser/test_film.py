"""In a real browser: does the film of a training show the codes and the decoder of its moments, and does the map come back?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Route, expect

from explorer.surface.film import pack_film
from explorer.surface.film_file import REST, STEPS
from tests.browser.conftest import served
from tests.browser.surface import (
    address,
    answered,
    assert_no_barrier,
    eventually,
    find,
    grey,
    heading,
    pretrained,
    ready,
    tab,
    the_map,
)
from tests.kept import trained_runs
from tests.places import ASSETS
from trainer.config import FitConfig
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

CONFIGS = {
    "film-flat": FitConfig(hidden=(16,), latent_dim=2, epochs=4, classifier=False, umap=False),
    "film-deep": FitConfig(hidden=(24,), latent_dim=3, epochs=8, film_weights=5, classifier=False, umap=False),
}
REPLAY = (
    "[document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)]"
    ".map((r) => r.querySelector('[data-testid=film]')).find(Boolean).replay"
)
BOX = "Find a command, a layer, an image or a class"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return trained_runs(tmp_path_factory.mktemp("films"), CONFIGS)


@pytest.fixture(scope="module")
def films(folder) -> Iterator[str]:
    with served(folder) as url:
        yield url


def opened(page: Page, server: str, run: str) -> None:
    """The film, resting where a hand has put it: at its first moment."""
    page.goto(address(server, run=run, film="atlas"))
    expect(slider(page)).to_be_visible()
    answered(page)
    rested(page, "Home")


def rested(page: Page, key: str) -> None:
    slider(page).press(key)
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def slider(page: Page):
    return page.get_by_role("slider", name="Moment of the training")


def codes(page: Page) -> NDArray[np.float32]:
    return np.array(page.evaluate(f"() => Array.from({REPLAY}.shown.mu)"), np.float32)


def assert_decodes(page: Page, run: Run, i: int, z: list[float]) -> None:
    """As the i-th decoder that the run kept does in numpy."""
    found = page.evaluate(f"(z) => Array.from({REPLAY}.shown.model.decode(z))", z)
    expected = run.decoder_at(i).decode(np.array([z], np.float32))[0]
    np.testing.assert_allclose(np.reshape(found, expected.shape), expected, atol=1 / 254)


@pytest.mark.parametrize("name", CONFIGS)
def test_codes_and_decoder_are_those_of_the_moment(page, films, folder, name):
    run = load_run(name, folder)
    opened(page, films, name)
    last, kept = len(run.film.mu) - 1, run.film_weights
    for key, moment in (("Home", 0), ("ArrowRight", 1), ("End", last)):
        rested(page, key)
        np.testing.assert_array_equal(codes(page), run.film.mu[moment].astype(np.float32).ravel())
        expect(page.get_by_test_id("epoch")).to_have_text(f"Epoch {run.film.epoch[moment]:.1f} of {run.film.epoch[-1]:.0f}")
        i = kept.nearest(moment)
        assert_decodes(page, run, i, [0.7, -0.4, 0.2][: run.config.latent_dim])
        expect(page.get_by_test_id("decoded-by")).to_contain_text(f"by the weights of epoch {kept.epoch[i]:.1f}.")


def test_the_picture_under_the_cursor_is_decoded_by_the_weights_of_the_moment(page, films, folder):
    run = load_run("film-flat", folder)
    opened(page, films, "film-flat")
    picture = page.get_by_test_id("decoded")
    for key, i in (("Home", 0), ("End", len(run.film_weights.moment) - 1)):
        rested(page, key)

        def is_that_picture(i: int = i) -> None:
            z = np.array([json.loads(picture.get_attribute("data-z"))], np.float32)
            np.testing.assert_allclose(grey(picture) / 255, run.decoder_at(i).decode(z)[0, 0], atol=1 / 254)

        eventually(is_that_picture)


def test_it_plays_by_itself_to_the_end(page, films, folder):
    run = load_run("film-flat", folder)
    opened(page, films, "film-flat")
    page.get_by_role("button", name="2×").click()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()  # at the end it rests
    assert slider(page).input_value() == str(len(run.film.mu) - 1)
    np.testing.assert_array_equal(codes(page), run.film.mu[-1].astype(np.float32).ravel())


def test_a_run_without_weights_says_so_and_shows_the_picture_of_the_end_greyed(page, films):
    opened(page, films, "mnist-2d")
    said = page.get_by_test_id("decoded-by")
    expect(said).to_contain_text("This run kept no weights of its film")
    expect(said).to_contain_text("This one is of the end.")
    rested(page, "End")
    expect(said).to_have_text(f"Decoded by the weights of epoch {pretrained('mnist-2d').config.epochs}.0.")


def test_a_run_without_a_film_offers_none(page, films):
    page.goto(address(films, run="digits-pca"))
    ready(page)
    expect(page.get_by_role("button", name="Film")).to_be_disabled()
    page.goto(address(films, run="digits-pca", film="atlas"))
    expect(page.get_by_role("alert")).to_contain_text("has no film of its training")


def test_film_and_map_are_a_click_a_key_and_a_step_back_apart(page, films):
    page.goto(address(films, run="digits-2d"))
    ready(page)
    film = page.get_by_test_id("film")
    page.get_by_role("button", name="Film").click()
    expect(film).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("surface")).to_be_visible()
    expect(film).to_have_count(0)
    page.get_by_role("button", name="Film").click()
    expect(film).to_be_visible()
    page.reload()
    expect(film).to_be_visible()
    page.get_by_role("button", name="Back to the map").click()
    expect(page.get_by_test_id("surface")).to_be_visible()
    page.go_back()
    expect(film).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bars_of_a_resting_film_have_the_charts_colours(browser, films, scheme):
    """From its first picture on: where nothing moves there is no second one."""
    with tab(browser, color_scheme=scheme, reduced_motion="reduce") as page:
        page.goto(address(films, run="film-flat", film="atlas"))
        bars = page.get_by_role("img", name=re.compile("^KL of")).locator("rect")
        expect(bars.first).to_be_visible()
        fills = bars.evaluate_all("all => all.map((bar) => getComputedStyle(bar).fill)")
        assert fills and "rgb(0, 0, 0)" not in fills, fills


def test_a_key_and_the_palette_show_the_film_and_the_key_brings_the_map_back(page, films):
    page.goto(address(films, run="film-flat"))
    ready(page)
    film = page.get_by_test_id("film")
    page.keyboard.press("f")
    expect(film).to_be_visible()
    page.keyboard.press("f")
    expect(page.get_by_test_id("surface")).to_be_visible()
    expect(film).to_have_count(0)
    find(page, "film")
    expect(film).to_be_visible()


def test_a_run_without_a_film_lists_no_command_for_it(page, films):
    page.goto(address(films, run="digits-pca"))
    ready(page)
    page.get_by_role("button", name=re.compile("^Find")).click()
    page.get_by_role("combobox", name=BOX).fill("film")
    expect(page.get_by_role("listbox", name="What is found").get_by_role("option")).to_have_count(0)


def test_in_compare_the_key_of_a_column_shows_the_films_of_all(page, films):
    page.goto(address(films, run="film-flat", view="compare", **{"with": "film-deep"}))
    second = page.get_by_test_id("surface").nth(1)
    expect(heading(second)).to_be_visible()
    the_map(second).press("f")
    expect(slider(page)).to_have_count(2)
    page.keyboard.press("f")
    expect(page.get_by_test_id("surface")).to_have_count(2)


STALE = """() => {
  const map = document.createElement('canvas');
  map.tabIndex = 0;
  map.addEventListener('keydown', (event) => { window.heard = event.key; event.preventDefault(); event.stopPropagation(); });
  document.body.append(map);
  map.focus();
}"""
"""A map as the page keeps it, with the keyboard and its own use for the key, while what the server draws takes its place."""


def test_the_key_is_the_films_where_a_map_that_goes_still_has_the_keyboard(page, films):
    page.goto(address(films, run="film-flat", view="compare", film="compare", **{"with": "film-deep"}))
    expect(slider(page)).to_have_count(2)
    page.evaluate(STALE)
    page.keyboard.press("f")
    expect(page.get_by_test_id("surface")).to_have_count(2)
    assert page.evaluate("window.heard") is None


def test_the_key_is_the_films_before_its_bytes_are_there(page, films):
    waiting: list[Route] = []
    page.route("**/media/*.bin", lambda route: waiting.append(route))
    page.goto(address(films, run="film-flat"))
    ready(page)
    with page.expect_request("**/media/*.bin"):
        page.keyboard.press("f")
    expect(page.get_by_test_id("surface")).to_have_count(0)
    page.keyboard.press("f")
    expect(page.get_by_test_id("surface")).to_be_visible()
    for route in waiting:
        route.continue_()
    expect(page.get_by_test_id("film")).to_have_count(0)


def test_what_is_drawn_anew_keeps_its_moment_and_whether_it_plays(page, films):
    """On another map: the film is made anew there."""
    opened(page, films, "film-deep")
    for _ in range(2):
        slider(page).press("ArrowRight")
    page.get_by_role("button", name="0.5×").click()
    page.evaluate(f"() => {{ window.before = {REPLAY}; }}")
    page.get_by_role("radiogroup", name="Map").get_by_text("axes").click()
    eventually(lambda: _is_another(page))
    expect(slider(page)).to_have_value("2")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.get_by_role("button", name="0.5×")).to_have_attribute("aria-pressed", "true")

    page.get_by_role("button", name="Play").click()
    page.evaluate(f"() => {{ window.before = {REPLAY}; }}")
    page.get_by_role("radiogroup", name="Map").get_by_text("pca").click()
    eventually(lambda: _is_another(page))
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def _is_another(page: Page) -> None:
    assert page.evaluate(f"() => Boolean({REPLAY}) && {REPLAY} !== window.before")


def test_a_film_is_fetched_once_whatever_is_drawn_anew(page, films):
    """Not by the socket: its bytes have an address of their own, and the page keeps them."""
    asked: list[str] = []
    received: list[int] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith(".bin") else None)
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    opened(page, films, "mnist-20d")
    assert len(asked) == 1
    assert page.request.get(asked[0]).body() == pack_film(load_run("mnist-20d", ASSETS))
    assert sum(received) < 1_500_000
    page.get_by_role("button", name="Back to the map").click()
    expect(page.get_by_test_id("surface")).to_be_visible()
    page.get_by_role("button", name="Film").click()
    expect(slider(page)).to_be_visible()
    assert len(asked) == 1


def test_a_film_that_does_not_arrive_is_said(page, films):
    page.route("**/media/*.bin", lambda route: route.abort())
    page.goto(address(films, run="film-flat", film="atlas"))
    expect(page.get_by_role("alert")).to_have_text("The data did not arrive. Reload the page.")


def test_in_compare_one_slider_moves_both_columns_by_the_share_of_the_training(page, films, folder):
    """Of 4 and of 8 epochs: at the second moment of the first, the other is between two of its own."""
    page.goto(address(films, run="film-flat", view="compare", film="compare", **{"with": "film-deep"}))
    expect(slider(page)).to_have_count(2)
    runs = [load_run(name, folder) for name in CONFIGS]
    for key in ("Home", "ArrowRight", "End"):
        slider(page).first.press(key)
        expect(page.get_by_role("button", name="Play")).to_have_count(2)
        moment = {"Home": 0, "ArrowRight": 1, "End": len(runs[0].film.mu) - 1}[key]
        share = runs[0].film.epoch[moment] / runs[0].film.epoch[-1]
        for i, run in enumerate(runs):
            words = f"Epoch {share * run.film.epoch[-1]:.1f} of {run.film.epoch[-1]:.0f}"
            expect(page.get_by_test_id("epoch").nth(i)).to_have_text(words)
    assert_no_barrier(page)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("surface")).to_have_count(2)
    expect(slider(page)).to_have_count(0)


def test_in_compare_one_button_plays_and_pauses_both_columns(page, films):
    page.goto(address(films, run="film-flat", view="compare", film="compare", **{"with": "film-deep"}))
    expect(slider(page)).to_have_count(2)
    slider(page).first.press("Home")
    expect(page.get_by_role("button", name="Play")).to_have_count(2)
    page.get_by_role("button", name="Play").first.click()
    expect(page.get_by_role("button", name="Pause")).to_have_count(2)
    page.get_by_role("button", name="Pause").last.click()  # the one that is taken along
    expect(page.get_by_role("button", name="Play")).to_have_count(2)
    shares = [float(one.input_value()) / float(one.get_attribute("max")) for one in slider(page).all()]
    assert max(shares) < 1


def test_the_film_is_saved_as_a_gif(page, films, folder):
    opened(page, films, "film-flat")
    with page.expect_download() as download:
        page.get_by_role("button", name="GIF").click()
    assert download.value.suggested_filename == "film-flat-film-latent.gif"
    with Image.open(download.value.path()) as file:
        assert file.n_frames == (len(load_run("film-flat", folder).film.mu) - 1) * STEPS + 1 + REST


def test_no_barrier_and_room_on_a_phone(browser, films):
    with tab(browser, viewport=PHONE) as page:
        opened(page, films, "film-flat")
        assert_no_barrier(page)
        box = slider(page).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] and box["width"] >= 120
        assert box["y"] + box["height"] <= PHONE["height"]
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

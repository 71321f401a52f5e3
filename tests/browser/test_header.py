"""Do header, map and picture fit one screen, does a collapsed run say so first, and is a run chosen in the gallery, by keyboard too?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.app.pages import NAMES
from tests.browser.conftest import served
from tests.browser.surface import (
    SOME_CODE,
    address,
    answered,
    assert_no_barrier_in_either_scheme,
    eventually,
    opened,
    settled,
    tab,
    the_map,
)
from trainer.config import FitConfig
from trainer.datasets import load_dataset
from trainer.training.fit import fit

PROJECTOR, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
SIZES = pytest.mark.parametrize("size", [PROJECTOR, PHONE], ids=["projector", "phone"])
HEADER_PX = 104


def box(found: Locator) -> dict[str, float]:
    place = found.bounding_box()
    assert place is not None
    return place


def assert_on_screen(page: Page, found: Locator) -> None:
    """All of it lies in the window, without scrolling."""
    place, window = box(found), page.viewport_size
    assert place["x"] >= 0 and place["y"] >= 0
    assert place["x"] + place["width"] <= window["width"] + 1
    assert place["y"] + place["height"] <= window["height"] + 1


def row(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-{name}")


@pytest.mark.parametrize("run", ["mnist-2d", "mnist-20d", "digits-m2", "clinic-collapsed", "digits-pca"])
def test_the_map_begins_below_two_short_lines_and_has_the_rest_of_the_window(browser, server, run):
    with tab(browser, viewport=PROJECTOR) as page:
        opened(page, server, run=run)
        settled(page)
        assert box(row(page, "brand"))["height"] <= 48
        assert box(row(page, "about"))["height"] <= 32
        surface = box(page.get_by_test_id("surface"))
        assert surface["y"] <= HEADER_PX
        assert surface["y"] + surface["height"] >= PROJECTOR["height"] - 24


@SIZES
@pytest.mark.parametrize("run", ["mnist-2d", "mnist-20d"])
def test_map_and_picture_are_on_one_screen(browser, server, size, run):
    with tab(browser, viewport=size) as page:
        canvas = opened(page, server, run=run)
        settled(page)
        for found in (row(page, "brand"), canvas, page.get_by_test_id("decoded")):
            assert_on_screen(page, found)
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= size["width"]


@SIZES
def test_a_collapsed_run_says_so_in_sight_and_before_its_sentence(browser, server, size):
    with tab(browser, viewport=size) as page:
        opened(page, server, run="clinic-collapsed")
        settled(page)
        verdict = page.get_by_role("button", name=re.compile("Collapsed"))
        assert_on_screen(page, verdict)
        assert box(verdict)["x"] < 40
        if size is PROJECTOR:
            sentence = page.get_by_text(re.compile("^VAE with 8 latent dimensions on digits: ELBO"))
            assert box(sentence)["x"] > box(verdict)["x"] + box(verdict)["width"]


def test_run_and_view_stand_at_the_same_place_in_every_view(browser, server):
    with tab(browser, viewport=PROJECTOR) as page:

        def places() -> list[dict[str, float]]:
            return [box(row(page, name)) for name in ("run", "view", "all-runs", "share")]

        def stand_there(expected: list[dict[str, float]]) -> None:
            assert places() == expected

        page.goto(address(server, run="mnist-20d", view=NAMES[0]))
        expect(row(page, "view").get_by_role("radio", name=NAMES[-1])).to_be_visible()
        settled(page)
        first = places()
        for view in NAMES[1:]:
            page.goto(address(server, run="mnist-20d", view=view))
            expect(row(page, "view")).to_be_visible()
            answered(page)
            eventually(lambda: stand_there(first))  # a busy machine draws the row some frames later


def test_compare_has_both_maps_and_both_pictures_on_one_screen(browser, server):
    with tab(browser, viewport=PROJECTOR) as page:
        page.goto(address(server, run="mnist-20d", view="compare"))
        roots = page.get_by_test_id("surface")
        expect(roots).to_have_count(2)
        for i in range(2):
            expect(roots.nth(i).get_by_test_id("decoded")).to_have_attribute("data-z", SOME_CODE)
        settled(page)
        for i in range(2):
            assert_on_screen(page, the_map(roots.nth(i)))
            assert_on_screen(page, roots.nth(i).get_by_test_id("decoded"))


@SIZES
def test_the_chosen_view_is_in_sight(browser, server, size):
    with tab(browser, viewport=size) as page:
        page.goto(address(server, run="digits-2d", view="compare"))
        shown = row(page, "view").get_by_text("compare")
        expect(shown).to_be_visible()
        answered(page)
        switch, place = box(row(page, "view")), box(shown)
        assert switch["x"] - 1 <= place["x"] and place["x"] + place["width"] <= switch["x"] + switch["width"] + 1


# --- the gallery


def gallery(page: Page) -> Locator:
    dialog = page.get_by_role("dialog", name="Choose a run")
    expect(dialog.get_by_role("button", name="mnist-20d", exact=True)).to_be_visible()
    return dialog


@SIZES
def test_a_run_is_found_by_its_verdict_and_opened_in_the_same_view(browser, server, size):
    with tab(browser, viewport=size) as page:
        page.goto(address(server, run="digits-2d", view="dimensions"))
        page.get_by_role("button", name="All runs").click()
        dialog = gallery(page)
        dialog.get_by_text("Collapsed", exact=True).click()
        expect(dialog.get_by_role("button", name="mnist-20d", exact=True)).to_have_count(0)
        found = dialog.get_by_role("button", name="clinic-collapsed", exact=True)
        found.scroll_into_view_if_needed()
        assert_on_screen(page, found)
        found.click()
        expect(dialog).to_have_count(0)
        expect(page).to_have_url(re.compile("run=clinic-collapsed"))
        expect(page).to_have_url(re.compile("view=dimensions"))


def test_the_gallery_is_opened_searched_and_left_by_keyboard(browser, server):
    with tab(browser, viewport=PROJECTOR) as page:
        opened(page, server, run="digits-2d")
        page.get_by_role("button", name="All runs").focus()
        page.keyboard.press("Enter")
        dialog = gallery(page)
        search = dialog.get_by_label("Search")
        search.focus()
        page.keyboard.type("iwae")
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("button", name="digits-16d", exact=True)).to_have_count(0)
        for _ in range(12):  # data set, model, the verdict's buttons, then the card
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "mnist-20d":
                break
        page.keyboard.press("Enter")
        expect(dialog).to_have_count(0)
        expect(page).to_have_url(re.compile("run=mnist-20d"))


def test_axe_finds_nothing_in_the_gallery_and_about_a_run(browser, server):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        opened(page, server, run="clinic-collapsed")
        page.get_by_role("button", name="All runs").click()
        gallery(page)
        settled(page)
        assert_no_barrier_in_either_scheme(page)
        page.keyboard.press("Escape")
        row(page, "about").get_by_role("button", name="About", exact=True).click()
        expect(page.get_by_text("KL(q(z|x) ‖ p(z)), the rate", exact=False)).to_be_visible()
        page.mouse.move(10, 700)  # under a pointer that rests, Streamlit's tooltip is there again once the page is drawn anew
        settled(page)
        assert_no_barrier_in_either_scheme(page)


def test_about_a_run_says_which_settings_were_chosen_from_the_data(browser, tmp_path):
    sentences = ("**size** 32 pixels: <b>all</b> that were looked at (another: ?size=64)", "epochs 1: enough (another: --epochs)")
    config = FitConfig(hidden=(8,), epochs=1, film_weights=0, classifier=False)
    for _ in fit(config, load_dataset("digits"), "mine", tmp_path, chosen=sentences):
        pass
    with served(tmp_path) as url, tab(browser, viewport=PROJECTOR) as page:
        opened(page, url, run="mine")
        row(page, "about").get_by_role("button", name="About", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Settings that were chosen from the data")).to_be_visible()
        for sentence in sentences:  # as they stand: neither Markdown nor HTML
            expect(dialog.get_by_role("listitem").filter(has_text=sentence)).to_have_count(1)

"""In a real browser: does a term of a formula say what it is while it is pointed at, is its layer alone on the map, and is all put back?"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from explorer.pages.lessons.formulas import DARK, LIGHT
from tests.browser.surface import address, answered, assert_no_barrier, eventually, ready, settled, tab

PROJECTOR, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
LESSON, STEP = "02-why-it-cannot-dream", 3
RATE, DISTORTION = "what pulls all codes towards the prior", "what the picture still costs"


def opened(page: Page, server: str) -> None:
    page.goto(address(server, view="lessons", lesson=LESSON, step=STEP))
    ready(page)
    answered(page)
    settled(page)
    page.evaluate(
        """() => {
          addEventListener('latent-atlas-screen', ({ detail }) => { window.shownMap = detail; }, { once: true });
          dispatchEvent(new Event('latent-atlas-which-screen'));
        }"""
    )


def layers(page: Page) -> list[str]:
    return page.evaluate("Object.entries(window.shownMap.state().layers.on).filter(([, on]) => on).map(([id]) => id).sort()")


def chip(page: Page, name: str):
    return page.get_by_test_id("lesson-terms").get_by_role("button", name=name)


def said(page: Page) -> str:
    return page.get_by_test_id("lesson-terms").locator("p.lt-shown").inner_text()


def test_a_term_is_said_and_lit_while_the_pointer_is_on_it(browser, server):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        opened(page, server)
        before, link = layers(page), page.url
        assert "points" in before and "rings" in before and "Point at a term" in said(page)
        drawn = page.get_by_role("application").screenshot()
        chip(page, "rate").hover()
        eventually(lambda: expect_equal(layers(page), ["rings"]))
        assert said(page) == RATE
        settled(page)
        assert page.get_by_role("application").screenshot() != drawn
        assert page.url == link  # what is lit is no state of the map
        chip(page, "distortion").hover()
        eventually(lambda: expect_equal(layers(page), before))  # it has no layer
        assert said(page).startswith(DISTORTION)
        page.mouse.move(5, 5)
        eventually(lambda: expect_equal("Point at a term" in said(page), True))
        settled(page)
        assert layers(page) == before and page.url == link
        assert page.get_by_role("application").screenshot() == drawn


def expect_equal(found: object, wanted: object) -> None:
    assert found == wanted


def test_by_keyboard(browser, server):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        opened(page, server)
        before = layers(page)
        chip(page, "distortion").focus()
        assert said(page).startswith(DISTORTION)
        page.keyboard.press("Tab")
        expect(chip(page, "rate")).to_be_focused()
        assert said(page) == RATE and layers(page) == ["rings"]
        expect(chip(page, "rate")).to_have_accessible_description(RATE)
        page.keyboard.press("Escape")
        assert layers(page) == before
        page.keyboard.press("Enter")
        assert layers(page) == ["rings"]
        page.keyboard.press("Tab")
        assert layers(page) == before and "Point at a term" in said(page)


def test_by_touch(browser, server):
    with tab(browser, viewport=PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce") as page:
        opened(page, server)
        before = layers(page)
        box = chip(page, "rate").bounding_box()
        assert box["height"] >= 44
        chip(page, "rate").tap()
        assert said(page) == RATE and layers(page) == ["rings"]
        chip(page, "rate").tap()
        assert "Point at a term" in said(page) and layers(page) == before
        chip(page, "rate").tap()
        assert layers(page) == ["rings"]
        page.get_by_role("heading", name="The same with a prior").tap()
        assert layers(page) == before
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_formula_has_the_colours_of_its_chips_and_axe_finds_nothing(browser, server, scheme):
    with tab(browser, viewport=PROJECTOR, color_scheme=scheme, reduced_motion="reduce") as page:
        opened(page, server)
        colours = page.locator(".katex-html [style*=color]").evaluate_all(
            "all => [...new Set(all.map((one) => getComputedStyle(one).color))]"
        )
        chips = (
            page.get_by_test_id("lesson-terms")
            .get_by_role("button")
            .evaluate_all("all => all.map((one) => getComputedStyle(one).color)")
        )
        assert set(chips) == set(colours) and len(chips) == 2
        assert_no_barrier(page)
        chip(page, "rate").hover()
        assert_no_barrier(page)


def test_a_page_that_was_opened_in_light_is_examined_in_dark_once_the_system_turns(browser, server):
    """The colours of a formula's terms, which the server chooses, follow too."""
    with tab(browser, viewport=PROJECTOR, color_scheme="light", reduced_motion="reduce") as page:
        opened(page, server)
        for scheme, colours in (("dark", DARK), ("light", LIGHT), ("dark", DARK)):
            page.emulate_media(color_scheme=scheme)
            eventually(lambda wanted=colours[:2]: _coloured(page, wanted))
            settled(page)
        assert_no_barrier(page)


def _coloured(page: Page, colours: tuple[str, ...]) -> None:
    shown = page.locator(".katex").first.inner_html()
    assert all(_rgb(colour) in shown or colour in shown for colour in colours), shown


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"

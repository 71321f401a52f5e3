"""Is everything reached without a search through panels? The palette, the export menu, the size for a room, keys from anywhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.surface import assert_no_barrier, choose_tab, drawer, drawn, eventually, export_menu, find, opened, settled

BOX = "Find a command, a layer, an image or a class"
SMALL = """(root, least) => {
  const small = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { parentElement: element } = node;
    if (!node.data.trim() || element.closest('style, select') || !element.checkVisibility({ visibilityProperty: true })) continue;
    const px = parseFloat(getComputedStyle(element).fontSize);
    if (px < least) small.push([px, node.data]);
  }
  return small;
}"""


# Texts and pictures at presenter size that are not wholly in the window.
CUT = """(root) => [...root.querySelectorAll('p, span, h2, canvas, button')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('.la-hidden, [aria-hidden]') && e.matches(':not(:has(*))'))
  .map((e) => [e.textContent || e.tagName, e.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth))
  .map(([text, box]) => `${text}: ${Math.round(box.bottom)}`)"""


def palette(page: Page) -> list[str]:
    return page.get_by_role("listbox", name="What is found").get_by_role("option").all_inner_texts()


def test_the_palette_lists_commands_layers_tabs_and_tools_with_their_keys(page, server):
    canvas = opened(page, server, run="digits-2d")
    canvas.focus()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name=BOX)).to_be_focused()
    lines = [" | ".join(text.split("\n")) for text in palette(page)]
    for wanted in (
        "Pin the code.*Enter",
        "Drag draws a loop.*x",
        "Layer: Prior rings.*r",
        "Background: Magnification",
        "Tab: Pins",
        "Export: PNG of the map",
        "Film of the training.*f",
    ):
        assert any(re.fullmatch(f"{wanted}.*", line, re.DOTALL) for line in lines), (wanted, lines)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Find")).to_be_hidden()
    expect(canvas).to_be_focused()


def test_an_entry_does_what_its_key_does(page, server):
    opened(page, server, run="digits-2d")
    find(page, "magnif")
    drawer(page)
    expect(page.get_by_role("radio", name="Magnification")).to_be_checked()
    find(page, "tab slid")
    expect(page.get_by_role("tab", name="Sliders")).to_have_attribute("aria-selected", "true")


def test_it_opens_while_something_is_typed_and_the_keyboard_comes_back(page, server):
    opened(page, server, run="digits-2d")
    choose_tab(page, "Sliders")
    number = page.get_by_label(re.compile("^Dimension 1(,|$)"))
    number.focus()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name=BOX)).to_be_focused()
    page.keyboard.press("Escape")
    expect(number).to_be_focused()


def test_escape_closes_the_help_wherever_the_keyboard_is(page, server):
    canvas = opened(page, server, run="digits-2d")
    canvas.focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys and gestures")
    expect(dialog).to_be_visible()
    page.get_by_role("tab", name="Details").focus()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_export_menu_leads_to_the_run_as_a_web_page(page, server):
    opened(page, server)
    export_menu(page).get_by_role("button", name=re.compile("^Web page")).click()
    expect(page.get_by_role("button", name="Save mnist-2d as a web page")).to_be_in_viewport()


def test_the_export_menu_is_one_button_and_closes_by_escape(page, server):
    opened(page, server, run="digits-2d")
    menu = export_menu(page)
    names = ["PNG of the map", "Web page", "Pins as JSON", "Copy as PyTorch", "Copy as NumPy"]
    expect(menu.get_by_role("button")).to_have_text([re.compile(name) for name in names])
    expect(menu.get_by_role("button", name="PNG of the map")).to_be_focused()
    cut = "every => every.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
    assert menu.locator(".la-small").evaluate_all(cut) == []  # each item says all that it has to say
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()


def test_presenter_size_is_legible_from_the_last_row(page, server):
    page.set_viewport_size({"width": 1280, "height": 720})
    canvas = opened(page, server, run="digits-2d")
    root = page.get_by_test_id("surface")
    assert root.evaluate(SMALL, 14) == []
    canvas.focus()
    page.keyboard.press("Shift+P")
    expect(root).to_have_attribute("data-presents", "")
    settled(page)
    assert root.evaluate(SMALL, 20) == []
    box = page.get_by_test_id("decoded").bounding_box()
    assert min(box["width"], box["height"]) > 360
    assert box["y"] >= 0 and box["y"] + box["height"] <= 720
    tools = page.get_by_role("button", name=re.compile("^Find"))
    expect(tools).to_be_hidden(timeout=5000)  # the mouse rests
    page.mouse.move(300, 300)
    page.mouse.move(320, 310)
    expect(tools).to_be_visible()
    settled(page)  # the place is told some frames after the mouse
    before = page.get_by_test_id("place").inner_text()
    page.keyboard.press("PageDown")
    assert page.get_by_test_id("place").inner_text() == before
    page.keyboard.press("Escape")
    expect(root).not_to_have_attribute("data-presents", "")
    assert page.evaluate("document.fullscreenElement") is None


def test_what_opens_over_the_map_has_no_barrier_in_light_and_dark(page, server):
    opened(page, server, run="digits-2d")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for key, name in (("Control+k", "Find"), ("e", "Export from the map"), ("?", "Keys and gestures")):
            page.keyboard.press(key)
            expect(page.get_by_role("dialog", name=name)).to_be_visible()
            assert_no_barrier(page)
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog", name=name)).to_be_hidden()
        page.keyboard.press("Shift+P")
        expect(page.get_by_test_id("surface")).to_have_attribute("data-presents", "")
        assert_no_barrier(page)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("surface")).not_to_have_attribute("data-presents", "")


def test_on_a_phone_the_toolbar_is_one_row_of_large_targets_and_map_and_picture_are_on_one_screen(page, server):
    page.set_viewport_size({"width": 390, "height": 844})
    canvas = opened(page, server, run="digits-2d")
    buttons = [one.bounding_box() for one in page.locator(".la-toolbar button:visible").all()]
    assert len({round(box["y"]) for box in buttons}) == 1
    assert all(min(box["width"], box["height"]) >= 40 for box in buttons)
    assert canvas.bounding_box()["height"] >= 300
    picture = page.get_by_test_id("decoded").bounding_box()
    assert picture["y"] + picture["height"] <= 844
    settled(page)
    assert page.get_by_test_id("surface").evaluate(SMALL, 14) == []
    colour = page.get_by_label("Colour points by")
    expect(colour).to_be_in_viewport(ratio=1)
    before = drawn(page.get_by_test_id("points"))
    colour.select_option(index=1)
    settled(page)
    assert drawn(page.get_by_test_id("points")) != before


@pytest.mark.parametrize("run", ["mnist-2d", "mnist-20d"])
def test_on_a_phone_that_lies_on_its_side_map_picture_and_tabs_are_on_one_screen(page, server, run):
    page.set_viewport_size({"width": 844, "height": 390})
    canvas = opened(page, server, run=run)
    rows = {round(one.bounding_box()["y"]) for one in page.locator(".la-toolbar button:visible").all()}
    assert len(rows) == 1
    expect(page.get_by_test_id("decoded")).to_be_in_viewport(ratio=1)  # before anything is scrolled
    page.get_by_test_id("stMain").evaluate("e => e.scrollTo(0, e.scrollHeight)")
    for one in (
        canvas,
        page.get_by_test_id("decoded"),
        page.get_by_role("tab", name="Pins"),
        page.get_by_role("group", name="Classes"),
    ):
        expect(one).to_be_in_viewport(ratio=1)
    assert canvas.bounding_box()["height"] >= 240


@pytest.mark.parametrize("run", ["mnist-20d", "shapes-6d", "digits-m2"])
@pytest.mark.parametrize("view", ["atlas", "interpolate", "reconstruct"])
def test_at_presenter_size_nothing_is_cut_and_no_control_is_left(page, server, run, view):
    page.set_viewport_size({"width": 1280, "height": 720})
    opened(page, server, run=run, view=view)
    page.keyboard.press("Shift+P")
    root = page.get_by_test_id("surface")
    expect(root).to_have_attribute("data-quiet", "", timeout=10_000)
    for width, height in ((1280, 720), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        eventually(lambda: _legible_and_whole(root))
        left = root.locator("button:visible:not(.la-chip, .la-film-cell, .la-class), select:visible, input:visible").all()
        assert [one.get_attribute("aria-label") for one in left] == []
        eventually(lambda least=0.5 * height: _larger(page.get_by_test_id("decoded"), least))


def _legible_and_whole(root: Locator) -> None:
    assert root.evaluate(SMALL, 20) == []
    assert root.evaluate(CUT) == []


def _larger(found: Locator, least: float) -> None:
    box = found.bounding_box()
    assert min(box["width"], box["height"]) > least

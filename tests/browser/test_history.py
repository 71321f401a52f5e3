"""Do Back and Forward go through what a person did, one step each, and does a link open exactly what was on the screen?"""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.session.packed import unpacked
from tests.browser.surface import SURFACE, answered, at, choose_tab, eventually, opened, ready, settled, stroke, tab


def entries(page: Page) -> int:
    return int(page.evaluate("history.length"))


def asked(page: Page) -> str:
    """What the address asks for."""
    return str(page.evaluate("decodeURIComponent(location.search)"))


def _is(found: object, wanted: object) -> None:
    assert found == wanted


def pin_a(page: Page) -> Locator:
    return page.locator("[data-testid=pin][data-label=A]")


def view(page: Page, name: str) -> None:
    page.get_by_test_id("stMain").get_by_role("radio", name=name).click()
    expect(page).to_have_url(re.compile(f"view={name}") if name != "atlas" else re.compile("^((?!view=).)*$"))
    at_rest(page)


def at_rest(page: Page) -> None:
    answered(page)
    ready(page)
    settled(page)
    answered(page)


def test_back_and_forward_go_through_view_run_map_and_pin(page, server):
    """Five steps, five entries; every one of them is shown again, and the first is the address that was opened."""
    opened(page, server)
    at_rest(page)
    before = entries(page)
    steps = [asked(page)]

    def step() -> None:
        at_rest(page)
        steps.append(asked(page))
        assert steps[-1] != steps[-2]
        eventually(lambda: _is(entries(page) - before, len(steps) - 1))

    view(page, "reconstruct")
    step()
    view(page, "atlas")
    step()
    page.get_by_role("combobox", name=re.compile("Run")).click()
    page.keyboard.type("mnist-20")  # a long list draws only what is in sight
    page.get_by_role("option", name="mnist-20d").click()
    expect(page).to_have_url(re.compile("run=mnist-20d"))
    step()
    page.get_by_role("radio", name="pca").click()
    expect(page).to_have_url(re.compile("projection=pca"))
    step()
    page.mouse.click(*at(ready(page), 0.4, 0.4))
    expect(page).to_have_url(re.compile("pins="))
    step()
    for number in (4, 3, 2, 1, 0):
        page.go_back()
        at_rest(page)
        assert asked(page) == steps[number], (number, steps)
        expect(pin_a(page)).to_have_count(0)
    for number in (1, 2, 3, 4, 5):
        page.go_forward()
        at_rest(page)
        assert asked(page) == steps[number], (number, steps)
    expect(pin_a(page)).to_have_count(1)
    expect(page.get_by_role("radio", name="pca")).to_be_checked()
    assert entries(page) - before == 5


def test_a_pin_that_was_left_by_back_can_be_had_by_undo_too(page, server):
    opened(page, server, run="digits-2d")
    at_rest(page)
    page.mouse.click(*at(ready(page), 0.4, 0.4))
    expect(pin_a(page)).to_have_count(1)
    at_rest(page)
    page.go_back()
    expect(pin_a(page)).to_have_count(0)
    at_rest(page)
    page.mouse.move(*at(ready(page), 0.5, 0.5))
    page.keyboard.press("Control+z")
    expect(pin_a(page)).to_have_count(1)


# --- a link


def camera(page: Page) -> list[float]:
    """Its middle in map units, and how many of them are seen across."""
    wanted = f"(() => {{ const s = {SURFACE}, c = s.viewport.camera; return [c.x, c.y, s.stage.plot.width / c.scale]; }})()"
    return list(page.evaluate(wanted))


def ink(page: Page) -> list[dict]:
    return list(
        page.evaluate(f"(({SURFACE}).pad?.sketch.strokes ?? []).map(({{ tool, width, dots }}) => ({{ tool, width, dots }}))")
    )


def screen(page: Page) -> dict[str, object]:
    """What a person sees chosen, by the page's own words."""
    pressed = page.get_by_test_id("surface").locator("[aria-pressed='true']")
    chosen = page.get_by_test_id("surface").get_by_role("tab", selected=True)
    return {
        "buttons": sorted(filter(None, pressed.evaluate_all("all => all.map((b) => b.title || b.textContent)"))),
        "tab": chosen.inner_text().split()[0],
        "view": page.get_by_test_id("stMain").get_by_role("radio", checked=True).first.inner_text(),
    }


def arranged(page: Page, server: str) -> None:
    """A map that is not as it is at first: closer, another background, a class hidden, a pin, another tab."""
    canvas = opened(page, server, run="mnist-2d")
    at_rest(page)
    page.mouse.click(*at(canvas, 0.6, 0.4))
    expect(pin_a(page)).to_have_count(1)
    at_rest(page)
    page.mouse.move(*at(canvas, 0.3, 0.6))
    for _ in range(3):
        page.keyboard.press("+")
    settled(page)
    page.keyboard.press("m")
    page.get_by_test_id("surface").get_by_role("button", name=re.compile("^3")).first.click()
    choose_tab(page, "Sliders")
    settled(page)
    expect(page).to_have_url(re.compile("#v=1.*tab=sliders"))


def same(page: Page, before: dict[str, object], looked: list[float]) -> None:
    eventually(lambda: _is(screen(page), before))
    assert camera(page) == pytest.approx(looked, rel=0.01, abs=0.01 * looked[2])


def test_a_link_opens_exactly_this_in_a_fresh_browser_and_a_reload_keeps_it(page, server, browser):
    arranged(page, server)
    before, looked, link = screen(page), camera(page), page.url
    entry = entries(page)
    with tab(browser) as other:
        other.goto(link)
        at_rest(other)
        same(other, before, looked)
        expect(other.get_by_test_id("pin")).to_have_attribute("data-label", "A")
        assert other.url.split("#")[1] == link.split("#")[1]
    page.reload()
    at_rest(page)
    same(page, before, looked)
    assert entries(page) == entry


def test_a_page_that_is_saved_opens_as_the_app_was(page, server, browser, tmp_path):
    """Pins, camera, layers, classes and tab are in the file; a link to the file that says otherwise counts more."""
    arranged(page, server)
    before, looked = screen(page), camera(page)
    page.locator(".st-key-share").get_by_role("button").first.click()
    save = page.get_by_role("button", name="Save mnist-2d as a web page")
    expect(save).to_be_visible()
    at_rest(page)
    with page.expect_download() as download:
        save.click()
    file = tmp_path / "map.html"
    download.value.save_as(file)
    with tab(browser) as other:
        other.goto(file.as_uri())
        ready(other)
        expect(other.get_by_test_id("pin")).to_have_attribute("data-label", "A")
        settled(other)
        expect(other.get_by_role("tab", name="Sliders")).to_have_attribute("aria-selected", "true")
        pressed = other.get_by_test_id("surface").locator("[aria-pressed='true']")
        titles = pressed.evaluate_all("all => all.map((b) => b.title || b.textContent)")
        assert sorted(set(filter(None, titles)) - {"Pen"}) == before["buttons"]  # of the pad, which the file has beside the map
        assert camera(other)[:2] == pytest.approx(looked[:2], abs=0.02 * looked[2])
        assert camera(other)[2] == pytest.approx(looked[2], rel=0.05)
    with tab(browser) as other:
        other.goto(f"{file.as_uri()}#pins=1_1~2_2")
        ready(other)
        expect(other.get_by_test_id("tile")).to_have_count(2)


def test_back_shows_the_map_as_it_was_left(page, server):
    arranged(page, server)
    before, looked = screen(page), camera(page)
    page.get_by_test_id("stMain").get_by_role("radio", name="dimensions").click()
    expect(page).to_have_url(re.compile("view=dimensions"))
    answered(page)
    page.go_back()
    at_rest(page)
    same(page, before, looked)


def test_an_address_without_a_map_says_nothing_of_the_map_of_another_run(page, server):
    arranged(page, server)
    page.get_by_test_id("stMain").get_by_role("radio", name="samples").click()
    expect(page).to_have_url(re.compile("view=samples.*#v=1.*of=mnist-2d"))  # for who comes back to it
    page.goto(page.url.replace("run=mnist-2d", "run=digits-2d") if "run=" in page.url else page.url.replace("?", "?run=digits-2d&"))
    answered(page)
    expect(page).to_have_url(re.compile("view=samples[^#]*$"))


def test_a_path_through_pins_is_none_of_a_view_without_pins(page, server):
    opened(page, server, run="digits-2d", pins="1_1~-1_0.5")
    page.goto(f"{page.url.split('#')[0]}#v=1&of=digits-2d/latent&walk=linear_1_2&film=0.5")
    at_rest(page)
    player = page.get_by_role("slider", name=re.compile("path", re.I))
    expect(player.first).to_be_visible()
    view(page, "reconstruct")
    expect(player).to_have_count(0)


def test_back_pressed_before_the_page_is_there_leads_to_the_one_before(page, server):
    """The address changes with the click, the page when the server has answered."""
    opened(page, server, run="digits-2d")
    at_rest(page)
    page.mouse.click(*at(ready(page), 0.6, 0.4))
    expect(page).to_have_url(re.compile("pins="))
    at_rest(page)
    before = asked(page)
    page.get_by_test_id("stMain").get_by_role("radio", name="dimensions").click()
    expect(page).to_have_url(re.compile("view=dimensions"))
    page.go_back()
    at_rest(page)
    eventually(lambda: _is(asked(page), before))
    expect(page.get_by_test_id("stMain").get_by_role("radio", name="atlas")).to_be_checked()
    expect(pin_a(page)).to_have_count(1)


def dots_in_address(page: Page) -> int:
    """Of the first stroke; 0 while there is none."""
    told = re.search("ink=([^&]+)", page.evaluate("location.hash"))
    return unpacked(told[1])[2] if told else 0


def test_a_drawing_is_in_the_link(page, server, browser):
    opened(page, server, run="mnist-2d", view="reconstruct")
    page.get_by_role("radio", name="Draw", exact=True).click()
    pad = page.get_by_test_id("pad")
    expect(pad).to_be_visible()
    at_rest(page)
    stroke(page, pad, [(0.3, 0.3), (0.7, 0.3), (0.45, 0.8)], steps=8)
    settled(page)
    eventually(lambda: _is(dots_in_address(page), len(ink(page)[0]["dots"])))  # the last ones come after the hand is up
    drawn = ink(page)
    assert len(drawn[0]["dots"]) > 8
    with tab(browser) as other:
        other.goto(page.evaluate("location.href"))
        at_rest(other)
        eventually(lambda: _is(len(ink(other)), 1))
        found = ink(other)
        assert found[0]["width"] == pytest.approx(drawn[0]["width"], abs=0.04)
        assert np.array(found[0]["dots"]) == pytest.approx(np.array(drawn[0]["dots"]), abs=0.04)


def test_what_is_damaged_in_a_link_is_one_sentence(page, server):
    page.goto(f"{server}/?run=digits-2d#v=1&of=digits-2d/latent&cam=nowhere&tab=sliders")
    ready(page)
    expect(page.get_by_text("A part of this link is damaged and left out").first).to_be_visible()
    expect(page.get_by_role("tab", name="Sliders")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize(
    ("part", "kind", "there"),
    [("bg=sky", "background “sky”", "density"), ("by=taste", "colour “taste”", "class"), ("tab=kitchen", "tab “kitchen”", "pins")],
)
def test_a_word_that_the_map_does_not_have_is_named_with_those_it_has(page, server, part, kind, there):
    page.goto(f"{server}/?run=digits-2d#v=1&of=digits-2d/latent&{part}&hide=3")
    ready(page)
    told = page.get_by_text(f"There is no {kind} on this map").first
    expect(told).to_be_visible()
    expect(told).to_contain_text(there)
    expect(told).to_contain_text("The rest of the link is shown.")
    hidden = page.get_by_test_id("surface").get_by_role("button", name=re.compile("^3")).first
    expect(hidden).to_have_attribute("aria-pressed", "false")


def test_after_quick_clicks_the_address_says_what_is_shown_and_the_connection_holds(page, server):
    """Reruns that are cut short must neither leave their parameters in the address nor the page without a message that it was promised."""
    opened(page, server, run="digits-2d")
    views = [*("reconstruct", "samples", "interpolate", "compare", "train", "atlas") * 2, "samples", "compare", "atlas"]
    for name in views:
        page.get_by_test_id("stMain").get_by_role("radio", name=name).first.evaluate("radio => radio.click()")
    at_rest(page)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    eventually(lambda: _is(re.search("view=|with=", asked(page)), None))
    expect(page.get_by_test_id("stMain").get_by_role("radio", name="atlas")).to_be_checked()
    expect(page.get_by_role("dialog")).to_have_count(0)

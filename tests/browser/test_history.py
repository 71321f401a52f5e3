"""Do Back and Forward go through what a person did, one step each, and never out of the app by surprise?"""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.surface import answered, at, eventually, opened, ready, settled


def entries(page: Page) -> int:
    return int(page.evaluate("history.length"))


def asked(page: Page) -> str:
    """What the address asks for."""
    return str(page.evaluate("decodeURIComponent(location.search)"))


def _is(found: object, wanted: object) -> None:
    assert found == wanted


def pin_a(page: Page) -> Locator:
    return page.get_by_text("Pin A", exact=True)


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
    expect(pin_a(page)).to_be_visible()
    expect(page.get_by_role("radio", name="pca")).to_be_checked()
    assert entries(page) - before == 5


def test_a_pin_that_was_left_by_back_can_be_had_by_undo_too(page, server):
    opened(page, server, run="digits-2d")
    at_rest(page)
    page.mouse.click(*at(ready(page), 0.4, 0.4))
    expect(pin_a(page)).to_be_visible()
    at_rest(page)
    page.go_back()
    expect(pin_a(page)).to_have_count(0)
    at_rest(page)
    page.mouse.move(*at(ready(page), 0.5, 0.5))
    page.keyboard.press("Control+z")
    expect(pin_a(page)).to_be_visible()

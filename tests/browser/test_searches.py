"""In a real browser: is the program that searches fetched when a search is first asked for, once, and is it said where it does not come?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from explorer.surface import bundles
from tests.browser.surface import address, choose_tab, drawer, ready

PROGRAMS = re.compile(r"/media/\w+\.(js|mjs|es)$")  # as the system calls such a file


def is_searches(route: Route) -> bool:
    """Of the programs that a page fetches, each at an address that follows from its bytes."""
    return route.fetch().text() == bundles.read("searches.js")


def asked(page: Page) -> None:
    """A map, the layer of the true posterior, and its words beside it."""
    drawer(page).get_by_label("True posterior").check()
    choose_tab(page, "Details")


def test_it_is_fetched_once_and_not_for_the_first_picture(page, server):
    fetched: list[str] = []

    def serve(route: Route) -> None:
        if is_searches(route):
            fetched.append(route.request.url)
        route.continue_()

    page.route(PROGRAMS, serve)
    page.goto(address(server, run="digits-2d"))
    ready(page)
    assert fetched == []
    asked(page)
    words = page.get_by_test_id("truth")
    expect(words).to_contain_text("nats from the true posterior")
    assert len(fetched) == 1
    drawer(page).get_by_label("True posterior").uncheck()
    asked(page)
    expect(words).to_contain_text("nats from the true posterior")
    assert len(fetched) == 1


@pytest.mark.parametrize("status", [404, None], ids=["not there", "no answer"])
def test_a_program_that_does_not_come_is_said(page, server, status):
    def serve(route: Route) -> None:
        if not is_searches(route):
            route.continue_()
        elif status:
            route.fulfill(status=status)
        else:
            route.abort()

    page.route(PROGRAMS, serve)
    page.goto(address(server, run="digits-2d"))
    ready(page)
    asked(page)
    expect(page.get_by_text("The program that searches for it did not load. Reload the page.")).to_be_visible()

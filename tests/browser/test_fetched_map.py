"""Does the page fetch a map once, by an address that follows from its bytes, and is it shown whole where that fails?"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.surface import SURFACE, address, answered, opened, ready, settled, tab

LITTLE = 1_000_000  # bytes: the page with its programs; the map of mnist-2d has some millions


@pytest.fixture
def page(browser) -> Iterator[Page]:
    with tab(browser) as page:
        yield page


class Traffic:
    """What came by the socket, and which maps were fetched."""

    def __init__(self, page: Page) -> None:
        self.fetched: list[str] = []
        self.received = 0
        page.on("request", lambda request: self.fetched.append(request.url) if request.url.endswith(".gz") else None)
        page.on("websocket", lambda socket: socket.on("framereceived", self._take))

    def _take(self, data: str | bytes) -> None:
        self.received += len(data)


def to_view(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).click()
    expect(page).to_have_url(re.compile(f"view={name}"))
    answered(page)


def test_a_map_is_fetched_once_whatever_view_shows_it(page, server):
    traffic = Traffic(page)
    opened(page, server, run="mnist-2d")
    assert len(traffic.fetched) == 1
    for view in ("samples", "interpolate"):
        to_view(page, view)
    ready(page)
    assert len(set(traffic.fetched)) == len(traffic.fetched)
    assert traffic.received < LITTLE


def test_where_the_map_cannot_be_fetched_it_comes_by_the_socket(page, server):
    page.route(re.compile(r"\.gz$"), lambda route: route.abort())
    traffic = Traffic(page)
    opened(page, server, run="mnist-2d")
    assert traffic.received > LITTLE


def test_a_wish_for_the_map_that_is_lost_is_told_again(page, server):
    """As it goes with a rerun that another one overtakes."""
    lost: list[str | bytes] = []

    def pass_on(client: WebSocketRoute) -> None:
        upstream = client.connect_to_server()

        def tell(message: str | bytes) -> None:
            if not lost and b"want" in bytes(message if isinstance(message, bytes) else message.encode()):
                lost.append(message)
            else:
                upstream.send(message)

        client.on_message(tell)

    page.route_web_socket(re.compile("/_stcore/stream"), pass_on)
    page.route(re.compile(r"\.gz$"), lambda route: route.abort())
    opened(page, server, run="digits-2d")
    assert lost


def test_a_map_that_arrives_when_another_run_is_wanted_is_not_shown(page, server):
    held: list[Route] = []
    page.route(re.compile(r"\.gz$"), lambda route: route.continue_() if held else held.append(route))
    with page.expect_request(re.compile(r"\.gz$")):
        page.goto(address(server, run="mnist-2d"))
    answered(page)
    runs = page.get_by_role("combobox", name="Run")
    runs.fill("digits-2d")
    runs.press("Enter")
    ready(page)
    shown = page.evaluate(f"{SURFACE}.mapId()")
    with page.expect_event("requestfinished", lambda request: request.url == held[0].request.url):
        held[0].continue_()
    settled(page)
    assert page.evaluate(f"{SURFACE}.mapId()") == shown


def test_where_a_program_cannot_be_fetched_the_page_says_so(page, server):
    page.route(re.compile(r"/media/[0-9a-f]+\.js$"), lambda route: route.abort())
    page.goto(address(server, run="digits-2d"))
    expect(page.get_by_text("A program of this page did not arrive. Reload the page.").first).to_be_visible()


def test_a_program_is_fetched_once_for_all_views(page, server):
    programs: list[str] = []
    page.on("request", lambda request: programs.append(request.url) if re.search(r"/media/[0-9a-f]+\.js$", request.url) else None)
    opened(page, server, run="digits-2d")
    for view in ("samples", "atlas"):
        page.get_by_role("radio", name=view).click()
        answered(page)
    ready(page)
    assert programs and len(set(programs)) == len(programs)

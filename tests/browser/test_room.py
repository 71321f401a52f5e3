"""In real browsers: a teacher projects the code, a visitor comes in by it, and nobody sees what another one does."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import free_port, wait_for
from tests.browser.surface import address, answered, assert_no_barrier_in_either_scheme, at, ready, settled, tab
from tests.conftest import ROOT

WORD = "violet-harbor-1207"
PROJECTOR, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}


class Served:
    """A room on a port of its own."""

    def __init__(self, url: str, teachers: str) -> None:
        self.url = url
        self.teachers = teachers


@pytest.fixture(scope="module")
def room(tmp_path_factory) -> Iterator[Served]:
    port = free_port()
    command = [sys.executable, "-m", "explorer", "serve", "--port", str(port)]
    environment = {**os.environ, "LATENT_RUNS": str(tmp_path_factory.mktemp("none")), "LATENT_ROOM_WORD": WORD}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(3)]
        assert WORD in said[0] and "Only this machine reaches it" in said[2]
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield Served(f"http://127.0.0.1:{port}", said[1].split()[-1])
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture
def teacher(browser, room) -> Iterator[Page]:
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        page.goto(room.teachers)
        yield page


def read_code(page: Page) -> str:
    """As a telephone reads it from the screen."""
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    return code.text


def come_in(page: Page, room: Served) -> None:
    page.goto(f"{room.url}/room#{WORD}")
    expect(page.get_by_role("heading", name="Latent Atlas")).to_be_visible()
    expect(page.get_by_role("combobox", name="Run")).to_be_visible()


def test_a_visitor_comes_in_by_the_code_and_the_teacher_sees_how_many_are_there(browser, room, teacher):
    expect(teacher.get_by_text(WORD)).to_be_in_viewport()
    expect(teacher.get_by_role("img", name="QR code of the room")).to_be_in_viewport(ratio=1)
    expect(teacher.get_by_role("status")).to_have_text("nobody yet")
    link = read_code(teacher)
    with tab(browser, viewport=PHONE, reduced_motion="reduce") as visitor:
        visitor.goto(link)
        ready(visitor)
        assert WORD not in visitor.url
        expect(teacher.get_by_role("status")).to_have_text("1 person")
        teacher.get_by_role("link", name="Open the app").click()
        expect(teacher.get_by_role("link", name="1 person here")).to_be_visible()
        expect(visitor.get_by_role("link", name="1 person here")).to_have_count(0)


def test_the_code_leads_to_the_page_that_the_teacher_has_open(browser, room, teacher):
    teacher.goto(address(room.url, view="lessons", lesson="08-dimensions-that-die", step=2))
    expect(teacher.get_by_text("Step 2 of 6", exact=True)).to_be_visible()
    answered(teacher)
    with teacher.context.expect_page() as opened:
        teacher.get_by_role("link", name="here").click()
    expect(opened.value.get_by_text("It leads to the page that you had open.")).to_be_visible()
    with tab(browser, viewport=PHONE, reduced_motion="reduce") as visitor:
        visitor.goto(read_code(opened.value))
        expect(visitor.get_by_text("Step 2 of 6", exact=True)).to_be_visible()


def test_without_the_word_one_is_asked_and_comes_to_where_one_wanted_to_go(browser, room):
    with tab(browser, viewport=PHONE, reduced_motion="reduce") as visitor:
        visitor.goto(address(room.url, view="samples"))
        box = visitor.get_by_label("Word of the room")
        expect(box).to_be_focused()
        box.fill("violet harbor")
        visitor.get_by_role("button", name="Come in").click()
        expect(visitor.get_by_role("alert")).to_have_text("That is not the word of this room. It stands on the first screen.")
        assert visitor.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        box.fill(WORD.capitalize())
        box.press("Enter")
        visitor.wait_for_url(lambda url: "view=samples" in url)
        expect(visitor.get_by_role("heading", name="Latent Atlas")).to_be_visible()


def test_visitors_are_apart_and_write_nothing_on_the_server(browser, room):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as one, tab(browser, viewport=PROJECTOR) as other:
        for page in (one, other):
            come_in(page, room)
        canvas = ready(one)
        ready(other)
        settled(one)
        one.mouse.click(*at(canvas, 0.4, 0.5))
        expect(one).to_have_url(re.compile("pins="))
        other.reload()
        ready(other)
        expect(other).not_to_have_url(re.compile("pins="))
        one.goto(address(room.url, view="train"))
        expect(one.get_by_text("This app is open to a room, and does not train on its machine.")).to_be_visible()


@pytest.mark.parametrize("size", [PROJECTOR, PHONE], ids=["projector", "phone"])
def test_axe_finds_nothing_at_the_doors(browser, room, size):
    with tab(browser, viewport=size) as page:
        for there in (f"{room.url}/room", room.teachers):
            page.goto(there)
            expect(page.get_by_role("heading", name="Latent Atlas")).to_be_visible()
            settled(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            assert_no_barrier_in_either_scheme(page)

"""In a real browser: does a lesson put the map into the state of each step, on one screen, with nothing that axe finds?"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.surface import (
    address,
    answered,
    assert_no_barrier,
    assert_no_barrier_in_either_scheme,
    eventually,
    of_screen,
    ready,
    settled,
    tab,
)

LESSON = "08-dimensions-that-die"
PROJECTOR, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}


def shown(page: Page) -> list[str]:
    """Run, map and background of the map that is on the page; nothing while none answers."""
    facts = "({ data: { header }, layers }) => [header.run.id, header.projection.name, layers.background]"
    return of_screen(page, facts) or []


def shows(page: Page, run: str, projection: str) -> None:
    assert shown(page)[:2] == [run, projection]


@pytest.mark.parametrize("size", [PROJECTOR, PHONE], ids=["projector", "phone"])
def test_each_step_shows_its_map_and_the_address_leads_to_it(browser, server, size):
    with tab(browser, viewport=size, reduced_motion="reduce") as page:
        page.goto(address(server, view="lessons"))
        page.get_by_role("button", name="Dimensions that die").click()
        ready(page)
        eventually(lambda: shows(page, "sweep-digits-beta-1-seed-0", "pca"))
        settled(page)
        canvas = page.get_by_role("application")
        expect(canvas).to_be_in_viewport(ratio=0.9)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        for step, run in ((2, "sweep-digits-beta-1-seed-0"), (3, "sweep-digits-beta-4-seed-0"), (4, "sweep-digits-beta-16-seed-0")):
            page.get_by_role("button", name="Next").click()
            expect(page.get_by_text(f"Step {step} of 6")).to_be_visible()
            answered(page)
            eventually(lambda run=run: shows(page, run, "pca" if run.endswith("beta-1-seed-0") else "axes"))
        eventually(lambda: background_is(page, "none"))
        assert "step=4" in page.url and f"lesson={LESSON}" in page.url
        page.goto(address(server, view="lessons", lesson=LESSON, step=3))
        expect(page.get_by_text("Step 3 of 6")).to_be_visible()
        eventually(lambda: shows(page, "sweep-digits-beta-4-seed-0", "axes"))


def background_is(page: Page, name: str) -> None:
    assert shown(page)[2:] == [name]


@pytest.mark.parametrize("lesson", [LESSON, "07-watch-it-learn", ""])
def test_axe_finds_nothing_in_a_lesson_and_in_the_list(browser, server, lesson):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        page.goto(address(server, view="lessons", lesson=lesson))
        expect(page.get_by_text("Step 1 of") if lesson else page.get_by_role("heading", name="Lessons")).to_be_visible()
        answered(page)
        settled(page)
        assert_no_barrier_in_either_scheme(page)


def done(page: Page) -> None:
    expect(page.get_by_test_id("stMain").get_by_text("Done", exact=True)).to_be_visible()


def test_a_task_is_seen_to_be_done_and_the_browser_remembers_it_with_the_answers(browser, server):
    """In a new session of the same browser, as after a night."""
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        page.goto(address(server, view="lessons", lesson=LESSON))
        canvas = ready(page)
        settled(page)
        assert page.get_by_text("Done", exact=True).count() == 0
        box = canvas.bounding_box()
        for share in (0.4, 0.6):
            page.mouse.click(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
        done(page)
        page.goto(address(server, view="lessons", lesson=LESSON, step=4))
        expect(page.get_by_text("Step 4 of 6")).to_be_visible()
        page.get_by_text("the same blurred picture at every place").click()
        expect(page.get_by_text("Right:")).to_be_visible()
        again = page.context.new_page()
        again.goto(address(server, view="lessons"))
        expect(again.get_by_text("Read until step 4 of 6, 1 of 3 tasks done")).to_be_visible()
        again.get_by_role("button", name="Dimensions that die").click()
        expect(again.get_by_text("Step 4 of 6", exact=True)).to_be_visible()
        expect(again.get_by_text("Right:")).to_be_visible()
        again.get_by_role("button", name="Back").click()
        expect(again.get_by_text("Step 3 of 6", exact=True)).to_be_visible()


def test_a_layer_that_is_asked_for_does_a_task_and_another_does_not(browser, server):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        page.goto(address(server, view="lessons", lesson=LESSON, step=3))
        canvas = ready(page)
        settled(page)
        canvas.focus()
        page.keyboard.press("m")
        eventually(lambda: background_is(page, "manifold"))
        answered(page)
        settled(page)
        assert page.get_by_text("Done", exact=True).count() == 0
        page.get_by_role("button", name="Layers").first.click()
        page.get_by_label("Density of the codes").check()
        done(page)


@pytest.mark.parametrize("size", [PROJECTOR, PHONE], ids=["projector", "phone"])
def test_a_training_stands_beside_its_text_and_goes_on_over_the_steps(browser, server, size):
    with tab(browser, viewport=size, reduced_motion="reduce") as page:
        page.goto(address(server, view="lessons", lesson="07-watch-it-learn"))
        go, standing = page.get_by_test_id("go"), page.get_by_test_id("standing")
        expect(standing).to_contain_text("Not trained yet")
        expect(page.get_by_role("application")).to_be_in_viewport(ratio=0.9)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.get_by_role("button", name="One epoch").click()
        expect(standing).to_contain_text("Step 9, epoch 1.0.")
        assert page.get_by_text("Done", exact=True).count() == 0  # a hundred steps are asked for
        go.click()
        expect(standing).to_contain_text("Step 1")
        done(page)
        if go.text_content() == "Pause":
            go.click()
        expect(go).to_have_text("Go on")
        said, _, _ = standing.text_content().partition(" Held back")  # which is measured once more where it stands
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("Step 2 of 4")).to_be_visible()
        expect(standing).to_contain_text(said)


def at_step(page: Page, number: int) -> None:
    expect(page.get_by_text(f"Step {number} of 6")).to_be_visible()


def test_a_lesson_is_presented_by_a_clicker_and_the_notes_go_along_in_a_window_of_their_own(browser, server):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as room:
        room.goto(address(server, view="lessons", lesson=LESSON))
        at_step(room, 1)
        room.get_by_role("button", name="Present").click()
        expect(room.get_by_role("button", name="Leave")).to_be_visible()
        expect(room.get_by_role("combobox", name="Run")).to_be_hidden()
        sizes = room.locator(".st-key-lesson-text [data-testid=stMarkdown] :is(p, td)").evaluate_all(
            "all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
        )
        assert min(sizes) >= 20
        ready(room)
        answered(room)
        link = room.get_by_role("link", name="Speaker notes").get_attribute("href")
        notes = room.context.new_page()
        notes.goto(f"{server}/{link}")
        at_step(notes, 1)
        expect(notes.get_by_text("Let somebody of the room say where to pin.")).to_be_visible()
        answered(notes)
        room.keyboard.press("PageDown")
        at_step(room, 2)
        at_step(notes, 2)
        expect(notes.get_by_text("The others collapsed.")).to_be_visible()  # the answer, before the room knows it
        assert room.get_by_text("The others collapsed.").count() == 0
        answered(notes)
        notes.get_by_role("button", name="Next").click()
        at_step(notes, 3)
        at_step(room, 3)
        answered(room)
        room.keyboard.press("PageUp")
        at_step(room, 2)
        at_step(notes, 2)
        room.get_by_role("button", name="Leave").click()
        expect(room.get_by_role("combobox", name="Run")).to_be_visible()
        assert "mode=" not in room.url


@pytest.mark.parametrize("mode", ["room", "speaker"])
def test_axe_finds_nothing_where_a_lesson_is_presented(browser, server, mode):
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        page.goto(address(server, view="lessons", lesson=LESSON, mode=mode))
        at_step(page, 1)
        answered(page)
        settled(page)
        assert_no_barrier(page)

"""In a real browser: does each lesson that ships run from its first step to its last, with every answer and every task?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from explorer.lessons.answers import asked_value
from explorer.lessons.check import Scene, scenes
from explorer.lessons.conditions import SUBJECTS
from explorer.lessons.measures import measured
from explorer.lessons.parse import read_lesson
from explorer.lessons.records import ChoiceAnswer, Lesson, NumberAnswer, PlaceAnswer, Predict, Prose, Task
from explorer.session.lessons.progress import block_key
from tests.browser.lesson_tasks import HANDS, do, pause, pin_at, task_box
from tests.browser.surface import address, answered, ready, settled, tab
from tests.places import ROOT
from trainer.runs.catalogue import load_run, shipped_roots

# the browser keeps what is done before the server hears of it
IS_KEPT = "(key) => (localStorage.getItem('latent-atlas-lessons') ?? '').includes(JSON.stringify(key))"
PROJECTOR = {"width": 1280, "height": 720}
FILES = sorted(path for path in (ROOT / "explorer/lessons").glob("*.md") if path.stem != "README")


def test_every_subject_of_a_condition_has_a_hand():
    assert set(HANDS) == set(SUBJECTS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_lesson_runs_with_its_answers_and_tasks(browser, server, path):
    read, name = read_lesson(path.read_bytes(), path.name), path.name.removesuffix(".md")
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
        page.goto(address(server, view="lessons", lesson=name))
        for at, scene in enumerate(scenes(read)):
            if at > 0:
                page.get_by_role("button", name="Next", exact=True).click()
            expect(page.get_by_text(f"Step {at + 1} of {len(read.steps)}")).to_be_visible()
            stands(page, scene)
            assert page.evaluate("document.documentElement.scrollWidth") <= PROJECTOR["width"]
            run_step(page, name, read, at, scene)
            assert page.evaluate("document.documentElement.scrollWidth") <= PROJECTOR["width"]
        expect(page.get_by_role("button", name="Next", exact=True)).to_be_disabled()
        assert not told, told


def stands(page: Page, scene: Scene) -> None:
    """What stands beside the text is there, and rests."""
    answered(page)
    if scene.surface == "map":
        ready(page)
        settled(page)
    else:
        what = page.get_by_test_id("standing") if scene.train is not None else page.locator(".lw-piece")
        expect(what).to_be_visible()
    answered(page)


def run_step(page: Page, name: str, read: Lesson, at: int, scene: Scene) -> None:
    """Its questions and tasks, in their order."""
    for number, part in enumerate(read.steps[at].parts):
        key = block_key(name, at, number)
        if isinstance(part.block, Predict):
            answer(page, key, part.block, scene)
        elif isinstance(part.block, Task):
            fulfil(page, key, part.block, scene)


def fulfil(page: Page, key: str, task: Task, scene: Scene) -> None:
    """Not done before, though the page was asked; done after."""
    box = task_box(page, key)
    page.evaluate("for (const ask of ['latent-atlas-which-screen', 'latent-atlas-who-is-watched']) dispatchEvent(new Event(ask))")
    if scene.surface == "map":
        settled(page)
    answered(page)
    expect(box.get_by_text("Hint", exact=True)).to_be_visible()
    assert box.get_by_text("Done", exact=True).count() == 0
    do(page, task.until)
    page.wait_for_function(IS_KEPT, arg=key)
    pause(page)  # at once: on a busy machine it would learn on, and do the next step's task too, until the server has answered
    expect(box.get_by_text("Done", exact=True)).to_be_visible()
    answered(page)


def answer(page: Page, key: str, block: Predict, scene: Scene) -> None:
    """Nothing is told before; a wrong and then a right answer, and the words after each."""
    box = task_box(page, key)
    said = box.get_by_test_id("stAlert")
    expect(said).to_have_count(0)
    for is_right in (False, True):
        give(page, key, block, scene, is_right)
        expect(said).to_contain_text("Right:" if is_right else "Not quite:")
        assert opening(block.because) in squeezed(said.inner_text())
        if isinstance(block.answer, ChoiceAnswer):
            assert opening(block.choices[block.answer.number - 1]) in squeezed(said.inner_text())
        answered(page)


def give(page: Page, key: str, block: Predict, scene: Scene, is_right: bool) -> None:
    box = task_box(page, key)
    match block.answer:
        case ChoiceAnswer(number):
            wanted = number - 1 if is_right else number % len(block.choices)
            box.get_by_role("radiogroup").locator("label").nth(wanted).click()
        case NumberAnswer(name, tolerance):
            truth = asked_value(measured(name, load_run(name.run, shipped_roots()).info))
            field = box.get_by_role("spinbutton")
            field.fill(f"{truth if is_right else truth + 3 * tolerance + 1:.6f}")
            field.press("Enter")
        case PlaceAnswer(class_name):
            pin_at(page, *place(page, class_name, is_right))
            box.get_by_role("button", name="Answer with the last pin").click()


def place(page: Page, class_name: str, is_right: bool) -> tuple[float, float]:
    """Of the middle of a class on the map; or a corner of the map."""
    from tests.browser.lesson_tasks import MAP

    if not is_right:
        return 40.0, 40.0
    points = [(x, y) for name, x, y in page.evaluate(MAP, "points") if name == class_name]
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def opening(nodes: Prose) -> str:
    """How prose begins, until its first number, formula or sign that is set otherwise."""
    first = nodes[0]
    while first.children:
        first = first.children[0]
    return squeezed(first.text)[:40].strip() if first.kind == "text" else ""


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)

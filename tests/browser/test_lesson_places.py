"""In a real browser: once a place of the map was answered with, are the own place and the true one marked, and is the distance said?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import served
from tests.browser.surface import address, answered, eventually, of_screen, ready, settled, tab
from tests.explorer.lesson_texts import OF_A_TEACHER
from tests.places import ASSETS
from trainer.runs.catalogue import load_run

PROJECTOR = {"width": 1280, "height": 720}
LESSON = OF_A_TEACHER.replace("tolerance: 1", "tolerance: 1.5") + "\n## And now?\n\nNothing is asked here.\n"


@pytest.fixture(scope="module")
def of_a_teacher(kinds, tmp_path_factory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("lessons")
    (folder / "places.md").write_text(LESSON, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_LESSONS", str(folder))
        with served(kinds) as url:
            yield url


def markers(page: Page) -> dict[str, list[float]] | None:
    """Places of what the host put on the map, by their labels."""
    return of_screen(page, "({ host }) => Object.fromEntries(host.markers.map(({ label, map }) => [label, [...map]]))")


def pins(page: Page) -> list[list[float]]:
    """Codes of the pins that the server knows: a moment after the click."""
    return of_screen(page, "({ host }) => host.pins.map(({ z }) => [...z])") or []


def _is_pinned(page: Page) -> None:
    assert len(pins(page)) == 1


def test_the_place_that_was_asked_for_is_marked_with_the_own_one_after_the_answer(browser, of_a_teacher):
    run = load_run("digits-2d", ASSETS)
    true = run.encodings.mu[run.encodings.label == 3].mean(0)  # the map is the latent plane
    with tab(browser, viewport=PROJECTOR, reduced_motion="reduce") as page:
        page.goto(address(of_a_teacher, view="lessons", lesson="places"))
        canvas = ready(page)
        settled(page)
        assert markers(page) == {}
        give = page.get_by_role("button", name="Answer with the last pin")
        expect(give).to_be_disabled()
        box = canvas.bounding_box()
        page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
        expect(give).to_be_enabled()
        eventually(lambda: _is_pinned(page))
        [pin] = pins(page)
        give.click()
        expect(page.get_by_text("map units away")).to_be_visible()
        answered(page)
        settled(page)
        found = markers(page)
        assert found["class 3"] == pytest.approx(true, abs=1e-3)
        assert found["your answer"] == pytest.approx(pin, abs=1e-3)
        said = page.get_by_text("map units away").inner_text()
        away = math.dist(pin, true)
        assert float(re.search(r"is ([\d.]+) map units away", said)[1]) == pytest.approx(away, abs=0.006)
        assert ("Right:" if away <= 1.5 else "Not quite:") in said
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("Step 2 of 2")).to_be_visible()
        answered(page)
        settled(page)
        assert markers(page) == {}  # of another step

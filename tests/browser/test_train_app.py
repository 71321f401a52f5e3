"""What can the Train page do in the app that it cannot in a file? Other images, going on behind another view, and becoming a run.

Second opinions: the data sets themselves, and the run that stands in the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import served
from tests.browser.learning import HELPERS, from_text
from tests.browser.surface import address, tab
from tests.browser.test_train import TRAINING, stands
from trainer.datasets import load_dataset
from trainer.runs.catalogue import load_run

HELD = f"""() => {{
  const {{header, train, test, labels}} = {TRAINING}.images;
  return {{name: header.dataset, nTrain: header.n_train, bytes: textOf(new Uint8Array([...train, ...test])), labels: [...labels]}};
}}"""
KEPT = re.compile("is a run now, evaluated and examined")


@pytest.fixture
def page(browser, server) -> Iterator[Page]:
    with tab(browser) as page:
        opened(page, server)
        yield page


def opened(page: Page, server: str) -> None:
    page.goto(address(server, view="train"))
    stands(page, "Not trained yet")
    page.evaluate(f"() => {{ {HELPERS} }}")


def view(page: Page, name: str) -> None:
    page.get_by_test_id("stMain").get_by_role("radio", name=name, exact=True).click()


def test_a_training_goes_on_behind_another_view(page):
    page.get_by_role("button", name="Train", exact=True).click()
    stands(page, "Step ")
    page.evaluate(f"() => {{ window.kept = {TRAINING} }}")
    view(page, "dimensions")
    expect(page.get_by_test_id("standing")).to_have_count(0)
    left = page.evaluate("window.kept.state.step")
    page.wait_for_function("(left) => window.kept.state.step > left", arg=left)
    view(page, "train")
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_enabled()
    assert page.evaluate(f"window.kept === {TRAINING}")
    assert page.evaluate("window.kept.state.film.moments[0].step") == 0
    expect(page.get_by_role("application", name=re.compile("Map of the codes"))).to_be_visible()


def test_a_training_goes_on_while_another_trains_on_the_machine(page):
    page.get_by_role("button", name="One epoch").click()
    stands(page, "Step 9,")
    page.evaluate(f"() => {{ window.kept = {TRAINING} }}")
    view(page, "on this machine")
    expect(page.get_by_role("combobox", name="Preset")).to_be_visible()
    view(page, "in this page")
    stands(page, "Step 9,")
    assert page.evaluate(f"window.kept === {TRAINING}")


def test_other_images_come_when_they_are_chosen(page):
    page.get_by_role("button", name="One step").click()
    stands(page, "Step 1,")
    page.get_by_role("combobox", name="Images").select_option("shapes")
    expect(page.get_by_test_id("own-images")).to_contain_text("Other images end this training.")
    page.get_by_role("button", name=re.compile("^End it and take ")).click()
    stands(page, "Not trained yet")
    expect(page.get_by_role("combobox", name="Images")).to_have_value("shapes")
    found = page.evaluate(HELD)
    shapes = load_dataset("shapes")
    train, test = (shapes.subset(part).images for part in ("train", "test"))
    n = found["nTrain"]
    pixels = from_text(found["bytes"]).view(np.uint8).reshape(-1, *train.shape[1:])
    assert (found["name"], len(pixels)) == ("shapes", len(found["labels"]))
    np.testing.assert_array_equal(pixels[:n], train[:n])
    np.testing.assert_array_equal(pixels[n:], test[: len(pixels) - n])
    page.get_by_role("button", name="One step").click()
    stands(page, "Step 1,")


def test_keep_makes_a_run_that_is_opened(browser, tmp_path: Path):
    with served(tmp_path) as server, tab(browser) as page:
        opened(page, server)
        for epoch in (1, 2):
            page.get_by_role("button", name="One epoch").click()
            stands(page, f"Step {9 * epoch},")
        seen = page.evaluate(f"textOf({TRAINING}.progress.mu)")
        expect(page.get_by_role("button", name="Keep as a run")).to_be_enabled()
        page.get_by_role("button", name="Keep as a run").click()
        expect(page.get_by_text("Becomes the run")).to_be_visible()
        expect(page.get_by_text(KEPT)).to_be_visible(timeout=180_000)
        run = load_run("digits-2d-page", tmp_path)
        np.testing.assert_allclose(run.encodings.mu, from_text(seen).reshape(-1, 2), atol=1e-4)
        assert run.info.metrics is not None and run.info.examination is not None
        stands(page, "Step 18,")
        page.get_by_role("button", name="Open digits-2d-page").click()
        expect(page.get_by_role("button", name=re.compile("digits-2d-page")).first).to_be_visible()

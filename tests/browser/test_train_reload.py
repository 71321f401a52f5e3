"""Does a training in the page outlive a reload, to the last digit, with its images, and is what is lost said?

Second opinion: the same training without a reload.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from explorer.hosts.html_file import training_page
from tests.browser.learning import HELPERS
from tests.browser.surface import address, eventually, tab
from tests.browser.test_train import TRAINING, stands
from tests.browser.test_train_own import DIGITS, give, packed, png
from tests.browser.test_train_two import even
from trainer.datasets import load_dataset

STEPS = """() => new Promise((resolve) => {
  const open = indexedDB.open('latent-atlas', 1);
  open.onsuccess = () => {
    const all = open.result.transaction('trainings').objectStore('trainings').getAll();
    all.onsuccess = () => {
      open.result.close();
      resolve(all.result.flatMap(({trainings}) => trainings.map(({kept}) => kept.snapshot.step)));
    };
  };
})"""
"""Of the trainings that the browser keeps."""
KEPT = """async ([step, isKept]) => {
  const steps = STEPS;
  const end = performance.now() + 60000;
  while (performance.now() < end) {
    const found = await steps();
    if ((found.length > 0 && found.every((one) => one === step)) === isKept) return;
    await new Promise(requestAnimationFrame);
  }
  throw new Error(`kept: ${await steps()}`);
}""".replace("STEPS", STEPS)
"""Waits until the browser has kept a page whose trainings are all at this step, or keeps none such any more."""


@pytest.fixture
def page(browser, server) -> Iterator[Page]:
    with tab(browser) as page:
        page.goto(address(server, view="train"))
        stands(page, "Not trained yet")
        yield page


def weights(page: Page) -> list[str]:
    return list(page.evaluate(f"() => {{ {HELPERS}; return {TRAINING}.all.map(({{progress}}) => textOf(progress.weights)) }}"))


def epoch(page: Page, step: int) -> None:
    page.get_by_role("button", name="One epoch").click()
    stands(page, f"Step {step},")


def reloaded(page: Page, step: int, name: str) -> None:
    page.evaluate(KEPT, [step, True])
    page.reload()
    expect(page.get_by_test_id("own-images")).to_have_text(
        f"This page was reloaded: the training on {name} is here again, paused at step {step}; moments before it are gone."
    )
    stands(page, f"Step {step},")


def test_a_reload_loses_no_digit(browser, server, page):
    rate = page.get_by_role("slider", name="Learning rate")
    rate.press("ArrowRight")
    page.get_by_role("checkbox", name="Noise").uncheck()
    epoch(page, 9)
    before = weights(page)
    reloaded(page, 9, "digits")
    assert weights(page) == before
    expect(page.get_by_role("checkbox", name="Noise")).not_to_be_checked()
    expect(page.get_by_role("button", name="Go on")).to_be_enabled()
    epoch(page, 18)
    with tab(browser) as other:
        other.goto(address(server, view="train"))
        stands(other, "Not trained yet")
        other.get_by_role("slider", name="Learning rate").press("ArrowRight")
        other.get_by_role("checkbox", name="Noise").uncheck()
        for step in (9, 18):
            epoch(other, step)
        assert weights(other) == weights(page)


def test_another_model_on_other_images_and_the_one_beside_it_come_back(page):
    page.get_by_role("combobox", name="Images").select_option("pendulum")
    expect(page.get_by_test_id("own-images")).to_have_text("")
    page.get_by_text("Model: ").click()
    page.get_by_role("radio", name="Linear").check()
    page.keyboard.press("Escape")
    stands(page, "Not trained yet")
    page.get_by_role("button", name="Compare with another β").click()
    expect(page.get_by_role("application")).to_have_count(2)
    page.get_by_role("button", name="One step").click()
    even(page, 1)
    before = weights(page)
    assert len(before) == 2
    reloaded(page, 1, "pendulum")
    even(page, 1)
    assert weights(page) == before
    expect(page.get_by_text("Model: VAE, linear")).to_be_visible()


def test_ones_own_pictures_come_back_with_their_training(browser, tmp_path: Path):
    (tmp_path / "train.html").write_bytes(training_page(load_dataset("digits")))
    with tab(browser, offline=True) as page:
        page.goto((tmp_path / "train.html").as_uri())
        stands(page, "Not trained yet")
        give(page, packed({f"{i}.png": png(DIGITS.images[i, 0]) for i in range(30)}))
        expect(page.get_by_test_id("own-images")).to_contain_text("30 pictures")
        stands(page, "Not trained yet")
        pixels = page.evaluate(f"[...{TRAINING}.images.train]")
        epoch(page, 1)
        before = weights(page)
        reloaded(page, 1, "your pictures")
        assert (weights(page), page.evaluate(f"[...{TRAINING}.images.train]")) == (before, pixels)


def test_where_the_browser_keeps_nothing_it_is_said(page):
    page.add_init_script("Object.defineProperty(globalThis, 'indexedDB', { value: undefined })")
    page.reload()
    stands(page, "Not trained yet")
    epoch(page, 9)
    page.reload()
    expect(page.get_by_test_id("own-images")).to_contain_text("its training is gone: digits, step 9.")
    stands(page, "Not trained yet")


def test_a_duplicated_tab_keeps_its_own(browser, server):
    """What a browser does when a tab is duplicated: the other begins with a copy of what the first one's session keeps."""
    with tab(browser) as first:
        first.goto(address(server, view="train"))
        stands(first, "Not trained yet")
        epoch(first, 9)
        first.evaluate(KEPT, [9, True])
        copied = first.evaluate("JSON.stringify({...sessionStorage})")
        second = first.context.new_page()
        once = (
            f"if (!sessionStorage.length) for (const [key, value] of Object.entries({copied})) sessionStorage.setItem(key, value);"
        )
        second.add_init_script(once)
        second.goto(address(server, view="train"))
        stands(second, "Not trained yet")
        second.get_by_role("button", name="One epoch").click()
        stands(second, "Step 9,")
        epoch(second, 18)
        eventually(lambda: _are_kept(second, [9, 18]))
        for page, step in ((first, 9), (second, 18)):
            page.reload()
            stands(page, f"Step {step},")


def _are_kept(page: Page, steps: list[int]) -> None:
    assert sorted(page.evaluate(STEPS)) == steps


def test_after_a_reset_nothing_comes_back(page):
    epoch(page, 9)
    page.evaluate(KEPT, [9, True])
    page.get_by_role("button", name="Reset").click()
    stands(page, "Not trained yet")
    page.evaluate(KEPT, [9, False])
    page.reload()
    stands(page, "Not trained yet")
    expect(page.get_by_test_id("own-images")).to_have_text("")

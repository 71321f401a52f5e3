"""Do two trainings beside each other learn each by its own β, from the same weights, with one pointer and one set of buttons?

Second opinions: a learner that is driven by hand, and both decoders in numpy.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.learning import HELPERS, from_text, open_learner
from tests.browser.surface import assert_no_barrier, tab
from tests.browser.test_train import TRAINING, layers, look_back, stands
from trainer.datasets import load_dataset

PHONE = {"width": 390, "height": 844}

BY_HAND = """({images, steps, beta}) => {
  latentLearner.use('simd');
  const bytes = Uint8Array.from(atob(images), (c) => c.charCodeAt(0));
  const record = latentLearner.dense({imageShape: [1, 8, 8], latentDim: 2, hidden: [128], likelihood: 'bernoulli'});
  const learner = new latentLearner.Learner(record, bytes, {seed: 1, batchSize: 128, settings: {beta}});
  for (let i = 0; i < steps; i++) learner.next();
  return textOf(learner.vae.parameters.copyOfWeights());
}"""

NETWORKS = f"""() => {TRAINING}.all.map(({{ready, progress, state}}) => ({{
  step: progress.step, beta: state.settings.beta, weights: textOf(progress.weights),
  arrays: ready.places.map(({{name, at, size, shape}}) => [name, shape, textOf(progress.weights.slice(at, at + size))]),
}}))"""


@pytest.fixture
def page(browser, file) -> Iterator[Page]:
    with tab(browser, offline=True) as page:
        opened(page, file)
        yield page


def opened(page: Page, file: Path) -> None:
    page.goto(file.as_uri())
    stands(page, "Not trained yet")
    page.evaluate(f"() => {{ {HELPERS} }}")


def compare(page: Page) -> tuple[Locator, Locator]:
    """The left and the right one."""
    page.get_by_role("button", name="Compare with another β").click()
    left, right = (page.get_by_role("group", name=re.compile(f"^Training at the {side}")) for side in ("left", "right"))
    expect(right.get_by_role("application")).to_be_visible()
    return left, right


def even(page: Page, step: int) -> None:
    """Both rest at this step."""
    expect(page.get_by_test_id("standing")).to_contain_text(re.compile(rf"^Step {step}, epoch [\d.]+\. β = .*ELBO.*; β = .*ELBO"))
    expect(page.get_by_role("button", name="Go on")).to_be_enabled()


def test_the_second_begins_anew_comes_to_the_same_step_and_learns_by_its_own_beta(browser, page):
    page.get_by_role("button", name="One epoch").click()
    stands(page, "Step 9, epoch 1.0.")
    compare(page)
    even(page, 9)
    page.get_by_role("button", name="One epoch").click()
    even(page, 18)
    found = page.evaluate(NETWORKS)
    assert [one["beta"] for one in found] == [1, 4]
    images = base64.b64encode(load_dataset("digits").subset("train").images.tobytes()).decode()
    with tab(browser) as other:
        open_learner(other)
        for one in found:
            by_hand = other.evaluate(BY_HAND, {"images": images, "steps": 18, "beta": one["beta"]})
            np.testing.assert_array_equal(from_text(one["weights"]), from_text(by_hand))


def test_one_pointer_decodes_by_both_networks(page):
    left, right = compare(page)
    page.get_by_role("button", name="One epoch").click()
    even(page, 9)
    networks = [{name: from_text(text).reshape(shape) for name, shape, text in one["arrays"]} for one in page.evaluate(NETWORKS)]
    for pointed, x, y in ((left, 0.7, 0.3), (right, 0.4, 0.6)):
        box = pointed.get_by_role("application").bounding_box()
        assert box
        other = right if pointed is left else left
        before = other.get_by_test_id("decoded").get_attribute("data-z") or ""
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        expect(other.get_by_test_id("decoded")).not_to_have_attribute("data-z", before)
        codes = [one.get_by_test_id("decoded").get_attribute("data-z") for one in (left, right)]
        assert codes[0] == codes[1]
        z = np.array(json.loads(codes[0] or "[]"))
        for one, weights in zip((left, right), networks, strict=True):
            pixels = one.get_by_test_id("decoded").evaluate(
                "(c) => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
            )
            logits = layers(z, weights, ("decoder.0", "decoder.2"))
            np.testing.assert_allclose(np.array(pixels[::4]) / 255, 1 / (1 + np.exp(-logits)), atol=1 / 254)
        page.mouse.move(0, 0)


def test_both_maps_move_together_and_rest_at_the_same_step(page):
    compare(page)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_test_id("standing")).to_contain_text(re.compile(r"epoch \d\d"))
    drawn = page.evaluate(f"{TRAINING}.all.map(({{map}}) => map.drawn)")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_test_id("standing")).not_to_contain_text("the right one at step")
    expect(page.get_by_role("button", name="Go on")).to_be_enabled()
    first, second = page.evaluate(NETWORKS)
    assert first["step"] == second["step"]
    assert min(drawn) > 1
    expect(page.get_by_role("img", name=re.compile("^With β 1: KL of 2 dimensions.*With β 4: KL of 2 dim"))).to_be_visible()


def test_each_has_its_own_beta_and_either_can_go_on_alone(page):
    left, right = compare(page)
    right.get_by_role("slider", name="β").press("End")
    page.get_by_role("button", name="One step").click()
    even(page, 1)
    assert page.evaluate(f"{TRAINING}.all.map(({{state}}) => state.settings.beta)") == [1, 100]
    weights = page.evaluate(NETWORKS)[1]["weights"]
    right.get_by_role("button", name="Only this one").click()
    expect(left).to_have_count(0)
    expect(page.get_by_role("application")).to_have_count(1)
    expect(page.get_by_role("slider", name="β")).to_have_count(1)
    (only,) = page.evaluate(NETWORKS)
    assert (only["beta"], only["weights"]) == (100, weights)
    expect(page.get_by_role("button", name="Keep as a run")).to_be_enabled()
    page.get_by_role("button", name="One step").click()
    stands(page, "Step 2,")


def test_one_looks_back_in_both_and_both_go_on_from_there(page):
    compare(page)
    for epoch in (1, 2):
        page.get_by_role("button", name="One epoch").click()
        even(page, 9 * epoch)
    before = page.evaluate(NETWORKS)
    slider = page.get_by_role("slider", name="Moment")
    look_back(slider, "step 9 of 18")
    page.get_by_role("button", name="One epoch").click()
    even(page, 18)
    assert page.evaluate(NETWORKS) == before


def test_on_a_phone_both_maps_and_both_pictures_are_on_one_screen(browser, file):
    with tab(browser, offline=True, viewport=PHONE) as page:
        opened(page, file)
        left, right = compare(page)
        left.scroll_into_view_if_needed()
        left.evaluate("(element) => element.scrollIntoView()")
        for one in (left, right):
            for part in (one.get_by_role("application"), one.get_by_test_id("decoded")):
                expect(part).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_two_have_no_barrier(page):
    compare(page)
    page.get_by_role("button", name="One epoch").click()
    even(page, 9)
    assert_no_barrier(page)

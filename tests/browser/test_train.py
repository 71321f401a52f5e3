"""Does the page that trains learn the same in the app, in a notebook and in a file from disk, in a worker and where none is allowed?"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from explorer.hosts.html_file import training_page
from explorer.notebook import train
from tests.browser.learning import HELPERS, from_text, open_learner
from tests.browser.surface import address, assert_no_barrier, tab
from trainer.datasets import load_dataset

N_EPOCHS = 3
STEPS_PER_EPOCH = 9  # 1079 images by 128
HOSTS = ("app", "notebook", "file", "file without workers")

TRAINING = (
    "[document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)]"
    ".map((r) => r.querySelector('[data-testid=train]')).find(Boolean).training"
)

CELL = """async ([program, images]) => {
  const bytes = Uint8Array.from(atob(images), (c) => c.charCodeAt(0));
  document.body.innerHTML = '<div id="cell" style="width: 900px"></div>';
  const module = await import(URL.createObjectURL(new Blob([program], { type: 'text/javascript' })));
  const { render } = await module.default();
  window.leave = await render({ model: { get: () => new DataView(bytes.buffer) }, el: document.getElementById('cell') });
}"""

BY_HAND = """({images, steps}) => {
  latentLearner.use('simd');
  const bytes = Uint8Array.from(atob(images), (c) => c.charCodeAt(0));
  const record = latentLearner.dense({imageShape: [1, 8, 8], latentDim: 2, hidden: [32], likelihood: 'bernoulli'});
  const learner = new latentLearner.Learner(record, bytes, {seed: 1, batchSize: 128});
  for (let i = 0; i < steps; i++) learner.next();
  return textOf(learner.vae.parameters.copyOfWeights());
}"""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """The page as a file, and the same under a policy that allows it no worker."""
    folder, text = tmp_path_factory.mktemp("files"), training_page(load_dataset("digits")).decode()
    assert "worker-src blob:; " in text
    found = {"file": text, "file without workers": text.replace("worker-src blob:; ", "")}
    for name, page in found.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in found}


@contextmanager
def opened(browser: Browser, host: str, files: dict[str, Path], server: str) -> Iterator[Page]:
    """The page in this host; a file without a network."""
    with tab(browser, offline=host in files) as page:
        if host in files:
            page.goto(files[host].as_uri())
        elif host == "notebook":
            widget = train("digits")
            page.goto("about:blank")
            page.evaluate(CELL, [widget._esm, base64.b64encode(widget.images).decode()])
        else:
            page.goto(address(server, view="train"))
        expect(page.get_by_test_id("standing")).to_contain_text("Not trained yet")
        yield page


def stands(page: Page, words: str) -> None:
    expect(page.get_by_test_id("standing")).to_contain_text(words)


def learned(page: Page) -> dict[str, Any]:
    """What the network of 64-32-2 has learned after some epochs."""
    page.evaluate(f"() => {{ {HELPERS}; {TRAINING}.ask({{kind: 'choose', choice: {{hidden: [32]}}}}) }}")
    button = page.get_by_role("button", name="One epoch")
    for epoch in range(1, N_EPOCHS + 1):
        button.click()
        stands(page, f"Step {epoch * STEPS_PER_EPOCH}, epoch {epoch}.0.")
    return dict(page.evaluate(f"() => ({{where: {TRAINING}.where, weights: textOf({TRAINING}.progress.weights)}})"))


@pytest.fixture(scope="module")
def expected(browser) -> str:
    """The weights of a learner that is driven by hand."""
    images = base64.b64encode(load_dataset("digits").subset("train").images.tobytes()).decode()
    with tab(browser) as page:
        return str(open_learner(page).evaluate(BY_HAND, {"images": images, "steps": N_EPOCHS * STEPS_PER_EPOCH}))


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_learns_the_same_digits(browser, server, files, expected, host):
    with opened(browser, host, files, server) as page:
        found = learned(page)
    assert found["where"] == ("page" if host == "file without workers" else "worker")
    assert found["weights"] == expected, "other digits"


def test_a_cell_that_is_cleared_leaves_nothing(browser, server, files):
    with opened(browser, "notebook", files, server) as page:
        page.get_by_role("button", name="Train").click()
        stands(page, "Step ")
        page.evaluate("window.leave()")
        assert page.evaluate("document.getElementById('cell').childElementCount") == 0


def test_a_training_goes_on_while_the_app_reruns(browser, server, files):
    with opened(browser, "app", files, server) as page:
        page.get_by_role("button", name="One epoch").click()
        stands(page, "Step 9,")
        page.get_by_role("button", name="All runs").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        stands(page, "Step 9,")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="One epoch").click()
        stands(page, "Step 18,")


# --- the map


NETWORK = f"""() => {{
  const {{ready, progress}} = {TRAINING};
  const of = ({{name, at, size, shape}}) => [name, shape, textOf(progress.weights.slice(at, at + size))];
  return {{step: progress.step, mu: textOf(progress.mu), arrays: ready.places.map(of)}};
}}"""


@pytest.fixture
def in_file(browser, server, files) -> Iterator[Page]:
    with opened(browser, "file", files, server) as page:
        page.evaluate(f"() => {{ {HELPERS} }}")
        yield page


def network(page: Page) -> dict[str, np.ndarray]:
    """The weights of this moment by name."""
    return {name: from_text(text).reshape(shape) for name, shape, text in page.evaluate(NETWORK)["arrays"]}


def layers(x: np.ndarray, weights: dict[str, np.ndarray], names: tuple[str, str]) -> np.ndarray:
    """Two dense layers with a ReLU between them."""
    first, second = ((weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in names)
    hidden = np.maximum(first[0] @ x + first[1], 0)
    return second[0] @ hidden + second[1]


def pointed(page: Page) -> tuple[np.ndarray, np.ndarray]:
    """The code under the pointer, and the grey levels that are shown for it, in [0, 1]."""
    picture = page.get_by_test_id("decoded")
    pixels = picture.evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)")
    return np.array(json.loads(picture.get_attribute("data-z") or "[]")), np.array(pixels[::4]) / 255


def point_at(page: Page, x: float, y: float) -> None:
    """Shares of the map's canvas."""
    box = page.get_by_role("application").bounding_box()
    assert box
    before = page.get_by_test_id("decoded").get_attribute("data-z")
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    expect(page.get_by_test_id("decoded")).not_to_have_attribute("data-z", before or "")


def test_what_is_pointed_at_is_decoded_by_the_weights_of_the_moment(in_file):
    for epoch in (1, 2):
        in_file.get_by_role("button", name="One epoch").click()
        stands(in_file, f"epoch {epoch}.0.")
        point_at(in_file, 0.4 + 0.1 * epoch, 0.45)
        z, grey = pointed(in_file)
        logits = layers(z, network(in_file), ("decoder.0", "decoder.2"))
        np.testing.assert_allclose(grey, 1 / (1 + np.exp(-logits)), atol=1 / 254)


def test_every_image_is_where_the_encoder_puts_it(in_file):
    in_file.get_by_role("button", name="One epoch").click()
    stands(in_file, "epoch 1.0.")
    images = load_dataset("digits").subset("test").images.reshape(-1, 64) / 255
    mu = from_text(in_file.evaluate(NETWORK)["mu"]).reshape(len(images), 2)
    weights = network(in_file)
    for i in (0, 100, 538):
        np.testing.assert_allclose(mu[i], layers(images[i], weights, ("encoder.1", "encoder.3"))[:2], atol=1e-4)


def test_a_pointer_that_rests_sees_the_picture_change_while_it_learns(in_file):
    point_at(in_file, 0.55, 0.4)
    _, before = pointed(in_file)
    drawn = in_file.evaluate(f"{TRAINING}.map.drawn")
    in_file.get_by_role("button", name="Train", exact=True).click()
    expect(in_file.get_by_test_id("standing")).to_contain_text(re.compile(r"epoch \d\d"))
    in_file.get_by_role("button", name="Pause").click()
    expect(in_file.get_by_role("button", name="Go on")).to_be_enabled()
    _, after = pointed(in_file)
    assert np.abs(after - before).max() > 0.1
    assert in_file.evaluate(f"{TRAINING}.map.drawn") > drawn


def test_arrow_keys_move_the_probe_and_zero_shows_everything(in_file):
    canvas = in_file.get_by_role("application")
    canvas.focus()
    for key in ("ArrowRight", "Shift+ArrowUp"):
        picture = in_file.get_by_test_id("decoded")
        expect(picture).to_have_attribute("data-z", re.compile(r"^\["))
        shown = picture.get_attribute("data-z") or ""
        before, _ = pointed(in_file)
        canvas.press(key)
        expect(picture).not_to_have_attribute("data-z", shown)
        after, _ = pointed(in_file)
        assert (after > before).tolist() == [key == "ArrowRight", key != "ArrowRight"]


def test_the_page_has_no_barrier(browser, server, files):
    with opened(browser, "app", files, server) as page:
        page.get_by_role("button", name="One epoch").click()
        stands(page, "epoch 1.0.")
        assert_no_barrier(page)


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)], ids=["projector", "phone"])
def test_what_moves_while_it_learns_is_on_one_screen(browser, server, size):
    width, height = size
    with tab(browser, viewport={"width": width, "height": height}) as page:
        page.goto(address(server, view="train"))
        page.get_by_role("button", name="One epoch").click()
        stands(page, "epoch 1.0.")
        moving = [
            page.get_by_role("application"),
            page.get_by_test_id("decoded"),
            page.get_by_test_id("standing"),
            page.get_by_test_id("go"),
        ]
        moving += [page.get_by_role("slider", name=name) for name in ("β, weight of the KL", "Learning rate of Adam")]
        if width > height:
            moving += [page.get_by_role("slider", name="Moment"), page.get_by_role("img", name="KL of 2 dimensions")]
            moving.append(page.locator("figure").filter(has_text="held back"))
        for part in moving:
            expect(part).to_be_in_viewport(ratio=0.99)


# --- the charts


def test_the_kl_of_images_held_back_is_the_closed_form(in_file):
    in_file.get_by_role("button", name="One epoch").click()
    stands(in_file, "epoch 1.0.")
    expect(in_file.get_by_role("img", name="KL of 2 dimensions")).to_be_visible()
    told = in_file.wait_for_selector("[data-testid=train]").evaluate(
        """async (element) => {
          const { training } = element;
          while (training.state.heldBack.at(-1)?.step !== 9) await new Promise(requestAnimationFrame);
          const { mu, logvar } = training.progress;
          return [training.state.heldBack.at(-1).kl, textOf(mu), textOf(logvar)];
        }"""
    )
    mu, logvar = map(from_text, told[1:])
    kl = 0.5 * np.sum(np.square(mu) + np.expm1(logvar) - logvar, dtype=float) / 539
    assert told[0] == pytest.approx(kl, rel=1e-4)


def test_dimensions_die_under_a_large_beta_and_come_back(in_file):
    beta = in_file.get_by_role("slider", name="β")
    beta.press("End")
    in_file.get_by_role("button", name="Train", exact=True).click()
    chart = in_file.get_by_role("img", name=re.compile("^KL of 2 dimensions"))
    expect(chart).to_have_attribute("aria-label", re.compile("2 below 0.01 nats"))
    beta.press("Home")
    expect(chart).to_have_attribute("aria-label", re.compile("0 below 0.01 nats"))
    stands(in_file, "Step ")


def test_more_dimensions_are_chosen_and_the_map_shows_two_that_live(in_file):
    in_file.get_by_text("Model: ").click()
    in_file.get_by_role("combobox", name="Dimensions").select_option("8")
    in_file.keyboard.press("Escape")
    stands(in_file, "Not trained yet")
    in_file.get_by_role("button", name="Train", exact=True).click()
    expect(in_file.get_by_test_id("standing")).to_contain_text(re.compile(r"epoch \d\d"))
    in_file.get_by_role("button", name="Pause").click()
    expect(in_file.get_by_role("button", name="Go on")).to_be_enabled()
    kl, axes = in_file.evaluate(f"[Array.from({TRAINING}.state.terms.klPerDim), {TRAINING}.state.axes]")
    assert len(kl) == 8
    assert max(kl) <= 1.5 * max(kl[k] for k in axes)
    point_at(in_file, 0.6, 0.4)
    z, _ = pointed(in_file)
    assert [k for k in range(8) if z[k] != 0] == axes


# --- the film


def look_back(slider: Locator, words: str) -> None:
    """Moment by moment to this one; a busy machine keeps some between the ends of two epochs."""
    while (shown := slider.get_attribute("aria-valuetext") or "") != words:
        slider.press("ArrowLeft")
        expect(slider).not_to_have_attribute("aria-valuetext", shown)


def test_one_looks_back_and_goes_on_from_there_to_the_same_digits(in_file):
    for epoch in (1, 2, 3):
        in_file.get_by_role("button", name="One epoch").click()
        stands(in_file, f"epoch {epoch}.0.")
    there = in_file.evaluate(NETWORK)
    point_at(in_file, 0.6, 0.4)
    _, last = pointed(in_file)
    slider = in_file.get_by_role("slider", name="Moment")
    expect(slider).to_have_attribute("aria-valuetext", "step 27")
    for step in (18, 9):
        look_back(slider, f"step {step} of 27")
    _, first = pointed(in_file)
    assert np.abs(first - last).max() > 1 / 255
    for epoch in (2, 3):
        in_file.get_by_role("button", name="One epoch").click()
        stands(in_file, f"epoch {epoch}.0.")
        expect(slider).to_have_attribute("aria-valuetext", f"step {9 * epoch}")
    assert in_file.evaluate(NETWORK) == there

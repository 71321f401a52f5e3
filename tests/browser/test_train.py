"""Does the page that trains learn the same in the app, in a notebook and in a file from disk, in a worker and where none is allowed?"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from explorer.hosts.html_file import training_page
from explorer.notebook import train
from tests.browser.learning import HELPERS, open_learner
from tests.browser.surface import address, tab
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

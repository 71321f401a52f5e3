"""Does the page train every kind of model that its form offers, and say of each what is true of it and no more?

Second opinions: the trainer's own evaluation of the weights that were kept, torch by the page's script, and the eigenvalues in numpy.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.learning import HELPERS, from_text
from tests.browser.surface import address, assert_no_barrier, tab
from tests.browser.test_train import STEPS_PER_EPOCH, TRAINING, stands
from tests.browser.test_train_keep import downloaded
from trainer.datasets import load_dataset
from trainer.importers.kept.reading import read_page_training
from trainer.importers.kept.write_run import import_page_training


@dataclass(frozen=True)
class Kind:
    """What is chosen in the form, and what the trainer calls it."""

    options: tuple[str, ...]
    config: dict[str, Any]
    epochs: int = 60


KINDS = {
    "convolutional": Kind(("Convolutional",), {"model": "vae", "network": "conv", "hidden": (8, 16), "likelihood": "bernoulli"}),
    "autoencoder": Kind(
        ("Autoencoder (deterministic)", "Gaussian, fixed σ"),
        {"model": "autoencoder", "network": "mlp", "likelihood": "gaussian", "scale": "fixed", "sigma": 0.2},
    ),
    "linear": Kind(
        ("Linear", "Gaussian, learned σ"),
        {"model": "vae", "network": "linear", "likelihood": "gaussian", "scale": "learned"},
        epochs=600,
    ),
}


@pytest.fixture
def page(browser, file) -> Iterator[Page]:
    with tab(browser, offline=True) as page:
        page.goto(file.as_uri())
        stands(page, "Not trained yet")
        page.evaluate(f"() => {{ {HELPERS} }}")
        yield page


def choose(page: Page, *options: str) -> None:
    """In the form, which is left open."""
    form = page.get_by_text("Model: ")
    if not page.get_by_role("group", name="Network").is_visible():
        form.click()
    for option in options:
        page.get_by_role("radio", name=option, exact=True).check()


def epochs(page: Page, n: int) -> None:
    """So many, and the images held back measured at their end: the same digits on every machine."""
    step = n * STEPS_PER_EPOCH
    page.evaluate(f"{TRAINING}.ask({{kind: 'step', steps: {step}}})")
    expect(page.get_by_test_id("standing")).to_contain_text(f"Step {step}, epoch {n}.0.", timeout=180_000)  # work, not an answer
    page.wait_for_function(f"{TRAINING}.state.heldBack.at(-1)?.step === {step}")
    expect(page.get_by_role("button", name="Keep as a run")).to_be_enabled()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_kept_is_what_was_trained_and_the_script_reaches_its_loss(page, kind, tmp_path):
    choose(page, *kind.options)
    stands(page, "Not trained yet")
    epochs(page, kind.epochs)
    seen = from_text(page.evaluate(f"textOf({TRAINING}.progress.mu)")).reshape(-1, 2)
    kept = read_page_training(downloaded(page, "Keep as a run", tmp_path).read_bytes())
    config = kept.record.config.model_dump()
    assert {name: config[name] for name in kind.config} == kind.config
    run = import_page_training(kept, "kept", tmp_path / "runs", umap=False, classifier=False)
    np.testing.assert_allclose(run.encodings.mu, seen, atol=1e-3)
    last = page.evaluate(f"{TRAINING}.state.heldBack.at(-1)")
    with zipfile.ZipFile(downloaded(page, "The same in PyTorch", tmp_path)) as packed:
        packed.extractall(tmp_path)
    assert len((tmp_path / "same.py").read_text().splitlines()) <= 60
    result = subprocess.run([sys.executable, "same.py", "images.npz"], cwd=tmp_path, capture_output=True, text=True, check=True)
    numbers = re.findall(r"test reconstruction (-?[\d.]+) nats(?:, KL ([\d.]+) nats)?", result.stdout)[-1]
    # one draw an image and other random numbers: seeds differ by about as much
    assert sum(float(part or 0) for part in numbers) == pytest.approx(last["reconstruction"] + last["kl"], rel=0.04, abs=0.5)


def test_an_autoencoder_has_no_kl_no_beta_and_no_elbo(page):
    choose(page, "Autoencoder (deterministic)")
    page.keyboard.press("Escape")
    stands(page, "Not trained yet")
    page.get_by_role("button", name="One epoch").click()
    expect(page.get_by_test_id("standing")).to_have_text(
        re.compile(r"^Step 9, epoch 1\.0\. Training log p\(x\|z\) −[\d.]+ nats\.( Held back −[\d.]+\.)?$")
    )
    expect(page.get_by_role("img", name=re.compile(r"^Curves over 9 steps: −log p\(x\|z\)"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("KL of"))).to_have_count(0)
    expect(page.get_by_role("slider", name="β")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Noise")).to_have_count(0)
    expect(page.get_by_role("button", name="Compare with another β")).to_have_count(0)
    assert_no_barrier(page)
    choose(page, "Variational autoencoder")
    expect(page.get_by_test_id("model-words")).to_have_text(
        "Another model begins a new training from seed 1: the 9 steps of this one are lost."
    )
    stands(page, "Step 9,")
    page.get_by_role("button", name="Keep this training").click()
    expect(page.get_by_role("radio", name="Autoencoder (deterministic)")).to_be_checked()
    choose(page, "Variational autoencoder")
    page.get_by_role("button", name="Begin again").click()
    stands(page, "Not trained yet")
    expect(page.get_by_role("slider", name="β")).to_be_visible()


def test_the_steps_of_a_linear_model_with_a_fixed_scale_are_exact(page):
    choose(page, "Linear", "Gaussian, fixed σ")
    page.get_by_label("σ", exact=True).fill("0.5")
    page.get_by_role("combobox", name="Dimensions").select_option("8")
    page.keyboard.press("Escape")
    images = load_dataset("digits").subset("train").images.reshape(-1, 64) / 255
    values = np.sort(np.linalg.eigvalsh(np.cov(images.T, bias=True)))[::-1]
    expect(page.get_by_test_id("stairs")).to_have_text(f"Dashed: this linear VAE keeps {(values[:8] > 0.25).sum()} of 8 at β = 1.")


def test_what_a_field_does_not_take_is_said_and_changes_nothing(page):
    choose(page)
    for field, text, sentence in (
        ("Widths", "many", "Widths are “many”; allowed: 1 to 4 whole numbers from 1 to 1024."),
        ("Seed", "-1", "The seed is “-1”; allowed: a whole number from 0 to 2147483647."),
    ):
        page.get_by_label(field, exact=True).fill(text)
        page.get_by_label(field, exact=True).press("Enter")
        expect(page.get_by_test_id("model-words")).to_have_text(sentence)
    assert page.evaluate(f"[{TRAINING}.state.choice.hidden, {TRAINING}.state.choice.seed]") == [[128], 1]


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)], ids=["projector", "phone"])
def test_the_form_is_within_the_screen(browser, server, size):
    width, height = size
    with tab(browser, viewport={"width": width, "height": height}) as page:
        page.goto(address(server, view="train"))
        stands(page, "Not trained yet")
        choose(page, "Convolutional", "Gaussian, learned σ")
        for name in ("Model", "Network", "Likelihood"):
            group = page.get_by_role("group", name=name, exact=True)
            group.scroll_into_view_if_needed()
            expect(group).to_be_in_viewport(ratio=0.99)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width > height:
            expect(page.get_by_role("combobox", name="Dimensions")).to_be_in_viewport(ratio=0.99)
        assert_no_barrier(page)

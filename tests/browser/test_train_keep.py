"""Does a training that a page keeps become the run that the page saw, and does its script train as the page did?

Second opinions: the trainer's own evaluation of the weights that were kept, and torch.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer.hosts.html_file import training_page
from tests.browser.learning import HELPERS, from_text
from tests.browser.surface import tab
from tests.browser.test_train import TRAINING, stands
from trainer.datasets import load_dataset
from trainer.importers.kept.reading import read_page_training
from trainer.importers.kept.write_run import import_page_training

EPOCHS = 40


@pytest.fixture(scope="module")
def trained(browser, tmp_path_factory) -> Iterator[Page]:
    """The page in a file that is opened from disk, after some epochs with two settings of β."""
    file = tmp_path_factory.mktemp("page") / "train.html"
    file.write_bytes(training_page(load_dataset("digits")))
    with tab(browser, offline=True) as page:
        page.goto(file.as_uri())
        stands(page, "Not trained yet")
        expect(page.get_by_role("button", name="Keep as a run")).to_be_disabled()
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_test_id("standing")).to_contain_text(re.compile(rf"epoch ({EPOCHS}|[4-9]\d|\d\d\d)"))
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("button", name="Keep as a run")).to_be_enabled()
        yield page


def downloaded(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_the_run_has_the_codes_that_the_page_saw(trained, tmp_path):
    seen = trained.evaluate(f"() => {{ {HELPERS}; return textOf({TRAINING}.progress.mu) }}")
    step = trained.evaluate(f"{TRAINING}.progress.step")
    kept = read_page_training(downloaded(trained, "Keep as a run", tmp_path).read_bytes())
    assert (kept.record.steps, kept.record.config.seed, kept.record.n_train) == (step, 1, 1079)
    run = import_page_training(kept, "kept", tmp_path / "runs", umap=False, classifier=False)
    np.testing.assert_allclose(run.encodings.mu, from_text(seen).reshape(-1, 2), atol=1e-4)
    np.testing.assert_array_equal(run.film.index, run.encodings.index)
    np.testing.assert_allclose(run.film.mu[-1], run.encodings.mu, atol=0.01, rtol=1e-3)
    kl = trained.evaluate(f"{TRAINING}.state.heldBack.at(-1).kl")
    assert run.info.metrics is not None and run.info.metrics.kl == pytest.approx(kl, rel=1e-4)
    assert run.history["test_kl"][-1] == pytest.approx(kl)
    assert 0 < kept.record.seconds < 120


def test_the_script_reaches_the_loss_of_the_page(trained, tmp_path):
    with zipfile.ZipFile(downloaded(trained, "The same in PyTorch", tmp_path)) as packed:
        assert sorted(packed.namelist()) == ["images.npz", "same.py"]
        packed.extractall(tmp_path)
    assert len((tmp_path / "same.py").read_text().splitlines()) <= 60
    result = subprocess.run([sys.executable, "same.py", "images.npz"], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = re.findall(r"test reconstruction ([\d.]+) nats, KL ([\d.]+) nats", result.stdout)[-1]
    last = trained.evaluate(f"{TRAINING}.state.heldBack.at(-1)")
    # one draw for each of 539 images, and other random numbers: two seeds of the script differ by about as much
    assert sum(map(float, found)) == pytest.approx(last["reconstruction"] + last["kl"], rel=0.02)


def test_while_it_runs_nothing_is_kept(trained):
    trained.get_by_role("button", name="Go on").click()
    expect(trained.get_by_role("button", name="Keep as a run")).to_be_disabled()
    trained.get_by_role("button", name="Pause").click()
    expect(trained.get_by_role("button", name="Keep as a run")).to_be_enabled()

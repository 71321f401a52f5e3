"""What do many tests share? A tiny data set, quickly trained runs, and one thread for torch, so that two workers do not fight."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.places import ROOT

os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says how busy the machine is: no property fails by the clock.
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")

BROWSER = ROOT / "tests" / "browser"
# a run that is trained first, or a page of the app
SLOW_FIXTURES = {"trained", "kinds", "imported", "fresh_app"}


# What takes longest begins first, so that no worker is left with it at the end; browsers, which wait, beside what computes.
LONGEST_FIRST = (
    "browser/test_access.py",
    "field/test_cases.py",
    "browser/test_compare.py",
    "field/test_loading.py",
    "browser/test_app.py",
    "field/test_command_line.py",
    "browser/test_hosts.py",
    "explorer/test_app.py",
    "browser/test_posterior.py",
    "explorer/test_jobs.py",
    "browser/test_pad.py",
    "trainer/test_parallel.py",
    "browser/test_layers.py",
    "explorer/test_queue.py",
    "browser/test_classes.py",
    "trainer/test_fit.py",
    "browser/test_walk.py",
    "trainer/test_projection.py",
    "browser/test_clinic.py",
    "field/test_live_models.py",
    "browser/test_site.py",
    "trainer/test_importing.py",
    "browser/test_each_lesson.py",
    "trainer/test_clinic.py",
    "browser/test_pieces.py",
    "explorer/test_imported.py",
    "browser/test_engine.py",
    "explorer/test_models.py",
    "browser/test_film.py",
    "explorer/test_refusals.py",
    "browser/test_pins.py",
    "trainer/test_linear_vae.py",
    "browser/test_several.py",
    "trainer/test_cli.py",
    "browser/test_touch.py",
    "trainer/test_choosing.py",
    "browser/test_imported.py",
    "trainer/test_models.py",
    "field/test_packaging.py",
    "field/test_public_models.py",
    "trainer/test_inverse.py",
    "trainer/test_implied_beta.py",
    "field/test_models.py",
    "explorer/test_compare.py",
    "trainer/test_classifier.py",
    "field/test_first_change.py",
    "browser/test_lessons.py",
    "browser/test_train.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order of the files; and of every test what it takes: a browser, by its folder, or so little that it runs before every commit."""
    ranks = {ROOT / "tests" / name: rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))
    for item in items:
        if item.path.is_relative_to(BROWSER):
            item.add_marker("browser")
        elif item.get_closest_marker("slow") is None and not SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("quick")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Names what failed at once, with its reason: pytest tells both at the end, which a run that is stopped never sees."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = crash.message if crash else report.longrepr
        print(f"\nFAILED {report.nodeid} ({report.when}, {report.duration:.0f} s)\n{reason}", flush=True)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder of real MNIST files; the test is skipped, with the reason, where there is none."""
    folder = Path(os.environ.get("LATENT_DATA", ROOT.parent / "shared" / "data")) / "mnist"
    if not folder.is_dir():
        pytest.skip("MNIST is not on this machine: set LATENT_DATA to the folder that holds mnist/")
    return folder


@pytest.fixture(scope="session")
def tiny_dataset():
    """96 random-looking but learnable 1×6×5 images in three classes, all three splits."""
    import numpy as np  # after the number of threads is set

    from trainer.datasets import Dataset

    rng = np.random.default_rng(7)
    labels = np.arange(96) % 3
    bars = np.zeros((96, 1, 6, 5), np.uint8)
    for i, label in enumerate(labels):
        bars[i, 0, :, label + 1] = 200
    images = np.clip(bars + rng.integers(0, 40, bars.shape), 0, 255).astype(np.uint8)
    order = rng.permutation(96)
    splits = {"train": np.sort(order[:60]), "validation": np.sort(order[60:70]), "test": np.sort(order[70:])}
    return Dataset(
        name="digits",
        images=images,
        labels=labels.astype(np.int64),
        class_names=("a", "b", "c"),
        factors=None,
        factor_names=(),
        splits=splits,
        notes=(),
        licence="none",
    )


@pytest.fixture(scope="session")
def trained(tmp_path_factory, tiny_dataset) -> Path:
    """A folder of small finished runs: tiny-2d, tiny-5d (mlp) and tiny-conv."""
    from tests.kept import trained_runs
    from trainer.config import FitConfig, checked

    base = FitConfig(hidden=(16,), epochs=6, batch_size=16, umap=False)
    configs = {
        "tiny-2d": base,
        "tiny-5d": checked(base, latent_dim=5, activation="gelu", likelihood="gaussian", sigma=0.3),
        "tiny-conv": checked(base, latent_dim=3, network="conv", hidden=(4, 6), activation="relu"),
    }
    return trained_runs(tmp_path_factory.mktemp("runs"), configs, tiny_dataset)


@pytest.fixture(scope="session")
def imported(tmp_path_factory) -> Path:
    """A folder of runs of models that were trained elsewhere, by the names in `tests/explorer/imported.py`."""
    from tests.kept import imported_runs

    return imported_runs(tmp_path_factory.mktemp("imported"))


@pytest.fixture(scope="session")
def digits():
    """scikit-learn's 8×8 digits, of which no test may change anything."""
    from trainer.datasets import load_dataset

    return load_dataset("digits")


@pytest.fixture
def one_thread() -> None:
    """torch computes on one thread, so that its sums are the same on every machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def fresh_app(monkeypatch, tmp_path) -> Path:
    """The app remembers nothing and starts in the checkout; gives the folder of one's own runs, which is not there yet."""
    import streamlit as st

    monkeypatch.setenv("LATENT_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    st.cache_data.clear()
    return tmp_path / "runs"


@pytest.fixture
def in_folder(tmp_path) -> Iterator[Path]:
    """A fresh working directory."""
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)

"""Is the checkout what it promises to be: its top level, the pretrained runs' size and quality, a lock file without addresses?"""

import json
import subprocess

import numpy as np
import pytest

from tests.conftest import LONGEST_FIRST
from tests.places import ROOT
from trainer.config import checked
from trainer.presets import PRESETS
from trainer.runs.catalogue import load_run

pytestmark = pytest.mark.slow

RUNS = [
    "digits-2d",
    "digits-16d",
    "digits-pca",
    "digits-linear-ae",
    "digits-autoencoder",
    "digits-conditional-vae",
    "digits-m2",
    "pendulum-2d",
    "walker-2d",
    "faces-2d",
    "faces-64",
    "sketches-2d",
    "melodies-2d",
    "shapes-6d",
    "mnist-2d",
    "mnist-20d",
]
OF_FILMS = dict.fromkeys(("digits-2d", "digits-16d"), 4) | {"pendulum-2d": 6}
"""Of how many moments of its film a run has the decoder; the others have none."""


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return listed.stdout.split()


def test_the_top_level_holds_what_the_readme_names_and_nothing_else():
    top = {path.split("/")[0] for path in tracked() if not path.startswith(".")}
    assert top == {
        "app.py",
        "explorer",
        "trainer",
        "assets",
        "deploy",
        "tests",
        "requirements.txt",
        "README.md",
        "pyproject.toml",
        "Makefile",
        "LICENSE",
        "CONTRIBUTING.md",
    }


def test_the_files_that_begin_first_are_there():
    assert [name for name in LONGEST_FIRST if not (ROOT / "tests" / name).is_file()] == []


def test_every_dependency_is_pinned_and_says_why():
    for name in ("requirements.txt", "tests/requirements.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                assert "==" in line, line
                assert "#" in line, line


def test_the_lock_file_carries_no_address():
    text = (ROOT / "explorer/surface/frontend/package-lock.json").read_text()
    assert '"resolved"' not in text


def test_what_ships_is_within_60_megabytes():
    assert sum(path.stat().st_size for path in (ROOT / "assets").rglob("*") if path.is_file()) <= 60e6


def test_the_pretrained_runs_are_whole():
    folder = ROOT / "assets" / "runs"
    assert sorted(path.name for path in folder.iterdir()) == sorted(RUNS)
    for name in RUNS:
        run = load_run(name, folder)
        measured = {"precision": run.config.precision} if PRESETS[name].precision == "auto" else {}  # as was faster there
        assert run.config == checked(PRESETS[name], film_weights=OF_FILMS.get(name, 0), **measured)
        assert (0 if run.film_weights is None else len(run.film_weights.moment)) == OF_FILMS.get(name, 0)
        assert run.info.state == "finished"
        assert len(run.encodings.mu) == run.info.dataset.n_test
        assert run.film.mu.shape[0] >= (1 if run.config.model == "pca" else 20)
        assert len(run.weights) > 0
        maps = {"latent"} if run.config.latent_dim == 2 else {"pca", "axes"} | ({"umap"} if run.config.umap else set())
        assert set(run.projections) == maps


@pytest.mark.parametrize("name", OF_FILMS)
def test_the_decoders_of_a_film_are_those_of_its_moments(name):
    """The last is the run's own but for rounding; with its moment's codes each draws test images better than those before it."""
    from trainer.datasets import load_dataset

    run = load_run(name, ROOT / "assets" / "runs")
    kept, film = run.film_weights, run.film
    for tensor, values in kept.at(len(kept.moment) - 1).items():
        np.testing.assert_allclose(values, run.weights[tensor], rtol=2**-10, atol=3e-4)
    np.testing.assert_array_equal(kept.epoch, film.epoch[kept.moment])
    dataset = load_dataset(run.config.data)
    np.testing.assert_array_equal(dataset.labels[film.index], film.label)
    images = dataset.images[film.index] / 255
    told = film.label if run.config.is_conditional else None

    def error(i: int, moment: int) -> float:
        drawn = run.decoder_at(i).decode(film.mu[moment].astype(np.float32), told)
        return float(np.square(drawn - images).sum(axis=(1, 2, 3)).mean())

    moments = kept.moment.tolist()
    own = [error(i, moment) for i, moment in enumerate(moments)]
    assert own == sorted(own, reverse=True)
    assert all(own[i] < error(i - 2, moments[i]) for i in range(2, len(own)))


def test_the_mnist_runs_are_as_good_as_promised():
    """Figures as `trainer evaluate` wrote them at the end of training: dynamically binarised test set, fixed seed."""
    metrics = {
        name: json.loads((ROOT / f"assets/runs/{name}/run.json").read_text())["metrics"] for name in ("mnist-2d", "mnist-20d")
    }
    assert metrics["mnist-2d"]["input"] == metrics["mnist-20d"]["input"] == "binarised"
    assert metrics["mnist-2d"]["n"] == 10_000
    assert metrics["mnist-2d"]["elbo"] >= -129
    assert metrics["mnist-2d"]["knn_accuracy"] >= 0.92
    assert metrics["mnist-20d"]["nll_n"] >= 2000
    assert metrics["mnist-20d"]["nll"] <= 82.5  # with 200 samples; 500 only tighten it


def test_the_bound_holds_again_when_it_is_evaluated_anew(mnist_folder, monkeypatch):
    """The stored figure against a fresh evaluation of the stored weights."""
    from trainer.datasets import load_dataset
    from trainer.metrics.evaluate import evaluate

    monkeypatch.setenv("LATENT_DATA", str(mnist_folder.parent))
    run = load_run("mnist-2d", ROOT / "assets" / "runs")
    fresh = evaluate(run.model, load_dataset("mnist", download=False), samples=8, nll_images=500)
    assert run.info.metrics is not None
    assert fresh.elbo == pytest.approx(run.info.metrics.elbo, abs=0.3)
    assert fresh.kl == pytest.approx(run.info.metrics.kl, abs=0.01)
    assert fresh.knn_accuracy == pytest.approx(run.info.metrics.knn_accuracy, abs=1e-9)

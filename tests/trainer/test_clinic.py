"""Does the clinic say the right thing of every patient, and are its figures what a direct computation gives?"""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
import torch

from tests.examinations import of_two_dimensions
from trainer.cli.main import main
from trainer.cli.shipped_runs import BETAS, CLINIC, MNIST_BETAS, linear, set_by_hand
from trainer.config import FitConfig, checked
from trainer.diagnosis.diagnose import diagnose
from trainer.diagnosis.measure import examine
from trainer.diagnosis.pressure import pressure
from trainer.errors import ConfigError, RunCorrupt
from trainer.models.torch_engine import Vae
from trainer.runs.catalogue import HOME, list_runs, load_run
from trainer.training.fit import fit

pytestmark = pytest.mark.slow

EXPECTED = {
    "clinic-healthy": {"healthy"},
    "clinic-surplus": {"surplus"},
    "clinic-over-regularised": {"over-regularised"},
    "clinic-collapsed": {"collapsed"},
    "clinic-strong-decoder": {"strong-decoder"},
    "clinic-kl-without-information": {"kl-without-information"},
}
MENDED = {"healthy", "surplus"}  # a dimension that switches off is no alarm


def verdict(run):
    return diagnose(run.config, run.info.examination, run.encodings.mu)


@pytest.mark.parametrize("name", CLINIC)
def test_every_shipped_patient_gets_its_verdict(name):
    run = load_run(name, HOME / "assets" / "clinic")
    assert run.config == CLINIC[name]
    assert verdict(run).kind in EXPECTED.get(name, MENDED)


@pytest.mark.parametrize("seed", [1, 2])  # the shipped ones have seed 0
@pytest.mark.parametrize("name", EXPECTED)
def test_and_so_does_a_patient_of_another_seed(name, seed, digits, tmp_path):
    config = checked(CLINIC[name], seed=seed, classifier=False)
    torch.set_num_threads(1)
    if name == "clinic-kl-without-information":
        set_by_hand(config, digits, "patient", tmp_path)
    else:
        for _ in fit(config, digits, "patient", tmp_path, snapshots=2):
            pass
    run = load_run("patient", tmp_path)
    found = verdict(run)
    assert found.kind in EXPECTED.get(name, MENDED)
    assert found.is_alarm == (name in EXPECTED and name not in ("clinic-healthy", "clinic-surplus"))


def test_the_trap_has_eight_nats_a_dimension_and_no_information():
    run = load_run("clinic-kl-without-information", HOME / "assets" / "clinic")
    np.testing.assert_allclose(run.info.metrics.kl_per_dim, 8.0, atol=1e-5)  # ½ · 4²
    found = run.info.examination
    assert abs(found.information) < 1e-6
    assert found.all_shuffled == pytest.approx(0, abs=1e-6)
    assert found.marginal_kl == pytest.approx(found.mean_kl, abs=1e-6)
    np.testing.assert_allclose(found.sensitivity, 0, atol=1e-6)


def test_a_collapsed_linear_vae_has_the_closed_forms_likelihood(digits):
    # every dimension off: what is left is a Gaussian of variance 1 around the training mean
    run = load_run("clinic-collapsed", HOME / "assets" / "clinic")
    train, test = (digits.subset(name).images.reshape(-1, 64) / 255.0 for name in ("train", "test"))
    expected = 32 * np.log(2 * np.pi) + 0.5 * np.square(test - train.mean(0)).sum(1).mean()
    assert -run.info.metrics.elbo == pytest.approx(expected, abs=0.05)


def test_the_linear_sweep_lies_on_the_staircase(digits):
    pixels = digits.subset("train").images.reshape(-1, 64) / 255.0
    eigenvalues = np.linalg.eigvalsh(np.cov(pixels.T, bias=True))
    for name, config in linear().items():
        run = load_run(name, HOME / "assets" / "sweep")
        threshold = config.beta * config.sigma**2
        alive = int((eigenvalues > threshold).sum())
        # a posterior mean varies by 1 − βσ²/λ: above the threshold, but within a hundredth of it, it counts as off
        surely = int((eigenvalues > threshold / 0.98).sum())
        assert min(surely, 32) - 1 <= run.info.metrics.active_units <= min(alive, 32), name
        kl = np.sort(run.info.metrics.kl_per_dim)[::-1][: min(alive, 32)]
        expected = 0.5 * np.log(np.sort(eigenvalues)[::-1][: len(kl)] / threshold)
        np.testing.assert_allclose(kl, expected, atol=0.2, err_msg=name)  # of other images than those of the covariance


def test_the_sweeps_are_whole():
    there = list_runs(HOME / "assets" / "sweep")
    assert sum("digits-beta" in name for name in there) == 3 * len(BETAS)
    assert sum("mnist-beta" in name for name in there) == len(MNIST_BETAS)
    information = [
        load_run(f"sweep-digits-beta-{beta:g}-seed-0", HOME / "assets" / "sweep").info.examination.information for beta in BETAS
    ]
    assert all(a >= b - 0.05 for a, b in pairwise(information))  # dearer codes say less


def test_exchanging_whole_codes_is_what_a_loop_over_images_gives(digits):
    config = FitConfig(latent_dim=3, hidden=(8,), likelihood="gaussian", sigma=0.3, scale="fixed")
    torch.manual_seed(3)
    model = Vae(config, digits.image_shape).eval()
    found = examine(model, digits)
    x = torch.from_numpy(digits.subset("test").images.copy()).float() / 255
    with torch.no_grad():
        q = model.posterior(x)
        noise = torch.from_numpy(np.random.default_rng(1).standard_normal(tuple(q.mu.shape))).float()
        z = q.mu + q.std * noise
        own = np.array([float(model.nll(model.output(z[i : i + 1]), x[i : i + 1])) for i in range(len(x))])
        other = np.array([float(model.nll(model.output(z[i - 1 : i] if i else z[-1:]), x[i : i + 1])) for i in range(len(x))])
        squares = float((model.mean(model.output(z)) - x).square().mean())
    assert found.n == len(x)
    assert found.all_shuffled == pytest.approx(float((other - own).mean()), abs=1e-3)
    assert found.residual == pytest.approx(squares, rel=1e-4)
    assert found.sigma == pytest.approx(0.3)
    assert found.information + found.marginal_kl == pytest.approx(found.mean_kl, abs=1e-9)


SPREAD = np.random.default_rng(0).standard_normal((100, 2))


@pytest.mark.parametrize(
    ("config", "found", "kind"),
    [
        ({}, {}, "healthy"),
        ({}, {"shuffled": (3.0, 0.01)}, "surplus"),
        ({"beta": 4}, {}, "over-regularised"),
        ({"likelihood": "gaussian", "scale": "fixed", "sigma": 1.0}, {}, "over-regularised"),
        ({"likelihood": "gaussian", "scale": "fixed", "sigma": 0.1}, {}, "healthy"),
        ({}, {"information": 0.0, "mean_kl": 0.0, "shuffled": (0.0, 0.0)}, "collapsed"),
        ({}, {"information": 0.1, "mean_kl": 9.0}, "kl-without-information"),
        ({"context": 8}, {"information": 0.1, "mean_kl": 0.1}, "strong-decoder"),
    ],
)
def test_the_rules_one_by_one(config, found, kind):
    assert diagnose(FitConfig(latent_dim=2, **config), of_two_dimensions(**found), SPREAD).kind == kind


def test_a_remedy_changes_something_and_can_be_trained():
    for config in (FitConfig(beta=4), FitConfig(context=8), FitConfig(likelihood="gaussian", scale="fixed", sigma=1.0)):
        found = diagnose(config, of_two_dimensions(information=0.1, mean_kl=0.1, shuffled=(0.0, 0.0)), SPREAD)
        assert found.remedies
        for remedy in found.remedies:
            assert checked(config, **remedy.changes) != config
    assert not diagnose(FitConfig(), of_two_dimensions(), SPREAD).remedies


def test_a_heavy_sigma_weighs_as_much_as_beta():
    gaussian = {"likelihood": "gaussian", "scale": "fixed"}
    assert pressure(FitConfig(beta=2, sigma=0.2, **gaussian), of_two_dimensions(residual=0.04)) == pytest.approx(2)
    assert pressure(FitConfig(sigma=1.0, **gaussian), of_two_dimensions(residual=0.05)) == pytest.approx(20)
    assert pressure(FitConfig(beta=3), of_two_dimensions()) == 3


def test_a_point_cannot_be_examined(digits):
    with pytest.raises(ConfigError, match="no KL that could collapse"):
        examine(Vae(FitConfig(model="autoencoder", hidden=(4,)), digits.image_shape), digits)


def test_examine_adds_what_an_older_run_lacks(digits, tmp_path, capsys):
    for _ in fit(FitConfig(hidden=(6,), epochs=1, umap=False), digits, "old", tmp_path, snapshots=2):
        pass
    run = load_run("old", tmp_path)
    first = run.info.examination
    from trainer.runs.write import RunWriter

    RunWriter(run.folder).write_info(run.info.model_copy(update={"examination": None}))
    assert load_run("old", tmp_path).info.examination is None
    assert main(["examine", "old", "--runs", str(tmp_path)]) == 0
    assert load_run("old", tmp_path).info.examination == first
    assert "nats of information" in capsys.readouterr().out


def test_a_damaged_examination_is_refused(digits, tmp_path):
    from trainer.runs.folder import info_checksum

    for _ in fit(FitConfig(hidden=(6,), epochs=1, umap=False), digits, "run", tmp_path, snapshots=2):
        pass
    path = tmp_path / "run" / "run.json"
    raw = json.loads(path.read_text())
    raw["examination"]["shuffled"] = [0.1]
    raw["checksum"] = info_checksum(raw)
    path.write_text(json.dumps(raw))
    with pytest.raises(RunCorrupt, match="examination"):
        load_run("run", tmp_path)

"""Is the β that a finished model implies the one that it was trained with? Oracle: linear VAEs, whose optimum has a closed form."""

import json

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from trainer.datasets import availability, load_dataset
from trainer.diagnosis.diagnose import diagnose
from trainer.metrics.evaluate import EVALUATION_SEED, seeded, to_unit
from trainer.metrics.implied_beta import implied_beta, implied_beta_of, record
from trainer.runs.catalogue import HOME, list_runs, load_run

SIGMA2 = 0.04


class Linear:
    """The β-VAE optimum for digits with K latents and Gaussian pixels (Lucas et al. 2019; Tipping & Bishop 1999, eq. 7).

    w_k = u_k √(λ_k − βσ²), posterior variance βσ²/λ_k, mean u_k·(x − x̄) √(λ_k − βσ²)/λ_k, for the eigenvalues above βσ².
    """

    def __init__(self, beta, n_dims=6, claimed=SIGMA2):
        pixels = load_digits().data / 16
        self.mean, self.claimed = pixels.mean(0), claimed
        values, vectors = np.linalg.eigh(np.cov(pixels.T, bias=True))
        values, axes = values[::-1][:n_dims], vectors[:, ::-1][:, :n_dims]
        alive = np.maximum(values - beta * SIGMA2, 0)
        self.w = torch.from_numpy(axes * np.sqrt(alive))
        self.x = torch.from_numpy(pixels - self.mean)
        self.mu = torch.from_numpy((pixels - self.mean) @ axes * np.sqrt(alive) / values)
        self.variance = torch.from_numpy(np.where(alive > 0, beta * SIGMA2 / values, 1.0)).expand_as(self.mu)

    def nll_at(self, z, rows):
        return (self.x[rows] - z @ self.w.T).square().sum(1) / (2 * self.claimed)

    def implied(self, reading=torch.log, **options):
        return implied_beta_of(self.nll_at, self.mu, reading(self.variance), **options)


@pytest.mark.parametrize("beta", [0.1, 0.3, 1, 3, 8])
def test_a_linear_vae_implies_its_beta(beta):
    found = Linear(beta).implied()
    assert found.value == pytest.approx(beta, rel=0.03)
    assert found.low <= found.value <= found.high
    assert found.high - found.low < 0.1 * beta
    assert found.spread < 0.05
    np.testing.assert_allclose(found.per_dim[~np.isnan(found.per_dim)], beta, rtol=0.12)


@pytest.mark.slow
def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """Of 60 noises, images the same: at least 80 % (95 % in the long run, were the images drawn anew too)."""
    model, held = Linear(1.0), 0
    for seed in range(60):
        found = model.implied(draws=1, generator=torch.Generator().manual_seed(seed))
        held += found.low <= 1.0 <= found.high
    assert held >= 48


def test_a_reconstruction_averaged_over_the_pixels_shows_as_their_number():
    """Trained on mean-squared error: the weight of the KL in units of the sum is 64 times what was written."""
    small = Linear(1.0)
    averaged = implied_beta_of(lambda z, rows: 64 * small.nll_at(z, rows), small.mu, torch.log(small.variance))
    assert averaged.value == pytest.approx(64, rel=0.03)


def test_a_wrong_sigma_shows_as_its_square():
    assert Linear(1.0, claimed=SIGMA2 / 2).implied().value == pytest.approx(2, rel=0.03)  # Σ(x − x̂)² without its ½
    assert Linear(1.0, claimed=1.0).implied().value == pytest.approx(SIGMA2, rel=0.03)


@pytest.mark.parametrize("reading", [lambda v: v.sqrt(), lambda v: v, lambda v: v.log() / 2], ids=["σ", "σ²", "log σ"])
def test_a_spread_taken_for_a_log_variance_differs_in_every_dimension(reading):
    """What the encoder gave was σ, σ² or log σ, and it is read as log σ²."""
    found = Linear(1.0).implied(reading)
    assert found is None or found.spread > 0.12 or found.value < 0


def test_what_is_collapsed_implies_nothing():
    off = Linear(1000.0)
    assert float((off.variance - 1).abs().max()) == 0
    assert off.implied() is None
    trap = torch.full((500, 3), 4.0, dtype=torch.float64)  # N(4, I): 8 nats a dimension, and its width is the prior's
    assert implied_beta_of(lambda z, rows: z.square().sum(1), trap, torch.zeros_like(trap)) is None


def test_no_gradient_no_answer():
    model = Linear(1.0)
    logvar = torch.log(model.variance)
    assert implied_beta_of(lambda z, rows: model.nll_at(z.detach(), rows), model.mu, logvar) is None
    assert implied_beta_of(lambda z, rows: torch.from_numpy(model.nll_at(z, rows).numpy()), model.mu, logvar) is None
    assert implied_beta_of(lambda z, rows: torch.zeros(len(z), requires_grad=True), model.mu, logvar) is None
    assert implied_beta_of(model.nll_at, model.mu, torch.full_like(logvar, -torch.inf)) is None


def test_a_dimension_that_is_off_has_no_value_and_the_record_is_json():
    found = Linear(8.0, n_dims=20).implied()
    off = np.isnan(found.per_dim)
    assert 0 < off.sum() < 20
    assert found.value == pytest.approx(8, rel=0.05)
    told = json.loads(json.dumps(record(found), allow_nan=False))
    assert [value is None for value in told["per_dim"]] == off.tolist()


SHIPPED = [name for part in ("runs", "clinic", "sweep") for name in list_runs(HOME / "assets" / part)]
# an importance-weighted bound has another optimum; the others have no dimension left to read it from
NO_VALUE = {"clinic-collapsed", "clinic-kl-without-information", "sweep-linear-beta-20", "sweep-digits-beta-8-seed-0"}

# colours of 64 × 64 are learned with so small a σ that the encoder is still on its way after these epochs, as the verdict says
UNSETTLED = {"faces-64"}


def implied_of(name):
    run = load_run(name)
    if run.info.dataset.name == "mnist" and not availability("mnist").is_here:
        pytest.skip("MNIST is not on this machine")
    part = load_dataset(run.info.dataset.name).subset("test")
    x = to_unit(torch.from_numpy(part.images.copy()), run.config.binarise, seeded(EVALUATION_SEED, len(part.images)))[:1000]
    y = torch.from_numpy(part.labels[:1000].copy()).long() if run.config.is_conditional else None
    return run, implied_beta(run.model, x, y)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_runs_imply_what_they_were_trained_with(name):
    run, found = implied_of(name)
    if run.config.is_deterministic or name in NO_VALUE or name.startswith("sweep-digits-beta-16"):
        assert found is None
    elif run.config.importance_samples > 1:
        assert found is not None
    elif name in UNSETTLED:
        assert found is not None and found.spread >= 0.1
        assert "the encoder is not at its optimum: more epochs" in " ".join(diagnose(run.config, run.info.examination).because)
    else:
        # 10 %, or what 539 test images leave open where nearly all dimensions are off
        room = max(0.1 * run.config.beta, found.high - found.value, found.value - found.low)
        assert found.value == pytest.approx(run.config.beta, abs=room)
        assert found.spread < 0.1

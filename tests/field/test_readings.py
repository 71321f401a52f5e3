"""Are models read as their owners mean them where only the figures tell? Other priors, swapped values, heads beside an encoder, names.

Second opinions: closed forms of linear VAEs, the networks' own layers.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.trainer.test_implied_beta import Linear, implied_of
from trainer.config import FitConfig, ImportedConfig
from trainer.datasets import load_dataset
from trainer.diagnosis.checks import checks, failed
from trainer.importers.importing import check_model
from trainer.importers.model_adapter import adapt_model
from trainer.importers.understanding import words_in
from trainer.metrics.implied_beta import implied_beta_of, record
from trainer.runs.examination import Implied

STEPS, K = 900, 4


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def digits(split="train"):
    part = load_dataset("digits").subset(split)
    return torch.from_numpy(part.images.copy()).float() / 255, torch.from_numpy(part.labels.copy()).long()


class Net(nn.Module):
    """A dense VAE without a forward pass; `kl` is what the cases change."""

    beta = 1.0

    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 2 * K))
        self.dec = nn.Sequential(nn.Linear(K, 96), nn.ReLU(), nn.Linear(96, 64))

    def two(self, x):
        return self.enc(x.flatten(1)).chunk(2, 1)

    def encode(self, x):
        return self.two(x)

    def decode(self, z):
        return self.dec(z).sigmoid()

    def kl(self, mu, lv, z, y):
        return 0.5 * (mu.square() + lv.exp() - 1 - lv).sum()


def trained(net, steps=STEPS):
    """By its own loss, the same each time; in evaluation."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        x, y = digits()
        net = net()
        optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
        for _ in range(steps):
            rows = torch.randint(0, len(x), (100,))
            mu, lv = net.two(x[rows])
            z = mu + (lv / 2).exp() * torch.randn_like(mu)
            error = functional.binary_cross_entropy_with_logits(net.dec(z), x[rows].flatten(1), reduction="sum")
            optimiser.zero_grad()
            ((error + net.beta * net.kl(mu, lv, z, y[rows])) / 100).backward()
            optimiser.step()
    return net.eval()


class ByClass(Net):
    """Prior N(2 e_y, I)."""

    def kl(self, mu, lv, z, y):
        return super().kl(mu - 2 * functional.one_hot(y % K, K), lv, z, y)


class Mixture(Net):
    """Prior: the mean of the posteriors of learned pseudo-inputs, under a name that says nothing (Tomczak & Welling 2018)."""

    def __init__(self):
        super().__init__()
        self.u = nn.Parameter(torch.rand(30, 64) * 4 - 2)

    def kl(self, mu, lv, z, y):
        m, s = self.two(self.u.sigmoid())
        each = -0.5 * ((z[:, None] - m).square() / s.exp() + s).sum(-1)
        own = -0.5 * ((z - mu).square() / lv.exp() + lv).sum(1)
        return (own - torch.logsumexp(each, 1) + math.log(30)).sum()


def sentences(found, config=None):
    config = config or ImportedConfig(parts={})
    return [check.sentence for check in failed(checks(config, 500, None, Implied(**record(found))))]


# --- how the means are held


@pytest.mark.parametrize("beta", [0.1, 1, 3, 8])
def test_means_and_spreads_of_a_linear_vae_imply_one_beta(beta):
    found = Linear(beta).implied()
    assert found.means == pytest.approx(beta, rel=0.03)
    assert found.means_low <= found.means <= found.means_high
    assert abs(found.means_shift) < 0.02
    assert sentences(found) == []


def test_codes_moved_away_from_0_imply_less_by_their_means():
    """Codes μ + c and a decoder that takes c off: −Σ (∂nll/∂z)(μ + c) / Σ (μ + c)² is β Σ μ(μ + c) / Σ (μ + c)²."""
    model = Linear(8.0, n_dims=3)
    found = implied_beta_of(lambda z, rows: model.nll_at(z - 2, rows), model.mu + 2, torch.log(model.variance))
    mu = model.mu.numpy()
    assert found.means == pytest.approx(8 * np.sum(mu * (mu + 2)) / np.sum((mu + 2) ** 2), rel=0.05)
    assert found.value == pytest.approx(8, rel=0.05)
    (said,) = sentences(found)
    assert "posterior means are not held as a prior N(0, I)" in said
    assert "another prior" in said
    assert sentences(found, FitConfig()) == []  # of our own models the prior is known: a note, no refusal


@pytest.mark.parametrize("net", [ByClass, Mixture])
def test_a_prior_with_another_mean_forbids_a_verdict(net, data):
    _, lines = check_model(trained(net), data)
    said = " ".join(lines)
    assert "no verdict: The posterior means are not held as a prior N(0, I) would hold them" in said


def test_the_same_network_with_prior_0_passes(data):
    _, lines = check_model(trained(Net), data)
    assert "no verdict" not in " ".join(lines)


@pytest.mark.parametrize("name", ["clinic-healthy", "clinic-over-regularised", "digits-m2", "sweep-digits-beta-0.1-seed-0"])
def test_shipped_runs_hold_their_means(name):
    """Even read as models from elsewhere; all shipped runs were looked at when the bounds were set."""
    _, found = implied_of(name)
    assert abs(found.means_shift) < 0.06
    assert not any("posterior means" in said for said in sentences(found))


# --- heads, order and names


class Headed(Net):
    """Heads beside the encoder and a layer between code and decoder, which no forward pass tells of."""

    def __init__(self, has_between):
        super().__init__()
        self.encoder, self.fc_mu, self.fc_logvar = nn.Linear(64, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.fc = nn.Linear(8, 8) if has_between else None
        self.decoder = nn.Sequential(nn.Linear(8, 64), nn.Sigmoid())
        self.enc = self.dec = None

    encode = decode = None


def asked_of(model):
    return adapt_model(model.eval(), digits("test")[0][:64])


@pytest.mark.parametrize("has_between", [False, True])
def test_named_heads_make_an_encoder_a_vae_and_a_layer_left_out_is_a_doubt(has_between):
    model, (x, _) = Headed(has_between), digits("test")
    found = asked_of(model)
    with torch.no_grad():
        mu, logvar = found.encode(x[:9])
        h = model.encoder(x[:9].flatten(1))
        torch.testing.assert_close(mu, model.fc_mu(h))
        torch.testing.assert_close(logvar, model.fc_logvar(h))
    assert any("never uses fc," in doubt for doubt in found.understood.doubts) == has_between


def test_a_mean_without_negative_values_is_not_taken_for_the_spread():
    """Codes of a trained model moved by 20, and its decoder by −20."""
    net = trained(Net, 300)

    class Moved:
        def encode(self, x):
            mu, lv = net.two(x)
            return mu + 20, lv

        def decode(self, z):
            return net.decode(z - 20)

    x, _ = digits("test")
    with torch.no_grad():
        torch.testing.assert_close(adapt_model(Moved(), x[:64]).encode(x[:5])[0], net.two(x[:5])[0] + 20)


def test_names_are_matched_by_whole_words():
    assert words_in("FlowerVAE") == ["flower", "vae"]

    class FlowerVAE(Net):
        pass

    class PlanarFlow(Net):
        pass

    assert asked_of(FlowerVAE()).understood.doubts == ()
    assert "seems to have a flow" in asked_of(PlanarFlow()).understood.doubts[0]

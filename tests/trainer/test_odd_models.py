"""Models at the edge of what can be imported: does each become a run with its own numbers, or one sentence?"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import max_pool2d, max_unpool2d

from trainer.errors import ExternalModelError
from trainer.importers.importing import import_model
from trainer.importers.model_adapter import adapt_model
from trainer.metrics.implied_beta import implied_beta_of
from trainer.runs.catalogue import load_run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


class Small(nn.Module):
    """8 × 8 pixels to three dimensions and back, untrained."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inward = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 6))
        self.outward = nn.Sequential(nn.Linear(3, 24), nn.Tanh(), nn.Linear(24, 64), nn.Unflatten(1, (1, 8, 8)))
        self.shared = nn.Parameter(torch.tensor([-1.0, -0.5, -2.0]))
        self.picture = nn.Parameter(torch.randn(1, 1, 8, 8))

    def encode(self, x):
        return self.inward(x).chunk(2, 1)

    def decode(self, z):
        return torch.sigmoid(self.outward(z))


class OneVariance(Small):
    def encode(self, x):
        mu = self.inward(x)[:, :3]
        return mu, self.shared.expand_as(mu)


class BlindEncoder(Small):
    def encode(self, x):
        return self.shared.expand(len(x), -1), (self.shared - 1).expand(len(x), -1)


class UnitSigma(Small):
    def encode(self, x):
        mu = self.inward(x)[:, :3]
        return mu, torch.zeros_like(mu)


class BlindDecoder(Small):
    def decode(self, z):
        return torch.sigmoid(self.picture.expand(len(z), -1, -1, -1))


class Saturated(Small):
    def decode(self, z):
        return torch.sigmoid(self.outward(z) * 1e30)


class Unpooled(Small):
    def decode(self, z):
        return torch.sigmoid(max_unpool2d(*max_pool2d(self.outward(z), 2, return_indices=True), 2))


class UnpooledEncoder(Small):
    def encode(self, x):
        return self.inward(max_unpool2d(*max_pool2d(x, 2, return_indices=True), 2)).chunk(2, 1)


class OwnCast(Small):
    def encode(self, x):
        return self.inward(x.double()).chunk(2, 1)


ODD = [OneVariance, BlindEncoder, UnitSigma, BlindDecoder, Saturated, Unpooled, UnpooledEncoder]


@pytest.mark.parametrize("kind", ODD, ids=lambda kind: kind.__name__)
def test_it_becomes_a_run_with_its_own_numbers(kind, digits, tmp_path):
    model = kind()
    run = import_model(model, digits, "odd", runs=tmp_path, umap=False, classifier=False)
    found = load_run("odd", run.folder.parent)
    x = torch.tensor(digits.subset("test").images[:40]).float() / 255
    with torch.no_grad():
        mu, logvar = model.encode(x)
    np.testing.assert_allclose(found.encodings.mu[:40], mu.detach(), atol=1e-5)
    np.testing.assert_allclose(found.encodings.logvar[:40], logvar.detach(), atol=1e-5)


@pytest.mark.parametrize("kind", [Unpooled, UnpooledEncoder])
def test_what_places_of_a_pooling_go_into_is_named(kind, digits, tmp_path):
    run = import_model(kind(), digits, "odd", runs=tmp_path, umap=False, classifier=False)
    assert "max_unpool2d" in " ".join(load_run("odd", run.folder.parent).info.origin.sentences())


def test_who_casts_the_input_is_told_in_which_precision_models_are_asked(digits):
    x = torch.tensor(digits.subset("test").images[:8]).float() / 255
    with pytest.raises(ExternalModelError, match=r"same dtype.*single precision \(float32\).*no x\.double\(\)"):
        adapt_model(OwnCast().double(), x)


def test_a_decoder_that_answers_nothing_has_an_implied_beta_of_nothing_and_no_step():
    mu = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    found = implied_beta_of(lambda z, rows: (0 * z).sum(1), mu, torch.full_like(mu, -1))
    assert found is not None
    assert found.value == 0 == found.means
    assert math.isnan(found.means_shift)

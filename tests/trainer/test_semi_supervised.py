"""The two bounds of M2 against the training's own objective, closed forms and each other."""

import math

import numpy as np
import pytest
import torch

from trainer.config import FitConfig
from trainer.errors import ConfigError
from trainer.metrics.semi_supervised import ClassBounds, class_bounds
from trainer.models.numpy_engine import Forward
from trainer.models.torch_engine import model_of
from trainer.training.objectives import Batch, _semi_supervised

SHAPE, CLASSES = (1, 3, 4), 3


def small_m2(**settings):
    torch.manual_seed(0)
    return model_of(FitConfig(model="m2", latent_dim=2, hidden=(8,), alpha=0.0, **settings), SHAPE, CLASSES)


def forward_of(model):
    return Forward(model.config, SHAPE, {name: array.numpy() for name, array in model.state_dict().items()}, CLASSES)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_they_are_what_training_minimises(likelihood):
    """Posteriors that are nearly points take the noise out of both, so that draws do not matter."""
    model = small_m2(likelihood=likelihood)
    with torch.no_grad():
        model.encoder[-1].weight[2:] = 0
        model.encoder[-1].bias[2:] = -40
    x = torch.rand((7, *SHAPE), generator=torch.Generator().manual_seed(1))
    y = torch.arange(7) % CLASSES
    found = class_bounds(forward_of(model), x.numpy(), y.numpy(), np.random.default_rng(0), draws=1)
    normal = lambda *shape: torch.zeros((len(x), *shape))
    batch = Batch(x, y, x, y)
    with torch.no_grad():
        both, _ = _semi_supervised(model, batch, normal, 1.0, 1.0)
        unlabelled, _ = _semi_supervised(model, batch, normal, 1.0, 0.0)
    assert -found.unlabelled.mean() == pytest.approx(float(unlabelled), rel=1e-4)
    assert -found.labelled.mean() == pytest.approx(float(both - unlabelled), rel=1e-4)


def test_the_gap_of_the_class_is_a_divergence():
    rng = np.random.default_rng(2)
    of_class, logits = 3 * rng.standard_normal((50, 4)), rng.standard_normal((50, 4))
    log_q = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    found = ClassBounds(of_class, log_q, np.zeros(50, int))
    best_q = np.exp(of_class - of_class.max(1, keepdims=True))
    best_q /= best_q.sum(1, keepdims=True)
    divergence = (np.exp(log_q) * (log_q - np.log(best_q))).sum(1)
    np.testing.assert_allclose(found.class_gap, divergence, atol=1e-10)
    exact = ClassBounds(of_class, np.log(best_q), np.zeros(50, int))
    np.testing.assert_allclose(exact.class_gap, 0, atol=1e-10)


def test_a_model_that_ignores_the_class_gains_the_entropy_and_loses_the_prior():
    """All classes alike: −U(x) = −L(x, y) + H(q(y|x)), and log Y with the uniform q."""
    found = ClassBounds(np.full((5, 3), -7.0), np.full((5, 3), -math.log(3)), np.zeros(5, int))
    np.testing.assert_allclose(found.unlabelled - found.labelled, math.log(3))
    np.testing.assert_allclose(found.entropy, math.log(3))


def test_a_model_without_a_classifier_has_none():
    forward = Forward(FitConfig(latent_dim=2, hidden=(8,)), SHAPE, {}, CLASSES)
    with pytest.raises(ConfigError, match=r"model is 'vae'; allowed: m2 or m1\+m2"):
        class_bounds(forward, np.zeros((1, *SHAPE), np.float32), np.zeros(1, int), np.random.default_rng(0))

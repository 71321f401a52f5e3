"""(ε, δ)-collapse by counting, interventions and sensitivity against closed forms of a linear decoder."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import distributions as dist

from trainer.config import FitConfig
from trainer.errors import ConfigError, DataError
from trainer.metrics.collapse import (
    decoder_sensitivity,
    epsilon_delta_curve,
    intervention_losses,
    is_collapsed,
    kl_per_dim,
    population_kl,
)
from trainer.models.torch_engine import Posterior, Vae

GENERATOR = torch.Generator().manual_seed(0)
WEIGHT = torch.tensor([[0.5, 0.0, 0.0], [0.0, 0.2, 0.0], [0.3, 0.0, 0.0], [0.0, 0.1, 0.0]])  # (4 pixels, 3 dims), the third unused
VARIANCE = 0.25


def linear_model(std=0.0):
    """x_hat = W z, z = W⁺ x + std ε, nll = |x − x_hat|² / 2σ² without its constant."""

    def output(z, y=None):
        shift = 0 if y is None else y[:, None].float()
        return (z @ WEIGHT.T + shift).view(-1, 1, 2, 2)

    def posterior(x, y=None):
        shift = 0 if y is None else y[:, None].float()
        mu = (x.flatten(1) - shift) @ torch.linalg.pinv(WEIGHT).T
        return Posterior(mu, torch.full_like(mu, 2 * math.log(std) if std else -math.inf))

    return SimpleNamespace(
        config=FitConfig(network="linear", likelihood="gaussian", latent_dim=WEIGHT.shape[1]),
        image_shape=(1, 2, 2),
        n_classes=0,
        posterior=posterior,
        output=output,
        nll=lambda out, x: (out - x).square().flatten(1).sum(1) / (2 * VARIANCE),
        mean=lambda out: out,
    )


def pictures(codes):
    return (codes @ WEIGHT.T).view(-1, 1, 2, 2)


def test_population_kl_is_torchs_kl():
    mu, logvar = np.random.default_rng(0).standard_normal((2, 30, 3)).astype(np.float32)
    q = dist.Normal(torch.from_numpy(mu).double(), torch.from_numpy(logvar).double().div(2).exp())
    expected = dist.kl_divergence(q, dist.Normal(0.0, 1.0)).numpy()
    np.testing.assert_allclose(population_kl(mu, logvar), expected, rtol=1e-9)
    np.testing.assert_allclose(kl_per_dim(mu, logvar), expected.mean(0), rtol=1e-9)


@pytest.mark.parametrize(("n_above", "collapsed"), [(0, True), (1, True), (2, False), (100, False)])
def test_collapsed_means_that_99_of_100_images_lie_below(n_above, collapsed):
    kl = np.zeros((100, 1))
    kl[:n_above] = 1
    assert is_collapsed(kl, 0.5, 0.01).tolist() == [collapsed]


def test_the_curve_is_the_definition_counted_image_by_image():
    kl, epsilons = np.random.default_rng(0).exponential([0.01, 0.1, 1, 5], (203, 4)), [0.0, 0.03, 0.5, 4, 100]
    curve = epsilon_delta_curve(kl, epsilons, 0.05)
    expected = [[sum(value < e for value in column) / 203 >= 0.95 for column in kl.T] for e in epsilons]
    assert curve.collapsed.tolist() == expected
    assert curve.share.tolist() == [sum(row) / 4 for row in expected]
    assert (np.diff(curve.share) >= 0).all()
    assert (curve.share[0], curve.share[-1]) == (0, 1)


def test_below_epsilon_is_strict_and_one_image_is_enough():
    assert is_collapsed(np.array([[0.5, 0.49]]), 0.5).tolist() == [False, True]


def test_delta_and_shape_are_checked():
    with pytest.raises(ConfigError, match="0 ≤ delta < 1"):
        is_collapsed(np.zeros((3, 1)), 0.1, 1.0)
    with pytest.raises(DataError, match="at least one"):
        is_collapsed(np.zeros((0, 2)), 0.1)


def test_zeroing_loses_the_square_of_what_the_dimension_drew():
    """Noise-free codes reconstruct exactly, so without z_k the error is z_k² |w_k|² / 2σ²."""
    codes = torch.randn(53, 3, generator=GENERATOR)
    result = intervention_losses(linear_model(), pictures(codes), GENERATOR, batch=10)
    expected = codes.square().mean(0) * WEIGHT.square().sum(0) / (2 * VARIANCE)
    assert result.baseline == pytest.approx(0, abs=1e-10)
    np.testing.assert_allclose(result.zeroed, expected.numpy(), rtol=1e-4, atol=1e-9)
    assert result.shuffled[2] == pytest.approx(0, abs=1e-9)


def test_shuffling_two_images_swaps_their_codes():
    codes = torch.tensor([[1.0, 2.0, 0], [3.0, -1.0, 0]])
    result = intervention_losses(linear_model(), pictures(codes), GENERATOR)
    expected = (codes[0] - codes[1]).square() * WEIGHT.square().sum(0) / (2 * VARIANCE)
    np.testing.assert_allclose(result.shuffled, expected.numpy(), rtol=1e-4, atol=1e-9)


def test_shuffling_many_images_loses_twice_the_variance():
    """E(z_k' − z_k)² = 2 Var z_k for independent images; the mean over N squared differences has a relative error of √(3/N)."""
    codes = torch.randn(4000, 3, generator=GENERATOR)
    result = intervention_losses(linear_model(), pictures(codes), GENERATOR)
    expected = 2 * WEIGHT.square().sum(0) / (2 * VARIANCE)
    np.testing.assert_allclose(result.shuffled, expected.numpy(), rtol=5 * math.sqrt(3 / 4000), atol=1e-9)


def test_the_baseline_is_the_expectation_over_the_posterior():
    """E|W std ε|² / 2σ² = std² |W|² / 2σ²."""
    codes = torch.randn(20_000, 3, generator=GENERATOR)
    result = intervention_losses(linear_model(std=0.5), pictures(codes), GENERATOR)
    assert result.baseline == pytest.approx(0.25 * WEIGHT.square().sum().item() / (2 * VARIANCE), rel=0.05)


def test_a_dimension_with_one_value_everywhere_loses_nothing_by_shuffling_but_by_zeroing():
    """numbers.md §4: KL is not information."""
    codes = torch.full((9, 3), 4.0)
    result = intervention_losses(linear_model(), pictures(codes), GENERATOR)
    np.testing.assert_allclose(result.shuffled, 0, atol=1e-6)
    assert result.zeroed[0] == pytest.approx(16 * 0.34 / (2 * VARIANCE), rel=1e-4)


def test_one_image_has_nobody_to_exchange_with():
    result = intervention_losses(linear_model(), pictures(torch.ones(1, 3)), GENERATOR)
    np.testing.assert_allclose(result.shuffled, 0, atol=1e-9)


def test_labels_stay_with_their_images():
    codes, y = torch.randn(25, 3, generator=GENERATOR), torch.arange(25) % 3
    x = pictures(codes) + y.view(-1, 1, 1, 1).float()
    assert intervention_losses(linear_model(), x, GENERATOR, y, batch=7).baseline == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(
        decoder_sensitivity(linear_model(), codes, y, batch=7), WEIGHT.norm(dim=0).numpy(), rtol=1e-5, atol=1e-9
    )


def test_bytes_are_grey_levels():
    torch.manual_seed(0)
    model = Vae(FitConfig(hidden=(8,), latent_dim=3), (1, 8, 8))
    grey = torch.randint(0, 256, (5, 1, 8, 8), dtype=torch.uint8)
    a, b = (intervention_losses(model, x, torch.Generator().manual_seed(1)) for x in (grey, grey.float() / 255))
    assert a.baseline == b.baseline
    assert a.shuffled.tolist() == b.shuffled.tolist()


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_sensitivity_is_the_slope_by_finite_differences(network):
    """Central differences in double precision: error about step² = 1e-8."""
    torch.manual_seed(0)
    model = Vae(FitConfig(network=network, hidden=(6, 5), latent_dim=3), (2, 8, 8)).double()
    z, step = torch.randn(23, 3, dtype=torch.float64, generator=GENERATOR), 1e-4
    with torch.no_grad():
        slopes = [
            (model.mean(model.output(z + step * e)) - model.mean(model.output(z - step * e))).flatten(1).norm(dim=1).mean()
            / (2 * step)
            for e in torch.eye(3, dtype=torch.float64)
        ]
    np.testing.assert_allclose(decoder_sensitivity(model, z, batch=10), slopes, rtol=1e-6)


def test_nothing_to_measure_is_refused():
    with pytest.raises(DataError, match="at least one"):
        intervention_losses(linear_model(), torch.zeros(0, 1, 2, 2), GENERATOR)
    with pytest.raises(DataError, match=r"allowed: \(N, K\)"):
        decoder_sensitivity(linear_model(), torch.zeros(3))

"""Are codes drawn from the distribution that is named, and pictures from the likelihood? Moments, torch's own draws, closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from tests.trainer.test_likelihoods import KINDS, case, config, distribution
from trainer.latent.draws import fitted_draws, posterior_draws, prior_draws
from trainer.likelihoods.numpy_ import drawn_picture

N = 40_000


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_from_the_prior_are_standard_normal_times_the_temperature(temperature):
    """Five standard errors of mean, variance and covariance; Kolmogorov-Smirnov for the shape."""
    z = prior_draws(N, 3, temperature, rng()).astype(float) / temperature
    assert np.abs(z.mean(0)).max() < 5 / np.sqrt(N)
    assert np.abs(np.cov(z, rowvar=False) - np.eye(3)).max() < 5 * np.sqrt(2 / N)
    assert stats.kstest(z[:, 1], "norm").pvalue > 1e-4


def test_draws_from_a_posterior_have_its_mean_and_standard_deviation():
    mu, std = np.array([1.0, -2.0], np.float32), np.array([0.1, 3.0], np.float32)
    z = posterior_draws(mu, std, N, 0.5, rng()).astype(float)
    np.testing.assert_array_less(np.abs(z.mean(0) - mu), 5 * 0.5 * std / np.sqrt(N))
    np.testing.assert_allclose(z.std(0), 0.5 * std, rtol=0.02)


def test_draws_from_the_fitted_gaussian_have_the_codes_mean_and_covariance():
    mixed = rng(1).standard_normal((500, 3)) @ np.array([[1, 0.5, 0], [0, 0.2, 0], [0, 0, 0]]) + [3, 0, -1]
    codes = mixed.astype(np.float32)  # the third dimension does not vary
    z = fitted_draws(codes, N, 1.0, rng()).astype(float)
    np.testing.assert_allclose(z.mean(0), codes.mean(0), atol=0.03)
    np.testing.assert_allclose(np.cov(z, rowvar=False), np.cov(codes.astype(float), rowvar=False), atol=0.03)
    np.testing.assert_allclose(z[:, 2], -1, atol=1e-6)


def test_temperature_0_is_the_mean_and_a_seed_gives_the_same_noise_at_any_temperature():
    codes = rng(2).standard_normal((50, 2)).astype(np.float32)
    assert not prior_draws(4, 2, 0.0, rng()).any()
    np.testing.assert_allclose(posterior_draws(codes[0], np.ones(2, np.float32), 4, 0.0, rng()), np.tile(codes[0], (4, 1)))
    np.testing.assert_allclose(fitted_draws(codes, 4, 0.0, rng()), np.tile(codes.mean(0), (4, 1)), atol=1e-6)
    np.testing.assert_allclose(prior_draws(9, 2, 2.0, rng(3)), 2 * prior_draws(9, 2, 1.0, rng(3)), rtol=1e-6)
    assert (prior_draws(9, 2, 1.0, rng(3)) != prior_draws(9, 2, 1.0, rng(4))).any()


@pytest.mark.parametrize(("name", "scale"), KINDS)
def test_pixels_are_drawn_from_torchs_own_distribution(name, scale):
    """Two samples of a pixel, clipped to [0, 1] both: Kolmogorov-Smirnov, or for coins the share of ones."""
    output, _, log_sigma = case(name, scale)
    of_one = output[:1].expand(N, *output.shape[1:])
    ours = drawn_picture(config(name, scale), of_one.numpy().astype(np.float32), float(log_sigma), rng(5))
    torch.manual_seed(6)
    theirs = distribution(name, scale, output[:1], log_sigma).sample((N,))[:, 0].clamp(0, 1).numpy()
    assert ours.shape == theirs.shape
    if name == "bernoulli":
        assert set(np.unique(ours)) == {0.0, 1.0}
        np.testing.assert_allclose(ours.mean(0), theirs.mean(0), atol=5 / np.sqrt(N))
        return
    for index in ((0, 0, 0), (1, 2, 2)):
        place = (slice(None), *index)
        assert stats.ks_2samp(ours[place].astype(float), theirs[place].astype(float)).pvalue > 1e-4, index

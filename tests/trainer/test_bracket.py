"""Is the distance to the prior between its two bounds where it is known? Oracles: Gaussian codes, whose distance has a closed form."""

import math

import numpy as np
import pytest
import torch
from torch import distributions as dist

from trainer.metrics.information import information_split
from trainer.metrics.information_bracket import Mixture, fitted, prior_distance, shrunk


def rng(seed=0):
    return np.random.default_rng(seed)


def gaussian_kl(mean, covariance):
    """KL(N(mean, covariance) ‖ N(0, I)), nats."""
    return 0.5 * (np.trace(covariance) + mean @ mean - len(mean) - np.linalg.slogdet(covariance)[1])


def linear_vae(n, n_dims, variance, mean=0.0, extra=None, seed=0):
    """Posteriors N(mu, variance) of n images whose codes are as a whole N(mean, I + extra): what a linear VAE of Gaussian data has."""
    covariance = np.eye(n_dims) * (1 - variance) + (0 if extra is None else extra)
    mu = rng(seed).multivariate_normal(np.full(n_dims, mean), covariance, n)
    return mu, np.full(mu.shape, math.log(variance))


def both(mu, logvar):
    low = prior_distance(mu, logvar, rng(1))
    split = information_split(mu, logvar, rng(2))
    return low, split


@pytest.mark.slow
@pytest.mark.parametrize(("n", "n_dims", "variance"), [(500, 32, 0.05), (2000, 20, 0.01), (300, 64, 0.2)])
def test_a_linear_vae_at_its_optimum_is_at_no_distance_however_much_its_codes_say(n, n_dims, variance):
    """Information ½ K log(1/variance): 48, 46 and 52 nats, and log N is 6 to 8. Until now that was told as a distance of 40 nats."""
    mu, logvar = linear_vae(n, n_dims, variance)
    low, split = both(mu, logvar)
    truth = -0.5 * n_dims * math.log(variance)
    assert truth > 4 * math.log(n)
    assert abs(low.low) <= 3 * low.error + 0.02  # the distance is 0
    assert split.marginal_kl > 30
    # the mean KL of these images is not the expected one
    assert split.mutual_information <= math.log(n) + 0.01 < truth
    assert split.mean_kl - low.low == pytest.approx(truth, abs=4 * split.mean_kl / math.sqrt(n))


@pytest.mark.slow
@pytest.mark.parametrize(("n_dims", "mean", "scale"), [(2, 0.5, 0.5), (8, 0.3, 1.0), (8, 1.0, 0.0), (16, 0.0, 2.0)])
def test_gaussian_codes_that_miss_the_prior_do_so_between_the_bounds(n_dims, mean, scale):
    factor = rng(5).standard_normal((n_dims, n_dims)) / math.sqrt(n_dims)
    extra = scale * factor @ factor.T
    mu, logvar = linear_vae(3000, n_dims, 0.05, mean, extra)
    low, split = both(mu, logvar)
    truth = gaussian_kl(np.full(n_dims, mean), np.eye(n_dims) + extra)
    assert low.low - 3 * low.error <= truth <= split.marginal_kl + 0.05
    # an estimated Gaussian is off by half a nat for every n parameters; here n is 1100
    assert low.low > truth - 0.1 - n_dims * (n_dims + 3) / 4 / 1000 - 3 * low.error
    assert "Gaussian" in low.density


def test_clusters_are_seen_where_one_gaussian_sees_nothing():
    """Codes on the corners of a square with as much variance as the prior: one Gaussian is the prior, four are nearer."""
    corners = 2 * rng().integers(0, 2, (2000, 2)) - 1.0
    mu, logvar = corners * math.sqrt(0.99), np.full((2000, 2), math.log(0.01))
    # four equal parts that do not meet: log ¼ and the entropies of N(·, .01) against the prior's cross entropy, ½(1 + log 2π) each
    truth = -math.log(4) + 2 * 0.5 * math.log(1 / 0.01)
    low, split = both(mu, logvar)
    assert low.low == pytest.approx(truth, abs=0.05)
    assert split.marginal_kl == pytest.approx(truth, abs=0.05)
    alone = fitted(mu, 1, rng())
    np.testing.assert_allclose(alone.factor[0] @ alone.factor[0].T, np.eye(2), atol=0.05)


def test_few_images_and_constant_codes():
    few = prior_distance(np.ones((5, 3)), np.zeros((5, 3)), rng())
    assert (few.low, few.error, few.density) == (0, 0, "the prior itself")
    same = prior_distance(np.full((200, 3), 4.0), np.zeros((200, 3)), rng())
    assert same.low == pytest.approx(24, abs=0.3)  # 3 · 4²/2
    assert same.error < 0.05  # the noise of a draw is taken off


def test_a_mixtures_density_is_torchs():
    g = rng(3)
    weight = np.array([0.2, 0.5, 0.3])
    mean, factor = g.standard_normal((3, 4)), np.tril(0.2 * g.standard_normal((3, 4, 4))) + 0.7 * np.eye(4)
    z = 2 * g.standard_normal((50, 4))
    parts = dist.MultivariateNormal(torch.from_numpy(mean), scale_tril=torch.from_numpy(factor))
    expected = dist.MixtureSameFamily(dist.Categorical(torch.from_numpy(weight)), parts).log_prob(torch.from_numpy(z)).numpy()
    np.testing.assert_allclose(Mixture(weight, mean, factor).log_density(z), expected, atol=1e-9)


def test_the_shrinkage_is_scikit_learns():
    from sklearn.covariance import oas

    z = rng(2).standard_normal((60, 10)) * np.linspace(0.5, 3, 10)
    expected, share = oas(z)
    assert 0.05 < share < 0.9
    np.testing.assert_allclose(shrunk(np.cov(z.T, bias=True), 60), expected, rtol=0.02, atol=0.02)


def test_more_steps_never_make_it_less_likely():
    z = np.concatenate([rng(i).standard_normal((100, 2)) * 0.3 + centre for i, centre in enumerate([(-2, 0), (2, 0), (0, 2)])])
    scores = [fitted(z, n, rng()).log_density(z).mean() for n in (1, 3)]
    assert scores[1] > scores[0] + 0.5
    assert sorted(np.round(fitted(z, 3, rng()).mean[:, 0]).tolist()) == [-2, 0, 2]

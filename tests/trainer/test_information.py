"""The split against torch's mixtures, closed forms, and the sums that must hold on any samples."""

import math

import numpy as np
import pytest
import torch
from torch import distributions as dist

from trainer.errors import ConfigError, DataError
from trainer.metrics import information
from trainer.metrics.information import information_split, log_aggregate, log_aggregate_marginal


def rng(seed=0):
    return np.random.default_rng(seed)


def mixture(mu, logvar):
    """q(z) by torch, in double precision."""
    m, s = torch.from_numpy(mu).double(), torch.from_numpy(logvar).double().div(2).exp()
    parts = dist.Independent(dist.Normal(m, s), m.ndim - 1)
    return dist.MixtureSameFamily(dist.Categorical(torch.ones(len(m), dtype=torch.float64)), parts)


def posteriors(n, k, seed=0):
    """Means in ±3 and standard deviations from .02 to 1."""
    g = rng(seed)
    return g.standard_normal((n, k)), 2 * np.log(g.uniform(0.02, 1, (n, k)))


def test_the_joint_is_torchs_mixture():
    mu, logvar = posteriors(400, 5)
    z = mu[:150] + np.exp(logvar[:150] / 2) * rng(1).standard_normal((150, 5))
    expected = mixture(mu, logvar).log_prob(torch.from_numpy(z)).numpy()
    np.testing.assert_allclose(log_aggregate(z, mu, logvar), expected, atol=1e-6)


def test_narrow_posteriors_far_from_zero_keep_their_digits():
    """z² e^−v is 6·10⁷ here: float32 would be off by 4 nats on average."""
    mu, logvar = 4 + rng().standard_normal((100, 2)), np.full((100, 2), 2 * math.log(5e-4))
    z = mu + 5e-4 * rng(1).standard_normal((100, 2))
    expected = mixture(mu, logvar).log_prob(torch.from_numpy(z)).numpy()
    np.testing.assert_allclose(log_aggregate(z, mu, logvar), expected, atol=1e-6)


def test_blocks_that_do_not_divide_the_numbers_change_nothing(monkeypatch):
    mu, logvar = posteriors(101, 3)
    whole = information_split(mu[:47], logvar[:47], rng(1), mu, logvar)
    monkeypatch.setattr(information, "ROWS", 10)
    monkeypatch.setattr(information, "COLUMNS", 7)
    monkeypatch.setattr(information, "PAIRS", 130)
    parts = information_split(mu[:47], logvar[:47], rng(1), mu, logvar)
    assert parts.mutual_information == pytest.approx(whole.mutual_information, abs=1e-6)
    np.testing.assert_allclose(parts.dimension_wise_kl, whole.dimension_wise_kl, atol=1e-12)


WIDTHS = {
    "one width": lambda g, n: np.ones(n),
    "narrow": lambda g, n: np.full(n, 1e-3),
    "many widths": lambda g, n: 10 ** g.uniform(-3, 0.5, n),
    "too narrow for a table": lambda g, n: np.full(n, 1e-9),
    "mostly wide, few narrow": lambda g, n: np.where(np.arange(n) % 50 == 0, 1e-3, 0.9),
}


@pytest.mark.parametrize("case", WIDTHS)
def test_a_marginal_is_torchs_mixture_to_1e7_at_every_point(case):
    """Draws, means themselves, a fine sweep, and points far outside, where the density is 0 in any floating point."""
    g = rng(3)
    mu, std = g.standard_normal(3000), WIDTHS[case](g, 3000)
    mu[0] = 12.0  # one far off
    z = np.concatenate([mu + std * g.standard_normal(3000), mu[:300], np.linspace(-6, 14, 601), [-1e3, 1e4]])
    log_q, log_v = log_aggregate_marginal(z, mu, 2 * np.log(std)), 2 * np.log(std)
    expected = torch.cat([mixture(mu, log_v).log_prob(part) for part in torch.from_numpy(z).split(500)]).numpy()
    np.testing.assert_allclose(log_q, expected, atol=1e-7, rtol=1e-11)


def test_the_table_does_the_work_and_the_pairs_the_rest(monkeypatch):
    """Otherwise the accuracy above would be that of brute force, and the speed too."""
    mu, std = rng().standard_normal(3000), rng(1).uniform(0.05, 1, 3000)
    z = mu + std * rng(2).standard_normal(3000)
    by_pairs = []
    original = information._log_pairs
    monkeypatch.setattr(information, "_log_pairs", lambda z, m, v: by_pairs.append(len(z)) or original(z, m, v))
    monkeypatch.setattr(information, "FEW", 0)
    monkeypatch.setattr(information, "_density_of_pairs", None)
    log_aggregate_marginal(z, mu, 2 * np.log(std))
    assert sum(by_pairs) < 0.01 * len(z)


def test_the_bound_of_the_table_is_the_sum_of_its_two_errors():
    """Remainder of the polynomial in the middle interval, and left-out tails times the Lebesgue constant found by a sweep."""
    points, half = information.POINTS, information.POINTS // 2
    highest_derivative = math.prod(range(1, points, 2))  # |He_20(0)| = 19!!
    product = math.prod((i + 0.5) ** 2 for i in range(half))
    remainder = product / math.factorial(points) * highest_derivative / information.NODES_PER_STD**points
    nodes = np.arange(points) - (half - 1)
    t = np.linspace(0, 1, 101)[:, None]
    lebesgue = sum(
        np.abs(np.prod((t - np.delete(nodes, i)) / (node - np.delete(nodes, i)), axis=1)) for i, node in enumerate(nodes)
    ).max()
    assert remainder == pytest.approx(3.0e-14, rel=0.02)
    assert lebesgue < 5
    assert remainder + lebesgue * math.exp(-(information.REACH**2) / 2) < information.TABLE_ERROR


@pytest.mark.parametrize("shape", [(300, 4), (40, 1), (1, 3), (1, 1)])
def test_the_parts_add_up_on_the_same_samples(shape):
    mu, logvar = posteriors(*shape)
    split = information_split(mu.astype(np.float32), logvar.astype(np.float32), rng(1))
    assert split.mean_kl == pytest.approx(split.mutual_information + split.marginal_kl, abs=1e-9)
    assert split.marginal_kl == pytest.approx(split.total_correlation + split.dimension_wise_kl.sum(), abs=1e-9)


def test_mean_kl_is_the_closed_form_up_to_sampling():
    mu, logvar = posteriors(4000, 3)
    split = information_split(mu, logvar, rng(1))
    exact = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(1)
    # given x, log q(z|x) − log p(z) has variance Σ ½(σ² − 1)² + mu²σ²
    variance = (0.5 * (np.exp(logvar) - 1) ** 2 + mu**2 * np.exp(logvar)).sum(1).mean()
    assert split.mean_kl == pytest.approx(exact.mean(), abs=5 * math.sqrt(variance / 4000))


def test_a_constant_encoder_has_kl_8_a_dimension_and_no_information():
    """numbers.md §4: KL(N(4, 1) ‖ N(0, 1)) = 4²/2 = 8; a draw's log ratio 8 + 4ε varies by 4."""
    split = information_split(np.full((3000, 2), 4.0), np.zeros((3000, 2)), rng())
    assert split.mutual_information == pytest.approx(0, abs=1e-5)
    assert split.total_correlation == pytest.approx(0, abs=1e-5)
    np.testing.assert_allclose(split.dimension_wise_kl, 8, atol=5 * 4 / math.sqrt(3000))


def test_codes_that_never_meet_tell_all_images_apart():
    mu = np.arange(700.0)[:, None] * np.ones((1, 2))
    split = information_split(mu, np.full((700, 2), 2 * math.log(0.01)), rng())
    assert split.mutual_information == pytest.approx(math.log(700), abs=1e-6)
    assert split.ceiling == pytest.approx(math.log(700))


def test_means_at_the_quantiles_of_a_gaussian_give_the_channels_capacity():
    """q(z) = N(0, 1) if the means are N(0, 1 − σ²): information ½ log(1/σ²), marginal KL 0 (numbers.md §1: KL_i = ½ log(l/σ²))."""
    n, std = 5000, 0.3
    quantiles = dist.Normal(0.0, 1.0).icdf((torch.arange(n, dtype=torch.float64) + 0.5) / n).numpy()
    mu = quantiles[:, None] * math.sqrt(1 - std**2)
    split = information_split(mu, np.full((n, 1), 2 * math.log(std)), rng(4))
    assert split.mutual_information == pytest.approx(-math.log(std), abs=5 * split.mutual_information_error)
    assert split.marginal_kl == pytest.approx(0, abs=1e-3)
    assert split.total_correlation == pytest.approx(0, abs=1e-6)


def test_two_equal_dimensions_share_the_information_of_one():
    """A second copy of a noiseless code adds no information beyond log N, but total correlation."""
    mu = np.repeat(np.arange(-10.0, 10)[:, None], 2, axis=1)
    split = information_split(mu, np.full(mu.shape, 2 * math.log(0.01)), rng())
    assert split.mutual_information == pytest.approx(math.log(20), abs=1e-6)
    assert split.total_correlation == pytest.approx(math.log(20), abs=1e-6)


def test_digits_with_8_dimensions_split_as_computed_elsewhere():
    """numbers.md §4. The posteriors of probabilistic PCA in closed form (Tipping & Bishop 1999, eq. 7, 8)."""
    from sklearn.datasets import load_digits

    x = load_digits().data / 16
    centred = x - x.mean(0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(x))
    values, vectors = values[::-1], vectors[:, ::-1]
    noise = values[8:].mean()
    mu = centred @ vectors[:, :8] * np.sqrt(values[:8] - noise) / values[:8]
    logvar = np.broadcast_to(np.log(noise / values[:8]), mu.shape)
    splits = [information_split(mu, logvar, rng(seed)) for seed in range(8)]
    means = {
        name: np.mean([getattr(s, name) for s in splits])
        for name in ("mean_kl", "mutual_information", "marginal_kl", "total_correlation")
    }
    # the oracle's own error is .021 for the information; the other parts come from the same samples
    assert means["mean_kl"] == pytest.approx(10.1715, abs=0.08)
    assert means["mutual_information"] == pytest.approx(6.546, abs=0.04)
    assert means["marginal_kl"] == pytest.approx(3.625, abs=0.08)
    assert means["total_correlation"] == pytest.approx(3.480, abs=0.08)
    assert np.mean([s.dimension_wise_kl.sum() for s in splits]) == pytest.approx(0.145, abs=0.04)


def test_given_samples_are_used_and_progress_ends_at_one():
    mu, logvar = posteriors(30, 2)
    z, shares = rng(5).standard_normal((10, 2)), []
    split = information_split(mu[:10], logvar[:10], z, mu, logvar, shares.append)
    own = dist.Normal(torch.from_numpy(mu[:10]), torch.from_numpy(logvar[:10] / 2).exp()).log_prob(torch.from_numpy(z)).sum(1)
    expected = (own - mixture(mu, logvar).log_prob(torch.from_numpy(z))).mean().item()
    assert split.mutual_information == pytest.approx(expected, abs=1e-6)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert (split.n_samples, split.n_posteriors) == (10, 30)


def test_what_cannot_be_split_is_refused():
    mu, logvar = posteriors(10, 2)
    with pytest.raises(ConfigError, match="both or neither"):
        information_split(mu, logvar, rng(), mu)
    with pytest.raises(DataError, match=r"z has shape \(9, 2\); allowed: \(10, 2\)"):
        information_split(mu, logvar, mu[:9])
    with pytest.raises(DataError, match="not finite at row 3; allowed: numbers"):
        information_split(mu, np.where(np.arange(10)[:, None] == 3, -np.inf, logvar), rng())
    with pytest.raises(DataError, match="z is not finite at row 0"):
        information_split(mu, logvar, np.full((10, 2), np.nan))
    with pytest.raises(DataError, match="have 3 dimensions; allowed: 2"):
        information_split(mu, logvar, rng(), np.zeros((4, 3)), np.zeros((4, 3)))
    with pytest.raises(DataError, match="both not empty"):
        information_split(mu[:0], logvar[:0], rng())

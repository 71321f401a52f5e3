"""Likelihoods, KL, importance weights and schedules against torch.distributions and closed forms."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import distributions as dist

from trainer.config import FitConfig
from trainer.likelihoods import likelihood_of
from trainer.networks import Vae
from trainer.objectives import ElboTerms, beta_at, importance_log_weights, kl_standard_normal, learning_rate_at, log_mean_exp

ZERO = torch.tensor(0.0)


def test_bernoulli_is_torchs_bernoulli():
    logits, x = torch.randn(4, 1, 3, 3) * 3, torch.randint(0, 2, (4, 1, 3, 3)).float()
    expected = -dist.Bernoulli(logits=logits).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(likelihood_of("bernoulli").nll(logits, x, ZERO), expected)


def test_gaussian_is_torchs_normal():
    mean, x, log_sigma = torch.randn(4, 3, 2, 5), torch.rand(4, 3, 2, 5), torch.tensor(-1.3)
    expected = -dist.Normal(mean, log_sigma.exp()).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(likelihood_of("gaussian").nll(mean, x, log_sigma), expected)


@pytest.mark.parametrize("logit", [-500.0, 500.0])
def test_extreme_logits_stay_finite(logit):
    """−log p of the impossible pixel is |logit| up to exp(−500)."""
    x = torch.full((1, 1, 1, 1), 1.0 if logit < 0 else 0.0)
    nll = likelihood_of("bernoulli").nll(torch.full((1, 1, 1, 1), logit), x, ZERO)
    assert nll.item() == pytest.approx(500.0)


@pytest.mark.parametrize("name", ["bernoulli", "gaussian"])
def test_output_for_inverts_the_mean(name):
    mean = torch.linspace(0.01, 0.99, 30).view(1, 5, 6)
    torch.testing.assert_close(likelihood_of(name).mean(likelihood_of(name).output_for(mean)), mean)


def test_kl_is_torchs_kl():
    mu, logvar = torch.randn(50, 4, dtype=torch.float64), torch.randn(50, 4, dtype=torch.float64)
    expected = dist.kl_divergence(dist.Normal(mu, (logvar / 2).exp()), dist.Normal(0.0, 1.0))
    torch.testing.assert_close(kl_standard_normal(mu, logvar), expected)


@given(st.floats(-1e-3, 1e-3), st.floats(-1e-3, 1e-3))
def test_kl_near_the_prior_is_not_negative_and_keeps_its_digits(mu, logvar):
    """Second order: KL ≈ ½ mu² + ¼ logvar²; `exp − 1` in float32 would lose all of it."""
    kl = kl_standard_normal(torch.tensor([[mu]], dtype=torch.float32), torch.tensor([[logvar]], dtype=torch.float32)).item()
    assert kl >= -1e-12
    assert kl == pytest.approx(0.5 * mu**2 + 0.25 * logvar**2, rel=2e-3, abs=1e-10)


def test_elbo_never_carries_beta():
    terms = ElboTerms(nll=torch.tensor([3.0, 5.0]), kl=torch.tensor([[1.0, 2.0], [0.5, 0.5]]))
    assert terms.elbo.tolist() == [-6.0, -6.0]
    assert terms.loss(2.0).item() == pytest.approx(4 + 2 * 2)


def probabilistic_pca(x: np.ndarray, n_dims: int) -> tuple[Vae, float]:
    """The linear VAE at its optimum (Tipping & Bishop 1999, eq. 7, 8; Lucas et al. 2019) and its exact mean log-likelihood."""
    n_pixels = x[0].size
    flat = x.reshape(len(x), -1).astype(float)
    mean = flat.mean(0)
    values, vectors = np.linalg.eigh(np.cov((flat - mean).T, bias=True))
    values, vectors = values[::-1], vectors[:, ::-1]
    sigma2 = values[n_dims:].mean()
    weight = vectors[:, :n_dims] * np.sqrt(values[:n_dims] - sigma2)
    inverse = np.linalg.inv(weight.T @ weight + sigma2 * np.eye(n_dims))
    model = Vae(
        FitConfig(network="linear", latent_dim=n_dims, likelihood="gaussian", sigma=float(np.sqrt(sigma2))), x.shape[1:]
    ).double()
    encoder, decoder = model.encoder[1], model.decoder[0]
    with torch.no_grad():
        encoder.weight[:n_dims] = torch.from_numpy(inverse @ weight.T)
        encoder.bias[:n_dims] = torch.from_numpy(-inverse @ weight.T @ mean)
        encoder.weight[n_dims:] = 0
        encoder.bias[n_dims:] = torch.from_numpy(np.log(sigma2 * np.diag(inverse)))
        decoder.weight.copy_(torch.from_numpy(weight))
        decoder.bias.copy_(torch.from_numpy(mean))
        model.log_sigma.fill_(0.5 * math.log(sigma2))
    covariance = weight @ weight.T + sigma2 * np.eye(n_pixels)
    exact = dist.MultivariateNormal(torch.from_numpy(mean), torch.from_numpy(covariance)).log_prob(torch.from_numpy(flat))
    return model, float(exact.mean())


def test_importance_weights_are_constant_where_the_posterior_is_exact():
    """numbers.md §1: at the optimum every weight is p(x), whatever the number of samples."""
    from sklearn.datasets import load_digits

    x = load_digits().images[:300, None] / 16
    model, exact = probabilistic_pca(x, 4)
    double = torch.from_numpy(x)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            _, weights = importance_log_weights(model, double, 3, torch.Generator().manual_seed(0))
    finally:
        torch.set_default_dtype(torch.float32)
    assert (weights.max(1).values - weights.min(1).values).max().item() < 1e-8
    assert log_mean_exp(weights).mean().item() == pytest.approx(exact, abs=1e-8)


def test_log_mean_exp_survives_large_numbers():
    assert log_mean_exp(torch.tensor([[1000.0, 1000.0 + math.log(3)]])).item() == pytest.approx(1000 + math.log(2))


def test_more_samples_tighten_the_bound():
    """Burda 2016, theorem 1: E[log mean of k weights] does not fall with k."""
    torch.manual_seed(0)
    model, x = Vae(FitConfig(hidden=(8,)), (1, 4, 4)), torch.rand(400, 1, 4, 4)
    with torch.no_grad():
        bounds = [
            log_mean_exp(importance_log_weights(model, x, k, torch.Generator().manual_seed(1))[1]).mean().item() for k in (1, 5, 50)
        ]
    assert bounds[0] < bounds[1] < bounds[2]


def test_warm_up_is_linear_and_then_constant():
    assert [beta_at(e, 4.0, 10) for e in (0, 2.5, 10, 99)] == [0, 1, 4, 4]
    assert beta_at(0, 4.0, 0) == 4


def test_the_rate_follows_half_a_cosine_to_one_per_cent():
    rates = [learning_rate_at(p, 1e-3, "cosine") for p in (0, 0.5, 1)]
    assert rates == pytest.approx([1e-3, 0.505e-3, 1e-5])
    assert learning_rate_at(0.7, 1e-3, "constant") == 1e-3

"""Likelihoods, KL, importance weights and schedules against torch.distributions and closed forms."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import distributions as dist

from trainer.config import FitConfig
from trainer.models.gaussians import kl_standard_normal
from trainer.models.torch_engine import Vae, model_of
from trainer.training.objectives import (
    Batch,
    ElboTerms,
    Objective,
    elbo_terms,
    free_bits_kl,
    importance_log_weights,
    log_mean_exp,
    log_normal,
    shifted,
)
from trainer.training.schedules import StepSettings, beta_at, learning_rate_at


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
    with torch.no_grad():
        _, weights = importance_log_weights(model, double, 3, torch.Generator().manual_seed(0))
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


def test_cyclical_annealing_ramps_over_half_of_each_cycle():
    """Fu 2019, eq. 6 and 7: 40 epochs, 4 cycles of 10, ramp of 5."""
    assert [beta_at(e, 2.0, 0, 4, 40) for e in (0, 2.5, 5, 9.9, 10, 12.5, 40)] == [0, 1, 2, 2, 0, 1, 2]


@given(st.floats(0, 1e4), st.floats(0, 100), st.integers(0, 50), st.integers(0, 9), st.integers(1, 1000))
def test_a_kl_weight_is_never_negative_nor_above_beta(epochs_done, beta, warmup, cycles, n_epochs):
    assert 0 <= beta_at(epochs_done, beta, warmup, cycles, n_epochs) <= beta


def test_the_rate_follows_half_a_cosine_to_one_per_cent():
    rates = [learning_rate_at(p, 1e-3, "cosine") for p in (0, 0.5, 1)]
    assert rates == pytest.approx([1e-3, 0.505e-3, 1e-5])
    assert learning_rate_at(0.7, 1e-3, "constant") == 1e-3


def test_burdas_stages_fall_to_a_tenth():
    """Burda 2016, section 5: 3^i epochs at 1e-3 · 10^(−i/7), 3280 in all: epoch 0 is stage 0, epochs 1 to 3 stage 1, the last stage 7."""
    epochs = [0, 1, 3, 4, 12, 13, 1092, 1093, 3279, 3280]
    stages = [0, 1, 1, 2, 2, 3, 6, 7, 7, 7]
    rates = [learning_rate_at(epoch / 3280, 1e-3, "stages") for epoch in epochs]
    assert rates == pytest.approx([1e-3 * 10 ** (-stage / 7) for stage in stages])


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["constant", "cosine", "stages"]))
def test_no_schedule_ever_rises(first, second, schedule):
    early, late = sorted((first, second))
    assert learning_rate_at(late, 0.1, schedule) <= learning_rate_at(early, 0.1, schedule)


def test_free_bits_charge_every_dimension_at_least_lambda():
    assert free_bits_kl(torch.tensor([0.1, 3.0, 0.5]), 0.5).item() == pytest.approx(0.5 + 3.0 + 0.5)


# --- one step of every model


def noise(seed: int, n: int):
    generator = torch.Generator().manual_seed(seed)
    return lambda *dims: torch.randn((n, *dims), generator=generator)


def made(**settings):
    torch.manual_seed(0)
    model = model_of(FitConfig(**{"hidden": (7,), "latent_dim": 2, **settings}), (1, 3, 3), 3)
    return model, torch.rand(5, 1, 3, 3, generator=torch.Generator().manual_seed(3))


def gradient(loss: torch.Tensor, model) -> torch.Tensor:
    found = torch.autograd.grad(loss, [p for p in model.parameters() if p.requires_grad], allow_unused=True)
    return torch.cat([g.flatten() for g in found if g is not None])


def test_the_closed_form_of_a_linear_decoder_is_the_mean_of_samples():
    """E_q of the reconstruction term, against 200 000 draws."""
    model, x = made(network="linear", likelihood="gaussian", sigma=0.5)
    with torch.no_grad():
        exact = elbo_terms(model, x, torch.empty(0)).nll
        q = model.posterior(x)
        z = q.at(torch.randn((200_000, 5, 2), generator=torch.Generator().manual_seed(0)))
        sampled = torch.stack(
            [model.nll(model.output(z[i::1000].flatten(0, 1)), x.repeat(200, 1, 1, 1)).view(-1, 5) for i in range(50)]
        )
    draws = sampled.flatten(0, 1)
    assert ((draws.mean(0) - exact).abs() < 5 * draws.std(0) / len(draws) ** 0.5).all()


def test_free_bits_take_the_gradient_from_dimensions_below():
    """The loss equals nll + Σ max(λ, batch-mean KL), and so does its gradient."""
    model, x = made(latent_dim=4, free_bits=0.05)
    loss, _ = Objective(model)(Batch(x), noise(1, 5), StepSettings(1.0))
    terms = elbo_terms(model, x, noise(1, 5)(4))
    expected = terms.nll.mean() + free_bits_kl(terms.kl.mean(0), 0.05)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(gradient(loss, model), gradient(expected, model))


def test_the_optimal_scale_has_the_gradient_of_half_n_log_mse():
    """Rybkin 2021, eq. 6: with σ² = MSE the Gaussian term is (n/2) log MSE + const."""
    model, x = made(likelihood="gaussian", scale="optimal")
    loss, _ = Objective(model)(Batch(x), noise(1, 5), StepSettings(1.0))
    q = model.posterior(x)
    mse = (x - model.output(q.at(noise(1, 5)(2)))).square().mean()
    expected = 9 / 2 * (mse.log() + 1 + math.log(2 * math.pi)) + kl_standard_normal(q.mu, q.logvar).sum(1).mean()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(gradient(loss, model), gradient(expected, model))


def test_one_drawn_weight_has_the_expected_gradient_of_all():
    """Burda 2016, section 3: i ~ w̃ makes ∇ log w_i an unbiased estimate of Σ w̃_i ∇ log w_i; the value is the bound itself."""
    model, x = made(importance_samples=6)
    eps = torch.randn((5, 6, 2), generator=torch.Generator().manual_seed(4))

    def same_codes(seed: int):
        generator = torch.Generator().manual_seed(seed)
        return lambda *dims: eps if dims else torch.randn(5, generator=generator)

    q = model.posterior(x)
    z = q.at(eps.transpose(0, 1))
    log_w = (
        -torch.stack([model.nll(model.output(each), x) for each in z])
        + log_normal(z, torch.zeros(2), torch.zeros(2))
        - log_normal(z, q.mu, q.logvar)
    )
    bound = -log_mean_exp(log_w.T).mean()
    expected = gradient(bound, model)
    drawn = []
    for seed in range(1500):
        loss, _ = Objective(model)(Batch(x), same_codes(seed), StepSettings(1.0, "iwae"))
        drawn.append(gradient(loss, model))
    assert loss.item() == pytest.approx(bound.item(), abs=1e-5)
    draws = torch.stack(drawn)
    standard_error = draws.std(0) / len(draws) ** 0.5
    assert ((draws.mean(0) - expected).abs() <= 5 * standard_error + 1e-6).all()


def test_m2s_unlabelled_bound_is_the_sum_over_classes():
    """Kingma 2014, eq. 7 spelled out class by class: Σ_y q(y|x) (L(x, y) − log q(y|x)), with torch's distributions."""
    model, x = made(model="m2", alpha=2.5)
    y = torch.tensor([0, 2, 1, 1, 0])
    batch = Batch(x, None, x, y)
    loss, _ = Objective(model, labelled_share=0.3)(batch, noise(5, 5), StepSettings(1.0))
    draw = noise(5, 5)
    eps, eps_labelled = draw(3, 2), draw(2)
    log_q = model.class_logits(x).log_softmax(1)

    def bound(labels, noise_of_class):
        q = model.posterior(x, labels)
        z = q.mu + (q.logvar / 2).exp() * noise_of_class
        log_px = -model.nll(model.output(z, labels), x)
        kl = dist.kl_divergence(dist.Normal(q.mu, (q.logvar / 2).exp()), dist.Normal(0.0, 1.0)).sum(1)
        return log_px - kl + math.log(1 / 3)

    unlabelled = sum(log_q[:, c].exp() * (bound(torch.full((5,), c), eps[:, c]) - log_q[:, c]) for c in range(3))
    cross_entropy = -log_q[torch.arange(5), y].mean()
    expected = -unlabelled.mean() - 0.3 * bound(y, eps_labelled).mean() + 2.5 * cross_entropy
    torch.testing.assert_close(loss, expected)


def test_m1_m2_trains_m1_first_and_then_only_m2():
    model, x = made(model="m1+m2", feature_epochs=1, epochs=2, feature_dim=3, feature_hidden=(6,))
    batch = Batch(x, None, x, torch.tensor([0, 1, 2, 0, 1]))
    for phase, trained, still in (("m1", "features", "encoder"), ("m2", "encoder", "features")):
        model.zero_grad()
        Objective(model)(batch, noise(1, 5), StepSettings(1.0, phase))[0].backward()
        touched = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
        assert trained in touched
        assert still not in touched


def test_log_normal_is_torchs():
    x, mu, logvar = torch.randn(4, 3), torch.randn(4, 3), torch.randn(4, 3)
    torch.testing.assert_close(log_normal(x, mu, logvar), dist.Normal(mu, (logvar / 2).exp()).log_prob(x).sum(1))


def test_shifted_moves_by_every_offset_equally_often_and_fills_with_zeros():
    x = torch.zeros(8000, 2, 7, 5)
    x[:, 0, 3, 2], x[:, 1, 3, 1] = 1.0, 2.0
    moved = shifted(x, 2, torch.randn(8000, 2, generator=torch.Generator().manual_seed(3)))
    places = moved[:, 0].mean(0)
    assert torch.equal(places[1:6] > 0, torch.ones(5, 5, dtype=torch.bool))
    assert places.sum() == pytest.approx(1)
    assert (places[1:6] - 1 / 25).abs().max() < 4 * (1 / 25 / 8000) ** 0.5
    whole = moved[:, 1].sum((1, 2))
    off_the_edge = moved[:, 0, :, 0].sum(1) == 1  # two columns to the left: channel 1's pixel has left the picture
    assert torch.equal(whole, torch.where(off_the_edge, 0.0, 2.0))
    assert torch.equal(shifted(x[:3], 2, torch.zeros(3, 2)), x[:3])

"""Importance-sampled log p(x) against probabilistic PCA, torch.distributions, brute force and its own spread."""

import math

import numpy as np
import pytest
import torch
from torch import distributions as dist

from trainer.config import FitConfig
from trainer.errors import ConfigError
from trainer.metrics.importance import ImportanceEstimate, importance_estimate
from trainer.models.torch_engine import Vae, model_of
from trainer.training.objectives import importance_log_weights

SHAPE = (1, 3, 4)
SIGMA = 0.3
KINDS = [
    {"likelihood": "bernoulli"},
    {"likelihood": "continuous-bernoulli"},
    {"likelihood": "gaussian", "sigma": 0.4},
    {"likelihood": "laplace", "sigma": 0.4},
    {"likelihood": "gaussian", "scale": "per-pixel"},
]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int, seed: int = 1) -> torch.Tensor:
    return torch.rand((n, *SHAPE), generator=seeded(seed), dtype=torch.float64)


def small_vae(**settings) -> Vae:
    torch.manual_seed(0)
    return model_of(FitConfig(**{"latent_dim": 3, "hidden": (8,), "activation": "tanh", **settings}), SHAPE, 2)


def linear_vae(n_classes: int = 0, widening: float = 1.0, shift: float = 0.0) -> Vae:
    """p(x|z, y) = N(Wz + b + v_y, σ²I), W's columns orthogonal: p(z|x, y) is diagonal, and the encoder is it.

    Except that the encoder's means lie `shift` too high and its standard deviations are `widening` times too large.
    """
    settings = {"network": "linear", "latent_dim": 2, "likelihood": "gaussian", "sigma": SIGMA}
    model = model_of(FitConfig(model="conditional-vae" if n_classes else "vae", **settings), SHAPE, n_classes).double()
    rng = np.random.default_rng(5)
    weight = np.linalg.qr(rng.normal(size=(12, 2)))[0] * [1.0, 0.5]
    bias, of_class = rng.uniform(0.3, 0.7, 12), rng.normal(0, 0.2, (12, n_classes))
    variance = 1 / (1 + np.diag(weight.T @ weight) / SIGMA**2)
    encoder = variance[:, None] * weight.T / SIGMA**2
    with torch.no_grad():
        for parameter, value in (
            (model.decoder[0].weight, np.hstack((weight, of_class))),
            (model.decoder[0].bias, bias),
            (model.encoder[1].weight, np.vstack((np.hstack((encoder, -encoder @ of_class)), np.zeros((2, 12 + n_classes))))),
            (model.encoder[1].bias, np.concatenate((shift - encoder @ bias, np.log(variance) + 2 * math.log(widening)))),
            (model.log_sigma, np.log(SIGMA)),
        ):
            parameter.copy_(torch.as_tensor(value))
    return model


def exact_log_px(model: Vae, x: torch.Tensor, y: torch.Tensor | None = None) -> np.ndarray:
    """Tipping & Bishop 1999: x ~ N(b + v_y, WWᵀ + σ²I), here by scipy's density of a Gaussian."""
    from scipy.stats import multivariate_normal

    weight, bias = (p.detach().numpy() for p in (model.decoder[0].weight, model.decoder[0].bias))
    covariance = weight[:, :2] @ weight[:, :2].T + SIGMA**2 * np.eye(12)
    centred = x.flatten(1).numpy() - bias - (0 if y is None else weight[:, 2:].T[y.numpy()])
    return multivariate_normal(cov=covariance).logpdf(centred)


def noise_of_image(generator: torch.Generator) -> torch.Generator:
    """What an image's noise is drawn from: a generator of its own, whose seed is drawn from the given one."""
    return seeded(int(torch.randint(2**62, (), generator=generator)))


# --- exact answers


def test_with_the_exact_posterior_every_weight_is_the_answer():
    """numbers.md §1. The noise is float32, so its square keeps seven digits, and so does a log weight."""
    model, x = linear_vae(), pictures(5)
    for n_samples in (1, 2, 300):
        found = importance_estimate(model, x, n_samples, seeded(0))
        np.testing.assert_allclose(found.log_px, exact_log_px(model, x), atol=1e-5)
        np.testing.assert_allclose(found.ess, n_samples, rtol=1e-9)
        np.testing.assert_allclose(found.standard_error, 0, atol=1e-6)


@pytest.mark.parametrize(("widening", "shift"), [(1.3, 0.0), (1.2, 0.15), (3.0, 0.0)])
def test_a_linear_vae_is_probabilistic_pca_within_the_standard_error(widening, shift):
    """An encoder wider than the posterior has bounded weights, so the delta method holds."""
    model, x = linear_vae(widening=widening, shift=shift), pictures(20)
    found = importance_estimate(model, x, 2000, seeded(0))
    error = np.abs(found.log_px - exact_log_px(model, x))
    assert (found.standard_error > 1e-3).all()
    assert (error < 4 * found.standard_error).all()


def test_the_effective_number_of_samples_of_a_wide_encoder_is_known():
    """q wider by c: E_q[w]²/E_q[w²] is √(2c² − 1)/c² in each dimension, by Gaussian integrals; two dimensions, c = 2: 7/16."""
    found = importance_estimate(linear_vae(widening=2.0), pictures(5), 20_000, seeded(0))
    np.testing.assert_allclose(found.ess / 20_000, 7 / 16, rtol=0.05)
    np.testing.assert_allclose(found.standard_error, math.sqrt((16 / 7 - 1) / 20_000), rtol=0.05)


def test_a_conditional_model_is_asked_with_its_labels():
    model, x = linear_vae(n_classes=3, widening=1.2), pictures(9)
    y = torch.arange(9) % 3
    found = importance_estimate(model, x, 2000, seeded(0), y)
    assert (np.abs(found.log_px - exact_log_px(model, x, y)) < 4 * found.standard_error).all()
    assert (np.abs(found.log_px - exact_log_px(model, x, (y + 1) % 3)) > 4 * found.standard_error).all()


def test_one_sample_is_one_draw_of_the_bound():
    """Its mean over draws is the ELBO, −E_q[−log p(x|z)] − KL, both in closed form: within 4 standard errors of 4000 draws."""
    model, x, n = linear_vae(widening=1.5, shift=0.3), pictures(1), 4000
    found = importance_estimate(model, x.expand(n, *SHAPE), 1, seeded(0))
    np.testing.assert_array_equal(found.ess, 1)
    np.testing.assert_array_equal(found.standard_error, 0)
    with torch.no_grad():
        q = model.posterior(x)
        kl = dist.kl_divergence(dist.Normal(q.mu, q.std), dist.Normal(0.0, 1.0)).sum().item()
        spread = (q.std.square() @ model.decoder[0].weight.square().sum(0)).item() / (2 * SIGMA**2)
        expected = -dist.Normal(model.output(q.mu), SIGMA).log_prob(x).sum().item() + spread
    assert found.reconstruction.mean() == pytest.approx(expected, abs=4 * found.reconstruction.std() / math.sqrt(n))
    assert found.log_px.mean() == pytest.approx(-expected - kl, abs=4 * found.log_px.std() / math.sqrt(n))


# --- brute force


@pytest.mark.parametrize("settings", KINDS)
def test_every_likelihood_is_brute_force_over_all_weights(settings):
    """The same noise, all weights of an image side by side, and their mean, Σw and Σw² without logarithms."""
    model, x = small_vae(**settings), pictures(4).float()
    found = importance_estimate(model, x, 700, seeded(3))
    generator = seeded(3)
    for i, image in enumerate(x):
        with torch.no_grad():
            log_px_given_z, log_w = importance_log_weights(model, image[None], 700, noise_of_image(generator))
        scale = float(log_w.max())
        w = np.exp(log_w[0].double().numpy() - scale)
        assert found.log_px[i] == pytest.approx(math.log(w.mean()) + scale, abs=2e-5)
        assert found.ess[i] == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=1e-3)
        assert found.standard_error[i] == pytest.approx(w.std() / w.mean() / math.sqrt(700), rel=1e-3)
        assert found.reconstruction[i] == pytest.approx(-float(log_px_given_z.double().mean()), abs=2e-5)


@pytest.mark.parametrize("settings", KINDS)
def test_one_weight_is_the_ratio_of_torchs_densities(settings):
    """log p(x|z) + log N(z; 0, I) − log q(z|x) with torch.distributions."""
    model, x = small_vae(**settings).double(), pictures(3).round()
    found, generator = importance_estimate(model, x, 1, seeded(3)), seeded(3)
    eps = torch.cat([torch.randn((1, 3), generator=noise_of_image(generator)) for _ in x]).double()
    with torch.no_grad():
        q = model.posterior(x)
        z = q.mu + q.std * eps
        place, log_scale = model.output(z), model.log_sigma
        if settings.get("scale") == "per-pixel":
            place, raw = place.chunk(2, 1)
            log_scale = -6 + torch.log1p(torch.exp(raw + 6))
        pixels = {
            "bernoulli": lambda: dist.Bernoulli(logits=place),
            "continuous-bernoulli": lambda: dist.ContinuousBernoulli(logits=place),
            "gaussian": lambda: dist.Normal(place, log_scale.exp()),
            "laplace": lambda: dist.Laplace(place, log_scale.exp()),
        }[settings["likelihood"]]()
        log_px_given_z = pixels.log_prob(x).flatten(1).sum(1)
        log_ratio = (dist.Normal(0.0, 1.0).log_prob(z) - dist.Normal(q.mu, q.std).log_prob(z)).sum(1)
    # torch's continuous Bernoulli is a series around λ = ½, good to 1e-5 a pixel
    tolerance = 1e-4 if settings["likelihood"] == "continuous-bernoulli" else 1e-5
    np.testing.assert_allclose(found.log_px, (log_px_given_z + log_ratio).numpy(), atol=tolerance)
    np.testing.assert_allclose(found.reconstruction, -log_px_given_z.numpy(), atol=tolerance)


# --- how sure it is


def test_the_standard_error_is_the_spread_of_many_repetitions():
    """400 estimates of one picture: their standard deviation is known to 1/√800, 3.5 %; the bar is 4 of that."""
    model = linear_vae(widening=1.5, shift=0.2)
    found = importance_estimate(model, pictures(1).expand(400, *SHAPE), 300, seeded(0))
    assert len(np.unique(found.log_px)) == 400
    assert found.log_px.std(ddof=1) == pytest.approx(math.sqrt((found.standard_error**2).mean()), rel=4 / math.sqrt(800))


def test_the_estimate_is_low_in_expectation_by_half_its_variance():
    """E[log mean w] = log p(x) − Var/2 + O(S⁻²), Burda 2016: with 20 draws below the truth by more than 4 standard errors."""
    model, x = linear_vae(widening=2.5), pictures(1)
    found = importance_estimate(model, x.expand(4000, *SHAPE), 20, seeded(0))
    below = exact_log_px(model, x) - found.log_px.mean()
    error = found.log_px.std() / math.sqrt(4000)
    assert below > 4 * error
    assert below == pytest.approx(found.log_px.var() / 2, rel=0.3)


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("n_samples", [1, 2, 50])
def test_the_effective_number_of_samples_lies_between_one_and_all(settings, n_samples):
    model = small_vae(**settings)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(6)  # weights that differ by many nats
    ess = importance_estimate(model, pictures(6).float(), n_samples, seeded(0)).ess
    assert (ess >= 1 - 1e-9).all()
    assert (ess <= n_samples * (1 + 1e-9)).all()


def test_weights_far_below_the_smallest_number_are_still_weights():
    """Coins of ±500: the log weights are near −6000, whose exponential is 0."""
    model = small_vae()
    with torch.no_grad():
        model.decoder[-2].weight.zero_()
        model.decoder[-2].bias.fill_(500)
    found = importance_estimate(model, torch.zeros((1, *SHAPE)), 50, seeded(0))
    assert found.reconstruction[0] == pytest.approx(6000)
    assert found.log_px[0] == pytest.approx(-6000, abs=1)
    assert 1 <= found.ess[0] <= 50


def test_the_mean_over_images_and_its_standard_error():
    """By hand: mean 2, standard deviation √(2/3), over √3."""
    zeros = np.zeros(3)
    found = ImportanceEstimate(np.array([-1.0, -2.0, -3.0]), zeros, zeros, zeros, 1)
    assert found.nll == pytest.approx(2)
    assert found.nll_standard_error == pytest.approx(math.sqrt(2) / 3)


# --- what it must not depend on


@pytest.mark.parametrize("settings", [{}, {"likelihood": "laplace"}, {"model": "conditional-vae"}])
def test_the_parts_do_not_matter(settings, monkeypatch):
    """Seven images with 50 samples, in one part and in parts that divide neither."""
    model, x = small_vae(**settings).double(), pictures(7)
    y = torch.arange(7) % 2 if model.is_conditional else None
    whole = importance_estimate(model, x, 50, seeded(0), y)

    def same(part: ImportanceEstimate, n: int = 7) -> None:
        for name in ("log_px", "ess", "standard_error", "reconstruction"):
            np.testing.assert_allclose(getattr(part, name), getattr(whole, name)[:n], rtol=1e-9, atol=1e-9)

    for rows in (1, 7, 49, 50, 1000):
        same(importance_estimate(model, x, 50, seeded(0), y, rows=rows))
    for n in (1, 3):
        same(importance_estimate(model, x[:n], 50, seeded(0), None if y is None else y[:n]), n)
    generator = seeded(0)
    first, second = (
        importance_estimate(model, x[part], 50, generator, None if y is None else y[part]) for part in (slice(0, 3), slice(3, 7))
    )
    same(first, 3)
    np.testing.assert_allclose(second.log_px, whole.log_px[3:], atol=1e-9)
    monkeypatch.setattr("trainer.metrics.importance.IMAGES", 3)
    same(importance_estimate(model, x, 50, seeded(0), y, rows=11))


def test_the_estimate_depends_on_its_generator_only():
    model, x = small_vae(), pictures(2).float()
    torch.manual_seed(1)
    first = importance_estimate(model, x, 20, seeded(4)).log_px
    torch.manual_seed(2)
    np.testing.assert_array_equal(first, importance_estimate(model, x, 20, seeded(4)).log_px)
    assert (first != importance_estimate(model, x, 20, seeded(5)).log_px).all()


def test_progress_is_told_image_by_image(monkeypatch):
    monkeypatch.setattr("trainer.metrics.importance.IMAGES", 2)
    told: list[float] = []
    found = importance_estimate(small_vae(), pictures(5).float(), 3, seeded(0), on_progress=told.append)
    assert told == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert found.n_samples == 3


@pytest.mark.parametrize("kind", ["autoencoder", "pca"])
def test_a_point_has_no_weights(kind):
    model = small_vae(model=kind, network="linear", likelihood="gaussian")
    with pytest.raises(ConfigError) as error:
        importance_estimate(model, pictures(1).float(), 5, seeded(0))
    assert str(error.value) == f"model is '{kind}'; allowed: a model with a posterior: a point has no weights."

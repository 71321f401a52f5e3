"""Quadrature and gaps against the closed forms of a linear VAE, Gauss-Legendre, importance sampling and each other."""

import math
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from trainer.config import FitConfig
from trainer.errors import ConfigError, DataError
from trainer.metrics.importance import importance_estimate
from trainer.metrics.quadrature import gap_map, log_px_by_quadrature, quadrature_grid, true_posterior
from trainer.models.torch_engine import Vae, model_of

SHAPE = (1, 3, 4)
SIGMA = 0.3
ROUNDING = 2e-5  # the decoder works in float32, on sums of about 20 nats
LIKELIHOODS = ["bernoulli", "continuous-bernoulli", "gaussian", "laplace"]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int, seed: int = 1) -> torch.Tensor:
    return torch.rand((n, *SHAPE), generator=seeded(seed))


def small_vae(**settings) -> Vae:
    torch.manual_seed(0)
    model = model_of(FitConfig(**{"latent_dim": 2, "hidden": (8,), "activation": "tanh", **settings}), SHAPE, 2)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(3)  # far enough from 0 that the decoder bends
    return model


@dataclass(frozen=True)
class Linear:
    """x = Wz + b + σ·eps. weight (12, K) · bias (12,) · precision (K, K): A of p(z|x), A = WᵀW/σ² + I · variance (K,): the encoder's.

    p(z|x) = N(A⁻¹Wᵀ(x − b)/σ², A⁻¹), Bishop 2006, eq. 12.42.
    """

    model: Vae
    weight: np.ndarray
    bias: np.ndarray
    precision: np.ndarray
    variance: np.ndarray

    def posterior_mean(self, x: torch.Tensor) -> np.ndarray:
        centred = x.flatten(1).double().numpy() - self.bias
        return centred @ self.weight @ np.linalg.inv(self.precision) / SIGMA**2

    def log_px(self, x: torch.Tensor) -> np.ndarray:
        """Tipping & Bishop 1999: x ~ N(b, WWᵀ + σ²I)."""
        from scipy.stats import multivariate_normal

        covariance = self.weight @ self.weight.T + SIGMA**2 * np.eye(len(self.bias))
        return np.atleast_1d(multivariate_normal(self.bias, covariance).logpdf(x.flatten(1).double().numpy()))


def linear_vae(lengths=(1.0, 0.5), angle: float = 90, widening=(1.0, 1.0), perturbation: np.ndarray | None = None) -> Linear:
    """W has two columns of these lengths at this angle (degrees), more are perpendicular. At 90° p(z|x) is diagonal.

    The encoder's variances are 1/A_kk, the best there are at any angle, times widening²; its mean A⁻¹Wᵀ(x − b)/σ² + perturbation·x.
    """
    n_dims = len(lengths)
    config = FitConfig(network="linear", latent_dim=n_dims, likelihood="gaussian", sigma=SIGMA)
    model, rng = model_of(config, SHAPE, 0), np.random.default_rng(5)
    basis = np.linalg.qr(rng.normal(size=(12, n_dims)))[0]
    basis[:, 1] = math.cos(math.radians(angle)) * basis[:, 0] + math.sin(math.radians(angle)) * basis[:, 1]
    weight, bias = basis * lengths, rng.uniform(0.3, 0.7, 12)
    precision = weight.T @ weight / SIGMA**2 + np.eye(n_dims)
    encoder = np.linalg.inv(precision) @ weight.T / SIGMA**2
    variance = np.square(widening) / np.diag(precision)
    wrong = encoder if perturbation is None else encoder + perturbation
    with torch.no_grad():
        for parameter, value in (
            (model.decoder[0].weight, weight),
            (model.decoder[0].bias, bias),
            (model.encoder[1].weight, np.vstack((wrong, np.zeros((n_dims, 12))))),
            (model.encoder[1].bias, np.concatenate((-encoder @ bias, np.log(variance)))),
            (model.log_sigma, np.log(SIGMA)),
        ):
            parameter.copy_(torch.as_tensor(value))
    return Linear(model, weight, bias, precision, variance)


def gauss_legendre_log_px(model: Vae, x: torch.Tensor, y: torch.Tensor | None = None, n_panels: int = 30) -> np.ndarray:
    """The same integral over [−7, 7]² in float64, by Gauss-Legendre with 8 uneven nodes in each panel, so many panels a side."""
    exact = deepcopy(model).double()
    nodes, weights = np.polynomial.legendre.leggauss(8)
    half = 7 / n_panels
    axis = (np.linspace(-7 + half, 7 - half, n_panels)[:, None] + half * nodes).ravel()
    z = torch.tensor(np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2))
    log_weight = np.log(np.outer(np.tile(weights, n_panels), np.tile(weights, n_panels)).ravel() * half**2)
    log_prior = -0.5 * z.square().sum(1).numpy() - math.log(2 * math.pi)
    found = []
    for i, image in enumerate(x.double()):
        with torch.no_grad():
            output = exact.output(z, None if y is None else y[i].expand(len(z)))
            log_joint = -exact.nll(output, image.expand(len(z), *SHAPE)).numpy() + log_prior + log_weight
        found.append(log_joint.max() + math.log(np.exp(log_joint - log_joint.max()).sum()))
    return np.array(found)


# --- log p(x)


@pytest.mark.parametrize("angle", [90, 30])
def test_a_linear_vae_is_probabilistic_pca(angle):
    linear, x = linear_vae(angle=angle), pictures(6)
    np.testing.assert_allclose(log_px_by_quadrature(linear.model, x), linear.log_px(x), atol=ROUNDING)
    np.testing.assert_allclose(gap_map(linear.model, x, n_steps=1).log_px, linear.log_px(x), atol=ROUNDING)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_an_mlp_is_what_gauss_legendre_gives(likelihood):
    """A Laplace pixel has kinks, at which both rules converge like the square of the step: finer steps and three digits there."""
    model, x, has_kinks = small_vae(likelihood=likelihood), pictures(4), likelihood == "laplace"
    expected = gauss_legendre_log_px(model, x, n_panels=60 if has_kinks else 30)
    found = log_px_by_quadrature(model, x, step=0.025 if has_kinks else None)
    np.testing.assert_allclose(found, expected, atol=1e-3 if has_kinks else 5e-6)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_importance_sampling_agrees_within_its_standard_error(likelihood):
    model, x = small_vae(likelihood=likelihood), pictures(6)
    found = importance_estimate(model, x, 3000, seeded(0))
    error = np.abs(found.log_px - log_px_by_quadrature(model, x))
    assert (error < 4 * found.standard_error + ROUNDING).all()
    assert found.standard_error.max() < 0.1


def test_the_lattice_sums_to_the_priors_mass():
    """erf(6/√2)² of the prior lies inside: all of it to 4e-9; the trapezoid's end terms are nothing there."""
    grid = quadrature_grid(0.25)
    assert float(grid.log_weight.exp().sum()) == pytest.approx(math.erf(6 / math.sqrt(2)) ** 2, abs=1e-8)
    assert grid.step == pytest.approx(0.25)
    assert quadrature_grid(0.7).step <= 0.7
    assert len(quadrature_grid(1.0, 2.0).z) == 25
    assert quadrature_grid(1.0, 2.0).z[0].tolist() == [-2, -2]
    assert quadrature_grid(1.0, 2.0).z[1].tolist() == [-2, -1]


def test_halving_the_step_converges_as_poissons_sum_says():
    """A lattice sum of a Gaussian of standard deviation s is off by at most (1 + 2 Σ_k exp(−2π²k²s²/h²))² − 1 in two dimensions.

    That is 30 at h = 8s (not a good sum), .015 at 2s, 1e-8 at s: and so is the error of p(x), where float32 lets it be seen.
    """
    linear, x = linear_vae(lengths=(0.5, 0.5)), pictures(5)
    std = linear.precision[0, 0] ** -0.5
    errors = []
    for ratio in (8, 4, 2, 1, 0.5):
        h = quadrature_grid(ratio * std).step
        bound = (1 + 2 * sum(math.exp(-2 * (math.pi * k * std / h) ** 2) for k in range(1, 20))) ** 2 - 1
        error = np.abs(np.expm1(log_px_by_quadrature(linear.model, x, step=ratio * std) - linear.log_px(x)))
        assert (error <= bound + ROUNDING).all()
        errors.append(error.max())
    assert errors[0] > 1
    assert errors[0] > errors[1] > errors[2] > 1e-3
    assert max(errors[3:]) < ROUNDING


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_default_step_is_fine_enough(likelihood):
    """A quarter of it changes nothing, and neither does a wider square."""
    model, x = small_vae(likelihood=likelihood), pictures(3)
    chosen = log_px_by_quadrature(model, x)
    np.testing.assert_allclose(log_px_by_quadrature(model, x, step=0.025), chosen, atol=ROUNDING)
    np.testing.assert_allclose(log_px_by_quadrature(model, x, half_width=9), chosen, atol=ROUNDING)


def test_the_square_reaches_as_far_as_posteriors_do():
    """Pictures that lie 9 prior standard deviations out; a square of 6 would miss them by far."""
    linear = linear_vae()
    x = torch.tensor(linear.bias + 9 * linear.weight[:, 0]).float().view(1, *SHAPE)
    np.testing.assert_allclose(log_px_by_quadrature(linear.model, x), linear.log_px(x), atol=5 * ROUNDING)
    assert log_px_by_quadrature(linear.model, x, half_width=6)[0] < linear.log_px(x)[0] - 10


def test_a_conditional_model_is_asked_with_its_labels():
    """Labels in any order, each picture under its own."""
    model, x, y = small_vae(model="conditional-vae"), pictures(5), torch.tensor([1, 0, 1, 1, 0])
    expected = gauss_legendre_log_px(model, x, y)
    np.testing.assert_allclose(log_px_by_quadrature(model, x, y), expected, atol=5e-5)
    assert (np.abs(log_px_by_quadrature(model, x, 1 - y) - expected) > 1e-2).all()
    gaps = gap_map(model, x, y, n_steps=5)
    assert gaps.log_px is not None
    np.testing.assert_allclose(gaps.log_px, expected, atol=5e-5)
    with torch.no_grad():
        np.testing.assert_allclose(gaps.mu, model.posterior(x, y).mu, atol=1e-6)


# --- the true posterior


def nodes_of(shown) -> np.ndarray:
    """z (G, G, 2) of every entry of the density: row 0 at the lowest z₂, column 0 at the lowest z₁."""
    x0, x1, y0, y1 = shown.extent
    n_rows, n_columns = shown.density.shape
    return np.stack(np.meshgrid(np.linspace(x0, x1, n_columns), np.linspace(y0, y1, n_rows)), -1)


@pytest.mark.parametrize("angle", [90, 40])
def test_the_true_posterior_of_a_linear_vae_is_the_closed_forms_gaussian(angle):
    """N(A⁻¹Wᵀ(x − b)/σ², A⁻¹): mass, mean, covariance, and the density itself at every node."""
    from scipy.stats import multivariate_normal

    linear, x = linear_vae(angle=angle), pictures(1)
    shown = true_posterior(linear.model, x)
    z = nodes_of(shown)
    cell = (z[0, 1, 0] - z[0, 0, 0]) * (z[1, 0, 1] - z[0, 0, 1])
    share = shown.density * cell
    assert share.sum() == pytest.approx(1, abs=1e-9)
    mean, covariance = linear.posterior_mean(x)[0], np.linalg.inv(linear.precision)
    found = np.einsum("ij,ijk->k", share, z)
    np.testing.assert_allclose(found, mean, atol=1e-5)
    np.testing.assert_allclose(np.einsum("ij,ijk,ijl->kl", share, z - found, z - found), covariance, atol=1e-5)
    assert abs(mean[0] - mean[1]) > 0.1  # so that swapped axes would show
    expected = multivariate_normal(mean, covariance).pdf(z)
    np.testing.assert_allclose(shown.density, expected, atol=1e-4 * expected.max())


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_true_posterior_of_an_mlp_is_bayes_rule(likelihood):
    """p(z|x) p(x) = p(x|z) p(z) at random places, with p(x) from Gauss-Legendre."""
    model, x, y = small_vae(likelihood=likelihood, model="conditional-vae"), pictures(1), torch.tensor([1])
    shown = true_posterior(model, x, label=1, step=0.1)
    z = nodes_of(shown)
    assert shown.density.sum() * (z[0, 1, 0] - z[0, 0, 0]) ** 2 == pytest.approx(1, abs=1e-9)
    assert (shown.density >= 0).all()
    places = len(z) // 2 + np.random.default_rng(0).integers(-20, 20, (20, 2))  # z in [−2, 2]
    at = torch.tensor(z[places[:, 0], places[:, 1]]).float()
    with torch.no_grad():
        log_joint = -model.nll(model.output(at, y.expand(20)), x.expand(20, *SHAPE)).numpy()
    log_joint = log_joint - 0.5 * at.square().sum(1).numpy() - math.log(2 * math.pi)
    log_posterior = log_joint - gauss_legendre_log_px(model, x, y)
    np.testing.assert_allclose(
        np.log(shown.density[places[:, 0], places[:, 1]]), log_posterior, atol=5e-3 if likelihood == "laplace" else 1e-4
    )


# --- gaps


def assert_nearly_all(found: np.ndarray, gap: np.ndarray | float) -> None:
    """50 steps of Adam close 98 % of a gap and never more than all of it."""
    assert (found < gap + 5e-5).all()
    assert (found > 0.98 * np.asarray(gap) - 1e-4).all()


def test_the_exact_encoder_leaves_no_gap():
    """And a search from the optimum finds nothing more."""
    linear, x = linear_vae(), pictures(6)
    gaps = gap_map(linear.model, x)
    assert gaps.approximation is not None and gaps.kl_to_truth is not None
    for gap in (gaps.amortisation, gaps.approximation, gaps.kl_to_truth):
        np.testing.assert_allclose(gap, 0, atol=5e-5)
    np.testing.assert_allclose(gaps.mu, linear.posterior_mean(x), atol=1e-5)


def test_a_perturbed_encoder_loses_half_a_quadratic_form():
    """numbers.md §5: ½ (Ex)ᵀ(WᵀW/σ² + I)(Ex) a picture, all of it amortisation: the best Gaussian is the posterior itself."""
    wrong = np.random.default_rng(2).normal(0, 0.05, (2, 12))
    linear, x = linear_vae(perturbation=wrong), pictures(20)
    moved = x.flatten(1).double().numpy() @ wrong.T
    expected = 0.5 * np.einsum("nk,kl,nl->n", moved, linear.precision, moved)
    gaps = gap_map(linear.model, x)
    assert gaps.approximation is not None and gaps.kl_to_truth is not None
    assert expected.mean() > 0.01
    np.testing.assert_allclose(gaps.kl_to_truth, expected, atol=5e-5)
    assert gaps.kl_to_truth.mean() == pytest.approx(expected.mean(), abs=ROUNDING)
    assert_nearly_all(gaps.amortisation, expected)
    assert (gaps.approximation > -ROUNDING).all()


@pytest.mark.parametrize("widening", [(1.0, 1.0), (1.5, 0.7)])
def test_where_codes_are_correlated_no_diagonal_gaussian_suffices(widening):
    """Columns at 40°: the best diagonal Gaussian has variances 1/A_kk, and KL ½(Σ log A_kk − log det A) to the truth.

    An encoder with the exact mean and variances c²/A_kk loses Σ ½(c² − 1 − log c²) more.
    """
    linear, x = linear_vae(angle=40, widening=widening), pictures(5)
    gaps = gap_map(linear.model, x)
    assert gaps.approximation is not None
    approximation = 0.5 * (np.log(np.diag(linear.precision)).sum() - np.linalg.slogdet(linear.precision)[1])
    c2 = np.square(widening)
    amortisation = 0.5 * (c2 - 1 - np.log(c2)).sum()
    assert approximation > 0.1
    np.testing.assert_allclose(gaps.elbo_encoder, linear.log_px(x) - approximation - amortisation, atol=5e-5)
    assert_nearly_all(gaps.amortisation, amortisation)
    assert (gaps.approximation > approximation - 5e-5).all()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_gaps_add_up_and_have_their_signs(likelihood):
    model, x = small_vae(likelihood=likelihood), pictures(6)
    gaps = gap_map(model, x)
    assert gaps.log_px is not None and gaps.approximation is not None and gaps.kl_to_truth is not None
    np.testing.assert_allclose(gaps.log_px - gaps.elbo_encoder, gaps.approximation + gaps.amortisation, atol=1e-12)
    np.testing.assert_array_equal(gaps.kl_to_truth, gaps.log_px - gaps.elbo_encoder)
    np.testing.assert_allclose(gaps.log_px, log_px_by_quadrature(model, x), atol=ROUNDING)
    assert (gaps.amortisation > 0).all()  # the encoder is untrained
    assert (gaps.approximation > -ROUNDING).all()
    assert (gaps.kl_to_truth > 0).all()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_encoders_bound_is_that_of_many_draws(likelihood):
    """−E_q[−log p(x|z)] by 4000 draws, less the KL by torch.distributions: within 4 standard errors."""
    model, x = small_vae(likelihood=likelihood), pictures(2)
    gaps = gap_map(model, x, n_steps=1)
    with torch.no_grad():
        q = model.posterior(x)
        z = q.mu + q.std * torch.randn((4000, 2, 2), generator=seeded(0))
        log_px = -model.nll(model.output(z.flatten(0, 1)), x.repeat(4000, 1, 1, 1)).view(4000, 2).double().numpy()
        normal = torch.distributions.Normal
        kl = torch.distributions.kl_divergence(normal(q.mu, q.std), normal(0.0, 1.0)).sum(1).numpy()
    assert (np.abs(gaps.elbo_encoder - (log_px.mean(0) - kl)) < 4 * log_px.std(0) / math.sqrt(4000)).all()


def test_more_steps_never_lose_and_no_step_is_the_encoders_bound():
    model, x = small_vae(likelihood="gaussian"), pictures(4)
    none, few, many = (gap_map(model, x, n_steps=n) for n in (0, 5, 50))
    np.testing.assert_array_equal(none.amortisation, 0)
    np.testing.assert_array_equal(few.elbo_encoder, many.elbo_encoder)
    assert (few.amortisation > 0).all()
    assert (many.elbo_optimal > few.elbo_optimal).all()


def test_beyond_two_dimensions_the_bound_is_sampled():
    """Three dimensions: no exact log p(x). Noise of mean 0 and covariance I makes the bound of a linear decoder exact."""
    linear, x = linear_vae(lengths=(1.0, 0.5, 0.3), widening=(1.5, 1.5, 0.7)), pictures(4)
    gaps = gap_map(linear.model, x, n_steps=60)
    assert (gaps.log_px, gaps.approximation, gaps.kl_to_truth) == (None, None, None)
    c2 = linear.variance * np.diag(linear.precision)
    loss = 0.5 * (c2 - 1 - np.log(c2)).sum()
    np.testing.assert_allclose(gaps.elbo_encoder, linear.log_px(x) - loss, atol=2e-4)
    assert (gaps.amortisation >= 0).all()
    assert (gaps.elbo_optimal <= linear.log_px(x) + 2e-4).all()
    again, other = gap_map(linear.model, x, n_steps=1), gap_map(linear.model, x, n_steps=1, seed=1)
    np.testing.assert_array_equal(again.elbo_encoder, gaps.elbo_encoder)
    np.testing.assert_allclose(other.elbo_encoder, gaps.elbo_encoder, atol=2e-4)


def test_beyond_two_dimensions_the_exact_encoder_leaves_no_gap():
    linear, x = linear_vae(lengths=(1.0, 0.5, 0.3), widening=(1.0, 1.0, 1.0)), pictures(6)
    gaps = gap_map(linear.model, x, n_steps=60)
    np.testing.assert_allclose(gaps.amortisation, 0, atol=2e-4)
    np.testing.assert_allclose(gaps.elbo_optimal, linear.log_px(x), atol=2e-4)


@pytest.mark.parametrize("settings", [{"likelihood": name} for name in LIKELIHOODS] + [{"model": "conditional-vae"}])
def test_the_sampled_bound_is_a_loop_over_draws(settings):
    """Both halves of the noise that judges, image by image, with the likelihood's own NLL; its mean is 0, its covariance I."""
    model, x = small_vae(latent_dim=3, **settings), pictures(3)
    y = torch.tensor([1, 0, 1]) if model.is_conditional else None
    half = torch.linalg.qr(torch.randn((32, 3), generator=seeded(1), dtype=torch.float64))[0].float() * 32**0.5
    np.testing.assert_allclose(half.T @ half / 32, np.eye(3), atol=1e-5)
    for i in range(3):
        label = None if y is None else y[i : i + 1]
        with torch.no_grad():
            q = model.posterior(x[i : i + 1], label)
            nll = [
                float(model.nll(model.output(q.mu + q.std * sign * eps, label), x[i : i + 1])) for eps in half for sign in (1, -1)
            ]
            kl = 0.5 * float((q.mu**2 + q.std**2 - 1 - q.logvar).sum())
        found = gap_map(model, x, y, n_steps=0).elbo_encoder[i]
        assert found == pytest.approx(-np.mean(nll) - kl, abs=5e-5)


@pytest.mark.parametrize("settings", [{}, {"model": "conditional-vae"}, {"latent_dim": 3}])
def test_the_parts_do_not_matter_and_the_model_is_left_as_it_was(settings, monkeypatch):
    """Five pictures two at a time: the last part is one picture, and so is a whole call."""
    model, x = small_vae(likelihood="gaussian", scale="fixed", **settings), pictures(5)
    y = torch.tensor([1, 0, 1, 1, 0]) if model.is_conditional else None
    before = {name: (p.requires_grad, p.detach().clone()) for name, p in model.named_parameters()}
    whole = gap_map(model, x, y, n_steps=10)
    monkeypatch.setattr("trainer.metrics.quadrature.IMAGES_AT_ONCE", 2)
    monkeypatch.setattr("trainer.metrics.quadrature.NODES_AT_ONCE", 1000)
    told: list[float] = []
    parts = gap_map(model, x, y, n_steps=10, on_progress=told.append)
    for name in ("elbo_encoder", "elbo_optimal", "mu"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=ROUNDING)
    alone = gap_map(model, x[:1], None if y is None else y[:1], n_steps=10)
    np.testing.assert_allclose(alone.elbo_optimal, whole.elbo_optimal[:1], atol=ROUNDING)
    assert told == sorted(told)
    assert told[-1] == 1
    for name, parameter in model.named_parameters():
        requires_grad, value = before[name]
        assert parameter.requires_grad is requires_grad
        assert parameter.grad is None
        assert torch.equal(parameter, value)


# --- what is refused


@pytest.mark.parametrize("ask", [log_px_by_quadrature, true_posterior])
@pytest.mark.parametrize("value", [1, 3])
def test_without_a_plane_there_is_no_quadrature(ask, value):
    with pytest.raises(ConfigError) as error:
        ask(small_vae(latent_dim=value), pictures(1))
    expected = f"latent_dim is {value}; allowed: 2, for a quadrature over the plane, and a model with a posterior."
    assert str(error.value) == expected


@pytest.mark.parametrize("x", [pictures(3) * float("nan"), pictures(3)[:0]])
def test_pictures_that_are_none_are_refused(x):
    for ask in (log_px_by_quadrature, gap_map):
        with pytest.raises(DataError, match=r"^(Image 0 has a pixel that is not a number|There are 0 images); allowed: "):
            ask(small_vae(), x)


@pytest.mark.parametrize("ask", [gap_map, log_px_by_quadrature, true_posterior])
def test_a_point_has_no_gaps(ask):
    with pytest.raises(ConfigError) as error:
        ask(small_vae(model="autoencoder"), pictures(1))
    assert str(error.value) == "model is 'autoencoder'; allowed: a model with a posterior."

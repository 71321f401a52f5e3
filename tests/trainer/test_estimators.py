"""Gradient estimators against closed forms, quadrature and each other."""

import itertools

import numpy as np
import pytest
import torch

from trainer.config import FitConfig
from trainer.errors import ConfigError
from trainer.metrics.gradient_variance import ESTIMATORS, gradient_draws, gradient_variance, toy_variance
from trainer.models.torch_engine import Vae, model_of

SHAPE = (1, 4, 4)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def square(z):
    return z.square().sum(-1)


def toy_draws(estimator, n_dims, n_draws, seed=0):
    ones = torch.ones(n_dims, dtype=torch.float64)
    return gradient_draws(square, ones, ones, n_draws, seeded(seed), estimator)


def small_vae(**settings) -> Vae:
    torch.manual_seed(0)
    model = model_of(FitConfig(**{"latent_dim": 3, "hidden": (8,), "activation": "tanh", **settings}), SHAPE, 2).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)  # far enough from 0 that the decoder bends
    return model


@pytest.mark.parametrize(
    ("estimator", "n_dims", "value"),
    [("reparameterisation", 1, 4), ("reparameterisation", 50, 4), ("score", 1, 30), ("score", 50, 10_712)],
)
def test_the_toys_variances_are_those_of_the_literature(estimator, n_dims, value):
    """numbers.md §6."""
    assert toy_variance(estimator, n_dims) == value


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_the_closed_form_is_what_quadrature_gives(n_dims):
    """Gauss-Hermite with 8 nodes is exact to degree 15; (f·eps)² has degree 6. The baseline is E[f]."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    eps = np.array(list(itertools.product(nodes, repeat=n_dims)))
    share = np.array([np.prod(each) for each in itertools.product(weights / weights.sum(), repeat=n_dims)])
    f = ((1 + eps) ** 2).sum(1)
    for estimator, draws in (
        ("reparameterisation", 2 * (1 + eps[:, 0])),
        ("score", f * eps[:, 0]),
        ("score-baseline", (f - share @ f) * eps[:, 0]),
    ):
        mean = share @ draws
        assert mean == pytest.approx(2)  # ∇‖μ‖² = 2μ, whatever the estimator
        assert toy_variance(estimator, n_dims) == pytest.approx(share @ (draws - mean) ** 2)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("n_dims", "n_draws"), [(1, 200_000), (50, 20_000)])
def test_the_estimators_have_the_toys_mean_and_variance(estimator, n_dims, n_draws):
    """The mean's standard error is √(var/S), the variance's √((m₄ − var²)/S): 4.5 of one for 50 dimensions, 4 of the other.

    The variance is the mean over dimensions, which share f in the score function, so the bar stays that of one dimension. Leaving one
    draw out costs a share of 1/(S−1) more than the constant baseline E[f]: nothing beside the bar.
    """
    found = toy_draws(estimator, n_dims, n_draws)
    variance = toy_variance(estimator, n_dims)
    assert found.draws.shape == (n_draws, n_dims)
    assert (found.mean - 2).abs().max() < 4.5 * np.sqrt(variance / n_draws)
    fourth = float(((found.draws - 2) ** 4).mean())
    assert float(found.variance.mean()) == pytest.approx(variance, abs=4 * np.sqrt((fourth - variance**2) / n_draws))


def test_the_baseline_helps_the_more_the_more_dimensions_there_are():
    """Score over baseline: 30/18 in 1-D; in K dimensions (4K² + …)/(6K + …), so it grows without end."""
    ratios = [toy_variance("score", k) / toy_variance("score-baseline", k) for k in (1, 10, 100, 1000)]
    assert ratios[0] == pytest.approx(30 / 18)
    assert ratios == sorted(ratios)
    assert ratios[-1] > 600


def test_leaving_one_out_is_what_it_says():
    """By a loop over the draws: f_s less the mean of the others' f, and a constant added to f changes nothing."""
    n = 7
    mu, std = torch.tensor([0.5, -1.0], dtype=torch.float64), torch.tensor([0.3, 2.0], dtype=torch.float64)
    eps = torch.randn((n, 2), generator=seeded(3), dtype=torch.float64)
    f = square(mu + std * eps)
    others = [float(torch.cat((f[:s], f[s + 1 :])).mean()) for s in range(n)]
    expected = torch.stack([(f[s] - others[s]) * eps[s] / std for s in range(n)])
    torch.testing.assert_close(gradient_draws(square, mu, std, n, seeded(3), "score-baseline").draws, expected)
    shifted = gradient_draws(lambda z: square(z) + 1000, mu, std, n, seeded(3), "score-baseline").draws
    torch.testing.assert_close(shifted, expected)


def linear_vae() -> tuple[Vae, torch.Tensor, torch.Tensor]:
    """A model whose gradient is known: E_q[−log p] = ½‖x − Wz − c‖²/σ², so ∇_z = A z − Wᵀ(x − c)/σ² with A = WᵀW/σ²."""
    model = small_vae(network="linear", likelihood="gaussian", sigma=0.7, scale="fixed")
    with torch.no_grad():
        model.log_sigma.fill_(float(np.log(0.7)))
    # W and c by asking the decoder, which is affine
    with torch.no_grad():
        centre = model.output(torch.zeros(1, 3, dtype=torch.float64)).flatten(1)
        weight = (model.output(torch.eye(3, dtype=torch.float64)).flatten(1) - centre).T
    return model, weight, centre


def test_a_linear_decoders_gradient_has_the_known_mean_and_variance():
    model, weight, centre = linear_vae()
    x = torch.rand((4, *SHAPE), generator=seeded(1), dtype=torch.float64)
    with torch.no_grad():
        q = model.posterior(x)
    curvature = weight.T @ weight / 0.7**2
    slope = q.mu @ curvature - (x.flatten(1) - centre) @ weight / 0.7**2
    spread = q.std.square() @ curvature.square().T  # diag(A Σ Aᵀ), the reparameterised gradient's variance

    def nll(z):
        flat = z.flatten(0, 1)
        return model.nll(model.output(flat), x.repeat(len(z), 1, 1, 1)).view(len(z), -1)

    n = 20_000
    for estimator in ESTIMATORS:
        draws = gradient_draws(nll, q.mu, q.std, n, seeded(2), estimator)
        assert ((draws.mean - slope).abs() / (draws.variance / n).sqrt()).max() < 4.5
    found = gradient_variance(model, x, n, seeded(2), "reparameterisation")
    # a Gaussian's variance is known to √(2/n); 12 of them, averaged
    assert found.variance == pytest.approx(float(spread.mean()), rel=4 * np.sqrt(2 / n))
    assert found.mean_square == pytest.approx(float(slope.square().mean()), rel=0.05)


@pytest.mark.parametrize("settings", [{}, {"likelihood": "gaussian"}, {"model": "conditional-vae"}, {"latent_dim": 1}])
def test_on_a_vae_all_three_have_one_mean(settings):
    """Pairwise within 4 standard errors, dimension by dimension."""
    model = small_vae(**settings)
    x = torch.rand((2, *SHAPE), generator=seeded(1), dtype=torch.float64)
    y = torch.tensor([0, 1]) if model.is_conditional else None
    with torch.no_grad():
        q = model.posterior(x) if y is None else model.posterior(x, y)

    def nll(z):
        flat = z.flatten(0, 1)
        output = model.output(flat) if y is None else model.output(flat, y.repeat(len(z)))
        return model.nll(output, x.repeat(len(z), 1, 1, 1)).view(len(z), -1)

    n = 20_000
    found = [gradient_draws(nll, q.mu, q.std, n, seeded(10 + i), name) for i, name in enumerate(ESTIMATORS)]
    for one, other in itertools.combinations(found, 2):
        error = ((one.variance + other.variance) / n).sqrt()
        assert ((one.mean - other.mean).abs() / error).max() < 4
    # the record of the model is the mean over images and dimensions of the same draws
    for i, (name, draws) in enumerate(zip(ESTIMATORS, found, strict=True)):
        record = gradient_variance(model, x, n, seeded(10 + i), name, y)
        assert record.variance == pytest.approx(float(draws.variance.mean()))
        assert (record.estimator, record.n_draws) == (name, n)


def test_on_a_vae_the_order_is_that_of_the_lecture():
    model = small_vae(latent_dim=8)
    x = torch.rand((5, *SHAPE), generator=seeded(1), dtype=torch.float64)
    by_name = {name: gradient_variance(model, x, 2000, seeded(0), name).variance for name in ESTIMATORS}
    assert by_name["reparameterisation"] < by_name["score-baseline"] < by_name["score"]


def test_the_estimate_depends_on_its_generator_only_and_leaves_the_model_alone():
    model = small_vae()
    x = torch.rand((1, *SHAPE), generator=seeded(1), dtype=torch.float64)
    for name in ESTIMATORS:
        first, again = (gradient_variance(model, x, 50, seeded(5), name) for _ in range(2))
        assert first == again
        assert first != gradient_variance(model, x, 50, seeded(6), name)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_what_makes_no_sense_is_refused():
    ones = torch.ones(1)
    with pytest.raises(ConfigError, match="reparameterisation, score, score-baseline"):
        gradient_draws(square, ones, ones, 5, seeded(0), "straight-through")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="a model with a posterior"):
        gradient_variance(small_vae(model="autoencoder"), torch.rand((1, *SHAPE)), 5, seeded(0), "score")


# --- the parameters mu and logvar


PARAMETERS = ["mu", "logvar"]
MU, STD = np.array([0.7, -1.2, 0.4]), np.array([0.5, 1.3, 0.8])


def slope(parameter: str) -> np.ndarray:
    """E‖z‖² = Σ mu² + std², so ∂/∂mu = 2mu and ∂/∂logvar = std²."""
    return 2 * MU if parameter == "mu" else STD**2


def variance_by_hand(estimator: str, parameter: str) -> np.ndarray:
    """Of one draw for f = ‖z‖², a dimension; m, s that dimension's mu and std, e its noise.

    Reparameterisation: 2z = 2(m + s·e) has variance 4s²; (2z)·s·e/2 = m·s·e + s²e² has m²s² + 2s⁴, e and e² being uncorrelated.

    Score: f = g + R, g = m² + 2ms·e + s²e², R the other dimensions' part less the baseline E[f], of mean r and variance
    Σ 4m²s² + 2s⁴. E[(g + R)²v] = E[g²v] + 2r·E[gv] + E[R²]·E[v] with the square of the score for v. For mu v = e²/s²: with
    E[e², e⁴, e⁶] = 1, 3, 15: E[g²e²] = m⁴ + 18m²s² + 15s⁴, E[g·e²] = m² + 3s². For logvar v = (e² − 1)²/4: with
    E[(1, e², e⁴)(e² − 1)²] = 2, 10, 78: E[g²(e² − 1)²] = 2m⁴ + 60m²s² + 78s⁴, E[g(e² − 1)²] = 2m² + 10s².
    """
    m2, s2 = MU**2, STD**2
    if estimator == "reparameterisation":
        return 4 * s2 if parameter == "mu" else m2 * s2 + 2 * s2**2
    f_mean, f_variance = m2 + s2, 4 * m2 * s2 + 2 * s2**2
    r = f_mean.sum() - f_mean - (f_mean.sum() if estimator == "score-baseline" else 0)
    r2 = f_variance.sum() - f_variance + r**2
    if parameter == "mu":
        second = (m2**2 + 18 * m2 * s2 + 15 * s2**2 + 2 * r * (m2 + 3 * s2) + r2) / s2
    else:
        second = (2 * m2**2 + 60 * m2 * s2 + 78 * s2**2 + 2 * r * (2 * m2 + 10 * s2) + 2 * r2) / 4
    return second - slope(parameter) ** 2


def draws_by_numpy(estimator: str, parameter: str, eps: np.ndarray) -> np.ndarray:
    """One draw of the gradient for each row of eps (S, 3), with the true E[f] for the baseline."""
    z = MU + STD * eps
    if estimator == "reparameterisation":
        return 2 * z if parameter == "mu" else 2 * z * STD * eps / 2
    f = (z**2).sum(1, keepdims=True) - (estimator == "score-baseline") * (MU**2 + STD**2).sum()
    return f * (eps / STD if parameter == "mu" else (eps**2 - 1) / 2)


def assert_has_moments(draws: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> None:
    """Both within 4.5 standard errors, dimension by dimension."""
    n = len(draws)
    fourth = ((draws - mean) ** 4).mean(0)
    assert (np.abs(draws.mean(0) - mean) < 4.5 * np.sqrt(variance / n)).all()
    assert (np.abs(draws.var(0) - variance) < 4.5 * np.sqrt((fourth - variance**2) / n)).all()


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_both_parameters_have_the_mean_and_variance_derived_by_hand(estimator, parameter):
    """The derivation by quadrature, exact to degree 15, and by numpy's draws; then the program's draws.

    Leaving one out has a baseline with an error of its own, a share 1/(S − 1) of the variance: nothing beside the bar.
    """
    mean, variance = slope(parameter), variance_by_hand(estimator, parameter)
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    exact = draws_by_numpy(estimator, parameter, np.array(list(itertools.product(nodes, repeat=3))))
    share = np.array([np.prod(each) for each in itertools.product(weights / weights.sum(), repeat=3)])
    np.testing.assert_allclose(share @ exact, mean)
    np.testing.assert_allclose(share @ (exact - mean) ** 2, variance)
    n = 100_000
    assert_has_moments(draws_by_numpy(estimator, parameter, np.random.default_rng(0).normal(size=(n, 3))), mean, variance)
    mu, std = torch.from_numpy(MU), torch.from_numpy(STD)
    assert_has_moments(gradient_draws(square, mu, std, n, seeded(0), estimator, parameter).draws.numpy(), mean, variance)


def test_in_one_dimension_the_numbers_are_round():
    """mu = std = 1, f = z², ∂/∂logvar: 1 + 2 by reparameterisation, ½ + 15 + 18½ by the score."""
    one = torch.ones(1, dtype=torch.float64)
    for estimator, variance in (("reparameterisation", 3), ("score", 34)):
        draws = gradient_draws(square, one, one, 200_000, seeded(1), estimator, "logvar").draws.numpy()
        assert_has_moments(draws, np.ones(1), np.array([variance]))


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_both_parameters_of_a_reparameterised_draw_are_autograds(parameter):
    """By backward through z = mu + exp(logvar / 2)·eps itself, for an f that is no square."""
    mu, logvar = torch.from_numpy(MU).requires_grad_(), torch.from_numpy(2 * np.log(STD)).requires_grad_()
    eps = torch.randn((6, 3), generator=seeded(2), dtype=torch.float64)

    def f(z):
        return (z.sin() * z.roll(1, -1)).sum(-1)

    found = gradient_draws(f, mu.detach(), (logvar / 2).exp().detach(), 6, seeded(2), "reparameterisation", parameter)
    for draw, noise in zip(found.draws, eps, strict=True):
        value = f(mu + (logvar / 2).exp() * noise)
        (expected,) = torch.autograd.grad(value, mu if parameter == "mu" else logvar)
        torch.testing.assert_close(draw, expected)


def test_a_linear_decoders_gradient_in_logvar_is_known():
    """E[nll] = … + ½ Σ A_kk std_k², so ∂/∂logvar_k = ½ A_kk std_k².

    One draw is ½ std_k e_k (s_k + Σ_j A_kj std_j e_j), s the slope at mu: its variance is
    ¼ std_k² (s_k² + Σ_j A_kj² std_j² + A_kk² std_k²).
    """
    model, weight, centre = linear_vae()
    x = torch.rand((4, *SHAPE), generator=seeded(1), dtype=torch.float64)
    with torch.no_grad():
        q = model.posterior(x)
    curvature = weight.T @ weight / 0.7**2
    at_mu = q.mu @ curvature - (x.flatten(1) - centre) @ weight / 0.7**2
    s2 = q.std.square()
    mean = 0.5 * curvature.diagonal() * s2
    variance = 0.25 * s2 * (at_mu.square() + s2 @ curvature.square().T + curvature.diagonal().square() * s2)
    n = 20_000
    found = {name: gradient_variance(model, x, n, seeded(2), name, parameter="logvar") for name in ESTIMATORS}
    # of 12 variances, each known to √(kurtosis/n), a product of Gaussians' kurtosis being below 15
    assert found["reparameterisation"].variance == pytest.approx(float(variance.mean()), rel=4 * np.sqrt(14 / n))
    for record in found.values():
        # what 12 squared means, corrected for their noise, are known to: 2·|mean|·√(variance/n) each
        bar = 4 * 2 * float(mean.square().mean().sqrt()) * np.sqrt(record.variance / n / 12) + 4 * record.variance / n
        assert record.mean_square == pytest.approx(float(mean.square().mean()), abs=bar)


def test_the_default_parameter_is_mu():
    mu, std = torch.from_numpy(MU), torch.from_numpy(STD)
    for name in ESTIMATORS:
        default, named, other = (
            gradient_draws(square, mu, std, 5, seeded(0), name, *more).draws for more in ((), ("mu",), ("logvar",))
        )
        assert torch.equal(default, named)
        assert not torch.equal(default, other)


@pytest.mark.parametrize("n_draws", [1, 0])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_one_draw_has_no_variance(estimator, n_draws):
    ones = torch.ones(2)
    sentence = f"n_draws is {n_draws}; allowed: 2 or more: one draw has no variance."
    with pytest.raises(ConfigError) as error:
        gradient_draws(square, ones, ones, n_draws, seeded(0), estimator)
    assert str(error.value) == sentence
    with pytest.raises(ConfigError) as error:
        gradient_variance(small_vae(), torch.rand((1, *SHAPE), dtype=torch.float64), n_draws, seeded(0), estimator)
    assert str(error.value) == sentence


def test_another_parameter_is_refused():
    ones = torch.ones(2)
    with pytest.raises(ConfigError) as error:
        gradient_draws(square, ones, ones, 5, seeded(0), "score", "std")  # type: ignore[arg-type]
    assert str(error.value) == "parameter is 'std'; allowed: mu, logvar."

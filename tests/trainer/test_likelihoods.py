"""Every likelihood against torch.distributions, quadrature and its own definition."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import distributions as dist

from tests.conftest import ROOT
from trainer.config import FitConfig
from trainer.likelihoods.numpy_ import likelihood_of as numpy_likelihood_of
from trainer.likelihoods.numpy_ import mean_picture
from trainer.likelihoods.numpy_ import nll as numpy_nll
from trainer.likelihoods.registry import LIKELIHOODS, LikelihoodName
from trainer.likelihoods.torch_ import likelihood_of, soft_clip

ZERO = torch.tensor(0.0)
KINDS = [
    (name, scale) for name, kind in LIKELIHOODS.items() for scale in ("fixed", "per-pixel") if kind.has_scale or scale == "fixed"
]
TWIN = "explorer/surface/frontend/src/engine/likelihoods.ts"
WIRE = "explorer/surface/frontend/src/wire/schema.ts"


def config(name: str, scale: str = "fixed") -> FitConfig:
    return FitConfig(likelihood=name, scale=scale)


def case(name: str, scale: str, seed: int = 0, spread: float = 3.0):
    """Output (4, 2 or 4, 3, 3), x (4, 2, 3, 3) and log sigma."""
    g = torch.Generator().manual_seed(seed)
    channels = 4 if scale == "per-pixel" else 2
    output = torch.randn((4, channels, 3, 3), generator=g, dtype=torch.float64) * spread
    x = torch.rand((4, 2, 3, 3), generator=g, dtype=torch.float64)
    return output, x.round() if name == "bernoulli" else x, torch.tensor(-1.3, dtype=torch.float64)


def distribution(name: str, scale: str, output: torch.Tensor, log_sigma: torch.Tensor) -> dist.Distribution:
    if name == "bernoulli":
        return dist.Bernoulli(logits=output)
    if name == "continuous-bernoulli":
        return dist.ContinuousBernoulli(logits=output)
    place, log_scale = output, log_sigma
    if scale == "per-pixel":
        place, raw = output.chunk(2, 1)
        log_scale = -6 + torch.log1p(torch.exp(raw + 6))
    assert name in ("gaussian", "laplace"), f"give the test torch's own distribution of {name}, in `distribution`"
    return (dist.Normal if name == "gaussian" else dist.Laplace)(place, log_scale.exp())


def missing_places(name: str) -> list[str]:
    """Where a likelihood of the registry is not known yet."""
    missing = [] if name in get_args(LikelihoodName) else ["`LikelihoodName` of trainer/likelihoods/registry.py"]
    for engine, file in ((likelihood_of, "torch_.py"), (numpy_likelihood_of, "numpy_.py")):
        try:
            engine(config(name))
        except KeyError:
            missing.append(f"`likelihood_of` of trainer/likelihoods/{file}")
    if not any(f"\n  {key}: {{ toMean" in (ROOT / TWIN).read_text() for key in (name, f'"{name}"')):
        missing.append(f"`LIKELIHOODS` of {TWIN}")
    if f'"{name}"' not in (ROOT / WIRE).read_text():
        missing.append(f"{WIRE}, which `make front` writes")
    return missing


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_every_engine_has_every_likelihood(name):
    """To add a likelihood is to satisfy this; tests/field/test_first_change.py does it once."""
    missing = missing_places(name)
    assert not missing, f"{name} is missing in " + ", in ".join(missing)
    has_best_scale = hasattr(likelihood_of(config(name)), "log_scale_for")
    assert has_best_scale == LIKELIHOODS[name].has_scale, "has_scale says whether trainer/likelihoods/torch_.py has its best scale"


def test_the_list_holds_every_name_that_may_be_chosen():
    assert set(get_args(LikelihoodName)) == set(LIKELIHOODS)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_output_is_what_the_list_says(name):
    """The mean picture ½ belongs to the logit 0, or to the place ½."""
    half = torch.full((1, 1, 1, 1), 0.5)
    wanted = {"logit": 0.0, "place": 0.5}[LIKELIHOODS[name].output]
    assert likelihood_of(config(name)).output_for(half).item() == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(("name", "scale"), KINDS)
def test_nll_is_torchs_and_numpys(name, scale):
    output, x, log_sigma = case(name, scale)
    expected = -distribution(name, scale, output, log_sigma).log_prob(x).flatten(1).sum(1)
    # torch's continuous Bernoulli approximates around λ = ½ with a second-order series
    tolerance = 1e-4 if name == "continuous-bernoulli" else 1e-9
    torch.testing.assert_close(likelihood_of(config(name, scale)).nll(output, x, log_sigma), expected, atol=tolerance, rtol=1e-6)
    ours = numpy_nll(config(name, scale), output.numpy(), x.numpy(), float(log_sigma))
    np.testing.assert_allclose(ours, expected.numpy(), atol=tolerance, rtol=1e-6)


@pytest.mark.parametrize("logit", [-80.0, -3.0, -0.2, -1e-3, 0.0, 1e-7, 0.05, 0.19, 0.21, 2.0, 60.0])
def test_the_continuous_bernoulli_is_a_density_with_its_mean(logit):
    """∫ p(x) dx = 1 and ∫ x p(x) dx = mean, by Gauss-Legendre quadrature in 400 nodes."""
    likelihood = likelihood_of(config("continuous-bernoulli"))
    nodes, weights = np.polynomial.legendre.leggauss(400)
    x = torch.from_numpy((nodes + 1) / 2).view(-1, 1, 1, 1)
    output = torch.full_like(x, logit)
    density = (-likelihood.nll(output, x, ZERO)).exp().numpy()
    assert (weights / 2) @ density == pytest.approx(1, abs=1e-9)
    mean = (weights / 2) @ (density * x.flatten().numpy())
    assert likelihood.mean(output)[0].item() == pytest.approx(mean, abs=1e-8)
    assert mean_picture(config("continuous-bernoulli"), output.numpy()[:1]).item() == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("logit", [-500.0, 500.0])
@pytest.mark.parametrize("name", ["bernoulli", "continuous-bernoulli"])
def test_extreme_logits_stay_finite(name, logit):
    """−log p of the impossible pixel is |l|; a density adds log of its normaliser, which is |l| − log|l| there: −log p = |l| − log |l|."""
    x = torch.full((1, 1, 1, 1), 1.0 if logit < 0 else 0.0)
    nll = likelihood_of(config(name)).nll(torch.full((1, 1, 1, 1), logit), x, ZERO)
    assert nll.item() == pytest.approx(500.0 if name == "bernoulli" else 500.0 - math.log(500), rel=1e-5)


@pytest.mark.parametrize("name", ["bernoulli", "continuous-bernoulli", "gaussian", "laplace"])
def test_output_for_inverts_the_mean(name):
    mean = torch.linspace(0.01, 0.99, 30).view(1, 5, 6)
    likelihood = likelihood_of(config(name))
    torch.testing.assert_close(likelihood.mean(likelihood.output_for(mean)), mean, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "scale"), KINDS)
def test_draws_have_the_distributions_mean_and_spread(name, scale):
    """40 000 draws of a pixel well inside [0, 1], where clipping does nothing; means within five standard errors."""
    n, channels = 40_000, 2 if scale == "per-pixel" else 1
    output = torch.full((n, channels, 1, 1), 0.4, dtype=torch.float64)
    if scale == "per-pixel":
        output[:, 1] = -4.0
    log_sigma = torch.tensor(-4.0, dtype=torch.float64)
    likelihood = likelihood_of(config(name, scale))
    x = likelihood.draw(output, log_sigma, torch.Generator().manual_seed(0))
    expected = distribution(name, scale, output[:1], log_sigma)
    assert x.shape == (n, 1, 1, 1)
    assert (x.mean() - expected.mean.flatten()[0]).abs().item() < 5 * expected.stddev.flatten()[0].item() / n**0.5
    assert x.std().item() == pytest.approx(expected.stddev.flatten()[0].item(), rel=0.03)


@pytest.mark.parametrize("logit", [-7.0, 0.0, 3.0])
def test_draws_of_a_continuous_bernoulli_follow_its_distribution_function(logit):
    """Kolmogorov-Smirnov against F(x) = expm1(l·x)/expm1(l): at 20 000 draws a distance of .0138 has probability .001."""
    n = 20_000
    draws = likelihood_of(config("continuous-bernoulli")).draw(
        torch.full((n, 1, 1, 1), logit), ZERO, torch.Generator().manual_seed(1)
    )
    x = np.sort(draws.flatten().numpy().astype(float))
    exact = x if logit == 0 else np.expm1(logit * x) / np.expm1(logit)
    assert np.abs(exact - (np.arange(n) + 0.5) / n).max() < 0.0138


@settings(max_examples=60)
@given(st.sampled_from(KINDS), st.integers(1, 64), st.integers(1, 64), st.integers(1, 3), st.floats(-100, 100), st.floats(0, 1))
def test_every_shape_and_value_gives_one_finite_number_an_image(kind, height, width, channels, value, pixel):
    name, scale = kind
    doubled = 2 if scale == "per-pixel" else 1
    output = torch.full((2, doubled * channels, height, width), value)
    x = torch.full((2, channels, height, width), pixel)
    likelihood = likelihood_of(config(name, scale))
    nll = likelihood.nll(output, x, ZERO)
    assert nll.shape == (2,)
    assert torch.isfinite(nll).all()
    mean = likelihood.mean(output)
    assert mean.shape == x.shape
    assert 0 <= mean.min() <= mean.max() <= 1


@pytest.mark.parametrize("name", ["gaussian", "laplace"])
def test_the_best_scale_is_where_the_likelihood_peaks(name):
    output, x, _ = case(name, "fixed")
    likelihood = likelihood_of(config(name))
    best = likelihood.log_scale_for(likelihood.error(output, x)).requires_grad_()
    slope = torch.autograd.grad(likelihood.nll(output, x, best).sum(), best)[0]
    assert abs(slope.item()) < 1e-9


def test_the_soft_clip_never_falls_below_minus_six():
    assert soft_clip(torch.tensor([-1e4, -6.0, 5.0])).tolist() == pytest.approx([-6, -6 + math.log(2), 5], abs=1e-4)

"""Pictures that a model makes up: frequencies and moments against torch.distributions under a known law of the decoder's output."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import distributions as dist

from trainer.config import FitConfig
from trainer.errors import ConfigError
from trainer.models.sampling import sample_images
from trainer.models.torch_engine import Vae, model_of

SHAPE = (2, 1, 3)
N = 20_000
BAR = 4 / math.sqrt(N)  # of four standard errors, for a spread of 1
LOGITS, PLACES = (1.0, 0.0), (0.04, 0.5)  # spread of W's entries and middle of the bias: places far from 0 and 1 are never clipped
KINDS = {
    "bernoulli": LOGITS,
    "continuous-bernoulli": LOGITS,
    "gaussian": PLACES,
    "laplace": PLACES,
}
SCALE = 0.03


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small_vae(**settings) -> Vae:
    torch.manual_seed(0)
    return model_of(FitConfig(**{"latent_dim": 3, "hidden": (8,), **settings}), SHAPE, 3)


def linear_vae(likelihood: str) -> Vae:
    """The decoder's output is Wz + b: under a Gaussian z every pixel's place, or logit, is a Gaussian too."""
    spread, middle = KINDS[likelihood]
    model = model_of(FitConfig(network="linear", likelihood=likelihood, scale="fixed", sigma=SCALE), SHAPE, 0)
    with torch.no_grad():
        model.decoder[0].weight.copy_(spread * torch.randn((6, 2), generator=seeded(1)))
        model.decoder[0].bias.copy_(middle + spread * torch.randn(6, generator=seeded(2)))
        model.encoder[1].weight.copy_(0.5 * torch.randn((4, 6), generator=seeded(3)))
        model.encoder[1].bias.copy_(torch.tensor([0.5, -0.8, -0.6, -1.5]))
    return model


def pixel(likelihood: str, output: torch.Tensor) -> dist.Distribution:
    match likelihood:
        case "bernoulli":
            return dist.Bernoulli(logits=output)
        case "continuous-bernoulli":
            return dist.ContinuousBernoulli(logits=output)
        case "gaussian":
            return dist.Normal(output, SCALE)
        case _:
            return dist.Laplace(output, SCALE)


@dataclass(frozen=True)
class Law:
    """Of the pixels, each (6,): mean and variance of a picture; of its mean's, and of a draw."""

    mean: np.ndarray
    variance_of_mean: np.ndarray
    variance_of_draw: np.ndarray


def law(model: Vae, likelihood: str, mu: torch.Tensor, std: torch.Tensor) -> Law:
    """z ~ N(mu, std²): place ~ N(W mu + b, W std² Wᵀ), one dimension a pixel, so 40 Gauss-Hermite nodes are exact enough.

    Var[draw] = E[Var[x|z]] + Var[E[x|z]].
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    share = torch.tensor(weights / weights.sum())[:, None]
    weight, bias = model.decoder[0].weight.detach().double(), model.decoder[0].bias.detach().double()
    centre, width = weight @ mu.double() + bias, (weight.square() @ std.double().square()).sqrt()
    conditional = pixel(likelihood, centre + torch.tensor(nodes)[:, None] * width)
    mean = (share * conditional.mean).sum(0)
    variance_of_mean = (share * (conditional.mean - mean).square()).sum(0)
    within = (share * conditional.variance).sum(0)
    return Law(mean.numpy(), variance_of_mean.numpy(), (variance_of_mean + within).numpy())


def assert_follows(images: torch.Tensor, mean: np.ndarray, variance: np.ndarray) -> None:
    """Mean and variance of every pixel within 4 standard errors, √(var/n) and √((m₄ − var²)/n)."""
    flat = images.flatten(1).double().numpy()
    n = len(flat)
    centred = flat - mean
    fourth = (centred**4).mean(0)
    assert (np.abs(centred.mean(0)) < 4 * np.sqrt(variance / n)).all()
    # torch's continuous Bernoulli is a series around λ = ½, good to 1e-5
    assert (np.abs((centred**2).mean(0) - variance) < 4 * np.sqrt(np.maximum(fourth - variance**2, 0) / n) + 1e-5).all()


# --- the four kinds


@pytest.mark.parametrize("pixels", ["mean", "draw"])
@pytest.mark.parametrize("likelihood", KINDS)
def test_from_the_prior(likelihood, pixels):
    model = linear_vae(likelihood)
    found = sample_images(model, N, "prior", pixels, seeded(0))
    assert found.z.mean(0).abs().max() < BAR
    np.testing.assert_allclose(found.z.T.cov(), np.eye(2), atol=math.sqrt(2) * BAR)
    expected = law(model, likelihood, torch.zeros(2), torch.ones(2))
    assert_follows(found.images, expected.mean, expected.variance_of_mean if pixels == "mean" else expected.variance_of_draw)


@pytest.mark.parametrize("pixels", ["mean", "draw"])
@pytest.mark.parametrize("likelihood", KINDS)
def test_from_the_posterior_of_two_pictures_in_turns(likelihood, pixels):
    """Even rows are the first picture's, odd rows the second's."""
    model, x = linear_vae(likelihood), torch.rand((2, *SHAPE), generator=seeded(4))
    with torch.no_grad():
        q = model.posterior(x)
    assert (q.mu[0] - q.mu[1]).abs().max() > 0.2
    found = sample_images(model, 2 * N, "posterior", pixels, seeded(0), x)
    for i in range(2):
        own = found.z[i::2]
        assert ((own.mean(0) - q.mu[i]).abs() < BAR * q.std[i]).all()
        assert ((own.var(0) / q.std[i].square() - 1).abs() < math.sqrt(2) * BAR).all()
        expected = law(model, likelihood, q.mu[i], q.std[i])
        variance = expected.variance_of_mean if pixels == "mean" else expected.variance_of_draw
        assert_follows(found.images[i::2], expected.mean, variance)


@pytest.mark.parametrize("source", ["prior", "posterior"])
@pytest.mark.parametrize("likelihood", KINDS)
def test_the_mean_is_the_decoders_and_a_draw_scatters_around_it_pixel_by_pixel(likelihood, source):
    """Given z pixels are independent: what is left of a draw has mean 0, and correlations within 4/√n of 0."""
    model, x = linear_vae(likelihood), torch.rand((1, *SHAPE), generator=seeded(4))
    means, draws = (sample_images(model, N, source, pixels, seeded(0), x) for pixels in ("mean", "draw"))
    torch.testing.assert_close(means.z, draws.z)
    torch.testing.assert_close(means.images, model.decode(means.z))
    left = (draws.images - means.images).flatten(1)
    assert (left.mean(0).abs() < BAR * left.std(0)).all()
    off_diagonal = left.T.corrcoef()[~np.eye(6, dtype=bool)]
    assert off_diagonal.abs().max() < BAR


def test_drawn_coins_are_black_or_white():
    found = sample_images(linear_vae("bernoulli"), 100, "prior", "draw", seeded(0))
    assert found.images.unique().tolist() == [0, 1]


@pytest.mark.parametrize(
    "settings", [{}, {"likelihood": "laplace", "scale": "per-pixel", "sigma": 5.0}, {"likelihood": "gaussian"}]
)
@pytest.mark.parametrize("pixels", ["mean", "draw"])
def test_pictures_lie_between_black_and_white(settings, pixels):
    images = sample_images(small_vae(**settings), 50, "prior", pixels, seeded(0)).images
    assert 0 <= images.min() < images.max() <= 1


# --- shapes and seeds


@pytest.mark.parametrize(
    "settings", [{}, {"likelihood": "gaussian", "scale": "per-pixel"}, {"model": "conditional-vae"}, {"model": "m2"}]
)
@pytest.mark.parametrize(("n", "n_given"), [(1, 1), (1, 3), (7, 3), (3, 3)])
@pytest.mark.parametrize("pixels", ["mean", "draw"])
def test_shapes(settings, n, n_given, pixels):
    model, x = small_vae(**settings), torch.rand((n_given, *SHAPE), generator=seeded(1))
    for source, n_labels in (("prior", n), ("posterior", n_given)):
        y = torch.arange(n_labels) % 3 if model.is_conditional else None
        found = sample_images(model, n, source, pixels, seeded(0), x if source == "posterior" else None, y)
        assert found.images.shape == (n, *SHAPE)
        assert found.z.shape == (n, 3)
        assert not found.images.requires_grad


@pytest.mark.parametrize("source", ["prior", "posterior"])
@pytest.mark.parametrize("pixels", ["mean", "draw"])
def test_a_seed_means_the_same_again(source, pixels):
    model, x = small_vae(), torch.rand((2, *SHAPE), generator=seeded(1))
    torch.manual_seed(1)
    first = sample_images(model, 5, source, pixels, seeded(4), x)
    torch.manual_seed(2)
    again, other = (sample_images(model, 5, source, pixels, seeded(seed), x) for seed in (4, 5))
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.z, again.z)
    assert not torch.equal(first.z, other.z)
    assert len(first.z.unique(dim=0)) == 5
    generator = seeded(4)
    torch.testing.assert_close(sample_images(model, 5, source, pixels, generator, x).z, first.z)
    assert not torch.equal(sample_images(model, 5, source, pixels, generator, x).z, first.z)


def test_every_code_is_decoded_under_its_own_class():
    """From the posterior labels go with their pictures, in turns; from the prior they are taken as they come."""
    model, x, y = small_vae(model="conditional-vae"), torch.rand((2, *SHAPE), generator=seeded(1)), torch.tensor([2, 0])
    found = sample_images(model, 5, "posterior", "mean", seeded(0), x, y)
    torch.testing.assert_close(found.images, model.decode(found.z, [2, 0, 2, 0, 2]))
    q = model.encode(x, y)
    noise = (found.z - q.mu[[0, 1, 0, 1, 0]]) / q.std[[0, 1, 0, 1, 0]]
    other = sample_images(model, 5, "posterior", "mean", seeded(0), x, 2 - y)
    q = model.encode(x, 2 - y)
    torch.testing.assert_close((other.z - q.mu[[0, 1, 0, 1, 0]]) / q.std[[0, 1, 0, 1, 0]], noise)
    labels = torch.tensor([1, 1, 0])
    found = sample_images(model, 3, "prior", "mean", seeded(0), y=labels)
    torch.testing.assert_close(found.images, model.decode(found.z, labels))
    assert not torch.equal(found.images, model.decode(found.z, 1 - labels))


def test_an_autoencoders_posterior_is_a_point():
    model, x = small_vae(model="autoencoder"), torch.rand((2, *SHAPE), generator=seeded(1))
    found = sample_images(model, 4, "posterior", "mean", seeded(0), x)
    torch.testing.assert_close(found.z, model.encode(x).mu[[0, 1, 0, 1]])


# --- what is refused


@pytest.mark.parametrize(
    ("source", "pixels", "given", "sentence"),
    [
        ("posterior", "mean", None, "x is None; allowed: at least one picture where z comes from the posterior."),
        ("posterior", "draw", 0, "x is 0; allowed: at least one picture where z comes from the posterior."),
        ("aggregate", "mean", 2, "source is 'aggregate'; allowed: prior or posterior."),
        ("prior", "median", None, "pixels is 'median'; allowed: mean or draw."),
    ],
)
def test_what_does_not_go_together_is_refused(source, pixels, given, sentence):
    x = None if given is None else torch.rand((given, *SHAPE))
    with pytest.raises(ConfigError) as error:
        sample_images(small_vae(), 3, source, pixels, seeded(0), x)
    assert str(error.value) == sentence


def test_a_deterministic_model_has_no_prior():
    with pytest.raises(ConfigError) as error:
        sample_images(small_vae(model="autoencoder"), 3, "prior", "mean", seeded(0))
    assert str(error.value) == "source is 'prior'; allowed: posterior: a deterministic model has no prior."


@pytest.mark.parametrize(("source", "wanted"), [("prior", 3), ("posterior", 2)])
@pytest.mark.parametrize("n_labels", [None, 1, 6])
def test_a_conditional_model_wants_as_many_classes_as_codes_or_pictures(source, wanted, n_labels):
    """Else one class would decode nothing, and twice as many every code twice."""
    model, x = small_vae(model="conditional-vae"), torch.rand((2, *SHAPE))
    y = None if n_labels is None else torch.arange(n_labels) % 3
    value = "None" if n_labels is None else f"'{n_labels} classes'"
    with pytest.raises(ConfigError) as error:
        sample_images(model, 3, source, "mean", seeded(0), x, y)
    assert str(error.value) == f"y is {value}; allowed: {wanted} classes for a conditional model, one each."

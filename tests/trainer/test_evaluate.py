"""Are the figures those of the definitions, whatever the batch?"""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from trainer.config import FitConfig, checked
from trainer.datasets import load_dataset
from trainer.metrics import cost
from trainer.metrics.evaluate import decode_of, encode_all, evaluate, knn_accuracy, seeded, to_unit
from trainer.models.gaussians import kl_standard_normal
from trainer.models.layer_shapes import largest_tensor
from trainer.models.networks import encoder_layers
from trainer.models.torch_engine import model_of
from trainer.presets import PRESETS
from trainer.runs.catalogue import load_run


@pytest.fixture
def model(trained):
    return load_run("tiny-2d", trained).model


def test_figures_do_not_depend_on_the_batch(model, tiny_dataset, monkeypatch):
    """26 test images in batches of 26, and in batches of 7, which does not divide them: closed-form figures agree exactly."""
    whole = evaluate(model, tiny_dataset, samples=400)
    monkeypatch.setattr(cost, "MOST_AT_ONCE", 7)
    monkeypatch.setattr("trainer.metrics.importance.ROWS", 33)
    parts = evaluate(model, tiny_dataset, samples=400)
    assert parts.kl == pytest.approx(whole.kl, rel=1e-6)
    assert parts.elbo == pytest.approx(whole.elbo, rel=1e-6)
    assert parts.nll == pytest.approx(whole.nll, rel=1e-6)
    assert (parts.active_units, parts.knn_accuracy, parts.n) == (whole.active_units, whole.knn_accuracy, 26)


def test_elbo_is_minus_its_parts_and_below_the_likelihood(model, tiny_dataset):
    e = evaluate(model, tiny_dataset, samples=300)
    assert e.elbo == pytest.approx(-(e.reconstruction + e.kl))
    assert e.elbo <= -e.nll + 1e-9
    x = to_unit(torch.from_numpy(tiny_dataset.subset("test").images.copy()), False)
    q = model.encode(x)
    assert e.kl == pytest.approx(kl_standard_normal(q.mu, q.logvar).sum(1).mean().item(), rel=1e-5)
    assert sum(e.kl_per_dim) == pytest.approx(e.kl)


def test_the_nll_is_quadratures_in_two_dimensions(model, tiny_dataset):
    """numbers.md §5: log p(x) = log ∫ p(x|z) N(z; 0, I) dz on a fine grid over [−6, 6]²."""
    e = evaluate(model, tiny_dataset, samples=3000)
    grid = torch.linspace(-6, 6, 241)
    z = torch.cartesian_prod(grid, grid)
    x = to_unit(torch.from_numpy(tiny_dataset.subset("test").images.copy()), False)
    with torch.no_grad():
        outputs = model.output(z)
        log_prior = -0.5 * z.square().sum(1) - np.log(2 * np.pi) + 2 * np.log(12 / 240)
        exact = [(-model.nll(outputs, image.expand(len(z), -1, -1, -1)) + log_prior).logsumexp(0).item() for image in x]
    assert e.nll == pytest.approx(-np.mean(exact), abs=0.02)


def test_knn_accuracy_is_brute_forces(model, tiny_dataset):
    train, test = tiny_dataset.subset("train"), tiny_dataset.subset("test")
    a, b = (encode_all(model, torch.from_numpy(s.images.copy()))[0] for s in (train, test))
    votes = train.labels[np.square(b[:, None] - a[None]).sum(2).argsort(1)[:, :15]]
    guess = np.array([np.bincount(v, minlength=3).argmax() for v in votes])
    assert knn_accuracy(model, train, test) == pytest.approx((guess == test.labels).mean(), abs=1 / 26)


def test_coins_show_one_with_the_pixels_probability():
    pixels = torch.arange(256, dtype=torch.uint8).repeat(20_000, 1)
    share = to_unit(pixels, True, seeded(1)).mean(0).numpy()
    expected = np.arange(256) / 255
    assert share[0] == 0
    assert share[255] == 1
    assert np.abs(share - expected).max() < 5 * 0.5 / np.sqrt(20_000)


def test_streams_of_randomness_differ_and_repeat():
    draw = lambda *numbers: torch.rand(4, generator=seeded(*numbers)).tolist()
    assert draw(0, 1) == draw(0, 1)
    assert len({tuple(draw(*n)) for n in [(0, 1), (1, 0), (0, 2), (0,), (0, 1, 0)]}) == 5


@pytest.mark.parametrize("name", ["tiny-2d", "tiny-5d", "tiny-conv"])
def test_how_well_codes_decode_is_the_models_nll_and_its_gradient_that_of_finite_differences(
    trained, tiny_dataset, monkeypatch, name
):
    monkeypatch.setattr(cost, "MOST_AT_ONCE", 7)
    model, images = load_run(name, trained).model, tiny_dataset.subset("test").images
    decode = decode_of(model, images)
    index = np.random.default_rng(1).permutation(len(images))[:17]
    z = np.random.default_rng(2).standard_normal((17, model.config.latent_dim)).astype(np.float32)
    nll, slope = decode(z, index)
    x = torch.from_numpy(images[index]).float() / 255
    with torch.no_grad():
        np.testing.assert_allclose(nll, model.nll(model.output(torch.from_numpy(z)), x), rtol=1e-5)
    model.double()
    step = 1e-5
    for k in range(z.shape[1]):
        there, here = (torch.from_numpy(z.astype(float)) + sign * step * torch.eye(z.shape[1])[k] for sign in (1, -1))
        with torch.no_grad():
            difference = (model.nll(model.output(there), x.double()) - model.nll(model.output(here), x.double())) / (2 * step)
        np.testing.assert_allclose(slope[:, k], difference, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("binarise", [False, True])
def test_figures_do_not_depend_on_how_many_images_are_in_memory(monkeypatch, binarise):
    torch.manual_seed(0)
    config = FitConfig(network="residual", hidden=(3, 4), latent_dim=2, binarise=binarise)
    model = model_of(config, (1, 8, 8), 10)
    dataset = load_dataset("digits")
    whole = evaluate(model, dataset, samples=20)
    largest = largest_tensor(encoder_layers(config, (1, 8, 8)), (1, 8, 8))
    monkeypatch.setattr(cost, "MOST_NUMBERS", 7 * largest + 1)
    assert cost.at_once(model, 1000) == 7
    apart = evaluate(model, dataset, samples=20)
    for name, value in asdict(whole).items():
        expected = value if value is None or isinstance(value, str) else pytest.approx(value, rel=1e-5)
        assert asdict(apart)[name] == expected, name


def test_large_pictures_are_few_at_a_time():
    small = model_of(PRESETS["mnist-2d"], (1, 28, 28), 10)
    large = model_of(checked(PRESETS["folder-128"], data="photos"), (3, 128, 128), 0)
    assert cost.at_once(small, 1000) == 1000
    n = cost.at_once(large, 1000)
    shapes: list[tuple[int, ...]] = []
    for stack in (large.encoder, large.decoder):
        for layer in stack:
            layer.register_forward_hook(lambda *told: shapes.append(told[2].shape))
    with torch.no_grad():
        large.output(large.posterior(torch.rand(2, 3, 128, 128)).mu)
    most = max(shape.numel() // 2 for shape in shapes)
    assert n == cost.MOST_NUMBERS // most < 200


def test_evaluating_copies_no_split_as_floats(monkeypatch):
    """The images stay bytes: a part of them at a time is made floats."""
    torch.manual_seed(0)
    dataset, made = load_dataset("digits"), []
    model = model_of(FitConfig(hidden=(4,)), (1, 8, 8), 10)
    monkeypatch.setattr(cost, "MOST_NUMBERS", 64 * 50)
    encode = model.posterior
    monkeypatch.setattr(model, "posterior", lambda x, y=None: made.append(len(x)) or encode(x, y))
    evaluate(model, dataset, samples=2)
    assert max(made) <= 100 < len(dataset.subset("test").index)  # of importance sampling; 50 elsewhere

"""Do torch and numpy agree on every layer, at every image shape, and does an untrained decoder start at the mean?"""

import gzip

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from trainer.config import FitConfig, checked
from trainer.errors import ConfigError, DataError
from trainer.models import layers as spec
from trainer.models.networks import parameter_shapes
from trainer.models.numpy_engine import Forward
from trainer.models.numpy_ops.apply import apply_layer
from trainer.models.torch_engine import Vae, model_of
from trainer.models.torch_layers import LabelledLinear, build_layer

SHAPES = [(1, 1, 1), (1, 8, 8), (3, 32, 32), (1, 28, 28), (2, 7, 13), (3, 64, 5)]


def model_and_forward(config: FitConfig, shape: tuple[int, int, int]) -> tuple[Vae, Forward]:
    torch.manual_seed(0)
    model = Vae(config, shape).eval()
    return model, Forward(config, shape, {name: value.numpy() for name, value in model.state_dict().items()})


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("network", ["mlp", "conv", "residual", "linear"])
@pytest.mark.parametrize(
    ("likelihood", "activation"), [("bernoulli", "silu"), ("gaussian", "gelu"), ("bernoulli", "tanh"), ("gaussian", "relu")]
)
def test_numpy_runs_what_torch_runs(shape, network, likelihood, activation):
    config = FitConfig(network=network, hidden=(6, 5), latent_dim=3, likelihood=likelihood, activation=activation)
    model, forward = model_and_forward(config, shape)
    x = np.random.default_rng(1).random((5, *shape), np.float32)
    q, codes = model.encode(x), forward.encode(x)
    np.testing.assert_allclose(codes.mu, q.mu.numpy(), atol=2e-5)
    np.testing.assert_allclose(codes.logvar, q.logvar.numpy(), atol=2e-5)
    z = np.random.default_rng(2).standard_normal((5, 3)).astype(np.float32)
    x_hat = model.decode(z).numpy()
    assert x_hat.shape == (5, *shape)
    assert 0 <= x_hat.min() <= x_hat.max() <= 1
    np.testing.assert_allclose(forward.decode(z), x_hat, atol=2e-5)


KINDS = [
    {"model": "conditional-vae"},
    {"model": "conditional-vae", "network": "conv", "likelihood": "gaussian", "scale": "per-pixel"},
    {"model": "conditional-vae", "network": "linear", "likelihood": "laplace", "scale": "per-pixel"},
    {"model": "conditional-vae", "likelihood": "continuous-bernoulli"},
    {"model": "m2"},
    {"model": "m2", "likelihood": "laplace"},
    {"model": "m1+m2", "feature_dim": 4, "feature_hidden": (5,), "feature_epochs": 1},
    {"model": "conditional-vae", "network": "residual", "likelihood": "gaussian", "scale": "per-pixel"},
    {"model": "autoencoder"},
    {"model": "autoencoder", "network": "conv", "likelihood": "gaussian", "scale": "per-pixel"},
    {"model": "pca", "network": "linear", "likelihood": "gaussian"},
    {"model": "vae", "likelihood": "continuous-bernoulli"},
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_numpy_runs_every_model_that_torch_runs(kind):
    config = FitConfig(hidden=(6, 5), latent_dim=3, **kind)
    torch.manual_seed(0)
    model = model_of(config, (2, 7, 6), 4).eval()
    assert parameter_shapes(config, (2, 7, 6), 4) == {name: tuple(value.shape) for name, value in model.state_dict().items()}
    forward = Forward(config, (2, 7, 6), {name: value.numpy() for name, value in model.state_dict().items()}, 4)
    x, y = np.random.default_rng(1).random((9, 2, 7, 6), np.float32), np.arange(9) % 4
    q, codes = model.encode(x, y), forward.encode(x, y)
    np.testing.assert_allclose(codes.mu, q.mu.numpy(), atol=2e-5)
    np.testing.assert_allclose(codes.logvar, q.logvar.numpy(), atol=2e-5)
    np.testing.assert_allclose(forward.decode(codes.mu, y), model.decode(q.mu, y).numpy(), atol=2e-5)
    if config.is_conditional:
        np.testing.assert_array_equal(forward.label_of(x), model.label_of(x).numpy())
        np.testing.assert_allclose(forward.encode(x).mu, model.encode(x).mu.numpy(), atol=2e-5)
    if config.is_semi_supervised:
        expected = model.class_logits(torch.from_numpy(x)).softmax(1).detach().numpy()
        np.testing.assert_allclose(forward.class_probabilities(x), expected, atol=1e-5)
    if config.is_deterministic:
        np.testing.assert_array_equal(q.std.numpy(), 0)


def test_a_label_is_a_one_hot_input():
    """The choice of a column equals the product with a one-hot vector, also where one x goes with several labels."""
    torch.manual_seed(0)
    layer = LabelledLinear(4, 6, 3)
    x, y = torch.randn(5, 4), torch.tensor([0, 2, 1, 0, 1, 2, 2, 2, 1, 1])
    one_hot = torch.cat((x.repeat(2, 1), functional.one_hot(y, 3).float()), 1)
    torch.testing.assert_close(layer(x, y), functional.linear(one_hot, layer.weight, layer.bias))


def test_the_class_of_a_picture_is_that_of_the_highest_bound():
    """Brute force over the classes with the model's own terms."""
    torch.manual_seed(3)
    model = model_of(FitConfig(model="conditional-vae", hidden=(6,)), (1, 4, 4), 3)
    x = torch.rand(20, 1, 4, 4)
    bounds = []
    for label in range(3):
        y = torch.full((20,), label)
        q = model.encode(x, y)
        kl = torch.distributions.kl_divergence(torch.distributions.Normal(q.mu, q.std), torch.distributions.Normal(0.0, 1.0)).sum(1)
        x_hat = model.decode(q.mu, y)
        cross_entropy = -(x * x_hat.log() + (1 - x) * (1 - x_hat).log()).flatten(1).sum(1)
        bounds.append(-cross_entropy - kl)
    torch.testing.assert_close(model.label_of(x), torch.stack(bounds).argmax(0))


def test_labels_that_do_not_fit_are_refused():
    model = model_of(FitConfig(model="conditional-vae"), (1, 4, 4), 3)
    with pytest.raises(DataError, match=r"y is \[0, 3\] …; allowed: 2 whole numbers from 0 to 2"):
        model.encode(np.zeros((2, 1, 4, 4)), [0, 3])
    with pytest.raises(DataError, match="decode needs y, the class of every code; allowed: 1 whole numbers from 0 to 2"):
        model.decode(np.zeros((1, 2)))
    with pytest.raises(ConfigError, match="model is 'm2'; allowed: 'vae' or 'autoencoder' for a data set without classes"):
        model_of(FitConfig(model="m2"), (1, 4, 4), 0)


def test_a_pixel_that_is_not_a_number_is_refused_with_the_picture():
    x = np.zeros((4, 1, 8, 8))
    x[2, 0, 3, 3] = np.nan
    with pytest.raises(DataError, match="picture 2 has a pixel that is not a finite number"):
        Vae(FitConfig(), (1, 8, 8)).encode(x)


@settings(max_examples=30)
@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 3), st.integers(1, 3), st.sampled_from(["conv", "residual"]))
def test_every_image_shape_comes_back(height, width, channels, depth, network):
    config = FitConfig(network=network, hidden=(2,) * depth, latent_dim=1)
    assert Vae(config, (channels, height, width)).decode(np.zeros((1, 1))).shape == (1, channels, height, width)


def test_described_parameters_are_those_of_torch():
    for network in ("mlp", "conv", "residual", "linear"):
        config = FitConfig(network=network, hidden=(4, 3), latent_dim=2)
        model = Vae(config, (3, 9, 10))
        assert parameter_shapes(config, (3, 9, 10), 0) == {name: tuple(value.shape) for name, value in model.state_dict().items()}


def test_a_residual_network_computes_what_torch_composes():
    """Encoder and decoder written by hand with torch's functions, from the same weights."""
    torch.manual_seed(1)
    model = Vae(FitConfig(network="residual", hidden=(6, 8), latent_dim=3, activation="silu", likelihood="gaussian"), (3, 12, 10))
    weights = [list(module.parameters()) for module in model.encoder if len([*module.parameters()])]
    conv = lambda x, pair, **how: functional.conv2d(x, *pair, **how)
    block = lambda x, wide, narrow: x + conv(functional.silu(conv(functional.silu(x), wide, padding=1)), narrow)
    x = torch.rand(4, 3, 12, 10)
    h = block(conv(x, weights[0], stride=2, padding=1), *weights[1:3])
    h = functional.silu(block(conv(h, weights[3], stride=2, padding=1), *weights[4:6]))
    h = functional.linear(functional.silu(functional.linear(h.flatten(1), *weights[6])), *weights[7])
    torch.testing.assert_close(model.encode(x).mu, h[:, :3])
    weights = [list(module.parameters()) for module in model.decoder if len([*module.parameters()])]
    z = torch.randn(4, 3)
    h = functional.linear(functional.silu(functional.linear(z, *weights[0])), *weights[1]).view(4, 8, 3, 3)
    up = lambda x, pair: functional.conv_transpose2d(functional.silu(x), *pair, stride=2, padding=1)
    h = up(block(h, *weights[2:4]), weights[4])[..., :5]
    h = up(block(h, *weights[5:7]), weights[7])
    torch.testing.assert_close(model.decode(z), (h + weights[8][0]).clamp(0, 1).detach())


def test_upsampling_repeats_pixels():
    x = np.arange(6, dtype=np.float32).reshape(1, 1, 2, 3)
    ours = apply_layer(spec.Upsample(2), [x], {})
    np.testing.assert_array_equal(ours, functional.interpolate(torch.from_numpy(x), scale_factor=2).numpy())
    np.testing.assert_array_equal(ours, build_layer(spec.Upsample(2))(torch.from_numpy(x)).numpy())


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_first_loss_is_the_null_models_not_that_of_a_coin(network, mnist_folder):
    """numbers.md §2: a decoder that says the mean image costs 205.97 nats on binarised test MNIST; one that says ½ costs 543.4."""
    read = lambda name: np.frombuffer(gzip.decompress((mnist_folder / name).read_bytes()), np.uint8, offset=16).reshape(
        -1, 1, 28, 28
    )
    train, test = read("train-images-idx3-ubyte.gz"), read("t10k-images-idx3-ubyte.gz")
    config = FitConfig(network=network, hidden=(32, 16) if network == "mlp" else (4, 8), binarise=True)
    torch.manual_seed(0)
    model = Vae(config, (1, 28, 28))
    model.start_at_mean(torch.from_numpy(train.mean(0) / 255).float())
    x = torch.from_numpy((test > np.random.default_rng(0).integers(0, 255, test.shape)).astype(np.float32))
    with torch.no_grad():
        first = float(model.nll(model.output(torch.randn(len(x), 2)), x).mean())
    p = np.clip(train.mean(0) / 255, 0.001, 0.999)
    null = -(x.numpy() * np.log(p) + (1 - x.numpy()) * np.log1p(-p)).sum((1, 2, 3)).mean()
    assert null == pytest.approx(205.97, abs=0.3)
    assert first == pytest.approx(null, abs=6)


def test_wrong_shapes_are_refused_with_the_right_one():
    model = Vae(FitConfig(latent_dim=3), (1, 8, 8))
    with pytest.raises(DataError, match=r"\(2, 8, 8\); allowed: \(B, 1, 8, 8\)"):
        model.encode(np.zeros((2, 8, 8)))
    with pytest.raises(DataError, match=r"\(1, 2\); allowed: \(B, 3\)"):
        model.decode(np.zeros((1, 2)))


def test_bytes_and_floats_give_the_same_code():
    model = Vae(FitConfig(), (1, 8, 8))
    pixels = np.random.default_rng(0).integers(0, 256, (4, 1, 8, 8), np.uint8)
    torch.testing.assert_close(model.encode(pixels).mu, model.encode(pixels / 255).mu)


def test_a_posterior_sample_has_the_posteriors_moments():
    torch.manual_seed(0)
    q = Vae(checked(FitConfig(), latent_dim=2), (1, 4, 4)).encode(torch.rand(1, 1, 4, 4).repeat(200_000, 1, 1, 1))
    z = q.sample(torch.Generator().manual_seed(1))
    standard_error = q.std[0] / 200_000**0.5
    assert ((z.mean(0) - q.mu[0]).abs() < 5 * standard_error).all()
    assert ((z.std(0) / q.std[0] - 1).abs() < 0.01).all()

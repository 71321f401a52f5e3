"""Is a decoder that sees the pixels before a proper distribution, and do all engines unroll it alike?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from trainer.config import FitConfig
from trainer.errors import ConfigError
from trainer.metrics.evaluate import seeded
from trainer.models.autoregressive import degrees, masks
from trainer.models.numpy_engine import Forward
from trainer.models.torch_engine import Vae

SHAPE = (1, 2, 3)


def strong(shape=SHAPE, hidden=11, seed=0) -> Vae:
    torch.manual_seed(seed)
    model = Vae(FitConfig(context=hidden, latent_dim=2, hidden=(5,), binarise=True), shape).eval()
    with torch.no_grad():
        model.lookback.out.copy_(torch.randn_like(model.lookback.out))
        model.lookback.bias.copy_(torch.randn_like(model.lookback.bias))
    return model


def test_a_pixel_hears_only_of_those_before_it():
    model = strong()
    x = torch.rand(1, *SHAPE)
    jacobian = torch.autograd.functional.jacobian(lambda v: model.lookback(v.view(1, *SHAPE)).flatten(), x.flatten())
    assert torch.equal(jacobian, jacobian.tril(-1))
    assert (jacobian.tril(-1) != 0).sum() > 10


@pytest.mark.parametrize(("n_pixels", "n_hidden"), [(1, 3), (2, 1), (6, 11), (64, 256)])
def test_masks_chain_no_pixel_to_itself_or_back(n_pixels, n_hidden):
    known = masks(n_pixels, n_hidden)
    paths = known.out @ known.into
    assert np.array_equal(paths, np.tril(paths, -1))
    assert degrees(n_pixels, n_hidden).min() >= 1


def test_the_probabilities_of_all_pictures_add_up_to_one():
    model, z = strong(), torch.tensor([[0.3, -1.2]])
    pictures = torch.tensor(list(product([0.0, 1.0], repeat=6))).view(-1, *SHAPE)
    with torch.no_grad():
        log_p = -model.nll(model.output(z).expand(len(pictures), *SHAPE), pictures)
    assert float(log_p.double().exp().sum()) == pytest.approx(1, abs=1e-6)


def test_draws_come_as_often_as_their_probability():
    model, z, n = strong((1, 2, 2)), torch.tensor([[0.3, -1.2]]), 20_000
    pictures = torch.tensor(list(product([0.0, 1.0], repeat=4))).view(-1, 1, 2, 2)
    with torch.no_grad():
        p = (-model.nll(model.output(z).expand(16, 1, 2, 2), pictures)).double().exp().numpy()
        drawn = model.draw(model.output(z).expand(n, 1, 2, 2), seeded(0, 1)).flatten(1).numpy().astype(int)
    counts = np.bincount(drawn @ [8, 4, 2, 1], minlength=16)
    chi_square = ((counts - n * p) ** 2 / (n * p)).sum()
    assert chi_square < 37.7  # 15 degrees of freedom: one in a thousand is larger


def test_numpy_unrolls_as_torch_does_and_pixel_by_pixel():
    model = strong((1, 4, 5), hidden=23)
    forward = Forward(model.config, (1, 4, 5), {name: value.numpy() for name, value in model.state_dict().items()})
    z = np.random.default_rng(0).standard_normal((7, 2)).astype(np.float32)
    x_hat = model.decode(z)
    np.testing.assert_allclose(forward.decode(z), x_hat.numpy(), atol=2e-6)
    with torch.no_grad():  # each pixel is what the network says once it is told all those before: a fixed point
        again = torch.sigmoid(model.output(torch.from_numpy(z)) + model.lookback(x_hat))
    np.testing.assert_allclose(again.numpy(), x_hat.numpy(), atol=2e-6)


def test_untrained_it_adds_nothing():
    torch.manual_seed(0)
    model = Vae(FitConfig(context=9, latent_dim=2, hidden=(5,)), SHAPE)
    assert not model.lookback(torch.rand(3, *SHAPE)).any()


@pytest.mark.parametrize("change", [{"likelihood": "gaussian"}, {"network": "conv"}, {"model": "autoencoder"}])
def test_it_goes_with_coins_and_dense_layers_only(change):
    with pytest.raises(ConfigError, match="context"):
        FitConfig(context=8, **change)

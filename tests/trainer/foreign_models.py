"""Whose models do the tests bring along? A VAE as in pytorch/examples, on scikit-learn's digits, and ways to get it wrong.

Imported by name in a process of its own too, as a person's module would be.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.datasets import load_dataset

N_PIXELS = 64


def digits() -> Tensor:
    """Training images (N, 1, 8, 8) in [0, 1]."""
    return torch.from_numpy(load_dataset("digits").subset("train").images.copy()).float() / 255


class ExamplesVae(nn.Module):
    """As pytorch/examples/vae/main.py writes it, but for the sizes: no Sequential, functional calls, `view` in forward only."""

    def __init__(self, n_pixels: int = N_PIXELS, width: int = 128, n_codes: int = 4) -> None:
        super().__init__()
        self.n_pixels = n_pixels
        self.fc1 = nn.Linear(n_pixels, width)
        self.fc21 = nn.Linear(width, n_codes)
        self.fc22 = nn.Linear(width, n_codes)
        self.fc3 = nn.Linear(n_codes, width)
        self.fc4 = nn.Linear(width, n_pixels)

    def encode(self, x):
        h1 = functional.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        h3 = functional.relu(self.fc3(z))
        return torch.sigmoid(self.fc4(h3))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, self.n_pixels))
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


class NoiseOnTheWayVae(ExamplesVae):
    def encode(self, x):
        h = functional.relu(self.fc1(x))
        h = h + 0.3 * torch.randn_like(h)
        return self.fc21(h), self.fc22(h)


class SeededVae(ExamplesVae):
    """A projection that is drawn anew, and the same, in every call, before its encoder and within its decoder."""

    def encode(self, x):
        seeded = torch.Generator().manual_seed(0)
        return super().encode(x @ (torch.randn(64, 64, generator=seeded) / 8))

    def decode(self, z):
        seeded = torch.Generator().manual_seed(1)
        h = functional.relu(self.fc3(z))
        return torch.sigmoid(self.fc4(h + torch.randn(1, h.shape[1], generator=seeded)))


class SeededDrawVae(ExamplesVae):
    """The noise of its code is the same in every call."""

    def reparameterize(self, mu, logvar):
        eps = torch.randn(mu.shape, generator=torch.Generator().manual_seed(0))
        return mu + eps * torch.exp(0.5 * logvar)


def trained(beta: float = 1.0, seed: int = 0, n_codes: int = 4, epochs: int = 25) -> ExamplesVae:
    """The same after some epochs of the loop of pytorch/examples, the KL weighted by beta."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model, x = ExamplesVae(n_codes=n_codes), digits()
        optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(128):
                recon, mu, logvar = model(x[rows])
                bce = functional.binary_cross_entropy(recon, x[rows].view(-1, N_PIXELS), reduction="sum")
                kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
                optimiser.zero_grad()
                (bce + beta * kld).backward()
                optimiser.step()
    return model


def untrained() -> ExamplesVae:
    """A factory."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return ExamplesVae()


class WithoutStatisticsVae(ExamplesVae):
    """A batch norm that takes the statistics of what it is given, in evaluation too, and refuses a batch of one."""

    def decode(self, z):
        return torch.sigmoid(self.fc4(nn.BatchNorm1d(128, track_running_stats=False)(self.fc3(z))))


class SpreadOverBatchVae(ExamplesVae):
    def encode(self, x):
        return super().encode(x - (x - x.mean(0)).square().sum(0) / (len(x) - 1))


def without_statistics():
    return WithoutStatisticsVae().eval()


def spread_over_batch():
    return SpreadOverBatchVae().eval()


def noise_on_the_way():
    return NoiseOnTheWayVae().eval()


class Wrong:
    """encode and decode of an untrained model, with one of them spoiled."""

    def __init__(self, **spoiled) -> None:
        self.model = untrained()
        for name, function in spoiled.items():
            setattr(self, name, function)

    def encode(self, x):
        return self.model.encode(x.flatten(1))

    def decode(self, z):
        return self.model.decode(z)


def without_decode():
    class Half:
        def encode(self, x):
            return x

    return Half()


def raises():
    raise RuntimeError("weights.pt is not here\nsecond line")


def logits():
    model = Wrong()
    model.decode = lambda z: model.model.fc4(functional.relu(model.model.fc3(z))) * 20
    return model


def not_finite():
    model = untrained()
    model.fc21.bias.data[0] = float("nan")
    return model


def draws():
    model = untrained()

    def encode(x):
        mu, logvar = model.encode(x.flatten(1))
        eps = torch.from_numpy(np.random.default_rng().standard_normal(mu.shape))  # not torch's, which could be held
        return mu + eps.float() * torch.exp(0.5 * logvar), logvar

    return Wrong(encode=encode)


def other_size():
    return ExamplesVae(n_pixels=784)


def other_pictures():
    return Wrong(decode=lambda z: torch.rand(len(z), 3, 8, 8))


def three_values():
    return Wrong(encode=lambda x: tuple(x.flatten(1)[:, at : at + 4] for at in (20, 28, 36)))


def unequal():
    return Wrong(encode=lambda x: (x.flatten(1)[:, :4], x.flatten(1)[:, :3]))


def sampled_pictures():
    return Wrong(decode=lambda z: torch.rand(len(z), 64))


class GumbelVae(ExamplesVae):
    """Its decoder draws, and its forward pass runs through it."""

    def decode(self, z):
        return torch.sigmoid(self.fc4(functional.gumbel_softmax(self.fc3(z))))


class NegativeLogarithmVae(ExamplesVae):
    def decode(self, z):
        return torch.sigmoid(self.fc4(torch.log(-1 - functional.relu(self.fc3(z)))))


def drawn_on_the_way():
    return GumbelVae().eval()


def pictures_that_are_no_numbers():
    return NegativeLogarithmVae().eval()


def with_named_fields():
    model = untrained()
    wrong = Wrong(encode=lambda x: OrderedDict(zip(("embedding", "log_covariance"), model.encode(x.flatten(1)), strict=True)))
    wrong.decode = lambda z: OrderedDict(reconstruction=model.decode(z).reshape(-1, 1, 8, 8))
    return wrong


def with_distribution():
    model = untrained()

    def encode(x):
        mu, logvar = model.encode(x.flatten(1))
        return torch.distributions.Independent(torch.distributions.Normal(mu, torch.exp(0.5 * logvar)), 1)

    return Wrong(encode=encode)


class Wavy(nn.Module):
    """A decoder that no chain of layers computes, and an encoder of the same kind; n_codes as asked."""

    def __init__(self, n_codes: int = 2) -> None:
        super().__init__()
        self.inner = trained(n_codes=n_codes, epochs=12)
        self.n_codes = n_codes

    def encode(self, x):
        mu, logvar = self.inner.encode(x.flatten(1))
        return mu + 0.1 * torch.sin(mu), logvar

    def decode(self, z):
        return self.inner.decode(z + 0.3 * torch.sin(z))


def wavy():
    return Wavy(2)


class ConvolutionalVae(nn.Module):
    """With what people use: batch norms, slopes, a row more of output, GELU, normalised input, squared error."""

    def __init__(self, n_codes: int = 3) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(6),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(6, 8, 3, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.ELU(),
            nn.Flatten(),
            nn.Dropout(0.2),
        )
        self.to_code = nn.Linear(32, 2 * n_codes)
        self.from_code = nn.Linear(n_codes, 32)
        self.pixels = nn.Sequential(
            nn.GELU(),
            nn.Unflatten(1, (8, 2, 2)),
            nn.ConvTranspose2d(8, 6, 3, stride=2, padding=1, output_padding=1),
            nn.BatchNorm2d(6),
            nn.Softplus(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(6, 1, 3, padding=1),
            nn.Tanh(),
        )

    def encode(self, x):
        return self.to_code(self.features((x - 0.5) / 0.5)).chunk(2, dim=1)

    def decode(self, z):
        return (self.pixels(self.from_code(z)) + 1) / 2


def convolutional() -> ConvolutionalVae:
    """With running means of batches of digits."""
    with torch.random.fork_rng():
        torch.manual_seed(6)
        model, x = ConvolutionalVae(), digits()
        for rows in torch.arange(600).split(100):
            model.decode(model.encode(x[rows])[0])
    return model.eval()

"""How does torch run the described layers, and how is a model asked for codes and pictures?

Letters: B images, C×H×W their shape, K latent dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from trainer import layers as spec
from trainer.config import FitConfig
from trainer.errors import DataError
from trainer.layers import ImageShape, Layer, decoder_layers, encoder_layers
from trainer.likelihoods import likelihood_of

_ACTIVATIONS: dict[str, Any] = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "gelu": lambda: nn.GELU(approximate="tanh"),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


@dataclass(frozen=True)
class Posterior:
    """q(z|x), a diagonal Gaussian. mu (B, K) · logvar (B, K), log variance."""

    mu: Tensor
    logvar: Tensor

    @property
    def std(self) -> Tensor:
        """(B, K), exp(logvar / 2)."""
        return (self.logvar / 2).exp()

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """z = mu + std · eps, (B, K); Kingma & Welling 2014, eq. 10."""
        eps = torch.randn(self.mu.shape, generator=generator, dtype=self.mu.dtype)
        return self.mu + self.std * eps


class _Crop(nn.Module):
    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: Tensor) -> Tensor:
        return x[..., : self.height, : self.width]


class _Bias(nn.Module):
    def __init__(self, shape: ImageShape) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


def build_layer(layer: Layer) -> nn.Module:
    """The torch module of one described layer, with torch's own initial weights."""
    match layer:
        case spec.Linear(n_in, n_out):
            return nn.Linear(n_in, n_out)
        case spec.Conv2d(n_in, n_out, kernel, stride, padding):
            return nn.Conv2d(n_in, n_out, kernel, stride, padding)
        case spec.ConvTranspose2d(n_in, n_out, kernel, stride, padding):
            return nn.ConvTranspose2d(n_in, n_out, kernel, stride, padding)
        case spec.Upsample(scale):
            return nn.Upsample(scale_factor=scale, mode="nearest")
        case spec.Activation(kind):
            return _ACTIVATIONS[kind]()  # type: ignore[no-any-return]
        case spec.Flatten():
            return nn.Flatten(start_dim=1)
        case spec.Unflatten(shape):
            return nn.Unflatten(1, shape)
        case spec.Crop(height, width):
            return _Crop(height, width)
        case spec.Bias(shape):
            return _Bias(shape)


class Vae(nn.Module):
    """Encoder and decoder of a variational autoencoder with prior N(0, I) (Kingma & Welling 2014).

    `encode(x)` gives q(z|x), `decode(z)` the mean picture in [0, 1]. `log_sigma` is the log standard deviation of a Gaussian
    pixel, a scalar; it is there for every likelihood, so that all runs have the same tensors, and learned only where asked for.
    """

    def __init__(self, config: FitConfig, image_shape: ImageShape) -> None:
        super().__init__()
        self.config, self.image_shape = config, image_shape
        self.likelihood = likelihood_of(config.likelihood)
        self.encoder = nn.Sequential(*map(build_layer, encoder_layers(config, image_shape)))
        self.decoder = nn.Sequential(*map(build_layer, decoder_layers(config, image_shape)))
        self.log_sigma = nn.Parameter(
            torch.tensor(config.sigma).log(), requires_grad=config.likelihood == "gaussian" and config.learn_sigma
        )

    def posterior(self, x: Tensor) -> Posterior:
        """q(z|x) for x (B, C, H, W) in [0, 1], with gradients."""
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        return Posterior(mu, logvar)

    def output(self, z: Tensor) -> Tensor:
        """The likelihood's parameter for z (B, K), (B, C, H, W), with gradients: logits or means."""
        output: Tensor = self.decoder(z)
        return output

    def nll(self, output: Tensor, x: Tensor) -> Tensor:
        """−log p(x|z), (B,) nats, summed over pixels."""
        return self.likelihood.nll(output, x, self.log_sigma)

    @torch.no_grad()
    def encode(self, x: Any) -> Posterior:
        """q(z|x) for pictures x (B, C, H, W), floats in [0, 1] or uint8. Raises `DataError` for another shape."""
        images = as_tensor(x)
        images = images.float() / 255 if images.dtype == torch.uint8 else images.float()
        if images.ndim != 4 or tuple(images.shape[1:]) != tuple(self.image_shape):
            raise DataError(f"encode got pictures of shape {tuple(images.shape)}; allowed: (B, {_words(self.image_shape)}).")
        return self.posterior(images)

    @torch.no_grad()
    def decode(self, z: Any) -> Tensor:
        """x_hat, the mean picture of p(x|z), (B, C, H, W) in [0, 1], for z (B, K). Raises `DataError` for another shape."""
        codes = as_tensor(z).float()
        if codes.ndim != 2 or codes.shape[1] != self.config.latent_dim:
            raise DataError(f"decode got codes of shape {tuple(codes.shape)}; allowed: (B, {self.config.latent_dim}).")
        return self.likelihood.mean(self.output(codes))

    @torch.no_grad()
    def start_at_mean(self, mean_image: Tensor) -> None:
        """Sets the output bias so that an untrained decoder gives about the training mean, (C, H, W) in [0, 1].

        The first loss is then the null model's (about 206 nats for binarised MNIST) and not 784·log 2 = 543.
        """
        last = next(module for module in reversed(self.decoder) if isinstance(module, nn.Linear | _Bias))
        last.bias.copy_(self.likelihood.output_for(mean_image).reshape(last.bias.shape))


def as_tensor(x: Any) -> Tensor:
    """A tensor as it is; anything else is copied, because shared arrays are read-only and torch must not write into them."""
    return x if isinstance(x, Tensor) else torch.from_numpy(np.array(x))


def _words(shape: ImageShape) -> str:
    return ", ".join(map(str, shape))

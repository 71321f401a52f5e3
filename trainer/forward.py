"""How is a trained network run without torch?

The app serves single pictures; numpy does that in a millisecond and starts in a tenth of torch's time. The same layer records that
torch trains are interpreted here, so this file is also torch's second opinion in the tests. Letters: B images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from trainer import layers as spec
from trainer.config import FitConfig
from trainer.layers import ImageShape, Layer, decoder_layers, encoder_layers

Floats = NDArray[np.float32]

CHUNK = 256  # images at once: bounds the memory of unfolded convolutions


@dataclass(frozen=True)
class Codes:
    """q(z|x) of B images. mu (B, K) · logvar (B, K), log variance."""

    mu: Floats
    logvar: Floats

    @property
    def std(self) -> Floats:
        """(B, K), exp(logvar / 2)."""
        return np.exp(self.logvar / 2)

    @property
    def kl(self) -> Floats:
        """KL(q(z|x) ‖ N(0, 1)) by dimension, (B, K) nats, ≥ 0. Kingma & Welling 2014, app. B; `expm1` as in objectives."""
        return np.asarray(0.5 * (np.square(self.mu) + np.expm1(self.logvar) - self.logvar), np.float32)


@dataclass(frozen=True)
class Forward:
    """Encoder and decoder of one run as plain matrix products. `weights` has torch's names and shapes."""

    config: FitConfig
    image_shape: ImageShape
    weights: Mapping[str, Floats]

    def encode(self, x: Floats) -> Codes:
        """q(z|x) for x (B, C, H, W), floats in [0, 1]."""
        layers = encoder_layers(self.config, self.image_shape)
        mu, logvar = np.split(self._in_chunks("encoder", layers, np.asarray(x, np.float32)), 2, axis=1)
        return Codes(mu, logvar)

    def decode(self, z: Floats) -> Floats:
        """x_hat (B, C, H, W) in [0, 1], the mean picture of p(x|z), for z (B, K)."""
        output = self._in_chunks("decoder", decoder_layers(self.config, self.image_shape), np.asarray(z, np.float32))
        return sigmoid(output) if self.config.likelihood == "bernoulli" else np.clip(output, 0, 1)

    def _in_chunks(self, part: str, layers: tuple[Layer, ...], x: Floats) -> Floats:
        starts = range(0, max(1, len(x)), CHUNK)
        return np.concatenate([self._run(part, layers, x[start : start + CHUNK]) for start in starts])

    def _run(self, part: str, layers: tuple[Layer, ...], x: Floats) -> Floats:
        for i, layer in enumerate(layers):
            weight = self.weights.get(f"{part}.{i}.weight")
            bias = self.weights.get(f"{part}.{i}.bias")
            x = apply_layer(layer, x, weight, bias)
        return x


def apply_layer(layer: Layer, x: Floats, weight: Floats | None, bias: Floats | None) -> Floats:
    """One described layer on a batch; `weight` and `bias` where the layer has them."""
    match layer:
        case spec.Linear():
            assert weight is not None and bias is not None
            return x @ weight.T + bias
        case spec.Conv2d(stride=stride, padding=padding):
            assert weight is not None and bias is not None
            return _conv2d(x, weight, bias, stride, padding)
        case spec.ConvTranspose2d(stride=stride, padding=padding):
            assert weight is not None and bias is not None
            return _conv_transpose2d(x, weight, bias, stride, padding)
        case spec.Upsample(scale):
            return x.repeat(scale, axis=2).repeat(scale, axis=3)
        case spec.Activation(kind):
            return _activate(kind, x)
        case spec.Flatten():
            return x.reshape(len(x), -1)
        case spec.Unflatten(shape):
            return x.reshape(len(x), *shape)
        case spec.Crop(height, width):
            return x[..., :height, :width]
        case spec.Bias():
            assert bias is not None
            return x + bias


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(−x)) through tanh, which overflows for no x."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)


def _activate(kind: str, x: Floats) -> Floats:
    if kind == "relu":
        return np.maximum(x, 0)
    if kind == "tanh":
        return np.tanh(x)
    if kind == "sigmoid":
        return sigmoid(x)
    if kind == "silu":
        return x * sigmoid(x)
    return x * sigmoid(np.float32(2 * np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3))


def _conv2d(x: Floats, weight: Floats, bias: Floats, stride: int, padding: int) -> Floats:
    """Cross-correlation with zero padding, as torch's Conv2d."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(padded, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3)))
    return np.ascontiguousarray(out.transpose(0, 3, 1, 2)) + bias[:, None, None]


def _conv_transpose2d(x: Floats, weight: Floats, bias: Floats, stride: int, padding: int) -> Floats:
    """The transpose of `_conv2d` in x: zeros between the inputs, then a correlation with the flipped kernel."""
    batch, channels, height, width = x.shape
    spread = np.zeros((batch, channels, (height - 1) * stride + 1, (width - 1) * stride + 1), np.float32)
    spread[:, :, ::stride, ::stride] = x
    flipped = weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
    return _conv2d(spread, np.ascontiguousarray(flipped), bias, 1, weight.shape[2] - 1 - padding)

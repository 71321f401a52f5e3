"""Which layers, in which order, turn an image into a posterior and a code into an image?

A network is described once, as plain records without weights. Three engines run the same description: torch trains it
(`networks`), numpy serves it (`forward`), TypeScript runs it in the browser (`explorer/surface`). Layer i of the encoder owns the
parameters `encoder.i.weight` and `encoder.i.bias`. Letters: C, H, W channels, height, width; K latent dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from trainer.config import FitConfig

ActivationKind = Literal["relu", "silu", "gelu", "tanh", "sigmoid"]


@dataclass(frozen=True)
class Linear:
    """weight (n_out, n_in), bias (n_out,)."""

    n_in: int
    n_out: int


@dataclass(frozen=True)
class Conv2d:
    """weight (n_out, n_in, kernel, kernel), bias (n_out,); zero padding."""

    n_in: int
    n_out: int
    kernel: int
    stride: int
    padding: int


@dataclass(frozen=True)
class ConvTranspose2d:
    """weight (n_in, n_out, kernel, kernel), bias (n_out,); out = (in − 1)·stride − 2·padding + kernel."""

    n_in: int
    n_out: int
    kernel: int
    stride: int
    padding: int


@dataclass(frozen=True)
class Upsample:
    """Nearest neighbour, by a whole factor."""

    scale: int


@dataclass(frozen=True)
class Activation:
    """Element by element; gelu is the tanh form, so that all engines agree to the last digits."""

    kind: ActivationKind


@dataclass(frozen=True)
class Flatten:
    """(C, H, W) to (C·H·W,)."""


@dataclass(frozen=True)
class Unflatten:
    """(C·H·W,) to `shape`."""

    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Crop:
    """Keeps the top left height × width."""

    height: int
    width: int


@dataclass(frozen=True)
class Bias:
    """Adds one learned number to every pixel, bias (C, H, W): where a convolution's bias cannot be the mean image."""

    shape: tuple[int, int, int]


Layer = Linear | Conv2d | ConvTranspose2d | Upsample | Activation | Flatten | Unflatten | Crop | Bias
ImageShape = tuple[int, int, int]

CONV_HEAD = 256  # width of the dense layer between the feature maps and the code


def encoder_layers(config: FitConfig, image_shape: ImageShape) -> tuple[Layer, ...]:
    """x (C, H, W) in [0, 1] to 2K numbers: mu, then logvar."""
    n_pixels = image_shape[0] * image_shape[1] * image_shape[2]
    if config.network == "linear":
        return (Flatten(), Linear(n_pixels, 2 * config.latent_dim))
    if config.network == "mlp":
        return (Flatten(), *_dense((n_pixels, *config.hidden, 2 * config.latent_dim), config.activation))
    sizes = _feature_sizes(config.hidden, image_shape)
    channels = (image_shape[0], *config.hidden)
    layers: list[Layer] = []
    for n_in, n_out in pairwise(channels):
        layers += [Conv2d(n_in, n_out, kernel=3, stride=2, padding=1), Activation(config.activation)]
    n_features = channels[-1] * sizes[-1][0] * sizes[-1][1]
    return (*layers, Flatten(), *_dense((n_features, CONV_HEAD, 2 * config.latent_dim), config.activation))


def decoder_layers(config: FitConfig, image_shape: ImageShape) -> tuple[Layer, ...]:
    """z (K,) to one number a pixel, (C, H, W): the likelihood's parameter (logit or mean)."""
    n_pixels = image_shape[0] * image_shape[1] * image_shape[2]
    if config.network == "linear":
        return (Linear(config.latent_dim, n_pixels), Unflatten(image_shape))
    if config.network == "mlp":
        widths = (config.latent_dim, *reversed(config.hidden), n_pixels)
        return (*_dense(widths, config.activation), Unflatten(image_shape))
    sizes = _feature_sizes(config.hidden, image_shape)
    channels = (image_shape[0], *config.hidden)
    height, width = sizes[-1]
    layers: list[Layer] = [
        *_dense((config.latent_dim, CONV_HEAD, channels[-1] * height * width), config.activation),
        Activation(config.activation),
        Unflatten((channels[-1], height, width)),
    ]
    for level in reversed(range(len(config.hidden))):
        layers.append(ConvTranspose2d(channels[level + 1], channels[level], kernel=4, stride=2, padding=1))
        layers += _crop(sizes[level + 1], sizes[level])
        layers += [Activation(config.activation)] if level else []
    return (*layers, Bias(image_shape))


def _dense(widths: tuple[int, ...], activation: ActivationKind) -> list[Layer]:
    """Linear layers with the activation between them, none at the end."""
    layers: list[Layer] = []
    for n_in, n_out in pairwise(widths):
        layers += [Linear(n_in, n_out), Activation(activation)]
    return layers[:-1]


def _feature_sizes(hidden: tuple[int, ...], image_shape: ImageShape) -> list[tuple[int, int]]:
    """Height and width before the first convolution and after each: every stride of 2 halves, rounding up."""
    sizes = [(image_shape[1], image_shape[2])]
    for _ in hidden:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    return sizes


def _crop(small: tuple[int, int], wanted: tuple[int, int]) -> list[Layer]:
    """Doubling an odd size that was rounded up gives one row too many."""
    return [] if (2 * small[0], 2 * small[1]) == wanted else [Crop(*wanted)]

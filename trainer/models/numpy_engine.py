"""How is a trained network run without torch?

The app serves single pictures; numpy does that in a millisecond and starts in a tenth of torch's time. The same layer records that
torch trains are interpreted here, so this file is also torch's second opinion in the tests. Letters: B images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from trainer.config import FitConfig
from trainer.errors import DataError
from trainer.likelihoods.numpy_ import mean_picture, nll, sigmoid
from trainer.models import layers as spec
from trainer.models.autoregressive import heard, unrolled
from trainer.models.gaussians import kl_standard_normal_numpy
from trainer.models.layers import ImageShape, Layer, tensor_names
from trainer.models.networks import NO_ENCODER, parts_of
from trainer.models.tabulated_decoder import in_gallery, on_lattice

Floats = NDArray[np.float32]

CHUNK = 256  # images at once: bounds the memory of unfolded convolutions


@dataclass(frozen=True)
class Codes:
    """q(z|x) of B images."""

    mu: Floats
    """(B, K)."""
    logvar: Floats
    """(B, K), log variance."""

    @property
    def std(self) -> Floats:
        """(B, K), exp(logvar / 2)."""
        return np.exp(self.logvar / 2)

    @property
    def kl(self) -> Floats:
        """KL(q(z|x) ‖ N(0, 1)) by dimension, (B, K) nats, ≥ 0."""
        return np.asarray(kl_standard_normal_numpy(self.mu, self.logvar), np.float32)


@dataclass(frozen=True)
class Forward:
    """Encoder and decoder of one run as plain matrix products. `weights` has torch's names and shapes; n_classes: of its data set.

    A conditional model is told the class of every row, y (B,); without y `encode` uses its own guess, `label_of`, and `decode` the class
    `label`, if one is set.
    """

    config: FitConfig
    image_shape: ImageShape
    weights: Mapping[str, Floats]
    n_classes: int = 0
    label: int | None = None

    def encode(self, x: Floats, y: ArrayLike | None = None) -> Codes:
        """q(z|x) for x (B, C, H, W), floats in [0, 1]. A deterministic model's codes are points: logvar −∞."""
        x = np.asarray(x, np.float32)
        if not self.config.has_encoder:
            raise DataError(NO_ENCODER)
        seen = self._run("features", x)
        out = self._run("encoder", seen, self.label_of(x) if self.config.is_conditional and y is None else y)
        if self.config.is_deterministic:
            return Codes(out, np.full_like(out, -np.inf))
        mu, logvar = np.split(out, 2, axis=1)
        return Codes(mu, logvar)

    def decode(self, z: Floats, y: ArrayLike | None = None) -> Floats:
        """x_hat (B, C, H, W) in [0, 1], the mean picture of p(x|z), for z (B, K)."""
        output = self._output(z, y)
        if self.config.context:
            output = unrolled(output, *self._context)
        return mean_picture(self.config, output)

    def nll(self, z: Floats, x: Floats, y: ArrayLike | None = None) -> NDArray[np.float64]:
        """−log p(x|z) (B,), nats, of x (B, C, H, W) for z (B, K)."""
        output = self._output(z, y)
        if self.config.context:
            output = output + heard(np.asarray(x, np.float32), *self._context)
        return nll(self.config, output, x, float(self.weights["log_sigma"]))

    def label_of(self, x: Floats) -> NDArray[np.int64]:
        """The class (B,) of x: the classifier's where there is one, else the one under which the bound at the mean code is highest."""
        x = np.asarray(x, np.float32)
        if self.config.is_semi_supervised:
            return np.asarray(self._run("classifier", self._run("features", x)).argmax(1))
        bounds = []
        for label in range(self.n_classes):
            y = np.full(len(x), label)
            codes = self.encode(x, y)
            bounds.append(-self.nll(codes.mu, x, y) - codes.kl.sum(1))
        return np.asarray(np.stack(bounds).argmax(0))

    def class_probabilities(self, x: Floats) -> Floats:
        """q(y|x) (B, Y) of a semi-supervised model."""
        return softmax(self._run("classifier", self._run("features", np.asarray(x, np.float32))))

    @property
    def _context(self) -> list[Floats]:
        return [self.weights[f"context.0.{name}"] for name in ("weight", "bias", "out")]

    def _output(self, z: Floats, y: ArrayLike | None) -> Floats:
        if y is None and self.label is not None:
            y = np.full(len(z), self.label)
        return self._run("decoder", np.asarray(z, np.float32), y)

    def _run(self, part: str, x: Floats, y: ArrayLike | None = None) -> Floats:
        """One part of the model; x itself where the model has no such part."""
        layers = parts_of(self.config, self.image_shape, self.n_classes).get(part)
        return x if layers is None else run_part(part, layers, self.weights, x, y)


def run_part(part: str, layers: tuple[Layer, ...], weights: Mapping[str, Floats], x: Floats, y: ArrayLike | None = None) -> Floats:
    """The layers one after the other, a chunk of images at a time; layer i of `part` owns `part.i.weight` and `part.i.bias`."""
    labels = None if y is None else np.asarray(y, np.int64)
    chunks = []
    for at in range(0, max(1, len(x)), CHUNK):
        out, here = x[at : at + CHUNK], None if labels is None else labels[at : at + CHUNK]
        for i, layer in enumerate(layers):
            first, second = (weights.get(f"{part}.{i}.{name}") for name in tensor_names(layer))
            out = apply_layer(layer, out, first, second, here)
        chunks.append(out)
    return np.concatenate(chunks)


def softmax(logits: Floats) -> Floats:
    """(B, Y), rows of positive numbers that sum to 1; the largest logit is taken off, so that none overflows."""
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(odds / odds.sum(1, keepdims=True), np.float32)


def apply_layer(layer: Layer, x: Floats, weight: Floats | None, bias: Floats | None, y: NDArray[np.int64] | None = None) -> Floats:
    """One described layer on a batch; `weight` and `bias` (`pictures`, `codes`) where it has them, y (B,) where it is told the class."""
    match layer:
        case spec.Linear(n_in, _, n_labels):
            assert weight is not None and bias is not None
            of_x = x @ weight[:, :n_in].T + bias
            if not n_labels:
                return of_x
            assert y is not None, "a conditional model was asked without labels"
            return np.asarray(of_x + weight[:, n_in:].T[y])
        case spec.First(n):
            return x[:, :n]
        case spec.Conv2d(stride=stride, padding=padding):
            assert weight is not None and bias is not None
            return _conv2d(x, weight, bias, stride, padding)
        case spec.ConvTranspose2d(stride=stride, padding=padding):
            assert weight is not None and bias is not None
            return _conv_transpose2d(x, weight, bias, stride, padding)
        case spec.Upsample(scale):
            return x.repeat(scale, axis=2).repeat(scale, axis=3)
        case spec.Activation(kind, slope):
            return _activate(kind, x, slope)
        case spec.Flatten():
            return x.reshape(len(x), -1)
        case spec.Unflatten(shape):
            return x.reshape(len(x), *shape)
        case spec.Crop(height, width):
            return x[..., :height, :width]
        case spec.Bias():
            assert bias is not None
            return x + bias
        case spec.Lattice():
            assert weight is not None
            return on_lattice(layer, x, weight)
        case spec.Gallery(shape):
            assert weight is not None and bias is not None
            return in_gallery(x, weight, bias).reshape(len(x), *shape)
        case spec.Autoregress():
            raise ValueError("a context is no layer of a stack: it needs the pixels before, see trainer.models.autoregressive")


def _activate(kind: str, x: Floats, slope: float = 0.0) -> Floats:
    if kind == "relu":
        return np.maximum(x, 0)
    if kind == "leaky-relu":
        return np.where(x > 0, x, np.float32(slope) * x)
    if kind == "elu":
        return np.where(x > 0, x, np.float32(slope) * np.expm1(np.minimum(x, 0)))
    if kind == "softplus":
        return np.logaddexp(x, np.float32(0))
    if kind == "gelu-erf":
        return np.asarray(0.5 * x * (1 + erf(x / np.float32(np.sqrt(2)))), np.float32)
    if kind == "logit":
        return logit(x)
    if kind == "tanh":
        return np.tanh(x)
    if kind == "sigmoid":
        return sigmoid(x)
    if kind == "silu":
        return x * sigmoid(x)
    return x * sigmoid(np.float32(2 * np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3))


def erf(x: Floats) -> Floats:
    """The error function, to 1.5e-7 (Abramowitz & Stegun 1964, 7.1.26)."""
    size = np.abs(x)
    t = 1 / (1 + 0.3275911 * size)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.asarray(np.sign(x) * (1 - series * np.exp(-(size**2))), np.float32)


def logit(p: Floats) -> Floats:
    """log p/(1 − p), p held within 1e-6 of 0 and 1: what a Bernoulli likelihood is told of a probability."""
    held = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(held) - np.log1p(-held), np.float32)


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

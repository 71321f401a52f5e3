"""How is a trained network run without torch?

The app serves single pictures; numpy does that in a millisecond and starts in a tenth of torch's time. The same layer records that
torch trains are interpreted here, so this file is also torch's second opinion in the tests. Letters: B images, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.config import FitConfig
from trainer.errors import DataError
from trainer.likelihoods.numpy_ import drawn_picture, mean_picture, nll
from trainer.models.autoregressive import heard, unrolled
from trainer.models.gaussians import kl_standard_normal_numpy
from trainer.models.layer_shapes import network_shapes, tensor_shapes
from trainer.models.layers import CLASS, INPUT, ImageShape, Layer, inputs_of
from trainer.models.networks import NO_ENCODER, parts_of
from trainer.models.numpy_ops.apply import apply_layer
from trainer.models.numpy_ops.reduction import softmax

Floats = NDArray[np.float32]

CHUNK = 256
"""Images at once, at most."""
AT_ONCE = 2**18
"""Numbers behind one layer of all images at once, about: what the processor keeps near, and what bounds the memory."""


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

    def place(self, z: Floats, y: ArrayLike | None = None) -> Floats:
        """x_hat (B, C, H, W) as `decode` has it before it is clipped: Wz + b of a linear model with a density of pixels."""
        if not self.config.has_scale:
            return self.decode(z, y)
        return self._output(z, y)[:, : self.image_shape[0]]

    def draw(self, z: Floats, rng: np.random.Generator, y: ArrayLike | None = None) -> Floats:
        """x (B, C, H, W) in [0, 1], one draw from p(x|z) for each z (B, K)."""
        output = self._output(z, y)
        if self.config.context:
            output = unrolled(output, *self._context, rng=rng)
        return drawn_picture(self.config, output, float(self.weights["log_sigma"]), rng)

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

    @cached_property
    def _parts(self) -> dict[str, tuple[Layer, ...]]:
        return parts_of(self.config, self.image_shape, self.n_classes)

    @property
    def _context(self) -> tuple[Floats, Floats, Floats]:
        weight, bias, out = (self.weights[f"context.0.{name}"] for name in ("weight", "bias", "out"))
        return weight, bias, out

    def _output(self, z: Floats, y: ArrayLike | None) -> Floats:
        if y is None and self.label is not None:
            y = np.full(len(z), self.label)
        return self._run("decoder", np.asarray(z, np.float32), y)

    def _run(self, part: str, x: Floats, y: ArrayLike | None = None) -> Floats:
        """One part of the model; x itself where the model has no such part."""
        layers = self._parts.get(part)
        return x if layers is None else run_part(part, layers, self.weights, x, y, self.n_classes)


def run_part(
    part: str,
    layers: tuple[Layer, ...],
    weights: Mapping[str, Floats],
    x: Floats,
    y: ArrayLike | None = None,
    n_classes: int = 0,
) -> Floats:
    """The last layer's output for x (B, …), a chunk of images at a time; layer i of `part` owns `part.i.weight` and `part.i.bias`.

    y: (B,), the class of each, where a layer is told it; n_classes: how many there are, where it is an input of its own (`CLASS`).
    """
    labels = None if y is None else np.asarray(y, np.int64)
    tensors = [{name: weights[f"{part}.{i}.{name}"] for name in tensor_shapes(layer)} for i, layer in enumerate(layers)]
    chunks, step = [], _images_at_once(layers, x.shape[1:], n_classes)
    for at in range(0, max(1, len(x)), step):
        here = None if labels is None else labels[at : at + step]
        chunks.append(_run_graph(layers, tensors, x[at : at + step], here, n_classes))
    return np.concatenate(chunks)


@lru_cache(maxsize=64)
def _images_at_once(layers: tuple[Layer, ...], shape: tuple[int, ...], n_classes: int) -> int:
    """As many as `AT_ONCE` allows, 1 to `CHUNK`. Raises `ValueError` where the layers cannot take the shape."""
    most = max(map(prod, [shape, *network_shapes(layers, shape, n_classes)]))
    return max(1, min(CHUNK, AT_ONCE // most))


def _run_graph(
    layers: tuple[Layer, ...], tensors: list[dict[str, Floats]], x: Floats, y: NDArray[np.int64] | None, n_classes: int
) -> Floats:
    """The same for one chunk. What no later layer takes is let go."""
    values = {INPUT: x}
    if y is not None and n_classes:
        values[CLASS] = np.asarray(y[:, None] == np.arange(n_classes), np.float32)
    sources = [inputs_of(layers, i) for i in range(len(layers))]
    last_use = {number: i for i, numbers in enumerate(sources) for number in numbers}
    for i, layer in enumerate(layers):
        assert CLASS not in sources[i] or CLASS in values, "a conditional model was asked without labels"
        out = apply_layer(layer, [values[number] for number in sources[i]], tensors[i], y, len(x))
        for number in set(sources[i]):
            if last_use[number] == i:
                del values[number]
        values[i] = out
    return values[len(layers) - 1]

"""How does a run's network become what the browser runs? Plain layers without classes or scales, and an instruction for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.surface.network_schema import ActivationOp, Op
from trainer.config import ImportedConfig
from trainer.models import layers as spec
from trainer.models.layers import Layer
from trainer.models.networks import parts_of
from trainer.models.picture_classifier import PART as CLASSIFIER
from trainer.runs.read import Run

Tensors = dict[str, NDArray[np.float32]]
Kept = list[tuple[Layer, Tensors]]


@dataclass(frozen=True)
class PlainNetwork:
    """Layers that any engine runs, without classes or scales."""

    layers: tuple[Layer, ...]
    arrays: Tensors
    """By layer number: `3.weight`. A decoder that is told the class has `0.biases` (n_out, Y) besides: the bias for every class."""


def plain_networks(run: Run, label: int | None) -> dict[str, PlainNetwork]:
    """Encoder, decoder and, where the run has one, the classifier of decoded pictures."""
    networks = {part: plain_network(run, part, label) for part in ("encoder", "decoder")}
    if run.classifier is not None:
        weights = run.classifier.weights
        own = {name.removeprefix(f"{CLASSIFIER}."): weights[name] for name in run.classifier.shapes}  # in the order of the layers
        networks[CLASSIFIER] = PlainNetwork(run.classifier.layers, own)
    return networks


def plain_network(run: Run, part: Literal["encoder", "decoder"], label: int | None = None) -> PlainNetwork:
    """The encoder or decoder of a run for one class, as the browser runs it; features come before the encoder."""
    parts = parts_of(run.config, run.image_shape, run.n_classes)
    names = ("features", "encoder") if part == "encoder" and "features" in parts else (part,)
    kept: Kept = []
    numbered = [(layer, f"{name}.{i}") for name in names for i, layer in enumerate(parts.get(name, ()))]
    for layer, name in numbered:
        if isinstance(layer, spec.First):
            kept.append(_first_rows(*kept.pop(), layer.n))
        elif isinstance(layer, spec.Linear) and layer.n_labels:
            kept.append(_told(layer, _tensors(run, name), label or 0, with_all=part == "decoder"))
        else:
            kept.append((layer, _tensors(run, name)))
    if part == "decoder" and not isinstance(run.config, ImportedConfig):  # whose decoder gives means only
        kept = list(_means_only(kept, run.image_shape))
        kept += [(layer, _tensors(run, f"context.{i}")) for i, layer in enumerate(parts.get("context", ()))]
    arrays = {f"{i}.{key}": array for i, (_, tensors) in enumerate(kept) for key, array in tensors.items()}
    return PlainNetwork(tuple(layer for layer, _ in kept), arrays)


def _tensors(run: Run, name: str) -> Tensors:
    """Of one layer, by their names within it."""
    keys = ("weight", "bias", "out", "pictures", "codes")
    return {key: run.weights[f"{name}.{key}"] for key in keys if f"{name}.{key}" in run.weights}


def _first_rows(layer: Layer, tensors: Tensors, n: int) -> tuple[Layer, Tensors]:
    """A layer of which only the first numbers go on keeps only those rows: M1's mean, a pixel's mean and not its scale."""
    assert isinstance(layer, spec.Linear)
    return replace(layer, n_out=n), {key: array[:n] for key, array in tensors.items()}


def _told(layer: spec.Linear, tensors: Tensors, label: int, with_all: bool) -> tuple[Layer, Tensors]:
    """A class is a constant input, so its column of weights goes into the bias; with_all: the bias for every class besides."""
    biases = tensors["bias"][:, None] + tensors["weight"][:, layer.n_in :]
    plain = {"weight": tensors["weight"][:, : layer.n_in], "bias": biases[:, label]}
    return replace(layer, n_labels=0), plain | ({"biases": biases} if with_all else {})


def _means_only(kept: Kept, image_shape: tuple[int, int, int]) -> Iterator[tuple[Layer, Tensors]]:
    """Without the second half of the output channels, the log scales, where there are any."""
    channels, n_pixels = image_shape[0], int(np.prod(image_shape))
    last_linear = max(i for i, (layer, _) in enumerate(kept) if isinstance(layer, spec.Linear))
    has_convolutions = any(isinstance(layer, spec.ConvTranspose2d) for layer, _ in kept)
    last_convolution = max((i for i, (layer, _) in enumerate(kept) if isinstance(layer, spec.ConvTranspose2d)), default=-1)
    for i, (layer, tensors) in enumerate(kept):
        match layer:
            case spec.Linear() if i == last_linear and not has_convolutions:
                yield _first_rows(layer, tensors, n_pixels)
            case spec.Unflatten() if not has_convolutions:
                yield spec.Unflatten(image_shape), tensors
            case spec.ConvTranspose2d() if i == last_convolution:
                cut = {"weight": tensors["weight"][:, :channels], "bias": tensors["bias"][:channels]}
                yield replace(layer, n_out=channels), cut
            case spec.Bias():
                yield spec.Bias(image_shape), {"bias": tensors["bias"][:channels]}
            case _:
                yield layer, tensors


def ops(part: str, network: PlainNetwork) -> list[Op]:
    """The layers as the browser's instructions; tensors by name."""
    found = [_op(layer, f"w.{part}.{i}") for i, layer in enumerate(network.layers)]
    for i, op in enumerate(found):
        if op["op"] == "linear" and f"{i}.biases" in network.arrays:
            op["biases"] = f"w.{part}.{i}.biases"
    return found


def _op(layer: Layer, name: str) -> Op:
    weight, bias, pictures = f"{name}.weight", f"{name}.bias", f"{name}.pictures"
    match layer:
        case spec.Linear():
            return {"op": "linear", "weight": weight, "bias": bias}
        case spec.Conv2d(stride=int(stride), padding=int(padding)):
            return {"op": "conv2d", "weight": weight, "bias": bias, "stride": stride, "padding": padding}
        case spec.ConvTranspose2d(stride=int(stride), padding=int(padding)):
            return {"op": "conv_transpose2d", "weight": weight, "bias": bias, "stride": stride, "padding": padding}
        case spec.Upsample(scale):
            return {"op": "upsample", "scale": scale}
        case spec.Activation():
            return _activation(layer)
        case spec.Flatten():
            return {"op": "flatten"}
        case spec.Unflatten(shape):
            return {"op": "unflatten", "shape": shape}
        case spec.Crop(height, width):
            return {"op": "crop", "height": height, "width": width}
        case spec.Bias():
            return {"op": "bias", "bias": bias}
        case spec.Lattice(shape, _, size, low, high):
            return {"op": "lattice", "pictures": pictures, "shape": shape, "size": size, "low": low, "high": high}
        case spec.Gallery(shape):
            return {"op": "gallery", "pictures": pictures, "codes": f"{name}.codes", "shape": shape}
        case spec.Autoregress():
            return {"op": "autoregress", "weight": weight, "bias": bias, "out": f"{name}.out"}
        case _:
            raise ValueError("a browser's network has this layer folded into the one before: see plain_network")


def _activation(layer: spec.Activation) -> ActivationOp:
    op: ActivationOp = {"op": "activation", "kind": layer.kind}
    if layer.slope:
        op["slope"] = layer.slope
    return op

"""How does a run's network become what the browser runs? Plain layers without scales, and an operation for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, cast, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from explorer.surface.network_schema import Op
from trainer.config import FitConfig, ImportedConfig
from trainer.models import layers as spec
from trainer.models.layer_shapes import tensor_shapes
from trainer.models.layers import CLASS, INPUT, ImageShape, Layer, inputs_of, pair
from trainer.models.networks import parts_of
from trainer.models.picture_classifier import PART as CLASSIFIER
from trainer.runs.read import Run

Tensors = dict[str, NDArray[np.float32]]
Kept = list[tuple[Layer, Tensors]]

KINDS: dict[str, tuple[str, ...]] = {get_args(hints["op"])[0]: tuple(hints) for hints in map(get_type_hints, get_args(Op))}
"""Names of the fields of every operation."""
SIDES = {"kernel", "stride", "padding", "output_padding", "dilation"}
"""Written as a pair, height first, whichever way a layer has them."""
LEFT_OUT = {"inputs", "slope"}
"""Not written where they are empty or 0."""


@dataclass(frozen=True)
class PlainNetwork:
    """Layers that any engine runs, without scales. Only a decoder may take the class as an input, `CLASS`."""

    layers: tuple[Layer, ...]
    arrays: Tensors
    """By layer number: `3.weight`. A decoder that is told the class has `0.biases` (n_out, Y) besides: the bias for every class."""


class Network(Protocol):
    """A run, or its decoder at a moment of training (`Run.decoder_at`)."""

    @property
    def config(self) -> FitConfig: ...

    @property
    def image_shape(self) -> ImageShape: ...

    @property
    def n_classes(self) -> int: ...

    @property
    def weights(self) -> Mapping[str, NDArray[np.float32]]:
        """Under torch's names."""


def plain_networks(run: Run, label: int | None) -> dict[str, PlainNetwork]:
    """Encoder, decoder and, where the run has one, the classifier of decoded pictures."""
    networks = {part: plain_network(run, part, label) for part in ("encoder", "decoder")}
    classifier = run.reliable_classifier
    if classifier is not None:
        weights = classifier.weights
        own = {name.removeprefix(f"{CLASSIFIER}."): weights[name] for name in classifier.shapes}  # in the order of the layers
        networks[CLASSIFIER] = PlainNetwork(classifier.layers, own)
    return networks


def plain_network(run: Network, part: Literal["encoder", "decoder"], label: int | None = None) -> PlainNetwork:
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
    if part == "encoder":
        kept = _of_class(kept, run.n_classes, label or 0)
    if part == "decoder" and not isinstance(run.config, ImportedConfig):  # whose decoder gives means only
        kept = list(_means_only(kept, run.image_shape))
        kept += [(layer, _tensors(run, f"context.{i}")) for i, layer in enumerate(parts.get("context", ()))]
    arrays = {f"{i}.{key}": array for i, (_, tensors) in enumerate(kept) for key, array in tensors.items()}
    return PlainNetwork(tuple(layer for layer, _ in kept), arrays)


def _of_class(kept: Kept, n_classes: int, label: int) -> Kept:
    """A network that takes the class, with a constant in its place, the first layer."""
    layers = tuple(layer for layer, _ in kept)
    sources = [inputs_of(layers, i) for i in range(len(layers))]
    if not any(CLASS in numbers for numbers in sources):
        return kept
    moved = [
        (
            replace(layer, inputs=tuple(number if number == INPUT else 0 if number == CLASS else number + 1 for number in numbers)),
            own,
        )
        for (layer, own), numbers in zip(kept, sources, strict=True)
    ]
    return [(spec.Constant((n_classes,)), {"weight": np.eye(n_classes, dtype=np.float32)[label]}), *moved]


def _tensors(run: Network, name: str) -> Tensors:
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
    """The layers as the browser's operations; tensors by the names of their arrays."""
    found = [_op(layer, f"w.{part}.{i}") for i, layer in enumerate(network.layers)]
    for i, op in enumerate(found):
        if op["op"] == "linear" and f"{i}.biases" in network.arrays:
            op["biases"] = f"w.{part}.{i}.biases"
    return found


def _op(layer: Layer, name: str) -> Op:
    """What the record of the operation has for fields, from the layer's of the same names."""
    kind = op_name(layer)
    op: dict[str, Any] = {"op": kind, **{key: f"{name}.{key}" for key in tensor_shapes(layer)}}
    for key in KINDS[kind]:
        value = getattr(layer, key, None)
        if key in op or value is None or (key in LEFT_OUT and not value):
            continue
        op[key] = pair(value) if key in SIDES else value
    return cast(Op, op)


def op_name(layer: Layer) -> str:
    """In the browser: as the class is called, in small letters, AdaptivePool as adaptive_pool."""
    return "matmul" if isinstance(layer, spec.MatMul) else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(layer).__name__).lower()

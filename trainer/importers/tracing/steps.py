"""What has become of the input of a function that is recorded: which of our layers, of what, with which tensors?

A step is one layer with the steps whose outputs it takes, so that a function is a graph of them. A value is a step, the tensor that the
function itself had there for the example, and where in that tensor the batch lies. Letters: B inputs, each of a shape of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from trainer.models.layer_shapes import shape_after
from trainer.models.layers import CLASS, INPUT, Layer, Shape
from trainer.models.numpy_engine import run_part

Floats = NDArray[np.float32]
Function = Callable[..., Any]


class UntraceableError(Exception):
    """What the function does that our layers do not; a few words that end a sentence."""


@dataclass(frozen=True)
class Given:
    """What a network is given, in place of a layer."""

    number: int
    """INPUT or CLASS."""


@dataclass(frozen=True, eq=False)
class Step:
    """One layer of a graph."""

    layer: Layer | Given
    """Without numbers of its inputs: `sources` are they."""
    shape: Shape
    """Of its output, without the batch; a single number is (1,)."""
    sources: tuple[Step, ...] = ()
    """Whose outputs it takes."""
    arrays: dict[str, Floats] = field(default_factory=dict)
    """Its tensors by their names within the layer: weight, bias."""


def step_of(layer: Layer, *sources: Step, **arrays: Tensor | NDArray[Any]) -> Step:
    """A layer of these steps. Raises `UntraceableError` where it cannot take them."""
    try:
        shape = shape_after(layer, *(source.shape for source in sources))
    except ValueError as error:
        raise UntraceableError(f"has a shape that no layer here takes: {error}") from None
    return Step(layer, shape, sources, {name: as_floats(array) for name, array in arrays.items()})


def given_step(number: int, shape: Shape) -> Step:
    """What a network is given: INPUT or CLASS."""
    return Step(Given(number), shape)


@dataclass(frozen=True)
class TracedNetwork:
    """A network and its tensors."""

    layers: tuple[Layer, ...]
    """From the input to the output."""
    weights: dict[str, Floats]
    """Tensors by their names within a part, `3.weight`, as `layer_shapes.part_shapes` gives them."""
    clamp: float = 0.0
    """How much of 0 to 1 the function cuts off at either end, which the layers do not: at most `MOST_CLAMPED` of `network`."""

    def run(self, x: Floats, y: ArrayLike | None = None, n_classes: int = 0) -> Floats:
        """What our own engine makes of x (B, …), told classes y (B,) of n_classes where it is told one."""
        return run_part("part", self.layers, {f"part.{name}": array for name, array in self.weights.items()}, x, y, n_classes)

    @property
    def takes_class(self) -> bool:
        """Whether the class is one of its inputs."""
        return any(CLASS in layer.inputs for layer in self.layers)


@dataclass(frozen=True, eq=False)
class TracedValue:
    """What has become of the input."""

    step: Step
    """What computes it."""
    real: Tensor
    """The value itself for the example."""
    at: int = 0
    """The axis of `real` along which the batch lies."""
    folds: bool = False
    """Whether that axis is an axis of each input too: as after `view(B * heads, …)`."""
    before: int = 1
    """How many of that axis of each input there are before the batch: T after `view(T * B, …)`, 1 after `view(B * T, …)`."""

    @property
    def shape(self) -> Shape:
        """Of one input."""
        return self.step.shape

    @property
    def is_plain(self) -> bool:
        """Whether the batch is the first axis and nothing else."""
        return self.at == 0 and not self.folds

    def becomes(self, step: Step, real: Tensor, at: int | None = None, folds: bool | None = None, before: int = 0) -> TracedValue:
        """Another value with the batch where it is. Raises `UntraceableError` where the step has another shape than the tensor."""
        place = self.at if at is None else at
        out = TracedValue(step, real, place, self.folds if folds is None else folds, before or self.before)
        n = self.real.shape[self.at] // (self.shape[self.at] if self.folds else 1)
        wanted = item_shape(tuple(real.shape), out.at, out.folds, n)
        if wanted != step.shape:
            raise UntraceableError(f"gives a tensor of shape {wanted} where the layers that were found give {step.shape}")
        return out

    def then(self, real: Tensor, layer: Layer, **arrays: Tensor | NDArray[Any]) -> TracedValue:
        """The same through one layer more."""
        return self.becomes(step_of(layer, self.step, **arrays), real)

    def axis(self, dim: int) -> int:
        """The axis of one input that an axis of the tensor is. Raises `UntraceableError` for that of the batch."""
        dim %= max(1, self.real.ndim)
        if dim == self.at:
            raise UntraceableError("mixes the inputs of a batch")
        return dim - (1 if dim > self.at and not self.folds else 0)


def item_shape(shape: Shape, at: int, folds: bool, n: int) -> Shape:
    """The shape of one input in a tensor that holds n of them along axis `at`."""
    middle = (shape[at] // n,) if folds else ()
    return (*shape[:at], *middle, *shape[at + 1 :])


def place_of_batch(shape: Shape, before: int, n: int) -> tuple[int, bool, int]:
    """Where n inputs lie in a tensor in which `before` numbers are counted slower than they.

    Their axis, whether it is an axis of each input too, and how many of that there are before the batch.
    """
    for at, side in enumerate(shape):
        outer = prod(shape[:at])
        if outer <= before < outer * side and before % outer == 0 and side % (before // outer * n) == 0:
            return at, side != n or len(shape) == 1, before // outer
    raise UntraceableError("mixes the inputs of a batch (view)")


def as_floats(array: Tensor | NDArray[Any]) -> Floats:
    data = array.detach().cpu().numpy() if isinstance(array, Tensor) else array
    return np.ascontiguousarray(data, np.float32)


def input_value(example: Tensor) -> TracedValue:
    """What a function is given, at the start."""
    return TracedValue(given_step(INPUT, tuple(example.shape[1:]) or (1,)), example, folds=example.ndim == 1)

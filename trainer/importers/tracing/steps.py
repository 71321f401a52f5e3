"""What has become of the input of a traced function: which of our layers, with which tensors, and the value itself.

Letters: B inputs, each of a shape of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from trainer.models.layers import Layer
from trainer.models.numpy_engine import run_part

Floats = NDArray[np.float32]
Function = Callable[[Tensor], Any]


class UntraceableError(Exception):
    """What the function does that our layers do not; a few words that end a sentence."""


@dataclass(frozen=True)
class Exponential:
    """exp, allowed only right before a logarithm."""


@dataclass(frozen=True)
class Clamp:
    """Numbers held within bounds, taken for nothing as long as they hardly cut anything off: `disagreement` tells."""

    low: float
    """−∞ for none"""
    high: float
    """∞ for none"""


@dataclass(frozen=True, eq=False)
class TracedLayer:
    """One step of a traced function. Two values that share such an object went through the same computation."""

    layer: Layer | Exponential | Clamp
    """the layer, or what is allowed only in passing"""
    arrays: dict[str, Floats] = field(default_factory=dict)
    """its tensors by their names within the layer: weight, bias"""


@dataclass(frozen=True)
class TracedNetwork:
    """Layers in a row and their tensors."""

    layers: tuple[Layer, ...]
    """from the input to the output"""
    weights: dict[str, Floats]
    """tensors by their names within a part, `3.weight`, as `layers.part_shapes` gives them"""
    clamp: float = 0.0
    """how much of 0 to 1 the function cuts off at either end, which the layers do not: at most `MOST_CLAMPED`"""

    def run(self, x: Floats) -> Floats:
        """What our own engine makes of x (B, …)."""
        return run_part("part", self.layers, {f"part.{name}": array for name, array in self.weights.items()}, x)


@dataclass(frozen=True)
class TracedValue:
    """What has become of the input."""

    steps: tuple[TracedLayer, ...]
    """the layers so far"""
    real: Tensor
    """the value itself for the example, (B, …)"""

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.real.shape[1:])

    def then(self, real: Tensor, layer: Layer | Exponential | Clamp, **arrays: Tensor | Floats) -> TracedValue:
        return TracedValue((*self.steps, TracedLayer(layer, {name: as_floats(array) for name, array in arrays.items()})), real)


def as_floats(array: Tensor | NDArray[Any]) -> Floats:
    data = array.detach().cpu().numpy() if isinstance(array, Tensor) else array
    return np.ascontiguousarray(data, np.float32)

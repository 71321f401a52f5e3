"""Which steps of a graph are needless, or one where there are several?

Every rule takes a step and who reads which step, and gives a step that computes the same, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log, prod

import numpy as np
import torch

from trainer.importers.tracing.affine import constant_step, is_zero, scaled, with_constant
from trainer.importers.tracing.steps import Given, Step, UntraceableError, step_of
from trainer.models import layers as spec
from trainer.models.layer_records import MOST_INPUTS
from trainer.models.layers import Shape
from trainer.models.numpy_engine import run_part


@dataclass(frozen=True)
class Uses:
    """Who takes the outputs of the steps of a graph."""

    single: set[int]
    """Of the steps that one other takes, by their `id`."""
    cut: set[int]
    """Of those of which all others take slices, together no more than there is."""

    def alone(self, step: Step) -> bool:
        """Whether one other step takes it."""
        return id(step) in self.single


Rule = Callable[[Step, Uses], Step | None]
POSITIVE = ("exp", "softplus", "sigmoid")


def _constant(step: Step, uses: Uses) -> Step | None:
    """What depends on no input is computed now."""
    if not step.sources or not all(isinstance(source.layer, spec.Constant) for source in step.sources):
        return None
    sources = list({id(source): source for source in step.sources}.values())
    numbers = {id(source): i for i, source in enumerate(sources)}
    own = step_layer(step)
    layers = (
        *(step_layer(source) for source in sources),
        replace(own, inputs=tuple(numbers[id(source)] for source in step.sources)),
    )
    arrays = {f"part.{i}.{name}": array for i, each in enumerate((*sources, step)) for name, array in each.arrays.items()}
    return constant_step(torch.from_numpy(np.array(run_part("part", layers, arrays, np.zeros((1, 1), np.float32))[0])))


def step_layer(step: Step) -> spec.Layer:
    """The layer of a step that is none of the inputs."""
    assert not isinstance(step.layer, Given)
    return step.layer


def _reshape(step: Step, uses: Uses) -> Step | None:
    """Two in a row are one; one that changes nothing is none."""
    if isinstance(step.layer, spec.Flatten | spec.Unflatten):
        return step_of(spec.Reshape(step.shape), step.sources[0])
    if not isinstance(step.layer, spec.Reshape):
        return None
    (source,) = step.sources
    if source.shape == step.shape:
        return source
    return step_of(step.layer, source.sources[0]) if isinstance(source.layer, spec.Reshape) else None


def _permute(step: Step, uses: Uses) -> Step | None:
    """Two in a row are one; one that moves no number is a change of shape."""
    if not isinstance(step.layer, spec.Permute):
        return None
    (source,), axes = step.sources, step.layer.axes
    long = [axis for axis in axes if source.shape[axis] > 1]
    if long == sorted(long):
        return step_of(spec.Reshape(step.shape), source)
    if isinstance(source.layer, spec.Permute):
        inner = source.layer.axes
        return step_of(spec.Permute(tuple(inner[axis] for axis in axes)), source.sources[0])
    return None


def _slice(step: Step, uses: Uses) -> Step | None:
    """All of it is no slice; of a join it is one of its parts."""
    if not isinstance(step.layer, spec.Slice):
        return None
    (source,), layer = step.sources, step.layer
    if source.shape == step.shape:
        return source
    inner = source.layer
    if isinstance(inner, spec.Slice) and inner.axis == layer.axis and inner.step == 1:
        return step_of(spec.Slice(layer.axis, inner.start + layer.start, inner.start + layer.stop, layer.step), source.sources[0])
    if isinstance(inner, spec.Concat) and inner.axis == layer.axis:
        at = 0
        for part in source.sources:
            side = part.shape[layer.axis]
            if at <= layer.start and layer.stop <= at + side:
                return step_of(spec.Slice(layer.axis, layer.start - at, layer.stop - at, layer.step), part)
            at += side
    return None


def _concat(step: Step, uses: Uses) -> Step | None:
    """Of one part, of parts that are joins themselves, and of slices that lie beside each other."""
    if not isinstance(step.layer, spec.Concat):
        return None
    axis, parts = step.layer.axis, step.sources
    if len(parts) == 1:
        return parts[0]
    flat = [inner for part in parts for inner in (part.sources if part.layer == step.layer and uses.alone(part) else (part,))]
    if len(parts) < len(flat) <= MOST_INPUTS:
        return step_of(step.layer, *flat)
    for i, (first, second) in enumerate(pairwise(parts)):
        joined = _neighbours(first, second, axis)
        if joined is not None:
            rest = (*parts[:i], joined, *parts[i + 2 :])
            return rest[0] if len(rest) == 1 else step_of(step.layer, *rest)
    return _of_views(parts) if axis == 0 else None


def _neighbours(first: Step, second: Step, axis: int) -> Step | None:
    """Two parts of a join as one."""
    a, b = first.layer, second.layer
    if not (isinstance(a, spec.Slice) and isinstance(b, spec.Slice)) or first.sources != second.sources:
        return None
    is_next = a.axis == b.axis == axis and a.step == b.step == 1 and a.stop == b.start
    return step_of(spec.Slice(axis, a.start, b.stop), first.sources[0]) if is_next else None


def _of_views(parts: Sequence[Step]) -> Step | None:
    """Vectors that are pictures of one size row by row: the pictures one after the other, as a vector."""
    if not all(isinstance(part.layer, spec.Reshape) and len(part.shape) == 1 for part in parts):
        return None
    inner = [part.sources[0] for part in parts]
    if len({part.shape[1:] for part in inner}) != 1 or len(inner[0].shape) < 2:
        return None
    return step_of(spec.Reshape((sum(prod(part.shape) for part in inner),)), step_of(spec.Concat(0), *inner))


def _combine(step: Step, uses: Uses) -> Step | None:
    """With constants, with itself, with what was grown only to fit, and a sum from which one of its terms is taken."""
    if not isinstance(step.layer, spec.Combine):
        return None
    kind, (a, b) = step.layer.kind, step.sources
    if kind == "multiply":
        found = _known_product(a, b) or _known_product(b, a)
        if found is not None:
            return found
    if isinstance(b.layer, spec.Constant) or (isinstance(a.layer, spec.Constant) and kind in ("add", "multiply")):
        x, c = (a, b) if isinstance(b.layer, spec.Constant) else (b, a)
        found = _with(kind, x, c, step.shape)
        if found is not None:
            return found
    if (
        kind == "subtract"
        and isinstance(a.layer, spec.Combine)
        and a.layer.kind == "add"
        and b in a.sources
        and a.shape == step.shape
    ):
        rest = a.sources[1] if a.sources[0] is b else a.sources[0]
        return rest if rest.shape == step.shape else None
    return _ungrown(step)


def _known_product(a: Step, b: Step) -> Step | None:
    """x · x, and x · sigmoid(x)."""
    if a is b:
        return step_of(spec.Activation("square"), a)
    return step_of(spec.Activation("silu"), a) if b.layer == spec.Activation("sigmoid") and b.sources[0] is a else None


def _with(kind: spec.CombineKind, x: Step, c: Step, shape: Shape) -> Step | None:
    array = torch.from_numpy(c.arrays["weight"]).double()
    if kind == "subtract":
        kind, array = "add", -array
    if kind == "divide":
        kind, array = "multiply", 1 / array
    found = with_constant(kind, x, array) if kind in ("add", "multiply") else None
    return None if found is None or isinstance(found.layer, spec.Combine) or found.shape != shape else found


def _ungrown(step: Step) -> Step | None:
    """x + 0, where 0 is there for its shape alone, is x where the other input has that shape."""
    for i, source in enumerate(step.sources):
        if isinstance(source.layer, spec.Combine) and source.layer.kind == "add" and is_zero(source.sources[1]):
            sources = list(step.sources)
            sources[i] = source.sources[0]
            try:
                found = step_of(step_layer(step), *sources)
            except UntraceableError:
                continue
            if found.shape == step.shape:
                return found
    return None


def _logarithm(step: Step, uses: Uses) -> Step | None:
    """log of exp, of a root, of a square and of a product."""
    if step.layer != spec.Activation("log"):
        return None
    (source,) = step.sources
    inner = source.layer
    if inner == spec.Activation("exp"):
        return source.sources[0]
    if inner == spec.Activation("sqrt"):
        return scaled(step_of(spec.Activation("log"), source.sources[0]), 0.5)
    if isinstance(inner, spec.Scale) and inner.by > 0 and inner.plus == 0:
        return scaled(step_of(spec.Activation("log"), source.sources[0]), 1.0, log(inner.by))
    if inner == spec.Activation("square") and _is_positive(source.sources[0]):
        return scaled(step_of(spec.Activation("log"), source.sources[0]), 2.0)
    return None


def _sigmoid(step: Step, uses: Uses) -> Step | None:
    """(tanh(x) + 1) / 2 = sigmoid(2x)."""
    if step.layer != spec.Scale(0.5, 0.5) or step.sources[0].layer != spec.Activation("tanh"):
        return None
    return step_of(spec.Activation("sigmoid"), scaled(step.sources[0].sources[0], 2.0))


def _root(step: Step, uses: Uses) -> Step | None:
    """√ of a square of what is positive, and of exp."""
    (source,) = step.sources if step.layer == spec.Activation("sqrt") else (None,)
    if source is None:
        return None
    if source.layer == spec.Activation("square") and _is_positive(source.sources[0]):
        return source.sources[0]
    if source.layer == spec.Activation("exp"):
        return step_of(spec.Activation("exp"), scaled(source.sources[0], 0.5))
    return None


def _is_positive(step: Step) -> bool:
    layer = step.layer
    if isinstance(layer, spec.Activation):
        return layer.kind in POSITIVE or (layer.kind == "sqrt" and _is_positive(step.sources[0]))
    if isinstance(layer, spec.Scale):
        return layer.by > 0 and layer.plus >= 0 and _is_positive(step.sources[0])
    return isinstance(layer, spec.Clamp) and layer.low > 0


GRAPH_RULES: tuple[Rule, ...] = (_constant, _reshape, _permute, _slice, _concat, _combine, _logarithm, _sigmoid, _root)

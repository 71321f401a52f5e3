"""How does a graph of steps become one network, its layers in an order in which they can be computed?

Several vectors that share their first layers, such as mean and log variance, become one network that gives them one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from trainer.importers.tracing.simplify import simplified
from trainer.importers.tracing.steps import Floats, Given, Step, TracedNetwork, TracedValue, UntraceableError, step_of
from trainer.models import layers as spec
from trainer.models.layer_shapes import tensor_shapes
from trainer.models.layers import CLASS, INPUT, Layer, inputs_of

MOST_CLAMPED = 1e-3  # of the range from 0 to 1 at either end; a quarter of a grey level of 255


def network_of(value: TracedValue | Step) -> TracedNetwork:
    """The layers of everything that a value is computed of."""
    step, cut = _unclamped(simplified(value.step if isinstance(value, TracedValue) else value))
    if isinstance(step.layer, Given):
        step = step_of(spec.Reshape(step.shape), step)
    steps = in_order(step)
    numbers = {id(step): i for i, step in enumerate(steps)}
    layers: list[Layer] = []
    weights: dict[str, Floats] = {}
    for i, step in enumerate(steps):
        assert not isinstance(step.layer, Given)
        inputs = tuple(source.layer.number if isinstance(source.layer, Given) else numbers[id(source)] for source in step.sources)
        is_next = inputs == (i - 1,)  # −1 of the first is the input
        layers.append(replace(_named(step), inputs=() if is_next else inputs))
        weights |= {f"{i}.{name}": array for name, array in step.arrays.items()}
    return TracedNetwork(tuple(layers), weights, cut)


def in_order(last: Step) -> list[Step]:
    """The layers before a step and itself, each after those that it takes; what is given is none of them."""
    done: dict[int, Step] = {}
    waiting = [last]
    while waiting:
        step = waiting[-1]
        missing = [source for source in reversed(step.sources) if id(source) not in done and not isinstance(source.layer, Given)]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if not isinstance(step.layer, Given):
            done.setdefault(id(step), step)
    return list(done.values())


def joined_values(values: Sequence[TracedValue]) -> Step:
    """All the vectors, one after the other."""
    if any(not value.is_plain and value.real.ndim > 1 for value in values):
        raise UntraceableError("mixes the inputs of a batch")
    flat = [value.step if len(value.shape) == 1 else step_of(spec.Reshape((prod(value.shape),)), value.step) for value in values]
    return flat[0] if len(flat) == 1 else step_of(spec.Concat(0), *flat)


def _named(step: Step) -> Layer:
    """A change of shape by the name that it has between pictures and vectors."""
    layer = step.layer
    assert not isinstance(layer, Given)
    if isinstance(layer, spec.Reshape):
        before = step.sources[0].shape
        if len(layer.shape) == 1 and len(before) == 3:
            return spec.Flatten()
        if len(layer.shape) == 3 and len(before) == 1:
            return spec.Unflatten((layer.shape[0], layer.shape[1], layer.shape[2]))
    return layer


def _unclamped(step: Step) -> tuple[Step, float]:
    """Without a last clamp of probabilities that cuts off next to nothing, and how much that is at either end: `disagreement` tells."""
    if isinstance(step.layer, spec.Reshape):
        inner, cut = _unclamped(step.sources[0])
        return (step, 0.0) if inner is step.sources[0] else (step_of(step.layer, inner), cut)
    if isinstance(step.layer, spec.Clamp) and step.sources[0].layer == spec.Activation("sigmoid"):
        cut = max(step.layer.low, 1 - step.layer.high)
        if cut <= 1.001 * MOST_CLAMPED:
            return step.sources[0], max(0.0, cut)
    return step, 0.0


def without(found: TracedNetwork, at: int) -> TracedNetwork:
    """A network without one of its layers of one input: the next one takes what it took."""
    (source,) = inputs_of(found.layers, at)
    kept = [i for i in range(len(found.layers)) if i != at]
    new = {old: i for i, old in enumerate(kept)} | {INPUT: INPUT, CLASS: CLASS}
    new[at] = new[source]
    layers: list[Layer] = []
    weights: dict[str, Floats] = {}
    for i, old in enumerate(kept):
        inputs = tuple(new[number] for number in inputs_of(found.layers, old))
        layers.append(replace(found.layers[old], inputs=() if inputs == (i - 1,) else inputs))
        weights |= {f"{i}.{key}": found.weights[f"{old}.{key}"] for key in tensor_shapes(found.layers[old])}
    return TracedNetwork(tuple(layers), weights, found.clamp)

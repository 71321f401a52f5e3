"""What does a layer compute, and what does it pass back?

A rule lays out one layer for a fixed number of images: it takes the buffer that holds the layer's input and the one in which the gradient
of that input is wanted, and gives those of its output. What is to be done is put down as calls of torch's kernels on these buffers, so
that a step only makes the calls. A layer may change its input in place where its own derivative needs the output alone.

Gradients of activations are sums over images, not means: the factor 1/B rides on the products that end in a parameter.
Letters: B images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from trainer.models import layers as spec
from trainer.models.layers import Layer, inputs_of
from trainer.training.backward.flat import FlatAdam

Call = Callable[[], Any]
aten = torch.ops.aten
_OF_OUTPUT: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Call]]] = {
    "relu": (torch.relu_, lambda grad, out: partial(aten.threshold_backward.grad_input, grad, out, 0, grad_input=grad)),
    "tanh": (torch.tanh_, lambda grad, out: partial(aten.tanh_backward.grad_input, grad, out, grad_input=grad)),
    "sigmoid": (torch.sigmoid_, lambda grad, out: partial(aten.sigmoid_backward.grad_input, grad, out, grad_input=grad)),
}
"""In place, and what makes of the gradient of the output, in place, that of the input; both know the output alone."""


@dataclass
class Tape:
    """The calls of a step."""

    n: int
    """B"""
    forward: list[Call] = field(default_factory=list)
    backward: list[list[Call]] = field(default_factory=list)
    """those of each layer, in the order of the layers: the way back takes them from the last"""

    def run_forward(self) -> None:
        for call in self.forward:
            call()

    def run_backward(self) -> None:
        for calls in reversed(self.backward):
            for call in calls:
                call()


@dataclass(frozen=True)
class Buffers:
    """(B, n) each: numbers, and the gradient of the loss with respect to them; none where nobody asks for it."""

    value: Tensor
    gradient: Tensor | None


def is_known(layers: tuple[Layer, ...]) -> bool:
    """Whether there are rules for these: a plain row of dense layers, each with at most one activation behind it."""
    if any(inputs_of(layers, i) != (i - 1,) for i in range(len(layers))):
        return False
    row = [layer for layer in layers if not isinstance(layer, spec.Flatten | spec.Unflatten)]
    # an activation may overwrite what a dense layer gives, which that layer does not need; anything else might
    return all(_is_known(layer, before) for before, layer in pairwise((None, *row)))


def _is_known(layer: Layer | None, before: Layer | None) -> bool:
    match layer:
        case spec.Activation(kind):
            return isinstance(before, spec.Linear) and kind in (*_OF_OUTPUT, "silu", "gelu")
        case spec.Linear(n_labels=n_labels):
            return n_labels == 0
    return False


def lay_out(tape: Tape, layers: tuple[Layer, ...], modules: Sequence[nn.Module], given: Buffers, flat: FlatAdam) -> Buffers:
    """The buffers of the output of a row of layers."""
    for layer, module in zip(layers, modules, strict=True):
        match layer:
            case spec.Linear():
                assert isinstance(module, nn.Linear)
                given = _linear(tape, module, given, flat)
            case spec.Activation(kind):
                given = _activation(tape, kind, given)
    return given


def _linear(tape: Tape, module: nn.Linear, given: Buffers, flat: FlatAdam) -> Buffers:
    weight, bias = module.weight.data, module.bias.data
    of_weight, of_bias = flat.gradient_of(module.weight), flat.gradient_of(module.bias)
    assert of_weight is not None and of_bias is not None
    out, back = weight.new_empty(tape.n, len(weight)), weight.new_empty(tape.n, len(weight))
    ones, share = weight.new_ones(tape.n), 1 / tape.n
    tape.forward.append(partial(torch.addmm, bias, given.value, weight.T, out=out))
    calls: list[Call] = [
        partial(torch.addmm, of_weight, back.T, given.value, beta=0, alpha=share, out=of_weight),
        partial(torch.addmv, of_bias, back.T, ones, beta=0, alpha=share, out=of_bias),
    ]
    if given.gradient is not None:
        calls.append(partial(torch.mm, back, weight, out=given.gradient))
    tape.backward.append(calls)
    return Buffers(out, back)


def _activation(tape: Tape, kind: str, given: Buffers) -> Buffers:
    back = given.gradient
    assert back is not None  # what a dense layer gives, as `is_known` has seen to
    if kind in _OF_OUTPUT:
        forward, backward = _OF_OUTPUT[kind]
        tape.forward.append(partial(forward, given.value))
        tape.backward.append([backward(back, given.value)])
        return given
    out = torch.empty_like(given.value)
    if kind == "silu":
        tape.forward.append(partial(aten.silu.out, given.value, out=out))
        tape.backward.append([partial(aten.silu_backward.grad_input, back, given.value, grad_input=back)])
    else:
        tape.forward.append(partial(aten.gelu.out, given.value, approximate="tanh", out=out))
        tape.backward.append([partial(aten.gelu_backward.grad_input, back, given.value, approximate="tanh", grad_input=back)])
    return Buffers(out, back)

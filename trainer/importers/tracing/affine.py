"""Which layer adds a constant or multiplies by one: a number, one a channel, or a tensor of its own?"""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from torch import Tensor

from trainer.importers.tracing.steps import Step, TracedValue, UntraceableError, as_floats, step_of
from trainer.models import layers as spec
from trainer.models.layers import Shape


def item_constant(c: Tensor, x: TracedValue) -> Tensor:
    """A constant beside a value, for one input and in double precision. Raises `UntraceableError` where it differs from input to input."""
    c = c.detach().double()
    at = x.at - x.real.ndim + c.ndim
    if at < 0:
        return c
    if c.shape[at] == 1:
        return c if x.folds else c.select(at, 0)
    n_folded = x.shape[x.at] if x.folds else 1
    n = x.real.shape[x.at] // n_folded
    if c.shape[at] != n * n_folded:
        raise UntraceableError("mixes the inputs of a batch")
    rows = c.reshape(*c.shape[:at], x.before, n, n_folded // x.before, *c.shape[at + 1 :])
    first: Tensor = rows.select(at + 1, 0)
    if not torch.allclose(rows, first.unsqueeze(at + 1).expand_as(rows), 1e-5, 1e-6):
        raise UntraceableError("uses numbers that differ from input to input")
    return first.flatten(at, at + 1) if x.folds else first.squeeze(at + 1).squeeze(at)


def constant_step(array: Tensor) -> Step:
    """A tensor that depends on no input."""
    own = array if array.ndim else array[None]
    return Step(spec.Constant(tuple(own.shape)), tuple(own.shape), (), {"weight": as_floats(own)})


def scaled(step: Step, by: float, plus: float = 0.0) -> Step:
    """x·by + plus."""
    return step if (by, plus) == (1.0, 0.0) else step_of(spec.Scale(by, plus), step)


def with_constant(kind: spec.CombineKind, step: Step, c: Tensor) -> Step:
    """x + c or x·c for a constant c in double precision that is broadcast as numpy does."""
    shape: Shape = step.shape
    is_sum = kind == "add"
    keeps_shape = _broadcasts_into(tuple(c.shape), shape)
    if keeps_shape and kind in ("add", "multiply"):
        if bool((c == c.flatten()[0]).all()):
            number = float(c.flatten()[0])
            if number == 0 and not is_sum:
                return constant_step(torch.zeros(shape))
            return scaled(step, 1.0, number) if is_sum else scaled(step, number)
        of_channels = (1,) * (len(shape) - c.ndim) + tuple(c.shape)
        if prod(of_channels[1:]) == 1 and of_channels[0] == shape[0]:
            return channel_affine(step, torch.ones(shape[0]) if is_sum else c, c if is_sum else torch.zeros(shape[0]))
    return step_of(spec.Combine(kind), step, constant_step(c))


def channel_affine(step: Step, by: Tensor, plus: Tensor) -> Step:
    """x·by + plus with one number of each for a channel."""
    return step_of(spec.ChannelAffine(step.shape[0]), step, weight=by.reshape(-1), bias=plus.reshape(-1))


def grown(step: Step, shape: Shape) -> Step:
    """The same numbers again and again along axes of length 1, and along new ones before all others."""
    old = (1,) * (len(shape) - len(step.shape)) + step.shape
    if old == shape:
        return step if step.shape == shape else step_of(spec.Reshape(shape), step)
    if any(a not in (1, b) for a, b in zip(old, shape, strict=True)):
        raise UntraceableError(f"grows a tensor of shape {step.shape} to {shape}")
    sides = tuple(1 if a == b else b for a, b in zip(old, shape, strict=True))
    return step_of(spec.Combine("add"), step, constant_step(torch.zeros(sides)))


def is_zero(step: Step) -> bool:
    """Whether a step is a constant of zeros."""
    return isinstance(step.layer, spec.Constant) and not np.any(step.arrays["weight"])


def _broadcasts_into(small: Shape, large: Shape) -> bool:
    """Whether broadcasting two shapes gives the second."""
    return len(small) <= len(large) and all(a in (1, b) for a, b in zip(reversed(small), reversed(large), strict=False))

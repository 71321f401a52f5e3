"""Which scales, shifts and products of matrices go into the layer before?

As in `graph_rules`, every rule takes a step and who reads which step.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
import torch
from torch import Tensor

from trainer.importers.tracing.affine import constant_step
from trainer.importers.tracing.graph_rules import Rule, Uses
from trainer.importers.tracing.steps import Step, step_of
from trainer.models import layers as spec

Weighted = spec.Linear | spec.Conv2d | spec.ConvTranspose2d


def _scale(step: Step, uses: Uses) -> Step | None:
    """A scale that is none, of nothing, of a scale, and of a change of shape."""
    if not isinstance(step.layer, spec.Scale):
        return None
    (source,), by, plus = step.sources, step.layer.by, step.layer.plus
    inner = source.layer
    if (by, plus) == (1.0, 0.0):
        return source
    if by == 0:
        return constant_step(torch.full(step.shape, plus))
    if isinstance(inner, spec.Scale):
        return step_of(spec.Scale(by * inner.by, by * inner.plus + plus), source.sources[0])
    if isinstance(inner, spec.Reshape | spec.Permute) and uses.alone(source):
        return step_of(inner, step_of(step.layer, source.sources[0]))
    return None


def _affine(step: Step, uses: Uses) -> Step | None:
    """A scale and a shift of numbers or channels, into the layer before."""
    found = _scale_and_shift(step)
    if found is None or not uses.alone(step.sources[0]):
        return None
    (source,), (by, plus) = step.sources, found
    inner = _scale_and_shift(source)
    if inner is not None:
        n = max(len(by), len(inner[0]))
        arrays = {"weight": by * inner[0], "bias": by * inner[1] + plus}
        return step_of(spec.ChannelAffine(n), source.sources[0], **{name: array.expand(n) for name, array in arrays.items()})
    if isinstance(source.layer, Weighted) and (len(source.shape) in (1, 3) or len(by) == 1):
        return _folded(source, by, plus)
    return _before_moves(source, by, plus)


def _before_moves(source: Step, by: Tensor, plus: Tensor) -> Step | None:
    """A scale and a shift of channels before a vector becomes a picture, or before its pixels are repeated: there they are fewer."""
    if len(by) == 1 or not isinstance(source.layer, spec.Reshape | spec.Upsample):
        return None
    before = source.sources[0]
    if isinstance(source.layer, spec.Reshape):
        if len(before.shape) > 1:
            return None
        by, plus = (array.repeat_interleave(before.shape[0] // len(array)) for array in (by, plus))
    return step_of(source.layer, step_of(spec.ChannelAffine(len(by)), before, weight=by, bias=plus))


def _scale_and_shift(step: Step) -> tuple[Tensor, Tensor] | None:
    """(1,) of a `Scale`, (channels,) of a `ChannelAffine`, in double precision."""
    if isinstance(step.layer, spec.Scale):
        return torch.tensor([step.layer.by], dtype=torch.float64), torch.tensor([step.layer.plus], dtype=torch.float64)
    if isinstance(step.layer, spec.ChannelAffine):
        return _double(step, "weight"), _double(step, "bias")
    return None


def _double(step: Step, name: str) -> Tensor:
    return torch.from_numpy(step.arrays[name]).double()


def _folded(source: Step, by: Tensor, plus: Tensor) -> Step | None:
    """by · layer + plus as a layer; by and plus for every output, or one for all."""
    layer = source.layer
    assert isinstance(layer, Weighted)
    if isinstance(layer, spec.Linear) and len(source.shape) > 1 and len(by) > 1:
        return None  # channels are the first axis, outputs the last
    weight, bias = _double(source, "weight"), _double(source, "bias")
    by, plus = by.expand(len(bias)), plus.expand(len(bias))
    if isinstance(layer, spec.ConvTranspose2d):
        of_groups = by.reshape(layer.groups, -1).repeat_interleave(layer.n_in // layer.groups, 0)
        weight = weight * of_groups[:, :, None, None]
    else:
        weight = weight * by.reshape(-1, *[1] * (weight.ndim - 1))
    return step_of(layer, *source.sources, weight=weight, bias=bias * by + plus)


def _into_next(step: Step, uses: Uses) -> Step | None:
    """A scale and a shift before a matrix, into it; before a convolution only what does not touch the zeros around the picture."""
    if not isinstance(step.layer, spec.Linear | spec.Conv2d) or not uses.alone(step.sources[0]):
        return None
    (source,), layer = step.sources, step.layer
    found = _scale_and_shift(source)
    if found is None:
        return None
    by, plus = found
    weight, bias = _double(step, "weight"), _double(step, "bias")
    if isinstance(layer, spec.Linear):
        if layer.n_labels or (len(source.shape) > 1 and len(by) > 1):
            return None
        moved = bias + weight @ plus.expand(layer.n_in)
        return step_of(layer, source.sources[0], weight=weight * by.expand(layer.n_in), bias=moved)
    if layer.groups != 1 or (bool(plus.any()) and layer.padding != 0):
        return None
    moved = bias + (weight * plus.expand(layer.n_in)[:, None, None]).sum((1, 2, 3))
    return step_of(layer, source.sources[0], weight=weight * by.expand(layer.n_in)[:, None, None], bias=moved)


def _rows_of_constants(step: Step, uses: Uses) -> Step | None:
    """A constant that is added to, or multiplies, the last axis of what a matrix gives."""
    if not isinstance(step.layer, spec.Combine) or step.layer.kind not in ("add", "multiply"):
        return None
    source, c = step.sources
    if not isinstance(source.layer, spec.Linear) or not isinstance(c.layer, spec.Constant) or not uses.alone(source):
        return None
    n = source.layer.n_out
    if prod(c.shape) != n or c.shape[-1] != n or len(c.shape) > len(source.shape):
        return None
    array, weight, bias = _double(c, "weight").reshape(-1), _double(source, "weight"), _double(source, "bias")
    if step.layer.kind == "add":
        return step_of(source.layer, *source.sources, weight=weight, bias=bias + array)
    return step_of(source.layer, *source.sources, weight=weight * array[:, None], bias=bias * array)


def _product(step: Step, uses: Uses) -> Step | None:
    """Two matrices in a row as one, where that is no larger."""
    if (
        not isinstance(step.layer, spec.Linear)
        or not isinstance(step.sources[0].layer, spec.Linear)
        or not uses.alone(step.sources[0])
    ):
        return None
    (source,) = step.sources
    first, second = source.layer, step.layer
    assert isinstance(first, spec.Linear)
    n_in, n_middle, n_out = first.n_in, first.n_out, second.n_out
    if first.n_labels or second.n_labels or n_in * n_out > n_middle * (n_in + n_out):
        return None
    w1, b1, w2, b2 = (_double(each, name) for each in (source, step) for name in ("weight", "bias"))
    return step_of(spec.Linear(n_in, n_out), *source.sources, weight=w2 @ w1, bias=w2 @ b1 + b2)


def _some_rows(step: Step, uses: Uses) -> Step | None:
    """Some outputs of a matrix or channels of a convolution: those of its rows."""
    if not isinstance(step.layer, spec.Slice) or not (uses.alone(step.sources[0]) or id(step.sources[0]) in uses.cut):
        return None
    (source,), cut = step.sources, step.layer
    layer = source.layer
    is_last = isinstance(layer, spec.Linear) and cut.axis == len(source.shape) - 1
    is_first = isinstance(layer, spec.Conv2d) and layer.groups == 1 and cut.axis == 0
    if not (is_last or is_first):
        return None
    assert isinstance(layer, spec.Linear | spec.Conv2d)
    rows = slice(cut.start, cut.stop, cut.step)
    arrays = {name: array[rows] for name, array in source.arrays.items()}
    return step_of(replace(layer, n_out=len(arrays["bias"])), *source.sources, **arrays)


def _beside(step: Step, uses: Uses) -> Step | None:
    """Matrices or convolutions of one input that stand side by side as one."""
    if not isinstance(step.layer, spec.Concat) or step.layer.axis != 0:
        return None
    for i, (first, second) in enumerate(zip(step.sources, step.sources[1:], strict=False)):
        if not (uses.alone(first) and uses.alone(second)) or first.sources != second.sources or first is second:
            continue
        a, b = first.layer, second.layer
        is_dense = isinstance(a, spec.Linear) and isinstance(b, spec.Linear) and len(first.shape) == 1
        is_conv = isinstance(a, spec.Conv2d) and isinstance(b, spec.Conv2d) and a.groups == 1
        if not (is_dense or is_conv):
            continue
        assert isinstance(a, spec.Linear | spec.Conv2d) and isinstance(b, spec.Linear | spec.Conv2d)
        both = replace(a, n_out=a.n_out + b.n_out)
        if both != replace(b, n_out=a.n_out + b.n_out):
            continue
        arrays = {name: np.concatenate([first.arrays[name], second.arrays[name]]) for name in first.arrays}
        joined = step_of(both, *first.sources, **arrays)
        rest = (*step.sources[:i], joined, *step.sources[i + 2 :])
        return joined if len(rest) == 1 else step_of(step.layer, *rest)
    return None


FOLD_RULES: tuple[Rule, ...] = (_scale, _affine, _into_next, _rows_of_constants, _product, _some_rows, _beside)

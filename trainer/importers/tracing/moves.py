"""Which layers are torch's views, joins and cuts: what moves numbers and computes none?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any

import torch
from torch import Tensor

from trainer.importers.tracing.affine import constant_step, grown, item_constant
from trainer.importers.tracing.arithmetic import Arguments, Handler, first_of, is_aligned
from trainer.importers.tracing.steps import TracedValue, UntraceableError, item_shape, place_of_batch, step_of
from trainer.models import layers as spec
from trainer.models.layer_records import MOST_INPUTS

PAD_KINDS: dict[str, spec.PadKind] = {"constant": "zeros", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def n_inputs(x: TracedValue) -> int:
    """How many inputs the example has."""
    return x.real.shape[x.at] // (x.shape[x.at] if x.folds else 1)


def reshaped(x: TracedValue, real: Tensor) -> TracedValue:
    """The same numbers in the same order."""
    if real.shape == x.real.shape:
        return x.becomes(x.step, real)
    n = n_inputs(x)
    at, folds, before = place_of_batch(tuple(real.shape), prod(x.real.shape[: x.at]) * x.before, n)
    shape = item_shape(tuple(real.shape), at, folds, n)
    return x.becomes(x.step if shape == x.shape else step_of(spec.Reshape(shape), x.step), real, at, folds, before)


def permuted(x: TracedValue, dims: Sequence[int], real: Tensor) -> TracedValue:
    """Axis i of the output is axis dims[i] of the input."""
    order = [int(dim) % x.real.ndim for dim in dims]
    axes = tuple(order if x.folds else (dim - (dim > x.at) for dim in order if dim != x.at))
    step = x.step if axes == tuple(range(len(axes))) else step_of(spec.Permute(axes), x.step)
    return x.becomes(step, real, order.index(x.at))


def cut(x: TracedValue, dim: int, start: int, stop: int, real: Tensor, step: int = 1) -> TracedValue:
    """From start up to, not including, stop along an axis, every step-th."""
    if (start, step) == (0, 1) and stop >= x.real.shape[dim]:
        return x
    return x.then(real, spec.Slice(x.axis(dim), start, min(stop, x.real.shape[dim]), step))


def joined(parts: Sequence[Any], dim: int, real: Tensor) -> TracedValue:
    """One after the other along an axis; some may be constants."""
    parts = [part for part in parts if isinstance(part, TracedValue) or part.numel()]
    x = next(part for part in parts if isinstance(part, TracedValue))
    if any(isinstance(part, TracedValue) and not (is_aligned(x, part) and x.at == part.at) for part in parts):
        raise UntraceableError("mixes the inputs of a batch")
    steps = [part.step if isinstance(part, TracedValue) else constant_step(item_constant(part, x)) for part in parts]
    if len(steps) > MOST_INPUTS:
        raise UntraceableError(f"joins more than {MOST_INPUTS} tensors")
    return x.becomes(step_of(spec.Concat(x.axis(dim)), *steps), real)


def _view(a: Arguments, real: Tensor) -> TracedValue:
    return reshaped(first_of(a), real)


def _permute(a: Arguments, real: Tensor) -> TracedValue:
    return permuted(first_of(a), a["dims"], real)


def _transpose(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    order = list(range(x.real.ndim))
    first, second = (a["dim0"], a["dim1"]) if "dim0" in a else (-2, -1)
    order[first], order[second] = order[second], order[first]
    return permuted(x, order, real)


def _turned(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    return permuted(x, list(reversed(range(x.real.ndim))), real)


def _expand(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    return _grown(x, real)


def _grown(x: TracedValue, real: Tensor) -> TracedValue:
    at = x.at + real.ndim - x.real.ndim
    return x.becomes(grown(x.step, item_shape(tuple(real.shape), at, x.folds, n_inputs(x))), real, at)


def _broadcast(a: Arguments, real: Sequence[Tensor]) -> list[Any]:
    return [_grown(x, out) if isinstance(x, TracedValue) else out for x, out in zip(a["tensors"], real, strict=True)]


def _repeat(a: Arguments, real: Tensor) -> TracedValue:
    x, times = first_of(a), list(a["repeats"] if "repeats" in a else a["dims"])
    times = [1] * (x.real.ndim - len(times)) + times
    x = reshaped(x, x.real.reshape((1,) * (len(times) - x.real.ndim) + tuple(x.real.shape)))
    for dim, n in enumerate(times):
        if n == 1:
            continue
        out = torch.cat([x.real] * n, dim)
        if dim == x.at:
            raise UntraceableError("repeats the inputs of a batch")
        x = _grown(x, out) if x.real.shape[dim] == 1 else joined([x] * n, dim, out)
    return x


def _repeat_each(a: Arguments, real: Tensor) -> TracedValue:
    """Every number several times in a row along an axis."""
    x, n, dim = first_of(a), a["repeats"], a.get("dim")
    if not isinstance(n, int) or dim is None:
        raise UntraceableError("repeats numbers differently often")
    dim %= x.real.ndim
    apart = reshaped(x, x.real.unsqueeze(dim + 1))
    shape = [*x.real.shape[: dim + 1], n, *x.real.shape[dim + 1 :]]
    return reshaped(_grown(apart, apart.real.expand(shape)), real)


def _slice(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    dim = int(a["dim"]) % x.real.ndim
    side = x.real.shape[dim]
    start = a["start"] or 0
    start = max(0, start + side if start < 0 else start)
    step = int(a["step"])
    return cut(x, dim, start, start + step * (real.shape[dim] - 1) + 1 if step > 1 else start + real.shape[dim], real, step)


def _narrow(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    dim = int(a["dim"]) % x.real.ndim
    start = int(a["start"])
    start += x.real.shape[dim] if start < 0 else 0
    return cut(x, dim, start, start + real.shape[dim], real)


def _select(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    return _one(x, int(a["dim"]) % x.real.ndim, int(a["index"]), real)


def _one(x: TracedValue, dim: int, index: int, real: Tensor) -> TracedValue:
    index %= x.real.shape[dim]
    return reshaped(cut(x, dim, index, index + 1, real.unsqueeze(dim)), real)


def _unbind(a: Arguments, real: Sequence[Tensor]) -> list[TracedValue]:
    x = first_of(a)
    dim = int(a["dim"]) % x.real.ndim
    return [_one(x, dim, i, part) for i, part in enumerate(real)]


def _split(a: Arguments, real: Sequence[Tensor]) -> list[TracedValue]:
    x = first_of(a)
    dim = int(a.get("dim") or 0) % x.real.ndim
    parts, start = [], 0
    for part in real:
        parts.append(cut(x, dim, start, start + part.shape[dim], part))
        start += part.shape[dim]
    return parts


def _cat(a: Arguments, real: Tensor) -> TracedValue:
    return joined(a["tensors"], int(a["dim"]) % real.ndim, real)


def _stack(a: Arguments, real: Tensor) -> TracedValue:
    dim = int(a["dim"]) % real.ndim
    apart = [
        reshaped(part, part.real.unsqueeze(dim)) if isinstance(part, TracedValue) else part.unsqueeze(dim) for part in a["tensors"]
    ]
    return joined(apart, dim, real)


def _gathered(x: TracedValue, dim: int, places: Sequence[int]) -> TracedValue:
    """The numbers at these places along an axis, in runs."""
    runs = [[places[0]]]
    for before, place in pairwise(places):
        runs[-1].append(place) if place == before + 1 else runs.append([place])
    if len(runs) > MOST_INPUTS:
        raise UntraceableError("picks numbers in an order of its own")
    parts = [cut(x, dim, run[0], run[-1] + 1, x.real.narrow(dim, run[0], len(run))) for run in runs]
    return parts[0] if len(parts) == 1 else joined(parts, dim, torch.cat([part.real for part in parts], dim))


def _index_select(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    return _gathered(x, int(a["dim"]) % x.real.ndim, a["index"].tolist())


def _places(index: Any) -> Any:
    """A mask of the model's own as the places where it is true."""
    is_mask = isinstance(index, Tensor) and index.dtype == torch.bool and index.ndim == 1
    return index.nonzero()[:, 0] if is_mask else index


def _index(a: Arguments, real: Tensor) -> TracedValue:
    """x[:, places], one list of places alone."""
    x = first_of(a)
    given = [(dim, _places(index)) for dim, index in enumerate(a["indices"]) if index is not None]
    if len(given) != 1 or not isinstance(given[0][1], Tensor) or given[0][1].dtype != torch.long or given[0][1].ndim != 1:
        raise UntraceableError("picks numbers by places that it computes (index)")
    dim, index = given[0]
    return _gathered(x, dim, [int(place) % x.real.shape[dim] for place in index])


def _flip(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    for dim in a["dims"]:
        x = _gathered(x, dim % x.real.ndim, list(reversed(range(x.real.shape[dim]))))
    return x


def _pad(a: Arguments, real: Tensor) -> TracedValue:
    """Around the last axes; less than nothing cuts off."""
    x, sides, kind = first_of(a), list(a["pad"] if "pad" in a else a["padding"]), PAD_KINDS[a.get("mode", "constant")]
    value = float(a.get("value") or 0)
    for i, side in enumerate(sides):  # what is cut off
        if side < 0:
            dim = x.real.ndim - 1 - i // 2
            length = x.real.shape[dim] + side
            start = 0 if i % 2 else -side
            x = cut(x, dim, start, start + length, x.real.narrow(dim, start, length))
    sides = [max(0, side) for side in sides]
    if not any(sides):
        return x
    if x.is_plain and len(x.shape) == 3 and len(sides) in (2, 4) and value == 0:
        left, right, top, bottom = (*sides, 0, 0)[:4]
        return x.then(real, spec.Pad(left, right, top, bottom, kind))
    if kind != "zeros":
        raise UntraceableError(f"pads what is not a picture ({a['mode']})")
    return _padded_by_constants(x, sides, value)


def _padded_by_constants(x: TracedValue, sides: Sequence[int], value: float) -> TracedValue:
    for i, side in enumerate(sides):
        if side:
            dim = x.real.ndim - 1 - i // 2
            shape = list(x.real.shape)
            shape[dim] = side
            edge = torch.full(shape, value)
            x = joined([x, edge] if i % 2 else [edge, x], dim, torch.cat([x.real, edge] if i % 2 else [edge, x.real], dim))
    return x


def _pad_as(mode: str) -> Handler:
    return lambda a, real: _pad({**a, "mode": mode}, real)


def _same(a: Arguments, real: Tensor) -> TracedValue:
    """What changes no number."""
    x = first_of(a)
    if not real.is_floating_point() or real.dtype.itemsize < 4:
        raise UntraceableError(f"rounds its numbers to {str(real.dtype).removeprefix('torch.')}")
    return x.becomes(x.step, real) if real.shape == x.real.shape else reshaped(x, real)


def _dropout(a: Arguments, real: Tensor) -> TracedValue:
    if a.get("train") or a.get("training"):
        raise UntraceableError("draws random numbers (dropout): call eval() before")
    return _same(a, real)


MOVES: dict[str, Handler] = {
    **dict.fromkeys(
        (
            "view",
            "_unsafe_view",
            "reshape",
            "unsqueeze",
            "squeeze",
            "flatten",
            "unflatten",
            "_reshape_alias",
            "view_as",
            "reshape_as",
            "ravel",
        ),
        _view,
    ),
    **dict.fromkeys(
        (
            "detach",
            "alias",
            "clone",
            "contiguous",
            "lift_fresh",
            "lift_fresh_copy",
            "positive",
            "to",
            "_to_copy",
            "type_as",
            "float",
            "double",
            "requires_grad",
            "real",
            "conj",
            "resolve_conj",
        ),
        _same,
    ),
    **dict.fromkeys(("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "native_dropout"), _dropout),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims", "t", "mT"), _transpose),
    "permute": _permute,
    "numpy_T": _turned,
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), _expand),
    "broadcast_tensors": _broadcast,
    "repeat": _repeat,
    "tile": _repeat,
    "repeat_interleave": _repeat_each,
    "slice": _slice,
    "narrow": _narrow,
    "select": _select,
    "unbind": _unbind,
    **dict.fromkeys(("split", "split_with_sizes", "chunk", "tensor_split", "unsafe_chunk", "unsafe_split"), _split),
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    "stack": _stack,
    "index_select": _index_select,
    "index": _index,
    "flip": _flip,
    "pad": _pad,
    "constant_pad_nd": _pad_as("constant"),
    "reflection_pad2d": _pad_as("reflect"),
    "replication_pad2d": _pad_as("replicate"),
}

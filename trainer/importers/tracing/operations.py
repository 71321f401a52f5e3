"""Which layer is one recorded operation of torch?

Every handler takes the arguments of an operation, with a traced value among them, and gives the traced value one step further; it raises
`UntraceableError` where none of our layers does the same. Letters: B inputs, each of a shape of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.importers.tracing.steps import Clamp, Exponential, TracedLayer, TracedValue, UntraceableError, as_floats
from trainer.models import layers as spec

MOST_DIAGONAL = 4096  # numbers of a vector that may be scaled one by one, by a matrix that is a diagonal
IDENTITIES = {"detach", "alias", "clone", "lift_fresh_copy", "contiguous", "dropout", "_to_copy", "view_as", "expand", "positive"}
RESHAPES = {"view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "flatten", "unflatten", "_reshape_alias"}
ACTIVATIONS = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "silu": "silu"}


def next_value(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], real: Any) -> Any:
    x = args[0]
    if name == "getitem":
        return x[args[1]]
    if name in IDENTITIES and isinstance(x, TracedValue) and real.shape == x.real.shape and real.dtype == x.real.dtype:
        return x
    if name in RESHAPES and isinstance(x, TracedValue):
        return _reshaped(x, real)
    if name in ACTIVATIONS and isinstance(x, TracedValue):
        return x.then(real, spec.Activation(ACTIVATIONS[name]))  # type: ignore[arg-type]
    handler = HANDLERS.get(name)
    if handler is None:
        raise UntraceableError(f"uses {name}, which is none of our layers")
    return handler(args, kwargs, real)


def _reshaped(x: TracedValue, real: Tensor) -> TracedValue:
    """The same numbers in another shape; between vectors and pictures, others only in passing."""
    if prod(real.shape[1:]) != prod(x.shape):
        raise UntraceableError("mixes the inputs of a batch (view)")
    steps = x.steps
    if steps and isinstance(steps[-1].layer, spec.Flatten | spec.Unflatten):
        before = steps[:-1]
        flat = isinstance(steps[-1].layer, spec.Unflatten)
    else:
        before, flat = steps, len(x.shape) == 1
    flattened = before if flat else (*before, TracedLayer(spec.Flatten()))
    if real.ndim == 4:
        c, h, w = real.shape[1:]
        return TracedValue((*flattened, TracedLayer(spec.Unflatten((c, h, w)))), real)
    return TracedValue(flattened, real)


def _linear(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    """x Wᵀ + b, as linear(x, W, b), addmm(b, x, Wᵀ) or mm(x, Wᵀ)."""
    if any(value != 1 for value in kwargs.values()):
        raise UntraceableError("scales a matrix product")
    values = [arg for arg in args if isinstance(arg, TracedValue)]
    matrices = [arg for arg in args if isinstance(arg, Tensor)]
    if len(values) != 1 or isinstance(args[-1], TracedValue):
        raise UntraceableError("multiplies its input with itself")
    x = values[0]
    is_turned = isinstance(args[0], Tensor) or len(args) == 2
    weight = matrices[-1].T if is_turned else matrices[0]
    offset = matrices[0] if isinstance(args[0], Tensor) else matrices[1] if len(matrices) > 1 else None
    if len(x.shape) != 1 or weight.ndim != 2:
        raise UntraceableError("multiplies tensors that are no vectors")
    n_out, n_in = weight.shape
    shift = torch.zeros(n_out) if offset is None else offset.expand(n_out)
    return x.then(real, spec.Linear(n_in, n_out), weight=weight, bias=shift)


def _plain_linear(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    return _linear((*args, None) if len(args) == 2 else args, kwargs, real)


def _convolution(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    x, weight, bias, stride, padding, dilation, transposed, output_padding, groups = args[:9]
    sizes = [weight.shape[2:], stride, padding, dilation, output_padding]
    if not isinstance(x, TracedValue) or not isinstance(weight, Tensor) or weight.ndim != 4 or len(x.shape) != 3:
        raise UntraceableError("has a convolution that is not of pictures")
    if groups != 1 or any(len(set(size)) > 1 for size in sizes) or dilation[0] != 1:
        raise UntraceableError("has a convolution with groups, dilation or a kernel that is not square")
    (n_out, n_in), step, pad = weight.shape[:2], int(stride[0]), int(padding[0])
    if not transposed:
        bias = torch.zeros(n_out) if bias is None else bias
        return x.then(real, spec.Conv2d(n_in, n_out, weight.shape[2], step, pad), weight=weight, bias=bias)
    n_in, n_out = n_out, n_in
    # a row more of output is a row more of kernel that holds zeros
    extra = int(output_padding[0])
    weight = torch.nn.functional.pad(weight, (0, extra, 0, extra))
    if pad >= weight.shape[2]:
        raise UntraceableError("has a transposed convolution that cuts off more than its kernel")
    bias = torch.zeros(n_out) if bias is None else bias
    return x.then(real, spec.ConvTranspose2d(n_in, n_out, weight.shape[2], step, pad), weight=weight, bias=bias)


def _batch_norm(args: tuple[Any, ...], kwargs: dict[str, Any], real: Any) -> tuple[TracedValue, None, None]:
    """In evaluation a scale and a shift of every channel."""
    x, gain, offset, mean, variance = args[:5]
    eps = float(args[-1])
    if not isinstance(x, TracedValue) or mean is None or variance is None or (len(args) == 8 and args[5]):
        raise UntraceableError("normalises with the statistics of the batch: call eval() before")
    scale = (variance.double() + eps).rsqrt() * (1 if gain is None else gain.double())
    shift = (0 if offset is None else offset.double()) - mean.double() * scale
    return (_affine(x, scale, shift, real[0]), None, None)


def _arithmetic(name: str) -> Callable[[tuple[Any, ...], dict[str, Any], Tensor], TracedValue]:
    """x + c, x − c, c − x, x · c, x / c for a constant c that is the same for every input."""

    def handler(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
        first, second = args[:2] if len(args) > 1 else (args[0], -1)
        if isinstance(first, TracedValue) and isinstance(second, TracedValue):
            raise UntraceableError("adds or multiplies two branches of itself")
        is_left = isinstance(first, TracedValue)
        x, c = (first, second) if is_left else (second, first)
        constant = torch.as_tensor(c, dtype=torch.float64) * (kwargs.get("alpha", 1) if is_left else 1)
        one, zero = torch.tensor(1.0, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64)
        if name == "add":
            return _affine(x, one, constant, real)
        if name in ("sub", "rsub"):
            sign = 1 if is_left == (name == "sub") else -1
            return _affine(x, sign * one, -sign * constant, real)
        if name == "div" and (not is_left or kwargs.get("rounding_mode")):
            raise UntraceableError("divides by what it computed")
        return _affine(x, constant if name in ("mul", "neg") else 1 / constant, zero, real)

    return handler


def _affine(x: TracedValue, by: Tensor, plus: Tensor, real: Tensor) -> TracedValue:
    """by · x + plus, folded into the layer before where that is a product; both (), (channels,) or as wide as x."""
    if real.shape != x.real.shape:
        raise UntraceableError("adds a constant of another shape")
    scale, shift = _per_channel(by, x), _per_channel(plus, x)
    if scale is None or shift is None:
        raise UntraceableError("scales or shifts every pixel by itself")
    is_uniform = len(torch.unique(scale)) == 1 and len(torch.unique(shift)) == 1
    at = len(x.steps) - 1
    while is_uniform and at >= 0 and isinstance(x.steps[at].layer, spec.Flatten | spec.Unflatten):
        at -= 1  # the same for all numbers, so that their shape does not matter
    if at >= 0 and isinstance(x.steps[at].layer, spec.Linear | spec.Conv2d | spec.ConvTranspose2d):
        step = x.steps[at]
        bias = torch.from_numpy(step.arrays["bias"]).double()
        s, t = (scale[:1].expand(len(bias)), shift[:1].expand(len(bias))) if at < len(x.steps) - 1 else (scale, shift)
        shape = (1, -1, 1, 1) if isinstance(step.layer, spec.ConvTranspose2d) else (-1, *[1] * (step.arrays["weight"].ndim - 1))
        weight = torch.from_numpy(step.arrays["weight"]).double() * s.reshape(shape)
        folded = TracedLayer(step.layer, {"weight": as_floats(weight), "bias": as_floats(bias * s + t)})
        return TracedValue((*x.steps[:at], folded, *x.steps[at + 1 :]), real)
    if len(x.shape) == 1 and len(scale) <= MOST_DIAGONAL:
        return x.then(real, spec.Linear(len(scale), len(scale)), weight=torch.diag(scale), bias=shift)
    if len(x.shape) == 3:
        n = len(scale)
        return x.then(real, spec.Conv2d(n, n, 1, 1, 0), weight=torch.diag(scale)[:, :, None, None], bias=shift)
    raise UntraceableError("scales or shifts a tensor that is neither vector nor picture")


def _per_channel(constant: Tensor, x: TracedValue) -> Tensor | None:
    """(channels,) of a constant; None where it differs from pixel to pixel."""
    n = x.shape[0]
    if constant.ndim == 0:
        return constant.double().expand(n)
    if constant.ndim == 1 and len(constant) == n and (len(x.shape) == 1 or x.shape[-1] != n):
        return constant.double()  # from a batch norm, or a vector
    if constant.ndim == 1 and len(x.shape) == 3 and len(constant) == n:
        return constant.double() if len(torch.unique(constant)) == 1 else None
    try:
        full = constant.double().expand(1, *x.shape)[0].reshape(n, -1)
    except RuntimeError:
        return None
    return full[:, 0] if bool((full == full[:, :1]).all()) else None


def _leaky(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    slope = args[1] if len(args) > 1 else 0.01
    if isinstance(slope, Tensor):
        if slope.numel() != 1:
            raise UntraceableError("has a PReLU with a slope for every channel")
        slope = slope.item()
    x: TracedValue = args[0]
    return x.then(real, spec.Activation("leaky-relu", float(slope)))


def _elu(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    alpha, scale, input_scale = [*args[1:], 1, 1, 1][:3]
    if scale != 1 or input_scale != 1:
        raise UntraceableError("uses selu, which is none of our layers")
    x: TracedValue = args[0]
    return x.then(real, spec.Activation("elu", float(alpha)))


def _gelu(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    x: TracedValue = args[0]
    return x.then(real, spec.Activation("gelu" if kwargs.get("approximate") == "tanh" else "gelu-erf"))


def _softplus(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    if len(args) > 1 and args[1] != 1:
        raise UntraceableError("has a softplus with another beta than 1")
    x: TracedValue = args[0]
    return x.then(real, spec.Activation("softplus"))


def _exp(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    x: TracedValue = args[0]
    return x.then(real, Exponential())


def _log(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    """The logarithm of an exponential, as of a standard deviation that the network gives as a logarithm."""
    x: TracedValue = args[0]
    if not x.steps or not isinstance(x.steps[-1].layer, Exponential):
        raise UntraceableError("uses log, which is none of our layers")
    return TracedValue(x.steps[:-1], real)


def _clamped(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    """Bounds on every number; from below at 0 alone it is a relu."""
    x: TracedValue = args[0]
    low, high = (kwargs.get(name, args[at] if len(args) > at else None) for at, name in ((1, "min"), (2, "max")))
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        raise UntraceableError("clamps every number to bounds of its own")
    if low == 0 and high is None:
        return x.then(real, spec.Activation("relu"))
    return x.then(real, Clamp(-math.inf if low is None else float(low), math.inf if high is None else float(high)))


def _clamped_below(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    return _clamped((args[0], args[1], None), {}, real)


def _clamped_above(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    return _clamped((args[0], None, args[1]), {}, real)


def _hard_tanh(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    return _clamped((args[0], *(args[1:] or (-1.0, 1.0))), {}, real)


def _cat(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    """A vector beside numbers that are the same for every input, such as a class one hot: a matrix that keeps, and an offset."""
    parts, dim = args[0], args[1] if len(args) > 1 else kwargs.get("dim", 0)
    values = [part for part in parts if isinstance(part, TracedValue)]
    if len(values) != 1 or len(values[0].shape) != 1 or dim not in (1, -1):
        raise UntraceableError("joins tensors that are not one vector and constants")
    x, n = values[0], real.shape[1]
    weight, bias, at = torch.zeros(n, x.shape[0]), torch.zeros(n), 0
    for part in parts:
        width = part.shape[0] if isinstance(part, TracedValue) else part.shape[1]
        if part is x:
            weight[at : at + width] = torch.eye(width)
        elif bool((part == part[:1]).all()):
            bias[at : at + width] = part[0].float()
        else:
            raise UntraceableError("joins its input with numbers that differ from input to input")
        at += width
    return x.then(real, spec.Linear(x.shape[0], n), weight=weight, bias=bias)


def _upsampled(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    x: TracedValue = args[0]
    (_, height, width), (_, tall, wide) = x.shape, real.shape[1:]
    if tall % height or wide % width or tall // height != wide // width:
        raise UntraceableError("enlarges by a factor that is not whole")
    return x.then(real, spec.Upsample(tall // height))


def _sliced(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> TracedValue:
    """x[:, a:b] of a vector, x[..., :h, :w] of a picture."""
    x: TracedValue = args[0]
    defaults: list[Any] = [0, None, None, 1]
    dim, start, _, step = [*args[1:], *defaults[len(args) - 1 :]]
    if real.shape == x.real.shape:
        return x
    if step != 1 or dim in (0, -x.real.ndim):
        raise UntraceableError("takes every so manieth number")
    if len(x.shape) == 1:
        start = (start or 0) + (x.shape[0] if (start or 0) < 0 else 0)
        return _rows(x, start, real)
    if len(x.shape) == 3 and dim % 4 in (2, 3) and not start:
        return x.then(real, spec.Crop(real.shape[2], real.shape[3]))
    raise UntraceableError("cuts out a part of a picture")


def _split(args: tuple[Any, ...], kwargs: dict[str, Any], real: Sequence[Tensor]) -> tuple[TracedValue, ...]:
    x, dim = args[0], args[2] if len(args) > 2 else kwargs.get("dim", 0)
    if len(x.shape) != 1 or dim not in (1, -1):
        raise UntraceableError("splits a picture")
    starts = np.cumsum([0, *(part.shape[1] for part in real)])
    return tuple(_rows(x, int(start), part) for start, part in zip(starts, real, strict=False))


def _rows(x: TracedValue, start: int, real: Tensor) -> TracedValue:
    """Some numbers of a vector: those rows of the matrix before, or a matrix that picks them."""
    stop = start + real.shape[1]
    if x.steps and isinstance(x.steps[-1].layer, spec.Linear):
        last = x.steps[-1]
        own = {name: array[start:stop] for name, array in last.arrays.items()}
        return TracedValue((*x.steps[:-1], TracedLayer(spec.Linear(last.layer.n_in, stop - start), own)), real)  # type: ignore[union-attr]
    picks = torch.eye(x.shape[0])[start:stop]
    return x.then(real, spec.Linear(x.shape[0], stop - start), weight=picks, bias=torch.zeros(stop - start))


HANDLERS: dict[str, Callable[[tuple[Any, ...], dict[str, Any], Any], Any]] = {
    "linear": _plain_linear,
    "addmm": _linear,
    "mm": _linear,
    "convolution": _convolution,
    **dict.fromkeys(
        ("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training", "cudnn_batch_norm"), _batch_norm
    ),
    **{name: _arithmetic(name) for name in ("add", "sub", "rsub", "mul", "div", "neg")},
    "leaky_relu": _leaky,
    "_prelu_kernel": _leaky,
    "elu": _elu,
    "gelu": _gelu,
    "softplus": _softplus,
    "exp": _exp,
    "log": _log,
    "upsample_nearest2d": _upsampled,
    "slice": _sliced,
    "cat": _cat,
    "clamp": _clamped,
    "clamp_min": _clamped_below,
    "clamp_max": _clamped_above,
    "hardtanh": _hard_tanh,
    "split": _split,
    "split_with_sizes": _split,
}

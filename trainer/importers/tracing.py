"""Which of our layers does a function of somebody else's PyTorch compute, if any?

The function is run once and every operation that reaches torch is recorded, whatever Python stands above it: modules, calls of
`torch.nn.functional`, views. A chain of operations that our engines know becomes layers and weights; anything else raises `Untraceable`
with the operation's name. What was found is only believed where it gives the same numbers as the function (`disagreement`): a branch that
depends on the input is recorded as it went this once. Letters: B inputs, each of a shape of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode

from trainer.models import layers as spec
from trainer.models.layers import Layer
from trainer.models.numpy_engine import run_part

Floats = NDArray[np.float32]
Function = Callable[[Tensor], Any]

MOST_CLAMPED = 1e-3  # of the range from 0 to 1 at either end; a quarter of a grey level of 255
MOST_DIAGONAL = 4096  # numbers of a vector that may be scaled one by one, by a matrix that is a diagonal
IDENTITIES = {
    "detach", "alias", "clone", "lift_fresh_copy", "contiguous", "dropout", "_to_copy", "view_as", "expand", "positive",
}  # fmt: skip
RESHAPES = {"view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "flatten", "unflatten", "_reshape_alias"}
ACTIVATIONS = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "silu": "silu"}


class Untraceable(Exception):
    """What the function does that our layers do not; a few words that end a sentence."""


@dataclass(frozen=True)
class _Exp:
    """exp, allowed only right before a logarithm."""


@dataclass(frozen=True)
class _Clamp:
    """Numbers held within bounds, taken for nothing as long as they hardly cut anything off: `disagreement` tells."""

    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Step:
    """One layer with its tensors. Two values that share a step object went through the same computation."""

    layer: Layer | _Exp | _Clamp
    arrays: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """Layers in a row and their tensors, `3.weight`, as `layers.part_shapes` names them within a part.

    clamp: how much of 0 to 1 the function cuts off at either end, which the layers do not: at most `MOST_CLAMPED`.
    """

    layers: tuple[Layer, ...]
    weights: dict[str, Floats]
    clamp: float = 0.0

    def run(self, x: Floats) -> Floats:
        """What our own engine makes of x (B, …)."""
        return run_part("part", self.layers, {f"part.{name}": array for name, array in self.weights.items()}, x)


@dataclass(frozen=True)
class _Value:
    """What has become of the input: the steps so far, and the value itself for the example, (B, …)."""

    steps: tuple[Step, ...]
    real: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.real.shape[1:])

    def then(self, real: Tensor, layer: Layer | _Exp | _Clamp, **arrays: Tensor | Floats) -> _Value:
        return _Value((*self.steps, Step(layer, {name: _floats(array) for name, array in arrays.items()})), real)


def trace(function: Function, example: Tensor) -> tuple[Found, ...]:
    """The layers behind each tensor that `function` gives for `example` (B, …). Raises `Untraceable`."""
    return tuple(_found(value.steps) for value in _values(function, example))


def trace_joined(function: Function, example: Tensor) -> Found:
    """The layers behind several vectors, such as mu and logvar, as one network that gives them one after the other."""
    return _found(_joined(_values(function, example)))


def disagreement(found: Found, function: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """The largest difference between what was found and the function itself on x (B, …), relative where numbers exceed 1."""
    with torch.no_grad():
        wanted = function(x).reshape(len(x), -1).double().numpy()
    got = found.run(x.numpy()).reshape(len(x), -1).astype(float)
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return math.inf
    return float((np.abs(got - wanted) / np.maximum(1, np.abs(wanted))).max(initial=0))


# --- recording


def _values(function: Function, example: Tensor) -> list[_Value]:
    from torch.fx.experimental.proxy_tensor import make_fx

    try:
        with torch.no_grad(), _Recordable():
            graph = make_fx(lambda x: function(x))(example)  # which would take default arguments for further inputs
    except Exception as error:  # whatever the function does that cannot be recorded: a number read out of a tensor, another library
        raise Untraceable(f"cannot be recorded ({type(error).__name__})") from None
    graph.graph.eliminate_dead_code()  # what is computed beside what is asked for, as the picture beside mu
    known: dict[Any, Any] = {}
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            known[node] = _Value((), example.clone())
        elif node.op == "get_attr":
            known[node] = getattr(graph, node.target).detach().clone()  # the model keeps its own
        elif node.op == "call_function":
            args, kwargs = torch.fx.node.map_arg((node.args, dict(node.kwargs)), known.__getitem__)
            known[node] = _called(node, tuple(args), kwargs, len(example))
    outputs = next(node for node in graph.graph.nodes if node.op == "output").args[0]
    values = [known[node] for node in (outputs if isinstance(outputs, tuple | list) else [outputs])]
    if not all(isinstance(value, _Value) for value in values):
        raise Untraceable("computes outside of torch, or does not depend on its input")
    return values


class _Recordable(TorchFunctionMode):
    """Puts what can be recorded in place of what looks at numbers: a class one hot is a comparison."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        n = kwargs.get("num_classes", args[1] if len(args) > 1 else -1)
        if getattr(func, "__name__", "") == "one_hot" and n > 0:
            classes = args[0] if args else kwargs["tensor"]
            return (classes[..., None] == torch.arange(n)).long()
        return func(*args, **kwargs)


def _called(node: Any, args: tuple[Any, ...], kwargs: dict[str, Any], n: int) -> Any:
    """One recorded operation: computed where its inputs are constants, else a further step."""
    name = (getattr(node.target, "_opname", None) or node.target.__name__).rstrip("_")  # relu_ writes where it reads, and is relu
    has_value = any(isinstance(arg, _Value) for arg in _flat((args, kwargs)))
    if torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ()):
        raise Untraceable(f"draws random numbers ({name})")
    with torch.no_grad():
        real = node.target(*_real(args), **_real(kwargs))
    if not has_value:
        return real
    if not node.users:
        return None  # nobody asks for it
    if isinstance(real, Tensor) and (real.ndim < 1 or real.shape[0] != n):
        raise Untraceable(f"mixes the inputs of a batch ({name})")
    return _step(name, args, kwargs, real)


def _step(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], real: Any) -> Any:
    x = args[0]
    if name == "getitem":
        return x[args[1]]
    if name in IDENTITIES and isinstance(x, _Value) and real.shape == x.real.shape and real.dtype == x.real.dtype:
        return x
    if name in RESHAPES and isinstance(x, _Value):
        return _reshaped(x, real)
    if name in ACTIVATIONS and isinstance(x, _Value):
        return x.then(real, spec.Activation(ACTIVATIONS[name]))  # type: ignore[arg-type]
    handler = HANDLERS.get(name)
    if handler is None:
        raise Untraceable(f"uses {name}, which is none of our layers")
    return handler(args, kwargs, real)


def _flat(item: Any) -> list[Any]:
    if isinstance(item, tuple | list):
        return [leaf for part in item for leaf in _flat(part)]
    return [leaf for part in item.values() for leaf in _flat(part)] if isinstance(item, dict) else [item]


def _real(item: Any) -> Any:
    """The same with values as their tensors."""
    if isinstance(item, _Value):
        return item.real
    if isinstance(item, tuple | list):
        return type(item)(_real(part) for part in item)
    return {key: _real(part) for key, part in item.items()} if isinstance(item, dict) else item


# --- one operation each


def _reshaped(x: _Value, real: Tensor) -> _Value:
    """The same numbers in another shape; between vectors and pictures, others only in passing."""
    if prod(real.shape[1:]) != prod(x.shape):
        raise Untraceable("mixes the inputs of a batch (view)")
    steps = x.steps
    if steps and isinstance(steps[-1].layer, spec.Flatten | spec.Unflatten):
        before = steps[:-1]
        flat = isinstance(steps[-1].layer, spec.Unflatten)
    else:
        before, flat = steps, len(x.shape) == 1
    flattened = before if flat else (*before, Step(spec.Flatten()))
    if real.ndim == 4:
        c, h, w = real.shape[1:]
        return _Value((*flattened, Step(spec.Unflatten((c, h, w)))), real)
    return _Value(flattened, real)


def _linear(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    """x Wᵀ + b, as linear(x, W, b), addmm(b, x, Wᵀ) or mm(x, Wᵀ)."""
    if any(value != 1 for value in kwargs.values()):
        raise Untraceable("scales a matrix product")
    values = [arg for arg in args if isinstance(arg, _Value)]
    matrices = [arg for arg in args if isinstance(arg, Tensor)]
    if len(values) != 1 or isinstance(args[-1], _Value):
        raise Untraceable("multiplies its input with itself")
    x = values[0]
    is_turned = isinstance(args[0], Tensor) or len(args) == 2
    weight = matrices[-1].T if is_turned else matrices[0]
    offset = matrices[0] if isinstance(args[0], Tensor) else matrices[1] if len(matrices) > 1 else None
    if len(x.shape) != 1 or weight.ndim != 2:
        raise Untraceable("multiplies tensors that are no vectors")
    n_out, n_in = weight.shape
    shift = torch.zeros(n_out) if offset is None else offset.expand(n_out)
    return x.then(real, spec.Linear(n_in, n_out), weight=weight, bias=shift)


def _plain_linear(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    return _linear((*args, None) if len(args) == 2 else args, kwargs, real)


def _convolution(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    x, weight, bias, stride, padding, dilation, transposed, output_padding, groups = args[:9]
    sizes = [weight.shape[2:], stride, padding, dilation, output_padding]
    if not isinstance(x, _Value) or not isinstance(weight, Tensor) or weight.ndim != 4 or len(x.shape) != 3:
        raise Untraceable("has a convolution that is not of pictures")
    if groups != 1 or any(len(set(size)) > 1 for size in sizes) or dilation[0] != 1:
        raise Untraceable("has a convolution with groups, dilation or a kernel that is not square")
    (n_out, n_in), step, pad = weight.shape[:2], int(stride[0]), int(padding[0])
    if not transposed:
        bias = torch.zeros(n_out) if bias is None else bias
        return x.then(real, spec.Conv2d(n_in, n_out, weight.shape[2], step, pad), weight=weight, bias=bias)
    n_in, n_out = n_out, n_in
    # a row more of output is a row more of kernel that holds zeros
    extra = int(output_padding[0])
    weight = torch.nn.functional.pad(weight, (0, extra, 0, extra))
    if pad >= weight.shape[2]:
        raise Untraceable("has a transposed convolution that cuts off more than its kernel")
    bias = torch.zeros(n_out) if bias is None else bias
    return x.then(real, spec.ConvTranspose2d(n_in, n_out, weight.shape[2], step, pad), weight=weight, bias=bias)


def _batch_norm(args: tuple[Any, ...], kwargs: dict[str, Any], real: Any) -> tuple[_Value, None, None]:
    """In evaluation a scale and a shift of every channel."""
    x, gain, offset, mean, variance = args[:5]
    eps = float(args[-1])
    if not isinstance(x, _Value) or mean is None or variance is None or (len(args) == 8 and args[5]):
        raise Untraceable("normalises with the statistics of the batch: call eval() before")
    scale = (variance.double() + eps).rsqrt() * (1 if gain is None else gain.double())
    shift = (0 if offset is None else offset.double()) - mean.double() * scale
    return (_affine(x, scale, shift, real[0]), None, None)


def _arithmetic(name: str) -> Callable[[tuple[Any, ...], dict[str, Any], Tensor], _Value]:
    """x + c, x − c, c − x, x · c, x / c for a constant c that is the same for every input."""

    def handler(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
        first, second = args[:2] if len(args) > 1 else (args[0], -1)
        if isinstance(first, _Value) and isinstance(second, _Value):
            raise Untraceable("adds or multiplies two branches of itself")
        is_left = isinstance(first, _Value)
        x, c = (first, second) if is_left else (second, first)
        constant = torch.as_tensor(c, dtype=torch.float64) * (kwargs.get("alpha", 1) if is_left else 1)
        one, zero = torch.tensor(1.0, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64)
        if name == "add":
            return _affine(x, one, constant, real)
        if name in ("sub", "rsub"):
            sign = 1 if is_left == (name == "sub") else -1
            return _affine(x, sign * one, -sign * constant, real)
        if name == "div" and (not is_left or kwargs.get("rounding_mode")):
            raise Untraceable("divides by what it computed")
        return _affine(x, constant if name in ("mul", "neg") else 1 / constant, zero, real)

    return handler


def _affine(x: _Value, by: Tensor, plus: Tensor, real: Tensor) -> _Value:
    """by · x + plus, folded into the layer before where that is a product; both (), (channels,) or as wide as x."""
    if real.shape != x.real.shape:
        raise Untraceable("adds a constant of another shape")
    scale, shift = _per_channel(by, x), _per_channel(plus, x)
    if scale is None or shift is None:
        raise Untraceable("scales or shifts every pixel by itself")
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
        folded = Step(step.layer, {"weight": _floats(weight), "bias": _floats(bias * s + t)})
        return _Value((*x.steps[:at], folded, *x.steps[at + 1 :]), real)
    if len(x.shape) == 1 and len(scale) <= MOST_DIAGONAL:
        return x.then(real, spec.Linear(len(scale), len(scale)), weight=torch.diag(scale), bias=shift)
    if len(x.shape) == 3:
        n = len(scale)
        return x.then(real, spec.Conv2d(n, n, 1, 1, 0), weight=torch.diag(scale)[:, :, None, None], bias=shift)
    raise Untraceable("scales or shifts a tensor that is neither vector nor picture")


def _per_channel(constant: Tensor, x: _Value) -> Tensor | None:
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


def _leaky(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    slope = args[1] if len(args) > 1 else 0.01
    if isinstance(slope, Tensor):
        if slope.numel() != 1:
            raise Untraceable("has a PReLU with a slope for every channel")
        slope = slope.item()
    x: _Value = args[0]
    return x.then(real, spec.Activation("leaky-relu", float(slope)))


def _elu(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    alpha, scale, input_scale = [*args[1:], 1, 1, 1][:3]
    if scale != 1 or input_scale != 1:
        raise Untraceable("uses selu, which is none of our layers")
    x: _Value = args[0]
    return x.then(real, spec.Activation("elu", float(alpha)))


def _gelu(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    x: _Value = args[0]
    return x.then(real, spec.Activation("gelu" if kwargs.get("approximate") == "tanh" else "gelu-erf"))


def _softplus(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    if len(args) > 1 and args[1] != 1:
        raise Untraceable("has a softplus with another beta than 1")
    x: _Value = args[0]
    return x.then(real, spec.Activation("softplus"))


def _exp(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    x: _Value = args[0]
    return x.then(real, _Exp())


def _log(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    """The logarithm of an exponential, as of a standard deviation that the network gives as a logarithm."""
    x: _Value = args[0]
    if not x.steps or not isinstance(x.steps[-1].layer, _Exp):
        raise Untraceable("uses log, which is none of our layers")
    return _Value(x.steps[:-1], real)


def _clamped(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    """Bounds on every number; from below at 0 alone it is a relu."""
    x: _Value = args[0]
    low, high = (kwargs.get(name, args[at] if len(args) > at else None) for at, name in ((1, "min"), (2, "max")))
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        raise Untraceable("clamps every number to bounds of its own")
    if low == 0 and high is None:
        return x.then(real, spec.Activation("relu"))
    return x.then(real, _Clamp(-math.inf if low is None else float(low), math.inf if high is None else float(high)))


def _clamped_below(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    return _clamped((args[0], args[1], None), {}, real)


def _clamped_above(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    return _clamped((args[0], None, args[1]), {}, real)


def _hard_tanh(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    return _clamped((args[0], *(args[1:] or (-1.0, 1.0))), {}, real)


def _cat(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    """A vector beside numbers that are the same for every input, such as a class one hot: a matrix that keeps, and an offset."""
    parts, dim = args[0], args[1] if len(args) > 1 else kwargs.get("dim", 0)
    values = [part for part in parts if isinstance(part, _Value)]
    if len(values) != 1 or len(values[0].shape) != 1 or dim not in (1, -1):
        raise Untraceable("joins tensors that are not one vector and constants")
    x, n = values[0], real.shape[1]
    weight, bias, at = torch.zeros(n, x.shape[0]), torch.zeros(n), 0
    for part in parts:
        width = part.shape[0] if isinstance(part, _Value) else part.shape[1]
        if part is x:
            weight[at : at + width] = torch.eye(width)
        elif bool((part == part[:1]).all()):
            bias[at : at + width] = part[0].float()
        else:
            raise Untraceable("joins its input with numbers that differ from input to input")
        at += width
    return x.then(real, spec.Linear(x.shape[0], n), weight=weight, bias=bias)


def _upsampled(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    x: _Value = args[0]
    (_, height, width), (_, tall, wide) = x.shape, real.shape[1:]
    if tall % height or wide % width or tall // height != wide // width:
        raise Untraceable("enlarges by a factor that is not whole")
    return x.then(real, spec.Upsample(tall // height))


def _sliced(args: tuple[Any, ...], kwargs: dict[str, Any], real: Tensor) -> _Value:
    """x[:, a:b] of a vector, x[..., :h, :w] of a picture."""
    x: _Value = args[0]
    defaults: list[Any] = [0, None, None, 1]
    dim, start, _, step = [*args[1:], *defaults[len(args) - 1 :]]
    if real.shape == x.real.shape:
        return x
    if step != 1 or dim in (0, -x.real.ndim):
        raise Untraceable("takes every so manieth number")
    if len(x.shape) == 1:
        start = (start or 0) + (x.shape[0] if (start or 0) < 0 else 0)
        return _rows(x, start, real)
    if len(x.shape) == 3 and dim % 4 in (2, 3) and not start:
        return x.then(real, spec.Crop(real.shape[2], real.shape[3]))
    raise Untraceable("cuts out a part of a picture")


def _split(args: tuple[Any, ...], kwargs: dict[str, Any], real: Sequence[Tensor]) -> tuple[_Value, ...]:
    x, dim = args[0], args[2] if len(args) > 2 else kwargs.get("dim", 0)
    if len(x.shape) != 1 or dim not in (1, -1):
        raise Untraceable("splits a picture")
    starts = np.cumsum([0, *(part.shape[1] for part in real)])
    return tuple(_rows(x, int(start), part) for start, part in zip(starts, real, strict=False))


def _rows(x: _Value, start: int, real: Tensor) -> _Value:
    """Some numbers of a vector: those rows of the matrix before, or a matrix that picks them."""
    stop = start + real.shape[1]
    if x.steps and isinstance(x.steps[-1].layer, spec.Linear):
        last = x.steps[-1]
        own = {name: array[start:stop] for name, array in last.arrays.items()}
        return _Value((*x.steps[:-1], Step(spec.Linear(last.layer.n_in, stop - start), own)), real)  # type: ignore[union-attr]
    picks = torch.eye(x.shape[0])[start:stop]
    return x.then(real, spec.Linear(x.shape[0], stop - start), weight=picks, bias=torch.zeros(stop - start))


HANDLERS: dict[str, Callable[[tuple[Any, ...], dict[str, Any], Any], Any]] = {
    "linear": _plain_linear, "addmm": _linear, "mm": _linear, "convolution": _convolution,
    **dict.fromkeys(
        ("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training", "cudnn_batch_norm"), _batch_norm
    ),
    **{name: _arithmetic(name) for name in ("add", "sub", "rsub", "mul", "div", "neg")},
    "leaky_relu": _leaky, "_prelu_kernel": _leaky, "elu": _elu, "gelu": _gelu, "softplus": _softplus, "exp": _exp, "log": _log,
    "upsample_nearest2d": _upsampled, "slice": _sliced, "cat": _cat,
    "clamp": _clamped, "clamp_min": _clamped_below, "clamp_max": _clamped_above, "hardtanh": _hard_tanh,
    "split": _split, "split_with_sizes": _split,
}  # fmt: skip


# --- from steps to a network


def _found(steps: Sequence[Step]) -> Found:
    clamps = [step.layer for step in steps if isinstance(step.layer, _Clamp)]
    cut = max((max(clamp.low, 1 - clamp.high) for clamp in clamps), default=0.0)
    merged = _merged([step for step in steps if not isinstance(step.layer, _Clamp)])
    weights = {f"{i}.{name}": array for i, step in enumerate(merged) for name, array in step.arrays.items()}
    layers = tuple(step.layer for step in merged if not isinstance(step.layer, _Exp | _Clamp))
    if len(layers) < len(merged):
        raise Untraceable("uses exp, which is none of our layers")
    return Found(layers, weights, max(0.0, cut) if cut <= 1.001 * MOST_CLAMPED else 0.0)


def _merged(steps: Sequence[Step]) -> list[Step]:
    """Two matrices in a row as one, where that is no larger."""
    out: list[Step] = []
    for step in steps:
        last = out[-1] if out else None
        if last is not None and isinstance(last.layer, spec.Linear) and isinstance(step.layer, spec.Linear):
            n_in, n_middle, n_out = last.layer.n_in, last.layer.n_out, step.layer.n_out
            if n_in * n_out <= n_middle * (n_in + n_out):
                out[-1] = _product(last, step)
                continue
        out.append(step)
    return out


def _product(first: Step, second: Step) -> Step:
    """W₂(W₁x + b₁) + b₂ as one layer."""
    assert isinstance(first.layer, spec.Linear) and isinstance(second.layer, spec.Linear)
    w1, b1, w2, b2 = (step.arrays[name].astype(float) for step in (first, second) for name in ("weight", "bias"))
    arrays = {"weight": _floats(w2 @ w1), "bias": _floats(w2 @ b1 + b2)}
    return Step(spec.Linear(first.layer.n_in, second.layer.n_out), arrays)


def _joined(values: Sequence[_Value]) -> list[Step]:
    """One chain that gives all the vectors, one after the other: what they share once, then their own layers side by side."""
    if any(len(value.shape) != 1 for value in values):
        raise Untraceable("gives codes that are no vectors")
    chains = [tuple(step for step in value.steps if not isinstance(step.layer, _Clamp)) for value in values]
    n_shared = 0
    while all(len(chain) > n_shared and chain[n_shared] is chains[0][n_shared] for chain in chains):
        n_shared += 1
    shared, tails = list(chains[0][:n_shared]), [_merged(chain[n_shared:]) for chain in chains]
    if all(tail and isinstance(tail[0].layer, spec.Flatten) for tail in tails):
        shared, tails = [*shared, tails[0][0]], [tail[1:] for tail in tails]
    if len({len(tail) for tail in tails}) != 1:
        raise Untraceable("computes mean and variance by networks of different depth")
    for depth, side in enumerate(zip(*tails, strict=True)):
        shared.append(_beside(side, is_first=depth == 0))
    return shared


def _beside(steps: tuple[Step, ...], is_first: bool) -> Step:
    """Layers that stand side by side as one: matrices below each other, or along a diagonal where each has its own input."""
    if all(isinstance(step.layer, spec.Linear) for step in steps):
        matrices = [torch.from_numpy(step.arrays["weight"]) for step in steps]
        weight = torch.cat(matrices) if is_first else torch.block_diag(*matrices)  # type: ignore[no-untyped-call]
        bias = np.concatenate([step.arrays["bias"] for step in steps])
        return Step(spec.Linear(weight.shape[1], weight.shape[0]), {"weight": _floats(weight), "bias": _floats(bias)})
    if isinstance(steps[0].layer, spec.Activation) and all(step.layer == steps[0].layer for step in steps) and not is_first:
        return replace(steps[0])
    raise Untraceable("computes mean and variance by different networks")


def _floats(array: Tensor | NDArray[Any]) -> Floats:
    data = array.detach().cpu().numpy() if isinstance(array, Tensor) else array
    return np.ascontiguousarray(data, np.float32)

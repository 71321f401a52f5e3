"""Which layers are torch's sums, products, activations and reductions?

Every handler takes an operation's arguments by name, with a traced value among them, and what the operation gave for the example.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from trainer.importers.tracing.affine import constant_step, item_constant, scaled, with_constant
from trainer.importers.tracing.steps import Step, TracedValue, UntraceableError, step_of
from trainer.models import layers as spec

Arguments = dict[str, Any]
Handler = Callable[[Arguments, Any], Any]

LARGEST = 3.4e38  # a bound that no float32 reaches: in place of none
MOST_POWER = 8


def first_of(a: Arguments) -> TracedValue:
    """The tensor of an operation of one."""
    x = next(iter(a.values()))
    if not isinstance(x, TracedValue):
        raise UntraceableError("computes a layer's weights from its input")
    return x


def is_aligned(x: TracedValue, y: TracedValue) -> bool:
    """Whether the batch is the same axis of both once they are broadcast."""
    return x.at - x.real.ndim == y.at - y.real.ndim and (x.folds, x.before) == (y.folds, y.before)


def combined(kind: spec.CombineKind, first: Any, second: Any, real: Tensor) -> TracedValue:
    """Two tensors or numbers number by number, one of them at least a traced value."""
    x = first if isinstance(first, TracedValue) else second
    at = real.ndim + x.at - x.real.ndim
    if isinstance(first, TracedValue) and isinstance(second, TracedValue):
        if not is_aligned(first, second):
            raise UntraceableError("mixes the inputs of a batch")
        return x.becomes(step_of(spec.Combine(kind), first.step, second.step), real, at)
    c = item_constant(torch.as_tensor(second if x is first else first, dtype=torch.float64), x)
    return x.becomes(_beside(kind, x.step, c, x is first), real, at)


def _beside(kind: spec.CombineKind, step: Step, c: Tensor, is_left: bool) -> Step:
    """A step and a constant."""
    if kind == "subtract":
        return with_constant("add", step, -c) if is_left else with_constant("add", scaled(step, -1.0), c)
    if kind == "divide" and is_left:
        return with_constant("multiply", step, 1 / c)
    if kind == "divide":
        return step_of(spec.Combine(kind), constant_step(c), step)
    if kind in ("maximum", "minimum") and c.numel() == 1:
        low, high = (float(c), LARGEST) if kind == "maximum" else (-LARGEST, float(c))
        return step_of(spec.Clamp(low, high), step)
    return with_constant(kind, step, c)


def _sum(sign: int) -> Handler:
    """self ± alpha · other."""

    def handler(a: Arguments, real: Tensor) -> TracedValue:
        return combined("add" if sign > 0 else "subtract", a["self"], _times(a["other"], a.get("alpha", 1)), real)

    return handler


def _reversed(a: Arguments, real: Tensor) -> TracedValue:
    """other − alpha · self."""
    return combined("subtract", a["other"], _times(a["self"], a.get("alpha", 1)), real)


def _times(item: Any, by: float) -> Any:
    if by == 1:
        return item
    return item.becomes(scaled(item.step, float(by)), item.real * by) if isinstance(item, TracedValue) else item * by


def _two(kind: spec.CombineKind) -> Handler:
    def handler(a: Arguments, real: Tensor) -> TracedValue:
        if a.get("rounding_mode"):
            raise UntraceableError("rounds what it divides")
        return combined(kind, a["self"], a["other"], real)

    return handler


def activated(
    x: TracedValue, real: Tensor, kind: spec.ActivationKind, slope: float = 0.0, before: float = 1, after: float = 1
) -> TracedValue:
    """after · activation(before · x)."""
    step = step_of(spec.Activation(kind, slope), scaled(x.step, float(before)))
    return x.becomes(scaled(step, float(after)), real)


def _plain(kind: spec.ActivationKind) -> Handler:
    return lambda a, real: activated(first_of(a), real, kind)


def _leaky(a: Arguments, real: Tensor) -> TracedValue:
    return activated(first_of(a), real, "leaky-relu", float(a["negative_slope"]))


def _random_leaky(a: Arguments, real: Tensor) -> TracedValue:
    """In evaluation the mean slope."""
    return activated(first_of(a), real, "leaky-relu", (float(a["lower"]) + float(a["upper"])) / 2)


def _prelu(a: Arguments, real: Tensor) -> TracedValue:
    x, weight = first_of(a), a["weight"]
    if not isinstance(weight, Tensor):
        raise UntraceableError("computes slopes from its input")
    if weight.numel() == 1:
        return activated(x, real, "leaky-relu", float(weight))
    if not x.is_plain:
        raise UntraceableError("mixes the inputs of a batch (prelu)")
    return x.then(real, spec.Prelu(weight.numel()), weight=weight.reshape(-1))


def _elu(a: Arguments, real: Tensor) -> TracedValue:
    """scale · (x or alpha (exp(input_scale · x) − 1))."""
    if a["input_scale"] != 1:
        raise UntraceableError("uses elu with an input scale")
    return activated(first_of(a), real, "elu", float(a["alpha"]), after=float(a["scale"]))


def _celu(a: Arguments, real: Tensor) -> TracedValue:
    alpha = float(a["alpha"])
    return activated(first_of(a), real, "elu", 1.0, 1 / alpha, alpha)


def _gelu(a: Arguments, real: Tensor) -> TracedValue:
    return activated(first_of(a), real, "gelu-erf" if a["approximate"] == "none" else "gelu")


def _softplus(a: Arguments, real: Tensor) -> TracedValue:
    """log(1 + exp(beta x)) / beta; beyond the threshold x itself, which differs by less than exp(−threshold)."""
    if a["threshold"] < 15:
        raise UntraceableError("uses softplus with a low threshold")
    beta = float(a["beta"])
    return activated(first_of(a), real, "softplus", 0.0, beta, 1 / beta)


def _log_sigmoid(a: Arguments, real: Tensor) -> TracedValue:
    return activated(first_of(a), real, "softplus", 0.0, -1, -1)


def _between(a: Arguments, real: Tensor) -> TracedValue:
    """self + weight · (end − self)."""
    start, end, weight = a["self"], a["end"], a["weight"]
    apart = combined("subtract", end, start, _real(end) - _real(start))
    return combined("add", start, combined("multiply", apart, weight, apart.real * _real(weight)), real)


def _real(item: Any) -> Any:
    return item.real if isinstance(item, TracedValue) else item


def _log_of_sum(a: Arguments, real: Tensor) -> TracedValue:
    """log Σ exp(x), the largest taken off and added again."""
    x, dims = first_of(a), a["dim"]
    top_real = x.real.amax(dims, keepdim=True)
    top = reduced(x, "max", dims, True, top_real)
    off = activated(combined("subtract", x, top, x.real - top_real), (x.real - top_real).exp(), "exp")
    keeps = bool(a.get("keepdim"))
    summed = reduced(off, "sum", dims, keeps, real, lambda step: step_of(spec.Activation("log"), step))
    return combined("add", summed, top if keeps else reduced(x, "max", dims, False, x.real.amax(dims)), real)


def _clamped(a: Arguments, real: Tensor) -> TracedValue:
    """Bounds on every number; from below at 0 alone it is a relu."""
    x = first_of(a)
    low, high = (a.get(name, a.get(f"{name}_val")) for name in ("min", "max"))
    if any(isinstance(bound, TracedValue) or (isinstance(bound, Tensor) and bound.numel() > 1) for bound in (low, high)):
        raise UntraceableError("clamps every number to bounds of its own")
    if low == 0 and high is None:
        return activated(x, real, "relu")
    return x.then(real, spec.Clamp(-LARGEST if low is None else float(low), LARGEST if high is None else float(high)))


def _relu6(a: Arguments, real: Tensor) -> TracedValue:
    return first_of(a).then(real, spec.Clamp(0.0, 6.0))


def _power(a: Arguments, real: Tensor) -> TracedValue:
    base, exponent = a["self"], a["exponent"]
    if not isinstance(base, TracedValue):
        if isinstance(base, Tensor) or base <= 0:
            raise UntraceableError("uses pow with exponents that it computes")
        return activated(exponent, real, "exp", 0.0, math.log(base))
    if isinstance(exponent, TracedValue | Tensor):
        raise UntraceableError("uses pow with exponents that differ from number to number")
    return _to_power(base, float(exponent), real)


def _to_power(x: TracedValue, exponent: float, real: Tensor) -> TracedValue:
    if exponent < 0:
        powered = _to_power(x, -exponent, 1 / real)
        return combined("divide", 1.0, powered, real)
    if exponent == 0.5:
        return activated(x, real, "sqrt")
    if exponent != int(exponent) or not 1 <= exponent <= MOST_POWER:
        raise UntraceableError(f"uses pow with the exponent {exponent:g}")
    step = x.step
    if exponent >= 2:
        step = step_of(spec.Activation("square"), step)
        for _ in range(int(exponent) - 2):
            step = step_of(spec.Combine("multiply"), step, x.step)
    return x.becomes(step, real)


def _exponent(power: float) -> Handler:
    return lambda a, real: _to_power(first_of(a), power, real)


def _negated(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    return x.becomes(scaled(x.step, -1.0), real)


def _log_after(a: Arguments, real: Tensor) -> TracedValue:
    """log(1 + x)."""
    x = first_of(a)
    return x.becomes(step_of(spec.Activation("log"), scaled(x.step, 1.0, 1.0)), real)


def _exp_less_one(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    return x.becomes(scaled(step_of(spec.Activation("exp"), x.step), 1.0, -1.0), real)


def _soft_sign(a: Arguments, real: Tensor) -> TracedValue:
    """x / (1 + |x|)."""
    x = first_of(a)
    below = scaled(step_of(spec.Activation("abs"), x.step), 1.0, 1.0)
    return x.becomes(step_of(spec.Combine("divide"), x.step, below), real)


def _less_tanh(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    return x.becomes(step_of(spec.Combine("subtract"), x.step, step_of(spec.Activation("tanh"), x.step)), real)


def _gated(a: Arguments, real: Tensor) -> TracedValue:
    """The first half times the sigmoid of the second."""
    x = first_of(a)
    axis = x.axis(int(a["dim"]))
    half = x.shape[axis] // 2
    kept, gate = (step_of(spec.Slice(axis, start, start + half), x.step) for start in (0, half))
    return x.becomes(step_of(spec.Combine("multiply"), kept, step_of(spec.Activation("sigmoid"), gate)), real)


def _softmax(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    return x.then(real, spec.Softmax(x.axis(int(a["dim"]))))


def _log_softmax(a: Arguments, real: Tensor) -> TracedValue:
    x = first_of(a)
    return x.becomes(step_of(spec.Activation("log"), step_of(spec.Softmax(x.axis(int(a["dim"]))), x.step)), real)


def reduced(
    x: TracedValue, kind: spec.ReduceKind, dims: Any, keeps: bool, real: Tensor, after: Callable[[Step], Step] = lambda s: s
) -> TracedValue:
    """Over axes; `after`: what is computed of the result."""
    if dims is None or dims == []:
        raise UntraceableError("mixes the inputs of a batch")
    every = [int(dim) % x.real.ndim for dim in (dims if isinstance(dims, list | tuple) else [dims])]
    axes = tuple(sorted(x.axis(dim) for dim in every))
    at = x.at - (0 if keeps else sum(dim < x.at for dim in every))
    step = after(step_of(spec.Reduce(kind, axes, keeps), x.step))
    return x.becomes(step, real, at, x.folds or real.ndim == 1)


def _reduction(kind: spec.ReduceKind) -> Handler:
    return lambda a, real: reduced(first_of(a), kind, a.get("dim"), bool(a.get("keepdim")), real)


def _largest(a: Arguments, real: Any) -> Any:
    """max(self, dim) gives places too, which nobody may ask for; max(self, other) is of two."""
    if "other" in a:
        return combined("maximum", a["self"], a["other"], real)
    return [reduced(first_of(a), "max", a.get("dim"), bool(a.get("keepdim")), real[0]), None]


def _variance(is_root: bool) -> Handler:
    """mean((x − mean)²) · n / (n − correction), and its root."""

    def handler(a: Arguments, real: Tensor) -> TracedValue:
        x, dims = first_of(a), a.get("dim")
        if dims is None:
            raise UntraceableError("mixes the inputs of a batch")
        axes = tuple(sorted(x.axis(int(dim)) for dim in dims))
        n = math.prod(x.shape[axis] for axis in axes)
        less = a["correction"] if "correction" in a else int(bool(a.get("unbiased", True)))
        less = 1 if less is None else less
        mean = step_of(spec.Reduce("mean", axes, True), x.step)
        apart = step_of(spec.Activation("square"), step_of(spec.Combine("subtract"), x.step, mean))
        off = x.becomes(apart, (x.real - x.real.mean(dims, keepdim=True)).square())

        def after(step: Step) -> Step:
            step = scaled(step, n / (n - float(less)))
            return step_of(spec.Activation("sqrt"), step) if is_root else step

        return reduced(off, "mean", dims, bool(a.get("keepdim")), real, after)

    return handler


def _length(a: Arguments, real: Tensor) -> TracedValue:
    """√Σx², the Euclidean norm."""
    x, order = first_of(a), a.get("ord", a.get("p", 2))
    if order is not None and order != 2:
        raise UntraceableError("uses a norm that is not Euclidean")
    squares = x.then(x.real.square(), spec.Activation("square"))
    return reduced(squares, "sum", a.get("dim"), bool(a.get("keepdim")), real, lambda s: step_of(spec.Activation("sqrt"), s))


ARITHMETIC: dict[str, Handler] = {
    "add": _sum(1),
    "sub": _sum(-1),
    "subtract": _sum(-1),
    "rsub": _reversed,
    "mul": _two("multiply"),
    "multiply": _two("multiply"),
    "div": _two("divide"),
    "divide": _two("divide"),
    "true_divide": _two("divide"),
    "maximum": _two("maximum"),
    "minimum": _two("minimum"),
    "neg": _negated,
    "negative": _negated,
    "pow": _power,
    "square": _exponent(2),
    "sqrt": _exponent(0.5),
    "rsqrt": _exponent(-0.5),
    "reciprocal": _exponent(-1),
    "relu": _plain("relu"),
    "sigmoid": _plain("sigmoid"),
    "tanh": _plain("tanh"),
    "silu": _plain("silu"),
    "mish": _plain("mish"),
    "selu": _plain("selu"),
    "hardswish": _plain("hard-swish"),
    "hardsigmoid": _plain("hard-sigmoid"),
    "exp": _plain("exp"),
    "log": _plain("log"),
    "abs": _plain("abs"),
    "absolute": _plain("abs"),
    "leaky_relu": _leaky,
    "rrelu": _random_leaky,
    "prelu": _prelu,
    "_prelu_kernel": _prelu,
    "elu": _elu,
    "celu": _celu,
    "gelu": _gelu,
    "softplus": _softplus,
    "log_sigmoid": _log_sigmoid,
    "clamp": _clamped,
    "clip": _clamped,
    "clamp_min": _clamped,
    "clamp_max": _clamped,
    "hardtanh": _clamped,
    "relu6": _relu6,
    "log1p": _log_after,
    "expm1": _exp_less_one,
    "softsign": _soft_sign,
    "tanhshrink": _less_tanh,
    "lerp": _between,
    "logsumexp": _log_of_sum,
    "glu": _gated,
    "softmax": _softmax,
    "_softmax": _softmax,
    "log_softmax": _log_softmax,
    "_log_softmax": _log_softmax,
    "mean": _reduction("mean"),
    "sum": _reduction("sum"),
    "amax": _reduction("max"),
    "max": _largest,
    "var": _variance(is_root=False),
    "std": _variance(is_root=True),
    "norm": _length,
    "linalg_vector_norm": _length,
}

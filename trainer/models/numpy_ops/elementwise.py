"""Which functions act on every number by itself, or on two numbers at the same place?

Forms that neither overflow nor cancel. Letters: B pictures or codes, each of a shape of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trainer.likelihoods.numpy_ import sigmoid
from trainer.models import layers as spec

Floats = NDArray[np.float32]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""Klambauer et al. 2017, eq. 14."""
HELD = 1e-6
"""How near to 0 and 1 a probability may be whose logit is asked for."""
# of the rational function x·P(x²)/Q(x²), highest power first
_ERF_P = (
    -2.72614225801306e-10,
    2.77068142495902e-08,
    -2.10102402082508e-06,
    -5.69250639462346e-05,
    -7.34990630326855e-04,
    -2.95459980854025e-03,
    -1.60960333262415e-02,
)
_ERF_Q = (-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03, -1.42647390514189e-02)


def activate(layer: spec.Activation, x: Floats) -> Floats:
    """One of `ActivationKind`, number by number."""
    if layer.kind == "leaky-relu":
        return np.where(x > 0, x, np.float32(layer.slope) * x)
    if layer.kind == "elu":
        return np.where(x > 0, x, np.float32(layer.slope) * np.expm1(np.minimum(x, 0)))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # what has no value is NaN, as in torch
        return np.asarray(_FUNCTIONS[layer.kind](x), np.float32)


def combine(layer: spec.Combine, a: Floats, b: Floats) -> Floats:
    """Two inputs number by number; axes of the shapes without the batch are matched from the last."""
    rank = max(a.ndim, b.ndim)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(_COMBINATIONS[layer.kind](with_rank(a, rank), with_rank(b, rank)), np.float32)


def with_rank(x: Floats, rank: int) -> Floats:
    """The same with axes of length 1 behind that of the batch, until there are so many."""
    return x.reshape(len(x), *[1] * (rank - x.ndim), *x.shape[1:])


def prelu(x: Floats, weight: Floats) -> Floats:
    """A slope a channel, below 0."""
    return np.where(x > 0, x, per_channel(weight, x) * x)


def per_channel(weight: Floats, x: Floats) -> Floats:
    """(channels,) as it is broadcast along the first axis after the batch."""
    return weight.reshape(-1, *[1] * (x.ndim - 2))


def erf(x: Floats) -> Floats:
    """The error function, to 1e-7: a rational function in single precision's range, ±1 from |x| = 4 on."""
    held = np.clip(np.asarray(x, float), -4, 4)
    square = held**2
    return np.asarray(np.clip(held * np.polyval(_ERF_P, square) / np.polyval(_ERF_Q, square), -1, 1), np.float32)


def logit(p: Floats) -> Floats:
    """log p/(1 − p), p held within 1e-6 of 0 and 1: what a Bernoulli likelihood is told of a probability."""
    held = np.clip(p, HELD, 1 - HELD)
    return np.asarray(np.log(held) - np.log1p(-held), np.float32)


def softplus(x: Floats) -> Floats:
    """log(1 + eˣ)."""
    return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), np.float32)


def gelu(x: Floats) -> Floats:
    """The tanh form; ½(1 + tanh t) is the sigmoid of 2t."""
    return x * sigmoid(np.float32(2 * np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3))


def exact_gelu(x: Floats) -> Floats:
    """x Φ(x)."""
    return np.float32(0.5) * x * (1 + erf(x / np.float32(np.sqrt(2))))


def selu(x: Floats) -> Floats:
    """Scaled so that means and variances stay."""
    return np.float32(SELU_SCALE) * np.where(x > 0, x, np.float32(SELU_ALPHA) * np.expm1(np.minimum(x, 0)))


def hard_sigmoid(x: Floats) -> Floats:
    """(x + 3) / 6 within [0, 1]."""
    return np.asarray(np.clip(x + np.float32(3), 0, 6) / np.float32(6))


_FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x * sigmoid(x),
    "gelu": gelu,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "gelu-erf": exact_gelu,
    "softplus": softplus,
    "logit": logit,
    "mish": lambda x: x * np.tanh(softplus(x)),
    "selu": selu,
    "hard-swish": lambda x: x * hard_sigmoid(x),
    "hard-sigmoid": hard_sigmoid,
    "exp": np.exp,
    "log": np.log,
    "square": np.square,
    "sqrt": np.sqrt,
    "abs": np.abs,
}
_COMBINATIONS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
}

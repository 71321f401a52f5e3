"""Which operations look at many numbers at once: norms, means, products of matrices?

Letters: B pictures or codes, each of a shape of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import NDArray

from trainer.models import layers as spec
from trainer.models.numpy_ops.elementwise import per_channel, with_rank

Floats = NDArray[np.float32]


def group_norm(x: Floats, groups: int, weight: Floats, bias: Floats, eps: float) -> Floats:
    """Of every group of channels, (B, C, …)."""
    grouped = x.reshape(len(x), groups, prod(x.shape[1:]) // groups)
    return _normal(grouped, (2,), eps).reshape(x.shape) * per_channel(weight, x) + per_channel(bias, x)


def layer_norm(x: Floats, weight: Floats, bias: Floats, eps: float) -> Floats:
    """Over the last axes, those of the weight."""
    axes = tuple(range(x.ndim - weight.ndim, x.ndim))
    return _normal(x, axes, eps) * weight + bias


def _normal(x: Floats, axes: tuple[int, ...], eps: float) -> Floats:
    """(x − mean) / √(variance + eps), in double precision, because it cancels."""
    centred = x - x.mean(axes, keepdims=True, dtype=float)
    return np.asarray(centred / np.sqrt(np.square(centred).mean(axes, keepdims=True) + eps), np.float32)


def softmax(logits: Floats, axis: int = 1) -> Floats:
    """Positive numbers that sum to 1 along an axis of the batch; the largest logit is taken off, so that none overflows."""
    odds = np.exp(logits - logits.max(axis, keepdims=True))
    return np.asarray(odds / odds.sum(axis, keepdims=True), np.float32)


def reduce(layer: spec.Reduce, x: Floats) -> Floats:
    """The mean, sum or largest along axes; (B, 1) where none is left."""
    axes = tuple(axis + 1 for axis in layer.axes)
    functions: dict[str, Callable[..., Floats]] = {"mean": np.mean, "sum": np.sum, "max": np.max}
    out = np.asarray(functions[layer.kind](x, axis=axes, keepdims=layer.keeps), np.float32)
    return out[:, None] if out.ndim == 1 else out


def matmul(a: Floats, b: Floats) -> Floats:
    """The matrix product of the last two axes, the others broadcast, matched from the last."""
    rank = max(a.ndim, b.ndim)
    return np.asarray(np.matmul(with_rank(a, rank), with_rank(b, rank)))

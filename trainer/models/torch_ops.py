"""Which function of torch computes the operations that have no parameters? Letters: B inputs, each of a shape of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.models import layers as spec
from trainer.models.layers import Layer, pair

_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mish": functional.mish,
    "selu": functional.selu,
    "hard-swish": functional.hardswish,
    "hard-sigmoid": functional.hardsigmoid,
    "exp": torch.exp,
    "log": torch.log,
    "square": torch.square,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
}
_COMBINATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
}


class Apply(nn.Module):
    """A function without parameters as a module."""

    def __init__(self, function: Callable[..., Tensor], *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.function = partial(function, *args, **kwargs)

    def forward(self, *given: Tensor) -> Tensor:
        return self.function(*given)


def module_of(layer: Layer) -> nn.Module | None:
    """The module of a layer without parameters; None for any other. torch's own modules where it has them."""
    match layer:
        case spec.Activation(kind, slope):
            return activation(kind, slope)
        case spec.Upsample(scale):
            return nn.Upsample(scale_factor=scale, mode="nearest")
        case spec.PixelShuffle(factor):
            return nn.PixelShuffle(factor)
        case spec.PixelUnshuffle(factor):
            return nn.PixelUnshuffle(factor)
        case spec.Flatten():
            return nn.Flatten(start_dim=1)
        case spec.Unflatten(shape):
            return nn.Unflatten(1, shape)
        case spec.Softmax(axis):
            return nn.Softmax(axis + 1)
        case spec.Pool():
            return _pool(layer)
        case spec.AdaptivePool(kind, height, width):
            return nn.AdaptiveMaxPool2d((height, width)) if kind == "max" else nn.AdaptiveAvgPool2d((height, width))
    function = _function(layer)
    return None if function is None else Apply(function)


def _function(layer: Layer) -> Callable[..., Tensor] | None:
    """Of operations of which torch has no module."""
    match layer:
        case spec.Pad(left, right, top, bottom, kind):
            return partial(functional.pad, pad=(left, right, top, bottom), mode=_MODES[kind])
        case spec.Resize(kind, height, width, aligns_corners):
            how: dict[str, Any] = {} if kind == "nearest" else {"align_corners": aligns_corners}
            return partial(functional.interpolate, size=(height, width), mode=kind, **how)
        case spec.Clamp(low, high):
            return partial(torch.clamp, min=low, max=high)
        case spec.Scale(by, plus):
            return partial(_scaled, by=by, plus=plus)
        case spec.Combine(kind):
            return partial(_combined, _COMBINATIONS[kind])
        case spec.MatMul():
            return partial(_combined, torch.matmul)
        case spec.Reduce(kind, axes, keeps):
            return partial(_reduced, kind=kind, axes=[axis + 1 for axis in axes], keeps=keeps)
        case spec.Concat(axis):
            return partial(_joined, axis=axis + 1)
        case spec.Slice(axis, start, stop, step):
            return partial(_cut, at=(slice(None),) * (axis + 1) + (slice(start, stop, step),))
        case spec.Crop(height, width):
            return partial(_cut, at=(..., slice(height), slice(width)))
        case spec.Reshape(shape):
            return partial(_reshaped, shape=shape)
        case spec.Permute(axes):
            return partial(torch.permute, dims=[0, *(axis + 1 for axis in axes)])
    return None


def activation(kind: str, slope: float) -> nn.Module:
    """One of `ActivationKind`."""
    match kind:
        case "relu":
            return nn.ReLU()
        case "silu":
            return nn.SiLU()
        case "gelu":
            return nn.GELU(approximate="tanh")
        case "tanh":
            return nn.Tanh()
        case "sigmoid":
            return nn.Sigmoid()
        case "gelu-erf":
            return nn.GELU()
        case "leaky-relu":
            return nn.LeakyReLU(slope)
        case "elu":
            return nn.ELU(slope)
        case "softplus":
            return nn.Softplus()
        case "logit":
            return Apply(_logit)
    return Apply(_ACTIVATIONS[kind])


def _logit(p: Tensor) -> Tensor:
    return p.clamp(1e-6, 1 - 1e-6).logit()


def _pool(layer: spec.Pool) -> nn.Module:
    kernel, stride, padding = pair(layer.kernel), pair(layer.stride), pair(layer.padding)
    if layer.kind == "max":
        return nn.MaxPool2d(kernel, stride, padding, pair(layer.dilation), ceil_mode=layer.rounds_up)
    return nn.AvgPool2d(kernel, stride, padding, layer.rounds_up, layer.counts_padding)


def _scaled(x: Tensor, by: float, plus: float) -> Tensor:
    return x * by + plus


def _combined(function: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor) -> Tensor:
    """Axes of the shapes without the batch are matched from the last."""
    rank = max(a.ndim, b.ndim)
    return function(*(x.reshape(len(x), *[1] * (rank - x.ndim), *x.shape[1:]) for x in (a, b)))


def _reduced(x: Tensor, kind: str, axes: list[int], keeps: bool) -> Tensor:
    """(B, 1) where no axis is left."""
    functions: dict[str, Callable[..., Tensor]] = {"mean": torch.mean, "sum": torch.sum, "max": torch.amax}
    out = functions[kind](x, dim=axes, keepdim=keeps)
    return out[:, None] if out.ndim == 1 else out


def _joined(*given: Tensor, axis: int) -> Tensor:
    return torch.cat(given, axis)


def _cut(x: Tensor, at: tuple[Any, ...]) -> Tensor:
    return x[at]


def _reshaped(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x.reshape(len(x), *shape)

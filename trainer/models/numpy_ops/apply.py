"""Which function of numpy computes which layer?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.models import layers as spec
from trainer.models.layer_shapes import shape_after
from trainer.models.layers import Layer, pair
from trainer.models.numpy_ops import convolution, elementwise, movement, pooling, reduction
from trainer.models.tabulated_decoder import in_gallery, on_lattice

Floats = NDArray[np.float32]
Tensors = Mapping[str, Floats]
Labels = NDArray[np.int64]


def apply_layer(layer: Layer, given: Sequence[Floats], tensors: Tensors, y: Labels | None = None, n: int = 1) -> Floats:
    """One layer on a batch of n: what it is given, each (n, …), its tensors by their names, y (n,) where it is told the class."""
    match layer:
        case spec.Constant():
            return movement.constant(tensors["weight"], n)
        case spec.Combine():
            return elementwise.combine(layer, *given)
        case spec.MatMul():
            return reduction.matmul(*given)
        case spec.Concat():
            return movement.concat(layer, given)
    (x,) = given
    for find in (_weighted, _elementwise, _moved, _of_picture):
        out = find(layer, x, tensors)
        if out is not None:
            return out
    if isinstance(layer, spec.Linear):
        return _linear(layer, x, tensors, y)
    raise ValueError("a context is not a layer of a stack: it needs the pixels before, see trainer.models.autoregressive")


def _linear(layer: spec.Linear, x: Floats, tensors: Tensors, y: Labels | None) -> Floats:
    """The product with the class one hot is a choice of columns."""
    weight = tensors["weight"]
    of_x = x @ weight[:, : layer.n_in].T + tensors["bias"]
    if not layer.n_labels:
        return of_x
    assert y is not None, "a conditional model was asked without labels"
    return np.asarray(of_x + weight[:, layer.n_in :].T[y])


def _weighted(layer: Layer, x: Floats, tensors: Tensors) -> Floats | None:
    """Of other layers that have tensors."""
    match layer:
        case spec.Conv2d(_, _, _, stride, padding, dilation, groups):
            sides = pair(stride), pair(padding), pair(dilation)
            return convolution.conv2d(x, tensors["weight"], tensors["bias"], *sides, groups)
        case spec.ConvTranspose2d(_, _, _, stride, padding, more, dilation, groups):
            wide = pair(stride), pair(padding), pair(more), pair(dilation)
            return convolution.conv_transpose2d(x, tensors["weight"], tensors["bias"], *wide, groups)
        case spec.GroupNorm(groups, _, eps):
            return reduction.group_norm(x, groups, tensors["weight"], tensors["bias"], eps)
        case spec.LayerNorm(_, eps):
            return reduction.layer_norm(x, tensors["weight"], tensors["bias"], eps)
        case spec.ChannelAffine():
            return x * elementwise.per_channel(tensors["weight"], x) + elementwise.per_channel(tensors["bias"], x)
        case spec.Prelu():
            return elementwise.prelu(x, tensors["weight"])
        case spec.Bias():
            return x + tensors["bias"]
        case spec.Lattice(shape, _, size, low, high):
            return on_lattice(x, tensors["pictures"], size, low, high).reshape(len(x), *shape)
        case spec.Gallery(shape):
            return in_gallery(x, tensors["pictures"], tensors["codes"]).reshape(len(x), *shape)
    return None


def _elementwise(layer: Layer, x: Floats, tensors: Tensors) -> Floats | None:
    """Of layers without tensors that compute something."""
    match layer:
        case spec.Activation():
            return elementwise.activate(layer, x)
        case spec.Clamp(low, high):
            return np.clip(x, np.float32(low), np.float32(high))
        case spec.Scale(by, plus):
            return x * np.float32(by) + np.float32(plus)
        case spec.Softmax(axis):
            return reduction.softmax(x, axis + 1)
        case spec.Reduce():
            return reduction.reduce(layer, x)
    return None


def _moved(layer: Layer, x: Floats, tensors: Tensors) -> Floats | None:
    """Of layers that put numbers elsewhere."""
    match layer:
        case spec.First(n):
            return x[:, :n]
        case spec.Flatten():
            return movement.flatten(x)
        case spec.Unflatten(shape) | spec.Reshape(shape):
            return movement.reshape(x, shape)
        case spec.Slice():
            return movement.cut(layer, x)
        case spec.Permute():
            return movement.permute(layer, x)
        case spec.Crop(height, width):
            return x[..., :height, :width]
        case spec.PixelShuffle(factor):
            return movement.pixel_shuffle(x, factor)
        case spec.PixelUnshuffle(factor):
            return movement.pixel_unshuffle(x, factor)
        case spec.Upsample():
            return movement.upsample(layer, x)
    return None


def _of_picture(layer: Layer, x: Floats, tensors: Tensors) -> Floats | None:
    """Of layers that look around a pixel."""
    match layer:
        case spec.Pad():
            return pooling.pad(layer, x)
        case spec.Pool(kind, kernel, stride, padding, dilation, _, counts_padding):
            _, *size = shape_after(layer, x.shape[1:])
            sides = pair(kernel), pair(stride), pair(padding)
            if kind == "max":
                return pooling.max_pool(x, *sides, pair(dilation), (size[0], size[1]))
            return pooling.mean_pool(x, *sides, (size[0], size[1]), counts_padding)
        case spec.AdaptivePool(kind, height, width):
            return pooling.adaptive_pool(x, (height, width), kind == "max")
        case spec.Resize(kind, height, width, aligns_corners):
            return (
                pooling.nearest(x, (height, width)) if kind == "nearest" else pooling.bilinear(x, (height, width), aligns_corners)
            )
    return None

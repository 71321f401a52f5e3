"""How does a picture become smaller or larger: windows of which the largest or the mean is kept, other sizes, more pixels around it?

Letters: B pictures, C×H×W their shape.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trainer.models import layers as spec

Floats = NDArray[np.float32]
Sides = tuple[int, int]  # height first
PAD_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(layer: spec.Pad, x: Floats) -> Floats:
    """Rows and columns around every picture."""
    width = ((0, 0), (0, 0), (layer.top, layer.bottom), (layer.left, layer.right))
    return np.asarray(np.pad(x, width, mode=PAD_MODES[layer.kind]))  # type: ignore[call-overload]


def max_pool(x: Floats, kernel: Sides, stride: Sides, padding: Sides, dilation: Sides, size: Sides) -> Floats:
    """The largest number of every window; size: how many windows there are down and across."""
    out = np.full((*x.shape[:2], *size), -np.inf, np.float32)
    for here in _places(x, kernel, stride, padding, dilation, size, beyond=-np.inf):
        out = np.maximum(out, here)
    return out


def mean_pool(x: Floats, kernel: Sides, stride: Sides, padding: Sides, size: Sides, counts_padding: bool) -> Floats:
    """The mean of every window; counts_padding: whether the zeros around the picture count."""
    out = np.zeros((*x.shape[:2], *size), np.float32)
    for here in _places(x, kernel, stride, padding, (1, 1), size, beyond=0):
        out = out + here
    counted = [
        _counted(x.shape[2 + axis], kernel[axis], stride[axis], padding[axis], size[axis], counts_padding) for axis in (0, 1)
    ]
    return np.asarray(out / np.outer(*counted), np.float32)


def _places(
    x: Floats, kernel: Sides, stride: Sides, padding: Sides, dilation: Sides, size: Sides, beyond: float
) -> Iterator[Floats]:
    """Of every window the number at the same place in it, one place after the other; beyond: what is around the picture."""
    (rows, columns), (down, right), (spread_y, spread_x) = size, stride, dilation
    ends = ((rows - 1) * down + spread_y * (kernel[0] - 1) + 1, (columns - 1) * right + spread_x * (kernel[1] - 1) + 1)
    around = [(before, max(0, end - side - before)) for before, end, side in zip(padding, ends, x.shape[2:], strict=True)]
    padded = np.pad(x, ((0, 0), (0, 0), *around), constant_values=beyond)
    for i, j in np.ndindex(*kernel):
        top, left = i * spread_y, j * spread_x
        yield padded[:, :, top : top + (rows - 1) * down + 1 : down, left : left + (columns - 1) * right + 1 : right]


def _counted(side: int, kernel: int, stride: int, padding: int, n: int, counts_padding: bool) -> Floats:
    """(n,): how many rows or columns of each window a mean is taken over."""
    start = np.arange(n) * stride - padding
    stop = np.minimum(start + kernel, side + padding)
    if not counts_padding:
        start, stop = np.maximum(start, 0), np.minimum(stop, side)
    return np.maximum(stop - start, 1).astype(np.float32)


def adaptive_pool(x: Floats, size: Sides, is_max: bool) -> Floats:
    """Along the height, then along the width: windows are rectangles, so that the order is the same."""
    for axis, n in ((2, size[0]), (3, size[1])):
        side = x.shape[axis]
        parts = [x.take(range(i * side // n, -(-(i + 1) * side // n)), axis) for i in range(n)]
        x = np.stack([part.max(axis) if is_max else part.mean(axis) for part in parts], axis)
    return x


def nearest(x: Floats, size: Sides) -> Floats:
    """At another size, every pixel that of the nearest."""
    return _nearest(_nearest(x, 2, size[0]), 3, size[1])


def bilinear(x: Floats, size: Sides, aligns_corners: bool) -> Floats:
    """At another size, between the pixels."""
    return _linear(_linear(x, 2, size[0], aligns_corners), 3, size[1], aligns_corners)


def _nearest(x: Floats, axis: int, n: int) -> Floats:
    """In single precision, because at a border between two pixels rounding decides."""
    side = x.shape[axis]
    at = np.floor(np.arange(n, dtype=np.float32) * (np.float32(side) / np.float32(n))).astype(int)
    return x.take(np.arange(n) // 2 if n == 2 * side else np.minimum(at, side - 1), axis)


def _linear(x: Floats, axis: int, n: int, aligns_corners: bool) -> Floats:
    side = x.shape[axis]
    if aligns_corners:
        at = np.arange(n) * ((side - 1) / (n - 1) if n > 1 else 0.0)
    else:
        at = np.maximum((np.arange(n) + 0.5) * (side / n) - 0.5, 0)
    before = np.minimum(at.astype(int), side - 1)
    share = (at - before).astype(np.float32).reshape(-1, *[1] * (x.ndim - 1 - axis))
    after = x.take(np.minimum(before + 1, side - 1), axis)
    return np.asarray(x.take(before, axis) * (1 - share) + after * share, np.float32)

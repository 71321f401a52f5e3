"""How does a picture become smaller or larger: windows of which the largest or the mean is kept, other sizes, more pixels around it?

Letters: B pictures, C×H×W their shape.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.models import layers as spec
from trainer.models.layer_shapes import shape_after
from trainer.models.layers import pair

Floats = NDArray[np.float32]
_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(layer: spec.Pad, x: Floats) -> Floats:
    """Rows and columns around every picture."""
    width = ((0, 0), (0, 0), (layer.top, layer.bottom), (layer.left, layer.right))
    return np.asarray(np.pad(x, width, mode=_MODES[layer.kind]))  # type: ignore[call-overload]


def pool(layer: spec.Pool, x: Floats) -> Floats:
    """The largest or the mean of every window, one place of the window after the other."""
    rows, columns = shape_after(layer, x.shape[1:])[1:]
    (down, right), (spread_y, spread_x) = pair(layer.stride), pair(layer.dilation)
    kernel = pair(layer.kernel)
    is_max = layer.kind == "max"
    ends = ((rows - 1) * down + spread_y * (kernel[0] - 1) + 1, (columns - 1) * right + spread_x * (kernel[1] - 1) + 1)
    around = [
        (before, max(0, end - side - before)) for before, end, side in zip(pair(layer.padding), ends, x.shape[2:], strict=True)
    ]
    padded = np.pad(x, ((0, 0), (0, 0), *around), constant_values=-np.inf if is_max else 0)
    out = np.full((*x.shape[:2], rows, columns), -np.inf if is_max else 0, np.float32)
    for i, j in np.ndindex(*kernel):
        top, left = i * spread_y, j * spread_x
        here = padded[:, :, top : top + (rows - 1) * down + 1 : down, left : left + (columns - 1) * right + 1 : right]
        out = np.maximum(out, here) if is_max else out + here
    counted = np.outer(_counted(layer, 0, x.shape[2], rows), _counted(layer, 1, x.shape[3], columns))
    return out if is_max else np.asarray(out / counted, np.float32)


def _counted(layer: spec.Pool, axis: int, side: int, n: int) -> Floats:
    """(n,): how many rows or columns of each window a mean is taken over."""
    kernel, stride, padding = (pair(field)[axis] for field in (layer.kernel, layer.stride, layer.padding))
    start = np.arange(n) * stride - padding
    stop = np.minimum(start + kernel, side + padding)
    if not layer.counts_padding:
        start, stop = np.maximum(start, 0), np.minimum(stop, side)
    return np.maximum(stop - start, 1).astype(np.float32)


def adaptive_pool(layer: spec.AdaptivePool, x: Floats) -> Floats:
    """Along the height, then along the width: windows are rectangles, so that the order is the same."""
    for axis, n in ((2, layer.height), (3, layer.width)):
        side = x.shape[axis]
        parts = [x.take(range(i * side // n, -(-(i + 1) * side // n)), axis) for i in range(n)]
        x = np.stack([part.max(axis) if layer.kind == "max" else part.mean(axis) for part in parts], axis)
    return x


def resize(layer: spec.Resize, x: Floats) -> Floats:
    """At another size."""
    for axis, n in ((2, layer.height), (3, layer.width)):
        x = _nearest(x, axis, n) if layer.kind == "nearest" else _linear(x, axis, n, layer.aligns_corners)
    return x


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

"""How are convolutions and their transposes computed?

Letters: B pictures, G groups, C, O channels of input and output, H×W and h×w their sizes, i, j a place in the kernel.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Sides = tuple[int, int]  # height first

MOST_UNFOLDED = 2**24
"""Numbers of unfolded windows at once."""


def conv2d(
    x: Floats, weight: Floats, bias: Floats, stride: Sides, padding: Sides, dilation: Sides = (1, 1), groups: int = 1
) -> Floats:
    """Cross-correlation with zero padding, (B, C, H, W) to (B, O, h, w); a product of matrices for all windows of a few pictures."""
    (top, left), (down, right), (spread_y, spread_x) = padding, stride, dilation
    padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    reach = (spread_y * (weight.shape[2] - 1) + 1, spread_x * (weight.shape[3] - 1) + 1)
    windows = sliding_window_view(padded, reach, axis=(2, 3))[:, :, ::down, ::right, ::spread_y, ::spread_x]
    out = _by_place(windows, weight, groups) if groups > 1 else _unfolded(windows, weight)
    return np.asarray(out + bias[:, None, None], np.float32)


def _unfolded(windows: Floats, weight: Floats) -> Floats:
    """Of windows (B, C, h, w, kernel) and weight (O, C, kernel)."""
    step = max(1, MOST_UNFOLDED // max(1, windows[:1].size))
    parts = [
        np.tensordot(windows[at : at + step], weight, axes=((1, 4, 5), (1, 2, 3))) for at in range(0, max(1, len(windows)), step)
    ]
    return np.ascontiguousarray(np.concatenate(parts).transpose(0, 3, 1, 2))


def _by_place(windows: Floats, weight: Floats, groups: int) -> Floats:
    """The same for channels in groups, the sum over places in the kernel."""
    batch, _, height, width = windows.shape[:4]
    out = np.zeros((batch, len(weight), height, width), np.float32)
    of_group = weight.reshape(groups, -1, *weight.shape[1:])
    for i, j in np.ndindex(*weight.shape[2:]):
        out += _mixed(windows[..., i, j], of_group[..., i, j])
    return out


def conv_transpose2d(
    x: Floats,
    weight: Floats,
    bias: Floats,
    stride: Sides,
    padding: Sides,
    output_padding: Sides = (0, 0),
    dilation: Sides = (1, 1),
    groups: int = 1,
) -> Floats:
    """The transpose of `conv2d` in x, (B, C, H, W) to (B, O, h, w): every input pixel adds its share of the kernel where it stands."""
    batch, _, height, width = x.shape
    (down, right), (spread_y, spread_x), (more_y, more_x) = stride, dilation, output_padding
    rows, columns = (height - 1) * down + 1, (width - 1) * right + 1
    size = (rows + spread_y * (weight.shape[2] - 1) + more_y, columns + spread_x * (weight.shape[3] - 1) + more_x)
    full = np.zeros((batch, len(bias), *size), np.float32)
    of_group = weight.reshape(groups, -1, *weight.shape[1:]).swapaxes(1, 2)
    for i, j in np.ndindex(*weight.shape[2:]):
        top, left = i * spread_y, j * spread_x
        full[:, :, top : top + rows : down, left : left + columns : right] += _mixed(x, of_group[..., i, j])
    cut_y, cut_x = padding
    return full[:, :, cut_y : size[0] - cut_y, cut_x : size[1] - cut_x] + bias[:, None, None]


def _mixed(x: Floats, weight: Floats) -> Floats:
    """Channels of every pixel by matrices (G, O/G, C/G), (B, C, H, W) to (B, O, H, W)."""
    batch, _, height, width = x.shape
    groups, n_out, n_in = weight.shape
    if groups == 1:
        return np.tensordot(weight[0], x, axes=((1,), (1,))).swapaxes(0, 1)
    if n_in == 1 == n_out:
        return x * weight.reshape(-1, 1, 1)
    grouped = x.reshape(batch, groups, n_in, height * width)
    return np.asarray(np.matmul(weight, grouped)).reshape(batch, groups * n_out, height, width)

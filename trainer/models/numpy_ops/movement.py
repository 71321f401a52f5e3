"""Which operations only put numbers elsewhere, or take some of them? Letters: B pictures or codes, each of a shape of its own."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from trainer.models import layers as spec

Floats = NDArray[np.float32]


def reshape(x: Floats, shape: tuple[int, ...]) -> Floats:
    """The same numbers in the same order."""
    return x.reshape(len(x), *shape)


def flatten(x: Floats) -> Floats:
    """(B, …) to (B, n)."""
    return x.reshape(len(x), prod(x.shape[1:]))


def concat(layer: spec.Concat, given: Sequence[Floats]) -> Floats:
    """One after the other along an axis."""
    return np.concatenate(given, layer.axis + 1)


def cut(layer: spec.Slice, x: Floats) -> Floats:
    """A part along one axis."""
    return x[(slice(None),) * (layer.axis + 1) + (slice(layer.start, layer.stop, layer.step),)]


def permute(layer: spec.Permute, x: Floats) -> Floats:
    """Axes in another order."""
    return x.transpose(0, *(axis + 1 for axis in layer.axes))


def pixel_shuffle(x: Floats, r: int) -> Floats:
    """(B, C·r², H, W) to (B, C, H·r, W·r)."""
    batch, channels, height, width = x.shape
    blocks = x.reshape(batch, channels // r**2, r, r, height, width)
    return blocks.transpose(0, 1, 4, 2, 5, 3).reshape(batch, channels // r**2, height * r, width * r)


def pixel_unshuffle(x: Floats, r: int) -> Floats:
    """(B, C, H·r, W·r) to (B, C·r², H, W)."""
    batch, channels, height, width = x.shape
    blocks = x.reshape(batch, channels, height // r, r, width // r, r)
    return blocks.transpose(0, 1, 3, 5, 2, 4).reshape(batch, channels * r**2, height // r, width // r)


def upsample(layer: spec.Upsample, x: Floats) -> Floats:
    """Every pixel scale × scale times."""
    return x.repeat(layer.scale, axis=2).repeat(layer.scale, axis=3)


def constant(weight: Floats, n: int) -> Floats:
    """The same for each of n, without a copy."""
    return np.broadcast_to(weight, (n, *weight.shape))

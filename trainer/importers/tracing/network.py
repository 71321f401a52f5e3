"""How do traced steps become one network?

Matrices in a row are multiplied, clamps are dropped where they cut off next to nothing, and several vectors that share their first
layers, such as mean and log variance, become one chain that gives them one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from trainer.importers.tracing.steps import Clamp, Exponential, TracedLayer, TracedNetwork, TracedValue, UntraceableError, as_floats
from trainer.models import layers as spec

MOST_CLAMPED = 1e-3  # of the range from 0 to 1 at either end; a quarter of a grey level of 255


def network_of(steps: Sequence[TracedLayer]) -> TracedNetwork:
    clamps = [step.layer for step in steps if isinstance(step.layer, Clamp)]
    cut = max((max(clamp.low, 1 - clamp.high) for clamp in clamps), default=0.0)
    merged = _merged([step for step in steps if not isinstance(step.layer, Clamp)])
    weights = {f"{i}.{name}": array for i, step in enumerate(merged) for name, array in step.arrays.items()}
    layers = tuple(step.layer for step in merged if not isinstance(step.layer, Exponential | Clamp))
    if len(layers) < len(merged):
        raise UntraceableError("uses exp, which is none of our layers")
    return TracedNetwork(layers, weights, max(0.0, cut) if cut <= 1.001 * MOST_CLAMPED else 0.0)


def _merged(steps: Sequence[TracedLayer]) -> list[TracedLayer]:
    """Two matrices in a row as one, where that is no larger."""
    out: list[TracedLayer] = []
    for step in steps:
        last = out[-1] if out else None
        if last is not None and isinstance(last.layer, spec.Linear) and isinstance(step.layer, spec.Linear):
            n_in, n_middle, n_out = last.layer.n_in, last.layer.n_out, step.layer.n_out
            if n_in * n_out <= n_middle * (n_in + n_out):
                out[-1] = _product(last, step)
                continue
        out.append(step)
    return out


def _product(first: TracedLayer, second: TracedLayer) -> TracedLayer:
    """W₂(W₁x + b₁) + b₂ as one layer."""
    assert isinstance(first.layer, spec.Linear) and isinstance(second.layer, spec.Linear)
    w1, b1, w2, b2 = (step.arrays[name].astype(float) for step in (first, second) for name in ("weight", "bias"))
    arrays = {"weight": as_floats(w2 @ w1), "bias": as_floats(w2 @ b1 + b2)}
    return TracedLayer(spec.Linear(first.layer.n_in, second.layer.n_out), arrays)


def joined_layers(values: Sequence[TracedValue]) -> list[TracedLayer]:
    """One chain that gives all the vectors, one after the other: what they share once, then their own layers side by side."""
    if any(len(value.shape) != 1 for value in values):
        raise UntraceableError("gives codes that are no vectors")
    chains = [tuple(step for step in value.steps if not isinstance(step.layer, Clamp)) for value in values]
    n_shared = 0
    while all(len(chain) > n_shared and chain[n_shared] is chains[0][n_shared] for chain in chains):
        n_shared += 1
    shared, tails = list(chains[0][:n_shared]), [_merged(chain[n_shared:]) for chain in chains]
    if all(tail and isinstance(tail[0].layer, spec.Flatten) for tail in tails):
        shared, tails = [*shared, tails[0][0]], [tail[1:] for tail in tails]
    if len({len(tail) for tail in tails}) != 1:
        raise UntraceableError("computes mean and variance by networks of different depth")
    for depth, side in enumerate(zip(*tails, strict=True)):
        shared.append(_beside(side, is_first=depth == 0))
    return shared


def _beside(steps: tuple[TracedLayer, ...], is_first: bool) -> TracedLayer:
    """Layers that stand side by side as one: matrices below each other, or along a diagonal where each has its own input."""
    if all(isinstance(step.layer, spec.Linear) for step in steps):
        matrices = [torch.from_numpy(step.arrays["weight"]) for step in steps]
        weight = torch.cat(matrices) if is_first else torch.block_diag(*matrices)  # type: ignore[no-untyped-call]
        bias = np.concatenate([step.arrays["bias"] for step in steps])
        return TracedLayer(spec.Linear(weight.shape[1], weight.shape[0]), {"weight": as_floats(weight), "bias": as_floats(bias)})
    if isinstance(steps[0].layer, spec.Activation) and all(step.layer == steps[0].layer for step in steps) and not is_first:
        return replace(steps[0])
    raise UntraceableError("computes mean and variance by different networks")

"""How does one write a layer in numpy? Expressions of np, and functions that the program takes along (`carrying`)."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.exporting.library import Library, per_channel
from trainer.exporting.words import Place, Words, changed, listed, literal
from trainer.models import layers as spec
from trainer.models.layers import Layer, pair
from trainer.models.numpy_ops.pooling import PAD_MODES

_ACTIVATIONS: Mapping[spec.ActivationKind, tuple[str, tuple[str, ...]]] = {
    "relu": ("np.maximum({0}, 0)", ()),
    "silu": ("{0} * sigmoid({0})", ("sigmoid",)),
    "gelu": ("gelu({0})", ("gelu",)),
    "tanh": ("np.tanh({0})", ()),
    "sigmoid": ("sigmoid({0})", ("sigmoid",)),
    "leaky-relu": ("np.where({0} > 0, {0}, {1} * {0})", ()),
    "elu": ("np.where({0} > 0, {0}, {1} * np.expm1(np.minimum({0}, 0)))", ()),
    "gelu-erf": ("exact_gelu({0})", ("exact_gelu",)),
    "softplus": ("softplus({0})", ("softplus",)),
    "logit": ("logit({0})", ("logit",)),
    "mish": ("{0} * np.tanh(softplus({0}))", ("softplus",)),
    "selu": ("selu({0})", ("selu",)),
    "hard-swish": ("{0} * hard_sigmoid({0})", ("hard_sigmoid",)),
    "hard-sigmoid": ("hard_sigmoid({0})", ("hard_sigmoid",)),
    "exp": ("np.exp({0})", ()),
    "log": ("np.log({0})", ()),
    "square": ("np.square({0})", ()),
    "sqrt": ("np.sqrt({0})", ()),
    "abs": ("np.abs({0})", ()),
}


def _weighted(layer: Layer, place: Place) -> Words | str | None:
    """Of layers that have weights."""
    x, w, b = place.given[0].name, place.tensors.get("weight"), place.tensors.get("bias")
    match layer:
        case spec.Linear(n_in, _, n_labels) if n_labels:
            return f"{x} @ {w}[:, :{literal(n_in)}].T + {b} + {w}[:, {literal(n_in)}:].T[label]"
        case spec.Linear():
            return f"{x} @ {w}.T + {b}"
        case spec.Conv2d(_, _, _, stride, padding, dilation, groups):
            more = changed(dilation=(pair(dilation), (1, 1)), groups=(groups, 1))
            return Words(f"conv2d({x}, {w}, {b}, {listed(pair(stride), pair(padding))}{more})", ("conv2d",))
        case spec.ConvTranspose2d(_, _, _, stride, padding, extra, dilation, groups):
            more = changed(output_padding=(pair(extra), (0, 0)), dilation=(pair(dilation), (1, 1)), groups=(groups, 1))
            wide = listed(pair(stride), pair(padding))
            return Words(f"conv_transpose2d({x}, {w}, {b}, {wide}{more})", ("conv_transpose2d",))
        case spec.GroupNorm(groups, _, eps):
            return Words(f"group_norm({x}, {literal(groups)}, {w}, {b}, {literal(eps)})", ("group_norm",))
        case spec.LayerNorm(_, eps):
            return Words(f"layer_norm({x}, {w}, {b}, {literal(eps)})", ("layer_norm",))
        case spec.Prelu():
            return f"np.where({x} > 0, {x}, {x} * {per_channel(w, place)})"
    return None


def _moved(layer: Layer, place: Place) -> Words | str | None:
    """Of layers that put numbers elsewhere."""
    x = place.given[0].name
    match layer:
        case spec.Flatten():
            return f"{x}.reshape(len({x}), -1)"
        case spec.Permute(axes):
            return f"{x}.transpose({listed(0, *(axis + 1 for axis in axes))})"
        case spec.PixelShuffle(factor):
            return Words(f"pixel_shuffle({x}, {literal(factor)})", ("pixel_shuffle",))
        case spec.PixelUnshuffle(factor):
            return Words(f"pixel_unshuffle({x}, {literal(factor)})", ("pixel_unshuffle",))
        case spec.Upsample(scale):
            return f"{x}.repeat({literal(scale)}, axis=2).repeat({literal(scale)}, axis=3)"
    return None


def _of_picture(layer: Layer, place: Place) -> Words | str | None:
    """Of layers that look around a pixel."""
    x, size = place.given[0].name, literal(place.after[1:])
    match layer:
        case spec.Pad(left, right, top, bottom, kind):
            return f'np.pad({x}, {literal(((0, 0), (0, 0), (top, bottom), (left, right)))}, mode="{PAD_MODES[kind]}")'
        case spec.Pool(kind, kernel, stride, padding, dilation, _, counts):
            sides = listed(pair(kernel), pair(stride), pair(padding))
            if kind == "max":
                return Words(f"max_pool({x}, {sides}, {listed(pair(dilation))}, size={size})", ("max_pool",))
            return Words(f"mean_pool({x}, {sides}, size={size}, counts_padding={literal(counts)})", ("mean_pool",))
        case spec.AdaptivePool(kind):
            return Words(f"adaptive_pool({x}, {size}, is_max={literal(kind == 'max')})", ("adaptive_pool",))
        case spec.Resize("nearest"):
            return Words(f"nearest({x}, {size})", ("nearest",))
        case spec.Resize(_, _, _, aligns):
            return Words(f"bilinear({x}, {size}, aligns_corners={literal(aligns)})", ("bilinear",))
    return None


def _computed(layer: Layer, place: Place) -> Words | str | None:
    """Of layers that compute something of the numbers alone."""
    x = place.given[0].name
    match layer:
        case spec.Activation(kind, slope):
            expression, names = _ACTIVATIONS[kind]
            return Words(expression.format(x, literal(slope)), names)
        case spec.Clamp(low, high):
            return f"np.clip({x}, {listed(low, high)})"
        case spec.Softmax(axis):
            return Words(f"softmax({x}, axis={literal(axis + 1)})", ("softmax",))
    return None


NUMPY = Library(
    name="np",
    constant="np.broadcast_to({0}, (len(z), {1}))",
    concat="np.concatenate",
    from_numpy="{}",
    to_numpy="{}",
    keeps="keepdims",
    reductions={"mean": "mean", "sum": "sum", "max": "max"},
    finds=(_weighted, _moved, _of_picture, _computed),
)

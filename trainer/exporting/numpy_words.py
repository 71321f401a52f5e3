"""How does one write a layer in numpy? Expressions of np, and functions that the program takes along (`carrying`)."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.exporting.torch_words import flattened, part, per_channel, scaled
from trainer.exporting.words import Place, Words, changed, cut, listed, literal
from trainer.models import layers as spec
from trainer.models.layers import Layer, pair
from trainer.models.numpy_ops.pooling import PAD_MODES

_SIGNS: Mapping[spec.CombineKind, str] = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "maximum": "np.maximum({}, {})",
    "minimum": "np.minimum({}, {})",
}
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


def in_numpy(layer: Layer, place: Place) -> Words:
    """One layer as an expression."""
    if isinstance(layer, spec.Constant):
        return Words(f"np.broadcast_to({place.tensors['weight']}, (len(z), {listed(*place.after)}))")
    for find in (_joined, _weighted, _stored, _moved, _of_picture, _computed):
        found = find(layer, place)
        if found is not None:
            return found if isinstance(found, Words) else Words(found)
    raise ValueError(f"{type(layer).__name__} is not a layer of a decoder")


def _joined(layer: Layer, place: Place) -> str | None:
    """Of layers that take several tensors; axes of the shapes without the batch are matched from the last."""
    names = [given.with_rank(max(len(other.shape) for other in place.given)) for given in place.given]
    match layer:
        case spec.Combine(kind):
            return _SIGNS[kind].format(*names)
        case spec.MatMul():
            return " @ ".join(names)
        case spec.Concat(axis):
            return f"np.concatenate([{', '.join(names)}], {literal(axis + 1)})"
    return None


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
        case spec.ChannelAffine():
            return f"{x} * {per_channel(w, place)} + {per_channel(b, place)}"
        case spec.Prelu():
            return f"np.where({x} > 0, {x}, {x} * {per_channel(w, place)})"
        case spec.Bias():
            return f"{x} + {b}"
    return None


def _stored(layer: Layer, place: Place) -> Words | None:
    """Of decoders that are pictures, and of pixels that are told those before them."""
    x, own = place.given[0].name, place.tensors
    match layer:
        case spec.Lattice(shape, _, size, low, high):
            found, names = f"on_lattice({x}, {own['pictures']}, {listed(size, low, high)})", ("on_lattice",)
        case spec.Gallery(shape):
            found, names = f"in_gallery({x}, {own['pictures']}, {own['codes']})", ("in_gallery",)
        case spec.Autoregress():
            return Words(f"unrolled({x}, {own['weight']}, {own['bias']}, {own['out']})", ("unrolled",))
        case _:
            return None
    return Words(f"{found}.reshape(len(z), {listed(*shape)})", names)


def _moved(layer: Layer, place: Place) -> Words | str | None:
    """Of layers that put numbers elsewhere."""
    x = place.given[0].name
    match layer:
        case spec.First(n):
            return f"{x}[:, :{literal(n)}]"
        case spec.Flatten():
            return f"{x}.reshape(len({x}), -1)"
        case spec.Unflatten(shape) | spec.Reshape(shape):
            return f"{x}.reshape(len({x}), {listed(*shape)})"
        case spec.Permute(axes):
            return f"{x}.transpose({listed(0, *(axis + 1 for axis in axes))})"
        case spec.Slice(axis, start, stop, step):
            return x + cut(axis, part(start, stop, step))
        case spec.Crop(height, width):
            return f"{x}[..., :{literal(height)}, :{literal(width)}]"
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
        case spec.Scale(by, plus):
            return scaled(x, by, plus)
        case spec.Softmax(axis):
            return Words(f"softmax({x}, axis={literal(axis + 1)})", ("softmax",))
        case spec.Reduce(kind, axes, keeps):
            axes = tuple(axis + 1 for axis in axes)
            return f"{x}.{kind}({literal(axes)}{changed(keepdims=(keeps, False))})" + flattened(place.given[0], axes, keeps)
    return None

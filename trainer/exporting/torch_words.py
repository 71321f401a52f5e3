"""How does one write a layer in PyTorch? Expressions of torch and of torch.nn.functional as F; letters as in `trainer.models.layers`."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.exporting.words import Given, Place, Words, changed, cut, listed, literal
from trainer.models import layers as spec
from trainer.models.layers import Layer

SIGNS: Mapping[spec.CombineKind, str] = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "maximum": "torch.maximum({}, {})",
    "minimum": "torch.minimum({}, {})",
}
_ACTIVATIONS: Mapping[spec.ActivationKind, str] = {
    "relu": "F.relu({})",
    "silu": "F.silu({})",
    "gelu": 'F.gelu({}, approximate="tanh")',
    "tanh": "torch.tanh({})",
    "sigmoid": "torch.sigmoid({})",
    "leaky-relu": "F.leaky_relu({}, {})",
    "elu": "F.elu({}, {})",
    "gelu-erf": "F.gelu({})",
    "softplus": "F.softplus({})",
    "logit": "torch.logit({}, eps=1e-6)",
    "mish": "F.mish({})",
    "selu": "F.selu({})",
    "hard-swish": "F.hardswish({})",
    "hard-sigmoid": "F.hardsigmoid({})",
    "exp": "torch.exp({})",
    "log": "torch.log({})",
    "square": "torch.square({})",
    "sqrt": "torch.sqrt({})",
    "abs": "torch.abs({})",
}
_PAD_MODES: Mapping[spec.PadKind, str] = {
    "zeros": "",
    "reflect": ', mode="reflect"',
    "replicate": ', mode="replicate"',
    "circular": ', mode="circular"',
}
_REDUCTIONS: Mapping[spec.ReduceKind, str] = {"mean": "mean", "sum": "sum", "max": "amax"}


def in_torch(layer: Layer, place: Place) -> Words:
    """One layer as an expression."""
    if isinstance(layer, spec.Constant):
        return Words(f"{place.tensors['weight']}.expand(len(z), {listed(*place.after)})")
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
            return SIGNS[kind].format(*names)
        case spec.MatMul():
            return " @ ".join(names)
        case spec.Concat(axis):
            return f"torch.cat([{', '.join(names)}], {literal(axis + 1)})"
    return None


def _weighted(layer: Layer, place: Place) -> str | None:
    """Of layers that have weights."""
    x, w, b = place.given[0].name, place.tensors.get("weight"), place.tensors.get("bias")
    match layer:
        case spec.Linear(n_in, _, n_labels) if n_labels:
            of_x = f"F.linear({x}, {w}[:, :{literal(n_in)}], {b})"
            return f"{of_x} + {w}[:, {literal(n_in)}:].T[label]"
        case spec.Linear():
            return f"F.linear({x}, {w}, {b})"
        case spec.Conv2d(_, _, _, stride, padding, dilation, groups):
            more = changed(stride=(stride, 1), padding=(padding, 0), dilation=(dilation, 1), groups=(groups, 1))
            return f"F.conv2d({x}, {w}, {b}{more})"
        case spec.ConvTranspose2d(_, _, _, stride, padding, extra, dilation, groups):
            more = changed(stride=(stride, 1), padding=(padding, 0), output_padding=(extra, 0))
            return f"F.conv_transpose2d({x}, {w}, {b}{more}{changed(dilation=(dilation, 1), groups=(groups, 1))})"
        case spec.GroupNorm(groups, _, eps):  # F.group_norm refuses groups of one number
            return f"torch.group_norm({x}, {literal(groups)}, {w}, {b}, {literal(eps)})"
        case spec.LayerNorm(shape, eps):
            return f"F.layer_norm({x}, {literal(shape)}, {w}, {b}, {literal(eps)})"
        case spec.ChannelAffine():
            return f"{x} * {per_channel(w, place)} + {per_channel(b, place)}"
        case spec.Prelu():
            return f"F.prelu({x}, {w})"
        case spec.Bias():
            return f"{x} + {b}"
    return None


def per_channel(tensor: str | None, place: Place) -> str:
    """(channels,) as it is broadcast along the first axis after the batch."""
    rank = len(place.given[0].shape)
    return f"{tensor}" + f".reshape({listed(-1, *[1] * (rank - 1))})" * (rank > 1)


def _stored(layer: Layer, place: Place) -> Words | None:
    """Of decoders that are pictures, and of pixels that are told those before them: numpy's functions."""
    x = f"{place.given[0].name}.numpy()"
    own = {name: f"{tensor}.numpy()" for name, tensor in place.tensors.items()}
    match layer:
        case spec.Lattice(shape, _, size, low, high):
            found, names = f"on_lattice({x}, {own['pictures']}, {listed(size, low, high)})", ("on_lattice",)
        case spec.Gallery(shape):
            found, names = f"in_gallery({x}, {own['pictures']}, {own['codes']})", ("in_gallery",)
        case spec.Autoregress():
            logits = f"unrolled({x}, {own['weight']}, {own['bias']}, {own['out']})"
            return Words(f"torch.from_numpy({logits})", ("unrolled",))
        case _:
            return None
    return Words(f"torch.from_numpy({found}).reshape(len(z), {listed(*shape)})", names)


def _moved(layer: Layer, place: Place) -> str | None:
    """Of layers that put numbers elsewhere."""
    x = place.given[0].name
    match layer:
        case spec.First(n):
            return f"{x}[:, :{literal(n)}]"
        case spec.Flatten():
            return f"{x}.flatten(1)"
        case spec.Unflatten(shape) | spec.Reshape(shape):
            return f"{x}.reshape(len({x}), {listed(*shape)})"
        case spec.Permute(axes):
            return f"{x}.permute({listed(0, *(axis + 1 for axis in axes))})"
        case spec.Slice(axis, start, stop, step):
            return x + cut(axis, part(start, stop, step))
        case spec.Crop(height, width):
            return f"{x}[..., :{literal(height)}, :{literal(width)}]"
        case spec.PixelShuffle(factor):
            return f"F.pixel_shuffle({x}, {literal(factor)})"
        case spec.PixelUnshuffle(factor):
            return f"F.pixel_unshuffle({x}, {literal(factor)})"
    return None


def part(start: int, stop: int, step: int) -> str:
    """Of a slice."""
    return f"{literal(start)}:{literal(stop)}" + f":{literal(step)}" * (step != 1)


def _of_picture(layer: Layer, place: Place) -> str | None:
    """Of layers that look around a pixel."""
    x = place.given[0].name
    match layer:
        case spec.Pad(left, right, top, bottom, kind):
            return f"F.pad({x}, {literal((left, right, top, bottom))}{_PAD_MODES[kind]})"
        case spec.Pool("max", kernel, stride, padding, dilation, rounds_up):
            more = changed(padding=(padding, 0), dilation=(dilation, 1), ceil_mode=(rounds_up, False))
            return f"F.max_pool2d({x}, {listed(kernel, stride)}{more})"
        case spec.Pool(_, kernel, stride, padding, _, rounds_up, counts):
            more = changed(padding=(padding, 0), ceil_mode=(rounds_up, False), count_include_pad=(counts, True))
            return f"F.avg_pool2d({x}, {listed(kernel, stride)}{more})"
        case spec.AdaptivePool(kind, height, width):
            return f"F.adaptive_{'max' if kind == 'max' else 'avg'}_pool2d({x}, {literal((height, width))})"
        case spec.Upsample(scale):
            return f'F.interpolate({x}, scale_factor={literal(scale)}, mode="nearest")'
        case spec.Resize("nearest", height, width):
            return f'F.interpolate({x}, size={literal((height, width))}, mode="nearest")'
        case spec.Resize(_, height, width, aligns):
            return f'F.interpolate({x}, size={literal((height, width))}, mode="bilinear", align_corners={literal(aligns)})'
    return None


def _computed(layer: Layer, place: Place) -> str | None:
    """Of layers that compute something of the numbers alone."""
    x = place.given[0].name
    match layer:
        case spec.Activation(kind, slope):
            return _ACTIVATIONS[kind].format(x, literal(slope))
        case spec.Clamp(low, high):
            return f"{x}.clamp({listed(low, high)})"
        case spec.Scale(by, plus):
            return scaled(x, by, plus)
        case spec.Softmax(axis):
            return f"torch.softmax({x}, {literal(axis + 1)})"
        case spec.Reduce(kind, axes, keeps):
            axes = tuple(axis + 1 for axis in axes)
            reduced = f"{x}.{_REDUCTIONS[kind]}({literal(axes)}{changed(keepdim=(keeps, False))})"
            return reduced + flattened(place.given[0], axes, keeps)
    return None


def scaled(x: str, by: float, plus: float) -> str:
    """A factor, and a term where it is not 0."""
    return f"{x} * {literal(by)}" + f" + {literal(plus)}" * (plus != 0)


def flattened(given: Given, axes: tuple[int, ...], keeps: bool) -> str:
    """The index that makes (B, 1) of (B,), where no axis is left."""
    return "[:, None]" * (not keeps and len(axes) == len(given.shape))

"""How does one write a layer in PyTorch? Expressions of torch and of torch.nn.functional as F; letters as in `trainer.models.layers`."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.exporting.library import Library
from trainer.exporting.words import Place, changed, listed, literal
from trainer.models import layers as spec
from trainer.models.layers import Layer

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
        case spec.Prelu():
            return f"F.prelu({x}, {w})"
    return None


def _moved(layer: Layer, place: Place) -> str | None:
    """Of layers that put numbers elsewhere."""
    x = place.given[0].name
    match layer:
        case spec.Flatten():
            return f"{x}.flatten(1)"
        case spec.Permute(axes):
            return f"{x}.permute({listed(0, *(axis + 1 for axis in axes))})"
        case spec.PixelShuffle(factor):
            return f"F.pixel_shuffle({x}, {literal(factor)})"
        case spec.PixelUnshuffle(factor):
            return f"F.pixel_unshuffle({x}, {literal(factor)})"
    return None


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
        case spec.Softmax(axis):
            return f"torch.softmax({x}, {literal(axis + 1)})"
    return None


TORCH = Library(
    name="torch",
    constant="{0}.expand(len(z), {1})",
    concat="torch.cat",
    from_numpy="torch.from_numpy({})",
    to_numpy="{}.numpy()",
    keeps="keepdim",
    reductions={"mean": "mean", "sum": "sum", "max": "amax"},
    finds=(_weighted, _moved, _of_picture, _computed),
)

"""Which layers are torch's convolutions, matrix products, norms, pools and attention?"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from trainer.importers.tracing.affine import channel_affine, constant_step, item_constant, scaled, with_constant
from trainer.importers.tracing.arithmetic import Arguments, Handler, combined, first_of, is_aligned
from trainer.importers.tracing.moves import permuted, reshaped
from trainer.importers.tracing.steps import TracedValue, UntraceableError, step_of
from trainer.models import layers as spec
from trainer.models.layers import Side

MASKED = -1e30  # what is added to a weight before the softmax that becomes 0 after it


def _picture(a: Arguments, what: str) -> TracedValue:
    x = first_of(a)
    if not x.is_plain or len(x.shape) != 3:
        raise UntraceableError(f"uses {what} of what is not a picture")
    return x


def _side(given: Any) -> Side:
    """Height and width, or one number for both."""
    sides = [int(side) for side in given] if isinstance(given, list | tuple) else [int(given)]
    return sides[0] if len(set(sides)) == 1 else (sides[0], sides[1])


def _weights(*arrays: Any) -> None:
    if any(isinstance(array, TracedValue) for array in arrays):
        raise UntraceableError("computes a layer's weights from its input")


def _linear(a: Arguments, real: Tensor) -> TracedValue:
    """x Wᵀ + b."""
    return _product(first_of(a), a["weight"], a["bias"], real)


def _product(x: TracedValue, weight: Any, bias: Any, real: Tensor) -> TracedValue:
    _weights(weight, bias)
    x.axis(-1)  # not along the batch
    n_out, n_in = weight.shape
    offset = torch.zeros(n_out) if bias is None else bias.expand(n_out)
    return x.then(real, spec.Linear(n_in, n_out), weight=weight, bias=offset)


def _sum_and_product(a: Arguments, real: Tensor) -> TracedValue:
    """beta · self + alpha · first · second."""
    first, second = (a.get(name, a.get(other)) for name, other in (("mat1", "batch1"), ("mat2", "batch2")))
    beta, alpha, offset = float(a["beta"]), float(a["alpha"]), a["self"]
    product = _multiplied(first, second, _real(first) @ _real(second))
    if alpha != 1:
        product = combined("multiply", product, alpha, product.real * alpha)
    if beta == 0:
        return product
    offset = (
        offset
        if beta == 1
        else combined("multiply", offset, beta, offset.real * beta)
        if isinstance(offset, TracedValue)
        else offset * beta
    )
    return combined("add", product, offset, real)


def _real(item: Any) -> Tensor:
    return item.real if isinstance(item, TracedValue) else item


def _matmul(a: Arguments, real: Tensor) -> TracedValue:
    first, second = list(a.values())[:2]
    return _multiplied(first, second, real)


def _multiplied(first: Any, second: Any, real: Tensor) -> TracedValue:
    if isinstance(first, TracedValue) and isinstance(second, TracedValue):
        return _two_multiplied(first, second, real)
    if isinstance(first, TracedValue):
        if second.ndim == 1:
            column = _product(first, second[None], None, real.unsqueeze(-1))
            return reshaped(column, real)
        if second.ndim == 2:
            return _product(first, second.T, None, real)
        _check_last_two(first)
        step = step_of(spec.MatMul(), first.step, constant_step(item_constant(second, first)))
        return first.becomes(step, real, real.ndim + first.at - first.real.ndim)
    x: TracedValue = second
    if first.ndim == 2 and x.real.ndim == 2 and x.at == 1:  # W xᵀ
        turned = permuted(x, (1, 0), x.real.T)
        return permuted(_product(turned, first, None, real.T), (1, 0), real)
    _check_last_two(x)
    step = step_of(spec.MatMul(), constant_step(item_constant(first, x) if first.ndim > 2 else first.double()), x.step)
    return x.becomes(step, real, real.ndim + x.at - x.real.ndim)


def _check_last_two(x: TracedValue) -> None:
    x.axis(-1)
    x.axis(-2)


def _two_multiplied(x: TracedValue, y: TracedValue, real: Tensor) -> TracedValue:
    if not is_aligned(x, y):
        raise UntraceableError("mixes the inputs of a batch (matmul)")
    _check_last_two(x)
    _check_last_two(y)
    return x.becomes(step_of(spec.MatMul(), x.step, y.step), real, real.ndim + x.at - x.real.ndim)


def _attention(a: Arguments, real: Tensor) -> TracedValue:
    """softmax(q kᵀ · scale + mask) v (Vaswani et al. 2017, eq. 1)."""
    q, k, v, mask = a["query"], a["key"], a["value"], a["attn_mask"]
    if not all(isinstance(part, TracedValue) for part in (q, k, v)) or a.get("enable_gqa") or isinstance(mask, TracedValue):
        raise UntraceableError("uses scaled_dot_product_attention with keys of its own")
    scale = 1 / math.sqrt(q.real.shape[-1]) if a["scale"] is None else float(a["scale"])
    turned = _turned(k)
    logits = q.real @ turned.real
    products = _two_multiplied(q, turned, logits)
    step = scaled(products.step, scale)
    if a["is_causal"]:
        mask = torch.ones(logits.shape[-2:]).tril().bool()
    if mask is not None:
        added = torch.where(mask, 0.0, MASKED) if mask.dtype == torch.bool else mask.clamp_min(MASKED)
        step = with_constant("add", step, item_constant(added, products))
    softened = products.becomes(step_of(spec.Softmax(len(step.shape) - 1), step), logits)
    return _two_multiplied(softened, v, real)


def _turned(x: TracedValue) -> TracedValue:
    """The last two axes the other way round."""
    order = list(range(x.real.ndim))
    order[-2:] = reversed(order[-2:])
    return permuted(x, order, x.real.transpose(-2, -1))


def _convolution(a: Arguments, real: Tensor) -> TracedValue:
    """conv2d, conv_transpose2d and convolution, which is both."""
    x, weight, bias = _picture(a, "a convolution"), a["weight"], a["bias"]
    _weights(weight, bias)
    if weight.ndim != 4:
        raise UntraceableError("has a convolution that is not of pictures")
    is_transposed = a.get("transposed", "output_padding" in a)
    kernel, stride, dilation = _side(weight.shape[2:]), _side(a["stride"]), _side(a["dilation"])
    groups = int(a["groups"])
    if not is_transposed:
        n_out, n_in = weight.shape[0], weight.shape[1] * groups
        x, padding = _padded_to_same(x, a["padding"], kernel, dilation)
        layer: spec.Layer = spec.Conv2d(n_in, n_out, kernel, stride, padding, dilation, groups)
    else:
        n_in, n_out = weight.shape[0], weight.shape[1] * groups
        extra = _side(a["output_padding"])
        layer = spec.ConvTranspose2d(n_in, n_out, kernel, stride, _side(a["padding"]), extra, dilation, groups)
    return x.then(real, layer, weight=weight, bias=torch.zeros(n_out) if bias is None else bias)


def _padded_to_same(x: TracedValue, padding: Any, kernel: Side, dilation: Side) -> tuple[TracedValue, Side]:
    """The padding in numbers, where it is said in words; a row more on the far side where it is odd."""
    if padding == "valid":
        return x, 0
    if padding != "same":
        return x, _side(padding)
    totals = [d * (k - 1) for k, d in zip(spec.pair(kernel), spec.pair(dilation), strict=True)]
    near = [total // 2 for total in totals]
    more = [total - 2 * low for total, low in zip(totals, near, strict=True)]
    if any(more):
        x = x.then(torch.nn.functional.pad(x.real, (0, more[1], 0, more[0])), spec.Pad(0, more[1], 0, more[0]))
    return x, _side(near)


def _batch_norm(a: Arguments, real: Any) -> TracedValue:
    """In evaluation a scale and a shift of every channel."""
    mean, variance = a["running_mean"], a["running_var"]
    if mean is None or variance is None:
        raise UntraceableError(
            "normalises with the statistics of the batch, also after eval() (batch_norm without running statistics)"
        )
    if a.get("training"):
        raise UntraceableError("normalises with the statistics of the batch: call eval() before (batch_norm)")
    return _of_channels(first_of(a), a["weight"], a["bias"], mean, variance, float(a["eps"]), real)


def _of_channels(x: TracedValue, gain: Any, offset: Any, mean: Tensor, variance: Tensor, eps: float, real: Tensor) -> TracedValue:
    _weights(gain, offset)
    if not x.is_plain:
        raise UntraceableError("mixes the inputs of a batch (batch_norm)")
    scale = (variance.double() + eps).rsqrt() * (1 if gain is None else gain.double())
    shift = (0 if offset is None else offset.double()) - mean.double() * scale
    return x.becomes(channel_affine(x.step, scale, shift), real)


def _instance_norm(a: Arguments, real: Tensor) -> TracedValue:
    """Every channel by its own statistics, or in evaluation by those that were kept."""
    x = first_of(a)
    if not a["use_input_stats"]:
        return _of_channels(x, a["weight"], a["bias"], a["running_mean"], a["running_var"], float(a["eps"]), real)
    return _grouped(x, x.shape[0], a, real)


def _group_norm(a: Arguments, real: Tensor) -> TracedValue:
    return _grouped(first_of(a), int(a["num_groups"]), a, real)


def _grouped(x: TracedValue, groups: int, a: Arguments, real: Tensor) -> TracedValue:
    _weights(a["weight"], a["bias"])
    if not x.is_plain:
        raise UntraceableError("mixes the inputs of a batch (group_norm)")
    n = x.shape[0]
    gain, offset = _gain_and_offset(a, (n,))
    return x.then(real, spec.GroupNorm(groups, n, float(a["eps"])), weight=gain, bias=offset)


def _gain_and_offset(a: Arguments, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    gain, offset = a["weight"], a["bias"]
    return (torch.ones(shape) if gain is None else gain), (torch.zeros(shape) if offset is None else offset)


def _layer_norm(a: Arguments, real: Tensor) -> TracedValue:
    _weights(a["weight"], a["bias"])
    x, shape = first_of(a), tuple(int(side) for side in a["normalized_shape"])
    if x.at >= x.real.ndim - len(shape):
        raise UntraceableError("mixes the inputs of a batch (layer_norm)")
    gain, offset = _gain_and_offset(a, shape)
    return x.then(real, spec.LayerNorm(shape, float(a["eps"])), weight=gain, bias=offset)


def _pooled(kind: spec.PoolKind, is_pair: bool = False) -> Handler:
    def handler(a: Arguments, real: Any) -> Any:
        x = _picture(a, f"{kind} pooling")
        if a.get("divisor_override"):
            raise UntraceableError("pools with a divisor of its own")
        kernel = _side(a["kernel_size"])
        layer = spec.Pool(
            kind,
            kernel,
            _side(a["stride"]) if a["stride"] else kernel,
            _side(a["padding"]),
            _side(a.get("dilation", 1)),
            bool(a["ceil_mode"]),
            bool(a.get("count_include_pad", True)),
        )
        return [x.then(real[0], layer), None] if is_pair else x.then(real, layer)

    return handler


def _pooled_to(kind: spec.PoolKind, is_pair: bool = False) -> Handler:
    def handler(a: Arguments, real: Any) -> Any:
        x, out = _picture(a, f"adaptive {kind} pooling"), real[0] if is_pair else real
        found = x.then(out, spec.AdaptivePool(kind, out.shape[2], out.shape[3]))
        return [found, None] if is_pair else found

    return handler


def _upsampled(kind: spec.ResizeKind, is_exact: bool = False) -> Handler:
    def handler(a: Arguments, real: Tensor) -> TracedValue:
        x = _picture(a, "upsampling")
        (_, height, width), (tall, wide) = x.shape, real.shape[2:]
        if kind == "nearest" and tall % height == 0 and wide * height == tall * width:
            return x.then(real, spec.Upsample(tall // height))
        if is_exact:
            raise UntraceableError("uses nearest-exact upsampling by a factor that is not whole")
        if not a.get("align_corners") and any(factor and side * factor != out for factor, side, out in _factors(a, x.shape, real)):
            raise UntraceableError(f"uses upsample_{kind}2d by a factor after which pixels are cut off")
        return x.then(real, spec.Resize(kind, tall, wide, bool(a.get("align_corners"))))

    return handler


def _factors(a: Arguments, shape: tuple[int, ...], real: Tensor) -> list[tuple[float | None, int, int]]:
    """Along height and width: the factor, where one is given and places the pixels, else None; the side before and after."""
    both = a.get("scale_factors") or (a.get("scales_h"), a.get("scales_w"))
    return list(zip(both, shape[1:], real.shape[2:], strict=True))


def _shuffled(a: Arguments, real: Tensor) -> TracedValue:
    return _picture(a, "pixel_shuffle").then(real, spec.PixelShuffle(int(a["upscale_factor"])))


def _unshuffled(a: Arguments, real: Tensor) -> TracedValue:
    return _picture(a, "pixel_unshuffle").then(real, spec.PixelUnshuffle(int(a["downscale_factor"])))


WEIGHTED: dict[str, Handler] = {
    "linear": _linear,
    "addmm": _sum_and_product,
    "baddbmm": _sum_and_product,
    "mm": _matmul,
    "bmm": _matmul,
    "mv": _matmul,
    "matmul": _matmul,
    "scaled_dot_product_attention": _attention,
    "conv2d": _convolution,
    "conv_transpose2d": _convolution,
    "convolution": _convolution,
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "group_norm": _group_norm,
    "layer_norm": _layer_norm,
    "max_pool2d": _pooled("max"),
    "max_pool2d_with_indices": _pooled("max", is_pair=True),
    "avg_pool2d": _pooled("average"),
    "adaptive_avg_pool2d": _pooled_to("average"),
    "_adaptive_avg_pool2d": _pooled_to("average"),
    "adaptive_max_pool2d": _pooled_to("max", is_pair=True),
    "upsample_nearest2d": _upsampled("nearest"),
    "_upsample_nearest_exact2d": _upsampled("nearest", is_exact=True),
    "upsample_bilinear2d": _upsampled("bilinear"),
    "pixel_shuffle": _shuffled,
    "pixel_unshuffle": _unshuffled,
}

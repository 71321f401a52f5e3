"""What does a layer do to the shape of what passes through it, which parameters has it, and how much work is it?

Shapes are those of one picture or code, without the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from trainer.models.layers import (
    CLASS,
    INPUT,
    NEAREST,
    Activation,
    AdaptivePool,
    Autoregress,
    Bias,
    ChannelAffine,
    Clamp,
    Combine,
    Concat,
    Constant,
    Conv2d,
    ConvTranspose2d,
    Crop,
    First,
    Flatten,
    Gallery,
    GroupNorm,
    Lattice,
    Layer,
    LayerNorm,
    Linear,
    MatMul,
    Pad,
    Permute,
    PixelShuffle,
    PixelUnshuffle,
    Pool,
    Prelu,
    Reduce,
    Reshape,
    Resize,
    Scale,
    Shape,
    Slice,
    Softmax,
    Unflatten,
    Upsample,
    inputs_of,
    pair,
)

MOST_NUMBERS = 2**26
"""Between two layers of one picture."""
MOST_AXES = 6


def network_shapes(layers: tuple[Layer, ...], shape: Shape, n_classes: int = 0) -> list[Shape]:
    """The shape after every layer of a network that is given `shape`; n_classes: 0 unless it is told one.

    Raises `ValueError` where a layer cannot take what it is given, or takes what is not computed before it.
    """
    after: list[Shape] = []
    for i, layer in enumerate(layers):
        given = []
        for number in inputs_of(layers, i):
            if not (0 <= number < i or number == INPUT or (number == CLASS and n_classes > 0)):
                raise ValueError(
                    f"layer {i} ({type(layer).__name__}) takes the output of layer {number}, which is not computed before it"
                )
            given.append(shape if number == INPUT else (n_classes,) if number == CLASS else after[number])
        after.append(shape_after(layer, *given))
    return after


def shape_after(layer: Layer, *given: Shape) -> Shape:
    """The shape of one picture or vector after a layer. Raises `ValueError` where the layer cannot take it."""
    out = _joined(layer, given) if isinstance(layer, Combine | MatMul | Concat | Constant) else None
    if out is None and len(given) == 1:
        out = _after(layer, given[0])
    if out is None or not all(side >= 1 for side in out) or prod(out) > MOST_NUMBERS or len(out) > MOST_AXES:
        raise ValueError(f"{layer} cannot take a tensor of shape {' and '.join(map(str, given))}")
    return out


def _joined(layer: Layer, given: tuple[Shape, ...]) -> Shape | None:
    """Of layers that take several tensors, or none."""
    match layer:
        case Constant(shape):
            return shape if not given else None
        case Combine() if len(given) == 2:
            return _broadcast(*given)
        case MatMul() if len(given) == 2 and min(map(len, given)) >= 2 and given[0][-1] == given[1][-2]:
            outer = _broadcast(given[0][:-2], given[1][:-2])
            return None if outer is None else (*outer, given[0][-2], given[1][-1])
        case Concat(axis) if given and all(len(shape) == len(given[0]) > axis >= 0 for shape in given):
            rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in given}
            return (*given[0][:axis], sum(shape[axis] for shape in given), *given[0][axis + 1 :]) if len(rests) == 1 else None
    return None


def _broadcast(a: Shape, b: Shape) -> Shape | None:
    """numpy's rule: axes from the last, equal or 1."""
    n = max(len(a), len(b))
    sides = list(zip((1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b, strict=True))
    return tuple(max(side) for side in sides) if all(x == y or 1 in (x, y) for x, y in sides) else None


def _after(layer: Layer, shape: Shape) -> Shape | None:
    """Of layers that take one tensor."""
    match layer:
        case Linear(n_in, n_out, n_labels):
            return (*shape[:-1], n_out) if shape and shape[-1] == n_in and (len(shape) == 1 or not n_labels) else None
        case First(n):
            return (n,) if len(shape) == 1 and n <= shape[0] else None
        case Activation() | Clamp() | Scale():
            return shape
        case ChannelAffine(channels) | Prelu(channels):
            return shape if shape and shape[0] == channels else None
        case GroupNorm(groups, channels):
            return shape if shape and shape[0] == channels and channels % groups == 0 else None
        case LayerNorm(normed):
            return shape if normed and shape[-len(normed) :] == normed else None
        case Softmax(axis):
            return shape if 0 <= axis < len(shape) else None
        case Reduce(_, axes, keeps) if axes and all(0 <= axis < len(shape) for axis in axes) and len(set(axes)) == len(axes):
            left = tuple(1 if i in axes else side for i, side in enumerate(shape) if keeps or i not in axes)
            return left or (1,)
        case Bias(wanted):
            return wanted if wanted == shape else None
        case Lattice(wanted, n_codes, size, low, high) if n_codes in (1, 2) and size >= 2 and low < high:
            return wanted if shape == (n_codes,) else None
        case Gallery(wanted, n, n_codes) if n > NEAREST:
            return wanted if shape == (n_codes,) else None
    return _moved(layer, shape) or (_of_picture(layer, shape) if len(shape) == 3 else None)


def _moved(layer: Layer, shape: Shape) -> Shape | None:
    """Of layers that compute nothing."""
    match layer:
        case Flatten():
            return (prod(shape),)
        case Unflatten(wanted) | Reshape(wanted):
            return wanted if prod(wanted) == prod(shape) else None
        case Permute(axes):
            return tuple(shape[axis] for axis in axes) if sorted(axes) == list(range(len(shape))) else None
        case Slice(axis, start, stop, step) if 0 <= axis < len(shape) and 0 <= start < stop <= shape[axis]:
            return (*shape[:axis], -(-(stop - start) // step), *shape[axis + 1 :])
    return None


def _of_picture(layer: Layer, shape: Shape) -> Shape | None:
    """Of layers that take (C, H, W)."""
    channels, *sides = shape
    match layer:
        case Conv2d(n_in, n_out, groups=groups) if channels == n_in and n_in % groups == 0 == n_out % groups:
            return (n_out, *_windows(layer, sides))
        case ConvTranspose2d(n_in, n_out, groups=groups) if channels == n_in and n_in % groups == 0 == n_out % groups:
            return (n_out, *_spread(layer, sides))
        case Pool(kind, dilation=dilation) if kind == "max" or pair(dilation) == (1, 1):
            return (channels, *_windows(layer, sides))
        case AdaptivePool(_, height, width) | Resize(_, height, width):
            return (channels, height, width)
        case Crop(height, width) if sides[0] >= height and sides[1] >= width:
            return (channels, height, width)
        case Upsample(scale):
            return (channels, sides[0] * scale, sides[1] * scale)
        case Pad(left, right, top, bottom, kind):
            most = {"reflect": [side - 1 for side in sides], "circular": sides}.get(kind, [MOST_NUMBERS] * 2)
            fits = max(top, bottom) <= most[0] and max(left, right) <= most[1]
            return (channels, sides[0] + top + bottom, sides[1] + left + right) if fits else None
        case PixelShuffle(r) if channels % r**2 == 0:
            return (channels // r**2, sides[0] * r, sides[1] * r)
        case PixelUnshuffle(r) if sides[0] % r == 0 == sides[1] % r:
            return (channels * r**2, sides[0] // r, sides[1] // r)
    return None


def _windows(layer: Conv2d | Pool, sides: Sequence[int]) -> list[int]:
    """How many windows fit into height and width."""
    found = []
    for axis, side in enumerate(sides):
        kernel, stride, padding, dilation = (
            pair(field)[axis] for field in (layer.kernel, layer.stride, layer.padding, layer.dilation)
        )
        room = side + 2 * padding - dilation * (kernel - 1) - 1
        n = room // stride + 1
        if isinstance(layer, Pool):
            if 2 * padding > kernel:
                return [0, 0]
            # one more, if it begins within the picture or the padding before it
            n += layer.rounds_up and room % stride > 0 and n * stride < side + padding
        found.append(n)
    return found


def _spread(layer: ConvTranspose2d, sides: Sequence[int]) -> list[int]:
    """Height and width after a transposed convolution."""
    found = []
    for axis, side in enumerate(sides):
        kernel, stride, padding = (pair(field)[axis] for field in (layer.kernel, layer.stride, layer.padding))
        extra, dilation = (pair(field)[axis] for field in (layer.output_padding, layer.dilation))
        if extra and extra >= max(stride, dilation):
            return [0, 0]
        found.append((side - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1)
    return found


def multiply_adds(layers: tuple[Layer, ...], shape: Shape, n_classes: int = 0) -> int:
    """Of one picture or code of that shape, through all layers."""
    after = network_shapes(layers, shape, n_classes)
    total = 0
    for i, layer in enumerate(layers):
        before = [
            shape if number == INPUT else (n_classes,) if number == CLASS else after[number] for number in inputs_of(layers, i)
        ]
        match layer:
            case Linear(n_in):
                total += n_in * prod(after[i])
            case Conv2d(n_in, _, kernel, groups=groups):
                total += n_in // groups * prod(pair(kernel)) * prod(after[i])
            case ConvTranspose2d(_, n_out, kernel, groups=groups):
                total += n_out // groups * prod(pair(kernel)) * prod(before[0])
            case MatMul():
                total += before[0][-1] * prod(after[i])
    return total


def largest_tensor(layers: tuple[Layer, ...], shape: Shape, n_classes: int = 0) -> int:
    """Numbers of the largest output among the layers, for one picture or code of that shape."""
    return max((prod(after) for after in network_shapes(layers, shape, n_classes)), default=0)


def part_shapes(part: str, layers: tuple[Layer, ...]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every parameter of one part."""
    return {f"{part}.{i}.{name}": shape for i, layer in enumerate(layers) for name, shape in tensor_shapes(layer).items()}


def tensor_shapes(layer: Layer) -> dict[str, tuple[int, ...]]:
    """Name and shape of the parameters of one layer, in the order in which engines take them."""
    match layer:
        case Linear(n_in, n_out, n_labels):
            return {"weight": (n_out, n_in + n_labels), "bias": (n_out,)}
        case Conv2d(n_in, n_out, kernel, groups=groups):
            return {"weight": (n_out, n_in // groups, *pair(kernel)), "bias": (n_out,)}
        case ConvTranspose2d(n_in, n_out, kernel, groups=groups):
            return {"weight": (n_in, n_out // groups, *pair(kernel)), "bias": (n_out,)}
        case ChannelAffine(channels) | GroupNorm(_, channels):
            return {"weight": (channels,), "bias": (channels,)}
        case LayerNorm(shape):
            return {"weight": shape, "bias": shape}
        case Prelu(channels):
            return {"weight": (channels,)}
        case Constant(shape):
            return {"weight": shape}
        case Bias(shape):
            return {"bias": shape}
        case Lattice(shape, n_codes, size):
            return {"pictures": (size**n_codes, prod(shape))}
        case Gallery(shape, n, n_codes):
            return {"pictures": (n, prod(shape)), "codes": (n, n_codes)}
        case Autoregress(n_pixels, n_hidden):
            return {"weight": (n_hidden, n_pixels), "bias": (n_hidden,), "out": (n_pixels, n_hidden)}
        case _:
            return {}

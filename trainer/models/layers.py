"""Of which layers is a network made, and what does each do to the shape of what passes through it?

A network is described once, as plain records without weights. Three engines run the same description: torch trains it
(`torch_engine`), numpy serves it (`numpy_engine`), TypeScript runs it in the browser (`explorer/surface`). Layer i of the encoder owns the
parameters `encoder.i.weight` and `encoder.i.bias`. Letters: C, H, W channels, height, width; K latent dimensions; Y classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite, prod
from typing import Any, Literal, get_args

# the last four only in imported models: torch's exact GELU, those with a slope, and the inverse of the sigmoid
ActivationKind = Literal["relu", "silu", "gelu", "tanh", "sigmoid", "gelu-erf", "leaky-relu", "elu", "softplus", "logit"]


@dataclass(frozen=True)
class Linear:
    """weight (n_out, n_in + n_labels), bias (n_out,); the last n_labels inputs are the class, one hot."""

    n_in: int
    n_out: int
    n_labels: int = 0


@dataclass(frozen=True)
class First:
    """Keeps the first n numbers of a vector: mu of (mu, logvar)."""

    n: int


@dataclass(frozen=True)
class Conv2d:
    """weight (n_out, n_in, kernel, kernel), bias (n_out,); zero padding."""

    n_in: int
    n_out: int
    kernel: int
    stride: int
    padding: int


@dataclass(frozen=True)
class ConvTranspose2d:
    """weight (n_in, n_out, kernel, kernel), bias (n_out,); out = (in − 1)·stride − 2·padding + kernel."""

    n_in: int
    n_out: int
    kernel: int
    stride: int
    padding: int


@dataclass(frozen=True)
class Upsample:
    """Nearest neighbour, by a whole factor."""

    scale: int


@dataclass(frozen=True)
class Activation:
    """Element by element; gelu is the tanh form, so that all engines agree to the last digits.

    slope: below 0, of leaky-relu (x·slope) and elu ((eˣ − 1)·slope); no other has one.
    """

    kind: ActivationKind
    slope: float = 0.0


@dataclass(frozen=True)
class Flatten:
    """(C, H, W) to (C·H·W,)."""


@dataclass(frozen=True)
class Unflatten:
    """(C·H·W,) to `shape`."""

    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Crop:
    """Keeps the top left height × width."""

    height: int
    width: int


@dataclass(frozen=True)
class Bias:
    """Adds one learned number to every pixel, bias (C, H, W): where a convolution's bias cannot be the mean image."""

    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Autoregress:
    """Adds to every pixel's logit what the pixels before it say; weight (n_hidden, n_pixels), bias (n_hidden,), out (n_pixels, n_hidden).

    `trainer.models.autoregressive` has the masks.
    """

    n_pixels: int
    n_hidden: int


@dataclass(frozen=True)
class Lattice:
    """Pictures of a decoder that is not known, on a line or a square of codes; between them linear or bilinear, beyond them the edge.

    pictures (size ** n_codes, C·H·W), bytes, the first code fastest; size codes from low to high in each of 1 or 2 dimensions.
    """

    shape: tuple[int, int, int]
    n_codes: int
    size: int
    low: float
    high: float


@dataclass(frozen=True)
class Gallery:
    """Pictures of a decoder that is not known, at n codes anywhere; between them a mean of the nearest, each exact at its own code.

    pictures (n, C·H·W), bytes · codes (n, n_codes). The weights are those of Franke & Nielson 1980: of the k nearest, ((R − d) / (R d))²
    at distance d, R that of the next one, so that nothing jumps where the nearest change.
    """

    shape: tuple[int, int, int]
    n: int
    n_codes: int


Layer = (
    Linear
    | First
    | Conv2d
    | ConvTranspose2d
    | Upsample
    | Activation
    | Flatten
    | Unflatten
    | Crop
    | Bias
    | Autoregress
    | Lattice
    | Gallery
)
ImageShape = tuple[int, int, int]
Shape = tuple[int, ...]
STORABLE: dict[str, type[Layer]] = {
    kind.__name__: kind
    for kind in (Linear, Conv2d, ConvTranspose2d, Upsample, Activation, Flatten, Unflatten, Crop, Bias, Lattice, Gallery)
}
NEAREST = 8  # pictures of a gallery of which a mean is taken
MOST_NUMBERS = 2**26  # between two layers of one picture


def layer_record(layer: Layer) -> dict[str, Any]:
    """A layer as run.json holds it."""
    return {"op": type(layer).__name__, **asdict(layer)}


def layer_of(record: Mapping[str, Any]) -> Layer:
    """The layer of `layer_record`. Raises `ValueError` for what is none."""
    kind = STORABLE.get(str(record.get("op")))
    if kind is None:
        raise ValueError(f"layer {record.get('op')!r} is not known; allowed: {', '.join(STORABLE)}")
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in record.items() if name != "op"}
    if set(given) != {field.name for field in fields(kind)} or not all(map(_is_plain, given.items())):
        raise ValueError(f"layer {record.get('op')!r} has fields {given}")
    return kind(**given)  # type: ignore[arg-type]


def _is_plain(item: tuple[str, Any]) -> bool:
    """Whether a field of a layer holds what can be one."""
    name, value = item
    if name == "kind":
        return value in get_args(ActivationKind)
    if name in ("slope", "low", "high"):
        return isinstance(value, int | float) and isfinite(value)
    numbers = value if name == "shape" and isinstance(value, tuple) and len(value) == 3 else (value,)
    low = 0 if name in ("padding", "n_labels") else 1
    return all(type(number) is int and low <= number <= MOST_NUMBERS for number in numbers)


def shape_after(layer: Layer, shape: Shape) -> Shape:
    """The shape of one picture or vector after a layer. Raises `ValueError` where the layer cannot take it."""
    out = _shape_after(layer, shape)
    if out is None or not all(side >= 1 for side in out) or prod(out) > MOST_NUMBERS:
        raise ValueError(f"{layer} cannot take a tensor of shape {shape}")
    return out


def _shape_after(layer: Layer, shape: Shape) -> Shape | None:
    match layer:
        case Linear(n_in, n_out):
            return (n_out,) if shape == (n_in,) else None
        case Conv2d(n_in, n_out, kernel, stride, padding) if len(shape) == 3 and shape[0] == n_in:
            return (n_out, *((side + 2 * padding - kernel) // stride + 1 for side in shape[1:]))
        case ConvTranspose2d(n_in, n_out, kernel, stride, padding) if len(shape) == 3 and shape[0] == n_in and padding < kernel:
            return (n_out, *((side - 1) * stride - 2 * padding + kernel for side in shape[1:]))
        case Upsample(scale) if len(shape) == 3:
            return (shape[0], shape[1] * scale, shape[2] * scale)
        case Crop(height, width) if len(shape) == 3 and shape[1] >= height and shape[2] >= width:
            return (shape[0], height, width)
        case Flatten():
            return (prod(shape),)
        case Unflatten(wanted):
            return wanted if prod(wanted) == prod(shape) else None
        case Bias(wanted):
            return wanted if wanted == shape else None
        case Activation():
            return shape
        case Lattice(wanted, n_codes, size, low, high) if n_codes in (1, 2) and size >= 2 and low < high:
            return wanted if shape == (n_codes,) else None
        case Gallery(wanted, n, n_codes) if n > NEAREST:
            return wanted if shape == (n_codes,) else None
    return None


def multiply_adds(layers: tuple[Layer, ...], shape: Shape) -> int:
    """Of one picture or code of that shape, through all layers."""
    total = 0
    for layer in layers:
        before, shape = shape, shape_after(layer, shape)
        match layer:
            case Linear(n_in, n_out):
                total += n_in * n_out
            case Conv2d(n_in, _, kernel):
                total += n_in * kernel**2 * prod(shape)
            case ConvTranspose2d(_, n_out, kernel):
                total += n_out * kernel**2 * prod(before)
    return total


def part_shapes(part: str, layers: tuple[Layer, ...]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every parameter of one part."""
    return {f"{part}.{i}.{name}": shape for i, layer in enumerate(layers) for name, shape in _own_shapes(layer).items()}


def _own_shapes(layer: Layer) -> dict[str, tuple[int, ...]]:
    match layer:
        case Linear(n_in, n_out, n_labels):
            return {"weight": (n_out, n_in + n_labels), "bias": (n_out,)}
        case Conv2d(n_in, n_out, kernel):
            return {"weight": (n_out, n_in, kernel, kernel), "bias": (n_out,)}
        case ConvTranspose2d(n_in, n_out, kernel):
            return {"weight": (n_in, n_out, kernel, kernel), "bias": (n_out,)}
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


def tensor_names(layer: Layer) -> tuple[str, str]:
    """What the two tensors of a layer are called, whether it has them or not."""
    return ("pictures", "codes") if isinstance(layer, Lattice | Gallery) else ("weight", "bias")

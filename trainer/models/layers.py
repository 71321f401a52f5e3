"""Which layers, in which order, turn an image into a posterior and a code into an image?

A network is described once, as plain records without weights. Three engines run the same description: torch trains it
(`networks`), numpy serves it (`forward`), TypeScript runs it in the browser (`explorer/surface`). Layer i of the encoder owns the
parameters `encoder.i.weight` and `encoder.i.bias`. Letters: C, H, W channels, height, width; K latent dimensions; Y classes.

The parts of a model, in the order in which a picture passes through them:

    features     x to what encoder and classifier see: nothing for most models, the first VAE's posterior mean for m1+m2
    classifier   to Y logits of q(y|x): m2 and m1+m2 only
    encoder      to mu and logvar (2K numbers; K, a point, for autoencoder and pca); told the class by conditional models
    decoder      z to the likelihood's parameters: one number a pixel, or two (place and log scale) where the scale is per pixel
    context      what the pixels before a pixel add to its logit: nothing for most models
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from math import isfinite, prod
from typing import Any, Literal, get_args

from trainer.config import FitConfig, ImportedConfig

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
}  # fmt: skip
NEAREST = 8  # pictures of a gallery of which a mean is taken
MOST_NUMBERS = 2**26  # between two layers of one picture

NO_ENCODER = "this run's encoder is not known, so it cannot encode a new picture; allowed: its test images, whose codes are stored."
CONV_HEAD = 256  # width of the dense layer between the feature maps and the code


def parts_of(config: FitConfig, image_shape: ImageShape, n_classes: int) -> dict[str, tuple[Layer, ...]]:
    """The layers of every part of a model, by the part's name. Raises `ValueError` for those of a damaged imported one."""
    if isinstance(config, ImportedConfig):
        return {part: tuple(map(layer_of, records)) for part, records in config.parts.items()}
    parts = {
        "encoder": encoder_layers(config, image_shape, n_classes),
        "decoder": decoder_layers(config, image_shape, n_classes),
    }
    if config.context:
        parts["context"] = (Autoregress(prod(image_shape), config.context),)
    if config.is_semi_supervised:
        parts["classifier"] = classifier_layers(config, image_shape, n_classes)
    if config.model == "m1+m2":
        parts["features"] = feature_layers(config, image_shape)
    return parts


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


def check_imported(config: ImportedConfig, image_shape: ImageShape, n_classes: int = 0) -> None:
    """Whether the parts of an imported model lead from codes to pictures and back, told n_classes or none. Raises `ValueError`."""
    n_codes = config.latent_dim if config.is_deterministic else 2 * config.latent_dim
    wanted: dict[str, tuple[Shape, Shape]] = {
        "decoder": ((config.latent_dim,), image_shape),
        "encoder": (image_shape, (n_codes,)),
    }
    parts = parts_of(config, image_shape, n_classes)
    if "decoder" not in parts or not set(parts) <= set(wanted):
        raise ValueError(f"parts are {', '.join(parts) or 'none'}; allowed: decoder, and encoder where it is known")
    for part, layers in parts.items():
        shape, end = wanted[part]
        for layer in layers:
            if isinstance(layer, Linear) and layer.n_labels not in (0, n_classes):
                raise ValueError(f"the {part} is told {layer.n_labels} classes, the run has {n_classes}")
            shape = shape_after(layer, shape)
        if shape != end:
            raise ValueError(f"the {part} gives a tensor of shape {shape}, expected {end}")


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


def encoder_layers(config: FitConfig, image_shape: ImageShape, n_classes: int = 0) -> tuple[Layer, ...]:
    """x (C, H, W) in [0, 1] (m1+m2: its features) to 2K numbers, mu, then logvar; K numbers for a deterministic model."""
    n_codes = config.latent_dim if config.is_deterministic else 2 * config.latent_dim
    n_labels = n_classes if config.is_conditional else 0
    if config.model == "m1+m2":
        return _dense((config.feature_dim, *config.hidden, n_codes), config.activation, n_labels)
    if config.network == "linear":
        return (Flatten(), Linear(prod(image_shape), n_codes, n_labels))
    if config.network == "mlp":
        return (Flatten(), *_dense((prod(image_shape), *config.hidden, n_codes), config.activation, n_labels))
    sizes = _feature_sizes(config.hidden, image_shape)
    channels = (image_shape[0], *config.hidden)
    layers: list[Layer] = []
    for n_in, n_out in pairwise(channels):
        layers += [Conv2d(n_in, n_out, kernel=3, stride=2, padding=1), Activation(config.activation)]
    n_features = channels[-1] * sizes[-1][0] * sizes[-1][1]
    return (*layers, Flatten(), *_dense((n_features, CONV_HEAD, n_codes), config.activation, n_labels))


def decoder_layers(config: FitConfig, image_shape: ImageShape, n_classes: int = 0) -> tuple[Layer, ...]:
    """z (K,) to the likelihood's parameters: (C, H, W), a logit or mean a pixel, or (2C, H, W), with a log scale each."""
    n_labels = n_classes if config.is_conditional else 0
    if config.model == "m1+m2":
        upper = _dense((config.latent_dim, *reversed(config.hidden), 2 * config.feature_dim), config.activation, n_labels)
        return (*upper, First(config.feature_dim), *_mlp_decoder(config, config.feature_dim, image_shape, 0))
    if config.network == "mlp":
        return _mlp_decoder(config, config.latent_dim, image_shape, n_labels)
    out_shape = output_shape(config, image_shape)
    if config.network == "linear":
        return (Linear(config.latent_dim, prod(out_shape), n_labels), Unflatten(out_shape))
    sizes = _feature_sizes(config.hidden, image_shape)
    channels = (out_shape[0], *config.hidden)
    height, width = sizes[-1]
    layers: list[Layer] = [
        *_dense((config.latent_dim, CONV_HEAD, channels[-1] * height * width), config.activation, n_labels),
        Activation(config.activation),
        Unflatten((channels[-1], height, width)),
    ]
    for level in reversed(range(len(config.hidden))):
        layers.append(ConvTranspose2d(channels[level + 1], channels[level], kernel=4, stride=2, padding=1))
        layers += _crop(sizes[level + 1], sizes[level])
        layers += [Activation(config.activation)] if level else []
    return (*layers, Bias(out_shape))


def classifier_layers(config: FitConfig, image_shape: ImageShape, n_classes: int) -> tuple[Layer, ...]:
    """x (m1+m2: its features) to one logit a class, of q(y|x)."""
    if config.model == "m1+m2":
        return _dense((config.feature_dim, *config.hidden, n_classes), config.activation)
    return (Flatten(), *_dense((prod(image_shape), *config.hidden, n_classes), config.activation))


def feature_layers(config: FitConfig, image_shape: ImageShape) -> tuple[Layer, ...]:
    """M1's encoder: x to 2·feature_dim numbers, mu and logvar, of which the first half goes on."""
    widths = (prod(image_shape), *config.feature_hidden, 2 * config.feature_dim)
    return (Flatten(), *_dense(widths, config.activation), First(config.feature_dim))


def output_shape(config: FitConfig, image_shape: ImageShape) -> ImageShape:
    """Shape of the decoder's output: twice the channels where every pixel has its own scale."""
    doubled = config.has_scale and config.scale == "per-pixel"
    return (2 * image_shape[0], *image_shape[1:]) if doubled else image_shape


def parameter_shapes(config: FitConfig, image_shape: ImageShape, n_classes: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every parameter of a model; `log_sigma` is the log scale of the likelihood, whether used or not."""
    shapes: dict[str, tuple[int, ...]] = {"log_sigma": ()}
    for part, layers in parts_of(config, image_shape, n_classes).items():
        shapes |= part_shapes(part, layers)
    return shapes


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


def _mlp_decoder(config: FitConfig, n_in: int, image_shape: ImageShape, n_labels: int) -> tuple[Layer, ...]:
    out_shape = output_shape(config, image_shape)
    hidden = config.feature_hidden if config.model == "m1+m2" else config.hidden
    return (*_dense((n_in, *reversed(hidden), prod(out_shape)), config.activation, n_labels), Unflatten(out_shape))


def _dense(widths: tuple[int, ...], activation: ActivationKind, n_labels: int = 0) -> tuple[Layer, ...]:
    """Linear layers with the activation between them, none at the end; the first is told the class."""
    layers: list[Layer] = []
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        layers += [Linear(n_in, n_out, 0 if i else n_labels), Activation(activation)]
    return tuple(layers[:-1])


def _feature_sizes(hidden: tuple[int, ...], image_shape: ImageShape) -> list[tuple[int, int]]:
    """Height and width before the first convolution and after each: every stride of 2 halves, rounding up."""
    sizes = [(image_shape[1], image_shape[2])]
    for _ in hidden:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    return sizes


def _crop(small: tuple[int, int], wanted: tuple[int, int]) -> list[Layer]:
    """Doubling an odd size that was rounded up gives one row too many."""
    return [] if (2 * small[0], 2 * small[1]) == wanted else [Crop(*wanted)]

"""Which layers, in which order, turn an image into a posterior and a code into an image?

The parts of a model, in the order in which a picture passes through them:

    features     x to what encoder and classifier see: nothing for most models, the first VAE's posterior mean for m1+m2
    classifier   to Y logits of q(y|x): m2 and m1+m2 only
    encoder      to mu and logvar (2K numbers; K, a point, for autoencoder and pca); told the class by conditional models
    decoder      z to the likelihood's parameters: one number a pixel, or two (place and log scale) where the scale is per pixel
    context      what the pixels before a pixel add to its logit: nothing for most models
"""

from __future__ import annotations

from itertools import pairwise
from math import prod

from trainer.config import FitConfig, ImportedConfig
from trainer.models.layer_records import layer_of
from trainer.models.layer_shapes import network_shapes, part_shapes
from trainer.models.layers import (
    Activation,
    Autoregress,
    Bias,
    Conv2d,
    ConvTranspose2d,
    First,
    Flatten,
    ImageShape,
    Layer,
    Linear,
    OwnActivation,
    Shape,
    Unflatten,
)
from trainer.models.residual import grown, halved_sizes, residual_down, residual_up

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
                raise ValueError(f"the {part} is given {layer.n_labels} classes, the run has {n_classes}")
        shape = [shape, *network_shapes(layers, shape, n_classes)][-1]
        if shape != end:
            raise ValueError(f"the {part} gives a tensor of shape {shape}, expected {end}")


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
    sizes = halved_sizes(len(config.hidden), image_shape)
    channels = (image_shape[0], *config.hidden)
    layers: list[Layer] = residual_down(channels, config.activation) if config.network == "residual" else []
    for n_in, n_out in pairwise(channels if config.network == "conv" else ()):
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
    sizes = halved_sizes(len(config.hidden), image_shape)
    channels = (out_shape[0], *config.hidden)
    height, width = sizes[-1]
    layers: list[Layer] = [
        *_dense((config.latent_dim, CONV_HEAD, channels[-1] * height * width), config.activation, n_labels),
        *([Activation(config.activation)] if config.network == "conv" else []),
        Unflatten((channels[-1], height, width)),
    ]
    if config.network == "residual":
        return (*layers, *residual_up(len(layers), channels, sizes, config.activation), Bias(out_shape))
    for level in reversed(range(len(config.hidden))):
        layers.append(ConvTranspose2d(channels[level + 1], channels[level], kernel=4, stride=2, padding=1))
        layers += grown(sizes[level + 1], sizes[level])
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


def decoder_parameter_shapes(config: FitConfig, image_shape: ImageShape, n_classes: int) -> dict[str, tuple[int, ...]]:
    """Those of them that decoding needs: decoder, what of it sees the pixels before, and the scale of a pixel."""
    shapes = parameter_shapes(config, image_shape, n_classes)
    return {name: shape for name, shape in shapes.items() if name.partition(".")[0] in ("decoder", "context", "log_sigma")}


def _mlp_decoder(config: FitConfig, n_in: int, image_shape: ImageShape, n_labels: int) -> tuple[Layer, ...]:
    out_shape = output_shape(config, image_shape)
    hidden = config.feature_hidden if config.model == "m1+m2" else config.hidden
    return (*_dense((n_in, *reversed(hidden), prod(out_shape)), config.activation, n_labels), Unflatten(out_shape))


def _dense(widths: tuple[int, ...], activation: OwnActivation, n_labels: int = 0) -> tuple[Layer, ...]:
    """Linear layers with the activation between them, none at the end; the first is told the class."""
    layers: list[Layer] = []
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        layers += [Linear(n_in, n_out, 0 if i else n_labels), Activation(activation)]
    return tuple(layers[:-1])

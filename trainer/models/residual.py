"""Which layers has a network of residual convolutions?

A picture is halved once for every number in `hidden`, its channels, and passes a residual block at each size; the decoder mirrors that:

    encoder    [convolution, stride 2 → block] for each size, activation, dense layers to the code
    decoder    dense layers, then for each size [block → transposed convolution, stride 2], and a number for every pixel
    block      x + 1×1 convolution(activation(3×3 convolution(activation(x)))) on half as many channels inside (van den Oord 2017)

A block costs 5·C² multiply-adds a pixel where two full convolutions would take 18·C²: so pictures of 64 × 64 are decoded under a moving
mouse. Nothing is normalised over a batch: a picture is decoded the same alone and among others.
"""

from __future__ import annotations

from itertools import pairwise

from trainer.models.layers import Activation, Combine, Conv2d, ConvTranspose2d, Crop, ImageShape, Layer, OwnActivation

Size = tuple[int, int]


def halved_sizes(n: int, image_shape: ImageShape) -> list[Size]:
    """Height and width of a picture and after each of n convolutions of stride 2: halves, rounded up."""
    sizes = [(image_shape[1], image_shape[2])]
    for _ in range(n):
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    return sizes


def grown(small: Size, wanted: Size) -> list[Layer]:
    """What follows a doubling: a size that had been odd was rounded up, and gives one row too many."""
    return [] if (2 * small[0], 2 * small[1]) == wanted else [Crop(*wanted)]


def residual_down(channels: tuple[int, ...], activation: OwnActivation) -> list[Layer]:
    """From a picture to its smallest size; channels: of the picture, then of every size."""
    layers: list[Layer] = []
    for n_in, n_out in pairwise(channels):
        layers.append(Conv2d(n_in, n_out, kernel=3, stride=2, padding=1))
        layers += _block(len(layers), n_out, activation)
    return [*layers, Activation(activation)]


def residual_up(start: int, channels: tuple[int, ...], sizes: list[Size], activation: OwnActivation) -> list[Layer]:
    """From the smallest size to a picture; start: the number of its first layer in the network; channels and sizes as on the way down."""
    layers: list[Layer] = []
    for level in reversed(range(len(channels) - 1)):
        layers += _block(start + len(layers), channels[level + 1], activation)
        layers += [Activation(activation), ConvTranspose2d(channels[level + 1], channels[level], kernel=4, stride=2, padding=1)]
        layers += grown(sizes[level + 1], sizes[level])
    return layers


def _block(start: int, channels: int, activation: OwnActivation) -> list[Layer]:
    """A residual block whose first layer has that number: it takes the output of the layer before twice."""
    inner = max(1, channels // 2)
    return [
        Activation(activation),
        Conv2d(channels, inner, kernel=3, stride=1, padding=1),
        Activation(activation),
        Conv2d(inner, channels, kernel=1, stride=1, padding=0),
        Combine("add", inputs=(start - 1, start + 3)),
    ]

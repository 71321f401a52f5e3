"""Of which layers is a network made?

A network is described once, as plain records without weights. Three engines run the same description: torch trains it
(`torch_layers`), numpy serves it (`numpy_engine`), WebAssembly runs it in the browser (`explorer/surface`). It is an acyclic graph: a tuple
of layers in an order in which they can be computed, each of which says by number whose outputs it takes; without a word it is the one
before, so that a plain row needs no numbers. The last layer is the output. Layer i of the encoder owns the parameters `encoder.i.weight`
and `encoder.i.bias`.

Shapes are those of one picture or code, without the batch. Letters: C, H, W channels, height, width; K latent dimensions; Y classes.
`layer_shapes` says what each layer does to a shape and which parameters it has, `layer_records` how run.json holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OwnActivation = Literal["relu", "silu", "gelu", "tanh", "sigmoid"]
"""Of networks of our own; gelu is the tanh form."""
SlopedActivation = Literal["leaky-relu", "elu"]
PlainFunction = Literal["exp", "log", "square", "sqrt", "abs"]
ImportedActivation = Literal[
    SlopedActivation, PlainFunction, "gelu-erf", "softplus", "logit", "mish", "selu", "hard-swish", "hard-sigmoid"
]
"""Only in imported networks: gelu-erf is torch's exact GELU, logit the inverse of the sigmoid."""
ActivationKind = Literal[OwnActivation, ImportedActivation]
PadKind = Literal["zeros", "reflect", "replicate", "circular"]
PoolKind = Literal["max", "average"]
ResizeKind = Literal["nearest", "bilinear"]
CombineKind = Literal["add", "subtract", "multiply", "divide", "maximum", "minimum"]
ReduceKind = Literal["mean", "sum", "max"]

Side = int | tuple[int, int]
"""The same for height and width, or one for each, height first."""

INPUT = -1
"""In `inputs`: what the network is given, a picture or a code."""
CLASS = -2
"""In `inputs`: the class, one hot, (Y,)."""
NEAREST = 8
"""Pictures of a gallery of which a mean is taken."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What all layers share."""

    inputs: tuple[int, ...] = ()
    """Numbers of the layers whose outputs it takes, in order, each smaller than its own; INPUT, CLASS. Empty: the layer before."""


@dataclass(frozen=True)
class Linear(Operation):
    """y = W x + b along the last axis; weight (n_out, n_in + n_labels), bias (n_out,)."""

    n_in: int
    n_out: int
    n_labels: int = 0  # of the inputs, the last so many are the class, one hot


@dataclass(frozen=True)
class First(Operation):
    """Keeps the first n numbers of a vector: mu of (mu, logvar)."""

    n: int


@dataclass(frozen=True)
class Conv2d(Operation):
    """Cross-correlation with zero padding; weight (n_out, n_in / groups, kernel height, kernel width), bias (n_out,)."""

    n_in: int
    n_out: int
    kernel: Side
    stride: Side
    padding: Side
    dilation: Side = 1
    groups: int = 1


@dataclass(frozen=True)
class ConvTranspose2d(Operation):
    """The transpose of a convolution; weight (n_in, n_out / groups, kernel height, kernel width), bias (n_out,).

    out = (in − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1.
    """

    n_in: int
    n_out: int
    kernel: Side
    stride: Side
    padding: Side
    output_padding: Side = 0
    dilation: Side = 1
    groups: int = 1


@dataclass(frozen=True)
class Pad(Operation):
    """Adds rows and columns around a picture (C, H, W); reflect leaves out the edge itself, replicate repeats it, circular goes round."""

    left: int
    right: int
    top: int
    bottom: int
    kind: PadKind = "zeros"


@dataclass(frozen=True)
class Pool(Operation):
    """The largest or the mean of every window of a picture; what is padded never is the largest."""

    kind: PoolKind
    kernel: Side
    stride: Side
    padding: Side = 0
    dilation: Side = 1  # 1 for means
    rounds_up: bool = False
    """Whether windows that begin within the picture and end beyond it count (torch: ceil_mode)."""
    counts_padding: bool = True
    """Whether padded zeros count in a mean."""


@dataclass(frozen=True)
class AdaptivePool(Operation):
    """The largest or the mean of height × width windows that cover the picture: window i from ⌊i·H/height⌋ to ⌈(i + 1)·H/height⌉."""

    kind: PoolKind
    height: int
    width: int


@dataclass(frozen=True)
class Upsample(Operation):
    """Nearest neighbour, by a whole factor."""

    scale: int


@dataclass(frozen=True)
class Resize(Operation):
    """A picture at another size."""

    kind: ResizeKind
    height: int
    width: int
    aligns_corners: bool = False
    """Bilinear alone: whether the centres of the corner pixels stay corners; else the outer edges do."""


@dataclass(frozen=True)
class PixelShuffle(Operation):
    """(C·r², H, W) to (C, H·r, W·r) (Shi et al. 2016, eq. 4)."""

    factor: int


@dataclass(frozen=True)
class PixelUnshuffle(Operation):
    """(C, H·r, W·r) to (C·r², H, W): the inverse of `PixelShuffle`."""

    factor: int


@dataclass(frozen=True)
class GroupNorm(Operation):
    """(x − mean) / √(variance + eps) of every group of channels, then weight and bias (channels,) (Wu & He 2018); C or (C, …)."""

    groups: int
    """As many as channels: an instance norm."""
    channels: int
    eps: float


@dataclass(frozen=True)
class LayerNorm(Operation):
    """(x − mean) / √(variance + eps) over the last axes, then a gain and an offset (Ba, Kiros & Hinton 2016); weight and bias `shape`."""

    shape: tuple[int, ...]
    eps: float


@dataclass(frozen=True)
class ChannelAffine(Operation):
    """x·weight + bias with one number of each for a channel, the first axis: a batch norm in evaluation. weight and bias (channels,)."""

    channels: int


@dataclass(frozen=True)
class Activation(Operation):
    """Element by element; gelu is the tanh form, so that all engines agree to the last digits."""

    kind: ActivationKind
    slope: float = 0.0
    """Below 0, of leaky-relu (x·slope) and elu ((eˣ − 1)·slope); no other has one."""


@dataclass(frozen=True)
class Prelu(Operation):
    """x, and below 0 x·weight with one slope for a channel, the first axis; weight (channels,)."""

    channels: int


@dataclass(frozen=True)
class Clamp(Operation):
    """Bounds on every number."""

    low: float
    high: float


@dataclass(frozen=True)
class Scale(Operation):
    """x·by + plus."""

    by: float
    plus: float = 0.0


@dataclass(frozen=True)
class Combine(Operation):
    """Two inputs number by number, broadcast as numpy does."""

    kind: CombineKind


@dataclass(frozen=True)
class Constant(Operation):
    """A tensor that depends on no input; weight `shape`."""

    shape: tuple[int, ...]


@dataclass(frozen=True)
class MatMul(Operation):
    """The matrix product of two inputs (…, n, k) and (…, k, m), broadcast as numpy does."""


@dataclass(frozen=True)
class Softmax(Operation):
    """exp(x) / Σ exp(x) along an axis."""

    axis: int


@dataclass(frozen=True)
class Reduce(Operation):
    """The mean, sum or largest along axes."""

    kind: ReduceKind
    axes: tuple[int, ...]
    keeps: bool = False  # whether the axes stay, of length 1


@dataclass(frozen=True)
class Concat(Operation):
    """Its inputs, one after the other along an axis."""

    axis: int


@dataclass(frozen=True)
class Slice(Operation):
    """From start up to, not including, stop along an axis, every step-th."""

    axis: int
    start: int
    stop: int
    step: int = 1


@dataclass(frozen=True)
class Reshape(Operation):
    """The same numbers in the same order."""

    shape: tuple[int, ...]


@dataclass(frozen=True)
class Permute(Operation):
    """Axes in another order: axis i of the output is axis axes[i] of the input."""

    axes: tuple[int, ...]


@dataclass(frozen=True)
class Flatten(Operation):
    """(C, H, W) to (C·H·W,)."""


@dataclass(frozen=True)
class Unflatten(Operation):
    """(C·H·W,) to `shape`."""

    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Crop(Operation):
    """Keeps the top left height × width."""

    height: int
    width: int


@dataclass(frozen=True)
class Bias(Operation):
    """Adds one learned number to every pixel, bias (C, H, W): where a convolution's bias cannot be the mean image."""

    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Autoregress(Operation):
    """Adds to every pixel's logit what the pixels before it say; its weight, bias, out and masks: `trainer.models.autoregressive`."""

    n_pixels: int
    n_hidden: int


@dataclass(frozen=True)
class Lattice(Operation):
    """Pictures of a decoder that is not known, on a line or a square of codes; between them linear or bilinear, beyond them the edge.

    pictures (size ** n_codes, C·H·W), bytes, the first code fastest; size codes from low to high in each of 1 or 2 dimensions.
    """

    shape: tuple[int, int, int]
    n_codes: int
    size: int
    low: float
    high: float


@dataclass(frozen=True)
class Gallery(Operation):
    """Pictures of a decoder that is not known, at n codes anywhere; between them a mean of the nearest, each exact at its own code.

    pictures (n, C·H·W), bytes; codes (n, n_codes). The weights are those of Franke & Nielson 1980: of the k nearest, ((R − d) / (R d))²
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
    | Pad
    | Pool
    | AdaptivePool
    | Upsample
    | Resize
    | PixelShuffle
    | PixelUnshuffle
    | GroupNorm
    | LayerNorm
    | ChannelAffine
    | Activation
    | Prelu
    | Clamp
    | Scale
    | Combine
    | Constant
    | MatMul
    | Softmax
    | Reduce
    | Concat
    | Slice
    | Reshape
    | Permute
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


def pair(side: Side) -> tuple[int, int]:
    """Height and width."""
    return side if isinstance(side, tuple) else (side, side)


def inputs_of(layers: tuple[Layer, ...], i: int) -> tuple[int, ...]:
    """Whose outputs layer i takes, written out: numbers of layers, INPUT, CLASS; none for a constant."""
    layer = layers[i]
    if isinstance(layer, Constant):
        return ()
    return layer.inputs or (i - 1 if i else INPUT,)

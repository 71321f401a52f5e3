"""Which operations does the browser's network consist of? One record for each kind of layer; a part of the wire's schema.

A network is a list of them in an order in which they can be computed; the last one's output is the network's. Fields are those of
`trainer.models.layers`, which says what each operation computes, without what the shapes of the tensors say. Tensors are named by their
arrays. Shapes and axes are those of one picture or code, without the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired, TypeAlias, TypedDict

from trainer.models.layers import ActivationKind, CombineKind, PadKind, PoolKind, ReduceKind, ResizeKind

ImageShape: TypeAlias = tuple[int, int, int]
"""C, H, W."""
Sides: TypeAlias = tuple[int, int]
"""Height, width."""


class Operation(TypedDict):
    """What all operations share."""

    inputs: NotRequired[Sequence[int]]
    """Numbers of the operations whose outputs it takes, in order, or INPUT, CLASS. Left out: the operation before."""


class LinearOp(Operation):
    """y = W x + b along the last axis."""

    op: Literal["linear"]
    weight: str
    """(n_out, n_in)."""
    bias: str
    biases: NotRequired[str]
    """(n_out, Y): the bias of this layer for every class, of a decoder that is told one."""


class Conv2dOp(Operation):
    """Cross-correlation with zero padding."""

    op: Literal["conv2d"]
    weight: str
    """(n_out, n_in / groups, kernel height, kernel width)."""
    bias: str
    stride: Sides
    padding: Sides
    dilation: Sides
    groups: int


class ConvTranspose2dOp(Operation):
    """The transpose of a convolution: out = (in − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1."""

    op: Literal["conv_transpose2d"]
    weight: str
    """(n_in, n_out / groups, kernel height, kernel width)."""
    bias: str
    stride: Sides
    padding: Sides
    output_padding: Sides
    dilation: Sides
    groups: int


class PadOp(Operation):
    """Adds rows and columns around a picture; reflect leaves out the edge itself, replicate repeats it, circular goes round."""

    op: Literal["pad"]
    left: int
    right: int
    top: int
    bottom: int
    kind: PadKind


class PoolOp(Operation):
    """The largest or the mean of every window of a picture; what is padded never is the largest."""

    op: Literal["pool"]
    kind: PoolKind
    kernel: Sides
    stride: Sides
    padding: Sides
    dilation: Sides
    rounds_up: bool
    """Whether windows that begin within the picture and end beyond it count."""
    counts_padding: bool
    """Whether padded zeros count in a mean."""


class AdaptivePoolOp(Operation):
    """The largest or the mean of height × width windows: window i from ⌊i·H/height⌋ to ⌈(i + 1)·H/height⌉."""

    op: Literal["adaptive_pool"]
    kind: PoolKind
    height: int
    width: int


class UpsampleOp(Operation):
    """Nearest neighbour, by a whole factor."""

    op: Literal["upsample"]
    scale: int


class ResizeOp(Operation):
    """A picture at another size; nearest takes the pixel at ⌊i·(H/height)⌋, in single precision as torch does."""

    op: Literal["resize"]
    kind: ResizeKind
    height: int
    width: int
    aligns_corners: bool
    """Bilinear alone: whether the centres of the corner pixels stay corners; else the outer edges do."""


class PixelShuffleOp(Operation):
    """(C·r², H, W) to (C, H·r, W·r)."""

    op: Literal["pixel_shuffle"]
    factor: int


class PixelUnshuffleOp(Operation):
    """(C, H·r, W·r) to (C·r², H, W)."""

    op: Literal["pixel_unshuffle"]
    factor: int


class GroupNormOp(Operation):
    """(x − mean) / √(variance + eps) of every group of channels, the first axis, then a gain and an offset a channel."""

    op: Literal["group_norm"]
    weight: str
    """(channels,)."""
    bias: str
    groups: int
    eps: float


class LayerNormOp(Operation):
    """(x − mean) / √(variance + eps) over the last axes, those of its weight, then a gain and an offset."""

    op: Literal["layer_norm"]
    weight: str
    bias: str
    eps: float


class ChannelAffineOp(Operation):
    """x·weight + bias with one number of each for a channel, the first axis."""

    op: Literal["channel_affine"]
    weight: str
    """(channels,)."""
    bias: str


class ActivationOp(Operation):
    """Element by element."""

    op: Literal["activation"]
    kind: ActivationKind
    slope: NotRequired[float]
    """Below 0, of leaky-relu and elu; left out: 0."""


class PreluOp(Operation):
    """x, and below 0 x·weight with one slope for a channel, the first axis."""

    op: Literal["prelu"]
    weight: str
    """(channels,)."""


class ClampOp(Operation):
    """Bounds on every number."""

    op: Literal["clamp"]
    low: float
    high: float


class ScaleOp(Operation):
    """x·by + plus."""

    op: Literal["scale"]
    by: float
    plus: float


class CombineOp(Operation):
    """Two inputs number by number, broadcast as numpy does."""

    op: Literal["combine"]
    kind: CombineKind


class ConstantOp(Operation):
    """A tensor that depends on no input."""

    op: Literal["constant"]
    weight: str


class MatMulOp(Operation):
    """The matrix product of two inputs (…, n, k) and (…, k, m), broadcast as numpy does."""

    op: Literal["matmul"]


class SoftmaxOp(Operation):
    """exp(x) / Σ exp(x) along an axis."""

    op: Literal["softmax"]
    axis: int


class ReduceOp(Operation):
    """The mean, sum or largest along axes."""

    op: Literal["reduce"]
    kind: ReduceKind
    axes: Sequence[int]
    keeps: bool
    """Whether the axes stay, of length 1; where all of them go, one number is left, (1,)."""


class ConcatOp(Operation):
    """Its inputs, one after the other along an axis."""

    op: Literal["concat"]
    axis: int


class SliceOp(Operation):
    """From start up to, not including, stop along an axis, every step-th."""

    op: Literal["slice"]
    axis: int
    start: int
    stop: int
    step: int


class ReshapeOp(Operation):
    """The same numbers in the same order."""

    op: Literal["reshape"]
    shape: Sequence[int]


class PermuteOp(Operation):
    """Axes in another order: axis i of the output is axis axes[i] of the input."""

    op: Literal["permute"]
    axes: Sequence[int]


class FlattenOp(Operation):
    """(C, H, W) to (C·H·W,)."""

    op: Literal["flatten"]


class UnflattenOp(Operation):
    """(C·H·W,) to `shape`."""

    op: Literal["unflatten"]
    shape: ImageShape


class CropOp(Operation):
    """Keeps the top left height × width."""

    op: Literal["crop"]
    height: int
    width: int


class BiasOp(Operation):
    """Adds one number to every pixel."""

    op: Literal["bias"]
    bias: str
    """(C, H, W)."""


class AutoregressOp(Operation):
    """Adds to every pixel's logit what the pixels before it say."""

    op: Literal["autoregress"]
    weight: str
    bias: str
    out: str


class GridTableOp(Operation):
    """Pictures of a decoder that is not known, on a line or a square of codes."""

    op: Literal["lattice"]
    pictures: str
    """(size ** K, C·H·W) bytes, the first dimension fastest."""
    shape: ImageShape
    size: int
    """Codes from `low` to `high` in each dimension."""
    low: float
    high: float


class ScatteredTableOp(Operation):
    """Pictures of a decoder that is not known, at n codes anywhere."""

    op: Literal["gallery"]
    pictures: str
    """(n, C·H·W) bytes."""
    codes: str
    """(n, K)."""
    shape: ImageShape


Op: TypeAlias = (
    LinearOp
    | Conv2dOp
    | ConvTranspose2dOp
    | PadOp
    | PoolOp
    | AdaptivePoolOp
    | UpsampleOp
    | ResizeOp
    | PixelShuffleOp
    | PixelUnshuffleOp
    | GroupNormOp
    | LayerNormOp
    | ChannelAffineOp
    | ActivationOp
    | PreluOp
    | ClampOp
    | ScaleOp
    | CombineOp
    | ConstantOp
    | MatMulOp
    | SoftmaxOp
    | ReduceOp
    | ConcatOp
    | SliceOp
    | ReshapeOp
    | PermuteOp
    | FlattenOp
    | UnflattenOp
    | CropOp
    | BiasOp
    | AutoregressOp
    | GridTableOp
    | ScatteredTableOp
)
"""One layer."""

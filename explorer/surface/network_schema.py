"""Which instructions does the browser's network consist of? One record for each kind of layer; a part of the wire's schema."""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

from trainer.models.layers import ActivationKind

ImageShape: TypeAlias = tuple[int, int, int]
"""C, H, W."""


class LinearOp(TypedDict):
    """y = W x + b."""

    op: Literal["linear"]
    weight: str
    """Name of an array (n_out, n_in)."""
    bias: str
    biases: NotRequired[str]
    """(n_out, Y): the bias of this layer for every class, of a decoder that is told one."""


class ConvOp(TypedDict):
    """As torch has it, zero padding."""

    op: Literal["conv2d", "conv_transpose2d"]
    weight: str
    bias: str
    stride: int
    padding: int


class UpsampleOp(TypedDict):
    """Nearest neighbour, by a whole factor."""

    op: Literal["upsample"]
    scale: int


class ActivationOp(TypedDict):
    """Element by element."""

    op: Literal["activation"]
    kind: ActivationKind
    slope: NotRequired[float]
    """Below 0, of leaky-relu and elu."""


class FlattenOp(TypedDict):
    """(C, H, W) to (C·H·W,)."""

    op: Literal["flatten"]


class UnflattenOp(TypedDict):
    """(C·H·W,) to `shape`."""

    op: Literal["unflatten"]
    shape: ImageShape


class CropOp(TypedDict):
    """Keeps the top left height × width."""

    op: Literal["crop"]
    height: int
    width: int


class BiasOp(TypedDict):
    """Adds one number to every pixel."""

    op: Literal["bias"]
    bias: str


class AutoregressOp(TypedDict):
    """Adds to every pixel's logit what the pixels before it say."""

    op: Literal["autoregress"]
    weight: str
    bias: str
    out: str


class GridTableOp(TypedDict):
    """Pictures of a decoder that is not known, on a line or a square of codes."""

    op: Literal["lattice"]
    pictures: str
    """(size ** K, C·H·W) bytes, the first dimension fastest."""
    shape: ImageShape
    size: int
    """Codes from `low` to `high` in each dimension."""
    low: float
    high: float


class ScatteredTableOp(TypedDict):
    """Pictures of a decoder that is not known, at n codes anywhere."""

    op: Literal["gallery"]
    pictures: str
    """(n, C·H·W) bytes."""
    codes: str
    """(n, K)."""
    shape: ImageShape


Op: TypeAlias = (
    LinearOp
    | ConvOp
    | UpsampleOp
    | ActivationOp
    | FlattenOp
    | UnflattenOp
    | CropOp
    | BiasOp
    | AutoregressOp
    | GridTableOp
    | ScatteredTableOp
)
"""One layer; tensors by the names of their arrays."""

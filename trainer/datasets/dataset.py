"""What is a data set to the rest of the program? Images, labels and factors in one order, and three fixed splits.

N images, C channels, H × W pixels, F factors. Pixels stay uint8 here; they become float in [0, 1] only inside a batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from trainer.errors import DataError

SPLITS = ("train", "validation", "test")
Scalar = TypeVar("Scalar", np.uint8, np.int64, np.float32)


@dataclass(frozen=True, eq=False)
class Split:
    """Some images: images (n, C, H, W) · labels (n,) · factors (n, F) · index (n,), their places in the whole."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    factors: NDArray[np.float32] | None
    index: NDArray[np.int64]

    @property
    def n(self) -> int:
        return len(self.index)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A whole data set; its arrays are read-only.

    images (N, C, H, W) uint8 · labels (N,), each an index into class_names · factors (N, F), units in its module ·
    splits: sorted, disjoint, together every image · notes: for the person, such as which files were skipped.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    factors: NDArray[np.float32] | None
    factor_names: tuple[str, ...]
    splits: Mapping[str, NDArray[np.int64]]
    licence: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.images, self.labels, self.factors, *self.splits.values()):
            if array is not None:
                array.flags.writeable = False  # loaded once, shared by everybody: nobody may change it for the others
        object.__setattr__(self, "splits", MappingProxyType(dict(self.splits)))

    @property
    def n(self) -> int:
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    @cached_property
    def sha256(self) -> str:
        """Of the shape, the pixels and the labels: a run remembers it, so that it is never judged on other images."""
        digest = hashlib.sha256(repr(self.images.shape).encode())
        digest.update(np.ascontiguousarray(self.images).data)
        if self.labels is not None:
            digest.update(self.labels.astype("<i8").tobytes())
        return digest.hexdigest()

    def subset(self, split: str) -> Split:
        """One split, or several joined by "+": `subset("train+validation")`, in the order of the whole."""
        names = split.split("+")
        unknown = [name for name in names if name not in self.splits]
        if unknown or len(set(names)) != len(names):
            allowed = ", ".join(SPLITS)
            raise DataError(f"split is {split!r}; allowed: {allowed}, or several different ones joined by '+'.")
        index = np.sort(np.concatenate([self.splits[name] for name in names]))
        where = _as_slice(index)
        return Split(
            images=_frozen(self.images[where]),
            labels=None if self.labels is None else _frozen(self.labels[where]),
            factors=None if self.factors is None else _frozen(self.factors[where]),
            index=_frozen(index),
        )


def _as_slice(index: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """The same places as a slice where they have no gap: 43 MB of MNIST are then viewed, not copied."""
    if len(index) and index[-1] - index[0] + 1 == len(index):
        return slice(int(index[0]), int(index[-1]) + 1)
    return index


def _frozen(array: NDArray[Scalar]) -> NDArray[Scalar]:
    array.flags.writeable = False
    return array


def consecutive_splits(n_train: int, n_validation: int, n_test: int) -> dict[str, NDArray[np.int64]]:
    """The first images, the next ones, the last ones."""
    whole = np.arange(n_train + n_validation + n_test, dtype=np.int64)
    parts = np.split(whole, [n_train, n_train + n_validation])
    return dict(zip(SPLITS, (part.copy() for part in parts), strict=True))


def unit_hash(text: str) -> float:
    """A number in [0, 1) that depends on the text only: the same with every library version, on every machine."""
    # 53 bits are what a float holds exactly
    return (int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:8], "big") >> 11) / 2**53


def hashed_splits(keys: Iterable[str], train: float, validation: float) -> dict[str, NDArray[np.int64]]:
    """Each image goes where the hash of its key says; `train` and `validation` are shares, the rest is test.

    Adding an image moves no other one. Only where a split would be empty (a handful of images) the nearest hash is
    moved into it.
    """
    hashes = np.array([unit_hash(key) for key in keys])
    n = len(hashes)
    if n < len(SPLITS):
        raise ValueError(f"{n} images cannot fill {len(SPLITS)} splits")
    order = np.argsort(hashes, kind="stable")
    first = int(np.clip((hashes < train).sum(), 1, n - 2))
    second = int(np.clip((hashes < train + validation).sum(), first + 1, n - 1))
    parts = np.split(order, [first, second])
    return {name: np.sort(part).astype(np.int64) for name, part in zip(SPLITS, parts, strict=True)}

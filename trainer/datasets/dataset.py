"""What is a data set to the rest of the program? Images, labels and factors in one order, and three fixed splits.

N images, C channels, H × W pixels, F factors. Pixels stay uint8 here; they become float in [0, 1] only inside a batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from trainer.errors import DataError

SPLITS = ("train", "validation", "test")
HASHED = 4096  # images a piece when the checksum is taken
Buffer = bytes | bytearray | memoryview
Places = NDArray[np.int64]
Scalar = TypeVar("Scalar", np.uint8, np.int64, np.float32)


@dataclass(frozen=True, eq=False)
class Split:
    """Some images of a data set."""

    images: NDArray[np.uint8]
    """(n, C, H, W)"""
    labels: NDArray[np.int64] | None
    """(n,)"""
    factors: NDArray[np.float32] | None
    """(n, F)"""
    index: NDArray[np.int64]
    """(n,): their places in the whole"""

    @property
    def n(self) -> int:
        return len(self.index)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A whole data set; its arrays are read-only."""

    name: str
    """for load_dataset"""
    images: NDArray[np.uint8]
    """(N, C, H, W) uint8, an `np.memmap` where they may be larger than memory"""
    labels: NDArray[np.int64] | None
    """(N,), each an index into class_names, −1 for none"""
    class_names: tuple[str, ...]
    """by label"""
    factors: NDArray[np.float32] | None
    """(N, F), units in its module"""
    factor_names: tuple[str, ...]
    """of the F factors"""
    splits: Mapping[str, NDArray[np.int64]]
    """numbers of images by split: sorted, disjoint, together every image"""
    licence: str
    """of the images"""
    notes: tuple[str, ...] = ()
    """for the person, such as which files were skipped"""
    known_sha256: str | None = None
    """`sha256` where the loader has read every pixel already"""

    def __post_init__(self) -> None:
        for array in (self.images, self.labels, self.factors, *self.splits.values()):
            if array is not None:
                array.flags.writeable = False  # loaded once, shared by everybody: nobody may change it for the others
        object.__setattr__(self, "notes", tuple(dict.fromkeys(self.notes)))  # nothing is said twice
        object.__setattr__(self, "splits", MappingProxyType(dict(self.splits)))
        for problem in self._problems():
            raise DataError(f"Data set {self.name!r}: {problem}.")

    def _problems(self) -> Iterator[str]:
        """What would otherwise fail in the middle of a training."""
        if self.images.ndim != 4:
            yield f"images have shape {self.images.shape}; allowed: (N, C, H, W)"
        if self.images.dtype != np.uint8:
            where = ""
            if np.issubdtype(self.images.dtype, np.floating) and len(bad := np.argwhere(~np.isfinite(self.images))):
                where = f", and image {int(bad[0][0])} has a pixel that is not a number"
            yield f"pixels are {self.images.dtype}{where}; allowed: uint8, 0 to 255"
        n = len(self.images)
        for name, index in self.splits.items():
            if len(index) and not (int(index.min()) >= 0 and int(index.max()) < n):
                yield f"split {name!r} names image {int(index.max())}; allowed: 0 to {n - 1}"
        for name in ("train", "test"):
            if name in self.splits and len(self.splits[name]) == 0:
                yield f"split {name!r} is empty; allowed: 1 image or more"
        if self.labels is not None and len(self.labels) and int(self.labels.min()) < -1:
            yield f"a label is {int(self.labels.min())}; allowed: −1 for none, and 0 to {len(self.class_names) - 1}"
        if self.labels is not None and len(self.labels) and int(self.labels.max()) >= max(1, len(self.class_names)):
            yield f"label {int(self.labels.max())} has no name; allowed: 0 to {len(self.class_names) - 1}"

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
        if self.known_sha256 is not None:
            return self.known_sha256
        parts = (np.ascontiguousarray(self.images[i : i + HASHED]).data for i in range(0, self.n, HASHED))
        return sha256_of(self.images.shape, parts, self.labels)

    def subset(self, split: str) -> Split:
        """One split, or several joined by "+": `subset("train+validation")`, in the order of the whole.

        Without gaps in the index the arrays are views, and nothing is read of a memory-mapped file; else they are copies, which all who
        hold this split at the same time share.
        """
        if (known := self._held.get(split)) is not None:
            return known
        names = split.split("+")
        unknown = [name for name in names if name not in self.splits]
        if unknown or len(set(names)) != len(names):
            allowed = ", ".join(SPLITS)
            raise DataError(f"split is {split!r}; allowed: {allowed}, or several different ones joined by '+'.")
        index = np.sort(np.concatenate([self.splits[name] for name in names]))
        where = _as_slice(index)
        found = self._held[split] = Split(
            images=_frozen(self.images[where]),
            labels=None if self.labels is None else _frozen(self.labels[where]),
            factors=None if self.factors is None else _frozen(self.factors[where]),
            index=_frozen(index),
        )
        return found

    @cached_property
    def _held(self) -> WeakValueDictionary[str, Split]:
        """The splits that somebody holds."""
        return WeakValueDictionary()


def sha256_of(shape: tuple[int, ...], pixels: Iterable[Buffer], labels: NDArray[np.int64] | None) -> str:
    """The checksum of a data set from its pixels in any pieces, in order: the whole need not be in memory."""
    digest = hashlib.sha256(repr(shape).encode())
    for part in pixels:
        digest.update(part)
    if labels is not None:
        digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()


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


def stratified_splits(labels: NDArray[np.int64], seed: str, validation: float, test: float) -> dict[str, NDArray[np.int64]]:
    """The same shares of every class, in the order of a hash: it is the same with every version of numpy."""
    chosen: dict[str, list[int]] = {name: [] for name in SPLITS}
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        members.sort(key=lambda i: unit_hash(f"{seed}/{i}"))
        n_validation, n_test = round(len(members) * validation), round(len(members) * test)
        chosen["validation"] += members[:n_validation]
        chosen["test"] += members[n_validation : n_validation + n_test]
        chosen["train"] += members[n_validation + n_test :]
    return {name: np.array(sorted(members), dtype=np.int64) for name, members in chosen.items()}


def unit_hash(text: str) -> float:
    """A number in [0, 1) that depends on the text only: the same with every library version, on every machine."""
    # 53 bits are what a float holds exactly
    return (int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:8], "big") >> 11) / 2**53


# --- of images that this program draws from known factors

OWN_LICENCE = "made by this project's own code"


def uniform_factors(
    low: NDArray[np.float64], high: NDArray[np.float64], n: int, generator: np.random.Generator, *, first_is_kind: bool = False
) -> NDArray[np.float32]:
    """(n, F), independent and uniform in [low, high), both (F,). first_is_kind: the first factor is floored to a whole number."""
    factors = low + (high - low) * generator.random((n, len(low)))
    if first_is_kind:
        factors[:, 0] = np.floor(factors[:, 0])
    # float32 may round up to high itself, and float32's 2π lies above 2π: both are outside
    return np.minimum(factors.astype(np.float32), np.nextafter(high.astype(np.float32), np.float32(0)))


def dataset_of_factors(
    name: str,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    factors: NDArray[np.float32],
    factor_names: tuple[str, ...],
    parts: tuple[int, int, int],
) -> Dataset:
    """Images (n, C, H, W) with labels (n,) and the factors (n, F) that they were drawn from.

    parts: training, validation and test images of the whole data set, of which n may be fewer. The factors are independent, so the first
    images are as good a training split as any.
    """
    n = len(images)
    n_validation, n_test = n * parts[1] // sum(parts), n * parts[2] // sum(parts)
    return Dataset(
        name=name,
        images=images,
        labels=labels,
        class_names=class_names,
        factors=factors,
        factor_names=factor_names,
        splits=consecutive_splits(n - n_validation - n_test, n_validation, n_test),
        licence=OWN_LICENCE,
    )

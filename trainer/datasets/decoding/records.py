"""From where are pictures decoded, as what, and what comes of it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import PIL
from numpy.typing import NDArray

from trainer.datasets.layout import Entry
from trainer.datasets.names import FIT, Fit

FORMAT = f"latent-atlas folder 3, Pillow {PIL.__version__}"  # another decoder may give other pixels
BLOCK = 2**20  # bytes read or written at once


class Source(Protocol):
    """Where files of pictures are."""

    @property
    def place(self) -> str:
        """A name that no other source has."""

    def content(self, file: str) -> bytes:
        """The bytes of a file. Raises `ImageError`."""

    def looks(self, file: str) -> tuple[int, ...]:
        """What tells from outside that a file has changed; empty where it cannot be seen."""


@dataclass(frozen=True)
class Wanted:
    """Which pictures, and how they are brought to one size."""

    entries: tuple[Entry, ...]
    """files in the order of their paths, with class and split"""
    size: int
    """pixels of a side"""
    held_out: float
    """share of the test split"""
    fit: Fit = FIT
    """how what is not square becomes square"""

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(entry.file for entry in self.entries)

    def words(self) -> tuple[str, ...]:
        """What the pictures of the same files depend on."""
        told = (f"{entry.file}\0{entry.label}\0{entry.split}" for entry in self.entries)
        return FORMAT, f"{self.size} {self.fit}", repr(self.held_out), *told


class TooFewError(Exception):
    """There are not enough pictures to fill the splits."""

    def __init__(self, n_readable: int, unreadable: Sequence[str]) -> None:
        super().__init__(f"{n_readable} readable images")
        self.n_readable, self.unreadable = n_readable, tuple(unreadable)


@dataclass(frozen=True)
class Decoded:
    """Pictures, as `lay_out` orders them."""

    images: NDArray[np.uint8]
    """(N, C, H, W), a read-only map of a file"""
    pages: tuple[int, ...]
    """pictures of each file, 0 where it cannot be read"""
    sha256: str
    """of the pixels"""
    notes: tuple[str, ...]
    """for the person"""

"""In which order do decoded pictures lie, and to which split does each belong?

The training split comes first, then validation, then test, each in the order of its paths: every split is then a view of one file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import SPLITS, consecutive_splits
from trainer.datasets.decoding.records import Wanted
from trainer.datasets.kinds import natural
from trainer.datasets.labels import MOST_CLASSES, UNLABELLED, distinct, text_of, told_equal, too_many
from trainer.datasets.layout import Entry
from trainer.datasets.splits import divide


@dataclass(frozen=True)
class Layout:
    """How files become a data set."""

    order: NDArray[np.int64]
    """(n,): the place of each image among the pictures in the order of files and pages"""
    splits: dict[str, NDArray[np.int64]]
    """numbers of images, consecutive"""
    labels: NDArray[np.int64] | None
    """(n,), in the order of the images; None where there are no classes"""
    class_names: tuple[str, ...]
    """in natural order"""
    notes: tuple[str, ...]
    """how they were divided"""


def lay_out(wanted: Wanted, pages: Sequence[int]) -> Layout:
    """The order of the images from the pictures that each file has; pages of one file stay in one split, unless it has most of them."""
    entries = [entry for entry, n in zip(wanted.entries, pages, strict=True) for _ in range(n)]
    class_names, labels, told = _labels(entries)
    is_one_stack = max(pages) > len(entries) / len(SPLITS)
    keys = [f"{entry.file}#{i}" if is_one_stack else entry.file for i, entry in enumerate(entries)]
    given = [entry.split or "" for entry in entries]
    divided = divide(keys, labels, given, wanted.held_out)
    order = np.concatenate([divided.places[split] for split in SPLITS])
    notes = (
        ["pages of one file are in different splits, as there are few files: neighbouring pages may be alike"]
        if (is_one_stack and max(pages) > 1)
        else []
    )
    return Layout(
        order=order,
        splits=consecutive_splits(*(len(divided.places[split]) for split in SPLITS)),
        labels=None if labels is None else labels[order],
        class_names=class_names,
        notes=(divided.note, *notes, *told),
    )


def _labels(entries: Sequence[Entry]) -> tuple[tuple[str, ...], NDArray[np.int64] | None, tuple[str, ...]]:
    """Names of the classes in natural order, the class of each picture, and notes; a picture of no class beside others is unlabelled."""
    labels = [entry.label for entry in entries]
    names = sorted({label for label in labels if label is not None}, key=natural)
    if not names:
        return (), None, ()
    if len(names) > MOST_CLASSES:
        return (), None, (too_many(len(names), "the pictures have {} different labels"),)
    place: dict[str | None, int] = {name: k for k, name in enumerate(names)}
    told = [text_of(name) for name in names]
    return distinct(told), np.array([place.get(label, UNLABELLED) for label in labels], np.int64), told_equal(told)


def order_digest(layout: Layout) -> str:
    """Of the order in which the images lie: another version of this program may divide them in another way."""
    return hashlib.sha256(layout.order.astype("<i8").tobytes()).hexdigest()

"""Which images are learned from, and which are held out?

Of a person's own images: where folders, arrays or a column say it, as they say; else by the rank of a hash, in every class apart, so
that each part gets its share as nearly as whole images can, however few they are.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import SPLITS, unit_hash
from trainer.datasets.names import HELD_OUT
from trainer.numerals import count, percent

Places = NDArray[np.int64]
FEW = 5  # so many test images at least, as long as they are no more than a third
SPELLINGS = {
    "train": ("train", "training", "trn", "trainset", "trainingset", "learn"),
    "validation": ("validation", "val", "valid", "validate", "dev", "eval", "evaluation", "publictest", "valset", "validationset"),
    "test": ("test", "testing", "tst", "privatetest", "testset", "holdout", "heldout"),
}
THINGS = (  # what a folder of a split may say besides: train_images, x_test
    "images",
    "image",
    "imgs",
    "img",
    "x",
    "data",
    "pictures",
    "photos",
    "files",
    "set",
    "split",
    "folder",
    "dir",
)
SAID = {word: split for split, words in SPELLINGS.items() for word in words}


@dataclass(frozen=True)
class Divided:
    """Which images are in which split."""

    places: dict[str, Places]
    """sorted, disjoint, together every image"""
    note: str
    """how they were divided, for the person"""


def split_of(word: str) -> str:
    """The split that a folder, an array or a cell names, whatever its case and spelling, as in train, Val_Set or test-images; empty for
    none."""
    return SAID.get("".join(_pieces(word)), "") or SAID.get(part_of(word, THINGS)[0], "")


def part_of(name: str, things: Collection[str]) -> tuple[str, str]:
    """The word for a split and the thing beside it in a name such as x_train or train_images; empty ones for another name."""
    pieces = _pieces(name)
    for i in range(1, len(pieces)):
        for word, thing in (("".join(pieces[:i]), "".join(pieces[i:])), ("".join(pieces[i:]), "".join(pieces[:i]))):
            if word in SAID and thing in things:
                return word, thing
    return "", ""


def _pieces(name: str) -> list[str]:
    return [piece for piece in re.split(r"[\s_.-]+", name.casefold()) if piece]


def is_division(words: Sequence[str]) -> bool:
    """Whether such names say which part is learned from: train and another part."""
    found = {split_of(word) for word in words}
    return "train" in found and bool(found & {"validation", "test"})


def divide(
    keys: Sequence[str], labels: Places | None = None, given: Sequence[str] | None = None, held_out: float = HELD_OUT
) -> Divided:
    """Images into train, validation and test.

    keys (N,): what an image's place depends on; images of the same key stay together, such as pages of one file.
    labels (N,), −1 for none.
    given (N,): a split each, as `split_of` names it; a part that is missing is taken from the training images, but a validation
        part without a test part is the test part.

    There must be three images.
    """
    classes = np.zeros(len(keys), np.int64) if labels is None else labels
    if given is None or not is_division(list(set(given))):
        places = _by_rank(keys, classes, held_out)
        return Divided(
            places, _told(places, "by a hash of each image's name" if labels is None else "by a hash, separately in each class")
        )
    said = np.array([split_of(word) for word in given], object)
    words = {split: sorted({word for word in given if split_of(word) == split}) for split in SPLITS}
    how = "as given (" + ", ".join(word for split in SPLITS for word in words[split]) + ")"
    if not (said == "test").any():
        said[said == "validation"] = "test"
        how += f"; {_names(words['validation'])} taken as test, as there is no other test part"
    if not (said == "validation").any():
        learned = np.flatnonzero(said == "train")
        if len(learned) >= 2:
            n = min(max(1, round(len(learned) * held_out / 2)), len(learned) - 1)
            said[learned[_ranked([keys[i] for i in learned.tolist()], classes[learned])[:n]]] = "validation"
            how += "; for validation a part of the training images"
    if held_out != HELD_OUT:
        how += f"; held-out={held_out:g} does not change that"
    places = {split: np.flatnonzero(said == split).astype(np.int64) for split in SPLITS}
    return Divided(places, _told(places, how))


def sizes(n: int, held_out: float = HELD_OUT) -> tuple[int, int, int]:
    """How many of n ≥ 3 images are for training, validation and test: a few for the test where the share would be one or two."""
    n_test = min(max(round(n * held_out), min(FEW, n // 3), 1), n - 2)
    n_validation = min(max(round(n * held_out / 2), 1), n - n_test - 1)
    return n - n_validation - n_test, n_validation, n_test


def digest(splits: dict[str, Places]) -> str:
    """sha256 of which image is where: with the pixels it says whether a run is judged on images that it did not see."""
    total = hashlib.sha256()
    for name in SPLITS:
        total.update(f"{name} {len(splits[name])} ".encode() + splits[name].astype("<i8").tobytes())
    return total.hexdigest()


def _by_rank(keys: Sequence[str], classes: Places, held_out: float) -> dict[str, Places]:
    _, n_validation, n_test = sizes(len(keys), held_out)
    order = _ranked(keys, classes)
    parts = np.split(order, _cuts([keys[i] for i in order.tolist()], n_test, n_validation))
    return {name: np.sort(part).astype(np.int64) for name, part in zip(("test", "validation", "train"), parts, strict=True)}


def _cuts(keys: Sequence[str], n_test: int, n_validation: int) -> list[int]:
    """Where the test part and the validation part end: between images of different keys, as near to their sizes as that allows."""
    borders = [i for i in range(1, len(keys)) if keys[i] != keys[i - 1]]
    if len(borders) == len(keys) - 1 or len(borders) < 2:
        return [n_test, n_test + n_validation]
    first = min(borders[:-1], key=lambda border: abs(border - n_test))
    second = min((border for border in borders if border > first), key=lambda border: abs(border - first - n_validation))
    return [first, second]


def _ranked(keys: Sequence[str], classes: Places) -> Places:
    """Places in an order of which every beginning holds the same share of every class, one image more or less.

    In a class images are in the order of their hashes, the i-th of n at (i + u)/n; u differs between classes, so that small ones do not
    all come early or all late (systematic sampling). It comes of the class's first image: another class may come in between.
    """
    hashes = {key: unit_hash(key) for key in set(keys)}
    own = np.array([hashes[key] for key in keys])
    position = np.empty(len(keys))
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        members = members[np.lexsort((members, own[members]))]
        offset = unit_hash(f"class of {keys[int(members[0])]}")
        position[members] = (np.arange(len(members)) + offset) / len(members)
    if len(hashes) < len(keys):  # images of one key are where the first of them is
        first: dict[str, float] = {}
        for i, key in enumerate(keys):
            first[key] = min(position[i], first.get(key, math.inf))
        position = np.array([first[key] for key in keys])
    return np.lexsort((np.arange(len(keys)), own, position)).astype(np.int64)


def _told(places: dict[str, Places], how: str) -> str:
    n = sum(map(len, places.values()))
    parts = [
        f"{count(len(places[split]))} {words}" for split, words in (("train", "to learn from"), ("validation", "for validation"))
    ]
    test = len(places["test"])
    held_out = f"{count(test)} held out as test image{'' if test == 1 else 's'} ({percent(test / max(n, 1))})"
    return f"{count(n)} images: {', '.join(parts)}, {held_out}; divided {how}"


def _names(words: Sequence[str]) -> str:
    return ", ".join(repr(word) for word in words)

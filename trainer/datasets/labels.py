"""What are the classes of a person's labels, and what are they called?

The values that occur are the classes, in natural order; a class's index is its key, and its name is text for people. −1, an empty text
and a missing number mean: no label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.kinds import named, natural, printable
from trainer.errors import DataError
from trainer.numerals import count

UNLABELLED = -1
MOST_CLASSES = 1000  # more are numbers of things, not kinds of things
LONGEST_NAME = 80
ALLOWED = "one whole number or text for each image, −1 for none, or one-hot rows"


@dataclass(frozen=True)
class Classes:
    """labels (N,), indices into names, −1 where an image has none; None where there are no classes · notes: for the person."""

    labels: NDArray[np.int64] | None
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def classes_of(values: Any, n: int, where: str, given: Any = None) -> Classes:
    """The classes of labels as they come: (n,), (n, 1) or one-hot (n, Y); numbers, truth values, texts or bytes.

    given: names, (Y,) texts or bytes: of the labels 0 … Y − 1, or, where labels are other numbers, of their values in order.
    Raises `DataError` that begins with `where`.
    """
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    names = _given(given, where)
    if array.ndim == 2 and len(array) == n:
        array = _from_one_hot(array, where)
    if array.shape != (n,):
        raise DataError(f"{where}: labels have shape {array.shape} for {count(n)} images; allowed: {ALLOWED}.")
    keys, values_, is_text = _keys(array, where)
    if len(values_) > MOST_CLASSES:
        note = f"labels have {count(len(values_))} different values, more than {count(MOST_CLASSES)}: they are no classes, and left out"
        return Classes(None, (), (note,))
    notes = _told_unlabelled(keys, array)
    if not len(values_):
        return Classes(None, (), notes)
    told, more = _named(values_, names, is_text, where)
    return Classes(keys, distinct(told), (*notes, *more, *_told_equal(told)))


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names with equal ones numbered: thing, thing (2); a name of nothing gets one."""
    taken, found = set(names), list[str]()
    for name in names:
        new, k = name or "no name", 2
        while new in found or (new != name and new in taken):
            new, k = f"{name or 'no name'} ({k})", k + 1
        found.append(new)
    return tuple(found)


def text_of(value: Any) -> str:
    """A name as text: bytes decoded, on one line, no longer than can be read."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = printable(str(value)).strip()
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def _given(given: Any, where: str) -> tuple[str, ...]:
    if given is None:
        return ()
    array = np.asarray(given)
    if array.ndim != 1 or array.dtype.kind not in "USOiu":
        raise DataError(f"{where}: class_names has shape {array.shape} and type {array.dtype}; allowed: (classes,), texts.")
    return tuple(map(text_of, array.tolist()))


def _from_one_hot(array: NDArray[Any], where: str) -> NDArray[np.int64]:
    """(n, Y) of zeros and ones to (n,); a row of zeros has no label."""
    is_one_hot = array.dtype.kind in "biuf" and bool(np.isin(array, (0, 1)).all())
    if not is_one_hot or (array.sum(1) > 1).any():
        which = "more than one class an image" if is_one_hot else "shares of classes or several labels an image"
        raise DataError(f"{where}: labels have shape {array.shape}, {which}; allowed: {ALLOWED}; keep one label for each image.")
    return np.where(array.any(1), array.argmax(1), UNLABELLED).astype(np.int64)


def _keys(array: NDArray[Any], where: str) -> tuple[NDArray[np.int64], list[Any], bool]:
    """For each image the index of its value, −1 for none; the values in natural order; whether they are texts."""
    if array.dtype.kind in "US" or (array.dtype.kind == "O" and all(isinstance(v, str | bytes) for v in array.tolist())):
        texts = np.array([text_of(value) for value in array.tolist()], object)
        values: list[Any] = sorted(set(texts.tolist()) - {""}, key=natural)
        place = {value: k for k, value in enumerate(values)}
        return np.array([place.get(text, UNLABELLED) for text in texts], np.int64), values, True
    if array.dtype.kind not in "biuf":
        raise DataError(f"{where}: labels are of type {array.dtype}; allowed: {ALLOWED}.")
    missing = np.isnan(array) if array.dtype.kind == "f" else np.zeros(len(array), bool)
    if array.dtype.kind == "f":
        odd = array[~missing & (np.floor(array) != array) | np.isinf(array)]
        if len(odd):
            raise DataError(f"{where}: labels are numbers such as {float(odd[0]):g}, no whole ones; allowed: {ALLOWED}.")
    elif array.dtype.kind == "b":
        array = array.astype(np.int64)
    missing = missing | (array == UNLABELLED if array.dtype.kind in "if" else False)
    found = np.unique(array[~missing])
    keys = np.full(len(array), UNLABELLED, np.int64)
    keys[~missing] = np.searchsorted(found, array[~missing])
    return keys, [int(value) for value in found.tolist()], False


def _named(values: Sequence[Any], given: tuple[str, ...], is_text: bool, where: str) -> tuple[list[str], tuple[str, ...]]:
    """A name for each value that occurs, and what to say of it."""
    if not given:
        return [str(value) for value in values], ()
    if is_text:
        unknown = [value for value in values if value not in given]
        note = f"class_names does not have the labels {named(unknown)}" if unknown else ""
        return list(map(str, values)), (note,) if note else ()
    if values[0] >= 0 and values[-1] < len(given):
        empty = [given[k] or str(k) for k in range(len(given)) if k not in set(values)]
        note = f"{'class' if len(empty) == 1 else 'classes'} without an image left out: {named(empty)}" if empty else ""
        return [given[value] for value in values], (note,) if note else ()
    if len(values) == len(given):
        return list(given), (f"labels are {named(map(str, values))}: class_names were given to them in this order",)
    odd = next(value for value in values if not 0 <= value < len(given))
    raise DataError(f"{where}: label {odd} has no name; allowed: 0 to {len(given) - 1}, as class_names has {len(given)} names.")


def _told_unlabelled(keys: NDArray[np.int64], array: NDArray[Any]) -> tuple[str, ...]:
    n = int((keys == UNLABELLED).sum())
    if not n:
        return ()
    what = "−1" if array.dtype.kind in "ifO" and n == int((array == UNLABELLED).sum()) else "an empty or missing one"
    images = "1 image has" if n == 1 else f"{count(n)} images have"
    return (f"{images} no label ({what}): a semi-supervised model (m2) learns from them; figures of classes leave them out",)


def _told_equal(names: Sequence[str]) -> tuple[str, ...]:
    equal = sorted({name for name in names if list(names).count(name) > 1})
    return (f"different classes have the name {named(equal)}: they are numbered",) if equal else ()

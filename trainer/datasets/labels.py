"""What are the classes of a person's labels, and what are they called?

The values that occur are the classes, in natural order; a class's index is its key, and its name is text for people. −1, an empty text
and a missing number mean: no label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import SPLITS
from trainer.datasets.kinds import named, natural, printable
from trainer.errors import DataError
from trainer.numerals import count, counted

UNLABELLED = -1
MOST_CLASSES = 1000  # more are numbers of things, not kinds of things
LONGEST_NAME = 80
NOTHING = ("", "-1")  # as texts
ALLOWED = "one whole number or text for each image, −1 for none, or one-hot rows"


@dataclass(frozen=True)
class Classes:
    """Labels as a data set has them."""

    labels: NDArray[np.int64] | None
    """(N,), indices into names, −1 where an image has none; None where there are no classes"""
    names: tuple[str, ...]
    """by label"""
    notes: tuple[str, ...] = ()
    """for the person"""


@dataclass(frozen=True)
class LabelPart:
    """The labels of some of the images."""

    name: str
    """of their array, empty where there is one only"""
    values: Any
    """(n, …)"""
    n: int
    """images"""

    @property
    def told(self) -> str:
        return f"labels {self.name}" if self.name else "labels"


@dataclass(frozen=True)
class _Keys:
    """What tells the class of each image."""

    values: list[Any]
    """for each image a number or a text; None for none"""
    is_text: bool
    """whether they are texts"""
    columns: int = 0
    """of one-hot rows, 0 where there were none"""
    n_minus: int = 0
    """how many of the images without a label have −1"""


def classes_of(values: Any, n: int, where: str, given: Any = None) -> Classes:
    """The classes of labels as they come: (n,), (n, 1) or one-hot (n, Y); numbers, truth values, texts or bytes.

    given: names, (Y,) texts or bytes: of the labels 0 … Y − 1, or, where labels are other numbers, of their values in order.
    Raises `DataError` that begins with `where`.
    """
    return classes_of_parts([LabelPart("", values, n)], where, given)


def classes_of_parts(parts: Sequence[LabelPart], where: str, given: Any = None) -> Classes:
    """The same of labels in several arrays: a value is the same class in each. Raises `DataError` where they do not go together."""
    names = _given(given, where)
    read = [_keys(part, where) for part in parts]
    _refuse_what_differs(parts, read, where)
    found = [value for keys in read for value in keys.values]
    is_text = read[0].is_text
    there = {value for value in found if value is not None}
    notes = _told_one_hot(parts, read)
    if len(there) > MOST_CLASSES:
        return Classes(None, (), (*notes, too_many(len(there), "labels have {} different values")))
    values = sorted(there, key=natural) if is_text else sorted(there)
    place = {value: k for k, value in enumerate(values)}
    labels = np.array([UNLABELLED if value is None else place[value] for value in found], np.int64)
    notes += _told_unlabelled(labels, sum(keys.n_minus for keys in read))
    if not values:
        return Classes(None, (), notes)
    full, more = _named(values, names, is_text, where)
    told = [text_of(name) for name in full]
    return Classes(labels, distinct(told), (*notes, *more, *told_equal(told)))


def of_one_case(labels: Sequence[str | None], splits: Sequence[str]) -> dict[str, str]:
    """Train/Cat beside test/cat: names that differ only in case and never meet in one split, each with the name that it takes.

    labels, splits (N,): of each image. The name is that of the first split in the order of `SPLITS`.
    """
    met: dict[str, dict[str, set[str]]] = {}
    for label, split in dict.fromkeys(zip(labels, splits, strict=True)):
        if label is not None:
            met.setdefault(label.casefold(), {}).setdefault(label, set()).add(split)
    same = dict[str, str]()
    for spellings in met.values():
        if len(spellings) > 1 and sum(map(len, spellings.values())) == len(set().union(*spellings.values())):
            first = min(spellings, key=lambda name: min(SPLITS.index(split) if split in SPLITS else 0 for split in spellings[name]))
            same |= {name: first for name in spellings if name != first}
    return same


def told_one_case(same: dict[str, str]) -> tuple[str, ...]:
    """The note of what `of_one_case` found."""
    told = named(f"{text_of(other)} as {text_of(name)}" for other, name in sorted(same.items()))
    return (f"class names of different splits that differ only in case were taken as one class: {told}",) if same else ()


def too_many(n: int, have: str) -> str:
    """The note that so many values are no classes. have: “labels have {} different values”."""
    most = count(MOST_CLASSES)
    return f"{have.format(count(n))}, more than {most}: they are not classes and left out; to have classes, group them into at most {most}"


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names with equal ones numbered: thing, thing (2); a name of nothing gets one. Linear in their number."""
    taken, used, numbers = set(names), dict[str, None](), dict[str, int]()
    for name in names:
        base = name or "no name"
        new, k = base, numbers.get(base, 2)
        while new in used or (new != name and new in taken):
            new, k = f"{base} ({k})", k + 1
        used[new], numbers[base] = None, k
    return tuple(used)


def text_of(value: Any) -> str:
    """A name as text to be shown: decoded, on one line, no longer than can be read. Two names may be the same when they are cut."""
    text = printable(whole_text(value)).strip()
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def whole_text(value: Any) -> str:
    """A text or bytes as the text by which a class is told from another."""
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()


def _given(given: Any, where: str) -> tuple[str, ...]:
    if given is None:
        return ()
    array = np.asarray(given)
    if array.ndim != 1 or array.dtype.kind not in "USOiu":
        raise DataError(f"{where}: class_names has shape {array.shape} and type {array.dtype}; allowed: (classes,), texts.")
    return tuple(map(whole_text, array.tolist()))


def _keys(part: LabelPart, where: str) -> _Keys:
    """What each image's label is. Raises `DataError` for what is no label of each."""
    try:
        array = np.asarray(part.values)
    except ValueError:  # lists of different lengths
        raise DataError(f"{where}: {part.told} are lists of different lengths; allowed: {ALLOWED}.") from None
    columns = array.shape[1] if array.ndim == 2 and len(array) == part.n else 0
    if columns == 1:
        array, columns = array[:, 0], 0
    if columns:
        array = _from_one_hot(array, part, where)
    if array.shape != (part.n,):
        raise DataError(f"{where}: {part.told} have shape {array.shape} for {counted(part.n, 'image')}; allowed: {ALLOWED}.")
    if array.dtype.kind in "US" or (array.dtype.kind == "O" and all(isinstance(v, str | bytes) for v in array.tolist())):
        texts = list(map(whole_text, array.tolist()))
        return _Keys([None if text in NOTHING else text for text in texts], True, n_minus=texts.count("-1"))
    values = _whole_numbers(array, part, where)
    n_minus = 0 if columns else sum(value == UNLABELLED for value in array.tolist())
    return _Keys(values, False, columns, n_minus)


def _from_one_hot(array: NDArray[Any], part: LabelPart, where: str) -> NDArray[np.int64]:
    """(n, Y) of zeros and ones to (n,); a row of zeros has no label."""
    is_one_hot = array.dtype.kind in "biuf" and bool(np.isin(array, (0, 1)).all())
    if not is_one_hot or (array.sum(1) > 1).any():
        which = "more than one class an image" if is_one_hot else "shares of classes or several labels an image"
        raise DataError(
            f"{where}: {part.told} have shape {array.shape}, {which}; allowed: {ALLOWED}; keep one label for each image."
        )
    return np.where(array.any(1), array.argmax(1), UNLABELLED).astype(np.int64)


def _whole_numbers(array: NDArray[Any], part: LabelPart, where: str) -> list[int | None]:
    """(n,) as whole numbers of any size, None for −1 and for what is no number."""
    is_counted = array.dtype.kind == "O" and all(value is None or type(value) is int for value in array.tolist())
    if array.dtype.kind not in "biuf" and not is_counted:
        raise DataError(f"{where}: {part.told} are of type {array.dtype}; allowed: {ALLOWED}.")
    if array.dtype.kind == "f":
        odd = array[~np.isnan(array) & (np.floor(array) != array) | np.isinf(array)]
        if len(odd):
            raise DataError(f"{where}: {part.told} are numbers such as {float(odd[0]):g}, no whole ones; allowed: {ALLOWED}.")
    return [None if value is None or value != value or value == UNLABELLED else int(value) for value in array.tolist()]


def _refuse_what_differs(parts: Sequence[LabelPart], read: Sequence[_Keys], where: str) -> None:
    """Texts beside numbers, and one-hot rows of different widths: which class is which is not said."""
    texts = [part.name for part, keys in zip(parts, read, strict=True) if keys.is_text]
    if texts and len(texts) < len(parts):
        numbers = [part.name for part, keys in zip(parts, read, strict=True) if not keys.is_text]
        raise DataError(
            f"{where}: labels are texts in {named(texts)} and numbers in {named(numbers)}; allowed: the same in every part; save both as "
            "texts, or both as numbers with class_names."
        )
    widths = {keys.columns: part.name for part, keys in zip(parts, read, strict=True) if keys.columns}
    if len(widths) > 1:
        told = ", ".join(f"{name} {width}" for width, name in widths.items())
        raise DataError(
            f"{where}: one-hot labels have different numbers of columns ({told}); allowed: a column for each class in all."
        )


def _told_one_hot(parts: Sequence[LabelPart], read: Sequence[_Keys]) -> tuple[str, ...]:
    shapes = [f"{part.told} of shape ({part.n}, {keys.columns})" for part, keys in zip(parts, read, strict=True) if keys.columns]
    return (f"{named(shapes)} hold 0 and 1 only, and were taken as one-hot: each column is a class",) if shapes else ()


def _named(values: Sequence[Any], given: tuple[str, ...], is_text: bool, where: str) -> tuple[list[str], tuple[str, ...]]:
    """A name for each value that occurs, and what to say of it."""
    if not given:
        return [str(value) for value in values], ()
    there, known = set(values), set(given)
    if is_text:
        unknown = [text_of(value) for value in values if value not in known]
        note = f"class_names does not have the labels {named(unknown)}" if unknown else ""
        return list(map(str, values)), (note,) if note else ()
    if values[0] >= 0 and values[-1] < len(given):
        empty = [text_of(given[k]) or str(k) for k in range(len(given)) if k not in there]
        note = f"{'class' if len(empty) == 1 else 'classes'} without an image left out: {named(empty)}" if empty else ""
        return [given[value] for value in values], (note,) if note else ()
    if len(values) == len(given):
        return list(given), (f"labels are {named(map(str, values))}: class_names were given to them in this order",)
    odd = next(value for value in values if not 0 <= value < len(given))
    raise DataError(
        f"{where}: label {odd} has no name; allowed: 0 to {len(given) - 1}, as class_names has {counted(len(given), 'name')}."
    )


def _told_unlabelled(labels: NDArray[np.int64], n_minus: int) -> tuple[str, ...]:
    n = int((labels == UNLABELLED).sum())
    if not n:
        return ()
    images = "1 image has" if n == 1 else f"{count(n)} images have"
    what = "−1" if n == n_minus else "−1, or empty or missing" if n_minus else "empty or missing"
    return (f"{images} no label ({what}): a semi-supervised model (m2) learns from them; figures of classes leave them out",)


def told_equal(names: Sequence[str]) -> tuple[str, ...]:
    """The note of classes that look the same when their names are shown."""
    equal = sorted(name for name, n in Counter(names).items() if n > 1)
    return (f"different classes have the name {named(equal)}: they are numbered",) if equal else ()

"""Which column of a table holds the labels where no name says it? The first, the last or none, by what is in them.

A column of texts at one end is that of labels. Else there must be one number more than a square of pixels, and

1. a name that is not built as all others (`px0 … px63, digit`) tells;
2. labels are whole, few, and more than one: a pixel of the border that never changes is no label;
3. a pixel goes with the pixel beside it, a label does not;
4. a pixel of an empty border has nearly always the same value; of two others labels have far fewer values.

What these leave open is asked of the person: a wrong guess would be a picture that nobody sees to be shifted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.labels import MOST_CLASSES, UNLABELLED
from trainer.errors import DataError
from trainer.numerals import count

LEAST_COUNTED = 12  # rows: fewer that count up may be labels
PIXEL_LIKE = 0.7  # correlation with the pixel beside it from which a column is no label
CLEARLY, ERRORS = 0.2, 3.0  # difference of two correlations, and in standard errors of that difference between independent columns
SAME = 0.9  # share of the commonest value from which a column is an empty border's
FEW = 100  # values of a label that are usual
TIMES = 2  # as many values
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are pixels, and which holds labels."""

    pixels: list[int]
    """places of their columns"""
    label: int | None = None
    """place of that of labels; None for none"""
    where: str = ""
    """what the column of labels is called"""
    notes: tuple[str, ...] = ()
    """for the person"""


@dataclass(frozen=True)
class Unnamed:
    """A table as `split_ends` looks at it."""

    names: Sequence[str]
    """of all columns, or none"""
    sample: Sequence[Sequence[str]]
    """some rows"""
    rows: Callable[[], Iterable[Sequence[str]]]
    """all of them, read anew"""
    path: str
    """for messages"""


def split_ends(table: Unnamed, columns: list[int]) -> Columns:
    """`columns` divided into those of pixels and that of labels. Raises `DataError` where it is open which that is."""
    notes: tuple[str, ...] = ()
    if not is_square(len(columns)) and _counts_rows(table, columns[0]):
        columns, notes = columns[1:], ("the first column counts the rows: left out",)
    if len(columns) < 2:
        return Columns(columns, notes=notes)
    ends = (columns[0], columns[-1])
    texts = [k for k in ends if _is_text(table, k)]
    label: int | None = None
    if len(texts) == 1:
        label = texts[0]
    elif not is_square(len(columns)) and is_square(len(columns) - 1):
        label = _odd_name(table, columns)
        label = _by_values(table, columns) if label is None else label
    if label is None:
        return Columns(columns, notes=notes)
    place = "first" if label == columns[0] else "last"
    where = f"the column '{table.names[label].strip()}'" if table.names else f"the {place} column"
    return Columns([k for k in columns if k != label], label, where, notes)


def is_square(n: int) -> bool:
    """Whether n pixels make a square picture."""
    return n > 0 and math.isqrt(n) ** 2 == n


def number_of(cell: str) -> float:
    """The finite number in a cell; NaN for anything else."""
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _is_text(table: Unnamed, column: int) -> bool:
    """Whether most cells of a column are texts, and no numbers."""
    cells = [row[column].strip() for row in table.sample if len(row) > column]
    return sum(bool(cell) and math.isnan(number_of(cell)) for cell in cells) > len(cells) / 2


def _counts_rows(table: Unnamed, column: int) -> bool:
    values = [number_of(row[column]) for row in table.sample if len(row) > column]
    return len(values) >= LEAST_COUNTED and values in (
        [float(i) for i in range(len(values))],
        [i + 1.0 for i in range(len(values))],
    )


def _odd_name(table: Unnamed, columns: Sequence[int]) -> int | None:
    """The end whose name is not built as all others, which differ in their numbers only."""
    if not table.names:
        return None
    built = {k: re.sub(r"\d+", "#", table.names[k].strip().lower()) for k in columns}
    for end, others in ((columns[0], columns[1:]), (columns[-1], columns[:-1])):
        kinds = {built[k] for k in others}
        if len(kinds) == 1 and built[end] not in kinds:
            return end
    return None


# --- by what is in them


def _by_values(table: Unnamed, columns: Sequence[int]) -> int:
    """The end that holds labels. Raises `DataError` where both may, or none."""
    wanted = (columns[0], columns[1], columns[-1], columns[-2])
    widest = max(columns)
    read = [[number_of(row[k]) for k in wanted] for row in table.rows() if len(row) > widest]
    values = np.array(read, np.float64).reshape(-1, 4).T
    first, last = values[0], values[2]
    alike = (_correlation(first, values[1]), _correlation(last, values[3]))
    which = _which((first, last), alike)
    if which is None:
        n, side = len(columns), math.isqrt(len(columns) - 1)
        raise DataError(
            f"{table.path} has {count(n)} numbers a row, one more than {side} × {side} pixels, and it cannot be seen whether the first or "
            "the last are the labels; allowed: a first row with the names of the columns; add one that calls the labels 'label'."
        )
    return (columns[0], columns[-1])[which]


def _which(ends: tuple[Numbers, Numbers], alike: tuple[float, float]) -> int | None:
    """0 where the first end holds labels, 1 where the last does, None where it is open. alike: correlation with the pixel beside."""
    able = [k for k in (0, 1) if _may_be_labels(ends[k])]
    if len(able) < 2:
        return able[0] if able and alike[able[0]] < PIXEL_LIKE else None
    if abs(alike[0] - alike[1]) >= max(CLEARLY, ERRORS * math.sqrt(2 / len(ends[0]))):
        return 0 if alike[0] < alike[1] else 1
    n_values = [len(np.unique(end)) for end in ends]
    varied = [k for k in (0, 1) if _share_of_commonest(ends[k]) < SAME]
    if len(varied) == 1:
        return varied[0] if n_values[varied[0]] <= FEW else None
    fewer = 0 if n_values[0] < n_values[1] else 1
    return fewer if TIMES * n_values[fewer] <= n_values[1 - fewer] else None


def _may_be_labels(values: Numbers) -> bool:
    """Whole numbers of more than one value, and of no more than there can be classes; empty cells are unlabelled."""
    known = values[~np.isnan(values)]
    known = known[known != UNLABELLED]
    return bool((known == np.floor(known)).all()) and 2 <= len(np.unique(known)) <= MOST_CLASSES


def _correlation(a: Numbers, b: Numbers) -> float:
    """Of Pearson; 0 where one of them never changes."""
    there = ~(np.isnan(a) | np.isnan(b))
    a, b = a[there], b[there]
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / math.sqrt(float(a @ a) * float(b @ b)))


def _share_of_commonest(values: Numbers) -> float:
    return float(np.unique(values, return_counts=True)[1].max() / len(values))

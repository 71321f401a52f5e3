"""Images of your own in a table: how are its columns understood? `train.csv`, `csv:PATH`.

    label,pixel0,pixel1,…           a row of pixels for each image, square, with or without a header (as Kaggle's MNIST)
    emotion,pixels,Usage            all pixels of an image in one cell, spaces between (as FER-2013)
    file,label                      names of files, relative to the table's folder

A column named split, set or usage gives the split. Where no name says which column holds the labels, `ends` decides; a note always says
which one was taken. Commas, semicolons or tabs; nothing is evaluated.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.arrays import of_arrays
from trainer.datasets.dataset import Dataset
from trainer.datasets.ends import Columns, Unnamed, is_square, split_ends
from trainer.datasets.folder import LINKS, FolderSource
from trainer.datasets.kinds import PICTURES, files_word, is_picture, left_out, named, printable
from trainer.datasets.labels import UNLABELLED, LabelPart, classes_of
from trainer.datasets.layout import Entry
from trainer.datasets.names import OwnData
from trainer.datasets.own import of_pictures
from trainer.datasets.splits import is_division, split_of
from trainer.errors import DataError
from trainer.numerals import count, counted

MOST_BYTES = 4_000_000_000
MOST_SIDE = 512
LEAST_NAMES = 10  # numbers that count up: fewer may be pixels
BLOCK = 4_000_000  # pixels turned into numbers at once
MOST_DIGITS = 400  # of a whole number that is a label
LONGEST_CELL = 26 * MOST_SIDE**2  # characters: all pixels of an image, each with 17 digits, sign, point, exponent and a space
LONGEST_NUMBER = 60  # characters of a pixel
LOOKED_AT = 50  # rows by which a column is understood
FILES = ("file", "filename", "file_name", "path", "filepath", "image", "image_id", "img", "picture", "name", "id")
LABELS = ("label", "labels", "class", "category", "target", "y", "species", "breed", "emotion", "diagnosis", "class_name")
SPLITS_ = ("split", "splits", "set", "subset", "usage", "partition")
PIXELS = ("pixels", "image_pixels")
WANTED = "a column of labels and one column for each pixel, or a column of file names and one of labels"


@dataclass(frozen=True)
class _Table:
    """A file of rows."""

    path: Path
    """of the file"""
    delimiter: str
    """between columns"""
    encoding: str
    """of the text"""
    header: tuple[str, ...]
    """names of columns, empty where the first row is numbers"""
    first: tuple[tuple[str, ...], ...]
    """some rows"""

    @property
    def n_columns(self) -> int:
        return len(self.first[0])

    def rows(self) -> Iterator[list[str]]:
        """All rows without the header and without empty ones."""
        rows = _filled(_reader(self.path, self.delimiter, self.encoding))
        if self.header:
            next(rows, None)
        yield from rows

    def column(self, names: Sequence[str]) -> int | None:
        """The place of the first column of one of these names, whatever its case."""
        lower = [name.strip().lower().replace(" ", "_") for name in self.header]
        return next((lower.index(name) for name in names if name in lower), None)

    def called(self, column: int | None) -> str:
        """A column in words; empty for none."""
        if column is None:
            return ""
        name = printable(self.header[column].strip()) if len(self.header) > column else ""
        return f"the column '{name}'" if name else f"column {column + 1}"


def load_csv(own: OwnData, *, progress: bool) -> Dataset:
    """The data set in the table. Raises `DataError` where it is none."""
    table = _open(own.path)
    split = table.column(SPLITS_)
    text = table.column(PIXELS)
    file = None if text is not None else _file_column(table)
    if text is not None:
        label = table.column(LABELS)
        return _told(_of_rows(own, table, text, label, split), table.called(label))
    if file is not None:
        label = _label_column(table, {file, split})
        return _told(_of_files(own, table, file, label, split, progress), table.called(label))
    columns = _columns(table)
    return _told(_of_rows(own, table, columns.pixels, columns.label, split), columns.where, columns.notes)


def _told(dataset: Dataset, where: str, notes: Sequence[str] = ()) -> Dataset:
    """The data set with a note that says where its labels are from: what was taken for them must be seen. where: empty for nowhere."""
    if where and dataset.labels is None:  # too many values for classes: a note says so already
        return replace(dataset, notes=(*notes, *dataset.notes))
    n = len(dataset.class_names)
    found = f" ({count(n)} {'class' if n == 1 else 'classes'})" if n else ""
    told = f"labels taken from {where}{found}" if where else "no column is taken for labels"
    return replace(dataset, notes=(told, *notes, *dataset.notes))


# --- what it is


def _open(path: Path) -> _Table:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DataError(f"{path} has {size / 1e9:.1f} GB; allowed: at most {MOST_BYTES // 10**9} GB; save the images as .npz.")
        with path.open("rb") as file:
            start = file.read(65_536)
        encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        line = start.decode(encoding, "replace").split("\n")[0]
        delimiter = max(",;\t|", key=line.count)
        first = [tuple(row) for row, _ in zip(_filled(_reader(path, delimiter, encoding)), range(LOOKED_AT), strict=False)]
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; allowed: a table .csv with {WANTED}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); check the rights of the file.") from None
    has_header = bool(first) and _names_columns(first[0], first[1:])
    header = first[0] if has_header else ()
    rows = first[1:] if has_header else first
    if not rows:
        raise DataError(f"{path} has no row; allowed: a table with {WANTED}.")
    return _Table(path, delimiter, encoding, _aligned(header, rows), tuple(rows))


def _aligned(header: tuple[str, ...], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The names of a header that is shorter than the rows, and an empty one for each of the others: for those at the end where nothing
    stands in them, else for one at the beginning, in which programs write the names of rows."""
    missing = min(map(len, rows)) - len(header)
    if not header or missing <= 0:
        return header
    is_blank = all(not cell.strip() for row in rows for cell in row[len(header) :])
    return ("", *header) if missing == 1 and not is_blank else (*header, *[""] * missing)


def _filled(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Those in which something stands."""
    return (row for row in rows if any(cell.strip() for cell in row))


def _names_columns(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds names: texts above numbers, names that are known, or, as pandas writes them, 0, 1, 2, … above pixels.
    Texts above texts beside numbers are labels: a, 0, 12, … above b, 0, 3, …"""
    if any(map(is_picture, first)):
        return False
    texts = [k for k, cell in enumerate(first) if not _is_number(cell)]
    if not texts:
        numbers = [cell.strip() for cell in (first if first[0].strip() else first[1:])]
        counted = [list(map(str, range(start, start + len(numbers)))) for start in (0, 1)]
        return len(numbers) >= LEAST_NAMES and numbers in counted and list(first) not in [list(row) for row in others]
    known = {*FILES, *LABELS, *SPLITS_, *PIXELS}
    if any(first[k].strip().lower().replace(" ", "_") in known for k in texts):
        return True
    if any(all(_is_number(row[k]) for row in others if len(row) > k) for k in texts):
        return True
    return len(texts) > len(first) / 2


def _reader(path: Path, delimiter: str, encoding: str) -> Iterator[list[str]]:
    """The rows; raises `DataError` for what is no table."""
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            rows = csv.reader(file, delimiter=delimiter)
            while (row := _next(rows)) is not None:
                yield row
    except (csv.Error, UnicodeError) as error:
        if "field limit" in str(error):
            raise DataError(
                f"{path}: a cell has more than {count(LONGEST_CELL)} characters; allowed: the pixels of an image up to {MOST_SIDE} × "
                f"{MOST_SIDE} in one cell; look for a quote that is not closed, or make the images smaller."
            ) from None
        raise DataError(f"{path} is not a table that can be read ({error}); save it as .csv with commas.") from None


def _next(rows: Iterator[list[str]]) -> list[str] | None:
    """The next row, with longer cells than the module allows; what it allows is one for the whole program, and is put back."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        return next(rows, None)
    finally:
        csv.field_size_limit(before)


def _file_column(table: _Table) -> int | None:
    """A column of which most cells end as pictures do, or, by its name, one whose files are there with an ending added."""
    for k in range(min(table.n_columns, 1000)):
        cells = [row[k] for row in table.first if len(row) > k]
        if sum(map(is_picture, cells)) > len(cells) / 2:
            return k
    named_so = table.column(FILES)
    if named_so is None or table.n_columns > 100:
        return None
    cells = [row[named_so] for row in table.first if len(row) > named_so]
    return named_so if any(_with_ending(table.path.parent, cell) for cell in cells) or not all(map(_is_number, cells)) else None


def _label_column(table: _Table, taken: set[int | None]) -> int | None:
    """By its name; else the only other column."""
    by_name = table.column(LABELS)
    others = [k for k in range(table.n_columns) if k not in taken]
    return by_name if by_name not in (None, *taken) else others[0] if len(others) == 1 else None


def _columns(table: _Table) -> Columns:
    """The columns of pixels, and that of labels. Raises `DataError` where they make no square, or where it is open which are labels."""
    aside = {k for k in (table.column(SPLITS_), table.column(("id", "index", "unnamed:_0"))) if k is not None}
    label = table.column(LABELS)
    columns = [k for k in range(table.n_columns) if k not in {*aside, label}]
    columns = [k for k in columns if not (table.header and table.header[k].strip() == "")] or columns
    if label is not None:
        found = Columns(columns, label, table.called(label))
    else:
        found = split_ends(Unnamed(tuple(map(printable, table.header)), table.first, table.rows, str(table.path)), columns)
    n = len(found.pixels)
    if not is_square(n) or n < 4:
        what = f"{count(n)} columns besides the label" if found.label is not None else f"{count(n)} columns"
        raise DataError(
            f"{table.path} has {what}, no square number of pixels; allowed: {WANTED}; save images that are not square "
            "or have colours as .npz."
        )
    return found


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return cell.strip() == ""


# --- rows of pixels


def _of_rows(own: OwnData, table: _Table, pixels: list[int] | int, label: int | None, split: int | None) -> Dataset:
    """A data set of rows that hold the pixels themselves. pixels: their columns, or the one that holds them all."""
    parts, labels, words, block = list[NDArray[np.float32]](), list[str](), list[str](), list[list[str]]()
    for i, row in enumerate(table.rows()):
        if isinstance(pixels, int):
            block.append(row[pixels].split() if len(row) > pixels else [])
        else:
            block.append([row[k] for k in pixels] if len(row) >= table.n_columns else [])
        labels.append(row[label].strip() if label is not None and len(row) > label else "")
        words.append(row[split].strip() if split is not None and len(row) > split else "")
        if len(block) * len(block[0]) >= BLOCK:
            parts.append(_numbers(block, table, i + 1 - len(block)))
            block = []
    if block:
        parts.append(_numbers(block, table, len(labels) - len(block)))
    widths = {part.shape[1] for part in parts}
    side = math.isqrt(max(widths))
    if len(widths) > 1 or side * side != max(widths) or side > MOST_SIDE:
        raise DataError(
            f"{table.path}: images have {named(map(str, sorted(widths)))} pixels; allowed: one square number up to {MOST_SIDE}²."
        )
    images = np.concatenate(parts).reshape(-1, 1, side, side)
    if (images == np.floor(images)).all() and images.min() >= 0 and images.max() <= 65535:
        images = images.astype(np.uint16 if images.max() > 255 else np.uint8)
    given, notes = _given(words)
    known = None if label is None else [LabelPart("", _typed(labels), len(labels))]
    return of_arrays(own, images, known, None, given, notes)


def _numbers(block: list[list[str]], table: _Table, first: int) -> NDArray[np.float32]:
    """(n, P). Raises `DataError` with the row that is not as the others are."""
    for i, cells in enumerate(block):
        if len(cells) != len(block[0]) or not cells:
            raise DataError(
                f"{table.path}: row {first + i + 1} has {counted(len(cells), 'pixel')}, row {first + 1} has {count(len(block[0]))}; "
                "allowed: as many in every row."
            )
    return np.stack([_row_numbers(cells, f"{table.path}: row {first + i + 1}") for i, cells in enumerate(block)])


def _row_numbers(cells: list[str], where: str) -> NDArray[np.float32]:
    """(P,), each from its own text: a table of texts would be as wide as the longest of them. Raises `DataError` with the first that is
    none."""
    if (longest := max(map(len, cells))) <= LONGEST_NUMBER:
        try:
            return np.array(cells, np.float32)
        except ValueError:
            pass
    wrong = next((cell for cell in cells if len(cell) > LONGEST_NUMBER or not _is_read(cell)), "")
    if len(wrong) > LONGEST_NUMBER:
        start = printable(wrong[:LONGEST_NUMBER])
        raise DataError(f"{where} has a pixel of {count(longest)} characters, {start!r} …; look for a quote that is not closed.")
    raise DataError(f"{where}: a pixel is not a number but {printable(wrong)!r}; fix it.")


def _is_read(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _typed(cells: list[str]) -> NDArray[Any]:
    """(n,) whole numbers of any size, None for empty cells, where every other cell says one, so that 1, 01 and 1.0 are a class; else texts,
    of which -1.0 is -1: no label in either."""
    numbers = {cell: _whole(cell) for cell in set(cells) if cell}
    if all(value is not None for value in numbers.values()):
        return np.array([numbers.get(cell) for cell in cells], object)
    return np.array([str(UNLABELLED) if numbers.get(cell) == UNLABELLED else cell for cell in cells], object)


def _whole(cell: str) -> int | None:
    """The whole number that a cell says, exactly; None for another text."""
    try:
        value = Decimal(cell)
    except InvalidOperation:
        return None
    if not value.is_finite() or value.adjusted() > MOST_DIGITS or value != value.to_integral_value():
        return None
    return int(value)


def _given(words: list[str]) -> tuple[list[str] | None, list[str]]:
    """The split of every row in words, or None with what to say."""
    if not any(words):
        return None, []
    odd = sorted({word for word in words if not split_of(word)})
    if odd or not is_division(list(set(words))):
        return None, [f"the column of splits holds {named(sorted(set(words)))}, which does not say train and test: left out"]
    return words, []


# --- names of files


def _of_files(own: OwnData, table: _Table, file: int, label: int | None, split: int | None, progress: bool) -> Dataset:
    """A data set of the files that the table names, inside of its folder."""
    folder = table.path.parent
    cells = [[row[k].strip() if k is not None and len(row) > k else "" for k in (file, label, split)] for row in table.rows()]
    given, notes = _given([cell[2] for cell in cells])
    entries, missing, outside, others, twice = dict[str, Entry](), list[str](), list[str](), list[str](), 0
    classes = None if label is None else classes_of(_typed([cell[1] for cell in cells]), len(cells), str(table.path))
    for i, (name, _, word) in enumerate(cells):
        path = _inside(folder, name.replace("\\", "/"), own.follows_links)
        if path is None:
            outside.append(name)
            continue
        found = path if os.path.isfile(folder / path) else _with_ending(folder, path)
        if found and _inside(folder, found, own.follows_links) is None:  # a link, known by its ending only now
            outside.append(name)
        elif not found:
            missing.append(name)
        elif not is_picture(found):
            others.append(found)
        else:
            twice += found in entries
            known = None if classes is None or classes.labels is None else int(classes.labels[i])
            entries[found] = Entry(
                found, None if known is None or known < 0 else classes.names[known] if classes else None, word if given else None
            )
    notes += list(classes.notes) if classes else []
    notes += [f"{files_word(len(missing))} of the table not there: {named(missing)}"] if missing else []
    notes += [f"{files_word(len(outside))} outside of the table's folder left out ({LINKS}): {named(outside)}"] if outside else []
    notes += [f"{counted(twice, 'row')} {'names' if twice == 1 else 'name'} a file again: the last one counts"] if twice else []
    notes += [text] if (text := left_out(others)) else []
    return of_pictures(own, FolderSource(folder), list(entries.values()), notes, progress=progress)


def _inside(folder: Path, name: str, follows_links: bool) -> str | None:
    """A name as a path from the folder; None where it leads out of it."""
    path = os.path.normpath(os.path.join(folder, name))
    if "\0" in name or not Path(path).is_relative_to(os.path.normpath(folder)):
        return None
    if not follows_links and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        return None
    return Path(os.path.relpath(path, folder)).as_posix()


def _with_ending(folder: Path, name: str) -> str:
    """The name with the ending under which a picture of it is there; empty for none."""
    if not name or "\0" in name or name.startswith(("/", "..")):
        return ""
    return next((f"{name}.{kind}" for kind in PICTURES if os.path.isfile(folder / f"{name}.{kind}")), "")

"""Is the right column of a table taken for the labels, whatever end it is at? The second opinion is the array that was written."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from trainer.datasets import load_dataset
from trainer.datasets.dataset import Dataset
from trainer.errors import DataError

DIGITS = load_digits()
PIXELS: NDArray[np.int64] = DIGITS.data.astype(np.int64)
LABELS: NDArray[np.int64] = DIGITS.target.astype(np.int64)
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
RNG = np.random.default_rng(0)


def written(path: Path, columns: Sequence[NDArray[Any]], header: list[str] | None = None, delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        if header:
            writer.writerow(header)
        writer.writerows(zip(*(cells for block in columns for cells in (block.T if block.ndim == 2 else [block])), strict=True))
    return path


def read(path: Path) -> Dataset:
    return load_dataset(str(path))


def classes(dataset: Dataset) -> list[str]:
    assert dataset.labels is not None
    return [dataset.class_names[label] for label in dataset.labels]


def photographs(n: int, levels: int = 256, side: int = 8) -> NDArray[np.int64]:
    """(n, side²): neighbouring pixels go together, as running sums of noise do."""
    noise = RNG.normal(size=(n, side, side)).cumsum(1).cumsum(2)
    noise = (noise - noise.min()) / np.ptp(noise)
    found: NDArray[np.int64] = np.rint(noise * (levels - 1)).astype(np.int64).reshape(n, -1)
    return found


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["first", "last"])
def test_numbers_at_either_end(tmp_path: Path, end: str, delimiter: str) -> None:
    blocks = [LABELS, PIXELS] if end == "first" else [PIXELS, LABELS]
    dataset = read(written(tmp_path / ("a.tsv" if delimiter == "\t" else "a.csv"), blocks, delimiter=delimiter))
    assert classes(dataset) == list(map(str, LABELS))
    assert (dataset.images.reshape(len(PIXELS), -1).argmax(1) == PIXELS.argmax(1)).all()
    assert dataset.notes[0] == f"labels taken from the {end} column (10 classes)"


@pytest.mark.parametrize("levels", [2, 10, 256])
@pytest.mark.parametrize("end", ["first", "last"])
def test_labels_in_the_range_of_the_pixels(tmp_path: Path, end: str, levels: int) -> None:
    pixels, labels = photographs(600, levels), RNG.integers(0, min(10, levels), 600)
    dataset = read(written(tmp_path / "a.csv", [labels, pixels] if end == "first" else [pixels, labels]))
    assert classes(dataset) == list(map(str, labels))
    assert dataset.notes[0].startswith(f"labels taken from the {end} column")


@pytest.mark.parametrize("end", ["first", "last"])
def test_rows_in_the_order_of_their_classes(tmp_path: Path, end: str) -> None:
    """The first thousand rows would show one class."""
    order = np.argsort(LABELS, kind="stable")
    labels, pixels = LABELS[order], PIXELS[order]
    dataset = read(written(tmp_path / "a.csv", [labels, pixels] if end == "first" else [pixels, labels]))
    assert classes(dataset) == list(map(str, labels))


@pytest.mark.parametrize("end", ["first", "last"])
@pytest.mark.parametrize("n_classes", [1, 10])
def test_texts_at_either_end_without_a_header(tmp_path: Path, end: str, n_classes: int) -> None:
    labels = np.array(NAMES)[LABELS % n_classes]
    dataset = read(written(tmp_path / "a.csv", [labels, PIXELS] if end == "first" else [PIXELS, labels]))
    assert classes(dataset) == labels.tolist()  # the first row is no header
    assert dataset.notes[0] == f"labels taken from the {end} column ({n_classes} class{'es' if n_classes > 1 else ''})"


def test_names_tell_before_numbers_do(tmp_path: Path) -> None:
    header = [*(f"px{i}" for i in range(64)), "which one"]
    dataset = read(written(tmp_path / "a.csv", [PIXELS, LABELS], header))
    assert classes(dataset) == list(map(str, LABELS))
    assert dataset.notes[0] == "labels taken from the column 'which one' (10 classes)"
    named = read(written(tmp_path / "b.csv", [PIXELS, LABELS], [*map(str, range(64)), "target"]))
    assert named.notes[0] == "labels taken from the column 'target' (10 classes)"


def test_columns_that_are_counted_are_a_header(tmp_path: Path) -> None:
    """As pandas writes an array."""
    dataset = read(written(tmp_path / "a.csv", [PIXELS, LABELS], list(map(str, range(65)))))
    assert classes(dataset) == list(map(str, LABELS))
    assert dataset.n == len(LABELS)


def test_numbers_of_rows_are_no_labels(tmp_path: Path) -> None:
    dataset = read(written(tmp_path / "a.csv", [np.arange(len(PIXELS)), PIXELS]))
    assert dataset.labels is None
    assert dataset.notes[:2] == ("no column is taken for labels", "the first column counts the rows: left out")
    both = read(written(tmp_path / "b.csv", [np.arange(len(PIXELS)), PIXELS, LABELS]))
    assert classes(both) == list(map(str, LABELS))


def test_a_square_alone_has_no_labels(tmp_path: Path) -> None:
    dataset = read(written(tmp_path / "a.csv", [PIXELS]))
    assert dataset.labels is None
    assert dataset.notes[0] == "no column is taken for labels"


@pytest.mark.parametrize("end", ["first", "last"])
def test_a_single_class_in_numbers_is_asked_for(tmp_path: Path, end: str) -> None:
    """A pixel of a photograph would be the class."""
    pixels, labels = photographs(300), np.full(300, 7)
    path = written(tmp_path / "a.csv", [labels, pixels] if end == "first" else [pixels, labels])
    with pytest.raises(DataError, match=r"65 numbers a row, one more than 8 × 8 pixels.* calls the labels 'label'"):
        read(path)


def test_noise_at_both_ends_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [RNG.integers(0, 10, (400, 65))])
    with pytest.raises(DataError, match="cannot be seen whether the first or the last are the labels"):
        read(path)


def test_two_options_without_effect_are_one_note(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [PIXELS, LABELS])
    notes = load_dataset(f"{path}?size=16&fit=pad").notes
    assert [note for note in notes if "effect" in note] == [
        "size=16 and fit=pad have no effect: images in arrays and tables keep their own size"
    ]


def test_numbers_of_things_are_not_called_labels(tmp_path: Path) -> None:
    """Of a column of 1797 different values one note says all."""
    names = [f"thing {i}" for i in range(len(PIXELS))]
    notes = read(written(tmp_path / "a.csv", [PIXELS, np.array(names)], [*(f"p{i}" for i in range(64)), "label"])).notes
    assert not any(note.startswith("labels taken") for note in notes)
    assert any("they are not classes and left out" in note for note in notes)

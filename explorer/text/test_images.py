"""How is an image of the test set called? “test image 7 (class 5)”, in every view the same.

Images count from 0, as the chooser does. label: the index of a class, −1 or beyond the names for an image of no class.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainer import numerals


def class_name(label: int, names: Sequence[str]) -> str | None:
    """The name of a class; None where there is none."""
    return names[label] if 0 <= label < len(names) else None


def image_name(row: int, label: int = -1, names: Sequence[str] = ()) -> str:
    """“test image 7 (class 5)”, or “test image 7” where it has no class. Not yet Markdown."""
    name = class_name(label, names)
    return f"test image {row}" if name is None else f"test image {row} (class {name})"


def at_distance(row: int, label: int, names: Sequence[str], distance: float) -> str:
    """The line under one of the nearest images: “test image 7 (class 5) · 0.42”."""
    return f"{image_name(row, label, names)} · {numerals.distance(distance)}"


def quoted(name: str) -> str:
    """A class within a sentence: “a 5”, “an 8”; any other name in quotation marks, because what kind of word it is is not known."""
    if len(name) == 1 and name.isdigit():
        return f"{'an' if name == '8' else 'a'} {name}"
    return f"“{name}”"

"""What is a layer's statement made of, and how are numbers of a record written as code?

A program is text that people run, so nothing of a run is written into it as it is: numbers are checked to be numbers, names of tensors are
put together from them, words are looked up in tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from trainer.models.layers import Shape

Number = int | float | bool
Literal = Number | tuple["Literal", ...]


@dataclass(frozen=True)
class Given:
    """One input of a layer."""

    name: str
    """The variable that holds it, (B, …)."""
    shape: Shape
    """Without the batch."""

    def with_rank(self, rank: int) -> str:
        """The same with axes of length 1 behind that of the batch, until it has so many besides."""
        return self.name + f"[:, {', '.join(['None'] * (rank - len(self.shape)))}]" * (rank > len(self.shape))


@dataclass(frozen=True)
class Place:
    """Where a layer stands."""

    given: tuple[Given, ...]
    tensors: dict[str, str]
    """Its parameters as expressions, by their names within the layer."""
    after: Shape
    """What comes out, without the batch."""


@dataclass(frozen=True)
class Words:
    """An expression, and which functions it needs that are not of its library."""

    expression: str
    carried: tuple[str, ...] = ()
    """Names in `carrying.SOURCES`."""


def literal(value: Literal) -> str:
    """A number, or a tuple of them, as Python writes it. Raises `TypeError` for anything else: a word would be code."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if type(value) not in (int, float, bool) or not isfinite(value):
        raise TypeError(f"{value!r} is not a number that a program can hold")
    return repr(value)


def listed(*values: Literal) -> str:
    """Arguments one after the other."""
    return ", ".join(map(literal, values))


def changed(**values: tuple[Literal, Literal]) -> str:
    """`, name=value` for all that are not what they are anyway; each with that."""
    return "".join(f", {name}={literal(value)}" for name, (value, usual) in values.items() if value != usual)


def cut(axis: int, inside: str) -> str:
    """An index that takes a part along an axis, which counts without the batch."""
    return f"[{':, ' * (axis + 1)}{inside}]"

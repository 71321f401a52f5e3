"""How is a small text of `key: value` lines read? For the front matter and for blocks: no YAML, no types, nothing evaluated.

do: Pin a 3
  and an 8.                 a line that begins with a space goes on with the value above
choice: yes                 a key may stand more than once where the block says so
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from explorer.lessons.problems import Mistake, one_of, quoted

FIELD = re.compile(r"([a-z][a-z-]*):(?:[ \t]+(.*))?")
MOST_FIELDS = 60
LONGEST_VALUE = 2000  # letters


@dataclass(frozen=True)
class Field:
    """One line, with those that go on with it."""

    key: str
    value: str
    """On one line, without spaces around it."""
    line: int
    """Of the file, from 1."""


@dataclass(frozen=True)
class Fields:
    """All of a text, of keys that it may have."""

    line: int
    """Of the file, where the text begins."""
    every: Mapping[str, tuple[Field, ...]]
    """By key, in the order of the text."""

    def need(self, key: str, example: str) -> Field:
        """The one of that key. Raises `Mistake` where it is missing."""
        found = self.get(key)
        if found is None:
            raise Mistake(f"“{key}” is missing", f"add a line such as “{key}: {example}”", self.line)
        return found

    def get(self, key: str) -> Field | None:
        """The one of that key, or None."""
        return next(iter(self.every.get(key, ())), None)

    def all_of(self, key: str) -> tuple[Field, ...]:
        """Those of a key that may stand more than once."""
        return self.every.get(key, ())


def fields_of(lines: Sequence[str], first: int, once: Collection[str], often: Collection[str] = ()) -> Fields:
    """The fields of lines, the first of which is line `first` of the file. Raises `Mistake` for what is none, or not one of the keys."""
    found: dict[str, list[Field]] = {}
    for key, value, line in _joined(lines, first):
        try:
            one_of(key, (*once, *often), "the key")
        except Mistake as mistake:
            raise Mistake(mistake.what, mistake.remedy, line) from None
        if key in found and key not in often:
            raise Mistake(f"“{key}” stands twice", "keep one of them", line)
        if not value:
            raise Mistake(f"“{key}” has no value", "write one after the colon, or remove the line", line)
        if len(value) > LONGEST_VALUE:
            raise Mistake(f"“{key}” has {len(value)} letters", f"use at most {LONGEST_VALUE}", line)
        found.setdefault(key, []).append(Field(key, value, line))
    if sum(map(len, found.values())) > MOST_FIELDS:
        raise Mistake(f"there are more than {MOST_FIELDS} lines of “key: value” here", "divide the block", first)
    return Fields(first, {key: tuple(fields) for key, fields in found.items()})


def _joined(lines: Sequence[str], first: int) -> list[tuple[str, str, int]]:
    """Key, value and line, continued lines joined."""
    found: list[tuple[str, list[str], int]] = []
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        if line[0] in " \t" and found:
            found[-1][1].append(line.strip())
            continue
        match = FIELD.fullmatch(line.rstrip())
        if match is None:
            raise Mistake(f"{quoted(line)} is not a “key: value” line", "write a key in small letters, a colon and a space", number)
        found.append((match[1], [(match[2] or "").strip()], number))
    return [(key, " ".join(filter(None, parts)), line) for key, parts, line in found]


def whole(field: Field, low: int, high: int) -> int:
    """A whole number within limits. Raises `Mistake`."""
    if not re.fullmatch(r"\d{1,12}", field.value, re.ASCII) or not low <= int(field.value) <= high:
        raise Mistake(f"“{field.key}” is {quoted(field.value)}", f"write a whole number from {low} to {high}", field.line)
    return int(field.value)


def decimal(field: Field, low: float, high: float) -> float:
    """A number within limits. Raises `Mistake`."""
    if not re.fullmatch(r"\d{1,12}(\.\d{1,12})?", field.value, re.ASCII) or not low <= float(field.value) <= high:
        raise Mistake(f"“{field.key}” is {quoted(field.value)}", f"write a number from {low:g} to {high:g}", field.line)
    return float(field.value)

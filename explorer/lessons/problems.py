"""What can be wrong with a lesson, and how is it told? Every problem has its line, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from trainer.console import meant
from trainer.errors import LatentError

MOST_PROBLEMS = 50
LONGEST_QUOTE = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    line: int
    """From 1."""
    what: str
    """Without a full stop."""
    remedy: str
    """What to do, without a full stop."""

    def sentence(self) -> str:
        """As a terminal shows it."""
        return f"line {self.line}: {self.what}; {self.remedy}."


class LessonError(LatentError):
    """A file that is not a sound lesson."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(f"{name}, {problem.sentence()}" for problem in self.problems))


class Mistake(Exception):  # noqa: N818 (it never leaves the reader: `Problems.at` gives it its line)
    """Something in a small text is wrong. line: where, if it is known better than by whoever reads the text."""

    def __init__(self, what: str, remedy: str, line: int | None = None) -> None:
        self.what, self.remedy, self.line = what, remedy, line
        super().__init__(f"{what}; {remedy}")


class Problems:
    """What was found so far; a file is read to its end, so that all of it can be mended at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, line: int, what: str, remedy: str) -> None:
        """One more; of very many the rest is left out."""
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(Problem(line, what, remedy))

    @contextmanager
    def at(self, line: int) -> Iterator[None]:
        """A mistake within becomes a problem of that line."""
        try:
            yield
        except Mistake as mistake:
            self.add(mistake.line or line, mistake.what, mistake.remedy)

    def raise_any(self, name: str) -> None:
        """Raises `LessonError` where something was found. name: of the file."""
        if self.found:
            raise LessonError(name, self.found)


def quoted(text: str) -> str:
    """A part of the file within a sentence: on one line, and not longer than one reads."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return f"“{line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + '…'}”"


def one_of(word: str, known: Iterable[str], what: str) -> str:
    """The word, if it is known. Raises `Mistake` with the nearest one."""
    names = list(known)
    if word in names:
        return word
    raise Mistake(f"{what} {quoted(word)} is unknown{meant(word, names)}", f"use one of {', '.join(names)}")

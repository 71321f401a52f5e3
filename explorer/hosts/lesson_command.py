"""`atlas lesson check FILE`: is a lesson sound, and do the runs, maps, classes and numbers that it names exist?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from explorer.lessons.check import Runs, check_lesson, numbers_of
from explorer.lessons.parse import MOST_BYTES, read_lesson
from explorer.lessons.problems import LessonError
from explorer.lessons.records import Block, Lesson, Predict, Task
from trainer.cli.arguments import RunsToRead, parse
from trainer.console import Command, choose, program
from trainer.errors import LatentError
from trainer.runs.catalogue import list_runs, load_run
from trainer.runs.records import RunInfo


@dataclass(frozen=True)
class CheckOptions:
    """Whether lessons are sound: every problem with its line, what is wrong and what to do; exit code 2 where there is one. Nothing in a
    lesson is evaluated."""

    files: Positional[Annotated[tuple[str, ...], arg(metavar="FILE...")]]
    """lessons, Markdown files"""
    runs: RunsToRead = None
    """folder of runs that they show (default: your own, then those of the checkout and the shipped ones)"""


def lesson_command(argv: list[str]) -> None:
    """The command after `lesson`. Raises `LatentError`."""
    if not argv:
        raise LatentError(f"a command is missing; allowed: {', '.join(COMMANDS)}, as in {program()} lesson check FILE.")
    choose(COMMANDS, argv[0]).run(argv[1:])


def _check(argv: list[str]) -> None:
    options = parse(CheckOptions, argv, f"{program()} lesson check")
    if not options.files:
        raise LatentError(f"no lesson was named; write {program()} lesson check FILE.")
    found = list_runs(options.runs)
    infos = {name: info for name, info in found.items() if isinstance(info, RunInfo) and info.metrics is not None}
    runs = Runs(infos, lambda run: tuple(load_run(run, options.runs).projections))
    errors = []
    for file in options.files:
        try:
            lesson = read_lesson(_bytes_of(file), file)
            check_lesson(lesson, file, runs)
            print(f"{file}: sound; {about(lesson)}.")
        except LessonError as error:
            errors.append(str(error))
    if errors:
        raise LatentError("\n".join(errors))


def about(lesson: Lesson) -> str:
    """What is in it: “Dimensions that die”, 8 minutes, 6 steps, 2 tasks, 1 prediction, 9 numbers of runs."""
    blocks: list[Block] = [part.block for step in lesson.steps for part in step.parts]
    counts = (
        (lesson.minutes, "minute"),
        (len(lesson.steps), "step"),
        (sum(isinstance(block, Task) for block in blocks), "task"),
        (sum(isinstance(block, Predict) for block in blocks), "prediction"),
    )
    parts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts]
    n_numbers = sum(len(numbers_of(block)) for block in blocks)
    return ", ".join([f"“{lesson.title}”", *parts, f"{n_numbers} number{'' if n_numbers == 1 else 's'} of runs"])


def _bytes_of(file: str) -> bytes:
    """At most a little more than a lesson may have. Raises `LatentError`."""
    try:
        with Path(file).expanduser().open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise LatentError(f"the lesson {file!r} cannot be read ({why}); name a file that is there.") from None


COMMANDS = {"check": Command(_check, "whether a lesson is sound", "FILE", "my-lesson.md")}

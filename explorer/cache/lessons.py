"""Which lessons are there? Those that ship, and those of one's own in the folder of LATENT_LESSONS; each is read anew when it changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from explorer.cache.runs import all_runs, get_run
from explorer.lessons.check import Runs, check_lesson
from explorer.lessons.files import lesson_files
from explorer.lessons.parse import MOST_BYTES, read_lesson
from explorer.lessons.problems import LessonError
from explorer.lessons.records import Lesson
from trainer.runs.records import RunInfo


@dataclass(frozen=True)
class Found:
    """A file of a lesson."""

    name: str
    """In links: of the file, without .md."""
    path: Path
    lesson: Lesson | None
    """None where it is faulty."""
    problem: str
    """What is wrong first, a sentence; "" where nothing is."""


def lessons() -> dict[str, Found]:
    """Every lesson by its name; one's own stands in place of a shipped one of the same name."""
    return {name: _found(name, path, *_stamp(path)) for name, path in lesson_files().items()}


def runs_for_lessons() -> Runs:
    """What is known of the runs that lessons may name."""
    infos = {name: info for name, info in all_runs().items() if isinstance(info, RunInfo) and info.metrics is not None}
    return Runs(infos, lambda run: tuple(get_run(run).projections))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@st.cache_resource(max_entries=300, ttl=60, show_spinner=False)  # the runs that it names may come and go
def _found(name: str, path: Path, _changed: int, _size: int) -> Found:
    try:
        with path.open("rb") as opened:
            lesson = read_lesson(opened.read(MOST_BYTES + 1), path.name)
        check_lesson(lesson, path.name, runs_for_lessons())
    except LessonError as error:
        return Found(name, path, None, error.problems[0].sentence())
    except OSError as error:
        return Found(name, path, None, f"the file cannot be read ({error.strerror or 'not a file'}).")
    return Found(name, path, lesson, "")

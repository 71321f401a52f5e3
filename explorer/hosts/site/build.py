"""Which files is a site made of? Parts for runs, lessons and images, small pictures of maps, the lists, the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explorer.hosts.site.images import add_images
from explorer.hosts.site.lessons import Site, lesson_text, runs_of, task_keys
from explorer.hosts.site.pages import add_pages, add_programs
from explorer.hosts.site.parts import Files, add_part, pack_record
from explorer.hosts.site.run_files import add_run
from explorer.lessons.check import Runs, check_lesson
from explorer.lessons.piece_data import pack_piece
from explorer.lessons.records import Lesson
from explorer.surface.payload import deflated
from explorer.surface.site_schema import SiteImages, SiteIndex, SiteLesson, SiteRun
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run
from trainer.runs.records import RunInfo


@dataclass(frozen=True)
class Chosen:
    """What a site is to hold."""

    lessons: Mapping[str, Lesson]
    """By their names."""
    runs: Sequence[str]
    known: Mapping[str, RunInfo]
    """Every run that is here and finished."""


class Loaded:
    """Runs by name, each read once."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def __call__(self, name: str) -> Run:
        if name not in self._runs:
            self._runs[name] = load_run(name)
        return self._runs[name]


def runs_in(chosen: Chosen) -> tuple[str, ...]:
    """Those that were chosen, then those that the lessons show."""
    shown = [name for lesson in chosen.lessons.values() for name in runs_of(lesson)]
    return tuple(dict.fromkeys([*chosen.runs, *shown]))


def site_files(chosen: Chosen) -> Files:
    """Every file by its path. Raises `LatentError`, of a lesson with every problem."""
    files: Files = {}
    run = Loaded()
    runs = Runs(chosen.known, lambda name: tuple(run(name).projections))
    for name, lesson in chosen.lessons.items():
        check_lesson(lesson, name, runs)
    names = runs_in(chosen)
    images = add_images(files)

    def subject(name: str, image: int) -> str:
        return add_part(files, "data", f"{name}.image-{image}", deflated(pack_piece(run(name), image, None)))

    site = Site(runs, names, run, tuple(one["name"] for one in images), subject)
    lessons = [_add_lesson(files, name, lesson, site) for name, lesson in chosen.lessons.items()]
    listed = [add_run(files, run(name)) for name in names]
    _add_lists(files, listed, lessons, images)
    return files


def _add_lists(files: Files, runs: Sequence[SiteRun], lessons: Sequence[SiteLesson], images: Sequence[SiteImages]) -> None:
    index = SiteIndex(runs=runs, lessons=lessons, images=images, programs=add_programs(files))
    add_pages(files, add_part(files, "data", "index", pack_record(index)))


def _add_lesson(files: Files, name: str, lesson: Lesson, site: Site) -> SiteLesson:
    text = lesson_text(lesson, name, site)
    return SiteLesson(
        name=name,
        title=lesson.title,
        summary=lesson.summary,
        minutes=lesson.minutes,
        needs=lesson.needs,
        language=lesson.language,
        lecture=lesson.lecture,
        n_steps=len(lesson.steps),
        tasks=task_keys(text),
        part=add_part(files, "lessons", name, pack_record(text)),
    )

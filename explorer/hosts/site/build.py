"""Which files is a site made of? Parts for runs, lessons and images, small pictures of maps, the lists, the pages."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from explorer.hosts.site.images import add_images
from explorer.hosts.site.lessons import Site, lesson_text, runs_of, task_keys
from explorer.hosts.site.pages import add_pages, add_programs
from explorer.hosts.site.parts import Files, add_file, add_part, pack_record
from explorer.hosts.site.run_parts import images_of, run_parts
from explorer.lessons.check import Runs, check_lesson
from explorer.lessons.records import Lesson
from explorer.pictures.map_picture import map_picture
from explorer.surface.film import pack_film_bundle
from explorer.surface.site_schema import SiteImages, SiteIndex, SiteLesson, SiteMap, SiteRun
from explorer.text.gallery import cards
from explorer.text.verdict import POINTS, Line
from trainer.errors import LatentError
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

LEAST_SEEN = 2.0
"""Of the plane of codes in a run's small picture: from one standard deviation of the prior below its mean to one above."""


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
    site = Site(runs, names, run, tuple(one["name"] for one in images))
    lessons = [_add_lesson(files, name, lesson, site) for name, lesson in chosen.lessons.items()]
    listed = [_add_run(files, run(name)) for name in names]
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


def _add_run(files: Files, run: Run) -> SiteRun:
    name = run.id
    (card,) = cards({name: run.info})
    line = card.line or POINTS
    try:
        parts, film = run_parts(run), pack_film_bundle(run)
    except LatentError as error:
        raise LatentError(f"run {name} cannot be taken along: {error}") from None
    return SiteRun(
        name=name,
        data=card.data,
        model=card.model,
        sentence=card.sentence,
        verdict=line.headline,
        tone=_tone(line),
        pictures=_add_pictures(files, run),
        maps=[SiteMap(name=of, title=title) for of, title in parts.maps],
        labels=list(parts.labels),
        images=images_of(run),
        first=add_part(files, "runs", name, parts.first),
        rest=add_part(files, "runs", f"{name}.rest", parts.rest) if parts.rest else "",
        film=add_part(files, "runs", f"{name}.film", film) if film else "",
    )


def _tone(line: Line) -> Literal["good", "bad", "none"]:
    return "bad" if line.is_alarm else "good" if line.colour == "green" else "none"


def _add_pictures(files: Files, run: Run) -> tuple[str, str]:
    """Its first map, small, for a light and for a dark page."""
    shown = next(iter(run.projections.values()))
    has_prior = shown.kind != "lattice" and not run.config.is_deterministic  # its unit is the prior's standard deviation
    least = LEAST_SEEN if has_prior else 0.0
    light, dark = (
        add_file(files, "pictures", f"{run.id}.{look}", "png", _png(map_picture(shown.points, run.encodings.label, is_dark, least)))
        for look, is_dark in (("light", False), ("dark", True))
    )
    return light, dark


def _png(address: str) -> bytes:
    """The bytes of a picture's data: address."""
    return base64.b64decode(address.partition(",")[2])

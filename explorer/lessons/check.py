"""Does a lesson fit the runs that are there? What its file alone cannot tell: names of runs, maps, classes, dimensions and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from explorer.lessons.conditions import SUBJECTS, Clause, Condition, Surface
from explorer.lessons.measures import MeasureName, measured
from explorer.lessons.pieces import PIECES, Play, check_piece
from explorer.lessons.problems import Mistake, Problems, one_of
from explorer.lessons.prose import numbers_in
from explorer.lessons.records import (
    Block,
    Lesson,
    NumberAnswer,
    Numbers,
    PlaceAnswer,
    Predict,
    ShowBlock,
    Task,
    Train,
    prose_of,
)
from explorer.lessons.shows import Show
from explorer.surface.pin_link import parse_pins
from trainer.datasets import dataset_names
from trainer.runs.records import RunInfo

OF_RUN = "run:"
SHOWN_BY: Mapping[Surface, str] = {"map": "show", "training": "train", "piece": "play"}
"""Which block puts it beside the text."""


@dataclass(frozen=True)
class Runs:
    """What is known of the runs that a lesson may name."""

    infos: Mapping[str, RunInfo]
    """Of those that are finished and sound."""
    maps: Callable[[str], Sequence[str]]
    """Names of the maps of a run; the first is shown at first."""

    def info(self, run: str) -> RunInfo:
        """Raises `Mistake` where there is no such run."""
        return self.infos[one_of(run, self.infos, "the run")]


@dataclass(frozen=True)
class Scene:
    """What stands beside the text."""

    run: str
    train: Train | None = None
    """A training instead of the map."""
    play: Play | None = None
    """An interactive piece instead of both."""
    show: Show = field(default_factory=lambda: Show(()))
    """The state of the map."""
    since: int = 0
    """The step, from 0, that put it there."""

    @property
    def surface(self) -> Surface:
        if self.play is not None:
            return "piece"
        return "map" if self.train is None else "training"


def check_lesson(lesson: Lesson, name: str, runs: Runs) -> None:
    """Raises `LessonError` with every problem. name: of the file."""
    problems = Problems()
    with problems.at(1):
        runs.info(lesson.run)
    for step, scene in zip(lesson.steps, scenes(lesson), strict=True):
        shown = [part for part in step.parts if isinstance(part.block, ShowBlock | Train | Play)]
        if len(shown) > 1:
            problems.add(shown[1].line, "the step shows two things beside its text", "make a step of each")
        for part in step.parts:
            with problems.at(part.line):
                _check_block(part.block, scene, lesson.run, runs)
            for number in numbers_of(part.block):
                with problems.at(part.line):
                    measured(number, runs.info(number.run))
    problems.raise_any(name)


def scenes(lesson: Lesson) -> tuple[Scene, ...]:
    """What stands beside each step: what its own block says, else what stood there before."""
    found: list[Scene] = []
    now = Scene(lesson.run)
    for i, step in enumerate(lesson.steps):
        for part in step.parts:
            match part.block:
                case ShowBlock(show):
                    now = Scene(show.get("run") or lesson.run, show=show, since=i)
                case Train():
                    now = Scene(lesson.run, part.block, since=i)
                case Play(run=run):
                    now = Scene(run or lesson.run, play=part.block, since=i)
        found.append(now)
    return tuple(found)


def numbers_of(block: Block) -> tuple[MeasureName, ...]:
    """Every number of a run in a block."""
    named = numbers_in(prose_of(block))
    match block:
        case Numbers(names):
            return names
        case Predict(answer=NumberAnswer(measure)):
            return (*named, measure)
    return named


def _check_block(block: Block, scene: Scene, run: str, runs: Runs) -> None:
    match block:
        case ShowBlock(show):
            _check_show(show, show.get("run") or run, runs)
        case Task(until=until):
            _check_condition(until, scene, runs)
        case Predict(answer=PlaceAnswer(class_name)):
            if scene.surface != "map":
                raise Mistake(
                    f"the question is about a place of a map, and the step shows a {scene.surface}", "show a run in this step"
                )
            _check_class(class_name, runs.info(scene.run))
        case Train(data=data):
            _check_data(data, runs)
        case Play():
            check_piece(block, scene.run, runs.info(scene.run))


def _check_show(show: Show, run: str, runs: Runs) -> None:
    info = runs.info(run)
    n_dims = info.config.latent_dim
    if (name := show.get("projection")) is not None:
        one_of(name, runs.maps(run), f"run {run}'s map")
    x, y = show.get("x"), show.get("y")
    for axis in (x, y):
        if axis is not None and int(axis) > n_dims:
            raise Mistake(f"run {run} has no dimension {axis}", f"use dimensions from 1 to {n_dims}")
    if x is not None and x == y:
        raise Mistake(f"both axes are dimension {x}", "use two dimensions")
    if (x is not None or y is not None) and name != "axes":
        raise Mistake("axes are named, and the map is another one", "add “projection: axes”")
    if (told := show.get("as")) is not None:
        if not info.config.is_conditional:
            raise Mistake(f"run {run} is not given a class", "remove “as”, or show a class-conditional model")
        _check_class(told, info)
    pins = parse_pins((show.get("pins") or "").split("~"))
    if any(len(pin.z) != n_dims for pin in pins):
        raise Mistake(f"run {run} has codes of {n_dims} numbers, and a pin has another count", "pin codes of this run")


def _check_condition(condition: Condition, scene: Scene, runs: Runs) -> None:
    if condition.surface != scene.surface:
        asked = condition.clauses[0].subject
        raise Mistake(
            f"the condition is about “{asked}” of a {condition.surface}, and the step shows a {scene.surface}",
            f"add a block “{SHOWN_BY[condition.surface]}”",
        )
    for clause in condition.clauses:
        _check_clause(clause, scene, runs)


def _check_clause(clause: Clause, scene: Scene, runs: Runs) -> None:
    if scene.play is not None:
        piece = scene.play.piece
        one_of(clause.subject, PIECES[piece].subjects, f"what the piece “{piece}” tells")
        return
    if scene.train is not None:
        if SUBJECTS[clause.subject].of == "dimension" and clause.of and int(clause.of) > scene.train.dimensions:
            raise Mistake(f"the training has no dimension {clause.of}", f"use one from 1 to {scene.train.dimensions}")
        return
    info = runs.info(scene.run)
    if clause.subject == "pins" and clause.of:
        _check_class(clause.of, info)
    elif clause.subject == "class":
        _check_class(str(clause.value), info)
    elif clause.subject == "map":
        one_of(str(clause.value), runs.maps(scene.run), f"run {scene.run}'s map")


def _check_class(name: str, info: RunInfo) -> None:
    one_of(name, info.dataset.class_names, f"the class of {info.dataset.name}")


def _check_data(data: str, runs: Runs) -> None:
    if data.startswith(OF_RUN):
        runs.info(data.removeprefix(OF_RUN))
    else:
        one_of(data, dataset_names(), "the data set")

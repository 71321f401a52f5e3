"""Where on the map of a step do the images of a class lie, was that place pinned, and how are both marked?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from explorer.cache.maps import get_projection
from explorer.cache.runs import get_run
from explorer.lessons.answers import class_place, is_near_place
from explorer.lessons.check import Scene
from explorer.lessons.markdown import escaped
from explorer.lessons.records import PlaceAnswer, Predict, Step
from explorer.session.lessons.reading import answer
from explorer.surface.schema import MarkerRecord, Point
from explorer.widgets.map_chooser import axes_by_use
from explorer.widgets.map_marks import place_of
from trainer.maps.projection import Projection
from trainer.numerals import number
from trainer.runs.read import Run


@dataclass(frozen=True)
class PlaceFound:
    """Two places of a map, in its units."""

    own: Point
    """Of the answer."""
    true: Point
    """The mean of the points of a class."""

    @property
    def distance(self) -> float:
        """From one to the other."""
        return math.dist(self.own, self.true)


def place_found(scene: Scene, class_name: str, code: Sequence[float]) -> PlaceFound:
    """Where a code (K,) lies on the map of the step, and where the images of a class do."""
    run = get_run(scene.run)
    projection = map_of(scene, run)
    return PlaceFound(place_of(code, run, projection), class_place(run, projection, class_name))


def place_verdict(scene: Scene, class_name: str, code: Sequence[float], tolerance: float) -> tuple[bool, str]:
    """Whether a code (K,) lies within so many map units of the mean of a class on the map of the step; and where that is, Markdown."""
    found = place_found(scene, class_name, code)
    x, y = found.true
    told = f"the images of class {escaped(class_name)} lie about {number(x)}, {number(y)} of the map, where it is marked now; "
    return is_near_place(found.own, found.true, tolerance), f"{told}your place is {number(found.distance)} map units away."


def place_markers(scene: Scene, step: Step, key: Callable[[int], str], shown: Projection) -> list[MarkerRecord]:
    """Of each place of the step that was answered: the own one and the true one, where the map of the step is shown.

    key: of a block, by its place in the step
    """
    run = get_run(scene.run)
    wanted, markers = map_of(scene, run), list[MarkerRecord]()
    if (wanted.name, wanted.labels) != (shown.name, shown.labels):
        return markers
    for i, part in enumerate(step.parts):
        if isinstance(part.block, Predict) and isinstance(part.block.answer, PlaceAnswer) and (given := answer(key(i))) is not None:
            class_name = part.block.answer.class_name
            found = place_found(scene, class_name, given)
            code = shown.to_latent([found.true])[0].tolist()
            markers += [
                MarkerRecord("your answer", found.own, tuple(float(value) for value in given)),
                MarkerRecord(f"class {class_name}", found.true, tuple(code)),
            ]
    return markers


def asks_for_place(step: Step) -> bool:
    """Whether a question of the step is answered by a place."""
    return any(isinstance(part.block, Predict) and isinstance(part.block.answer, PlaceAnswer) for part in step.parts)


def map_of(scene: Scene, run: Run) -> Projection:
    """The map that a scene asks for; the run's first where it names none."""
    name = scene.show.get("projection") or next(iter(run.projections))
    if name != "axes":
        return get_projection(run.id, name, None)
    first, second = axes_by_use(run)[:2]
    return get_projection(run.id, name, (int(scene.show.get("x") or first) - 1, int(scene.show.get("y") or second) - 1))

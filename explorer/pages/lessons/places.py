"""Where on the map of a step do the images of a class lie, and was that place pinned?"""

from __future__ import annotations

from collections.abc import Sequence

from explorer.cache.maps import get_projection
from explorer.cache.runs import get_run
from explorer.lessons.answers import is_near_place
from explorer.lessons.check import Scene
from explorer.lessons.markdown import escaped
from explorer.widgets.map_chooser import axes_by_use
from explorer.widgets.map_marks import place_of
from trainer.maps.projection import Projection
from trainer.numerals import number
from trainer.runs.read import Run


def place_verdict(scene: Scene, class_name: str, code: Sequence[float], tolerance: float) -> tuple[bool, str]:
    """Whether a code (K,) lies within so many map units of the mean of a class on the map of the step; and where that is, Markdown."""
    run = get_run(scene.run)
    projection = map_of(scene, run)
    points = projection.points[run.encodings.label == run.info.dataset.class_names.index(class_name)]
    x, y = (float(value) for value in points.mean(0))
    is_right = is_near_place(place_of(code, run, projection), (x, y), tolerance)
    return is_right, f"the images of class {escaped(class_name)} lie about {number(x)}, {number(y)} of the map."


def map_of(scene: Scene, run: Run) -> Projection:
    """The map that a scene asks for; the run's first where it names none."""
    name = scene.show.get("projection") or next(iter(run.projections))
    if name != "axes":
        return get_projection(run.id, name, None)
    first, second = axes_by_use(run)[:2]
    return get_projection(run.id, name, (int(scene.show.get("x") or first) - 1, int(scene.show.get("y") or second) - 1))

"""Is an answer right, and what is true? Of a prediction, once somebody has answered."""

from __future__ import annotations

import math

from explorer.lessons.measures import MEASURES, NATS, OF_DIMENSIONS, SHARE, Measured, MeasureName, unit_in
from trainer.maps.projection import Projection
from trainer.runs.read import Run


def is_near(answer: float, value: float, tolerance: float) -> bool:
    """Whether a number is at most so far off; what rounding adds does not count."""
    return abs(answer - value) <= tolerance + 1e-9 * max(1.0, abs(value))


def is_near_place(answer: tuple[float, float], place: tuple[float, float], tolerance: float) -> bool:
    """The same of places, map units."""
    return is_near(math.dist(answer, place), 0, tolerance)


def class_place(run: Run, projection: Projection, class_name: str) -> tuple[float, float]:
    """The mean place of the test images of a class on a map of the run."""
    x, y = (
        float(value) for value in projection.points[run.encodings.label == run.info.dataset.class_names.index(class_name)].mean(0)
    )
    return x, y


def unit_of(name: MeasureName, language: str = "en") -> str:
    """The unit in which a number is asked for, in the lesson's language; "" for a number without one."""
    unit = (MEASURES[name.name] if name.dimension is None else OF_DIMENSIONS[name.name]).unit
    return unit_in({SHARE: "%", NATS: "nats"}.get(unit, unit), language)


def asked_value(found: Measured) -> float:
    """The number in that unit."""
    return 100 * found.value if unit_of(found.name) == "%" else found.value

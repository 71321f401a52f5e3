"""Through which codes does the walk lead, and as which class is each decoded?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.arrays import Picture, to_picture
from explorer.session import stops as path_stops
from explorer.session.class_choice import decode_as
from explorer.session.load import State
from explorer.session.path_link import Stop
from explorer.session.pins import pin_name
from explorer.widgets.class_chooser import chosen_label
from explorer.widgets.pictures import run_image_name
from trainer.latent.directions import class_means
from trainer.runs.read import Run


def stops_of(now: State, run: Run) -> tuple[Stop, ...]:
    """What the visitor chose; before that all pins, or a pin and an image, or two images of different classes."""
    chosen = path_stops.chosen(run.id, run.config.latent_dim)
    if chosen is not None:
        return chosen
    pins = pin_stops(now)
    rows = [0, other_row(run)][len(pins) :]
    return (*pins, *(image_stop(run, row) for row in rows))


def begin_with_the_first_stops_class(now: State, run: Run) -> None:
    """Pictures under the cursor are decoded as the class with which the walk begins, until another one is chosen."""
    stops = stops_of(now, run)
    label = _own_label(run, stops[0]) if stops else None
    if run.config.is_conditional and label is not None:
        decode_as("interpolate", run.id, run.info.dataset.class_names[label])


def pin_stops(now: State) -> tuple[Stop, ...]:
    return tuple(Stop(pin_name(i, pin), pin.z) for i, pin in enumerate(now.pins))


def image_stop(run: Run, row: int) -> Stop:
    label = int(run.encodings.label[row])
    return Stop(run_image_name(run, row), code(run.encodings.mu[row]), label if run.config.is_conditional and label >= 0 else None)


def mean_stops(run: Run) -> tuple[Stop, ...]:
    """The mean code of every class that has images."""
    names, codes = run.info.dataset.class_names, run.encodings
    means = class_means(codes.mu, codes.label, len(names))
    return tuple(Stop(f"mean of {names[y]}", code(mean), y if run.config.is_conditional else None) for y, mean in means.items())


def label_of(run: Run, stop: Stop) -> int | None:
    """The class as which the model decodes a stop: its own, else the chosen one; None for a model that is told none."""
    own = _own_label(run, stop)
    return (chosen_label(run) if own is None else own) if run.config.is_conditional else None


def _own_label(run: Run, stop: Stop) -> int | None:
    """The stop's class, where the run has it: a link may name one that it has not."""
    return stop.label if stop.label is not None and stop.label < len(run.info.dataset.class_names) else None


def stop_as(run: Run, stop: Stop) -> str:
    """“ as 3”, to be put after a stop's name; nothing for a model that is not told the class. Not yet Markdown."""
    label = label_of(run, stop)
    return "" if label is None else f" as {run.info.dataset.class_names[label]}"


def stop_picture(run: Run, stop: Stop) -> Picture:
    """What the model decodes from a stop, as its class."""
    label = label_of(run, stop)
    return to_picture(run.forward.decode(np.asarray([stop.z], np.float32), None if label is None else [label])[0])


def other_row(run: Run) -> int:
    """An image of another class than the first one's, so that there is something to see."""
    labels = run.encodings.label
    others = np.flatnonzero(labels != labels[0])
    return int(others[0]) if len(others) else min(1, len(labels) - 1)


def code(z: NDArray[np.float32] | NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in z)

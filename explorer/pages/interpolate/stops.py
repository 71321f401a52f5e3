"""Through which pictures does the walk lead? The row of stops, and the chooser that adds one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.maps import get_support
from explorer.pictures.arrays import Picture, to_picture
from explorer.session import stops as path_stops
from explorer.session.load import State
from explorer.session.pad import pad_picture
from explorer.session.pins import pin_name
from explorer.session.stops import Stop
from explorer.session.visitor import draw_again, draws
from explorer.text.density import SUPPORT_HELP
from explorer.text.escape import escape_markdown, shortened
from explorer.widgets.class_chooser import chosen_label
from explorer.widgets.picture_source import ChosenPicture, choose_picture, chosen_row, class_of, picture_from_pad
from explorer.widgets.pictures import run_image_name, show_picture
from trainer.latent.directions import class_means
from trainer.maps.support import LOW, density_words
from trainer.numerals import count
from trainer.runs.read import Run

TILE_PX, PICTURE_PX = 96, 64
TEST, MEAN, PRIOR, PIN, UPLOAD, DRAWN = "Test image", "Class mean", "Prior sample", "Pin", "Upload", "Drawing"


def stops_of(now: State, run: Run) -> tuple[Stop, ...]:
    """What the visitor chose; before that all pins, or a pin and an image, or two images of different classes."""
    chosen = path_stops.chosen(run.id, run.config.latent_dim)
    if chosen is not None:
        return chosen
    pins = pin_stops(now)
    rows = [0, _other_row(run)][len(pins) :]
    return (*pins, *(image_stop(run, row) for row in rows))


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
    return (chosen_label(run) if stop.label is None else stop.label) if run.config.is_conditional else None


def stop_as(run: Run, stop: Stop) -> str:
    """“ as 3”, to be put after a stop's name; nothing for a model that is not told the class. Not yet Markdown."""
    label = label_of(run, stop)
    return "" if label is None else f" as {run.info.dataset.class_names[label]}"


def stop_picture(run: Run, stop: Stop) -> Picture:
    """What the model decodes from a stop, as its class."""
    label = label_of(run, stop)
    return to_picture(run.forward.decode(np.asarray([stop.z], np.float32), None if label is None else [label])[0])


def show_stop(run: Run, stop: Stop, size_px: int) -> None:
    """Its picture, and a line under it where few encoded images are around: the pixels are the decoder's either way."""
    show_picture(stop_picture(run, stop), f"decoded picture of {stop.name}", size_px)
    support = float(get_support(run.id).of([stop.z])[0])
    if support < LOW:
        st.caption(density_words(support), help=SUPPORT_HELP)


def stop_row(now: State, run: Run, stops: Sequence[Stop]) -> None:
    """The stops in their order, each with its picture and what can be done with it; last the way to add one."""
    for i, stop in enumerate(stops):
        with st.container(width=TILE_PX, gap=None, key=f"tile-{i}"):
            show_stop(run, stop, PICTURE_PX)
            st.caption(escape_markdown(shortened(stop.name, 34) + stop_as(run, stop)))
            _menu(run, stops, i)
    with st.container(width="content", gap="small"):
        _chooser(now, run, stops)
        if path_stops.chosen(run.id, run.config.latent_dim) is not None:
            st.button("Start over", key="start-over", on_click=path_stops.start_over, args=(run.id,), type="tertiary")


def _menu(run: Run, stops: Sequence[Stop], i: int) -> None:
    with st.popover(f"Stop {i + 1}", type="tertiary", key=f"stop-{i}"):
        if i > 0:
            st.button(
                "Earlier", key=f"earlier-{i}", icon=":material/arrow_back:", on_click=path_stops.move, args=(run.id, stops, i, -1)
            )
        if i < len(stops) - 1:
            st.button(
                "Later", key=f"later-{i}", icon=":material/arrow_forward:", on_click=path_stops.move, args=(run.id, stops, i, 1)
            )
        st.button("Remove", key=f"remove-{i}", icon=":material/close:", on_click=path_stops.drop, args=(run.id, stops, i))


def _chooser(now: State, run: Run, stops: Sequence[Stop]) -> None:
    with st.popover("Add a stop", icon=":material/add:", key="add-stop"):
        found = chosen_stop(now, run, "stop")
        places = ["at the end", *(f"instead of stop {i + 1}" for i in range(len(stops)))]
        place = st.selectbox("Put it", places, key="stop-place")
        if len(stops) >= path_stops.MAX_STOPS and place == places[0]:
            st.caption(f"A walk has at most {path_stops.MAX_STOPS} stops: put it in place of one, or remove one.")
        elif found is not None:
            instead = None if place == places[0] else places.index(place) - 1
            word = "Add" if instead is None else "Replace"
            st.button(word, key="put-stop", type="primary", on_click=path_stops.put, args=(run.id, stops, found, instead))


def chosen_stop(now: State, run: Run, key: str) -> Stop | None:
    """One code from any source, with its picture; None while nothing is chosen."""
    pins, means = pin_stops(now), mean_stops(run)
    has_prior = not run.config.is_deterministic
    sources = [*([PIN] if pins else []), TEST, *([MEAN] if means else []), *([PRIOR] if has_prior else [])]
    if run.config.has_encoder:
        sources += [UPLOAD, *([DRAWN] if pad_picture() is not None else [])]
    names = "".join(source[0] for source in sources)  # another choice is another widget
    source = st.segmented_control(
        "Stop from", sources, default=sources[0], key=f"{key}-from-{names}", required=True, label_visibility="collapsed"
    )
    found = _from(run, source or sources[0], pins, means, key)
    if found is not None:
        found = replace(found, label=label_of(run, found))  # it stays what is seen now, whatever class is chosen later
        show_stop(run, found, PICTURE_PX)
    return found


def _from(run: Run, source: str, pins: Sequence[Stop], means: Sequence[Stop], key: str) -> Stop | None:
    if source in (PIN, MEAN):
        offered = pins if source == PIN else means
        names = [stop.name for stop in offered]
        return offered[names.index(st.selectbox(source, names, key=f"{key}-{source}", label_visibility="collapsed"))]
    if source == TEST:
        return image_stop(run, chosen_row(run, key, default=_other_row(run)))
    if source == PRIOR:
        st.button("Draw again", key=f"{key}-draw", on_click=draw_again, icon=":material/casino:")
        z = np.random.default_rng(draws()).standard_normal(run.config.latent_dim)
        return Stop(f"prior sample {count(draws() + 1)}", code(z))
    return _encoded(run, picture_from_pad(run) if source == DRAWN else choose_picture(run, key, with_test=False))


def _encoded(run: Run, picked: ChosenPicture | None) -> Stop | None:
    if picked is None:
        return None
    label = class_of(run, picked)
    if label is not None:
        how = "the model's guess" if picked.label is None else "the class of the picture"
        st.caption(escape_markdown(f"Encoded as class {run.info.dataset.class_names[label]}, {how}."))
    return Stop(picked.title, code(run.forward.encode(picked.x[None], None if label is None else [label]).mu[0]), label)


def _other_row(run: Run) -> int:
    """An image of another class than the first one's, so that there is something to see."""
    labels = run.encodings.label
    others = np.flatnonzero(labels != labels[0])
    return int(others[0]) if len(others) else min(1, len(labels) - 1)


def code(z: NDArray[np.float32] | NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in z)

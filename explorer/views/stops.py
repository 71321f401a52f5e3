"""Through which pictures does the walk lead? The row of stops, and the chooser that adds one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer import state, walking
from explorer.core.words import plain, shortened
from explorer.state import State
from explorer.views.parts import decoded_as, picture_of, show_picture
from explorer.views.picking import Picked, chosen_row, class_of, handed_over, picked_picture, row_title
from explorer.walking import Stop
from trainer.runs import Run
from trainer.walk import class_means

TILE_PX, PICTURE_PX = 96, 64
TEST, MEAN, PRIOR, PIN, YOURS, DRAWN = "Test image", "Class mean", "Prior draw", "Pin", "Yours", "Drawing"


def stops_of(now: State, run: Run) -> tuple[Stop, ...]:
    """What the visitor chose; before that all pins, or a pin and an image, or two images of different classes."""
    chosen = walking.chosen(run.id, run.config.latent_dim)
    if chosen is not None:
        return chosen
    pins = pin_stops(now)
    rows = [0, _other_row(run)][len(pins) :]
    return (*pins, *(image_stop(run, row) for row in rows))


def pin_stops(now: State) -> tuple[Stop, ...]:
    return tuple(Stop(state.pin_name(i, pin), pin.z) for i, pin in enumerate(now.pins))


def image_stop(run: Run, row: int) -> Stop:
    return Stop(row_title(run, row), code(run.encodings.mu[row]))


def mean_stops(run: Run) -> tuple[Stop, ...]:
    """The mean code of every class that has images."""
    names, codes = run.info.dataset.class_names, run.encodings
    means = class_means(codes.mu, codes.label, len(names))
    return tuple(Stop(f"mean of {names[y]}", code(mean)) for y, mean in means.items())


def stop_row(now: State, run: Run, stops: Sequence[Stop]) -> None:
    """The stops in their order, each with its picture and what can be done with it; last the way to add one."""
    for i, stop in enumerate(stops):
        with st.container(width=TILE_PX, gap=None, key=f"tile-{i}"):
            show_picture(picture_of(run, stop.z), f"decoded picture of {stop.name}", PICTURE_PX)
            st.caption(plain(shortened(stop.name, 22) + decoded_as(run)))
            _menu(run, stops, i)
    with st.container(width="content", gap="small"):
        _chooser(now, run, stops)
        if walking.chosen(run.id, run.config.latent_dim) is not None:
            st.button("Start over", key="start-over", on_click=walking.start_over, args=(run.id,), type="tertiary")


def _menu(run: Run, stops: Sequence[Stop], i: int) -> None:
    with st.popover(f"Stop {i + 1}", type="tertiary", key=f"stop-{i}"):
        if i > 0:
            st.button(
                "Earlier", key=f"earlier-{i}", icon=":material/arrow_back:", on_click=walking.move, args=(run.id, stops, i, -1)
            )
        if i < len(stops) - 1:
            st.button("Later", key=f"later-{i}", icon=":material/arrow_forward:", on_click=walking.move, args=(run.id, stops, i, 1))
        st.button("Remove", key=f"remove-{i}", icon=":material/close:", on_click=walking.drop, args=(run.id, stops, i))


def _chooser(now: State, run: Run, stops: Sequence[Stop]) -> None:
    with st.popover("Add a stop", icon=":material/add:", key="add-stop"):
        found = chosen_stop(now, run, "stop")
        places = ["at the end", *(f"instead of stop {i + 1}" for i in range(len(stops)))]
        place = st.selectbox("Put it", places, key="stop-place")
        if len(stops) >= walking.MAX_STOPS and place == places[0]:
            st.caption(f"A walk has at most {walking.MAX_STOPS} stops: put it in place of one, or remove one.")
        elif found is not None:
            instead = None if place == places[0] else places.index(place) - 1
            word = "Add" if instead is None else "Replace"
            st.button(word, key="put-stop", type="primary", on_click=walking.put, args=(run.id, stops, found, instead))


def chosen_stop(now: State, run: Run, key: str) -> Stop | None:
    """One code from any source, with its picture; None while nothing is chosen."""
    pins, means = pin_stops(now), mean_stops(run)
    has_prior = not run.config.is_deterministic
    sources = [*([PIN] if pins else []), TEST, *([MEAN] if means else []), *([PRIOR] if has_prior else [])]
    if run.config.has_encoder:
        sources += [YOURS, *([DRAWN] if state.pad_picture() is not None else [])]
    names = "".join(source[0] for source in sources)  # another choice is another widget
    source = st.segmented_control(
        "Stop from", sources, default=sources[0], key=f"{key}-from-{names}", required=True, label_visibility="collapsed"
    )  # fmt: skip
    found = _from(run, source or sources[0], pins, means, key)
    if found is not None:
        show_picture(picture_of(run, found.z), f"decoded picture of {found.name}", PICTURE_PX)
    return found


def _from(run: Run, source: str, pins: Sequence[Stop], means: Sequence[Stop], key: str) -> Stop | None:
    if source in (PIN, MEAN):
        offered = pins if source == PIN else means
        names = [stop.name for stop in offered]
        return offered[names.index(st.selectbox(source, names, key=f"{key}-{source}", label_visibility="collapsed"))]
    if source == TEST:
        return image_stop(run, chosen_row(run, key, default=_other_row(run)))
    if source == PRIOR:
        st.button("Draw again", key=f"{key}-draw", on_click=state.draw_again, icon=":material/casino:")
        z = np.random.default_rng(state.draws()).standard_normal(run.config.latent_dim)
        return Stop(f"prior draw {state.draws() + 1}", code(z))
    return _encoded(run, handed_over(run) if source == DRAWN else picked_picture(run, key, with_test=False))


def _encoded(run: Run, picked: Picked | None) -> Stop | None:
    if picked is None:
        return None
    label = class_of(run, picked)
    if label is not None:
        st.caption(plain(f"Encoded as class {run.info.dataset.class_names[label]}, the model's guess."))
    return Stop(picked.title, code(run.forward.encode(picked.x[None], None if label is None else [label]).mu[0]))


def _other_row(run: Run) -> int:
    """An image of another class than the first one's, so that there is something to see."""
    labels = run.encodings.label
    others = np.flatnonzero(labels != labels[0])
    return int(others[0]) if len(others) else min(1, len(labels) - 1)


def code(z: NDArray[np.float32] | NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in z)

"""How are the stops of a walk shown and changed? A row of tiles, and the popover that adds one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.pages.interpolate.stop_chooser import PICTURE_PX, chosen_stop, show_stop
from explorer.pages.interpolate.stops import stop_as, stop_picture
from explorer.session import stops as path_stops
from explorer.session.load import State
from explorer.session.path_link import MAX_STOPS, Stop
from explorer.text.escape import escape_markdown, shortened
from explorer.widgets.pictures import show_picture
from trainer.runs.read import Run

TILE_PX = 56
TILE_NAME = 34  # letters


def stop_row(now: State, run: Run, stops: Sequence[Stop]) -> None:
    """The stops in their order, each a small picture and its name, which opens what can be done with it; last the way to add one."""
    for i, stop in enumerate(stops):
        with st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False, gap="xsmall", key=f"tile-{i}"):
            show_picture(stop_picture(run, stop), f"decoded picture of {stop.name}", TILE_PX)
            _menu(run, stops, i)
    _chooser(now, run, stops)
    if path_stops.chosen(run.id, run.config.latent_dim) is not None:
        st.button("Start over", key="start-over", on_click=path_stops.start_over, args=(run.id,), type="tertiary")


def _menu(run: Run, stops: Sequence[Stop], i: int) -> None:
    name, as_class = stops[i].name, stop_as(run, stops[i])
    with st.popover(escape_markdown(shortened(name, TILE_NAME) + as_class), type="tertiary", key=f"stop-{i}"):
        st.caption(escape_markdown(name + as_class))
        show_stop(run, stops[i], 2 * PICTURE_PX)
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
        if len(stops) >= MAX_STOPS and place == places[0]:
            st.caption(f"A walk has at most {MAX_STOPS} stops: put it in place of one, or remove one.")
        elif found is not None:
            instead = None if place == places[0] else places.index(place) - 1
            # no callback: its arguments would be those of the rerun before, and a quick hand would add what was chosen before
            if st.button("Add" if instead is None else "Replace", key="put-stop", type="primary"):
                path_stops.put(run.id, stops, found, instead)
                st.rerun()

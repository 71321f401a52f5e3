"""What lies between pictures? Stops, a path through them of every kind, played in the browser and saved as a file."""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.cache.runs import get_run
from explorer.pages.interpolate.arithmetic import arithmetic
from explorer.pages.interpolate.below_map import show_below_map
from explorer.pages.interpolate.found_paths import path_along, paths_between
from explorer.pages.interpolate.played_path import path_record
from explorer.pages.interpolate.settings import chosen_settings
from explorer.pages.interpolate.stop_row import stop_row
from explorer.pages.interpolate.stops import begin_with_the_first_stops_class
from explorer.pages.interpolate.walk_map import stops_with_clicks, walk_map
from explorer.session import stops as path_stops
from explorer.session.load import State
from explorer.text.escape import escape_markdown
from explorer.widgets.class_chooser import decoded_as
from explorer.widgets.map_chooser import chosen_map
from trainer.runs.read import Run


def show(now: State) -> None:
    """The whole page."""
    run = get_run(now.run_id)
    begin_with_the_first_stops_class(now, run)
    projection, axes = chosen_map(run)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="walk-row"):
        row = st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", key="walk-stops")
        kinds = st.container(horizontal=True, vertical_alignment="center", gap="small", width="content")
    stops = stops_with_clicks(now, run, projection, axes)
    with row:
        stop_row(now, run, stops)
    with kinds:
        settings = chosen_settings(run, stops)
    line = path_stops.drawn(run.id, projection.name, axes)
    show_map = partial(walk_map, now, run, projection, axes)
    if len(stops) < 2 and line is None:
        st.info("A walk has at least two stops. Click the map, add one above, or draw a path.")
        show_map()
        return
    if line is not None:
        _drawn_line_words(run)
    found = paths_between(run, stops, settings) if line is None else path_along(run, projection, line)
    show_map(path=path_record(run, projection, found, settings.is_loop, stops))
    show_below_map(run, stops, settings, found)
    arithmetic(now, run, stops)


def _drawn_line_words(run: Run) -> None:
    """That the line plays, and the way back to the stops."""
    as_class = f", decoded{decoded_as(run)}" if run.config.is_conditional else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            escape_markdown(f"Playing the path that you drew: the codes that its points on this map are mapped to{as_class}."),
            width="content",
        )
        st.button("Back to the stops", key="forget-drawn", on_click=path_stops.forget_drawn, args=(run.id,), type="tertiary")

"""What lies between pictures? Stops, a path through them of every kind, played in the browser and saved as a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from explorer.cache.paths import DecodedPath, decoded_line, decoded_path, geodesics
from explorer.cache.runs import get_run
from explorer.pages.interpolate.arithmetic import arithmetic
from explorer.pages.interpolate.downloads import downloads
from explorer.pages.interpolate.played_path import DRAWN, FoundPaths, path_record, table_of_kinds
from explorer.pages.interpolate.settings import PathSettings, chosen_settings
from explorer.pages.interpolate.stops import stop_row, stops_of
from explorer.session import events
from explorer.session import stops as path_stops
from explorer.session.class_choice import decode_as
from explorer.session.load import State
from explorer.session.stops import Drawn, Stop
from explorer.surface.schema import Options
from explorer.text.escape import escape_markdown
from explorer.widgets.class_chooser import chosen_label, decoded_as
from explorer.widgets.live_map import live_map, pins_shown
from explorer.widgets.map_chooser import chosen_map
from trainer.latent.paths import FORMULAS, even_line
from trainer.maps.projection import Projection
from trainer.runs.read import Run

KEY = "interpolate-surface"
N_DRAWN = 121  # frames of a path drawn by hand
POLL_S = 1.0


def show(now: State) -> None:
    """The whole page."""
    run = get_run(now.run_id)
    _begin_with_the_first_stops_class(now, run)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        row = st.container(horizontal=True, gap="small", width="content")
        choice = st.container(horizontal=True, vertical_alignment="center")
    with choice:
        kinds = st.container(horizontal=True, vertical_alignment="bottom", width="content")
        projection, axes = chosen_map(run)
    path_stops.take(run.id, stops_of(now, run), events.surface_event(KEY), projection, axes, chosen_label(run))
    stops = stops_of(now, run)
    with row:
        stop_row(now, run, stops)
    with kinds:
        settings = chosen_settings(run, stops)
    line = path_stops.drawn(run.id, projection.name, axes)
    show_map = partial(
        live_map,
        run.id,
        projection,
        axes,
        KEY,
        pins=pins_shown(now, run, projection),
        options=Options(hint=False, drawable=True),
        keeps=True,
    )
    if len(stops) < 2 and line is None:
        st.info("A walk has at least two stops. Click the map, add one above, or draw a path.")
        show_map()
        return
    if line is not None:
        _drawn_line_words(run)
    found = _paths(run, stops, settings) if line is None else _drawn_path(run, projection, line)
    show_map(path=path_record(run, projection, found, settings.is_loop, stops))
    _below_the_map(run, stops, settings, found)
    arithmetic(now, run, stops)


def _below_the_map(run: Run, stops: Sequence[Stop], settings: PathSettings, found: FoundPaths) -> None:
    """How the classes change, how far the geodesic is, how the kinds compare, and the files."""
    if len(set(settings.labels)) > 1 and found.kind != DRAWN:
        st.caption(
            "Path: each stop is decoded as its own class, each frame as that of the nearer stop; the class switches in the middle."
        )
    if found.is_waiting:
        _wait(run, stops, settings)
    table_of_kinds(found)
    first, last = found.ends
    downloads(run, found.played, f"{run.id}-{first}-to-{last}-{found.kind}" if first else f"{run.id}-{found.kind}")


def _begin_with_the_first_stops_class(now: State, run: Run) -> None:
    """Pictures under the cursor are decoded as the class with which the walk begins, until another one is chosen."""
    stops = stops_of(now, run)
    if run.config.is_conditional and stops and stops[0].label is not None:
        decode_as("interpolate", run.id, run.info.dataset.class_names[stops[0].label])


def _drawn_path(run: Run, projection: Projection, line: Drawn) -> FoundPaths:
    """The codes of a line that was drawn by hand, evenly along it."""
    codes = even_line(projection.to_latent(even_line(line.places, N_DRAWN)), N_DRAWN)
    return FoundPaths({DRAWN: decoded_line(run.id, chosen_label(run), tuple(map(tuple, codes.tolist())))}, DRAWN)


def _drawn_line_words(run: Run) -> None:
    """That the line plays, and the way back to the stops."""
    as_class = f", decoded{decoded_as(run)}" if run.config.is_conditional else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            escape_markdown(f"Playing the path that you drew: the codes that its points on this map are mapped to{as_class}."),
            width="content",
        )
        st.button("Back to the stops", key="forget-drawn", on_click=path_stops.forget_drawn, args=(run.id,), type="tertiary")


def _paths(run: Run, stops: Sequence[Stop], settings: PathSettings) -> FoundPaths:
    """Every kind that is known; a geodesic that is not plays as the first of the others meanwhile."""
    found: dict[str, DecodedPath] = {kind: decoded_path(run.id, settings.walk(stops, kind)) for kind in FORMULAS}
    walk = settings.walk(stops, "geodesic")
    known = geodesics(run.id, walk)
    if known.ways is not None:
        found["geodesic"] = decoded_path(run.id, walk, known.ways)
    kind = settings.kind if settings.kind in found else FORMULAS[0]
    ends = (stops[0].name, stops[0 if settings.is_loop else -1].name)
    return FoundPaths(found, kind, ends, is_waiting=known.ways is None)


@st.fragment(run_every=POLL_S)
def _wait(run: Run, stops: Sequence[Stop], settings: PathSettings) -> None:
    """How far the geodesic is; the page is drawn again when it is there, and plays on until then."""
    known = geodesics(run.id, settings.walk(stops, "geodesic"))
    if known.ways is not None:
        st.rerun()
    if known.error:
        st.caption(escape_markdown(f"There is no geodesic here: {known.error}"))
        return
    meanwhile = " The linear path plays meanwhile." if settings.kind == "geodesic" else ""
    st.progress(known.share, f"Computing the geodesic …{meanwhile}")

"""What is told of the path below the map? How classes change, how far the geodesic is, how the kinds compare, and the files."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.cache.paths import geodesics
from explorer.pages.interpolate.downloads import downloads
from explorer.pages.interpolate.found_paths import DRAWN, FoundPaths
from explorer.pages.interpolate.played_path import table_of_kinds
from explorer.pages.interpolate.settings import PathSettings
from explorer.pages.interpolate.strokes import show_strokes
from explorer.session.path_link import Stop
from explorer.text.escape import escape_markdown
from trainer.runs.read import Run

POLL_S = 1.0


def show_below_map(run: Run, stops: Sequence[Stop], settings: PathSettings, found: FoundPaths) -> None:
    """How the classes change, how far the geodesic is, how the kinds compare, and the files."""
    if len(set(settings.labels)) > 1 and found.kind != DRAWN:
        st.caption(
            "Path: each stop is decoded as its own class, each frame as that of the nearer stop; the class switches in the middle."
        )
    if found.is_waiting:
        _wait(run, stops, settings)
    first, last = found.ends
    figures, files = st.columns((3, 2), gap="large")
    with figures:
        st.markdown("**Paths compared**")
        table_of_kinds(found)
    name = f"{run.id}-{first}-to-{last}-{found.kind}" if first else f"{run.id}-{found.kind}"
    with files:
        st.markdown("**Export the path**")
        downloads(run, found.played, name)
    show_strokes(run, found.played, name)


@st.fragment(run_every=POLL_S)
def _wait(run: Run, stops: Sequence[Stop], settings: PathSettings) -> None:
    """How far the server is with the geodesic through stored pictures; the page is drawn again when it is there."""
    known = geodesics(run.id, settings.walk(stops, "geodesic"))
    if known.ways is not None:
        st.rerun()
    if known.error:
        st.caption(escape_markdown(f"There is no geodesic here: {known.error}"))
        return
    meanwhile = " The linear path is shown until then." if settings.kind == "geodesic" else ""
    st.progress(known.share, f"Computing the geodesic …{meanwhile}")

"""The map: hover decodes, a click pins; what stands beside it tells of both."""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.cache.runs import get_run
from explorer.session import events, film
from explorer.session.load import State
from explorer.session.pins import sync_link
from explorer.surface.film import has_film
from explorer.surface.schema import Options
from explorer.widgets.film import back_button, film_button, film_downloads, film_map
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import chosen_map
from explorer.widgets.map_marks import pins_shown
from explorer.widgets.page_row import page_row
from explorer.widgets.start_here import start_here
from trainer.runs.read import Run

KEY = "atlas-surface"
NAME = "atlas"
SAYS = "Each point is the code of a test image."


def show(now: State) -> None:
    """The whole page."""
    run = get_run(now.run_id)
    if film.is_on(NAME):
        _show_film(run)
        return
    with page_row(), st.container(key="says"):
        st.caption(SAYS)
    projection, axes = chosen_map(run)
    with page_row():
        start_here(run.id)
        film_button(run, NAME)
    now = events.take_pins(now, events.surface_event(KEY), projection)
    pins = pins_shown(now, run, projection)
    live_map(now.run_id, projection, axes, KEY, pins=pins, options=Options(film=has_film(run)), on_film=partial(film.begin, NAME))
    sync_link(now.run_id)


def _show_film(run: Run) -> None:
    """The same map while the run was trained."""
    projection, _ = chosen_map(run)
    with page_row():
        film_downloads(run, projection)
        back_button()
    film_map(run, projection, "atlas-film")

"""What stands in a column of Compare: the run's map, which moves with those of the same test images, or the film of its training?

Maps or films are chosen for all columns. One slider moves all films, each to the same share of its epochs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import streamlit as st

from explorer.cache.runs import get_run
from explorer.session import film
from explorer.surface.film import has_film, why_no_film
from explorer.surface.schema import MarkerRecord, Options
from explorer.text.escape import escape_markdown
from explorer.widgets.film import back_button, film_button, film_map
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import Axes
from trainer.maps.projection import Projection
from trainer.runs.read import Run

NAME = "compare"
SAYS = "Each column is one run's training; one slider moves all, each to the same share of its epochs."


@dataclass(frozen=True)
class ViewPlace:
    """Where on the page it stands."""

    index: int
    """Of the column, from 0."""
    height: int
    """Of the map, CSS pixels."""
    images: str
    """A name for the run's test images; maps of the same name move together."""


def are_on() -> bool:
    """Whether the columns show films in place of their maps."""
    return film.is_on(NAME)


def film_switch(run_id: str) -> None:
    """From the maps to the films, and back."""
    if are_on():
        back_button("Back to the maps")
    else:
        film_button(get_run(run_id), NAME)


def show_view(run: Run, shown: tuple[Projection, Axes], image: MarkerRecord | None, place: ViewPlace) -> None:
    """Map or film. shown: of the run; image: the chosen test image on that map, where it has it."""
    projection, axes = shown
    index, height = place.index, place.height
    if not are_on():
        options = Options(
            pinnable=False, hint=False, compact=True, link=f"compare-{place.images}", column=index + 1, film=has_film(run)
        )
        markers = [image] if image else []
        key = f"compare-{index}"
        live_map(
            run.id,
            projection,
            axes,
            key,
            markers=markers,
            exact=image,
            height=height,
            keeps=True,
            options=options,
            on_film=partial(film.begin, NAME),
        )
    elif has_film(run):
        film_map(run, projection, f"compare-film-{index}", link=NAME, leaves=index == 0, height=height)
    else:
        st.caption(escape_markdown(why_no_film(run)))

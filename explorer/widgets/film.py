"""How is the film of a training put on a page, in place of the run's map?"""

from __future__ import annotations

import streamlit as st

from explorer.cache.films import film_of
from explorer.session import film
from explorer.surface.component import film_surface
from explorer.surface.film import NO_FILM, has_film, pack_replay, shown_on
from explorer.text.escape import escape_markdown
from explorer.widgets.class_chooser import chosen_label, class_words
from trainer.maps.projection import Projection
from trainer.runs.read import Run

HELP = "How the codes of test images moved while the run was trained: a slider over the moments of its training."


def film_map(run: Run, projection: Projection, key: str, *, link: str = "", height: int = 0) -> None:
    """The film of a run on one of its maps. link: films of one name move together; height: of the map, 0 for as much as there is."""
    shown = shown_on(run, projection, link, height)
    film_surface(pack_replay(shown, film_of(run.id, chosen_label(run))), key, on_leave=film.end)
    class_words(run)


def film_button(run: Run, page: str) -> None:
    """What puts the film in the map's place; what says why there is none."""
    has = has_film(run)
    st.button(
        "Film",
        icon=":material/movie:",
        key="film",
        disabled=not has,
        help=HELP if has else escape_markdown(NO_FILM.format(run.id)),
        on_click=film.begin,
        args=(page,),
    )


def back_button() -> None:
    """The map again."""
    st.button("Back to the map", icon=":material/close:", key="film-end", on_click=film.end, help="Esc")

"""How is the film of a training put on a page, in place of the run's map?"""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.cache.films import film_of
from explorer.pictures.export import Film, safe_file_name
from explorer.session import film
from explorer.surface.component import film_surface
from explorer.surface.film import has_film, shown_on, why_no_film
from explorer.surface.film_file import film_file
from explorer.text.escape import escape_markdown
from explorer.widgets.class_chooser import chosen_label, class_words
from trainer.maps.projection import Projection
from trainer.runs.read import Run

FILES: dict[Film, tuple[str, str]] = {"gif": ("GIF", "image/gif"), "mp4": ("MP4", "video/mp4")}
HELP = "How the codes of test images moved while the run was trained: a slider over the moments of its training (f)"


def film_map(run: Run, projection: Projection, key: str, *, link: str = "", leaves: bool = True, height: int = 0) -> None:
    """The film of a run on one of its maps.

    link: films of one name move together; leaves: whether Esc brings the map back; height: of the map, 0 for as much as there is
    """
    shown = shown_on(run, projection, link, leaves, height)
    film_surface(shown, film_of(run.id, chosen_label(run)), key, on_leave=film.end)
    class_words(run)


def film_button(run: Run, page: str) -> None:
    """What puts the film in the map's place; what says why there is none."""
    has = has_film(run)
    st.button(
        "Film",
        icon=":material/movie:",
        key="film",
        disabled=not has,
        help=HELP if has else escape_markdown(why_no_film(run)),
        on_click=film.begin,
        args=(page,),
    )


def back_button(words: str = "Back to the map") -> None:
    """The map again."""
    st.button(words, icon=":material/close:", key="film-end", on_click=film.end, help="Esc, or f")


def film_downloads(run: Run, projection: Projection) -> None:
    """The film as a file, which is made when somebody asks for it."""
    for kind, (title, mime) in FILES.items():
        st.download_button(
            title,
            data=partial(film_file, run, projection, kind),
            file_name=f"{safe_file_name(f'{run.id}-film-{projection.name}')}.{kind}",
            mime=mime,
            icon=":material/download:",
            key=f"save-film-{kind}",
            on_click="ignore",
            help=f"The points of this map from moment to moment, with axes, epoch and KL, as {title}",
        )

"""Which run next? A card for each, with a picture of its map, what it is and what the clinic says of it; search and filters above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from explorer.cache.gallery import map_pictures
from explorer.cache.runs import run_damage
from explorer.session.load import open_run_next
from explorer.text.escape import escape_markdown
from explorer.text.gallery import EVERY, Card, Wanted, cards, choices, offered_verdicts
from explorer.text.verdict import POINTS
from trainer.runs.records import RunInfo


@st.dialog("Choose a run", width="large", icon=":material/grid_view:")
def gallery(shown: str, runs: Mapping[str, RunInfo]) -> None:
    """Opening a run closes it and keeps the view."""
    every = cards(runs, {name: run_damage(name) for name in runs})
    wanted = _wanted(every)
    found = [card for card in every if wanted.fits(card)]
    if not found:
        st.info("No run matches. Clear the search or choose “all” in a filter.")
    _show([card for card in found if not card.sweep], shown)
    for sweep in dict.fromkeys(card.sweep for card in found if card.sweep):
        _show_sweep(sweep, [card for card in found if card.sweep == sweep], shown)


def _wanted(every: Sequence[Card]) -> Wanted:
    """The search field and the filters."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="gallery-filters"):
        words = st.text_input(
            "Search", placeholder="name, data set, model …", type="search", live=True, key="gallery-words", width=220
        )
        data = st.selectbox("Data set", choices(card.data for card in every), key="gallery-data", width=150)
        model = st.selectbox("Model", choices(card.model for card in every), key="gallery-model", width=170)
        verdict = st.segmented_control(
            "Verdict",
            offered_verdicts(every),
            default=EVERY,
            required=True,
            key="gallery-verdict",
            width="content",
            format_func=str.capitalize,
        )
    return Wanted(words or "", data or EVERY, model or EVERY, verdict or EVERY)


def _show(some: Sequence[Card], shown: str) -> None:
    """Cards beside each other, as many as fit."""
    with st.container(horizontal=True, gap="small", key=f"gallery-{some[0].sweep or 'runs'}" if some else None):
        for card in some:
            with st.container(key=f"card-{card.name}", border=True, width=270, gap=None):
                _card(card, card.name == shown)


def _card(card: Card, is_shown: bool) -> None:
    """Picture, name, sentence and verdict of one run; all of it is the button."""
    st.html(_picture(card))
    if st.button(card.name, key=f"open-{card.name}", type="tertiary", disabled=is_shown):
        open_run_next(card.name)
    line, shown = card.line or POINTS, "  \nShown now." if is_shown else ""
    verdict = f":{line.colour}[:material/{line.icon}: {escape_markdown(line.headline)}]"
    st.caption(f"{escape_markdown(card.sentence)}{shown}\n\n{verdict}")


def _picture(card: Card) -> str:
    found = map_pictures(card.name)
    if found is None:
        return '<div class="card-map">Its map cannot be read.</div>'
    light, dark = found
    return f'<div class="card-map"><img class="in-light" src="{light}" alt=""><img class="in-dark" src="{dark}" alt=""></div>'


def _show_sweep(sweep: str, some: Sequence[Card], shown: str) -> None:
    """The runs of a sweep behind a switch: two dozen cards would bury the others."""
    n_runs = f"{len(some)} run{'' if len(some) == 1 else 's'}"
    if st.toggle(f"Sweep over β, {sweep}: {n_runs}", key=f"gallery-open-{sweep}"):
        _show(some, shown)

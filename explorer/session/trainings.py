"""Which training does this visitor watch, what did they set while it goes on, and on which data do they want the next one?"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence

import streamlit as st

from explorer.session.events import sent


def watched() -> int | None:
    """The number of the training that was chosen last; None where none was."""
    number: int | None = st.session_state.get("watched-training")
    return number


def watch(number: int) -> None:
    """Chooses one (a button's callback too)."""
    st.session_state["watched-training"] = number


def want_data(name: str) -> None:
    """The form is to show this data set when it is drawn next."""
    st.session_state["wanted-data"] = name


def choose_for_wanted_data(key: str, value: str, names: Container[str]) -> None:
    """Where the data set that is wanted is one of those, the list of that key shows this value, before the list is drawn."""
    if st.session_state.get("wanted-data") in names:
        st.session_state[key] = value


def choose_wanted_data(key: str, names: Sequence[str]) -> None:
    """The data set that was wanted becomes what the list of that key shows, before the list is drawn; names: what it offers."""
    name = st.session_state.pop("wanted-data", None)
    if name in names:
        st.session_state[key] = name


def sent_settings(key: str) -> dict[str, float]:
    """What the component of that key sent and was not taken yet: `beta` or `learning_rate` or both, as numbers; nothing else of what a
    browser may send."""
    event = sent(key, "set")
    if not isinstance(event, Mapping) or event.get("nonce") == st.session_state.get("taken-setting"):
        return {}  # reruns that overtake each other bring it again
    st.session_state["taken-setting"] = event.get("nonce")
    found = {}
    for setting in ("beta", "learning_rate"):
        value = event.get(setting)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            found[setting] = float(value)
    return found

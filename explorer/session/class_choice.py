"""As which class does a class-conditional model decode for this visitor? The chooser's, the link's, or that of what is looked at."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.session import link
from explorer.session.events import sent

KEY = "as"  # of the chooser and in the link


def decode_class(class_names: Sequence[str]) -> int:
    """The class as which conditional runs decode: the chooser's, or the link's, or the first."""
    return list(class_names).index(link.chosen(KEY, class_names, class_names[0]))


def forget_class_of_another_data_set(class_names: Sequence[str]) -> None:
    """A class that this run does not have is no choice here; to be called before its chooser is drawn."""
    if st.session_state.get(KEY) not in (None, *class_names):
        del st.session_state[KEY]


def decode_as(view: str, of: str, class_name: str) -> None:
    """In a view another thing is looked at, by its name: the class chooser takes its class, and is to be drawn after.

    What a link or a person chose before the first thing, or for this one, stays.
    """
    seen = st.session_state.get("decoded-as", {}).get(view)
    st.session_state["decoded-as"] = {**st.session_state.get("decoded-as", {}), view: of}
    if seen != of and not (seen is None and link.asked(KEY) is not None):
        st.session_state[KEY] = class_name


def take_class(key: str, class_names: Sequence[str]) -> None:
    """The class that was clicked on the surface of that key becomes the chooser's (the surface's callback)."""
    name = sent(key, "class")
    if name in class_names:
        st.session_state[KEY] = name

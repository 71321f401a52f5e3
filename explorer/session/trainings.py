"""Which training does this visitor watch, and what did they set while it goes on?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from explorer.session.events import sent


def watched() -> int | None:
    """The number of the training that was chosen last; None where none was."""
    number: int | None = st.session_state.get("watched-training")
    return number


def watch(number: int) -> None:
    """Chooses one (a button's callback too)."""
    st.session_state["watched-training"] = number


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

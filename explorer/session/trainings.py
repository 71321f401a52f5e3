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
    """What the component of that key sent: `beta` or `learning_rate` or both, as numbers; nothing else of what a browser may send."""
    event = sent(key, "set")
    found = {}
    for name in ("beta", "learning_rate"):
        value = event.get(name) if isinstance(event, Mapping) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            found[name] = float(value)
    return found

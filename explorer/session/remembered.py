"""What did a widget show last? One that is not drawn in another view forgets its value, so it is remembered here."""

from __future__ import annotations

from typing import Any

import streamlit as st


def remembered(name: str, default: Any) -> Any:
    """The value that `remember` was given last under that name."""
    return st.session_state.get("remembered", {}).get(name, default)


def remember(**values: Any) -> None:
    """Keeps values of widgets, by the names of the widgets."""
    st.session_state["remembered"] = {**st.session_state.get("remembered", {}), **values}


def shown(key: str) -> Any:
    """What the widget of that key shows, drawn earlier in this rerun; None where it was not drawn."""
    return st.session_state.get(key)

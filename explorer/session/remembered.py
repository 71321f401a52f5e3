"""What did a widget show last? One that is not drawn in another view forgets its value, so it is remembered here."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import streamlit as st

from explorer.session import link


def remembered(name: str, default: Any) -> Any:
    """The value that `remember` was given last under that name."""
    return st.session_state.get("remembered", {}).get(name, default)


def remember(**values: Any) -> None:
    """Keeps values of widgets, by the names of the widgets."""
    st.session_state["remembered"] = {**st.session_state.get("remembered", {}), **values}


def put_back(key: str, allowed: Container[Any] | None = None) -> None:
    """Before a widget that is bound to the link is made: what it showed last, where neither the page nor the link says anything of it.

    Not as its default, which a link leaves out.
    """
    value = remembered(key, None)
    is_silent = key not in st.session_state and link.asked(key) is None and not link.came_back()
    if is_silent and value is not None and (allowed is None or value in allowed):
        st.session_state[key] = value


def shown(key: str) -> Any:
    """What the widget of that key shows, drawn earlier in this rerun; None where it was not drawn."""
    return st.session_state.get(key)

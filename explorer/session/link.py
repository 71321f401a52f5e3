"""What does the address of the page say, and how is it written?

Everything that can be shared by a link lives there: the run, the view, the map, the pins. A widget that is bound to a parameter writes it
itself; what is not a widget is written by `write`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

MAP = "projection"
"""The map's name in links, and the key of its chooser."""


def asked(name: str) -> str | None:
    """What the link says under that name; None where it says nothing."""
    value: str | None = st.query_params.get(name)
    return value


def address() -> str:
    """All that the link says, to be compared with what it said before."""
    return urlencode(st.query_params.to_dict())


def of_map() -> str:
    """What the link says of map, class and pins, as an exported page has it in its own."""
    told = {name: asked(name) for name in (MAP, "as", "pins")}
    return urlencode({name: text for name, text in told.items() if text}, safe="~!*_")


def came_back() -> bool:
    """Whether Back or Forward in the browser asked for this rerun: then the link tells what is shown, not the session."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def speaks_of(run_id: str) -> bool:
    """Whether the link means that run, or names none: codes of another run are nothing in this one."""
    return asked("run") in (None, run_id)


def write(name: str, text: str) -> None:
    """Sets a query parameter, or takes it away where there is no text; an unchanged one is left alone."""
    if text and asked(name) != text:
        st.query_params[name] = text
    elif not text and asked(name) is not None:
        del st.query_params[name]


def chosen(name: str, allowed: Sequence[str], default: str) -> str:
    """A bound widget's value if it was drawn before, else the link's, else the default; after Back or Forward only the link's."""
    drawn = None if came_back() else st.session_state.get(name)
    for value in (drawn, asked(name)):
        if value in allowed:
            return str(value)
    return default


def take_renamed(name: str, names: Mapping[str, str]) -> None:
    """A choice that had another name in links of before, for the widget of that key; to be called before the widget is made."""
    old = asked(name)
    if old is not None and old in names:
        st.session_state[name] = names[old]


# --- what only the browser reads of the address


def stage(screen: str) -> None:
    """The browser puts the map of the page into that state, once: the part of an address after #, "" for as it is at first."""
    st.session_state["staged"] = [str(time.monotonic_ns()), screen]


def staged() -> tuple[str, str]:
    """A word for the last of them, and the state; both "" for none."""
    word, screen = st.session_state.get("staged", ("", ""))
    return str(word), str(screen)

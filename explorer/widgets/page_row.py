"""Where does a page put the few controls that are changed every minute? At the right end of the header's second line.

The header reserves the place before the page is shown; a page fills it with `with page_row():`. What is shown without a header gets a row
of its own.
"""

from __future__ import annotations

from contextvars import ContextVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

_PLACE: ContextVar[DeltaGenerator | None] = ContextVar("page-row", default=None)


def reserve_page_row() -> None:
    """Here the page's controls will stand (the header's part)."""
    _PLACE.set(st.container(horizontal=True, vertical_alignment="center", gap="small", key="page-row", width="content"))


def page_row() -> DeltaGenerator:
    """The reserved place."""
    place = _PLACE.get()
    return st.container(horizontal=True, vertical_alignment="center", gap="small") if place is None else place

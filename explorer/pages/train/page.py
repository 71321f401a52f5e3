"""The page that trains, in the browser or on this machine.

In the page: the browser gets images and does the rest. Nothing of a training comes back to the server but what is kept as a run, so a class
of any size costs it no more than the images. The parts of what is seen, and their borders, are written down in
`explorer/surface/frontend/src/train/state.ts`.
On this machine: `machine.py`, only where the app allows it.
"""

from __future__ import annotations

import streamlit as st

from explorer.pages.train.in_page import show_in_page
from explorer.pages.train.machine import show_machine
from explorer.session.load import State
from explorer.session.permission import permission
from explorer.session.remembered import put_back, remember
from explorer.text.escape import escape_markdown
from explorer.widgets.page_row import page_row

HERE, MACHINE = "in this page", "on this machine"
"""In links too."""


def show(now: State) -> None:
    """The whole page."""
    why_not = permission().why_not
    with page_row():
        place = HERE if why_not else _place()
        if why_not:
            st.caption(escape_markdown(why_not), width="content")
    if place == MACHINE:
        show_machine()
    else:
        show_in_page()


def _place() -> str:
    """Where it is trained."""
    put_back("train-on", (HERE, MACHINE))
    chosen = st.segmented_control(
        "Where it is trained",
        (HERE, MACHINE),
        default=HERE,
        key="train-on",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        width="content",
    )
    remember(**{"train-on": chosen})
    return str(chosen)

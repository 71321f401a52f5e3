"""Training on this machine: what is trained next at the left, with the list of trainings below it; at the right the one that is watched.

The list and what is watched are fragments: while something runs they are redrawn by themselves, and the rest of the page is not.
"""

from __future__ import annotations

import streamlit as st

from explorer.cache.trainings import training_queue
from explorer.pages.train.listing import show_trainings
from explorer.pages.train.settings import show_settings
from explorer.pages.train.watching import show_watched
from explorer.text.escape import escape_markdown

LIST_EVERY_S, WATCH_EVERY_S = 1.0, 0.5


def show_machine() -> None:
    """The whole page."""
    queue = training_queue()
    if why_not := queue.why_not():
        st.info(escape_markdown(why_not), icon=":material/info:")
    else:
        queue.expect()  # whoever comes here may train soon
    jobs = queue.jobs()
    ended = frozenset(job.number for job in jobs if not job.is_open)
    is_any_open = len(ended) < len(jobs)
    with st.container(key="machine"):
        with st.container(key="machine-settings", gap="small"):
            if not why_not:
                show_settings()
            st.fragment(show_trainings, run_every=LIST_EVERY_S if is_any_open else None)(ended)
        with st.container(key="machine-watched"):
            st.fragment(show_watched, run_every=WATCH_EVERY_S if is_any_open else None)()

"""Which run is shown? The page's chooser of runs."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from explorer.session.load import dismiss_notice

PREFERRED_RUN = "mnist-2d"


def default_run(runs: Collection[str]) -> str:
    """The run that is shown where none was asked for."""
    return PREFERRED_RUN if PREFERRED_RUN in runs else next(iter(runs))


def run_chooser(runs: Collection[str], width: int) -> None:
    """The page's run, bound to the URL. Its default is constant: a bound widget leaves the URL when it shows its default."""
    st.selectbox(
        "Run",
        list(runs),
        index=list(runs).index(default_run(runs)),
        key="run",
        bind="query-params",
        on_change=dismiss_notice,
        label_visibility="collapsed",
        width=width,
    )

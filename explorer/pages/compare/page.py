"""How do runs differ? Two to four beside each other, one probe and one test image for all of them."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import all_runs
from explorer.pages.compare.column_state import compared
from explorer.pages.compare.columns import ShownColumn, show_column
from explorer.pages.compare.controls import show_controls
from explorer.pages.compare.image_row import show_image
from explorer.pages.compare.latent_spaces import show_latent_spaces
from explorer.pages.compare.rate_distortion_section import show_rates
from explorer.session import columns as comparison
from explorer.session.load import State
from explorer.text.escape import escape_markdown
from trainer.runs.records import RunInfo


def show(now: State) -> None:
    """The whole page."""
    runs = {name: info for name, info in all_runs().items() if isinstance(info, RunInfo)}
    page = compared(now.run_id, runs)
    _notices()
    show_controls(page)
    shown: list[ShownColumn] = []
    for index, place in enumerate(st.columns(len(page.columns), gap="medium")):
        with place:
            column = show_column(page, index, shown[0].images if shown else None)
        if column is not None:
            shown.append(column)
    linked = {column.run.id: column.run for column in shown if column.images == shown[0].images}
    if linked:
        show_image(list(linked.values()), page.chosen.image)
        show_latent_spaces(linked)
    st.divider()
    show_rates(now.run_id, page.names, runs)


def _notices() -> None:
    """What of the link could not be had."""
    notices = comparison.notices()
    if notices:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning("  \n".join(map(escape_markdown, notices)), icon=":material/info:")
            st.button("Dismiss", on_click=comparison.dismiss_notices, key="dismiss-compare", type="tertiary")

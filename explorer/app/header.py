"""What stands above every view? One row with run and view, and one line that says what the run is and what the clinic says of it.

The second line has at its right end what the page itself lets one choose (`explorer.widgets.page_row`). A verdict that is an alarm comes
before everything else in it.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.app.gallery import gallery
from explorer.app.pages import NAMES, Page
from explorer.app.room import room_banner
from explorer.app.share import share
from explorer.session.load import State, dismiss_notice
from explorer.text.escape import escape_markdown
from explorer.text.gallery import sweep_of
from explorer.text.run_sentence import run_sentence
from explorer.widgets.about_run import about_button, about_run
from explorer.widgets.page_row import reserve_page_row
from explorer.widgets.run_chooser import run_chooser
from explorer.widgets.verdict import show_verdict_line, verdict_of
from trainer.runs.records import RunInfo


def header(now: State, page: Page, runs: Mapping[str, RunInfo]) -> None:
    """Both lines; run and view are bound to the link."""
    with st.container(gap=None, key="frame"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="brand"):
            st.html('<h1 class="atlas-title"><span>Latent Atlas</span></h1>', width="content")
            run_chooser(listed(runs, now.run_id), 200)
            _view_switch()
            is_gallery_wanted = st.button("All runs", key="all-runs", type="tertiary", icon=":material/grid_view:")
            with st.popover("Share", type="tertiary", icon=":material/share:", key="share"):
                share(now.run_id)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="about"):
            is_more_wanted = not page.tells_of_runs and _about(now, page, runs[now.run_id])
            room_banner()
            reserve_page_row()
    if is_gallery_wanted:
        gallery(now.run_id, runs)
    elif is_more_wanted:
        about_run(now.run_id, runs[now.run_id])


def _view_switch() -> None:
    st.segmented_control(
        "View",
        NAMES,
        default=NAMES[0],
        key="view",
        bind="query-params",
        required=True,
        on_change=dismiss_notice,
        label_visibility="collapsed",
        width="content",
    )


def _about(now: State, page: Page, info: RunInfo) -> bool:
    """The sentence about the run, the clinic's verdict, which Dimensions shows large, and whether every figure is asked for."""
    verdict = verdict_of(now.run_id)
    if page.tells_verdict and verdict is not None and not verdict.is_damage:
        verdict = None
    if verdict is not None and verdict.is_alarm:
        show_verdict_line(now.run_id, verdict, "verdict")
    with st.container(key="sentence", width="content"):
        st.caption(escape_markdown(f"{run_sentence(info)}."))
    is_more_wanted = about_button(now.run_id, "about-run", "About")
    if verdict is not None and not verdict.is_alarm:
        show_verdict_line(now.run_id, verdict, "verdict")
    return is_more_wanted


def listed(runs: Mapping[str, RunInfo], shown: str) -> list[str]:
    """The runs to choose from. Those of a sweep are opened from its chart; two dozen names would bury the others."""
    return [name for name in runs if name == shown or not sweep_of(name)]

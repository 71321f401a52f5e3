"""What can be taken away: a link that opens exactly this, and the run as one file that opens as the page is now."""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.cache.runs import get_run
from explorer.hosts.html_file import html_page
from explorer.session import events, link
from explorer.surface.component import SHARE_MENU, share_menu

MAX_FRAGMENT = 100_000
"""Letters; a longer one is none of this app's."""


def _web_page(run_id: str, view: str) -> bytes:
    """Made when it is asked for, not at every rerun."""
    return html_page(get_run(run_id), view=view)


def share(shown: str) -> None:
    """A link that opens exactly this, and what can be taken away of a run."""
    told = events.sent(SHARE_MENU, "fragment")
    fragment = told if isinstance(told, str) and len(told) < MAX_FRAGMENT else ""
    share_menu(fragment)
    st.download_button(
        f"Save {shown} as a web page",
        data=partial(_web_page, shown, "&".join(filter(None, (link.of_map(), fragment.lstrip("#"))))),
        file_name=f"{shown}.html",
        mime="text/html",
        key="save-html",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )
    st.caption(
        "One HTML file that opens as this page is now and needs no network and no server: "
        "map, decoder, pins, paths, drawing pad, film of the training; no image of the data set."
    )

"""What frames every view?

The header with run and view, the notice, and the fence around a view: a `LatentError` becomes one sentence and a way on.

One page and a bound view switch instead of `st.navigation`: a change of page drops the query parameters, and a link must keep run,
map and pins.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from explorer.app.header import header
from explorer.app.link_words import tell_unknown_words
from explorer.app.pages import NAMES, PAGES, page_of
from explorer.app.style import show_style
from explorer.cache.runs import all_runs, get_run
from explorer.session import events, link
from explorer.session.late_files import forget_files_late
from explorer.session.load import State, dismiss_notice, load, notice
from explorer.surface.component import browser_history
from explorer.text.escape import escape_markdown
from explorer.widgets.run_chooser import default_run
from trainer.console import program
from trainer.errors import LatentError, RunError
from trainer.runs.records import RunInfo

LOG = logging.getLogger(__name__)


def page() -> None:
    """One rerun of the whole app."""
    forget_files_late()
    show_style()
    found = all_runs()
    sound = {name: info for name, info in found.items() if isinstance(info, RunInfo)}
    broken = {name: error for name, error in found.items() if isinstance(error, RunError)}
    if not sound:
        _no_runs(broken)
        return
    dims = {name: info.config.latent_dim for name, info in sound.items()}
    now = load(dims, default_run(sound), NAMES, {name: str(error) for name, error in broken.items()})
    shown = page_of(now.view)
    for other in PAGES:
        if other is not shown and other.leave is not None:
            other.leave()
    events.forget_given(now.view)
    if shown.read_link is not None and now.reads_link:
        shown.read_link(now.run_id, dims[now.run_id])
        now = replace(now, notice=notice())
    try:
        if now.reads_link:
            tell_unknown_words(get_run(now.run_id))
            now = replace(now, notice=notice())
        header(now, shown, sound)
        _notices(now, broken)
        importlib.import_module(shown.module).show(now)
    except LatentError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        st.caption("Choose another run above; nothing on disk was changed.")
    except Exception:
        LOG.exception("view %s of run %s failed", now.view, now.run_id)
        st.error("An internal error occurred here; the server's log has the details. Other views and runs still work.")
    browser_history(link.address(), "" if shown.has_map else now.run_id, *link.staged())


def _notices(now: State, broken: Mapping[str, RunError]) -> None:
    if now.notice:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(escape_markdown(now.notice), icon=":material/info:")
            st.button("Dismiss", on_click=dismiss_notice, type="tertiary")
    if broken:
        with st.expander(f"{len(broken)} damaged run{'s' if len(broken) > 1 else ''} left out"):
            for error in broken.values():
                st.markdown(f"- {escape_markdown(str(error))}")


def _no_runs(broken: Mapping[str, RunError]) -> None:
    st.title("Latent Atlas")
    st.info("There are no runs yet. Train the first one in a few seconds, then reload this page:", icon=":material/info:")
    st.code(f"{program()} fit digits-2d", language="bash")
    for error in broken.values():
        st.error(escape_markdown(str(error)))

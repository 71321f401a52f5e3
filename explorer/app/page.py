"""What frames every view?

The header with run and view, the notice, and the fence around a view: a `LatentError` becomes one sentence and a way on.

One page and a bound view switch instead of `st.navigation`: a change of page drops the query parameters, and a link must keep run,
map and pins.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from functools import lru_cache, partial
from importlib.resources import files

import streamlit as st

from explorer.app.pages import NAMES, PAGES, Page, page_of
from explorer.cache.runs import all_runs, get_run, size_on_disk
from explorer.hosts.html_file import html_page
from explorer.session import events
from explorer.session.load import State, choose_run, dismiss_notice, load
from explorer.text.escape import escape_markdown
from explorer.text.run_summary import HELP, size, summary_line
from explorer.widgets.run_chooser import default_run, run_chooser
from explorer.widgets.verdict import verdict_line
from trainer.console import program
from trainer.diagnosis.diagnose import LITTLE
from trainer.diagnosis.sentences import neighbours_sentence
from trainer.errors import LatentError, RunError
from trainer.runs.records import RunInfo

LOG = logging.getLogger(__name__)
SWEPT = "sweep-"


@lru_cache(maxsize=1)
def _style() -> str:
    """The page's style sheet as an element."""
    return f"<style>\n{files('explorer.app').joinpath('page.css').read_text(encoding='utf-8')}</style>"


def page() -> None:
    """One rerun of the whole app."""
    st.html(_style())
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
    try:
        _header(now, shown, sound)
        _notices(now, broken)
        importlib.import_module(shown.module).show(now)
    except LatentError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        st.caption("Choose another run above; nothing on disk was changed.")
    except Exception:
        LOG.exception("view %s of run %s failed", now.view, now.run_id)
        st.error("An internal error occurred here; the server's log has the details. Other views and runs still work.")


def _header(now: State, page: Page, runs: Mapping[str, RunInfo]) -> None:
    """Run and view, bound to the link. A page with a run chooser of its own has it, and the run's figures, where it wants them."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="brand"):
        st.html('<h1 class="atlas-title">Latent Atlas</h1>', width="content")
        with st.container(width="content"):  # stays when it is empty, so that the keyboard's focus stays on what follows it
            if not page.has_own_run_chooser:
                run_chooser(listed(runs, now.run_id), 220)
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
        with st.popover("All runs", type="tertiary"):
            _all_runs(now.run_id, runs)
    if not page.has_own_run_chooser:
        _about(now, page, runs[now.run_id])


def _about(now: State, page: Page, info: RunInfo) -> None:
    """The run's figures, what was done with its data, and the clinic's verdict, which Dimensions shows large."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="about"):
        st.caption(escape_markdown(_facts(now.run_id, info)), help=_meanings(info), width="content")
        notes = info.dataset.notes
        if notes:
            with st.popover("About the data", type="tertiary", key="data-notes"):
                st.markdown("\n".join(f"- {escape_markdown(note)}" for note in notes))
        if not page.tells_verdict:
            verdict_line(now.run_id, "verdict")


def _meanings(info: RunInfo) -> str:
    """What each figure means; and, of a model whose codes carry next to nothing, why neighbours may read classes from them all the same."""
    found = info.examination
    why = neighbours_sentence(found) if found is not None and found.information < LITTLE else ""
    return f"{HELP}\n\n**15-NN of this run**: {escape_markdown(why)}" if why else HELP


def listed(runs: Mapping[str, RunInfo], shown: str) -> list[str]:
    """The runs to choose from. Those of a sweep are opened from its chart; two dozen names would bury the others."""
    return [name for name in runs if name == shown or not name.startswith(SWEPT)]


def _web_page(run_id: str) -> bytes:
    """Made when it is asked for, not at every rerun."""
    return html_page(get_run(run_id))


def _all_runs(shown: str, runs: Mapping[str, RunInfo]) -> None:
    """What tells the runs apart, and a way to each; first a way to take the shown one along."""
    st.download_button(
        f"Save {shown} as a web page",
        data=partial(_web_page, shown),
        file_name=f"{shown}.html",
        mime="text/html",
        key="save-html",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        help="One HTML file that needs no network and no server: map, decoder, pins, paths, drawing pad; no image of the data set.",
    )
    for name in listed(runs, shown):
        info = runs[name]
        st.button(name, key=f"open-{name}", on_click=choose_run, args=(name,), disabled=name == shown, type="tertiary")
        st.caption(escape_markdown(_facts(name, info)))


def _facts(run_id: str, info: RunInfo) -> str:
    """The line that tells one run from another."""
    return f"{summary_line(info)} · {size(size_on_disk(run_id))}"


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

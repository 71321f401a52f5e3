"""What frames every view?

The header with run and view, the notice, and the fence around a view: a `LatentError` becomes one sentence and a way on.

One page and a bound view switch instead of `st.navigation`: a change of page drops the query parameters, and a link must keep run,
map and pins.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from functools import partial

import streamlit as st

from explorer import cache
from explorer.app.pages import PAGES
from explorer.hosts.html_file import html_page
from explorer.session import columns as comparison
from explorer.session import state
from explorer.text.escape import plain
from explorer.text.run_summary import HELP, facts_line, size
from explorer.widgets.parts import default_run, run_chooser
from explorer.widgets.verdict import verdict_line
from trainer.console import program
from trainer.diagnosis.diagnose import LITTLE, neighbours_sentence
from trainer.errors import LatentError, RunError
from trainer.runs.folder import RunInfo

LOG = logging.getLogger(__name__)
SWEPT = "sweep-"

STYLE = """
<style>
.stMainBlockContainer { padding: 1.1rem 2rem 3rem; max-width: 1500px; }
header[data-testid="stHeader"] { background: transparent; height: 0; min-height: 0; }
.st-key-view button p, .st-key-path button p { text-transform: capitalize; }
.st-key-look button p::first-letter { text-transform: capitalize; }
.st-key-projection button p, [class*="st-key-map-"] button p, [class*="st-key-only-map-"] button p { text-transform: uppercase; }
h1.atlas-title {
  font-size: 20px !important; font-weight: 650; padding: 0 !important; margin: 0 !important; letter-spacing: -0.01em; white-space: nowrap; }
.st-key-brand, .st-key-about { font-variant-numeric: tabular-nums; }
[data-testid="stCaptionContainer"], [data-testid="stImageCaption"], [data-testid="stCaptionContainer"] p, [data-testid="stImageCaption"] p {
  color: light-dark(#545d68, #a9b3bf) !important; opacity: 1; font-variant-numeric: tabular-nums; }
[data-testid="stImage"] img { image-rendering: pixelated; border-radius: 2px; }
.st-key-about { row-gap: 0; } .st-key-about button { min-height: 0; padding-block: 0; text-align: left; }
.st-key-about button p { font-size: 14px; white-space: normal; }
/* pressed or opened, Streamlit darkens the primary colour: on a dark ground it could not be read */
button[kind="tertiary"]:is(:active, [aria-expanded="true"]), button[kind="tertiary"]:is(:active, [aria-expanded="true"]) p {
  color: light-dark(#3b5bdb, #8da2fb) !important; }
.picture-grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(var(--cell, 124px), 1fr)); gap: 14px 18px; }
.picture-grid figure { margin: 0; }
.picture-grid img { image-rendering: pixelated; border-radius: 2px; display: block; max-width: 100%; }
.picture-grid figcaption {
  font-size: 13px; text-wrap: balance; margin-top: 4px; color: light-dark(#545d68, #a9b3bf); font-variant-numeric: tabular-nums; }
:is(.st-key-reconstruct-source, .st-key-path) [role="radiogroup"] { flex-wrap: wrap; row-gap: 4px; }
.st-key-reconstruct-source button { padding-inline: 11px !important; } /* five sources in a narrow column */
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 0.6rem 0.7rem 2rem; }
  .st-key-brand { row-gap: 6px !important; }
  .st-key-view button { flex: 1 1 auto; min-width: 0; padding-inline: 4px !important; } /* five names side by side on a phone */
}
</style>
"""


def page() -> None:
    """One rerun of the whole app."""
    st.html(STYLE)
    found = cache.runs()
    sound = {name: info for name, info in found.items() if isinstance(info, RunInfo)}
    broken = {name: error for name, error in found.items() if isinstance(error, RunError)}
    if not sound:
        _no_runs(broken)
        return
    dims = {name: info.config.latent_dim for name, info in sound.items()}
    now = state.load(dims, default_run(sound), {name: str(error) for name, error in broken.items()})
    if now.view != "compare":
        comparison.leave()
    state.forget_given(now.view)
    try:
        _header(now, sound)
        _notices(now, broken)
        importlib.import_module(PAGES[now.view]).show(now)
    except LatentError as error:
        st.error(plain(str(error)), icon=":material/error:")
        st.caption("Choose another run above; nothing on disk was changed.")
    except Exception:
        LOG.exception("view %s of run %s failed", now.view, now.run_id)
        st.error("An internal error occurred here; the server's log has the details. Other views and runs still work.")


def _header(now: state.State, runs: Mapping[str, RunInfo]) -> None:
    """Run and view, bound to the URL. In Compare the run has its chooser and its facts where its column is."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="brand"):
        st.html('<h1 class="atlas-title">Latent Atlas</h1>', width="content")
        with st.container(width="content"):  # stays when it is empty, so that the keyboard's focus stays on what follows it
            if now.view != "compare":
                run_chooser(listed(runs, now.run_id), 220)
        st.segmented_control(
            "View", state.VIEWS, default=state.VIEWS[0], key="view", bind="query-params", required=True, on_change=state.dismiss_notice,
            label_visibility="collapsed", width="content",
        )  # fmt: skip
        with st.popover("All runs", type="tertiary"):
            _all_runs(now.run_id, runs)
    if now.view != "compare":
        _about(now, runs[now.run_id])


def _about(now: state.State, info: RunInfo) -> None:
    """The run's figures, what was done with its data, and the clinic's verdict, which Dimensions shows large."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="about"):
        st.caption(plain(_facts(now.run_id, info)), help=_meanings(info), width="content")
        notes = info.dataset.notes
        if notes:
            with st.popover("About the data", type="tertiary", key="data-notes"):
                st.markdown("\n".join(f"- {plain(note)}" for note in notes))
        if now.view != "dimensions":
            verdict_line(now.run_id, "verdict")


def _meanings(info: RunInfo) -> str:
    """What each figure means; and, of a model whose codes carry next to nothing, why neighbours may read classes from them all the same."""
    found = info.examination
    why = neighbours_sentence(found) if found is not None and found.information < LITTLE else ""
    return f"{HELP}\n\n**15-NN of this run**: {plain(why)}" if why else HELP


def listed(runs: Mapping[str, RunInfo], shown: str) -> list[str]:
    """The runs to choose from. Those of a sweep are opened from its chart; two dozen names would bury the others."""
    return [name for name in runs if name == shown or not name.startswith(SWEPT)]


def _web_page(run_id: str) -> bytes:
    """Made when it is asked for, not at every rerun."""
    return html_page(cache.run(run_id))


def _all_runs(shown: str, runs: Mapping[str, RunInfo]) -> None:
    """What tells the runs apart, and a way to each; first a way to take the shown one along."""
    st.download_button(
        f"Save {shown} as a web page", data=partial(_web_page, shown), file_name=f"{shown}.html", mime="text/html", key="save-html",
        icon=":material/download:", on_click="ignore", type="tertiary",
        help="One HTML file that needs no network and no server: map, decoder, pins, paths, drawing pad; no image of the data set.",
    )  # fmt: skip
    for name in listed(runs, shown):
        info = runs[name]
        st.button(name, key=f"open-{name}", on_click=state.choose_run, args=(name,), disabled=name == shown, type="tertiary")
        st.caption(plain(_facts(name, info)))


def _facts(run_id: str, info: RunInfo) -> str:
    """The line that tells one run from another."""
    return f"{facts_line(info)} · {size(cache.size_on_disk(run_id))}"


def _notices(now: state.State, broken: Mapping[str, RunError]) -> None:
    if now.notice:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(plain(now.notice), icon=":material/info:")
            st.button("Dismiss", on_click=state.dismiss_notice, type="tertiary")
    if broken:
        with st.expander(f"{len(broken)} damaged run{'s' if len(broken) > 1 else ''} left out"):
            for error in broken.values():
                st.markdown(f"- {plain(str(error))}")


def _no_runs(broken: Mapping[str, RunError]) -> None:
    st.title("Latent Atlas")
    st.info("There are no runs yet. Train the first one in a few seconds, then reload this page:", icon=":material/info:")
    st.code(f"{program()} fit digits-2d", language="bash")
    for error in broken.values():
        st.error(plain(str(error)))

"""What does β do? Runs of the same data set that differ in β and seed only; a click opens one."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import get_run
from explorer.charts.beta_sweep import beta_sweep
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.section import Examined, number_table, sound_runs
from explorer.session.load import choose_run, open_run_next
from explorer.text.escape import escape_markdown
from trainer.diagnosis.diagnose import used_dimensions
from trainer.runs.examination import Examination
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

TITLE = "sweep over β"


def offered(shown: Examined) -> bool:
    """Of every run with a posterior."""
    return shown.has_posterior


def show(shown: Examined) -> None:
    """Three figures of every run of the sweep over β, a list of its runs, and the numbers."""
    run = shown.run
    swept = {name: info for name, info in sound_runs().items() if name.startswith("sweep-") and _goes_with(info, run)}
    if not swept:
        st.info(f"No sweep over β is here for {escape_markdown(run.info.dataset.name)}; digits and mnist have one.")
        return
    st.caption(
        "How to read this: every point is a run; from left to right the KL term weighs more. Click a point to open the run.",
        help="Used: needed by the decoder. Information: I(x; z) as seen with the N examined images, at most log N. NLL: importance-sampled "
        "−log p(x), lower is better (Burda et al. 2016, eq. 8).",
    )
    names = list(swept)
    betas = [swept[name].config.beta for name in names]
    charts: dict[str, list[float]] = {
        "dimensions used": [float(_used(name)) for name in names],
        "information seen, nats": [_examination(name).information for name in names],
        "NLL, nats": [_metric(swept[name]) for name in names],
    }
    for column, (title, values) in zip(st.columns(len(charts), gap="medium"), charts.items(), strict=True):
        with column:
            chosen = st.plotly_chart(
                beta_sweep(betas, values, names, title),
                config=CONFIG,
                key=f"beta-{title}",
                on_select="rerun",
            )
            points = chosen["selection"]["points"] if chosen else []
            if points and points[0]["customdata"] in swept and points[0]["customdata"] != run.id:
                open_run_next(points[0]["customdata"])
    opened = st.selectbox("Open a run of the sweep", names, index=None, placeholder="β and seed", key="beta-open", width=320)
    if opened:
        st.button(f"Open {opened}", on_click=choose_run, args=(opened,), key="beta-go")
    number_table({"run": names, "β": betas, **charts})


def _goes_with(info: RunInfo, run: Run) -> bool:
    return info.dataset.sha256 == run.info.dataset.sha256 and info.examination is not None and info.config.network != "linear"


def _examination(name: str) -> Examination:
    found = get_run(name).info.examination
    assert found is not None
    return found


def _used(name: str) -> int:
    run = get_run(name)
    return int(used_dimensions(_examination(name), run.encodings.mu).sum())


def _metric(info: RunInfo) -> float:
    assert info.metrics is not None
    return float("nan") if info.metrics.nll is None else info.metrics.nll

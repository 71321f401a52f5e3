"""What rate do all runs of a data set pay for what distortion? The last part of Compare: a chart whose points open runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from explorer.charts.rate_distortion import rate_distortion as draw_rate_distortion
from explorer.charts.style import CONFIG
from explorer.pages.compare.rate_distortion import Rated, RateDistortion, chart_sentence, rate_distortion
from explorer.session import columns as comparison
from explorer.session.load import open_page
from explorer.text.escape import escape_markdown
from explorer.text.numbers import format_number
from trainer.runs.records import RunInfo

RATE_HELP = """**Rate** R: mean KL(q(z|x) ‖ p(z)) over the test images. **Distortion** D: mean −E_q[log p(x|z)], the reconstruction loss.
ELBO = −(D + R), so the dashed lines join models of the same ELBO, and lower left is better (Alemi et al. 2018, “Fixing a Broken ELBO”,
eq. 4–5). All numbers are those of the runs' run.json, test split."""


def show_rates(run_id: str, names: Collection[str], runs: Mapping[str, RunInfo]) -> None:
    """Every run of the data set in the plane of rate and distortion; a click on one puts it into a column."""
    first = runs[run_id]
    told = rate_distortion(runs, first)
    data_set = first.dataset.sha256
    st.markdown(f"## Rate and distortion of every run of {escape_markdown(first.dataset.name)}")
    st.caption(
        f"Rate (KL) against distortion (reconstruction loss): test images, {told.measure}. Click on a run to put it into a column.",
        help=RATE_HELP,
    )
    if told.rated:
        st.plotly_chart(
            _figure(told.rated, names),
            config=CONFIG,
            key=comparison.chart_key(),
            selection_mode="points",
            on_select=lambda: comparison.open_clicked(data_set, run_id),
            alt=" ".join(
                f"{run.run_id}: rate {format_number(run.rate)}, distortion {format_number(run.distortion)}." for run in told.rated
            ),
        )
    for sentence in _about(told):
        st.caption(escape_markdown(sentence))
    with st.expander("The same as a list, to open runs from"):
        _list(told, data_set, run_id, names)


def _figure(rated: Sequence[Rated], names: Collection[str]) -> go.Figure:
    return draw_rate_distortion(
        [run.run_id for run in rated],
        [run.rate for run in rated],
        [run.distortion for run in rated],
        notes=[f"{run.latent_dim}-D {run.model}, β {run.beta:g}" for run in rated],
        is_shown=[run.run_id in names for run in rated],
        is_given_label=[run.given_label for run in rated],
    )


def _about(told: RateDistortion) -> list[str]:
    """What is seen, and what is not in the chart and why."""
    sentences = [chart_sentence(told.rated)]
    if any(run.given_label for run in told.rated):
        sentences.append("Open diamonds are given the class: they bound log p(x|y), which is larger than log p(x).")
    if told.unrated:
        listed = ", ".join(f"{run.run_id} (−log p at the code {format_number(run.distortion)})" for run in told.unrated)
        sentences.append(f"Without a rate, because a code is a point: {listed}.")
    if told.elsewhere:
        sentences.append(
            f"Scored otherwise and so not comparable: {', '.join(told.elsewhere)}; choose one of them as the first run."
        )
    if told.not_finite:
        sentences.append(f"With figures that are not finite: {', '.join(told.not_finite)}.")
    return sentences


def _figures(run: Rated) -> str:
    given = " given y" if run.given_label else ""
    figures = f"rate {format_number(run.rate)}, distortion {format_number(run.distortion)}, ELBO{given} {format_number(run.elbo)}"
    return f"{run.latent_dim}-D {run.model}, β {run.beta:g}: {figures}"


def _list(told: RateDistortion, data_set: str, run_id: str, names: Collection[str]) -> None:
    """The chart for the keyboard and for those who do not see it."""
    rated = [(run.run_id, _figures(run)) for run in told.rated]
    unrated = [(run.run_id, f"no rate, −log p at the code {format_number(run.distortion)}") for run in told.unrated]
    others = [(name, "scored otherwise") for name in told.elsewhere]
    for name, line in [*rated, *unrated, *others]:
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.button(
                f"Compare {name}",
                key=f"beside-{name}",
                disabled=name in names,
                type="tertiary",
                icon=":material/splitscreen_right:",
                on_click=comparison.open_beside,
                args=(data_set, run_id, name),
            )
            st.button(
                "Open in the atlas",
                key=f"atlas-{name}",
                type="tertiary",
                icon=":material/map:",
                on_click=open_page,
                args=(name, "atlas"),
                help=f"Shows {name} alone",
            )
            st.caption(escape_markdown(line))

"""The clinic: did dimensions die, does it matter, why, and what can be done? First a verdict, then what it rests on."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.cache.runs import get_run
from explorer.charts.deterministic import reconstruction_history, variance_bars
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.section import Examined
from explorer.pages.dimensions.sections import SECTIONS, traversals
from explorer.pages.dimensions.verdict import examined, show_verdict
from explorer.session.link import take_renamed
from explorer.session.load import State
from trainer.metrics.collapse import spread_sentence
from trainer.runs.read import Run

RENAMED = {"before training": "linear-VAE prediction", "mend": "fix"}  # in links of before

SPREAD_HELP = """Var(z_k) over the test images, in latent units squared; their largest share of the sum Σ_k Var(z_k).

The scale is arbitrary: the encoder may double a dimension and the decoder halve it. A VAE's dimension is active when Var(μ_k) > 0.01
(Burda et al. 2016, section 5.1), which means something only against a prior of variance 1."""
HISTORY_HELP = """−log p(x|z) at the code z of the picture, mean over the images, in nats: summed over pixels, lower is better. For Gaussian
pixels of fixed σ it is squared error / 2σ² and a constant."""


def show(now: State) -> None:
    """The whole page."""
    run = get_run(now.run_id)
    if run.config.is_deterministic:
        _without_posterior(now, run)
        return
    diagnosis = examined(run)
    if diagnosis is not None:
        show_verdict(run, diagnosis)
    _chosen_section(Examined(now, run, diagnosis))


def _chosen_section(shown: Examined) -> None:
    """The switch between sections, and the chosen one."""
    take_renamed("look", RENAMED)
    titles = [section.TITLE for section in SECTIONS]
    title = st.segmented_control(
        "Look at",
        titles,
        default=titles[0],
        key="look",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        width="content",
    )
    chosen = next((section for section in SECTIONS if title == section.TITLE and section.offered(shown)), SECTIONS[0])
    chosen.show(shown)


def _without_posterior(now: State, run: Run) -> None:
    """A deterministic model: how far its codes spread in each dimension, and why nothing more can be said."""
    variance = run.encodings.mu.astype(float).var(0)
    st.markdown(f"#### {spread_sentence(variance)}")
    st.caption(
        "This model gives each picture one point: there is no posterior, no KL and no bound. Nothing ties the codes to a prior, so "
        "there is nothing to draw new codes from, and a place between them may be a hole that decodes to no sensible picture.",
        help=SPREAD_HELP,
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(variance_bars(variance), config=CONFIG, key="variance-bars")
    with right:
        _reconstruction_history(run)
    st.divider()
    st.markdown("**What each dimension does**")
    traversals.show_strips(now, variance, np.full(len(variance), True))


def _reconstruction_history(run: Run) -> None:
    history = run.history
    if len(history["epoch"]) < 2:  # a line of one point cannot be seen
        why = "solved in one step" if run.config.model == "pca" else "trained for one epoch"
        why = "trained elsewhere" if run.info.origin is not None else why
        st.caption(f"There is no history: this model was {why}.")
        return
    st.caption("Reconstruction over the epochs", help=HISTORY_HELP)
    figure = reconstruction_history(history["epoch"], history["train_reconstruction"], history["test_reconstruction"])
    st.plotly_chart(figure, config=CONFIG, key="history-chart")

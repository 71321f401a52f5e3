"""How far do the codes of a model without a posterior spread in each dimension, and why can nothing more be said?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.charts.deterministic import reconstruction_history, variance_bars
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.section import Examined
from explorer.pages.dimensions.sections import traversals
from trainer.metrics.collapse import spread_sentence
from trainer.runs.read import Run

TITLE = "codes"
SPREAD_HELP = """Var(z_k) over the test images, in latent units squared; their largest share of the sum Σ_k Var(z_k).

The scale is arbitrary: the encoder may double a dimension and the decoder halve it. A VAE's dimension is active when Var(μ_k) > 0.01
(Burda et al. 2016, section 5.1), which means something only against a prior of variance 1."""
HISTORY_HELP = """−log p(x|z) at the code z of the picture, mean over the images, in nats: summed over pixels, lower is better. For Gaussian
pixels of fixed σ it is squared error / 2σ² and a constant."""


def offered(shown: Examined) -> bool:
    """Of a run whose codes are points."""
    return not shown.has_posterior


def show(shown: Examined) -> None:
    """The variance of every dimension, the history, and a strip of pictures for each dimension."""
    run = shown.run
    variance = run.encodings.mu.astype(float).var(0)
    st.markdown(f"## {spread_sentence(variance)}")
    st.caption(
        "How to read this: a tall bar is a dimension in which codes differ much. This model gives each picture one point: there is no "
        "posterior, no KL and no bound. Nothing ties the codes to a prior, so there is nothing to draw new codes from, and a place between "
        "them may be a hole that decodes to no sensible picture.",
        help=SPREAD_HELP,
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(variance_bars(variance), config=CONFIG, key="variance-bars")
    with right:
        _reconstruction_history(run)
    st.divider()
    st.markdown("**What each dimension does**")
    traversals.show_strips(shown.now, variance, np.full(len(variance), True))


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

"""The clinic: did dimensions die, does it matter, why, and what can be done? First a verdict, then what it rests on."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.cache.runs import all_runs, get_run
from explorer.charts import style as figures
from explorer.pages.dimensions import remedies as mend
from explorer.pages.dimensions import sections as clinic
from explorer.pages.dimensions import traversals
from explorer.session.link import take_renamed
from explorer.session.load import State
from trainer.metrics.collapse import is_active, kl_per_dim, spread_sentence
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

SECTIONS = ("KL", "information", "prior", "traversals", "linear-VAE prediction", "sweep over β", "fix")
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
    diagnosis = clinic.examined(run)
    if diagnosis is not None:
        clinic.verdict(run, diagnosis)
    take_renamed("look", RENAMED)
    section = st.segmented_control(
        "Look at",
        SECTIONS,
        default=SECTIONS[0],
        key="look",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        width="content",
    )
    found, runs = run.info.examination, {name: info for name, info in all_runs().items() if isinstance(info, RunInfo)}
    match section:
        case "information" if found is not None:
            clinic.information_section(run, found)
        case "prior":
            clinic.prior_section(run, found)
        case "traversals":
            codes = run.encodings
            traversals.show(now, kl_per_dim(codes.mu, codes.logvar), is_active(codes.mu))
        case "linear-VAE prediction":
            clinic.before_section(run, runs)
        case "sweep over β":
            clinic.beta_section(run, runs)
        case "fix":
            mend.show(run, diagnosis)
        case _:
            clinic.kl_section(run, diagnosis)


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
        st.plotly_chart(figures.variance_bars(variance), config=figures.CONFIG, key="variance-bars")
    with right:
        _reconstruction_history(run)
    st.divider()
    st.markdown("**What each dimension does**")
    traversals.show(now, variance, np.full(len(variance), True))


def _reconstruction_history(run: Run) -> None:
    history = run.history
    if len(history["epoch"]) < 2:  # a line of one point cannot be seen
        why = "solved in one step" if run.config.model == "pca" else "trained for one epoch"
        why = "trained elsewhere" if run.info.origin is not None else why
        st.caption(f"There is no history: this model was {why}.")
        return
    st.caption("Reconstruction over the epochs", help=HISTORY_HELP)
    figure = figures.reconstruction_history(history["epoch"], history["train_reconstruction"], history["test_reconstruction"])
    st.plotly_chart(figure, config=figures.CONFIG, key="history-chart")

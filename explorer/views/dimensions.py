"""Which latent dimensions carry information? KL of each, its history, and what each of them does to a picture."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer import cache, figures, state
from explorer.core.pictures import strip, to_picture
from explorer.state import State
from explorer.views import parts
from explorer.views.parts import decoder, show_picture
from trainer.collapse import ACTIVE_VARIANCE, is_active, kl_per_dim, sentence, spread_sentence
from trainer.runs import Run

N_SHOWN = 8
STEPS = np.linspace(-3, 3, 13)  # standard deviations of the prior, or of the codes where there is none
KL_THRESHOLD = 0.05  # nats; the line in the chart, not what decides: that is Var(mu) > 0.01

KL_HELP = """Mean over the test images of KL(q(z_k|x) ‖ N(0, 1)) = ½(μ² + σ² − 1 − log σ²), in nats (Kingma & Welling 2014, appendix B).

A dimension counts as **active** when its posterior mean varies over the images by more than 0.01 in variance (Burda et al. 2016,
section 5.1); the dotted line at 0.05 nats is only a guide for the eye."""
SPREAD_HELP = """Var(z_k) over the test images, in latent units squared; their largest share of the sum Σ_k Var(z_k).

The scale is arbitrary: the encoder may double a dimension and the decoder halve it. A VAE's dimension is active when Var(μ_k) > 0.01
(Burda et al. 2016, section 5.1), which means something only against a prior of variance 1."""
HISTORY_HELP = """−log p(x|z) at the code z of the picture, mean over the images, in nats: summed over pixels, lower is better. For Gaussian
pixels of fixed σ it is squared error / 2σ² and a constant."""


def show(now: State) -> None:
    """The whole page."""
    run = cache.run(now.run_id)
    codes = run.encodings
    if run.config.is_deterministic:
        _without_posterior(now, run)
        return
    kl, active = kl_per_dim(codes.mu, codes.logvar), is_active(codes.mu)
    st.markdown(f"#### {sentence(kl, active)}")
    st.caption(
        f"KL of every dimension, mean over the {len(codes.mu):,} test images; active means Var(μ) > {ACTIVE_VARIANCE:g}.",
        help=KL_HELP,
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(figures.kl_bars(kl, active, KL_THRESHOLD), config=figures.CONFIG, key="kl-bars")
    with right:
        _history(run, active)
    st.divider()
    _traversals(now, run, kl, active)


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
    _traversals(now, run, variance, np.full(len(variance), True))


def _reconstruction_history(run: Run) -> None:
    history = run.history
    if len(history["epoch"]) < 2:  # a line of one point cannot be seen
        why = "solved in one step" if run.config.model == "pca" else "trained for one epoch"
        st.caption(f"There is no history: this model was {why}.")
        return
    st.caption("Reconstruction over the epochs", help=HISTORY_HELP)
    figure = figures.reconstruction_history(history["epoch"], history["train_reconstruction"], history["test_reconstruction"])
    st.plotly_chart(figure, config=figures.CONFIG, key="history-chart")


def _history(run: Run, active: NDArray[np.bool_]) -> None:
    which = st.segmented_control(
        "Over the epochs", ["KL", "ELBO"], default="KL", key="history", required=True, label_visibility="collapsed", width="content"
    )
    history, names = run.history, [f"z{k + 1}" for k in range(run.config.latent_dim)]
    if which == "KL":
        columns = np.column_stack([history[f"kl_{k + 1}"] for k in range(run.config.latent_dim)])
        figure = figures.kl_history(history["epoch"], columns, names, active)
    else:
        figure = figures.elbo_history(history["epoch"], history["train_elbo"], history["test_elbo"])
    st.plotly_chart(figure, config=figures.CONFIG, key="history-chart")


def _traversals(now: State, run: Run, kl: NDArray[np.float64], active: NDArray[np.bool_]) -> None:
    """One strip a dimension, by KL (of a deterministic model by variance): the others stay at the pin, or in the middle."""
    is_point, mu = run.config.is_deterministic, run.encodings.mu
    middle, spread = (mu.mean(0), mu.std(0)) if is_point else (np.zeros_like(mu[0]), np.ones_like(mu[0]))
    base = np.asarray(now.pins[-1].z, np.float32) if now.pins else middle
    where = "the mean of the codes" if is_point else "0, the middle of the prior"
    where = f"pin {state.label(len(now.pins) - 1)}" if now.pins else where
    st.markdown("**What each dimension does**")
    span = "three standard deviations below to three above the mean of the codes" if is_point else "−3 to 3"
    st.caption(
        f"z from {span} in one dimension, all others at {where}. "
        "A strip that does not change belongs to a dimension that is not used."
    )
    parts.class_choice(run)
    order = np.argsort(-kl, kind="stable")
    show_all = len(order) > N_SHOWN and st.toggle(f"Show all {len(order)} dimensions", key="all-dimensions")
    shown = order if show_all else order[:N_SHOWN]
    columns = st.columns(2, gap="large")
    for i, k in enumerate(shown.tolist()):
        with columns[i % 2]:
            what = f"variance {kl[k]:.2f}" if is_point else f"KL {kl[k]:.2f} nats"
            st.caption(f"z{k + 1} · {what}{'' if active[k] else ' · switched off'}")
            values = middle[k] + STEPS * spread[k]
            alt = f"decoded pictures as z{k + 1} goes from {values[0]:.2g} to {values[-1]:.2g}".replace("-", "−")
            show_picture(strip(_row(run, base, k, values)), alt, 1100, fill=True)


def _row(run: Run, base: NDArray[np.float32], dimension: int, values: NDArray[np.float64]) -> list[NDArray[np.uint8]]:
    codes = np.repeat(base[None], len(values), axis=0)
    codes[:, dimension] = values
    return [to_picture(x_hat) for x_hat in decoder(run).decode(codes)]

"""Which latent dimensions carry information? KL of each, its history, and what each of them does to a picture."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer import cache, figures, state
from explorer.core.pictures import strip, to_picture
from explorer.state import State
from explorer.views.parts import show_picture
from trainer.collapse import ACTIVE_VARIANCE, is_active, kl_per_dim, sentence
from trainer.runs import Run

N_SHOWN = 8
STEPS = np.linspace(-3, 3, 13)
KL_THRESHOLD = 0.05  # nats; the line in the chart, not what decides: that is Var(mu) > 0.01

KL_HELP = """Mean over the test images of KL(q(z_k|x) ‖ N(0, 1)) = ½(μ² + σ² − 1 − log σ²), in nats (Kingma & Welling 2014, appendix B).

A dimension counts as **active** when its posterior mean varies over the images by more than 0.01 in variance (Burda et al. 2016,
section 5.1); the dotted line at 0.05 nats is only a guide for the eye."""


def show(now: State) -> None:
    """The whole page."""
    run = cache.run(now.run_id)
    codes = run.encodings
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
    """One strip a dimension, by KL: the others stay at the pin, or at 0."""
    base = np.asarray(now.pins[-1].z if now.pins else np.zeros(run.config.latent_dim), np.float32)
    where = f"pin {state.label(len(now.pins) - 1)}" if now.pins else "0, the middle of the prior"
    st.markdown("**What each dimension does**")
    st.caption(
        f"z from −3 to 3 in one dimension, all others at {where}. A strip that does not change belongs to a dimension that is not used."
    )
    order = np.argsort(-kl, kind="stable")
    show_all = len(order) > N_SHOWN and st.toggle(f"Show all {len(order)} dimensions", key="all-dimensions")
    shown = order if show_all else order[:N_SHOWN]
    columns = st.columns(2, gap="large")
    for i, k in enumerate(shown.tolist()):
        with columns[i % 2]:
            st.caption(f"z{k + 1} · KL {kl[k]:.2f} nats{'' if active[k] else ' · switched off'}")
            show_picture(strip(_row(run, base, k)), f"decoded pictures as z{k + 1} goes from −3 to 3", 1100, fill=True)


def _row(run: Run, base: NDArray[np.float32], dimension: int) -> list[NDArray[np.uint8]]:
    codes = np.repeat(base[None], len(STEPS), axis=0)
    codes[:, dimension] = STEPS
    return [to_picture(x_hat) for x_hat in run.forward.decode(codes)]

"""How far is the posterior of every dimension from the prior, image by image and over the epochs?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.charts.collapse import MOST_ROWS, kl_heat_map, kl_ribbon
from explorer.charts.style import CONFIG
from explorer.pages.dimensions.section import Examined, number_table, short
from explorer.surface.component import live_chart
from explorer.widgets.pictures import run_image_name
from trainer.diagnosis.diagnose import Diagnosis
from trainer.metrics.collapse import is_active, population_kl
from trainer.numerals import count, dimension
from trainer.runs.read import Run

TITLE = "KL"
Doubles = NDArray[np.float64]
MOST_SORTED = 1000  # numbers that stand for the images of one dimension in the live chart
KL_HELP = """Mean over the test images of KL(q(z_k|x) ‖ N(0, 1)) = ½(μ² + σ² − 1 − log σ²), in nats (Kingma & Welling 2014, appendix B).

A dimension is **(ε, δ)-collapsed** if at least a share 1 − δ of the images has KL below ε (Lucas et al. 2019, definition 1). It is an
**active unit** when its posterior mean varies over the images by more than 0.01 in variance (Burda et al. 2016, section 5.1).

A dimension is **used**, or needed by the decoder, if it is active and shuffling it between images raises the reconstruction loss by more
than 0.05 nats beyond two standard errors. Where that is not so, but two standard errors above the measured rise reach ln 2 nats, it is
**not known**. The three counts may differ: the first asks the KL of single images, the second the encoder, the third the decoder."""


def offered(shown: Examined) -> bool:
    """Of every run with a posterior."""
    return shown.has_posterior


def show(shown: Examined) -> None:
    """Bars with sliders, then the images one by one beside the epochs, then the numbers."""
    run, diagnosis, codes = shown.run, shown.diagnosis, shown.run.encodings
    kl = population_kl(codes.mu, codes.logvar)
    mean, active = kl.mean(0), is_active(codes.mu)
    order = np.argsort(-mean, kind="stable").tolist()
    _bars(kl, active, diagnosis, run.id)
    left, right = st.columns(2, gap="large")
    with left:
        _image_by_image(run, kl, order)
    with right:
        _ribbon(run, order)
    number_table(
        {
            "dimension": [dimension(k) for k in order],
            "mean KL, nats": mean[order],
            "Var(μ)": codes.mu.astype(float).var(0)[order],
            "active": active[order],
        }
        | ({} if diagnosis is None else {"used": _uses(diagnosis, order)})
    )


def _bars(kl: Doubles, active: NDArray[np.bool_], diagnosis: Diagnosis | None, run_id: str) -> None:
    """The mean KL (N, K) of every dimension, with sliders for both thresholds of collapse."""
    st.caption(
        "How to read this: a tall bar is a posterior far from the prior; blue ones are also needed by the decoder. The sliders set when a "
        f"small bar counts as collapsed. Over all {count(len(kl))} test images.",
        help=KL_HELP,
    )
    live_chart(
        {
            "kind": "collapse",
            "kl": short(kl.mean(0)),
            "active": active.tolist(),
            "used": None if diagnosis is None else _uses(diagnosis, range(len(diagnosis.used))),
            "sorted": [short(column) for column in _quantiles(kl)],
        },
        key=f"collapse-{run_id}",
    )


def _uses(diagnosis: Diagnosis, order: Iterable[int]) -> list[bool | None]:
    """Whether the decoder needs each of those dimensions; None where too few images were examined to tell."""
    return [None if diagnosis.undecided[k] else bool(diagnosis.used[k]) for k in order]


def _image_by_image(run: Run, kl: Doubles, order: list[int]) -> None:
    st.markdown("**Image by image**")
    st.caption("A column dark all the way down is collapsed; one bright only for some classes encodes what they differ in.")
    rows = _rows_by_class(run)
    names = [run_image_name(run, row) for row in rows.tolist()]
    st.plotly_chart(kl_heat_map(kl[rows], order, names), config=CONFIG, key="kl-heat")


def _ribbon(run: Run, order: list[int]) -> None:
    history = run.history
    if len(history["epoch"]) < 2:
        why = "trained elsewhere" if run.info.origin is not None else "trained for one epoch"
        st.caption(f"There is no history: this model was {why}.")
        return
    st.markdown("**Over the epochs**")
    st.caption(
        "A band that narrows to zero is a dimension collapsing; compare it with β(t) at that epoch. The slider moves the line."
    )
    kl = np.column_stack([history[f"kl_{k + 1}"] for k in range(run.config.latent_dim)])
    beta = history.get("beta", np.full(len(kl), run.config.beta))
    st.plotly_chart(kl_ribbon(history["epoch"], kl, beta, order), config=CONFIG, key="kl-ribbon")


def _quantiles(kl: Doubles) -> Doubles:
    """(K, Q): every dimension's KL over the images, ascending; all of them, or as many quantiles."""
    ascending = np.sort(kl, axis=0).T
    if ascending.shape[1] <= MOST_SORTED:
        return ascending
    return ascending[:, np.linspace(0, ascending.shape[1] - 1, MOST_SORTED).round().astype(int)]


def _rows_by_class(run: Run) -> NDArray[np.int64]:
    """Evenly spread images, sorted by class."""
    n = len(run.encodings.mu)
    rows = np.unique(np.linspace(0, n - 1, min(n, MOST_ROWS)).round().astype(np.int64))
    return rows[np.argsort(run.encodings.label[rows], kind="stable")]

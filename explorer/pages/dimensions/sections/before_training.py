"""Which dimensions can be alive at all? The prediction of the linear VAE, from the spectrum of the training images."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.cache.datasets import eigenvalues
from explorer.pages.dimensions.section import Examined, short, sound_runs
from explorer.surface.component import live_chart
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

TITLE = "linear-VAE prediction"


def offered(shown: Examined) -> bool:
    """Of every run with a posterior."""
    return shown.has_posterior


def show(shown: Examined) -> None:
    """The spectrum as a staircase with a line that can be moved, and linear VAEs that were trained as dots on it."""
    run = shown.run
    values = eigenvalues(run.id)
    if values is None:
        why = (
            "those of your own data are not kept in the run"
            if run.info.dataset.is_own
            else "they are not on this machine, or have more than 1024 pixels"
        )
        st.info(f"The spectrum needs the training images, and {why}.")
        return
    linear = [_on_the_stairs(name, info) for name, info in sound_runs().items() if _is_linear(info, run)]
    st.caption(
        "How to read this: for a linear VAE with Gaussian pixels of fixed σ² a direction of the data stays active if its eigenvalue λ is "
        f"above the line βσ². Move the line and walk down the staircase{_of_dots(bool(linear))}.{_of_pixels(run)}",
        help="Dimension i is active iff λ_i > βσ², with mean KL ½ log(λ_i/βσ²) (Lucas et al. 2019, with probabilistic PCA of Tipping & "
        "Bishop 1999). A deep VAE is not linear: for it the staircase is a first guess. λ: of the covariance of the training images.",
    )
    found = run.info.examination
    sigma2 = found.sigma**2 if found is not None and found.sigma else 0.04
    live_chart(
        {
            "kind": "staircase",
            "dataset": run.info.dataset.name,
            "eigenvalues": short(values[values > 1e-9]),
            "runs": linear,
            "beta": float(np.clip(run.config.beta, 0.05, 50)),
            "sigma2": float(np.clip(sigma2, 1e-4, 1)),
        },
        key=f"staircase-{run.id}",
    )


def _of_dots(has_some: bool) -> str:
    if not has_some:
        return ""
    return "; the dots are linear VAEs that were trained, each with a number of latent dimensions that it cannot exceed"


def _of_pixels(run: Run) -> str:
    """What the line can tell of a model without the σ that it stands for."""
    if run.config.likelihood == "gaussian":
        return ""
    return (
        f" This model's likelihood is {run.config.likelihood}, which has no such σ²: here the staircase only shows how many "
        "directions hold how much of the variance of the images, not how many dimensions this model uses."
    )


def _is_linear(info: RunInfo, run: Run) -> bool:
    config = info.config
    is_kind = config.model == "vae" and config.network == "linear" and config.likelihood == "gaussian" and config.scale == "fixed"
    return is_kind and info.dataset.sha256 == run.info.dataset.sha256 and info.metrics is not None


def _on_the_stairs(name: str, info: RunInfo) -> dict[str, Any]:
    assert info.metrics is not None
    threshold = info.config.beta * info.config.sigma**2
    return {"name": name, "threshold": threshold, "active": info.metrics.active_units, "latent_dim": info.config.latent_dim}

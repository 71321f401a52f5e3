"""What does each dimension do to a picture? One strip a dimension, all others at the pin or in the middle; and the same as a GIF."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.runs import get_run
from explorer.pages.dimensions.section import Examined
from explorer.pictures.arrays import strip, to_picture
from explorer.pictures.export import animation, safe_file_name
from explorer.session.load import State
from explorer.session.pins import pin_name
from explorer.widgets.class_chooser import class_choice, decoder
from explorer.widgets.pictures import show_picture
from trainer.metrics.collapse import is_active, kl_per_dim
from trainer.numerals import dimension, number
from trainer.runs.read import Run

TITLE = "traversals"
N_SHOWN = 8
STEPS = np.linspace(-3, 3, 13)  # standard deviations of the prior, or of the codes where there is none
FINE = np.linspace(-3, 3, 31)
FPS = 20
WEIGHT_HELP = """By which the dimensions are sorted: mean KL(q(z_k|x) ‖ N(0, 1)) over the test images, in nats; of a deterministic model
Var(z_k). Active: the posterior mean varies by more than 0.01 in variance (Burda et al. 2016, section 5.1)."""


def offered(shown: Examined) -> bool:
    """Of every run with a posterior; of points they are part of `codes`."""
    return shown.has_posterior


def show(shown: Examined) -> None:
    """Strips sorted by the KL of their dimension."""
    codes = shown.run.encodings
    show_strips(shown.now, kl_per_dim(codes.mu, codes.logvar), is_active(codes.mu))


def show_strips(now: State, weight: NDArray[np.float64], active: NDArray[np.bool_]) -> None:
    """weight (K,): by which the dimensions are sorted, KL in nats or for a deterministic model the variance of the codes."""
    run = get_run(now.run_id)
    is_point = run.config.is_deterministic
    middle, spread = _middle(run)
    base, where = _base(now, run, middle)
    span = "three standard deviations below to three above the mean of the codes" if is_point else "−3 to 3"
    st.caption(
        f"z from {span} in one dimension, all others at {where}. "
        "A strip that does not change belongs to a dimension that the decoder does not use there."
    )
    class_choice(run)
    order = np.argsort(-weight, kind="stable")
    show_all = len(order) > N_SHOWN and st.toggle(f"Show all {len(order)} dimensions", key="all-dimensions", bind="query-params")
    columns = st.columns(2, gap="large")
    for i, k in enumerate((order if show_all else order[:N_SHOWN]).tolist()):
        with columns[i % 2]:
            what = f"variance {number(float(weight[k]))}" if is_point else f"KL {number(float(weight[k]))} nats"
            st.caption(f"{dimension(k)} · {what}{'' if active[k] else ' · not active'}", help=WEIGHT_HELP)
            values = middle[k] + STEPS * spread[k]
            alt = f"decoded images as {dimension(k)} goes from {number(float(values[0]))} to {number(float(values[-1]))}"
            show_picture(strip(_row(run, base, k, values)), alt, 1100, fill=True)
            st.html(_scale(values))
    _download(run, base, middle, spread, order[:N_SHOWN].tolist())


def _scale(values: NDArray[np.float64]) -> str:
    """Values under the pictures that they belong to."""
    cells = [f"<span>{number(float(value), 1) if i % 3 == 0 else ''}</span>" for i, value in enumerate(values)]
    return f'<div class="strip-scale">{"".join(cells)}</div>'


def _middle(run: Run) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    mu = run.encodings.mu
    return (mu.mean(0), mu.std(0)) if run.config.is_deterministic else (np.zeros_like(mu[0]), np.ones_like(mu[0]))


def _base(now: State, run: Run, middle: NDArray[np.float32]) -> tuple[NDArray[np.float32], str]:
    """The code of the other dimensions: that of a pin, the mean of the codes, or the middle of the prior."""
    choices = {pin_name(i, pin): np.asarray(pin.z, np.float32) for i, pin in enumerate(now.pins)}
    choices = dict(reversed(choices.items()))  # the last pin first
    if not run.config.is_deterministic:
        choices["0, the middle of the prior"] = middle
    choices["the mean of the codes"] = run.encodings.mu.mean(0)
    name = st.selectbox("All other dimensions at", list(choices), key="traversal-base", bind="query-params", width=300)
    return choices[name], name


def _row(run: Run, base: NDArray[np.float32], dimension: int, values: NDArray[np.float64]) -> list[NDArray[np.uint8]]:
    codes = np.repeat(base[None], len(values), axis=0)
    codes[:, dimension] = values
    return [to_picture(x_hat) for x_hat in decoder(run).decode(codes)]


def _download(
    run: Run, base: NDArray[np.float32], middle: NDArray[np.float32], spread: NDArray[np.float32], dimensions: list[int]
) -> None:
    """All shown dimensions side by side, moving together; made when it is asked for."""

    def gif() -> bytes:
        films = [np.stack(_row(run, base, k, middle[k] + FINE * spread[k])) for k in dimensions]
        frames = np.concatenate(films, axis=2)
        return animation(frames, FPS, max(1, 84 // max(run.image_shape[1:])), "gif")

    names = "-".join(f"z{k + 1}" for k in dimensions)
    st.download_button(
        "GIF of these dimensions",
        data=partial(gif),
        file_name=f"{safe_file_name(f'{run.id}-{names}')}.gif",
        mime="image/gif",
        icon=":material/download:",
        key="save-traversals",
        on_click="ignore",
    )

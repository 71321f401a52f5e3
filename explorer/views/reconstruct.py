"""What does the model make of a picture? Upload, what it was fed, reconstruction, error, its place on the map."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer import cache, figures, state
from explorer.core.pictures import Picture, error_map, strip, to_picture
from explorer.core.words import plain
from explorer.state import State
from explorer.surface.payload import Options
from explorer.views.parts import chosen_map, live_surface, marked, number_list, pins_shown, show_picture
from explorer.views.picking import Picked, picked_picture
from trainer.forward import Codes
from trainer.runs import Run

N_DRAWS = 8
TALL_PX = 224  # 8 x 28: whole pixels, and four side by side on a wide page


def show(now: State) -> None:
    """The whole page."""
    run = cache.run(now.run_id)
    left, right = st.columns([1, 3], gap="large")
    with left:
        picked = picked_picture(run, "reconstruct")
    if picked is None:
        with right:
            st.markdown("**Give the model a picture**")
            st.caption("It is turned into what the model was trained on, encoded, and decoded again; every step is shown.")
        return
    codes = run.forward.encode(picked.x[None])
    with right:
        _pictures(run, picked, codes)
    _steps(picked)
    st.divider()
    _code(now, run, picked, codes)


def _pictures(run: Run, picked: Picked, codes: Codes) -> None:
    x_hat = run.forward.decode(codes.mu)[0]
    shown: list[tuple[str, Picture, str]] = [
        ("fed to the model", to_picture(picked.x), "The picture after preparation, in the model's size."),
        ("reconstruction", to_picture(x_hat), "Decoded from z = μ, the posterior mean: a sample would differ each time."),
    ]
    if picked.is_original:
        shown.append(
            ("error", error_map(picked.x, x_hat), "Reconstruction minus input: red is too bright, blue too dark, white is right.")
        )
    if picked.steps:
        shown.insert(0, ("yours", picked.shown, "The picture as it was opened."))
    for column, (title, picture, help_text) in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            st.caption(title, help=help_text)
            show_picture(picture, title, TALL_PX)
    error = f"mean absolute error {float(np.abs(picked.x - x_hat).mean()):.3f} a pixel (0 is black, 1 is white), "
    st.caption(
        f"{plain(picked.title)}: {error if picked.is_original else ''}KL {float(codes.kl.sum()):.1f} nats.",
        help="KL(q(z|x) ‖ N(0, I)) of this one picture, summed over dimensions, in nats (Kingma & Welling 2014, appendix B).",
    )


def _steps(picked: Picked) -> None:
    if len(picked.steps) < 2:
        return
    with st.expander("How it was prepared, step by step"):
        columns = st.columns(min(4, len(picked.steps)))
        for i, step in enumerate(picked.steps):
            with columns[i % len(columns)]:
                show_picture(step.picture, step.title, 168)
                st.markdown(f"**{step.title}**")
                st.caption(step.sentence)


def _code(now: State, run: Run, picked: Picked, codes: Codes) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown("**Where the encoder puts it**")
        st.caption(
            f"μ = {number_list(codes.mu[0])}, σ = {number_list(codes.std[0])}",
            help="q(z|x) = N(μ, diag σ²). The grey band is ±1 of the prior; bars are ±1 σ: how sure the encoder is.",
        )
        st.plotly_chart(figures.posterior_dots(codes.mu[0], codes.std[0]), config=figures.CONFIG, key="posterior")
        _draws(run, codes)
        st.button("Pin this code", on_click=state.add_code, args=(run.id, codes.mu[0].tolist()), icon=":material/push_pin:")
    with right:
        projection, axes = chosen_map(run)
        place = marked("your picture", codes.mu[0], run, projection, codes.std[0])
        live_surface(
            run.id, projection, axes, "reconstruct-surface", pins=pins_shown(now, run, projection), markers=[place],
            exact=place, height=420,
            options=Options(pinnable=False, hint=False),
        )  # fmt: skip


def _draws(run: Run, codes: Codes) -> None:
    st.caption(
        "Drawn again from the posterior, z = μ + σ·ε",
        help="ε ~ N(0, I). Where the draws agree, the code is sharp; where they differ, the encoder was unsure.",
    )
    pictures = [to_picture(x_hat) for x_hat in run.forward.decode(posterior_draws(codes, N_DRAWS, state.draws()))]
    show_picture(strip(pictures), f"{N_DRAWS} pictures decoded from draws of the posterior", 640, fill=True)
    st.button("Draw again", on_click=state.draw_again, icon=":material/refresh:")


def posterior_draws(codes: Codes, n: int, seed: int) -> NDArray[np.float32]:
    """n codes (n, K) from one picture's posterior; the same seed gives the same draws."""
    eps = np.random.default_rng(seed).standard_normal((n, codes.mu.shape[1]), np.float32)
    return np.asarray(codes.mu + codes.std * eps, np.float32)

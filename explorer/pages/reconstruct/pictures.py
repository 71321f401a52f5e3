"""What does the model make of one picture? Input, reconstruction and error, how it was prepared, and the same code as every class."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.pictures.arrays import Picture, error_map, fitted, picture_grid, to_picture
from explorer.session.visitor import is_dark
from explorer.text.escape import escape_markdown
from explorer.widgets.chosen_picture import ChosenPicture
from explorer.widgets.pictures import DESKTOP, LAPTOP, channel_words, grow_with_window, show_picture
from trainer.models.numpy_engine import Codes
from trainer.numerals import number, percent
from trainer.runs.read import Run

TALL_PX, SMALL_PX = 140, 112  # 5 and 4 x 28: whole pixels, three or four side by side beside the map
LARGER_PX = {LAPTOP: (196, 140), DESKTOP: (212, 196)}  # for three and for four
STEP_PX = 168
MEAN_HELP = "Decoded from the posterior mean z = μ. A sample z ~ q(z|x) would give a slightly different picture each time."
POINT_HELP = "A deterministic model has one code z = f(x) per picture, and no posterior to sample from."
ERROR_HELP = (
    "x̂ − x, mean over channels: red where the reconstruction is brighter than the input, blue where darker, "
    "the page's own tone where equal."
)
KL_HELP = """Mean absolute error: mean of |x̂ − x| over pixels and channels. KL(q(z|x) ‖ N(0, I)) of this picture, summed over dimensions, in
nats (Kingma & Welling 2014, appendix B)."""
CLASS_HELP = """A test image is encoded under its own class. The class of any other picture is not known: a semi-supervised model uses its
classifier, arg max q(y|x) (Kingma et al. 2014, eq. 4); a conditional VAE takes the class under which log p(x|z, y) − KL(q(z|x, y) ‖ p(z)),
at z = μ, is largest: Bayes' rule with equal odds, a bound in place of log p(x|y)."""


def show_pictures(run: Run, picked: ChosenPicture, codes: Codes, label: int | None) -> None:
    x_hat = run.forward.decode(codes.mu, None if label is None else [label])[0]
    shown: list[tuple[str, Picture, str]] = [
        ("model input", to_picture(picked.x), "What the encoder is given: the picture after preparation, in the model's size."),
        ("reconstruction", to_picture(x_hat), POINT_HELP if run.config.is_deterministic else MEAN_HELP),
    ]
    if picked.is_original:
        shown.append(("error", error_map(picked.x, x_hat, is_dark()), ERROR_HELP))
    if picked.steps:
        shown.insert(0, ("your picture", picked.shown, "The picture as it was opened."))
    with st.container(horizontal=True, wrap=False, gap="small", key="reconstruct-pictures"):
        for title, picture, help_text in shown:
            with st.container(gap="xxsmall"):
                st.caption(title, help=help_text)
                show_picture(picture, title, TALL_PX if len(shown) < 4 else SMALL_PX)
    rooms = {window: (room[len(shown) > 3],) * 2 for window, room in LARGER_PX.items()}
    grow_with_window("reconstruct-pictures", run.image_shape[1:], rooms)
    if picked.steps:  # what was done with the picture is said where it is seen, not only step by step
        st.caption(f"{picked.steps[0].sentence} {picked.steps[-1].sentence}")
    channel_words(run)


def show_error(run: Run, picked: ChosenPicture, codes: Codes, label: int | None) -> None:
    """How far the reconstruction is off, and what the code costs."""
    x_hat = run.forward.decode(codes.mu, None if label is None else [label])[0]
    error = f"mean absolute error {number(float(np.abs(picked.x - x_hat).mean()), 3)} per pixel (0 black, 1 white)"
    title = escape_markdown(picked.title)
    if run.config.is_deterministic:
        no_kl = "no posterior, so no KL"
        st.caption(f"{title}: {f'{error}; {no_kl}' if picked.is_original else no_kl}.", help=POINT_HELP)
        return
    st.caption(
        f"{title}: {f'{error}, ' if picked.is_original else ''}KL {number(float(codes.kl.sum()), 1)} nats.",
        help=KL_HELP,
    )


def show_steps(picked: ChosenPicture) -> None:
    """The preparation, a picture each."""
    with st.container(horizontal=True, gap="medium"):
        for step in picked.steps:
            with st.container(width=STEP_PX, gap="small"):
                show_picture(step.picture, step.title, STEP_PX)
                st.markdown(f"**{step.title}**")
                st.caption(step.sentence)


def show_every_class(run: Run, picked: ChosenPicture, codes: Codes, label: int) -> None:
    """The same z decoded as each class: what the code holds besides the class."""
    names = run.info.dataset.class_names
    st.markdown(f"**{_taken_as(run, picked, label)}; the same z as every class**")
    st.caption(
        "z was encoded under that class. Decoded as another class it keeps what z holds (the style) and changes the class. "
        "“Decode as class” above shows one of them large.",
        help=CLASS_HELP,
    )
    pictures = run.forward.decode(np.repeat(codes.mu, len(names), axis=0), np.arange(len(names)))
    lines = [f"as {name}{', as encoded' if y == label else ''}" for y, name in enumerate(names)]
    st.html(picture_grid([fitted(to_picture(x_hat), 84) for x_hat in pictures], lines, cell_px=96))


def _taken_as(run: Run, picked: ChosenPicture, label: int) -> str:
    """Whose class it is, and of a model with a classifier how sure that is; Markdown."""
    names, config = run.info.dataset.class_names, run.config
    odds = run.forward.class_probabilities(picked.x[None])[0] if config.is_semi_supervised else None
    if picked.label is None:
        sure = "" if odds is None else f" (probability {percent(float(odds[label]))})"
        return f"Taken as class {escape_markdown(names[label])}{sure}"
    best = "" if odds is None else f"{escape_markdown(names[int(odds.argmax())])}, probability {percent(float(odds.max()))}"
    guess = f" (most probable under q(y|x): {best})" if best else ""
    return f"Encoded under its own class {escape_markdown(names[label])}{guess}"

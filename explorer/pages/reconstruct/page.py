"""What does the model make of a picture? Upload, model input, reconstruction, error, its code on the map."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.cache.datasets import ground
from explorer.cache.runs import get_run
from explorer.charts.posterior import code_dots, posterior_dots
from explorer.charts.style import CONFIG
from explorer.pages.reconstruct import batch as several
from explorer.pages.reconstruct import trust
from explorer.pictures.arrays import Picture, error_map, fitted, picture_grid, to_picture
from explorer.pictures.protocols import browser_protocol
from explorer.session import events
from explorer.session.class_choice import decode_as
from explorer.session.load import State
from explorer.session.pins import add_code, sync_link
from explorer.surface.payload import picture_bytes
from explorer.surface.schema import Options, SubjectRecord
from explorer.text.escape import escape_markdown
from explorer.text.numbers import code_decimals, number_list
from explorer.text.test_images import image_name
from explorer.widgets.class_chooser import chosen_label, decoded_as
from explorer.widgets.live_map import live_map, marked, pins_shown
from explorer.widgets.map_chooser import chosen_map
from explorer.widgets.picture_source import (
    ChosenPicture,
    UploadBatch,
    choose_pictures,
    class_of,
    codes_of,
    pad_is_chosen,
    picture_from_pad,
)
from explorer.widgets.pictures import channel_words, show_picture
from trainer.models.numpy_engine import Codes
from trainer.numerals import number, percent
from trainer.runs.read import Run

PAD_KEY = "pad-surface"
TALL_PX = 224  # 8 x 28: whole pixels, and four side by side on a wide page
MEAN_HELP = "Decoded from the posterior mean z = μ. A sample z ~ q(z|x) would give a slightly different picture each time."
POINT_HELP = "A deterministic model has one code z = f(x) per picture, and no posterior to sample from."
ERROR_HELP = (
    "x̂ − x, mean over channels: red where the reconstruction is brighter than the input, blue where darker, white where equal."
)
KL_HELP = """Mean absolute error: mean of |x̂ − x| over pixels and channels. KL(q(z|x) ‖ N(0, I)) of this picture, summed over dimensions, in
nats (Kingma & Welling 2014, appendix B)."""
POSTERIOR_HELP = """q(z|x) = N(μ, diag σ²): posterior mean μ and posterior std. dev. σ, per dimension (Kingma & Welling 2014). The grey band
is ±1 std. dev. of the prior; bars are ±σ."""


def show(now: State) -> None:
    """The whole page."""
    run = get_run(now.run_id)
    left, right = st.columns([2, 5], gap="large")
    with left:
        picked = choose_pictures(run, "reconstruct")
    if isinstance(picked, UploadBatch):
        with right:
            several.show(run, picked)
        return
    on_pad = pad_is_chosen(run, "reconstruct")
    if on_pad:
        _pad(now, run)
        right, picked = st.container(), picture_from_pad(run)
    if picked is None:
        if on_pad:
            return
        with right:
            st.markdown("**Choose or upload a picture**")
            st.caption("It is prepared as the training images were, encoded and decoded; every step is shown.")
        return
    label = class_of(run, picked)
    codes = codes_of(run, picked, label)
    if label is not None:
        decode_as("reconstruct", f"{run.id}: {picked.title}", run.info.dataset.class_names[label])
    with right:
        _pictures(run, picked, codes, label)
    trust.show(run, picked, codes, label)
    _steps(picked)
    if label is not None:
        _every_class(run, picked, codes, label)
    if on_pad:
        return  # the surface above tells of the code
    st.divider()
    _code(now, run, picked, codes, label)


def _pad(now: State, run: Run) -> None:
    """The map with the pad before it: all of it happens in the browser until the person hands the picture over."""
    projection, axes = chosen_map(run)
    now = events.take_pins(now, events.surface_event(PAD_KEY), projection)
    protocol = browser_protocol(run.info.dataset.name, ground(run.id))
    live_map(
        run.id,
        projection,
        axes,
        PAD_KEY,
        pins=pins_shown(now, run, projection),
        height=480,
        options=Options(hint=False, pad=protocol, pad_first=True, pad_hands_over=True),
    )
    sync_link(now.run_id)


CLASS_HELP = """A test image is encoded under its own class. The class of any other picture is not known: a semi-supervised model asks its
classifier, arg max q(y|x) (Kingma et al. 2014, eq. 4); a conditional VAE takes the class under which log p(x|z, y) − KL(q(z|x, y) ‖ p(z)),
at z = μ, is largest: Bayes' rule with equal odds, a bound in place of log p(x|y)."""


def _every_class(run: Run, picked: ChosenPicture, codes: Codes, label: int) -> None:
    """The same z decoded as each class: what the code holds besides the class."""
    names = run.info.dataset.class_names
    st.markdown(f"**{_taken_as(run, picked, label)}; the same z as every class**")
    st.caption(
        "z was encoded under that class. Decoded as another class it keeps what z holds (the style) and changes the class. "
        "“Decode as class” below shows one of them large.",
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
    guess = f" (the classifier q(y|x) says {best})" if best else ""
    return f"Encoded under its own class {escape_markdown(names[label])}{guess}"


def _pictures(run: Run, picked: ChosenPicture, codes: Codes, label: int | None) -> None:
    x_hat = run.forward.decode(codes.mu, None if label is None else [label])[0]
    shown: list[tuple[str, Picture, str]] = [
        ("model input", to_picture(picked.x), "What the encoder is given: the picture after preparation, in the model's size."),
        ("reconstruction", to_picture(x_hat), POINT_HELP if run.config.is_deterministic else MEAN_HELP),
    ]
    if picked.is_original:
        shown.append(("error", error_map(picked.x, x_hat), ERROR_HELP))
    if picked.steps:
        shown.insert(0, ("your picture", picked.shown, "The picture as it was opened."))
    # what was done with the picture is said where it is seen, not only step by step
    said = {"your picture": picked.steps[0].sentence, "model input": picked.steps[-1].sentence} if picked.steps else {}
    for column, (title, picture, help_text) in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            st.caption(title, help=help_text)
            show_picture(picture, title, TALL_PX)
            if said.get(title):
                st.caption(said[title])
    channel_words(run)
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


def _steps(picked: ChosenPicture) -> None:
    if len(picked.steps) < 2:
        return
    with st.expander("How it was prepared, step by step"):
        columns = st.columns(min(4, len(picked.steps)))
        for i, step in enumerate(picked.steps):
            with columns[i % len(columns)]:
                show_picture(step.picture, step.title, 168)
                st.markdown(f"**{step.title}**")
                st.caption(step.sentence)


def _code(now: State, run: Run, picked: ChosenPicture, codes: Codes, label: int | None) -> None:
    left, right = st.columns([2, 3], gap="large")
    is_point, digits = run.config.is_deterministic, code_decimals(run.encodings.mu)
    with left:
        st.markdown("**Its latent code**")
        if is_point:
            st.caption(f"z = {number_list(codes.mu[0], digits=digits)}", help=POINT_HELP)
            st.plotly_chart(code_dots(codes.mu[0]), config=CONFIG, key="code")
        else:
            st.caption(
                f"μ = {number_list(codes.mu[0], digits=digits)}, σ = {number_list(codes.std[0], digits=digits)}",
                help=POSTERIOR_HELP,
            )
            st.plotly_chart(posterior_dots(codes.mu[0], codes.std[0]), config=CONFIG, key="posterior")
        st.button("Pin this code", on_click=add_code, args=(run.id, codes.mu[0].tolist()), icon=":material/push_pin:")
    with right:
        projection, axes = chosen_map(run)
        whose = "your picture" if picked.row is None else image_name(picked.row)
        name = whose if label == chosen_label(run) else f"{whose}{decoded_as(run)}"
        place = marked(name, codes.mu[0], run, projection)
        live_map(
            run.id,
            projection,
            axes,
            "reconstruct-surface",
            pins=pins_shown(now, run, projection),
            exact=place,
            height=420,
            subject=_subject(name, picked, codes, is_point),
            options=Options(pinnable=False, hint=False),
        )


def _subject(name: str, picked: ChosenPicture, codes: Codes, is_point: bool) -> SubjectRecord:
    """The picture as the surface is told of it: place, samples, error."""
    std = codes.std[0] * 0 if is_point else codes.std[0]
    return SubjectRecord(
        name, tuple(codes.mu[0].tolist()), tuple(std.tolist()), picture_bytes(picked.x) if picked.is_original else None
    )

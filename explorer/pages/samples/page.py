"""What does the model draw? A sheet of samples, beside a sheet of as many test images.

A page of its own: a sheet needs the whole window, it belongs to no place of the map, and what has to be chosen (from which distribution,
mean or draw, temperature, seed) would crowd every other page.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.datasets import originals_of
from explorer.cache.runs import get_run
from explorer.pages.samples.drawn import POSTERIOR, Choice, Drawn, arrays_file, caution, drawn, sentence, sources, title
from explorer.pictures.arrays import Picture, to_picture
from explorer.pictures.export import png, safe_file_name, sheet
from explorer.session.load import State
from explorer.session.remembered import put_back, remember
from explorer.session.seed import draw_again, draws, sync_link
from explorer.text.escape import escape_markdown
from explorer.widgets.pictures import DESKTOP, LAPTOP, channel_words, grow_with_window, show_picture
from explorer.widgets.test_image import chosen_row, offer_originals
from trainer.numerals import count
from trainer.runs.read import Run

SHEETS = {12: (3, 4), 20: (4, 5), 48: (6, 8), 80: (8, 10)}  # rows and columns by the number of pictures
FIRST = 20
SHEET_PX = (470, 600)  # height and width that a sheet has on the page, at most
LARGER_PX = {LAPTOP: (600, 700), DESKTOP: (810, 900)}
FILE_PX = 1600  # longer side of the file, about
HOTTEST = 2.0
EVERY_CLASS = "every class in turn"

PIXELS_HELP = """**Mean**: the mean of p(x|z), what every other page shows. **Draw**: one picture drawn from p(x|z), pixel by pixel, with
the noise of the likelihood: of a Bernoulli likelihood pixels are 0 or 1."""
TEMPERATURE_HELP = """Factor on the standard deviation of z: z = mean + temperature · σ · ε, ε ~ N(0, I). 1 samples the distribution itself,
less makes typical pictures more frequent, 0 gives the decoded mean every time (of the prior: the picture of z = 0)."""
NO_PRIOR = """This model is deterministic, so it has no prior to sample from. The codes are drawn from a Gaussian with the mean and the
covariance of the test images' codes, which is no part of the model: what is between the codes' clusters is drawn too."""


def show(now: State) -> None:
    """The whole page."""
    run = get_run(now.run_id)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="samples-choice"):
        choice = _chosen(run)
        files = st.container(horizontal=True, width="content")
    found = drawn(run, choice)
    if run.config.is_deterministic:
        st.caption(NO_PRIOR)
    pictures = np.stack([to_picture(x) for x in found.images])
    with st.container(key="samples-sheets"):
        left, right = st.columns(2, gap="medium")
    with left:
        _sheet(pictures, title(run, choice), f"{sentence(run, choice)} {caution(run, choice)}".strip())
    with right:
        _real(run, choice)
    height, width, *_ = _laid(pictures).shape
    grow_with_window("samples-sheets", (height, width), LARGER_PX)
    channel_words(run)
    with files:
        _downloads(run, choice, found, pictures)


def _chosen(run: Run) -> Choice:
    """What the person chooses; remembered while another page is shown."""
    offered = sources(run)
    source = offered[0]
    for key, allowed in (("samples-source", offered), ("samples-pixels", None), ("samples-n", None), ("samples-temperature", None)):
        put_back(key, allowed)
    if len(offered) > 1:
        source = (
            st.segmented_control("Codes from", offered, default=source, key="samples-source", bind="query-params", required=True)
            or source
        )
    row = chosen_row(run, "samples", width=170, is_linked=True) if source == POSTERIOR else 0
    label = _class(run) if run.config.is_conditional and source != POSTERIOR else None
    pixels = "mean"
    if not run.config.is_deterministic:
        pixels = st.segmented_control(
            "Pixels", ("mean", "draw"), default="mean", key="samples-pixels", bind="query-params", required=True, help=PIXELS_HELP
        )
    sizes = list(SHEETS)
    n = st.selectbox("Pictures", sizes, index=sizes.index(FIRST), key="samples-n", bind="query-params", width=90, format_func=str)
    temperature = st.slider(
        "Temperature",
        0.0,
        HOTTEST,
        1.0,
        0.1,
        key="samples-temperature",
        bind="query-params",
        width=160,
        help=TEMPERATURE_HELP,
    )
    st.button("Draw again", key="samples-again", on_click=draw_again, icon=":material/casino:", help="The next seed.")
    sync_link()
    remember(**{"samples-source": source, "samples-pixels": pixels, "samples-n": n, "samples-temperature": temperature})
    return Choice(source, "draw" if pixels == "draw" else "mean", n, float(temperature), draws(), row, label)


def _class(run: Run) -> int | None:
    """As which class a conditional model decodes its samples; None: every class in turn."""
    names = run.info.dataset.class_names
    chosen = st.selectbox(
        "Decode as class",
        [None, *range(len(names))],
        format_func=partial(_class_words, names),
        key="samples-class",
        bind="query-params",
        width=170,
    )
    return None if chosen is None else int(chosen)


def _class_words(names: Sequence[str], label: int | None) -> str:
    return EVERY_CLASS if label is None else names[label]


def _sheet(pictures: NDArray[np.uint8], name: str, words: str) -> None:
    whole = _whole(_laid(pictures))
    with st.container(gap="xsmall"):
        st.markdown(f"**{escape_markdown(name)}**")
        st.caption(escape_markdown(words))
        show_picture(whole, name, max(whole.shape[:2]))


def _laid(pictures: NDArray[np.uint8]) -> Picture:
    """n pictures in rows; places that are left over are white."""
    rows, columns = SHEETS[next(n for n in SHEETS if n >= len(pictures))]
    blank = np.full((rows * columns - len(pictures), *pictures.shape[1:]), 255, np.uint8)
    return sheet(np.concatenate([pictures, blank]).reshape(rows, columns, *pictures.shape[1:]))


def _whole(picture: Picture) -> Picture:
    """The sheet at the largest whole factor at which it has room on the page."""
    factor = max(1, min(room // side for room, side in zip(SHEET_PX, picture.shape[:2], strict=True)))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def _real(run: Run, choice: Choice) -> None:
    """As many test images, drawn with the same seed without repetition, of the same class where one is chosen."""
    labels = run.encodings.label
    of_class = np.arange(len(labels)) if choice.label is None else np.flatnonzero(labels == choice.label)
    rows = np.random.default_rng(choice.seed).permutation(of_class)[: choice.n]
    originals = originals_of(run.id, rows) if len(rows) else None
    if originals is None:
        st.markdown("**Real test images**")
        offer_originals(run, ", so no test images stand beside the samples.")
        return
    which = "" if choice.label is None else f" of class {run.info.dataset.class_names[choice.label]}"
    pictures = np.stack([to_picture(x) for x in originals])
    _sheet(
        pictures,
        f"{count(len(rows))} test images{which}",
        f"Chosen at random from the test images{which}. Seed {choice.seed}.",
    )


def _downloads(run: Run, choice: Choice, found: Drawn, pictures: NDArray[np.uint8]) -> None:
    stem = safe_file_name(f"{run.id}-{choice.source}-{choice.pixels}-t{choice.temperature:g}-seed{choice.seed}")
    for kind, mime, make in (
        ("PNG", "image/png", partial(_png_file, pictures)),
        ("npz", "application/octet-stream", partial(arrays_file, run, choice, found)),
    ):
        st.download_button(
            kind,
            data=make,
            file_name=f"{stem}.{kind.lower()}",
            mime=mime,
            key=f"samples-save-{kind}",
            icon=":material/download:",
            on_click="ignore",
            help="The sheet of samples"
            if kind == "PNG"
            else "Pictures (n, C, H, W), codes z (n, K), and what was sampled in words",
        )


def _png_file(pictures: NDArray[np.uint8]) -> bytes:
    laid = _laid(pictures)
    return png(laid, max(1, FILE_PX // max(laid.shape[:2])))

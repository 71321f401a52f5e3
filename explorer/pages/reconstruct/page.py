"""What does the model make of a picture? Model input, reconstruction, error, how usual it is, and its code on the map, on one screen."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import get_run
from explorer.pages.reconstruct import batch as several
from explorer.pages.reconstruct import trust
from explorer.pages.reconstruct.drawing_pad import show_pad
from explorer.pages.reconstruct.handed_over import show_below_pad
from explorer.pages.reconstruct.more import show_more
from explorer.pages.reconstruct.pictures import show_error, show_pictures
from explorer.pages.reconstruct.place import show_on_map
from explorer.session.class_choice import decode_as
from explorer.session.load import State
from explorer.widgets.chosen_picture import ChosenPicture, UploadBatch, class_of, codes_of
from explorer.widgets.map_chooser import Axes, chosen_map
from explorer.widgets.picture_source import choose_pictures, pad_is_chosen, picture_from_pad
from trainer.maps.projection import Projection
from trainer.runs.read import Run


def show(now: State) -> None:
    """The whole page."""
    run = get_run(now.run_id)
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium", key="picture-source")
    with row:
        picked = choose_pictures(run, "reconstruct")
    if isinstance(picked, UploadBatch):
        several.show(run, picked)
        return
    on_pad = pad_is_chosen(run, "reconstruct")
    with row:
        picked = picture_from_pad(run) if on_pad else picked
        label = None if picked is None else _class_of(run, picked)  # before the class chooser, which takes it
        on_map = chosen_map(run)
    if on_pad:
        show_pad(now, run, *on_map)
        show_below_pad(run, picked, label)
    else:
        _show_beside_map(now, run, picked, label, on_map)


def _class_of(run: Run, picked: ChosenPicture) -> int | None:
    """The class under which a picture is encoded; pictures under the cursor are decoded as it, until another one is chosen."""
    label = class_of(run, picked)
    if label is not None:
        decode_as("reconstruct", f"{run.id}: {picked.title}", run.info.dataset.class_names[label])
    return label


def _show_beside_map(
    now: State, run: Run, picked: ChosenPicture | None, label: int | None, on_map: tuple[Projection, Axes]
) -> None:
    """On one screen: what the model makes of the picture, and where its code is."""
    codes = None if picked is None else codes_of(run, picked, label)
    with st.container(key="reconstruct-page"):  # page.css arranges the four by the window
        made = st.container(gap="xsmall", key="reconstruct-made")
        right = st.container(key="reconstruct-map")
        figures = st.container(gap="xsmall", key="reconstruct-figures")
        below = st.container(key="reconstruct-more")
    with made:
        if picked is None or codes is None:
            st.markdown("**Choose or upload a picture**")
            st.caption("It is prepared as the training images were, encoded and decoded; every step is shown.")
        else:
            show_pictures(run, picked, codes, label)
            told = trust.judgement(run, picked, codes, label)
            trust.show_headline(run, told)
            with figures:
                trust.show_figures(run, picked, codes, told)
                show_error(run, picked, codes, label)
    with right:
        show_on_map(now, run, picked, codes, label, *on_map)
    if picked is not None and codes is not None:
        with below:
            show_more(run, picked, codes, label)

"""What does the model make of a picture? Upload, model input, reconstruction, error, its code on the map."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import get_run
from explorer.pages.reconstruct import batch as several
from explorer.pages.reconstruct import trust
from explorer.pages.reconstruct.drawing_pad import show_pad
from explorer.pages.reconstruct.latent_code import show_code
from explorer.pages.reconstruct.pictures import show_every_class, show_pictures, show_steps
from explorer.session.class_choice import decode_as
from explorer.session.load import State
from explorer.widgets.chosen_picture import UploadBatch, class_of, codes_of
from explorer.widgets.picture_source import choose_pictures, pad_is_chosen, picture_from_pad


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
        show_pad(now, run)
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
        show_pictures(run, picked, codes, label)
    trust.show(run, picked, codes, label)
    show_steps(picked)
    if label is not None:
        show_every_class(run, picked, codes, label)
    if on_pad:
        return  # the surface above tells of the code
    st.divider()
    show_code(now, run, picked, codes, label)

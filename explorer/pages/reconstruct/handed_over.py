"""What does the model make of the picture that the pad handed over? Below the pad, brought into view."""

from __future__ import annotations

import streamlit as st

from explorer.pages.reconstruct import trust
from explorer.pages.reconstruct.more import show_more
from explorer.pages.reconstruct.pictures import show_error, show_pictures
from explorer.session.pad import n_handed_over
from explorer.widgets.chosen_picture import ChosenPicture, codes_of
from explorer.widgets.into_view import bring_into_view
from trainer.runs.read import Run


def show_below_pad(run: Run, picked: ChosenPicture | None, label: int | None) -> None:
    """What was handed over from the pad, brought into view; the surface above tells of its code."""
    if picked is None:
        return
    bring_into_view("from-pad", n_handed_over())
    codes = codes_of(run, picked, label)
    left, right = st.columns(2, gap="medium")
    with left:
        show_pictures(run, picked, codes, label)
        show_error(run, picked, codes, label)
    with right:
        told = trust.judgement(run, picked, codes, label)
        trust.show_headline(run, told)
        trust.show_figures(run, picked, codes, told)
    show_more(run, picked, codes, label)

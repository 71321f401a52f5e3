"""Where does one begin? Three ways in: who teaches, who looks around, and who brings a model or pictures of their own."""

from __future__ import annotations

import streamlit as st

from explorer.session.load import open_page
from explorer.session.permission import permission
from trainer.console import program

LOOK = """**Look around.** Move over the map: every place decodes at once. A click pins a code, two pins make a path, `?` lists the keys.
*Dimensions* tells which dimensions carry information, and whether the posterior collapsed."""
TEACH = """**Teach and learn.** Lessons of 5 to 10 minutes: text, a map that goes along, tasks and predictions; to present to a room, or to
read alone."""
OWN = """**Your own model.** This makes a run of a PyTorch model, from its code and its checkpoint; then everything here works with it, and
*Dimensions* examines it:"""
PICTURES = "**Your own pictures.** Draw some, or bring a folder, a zip or a CSV, and train on them here."
PICTURES_ELSEWHERE = "**Your own pictures.** Draw some, or bring them, and train on them in this browser: they stay in your page."


def start_here(run_id: str) -> None:
    """A menu; each of its buttons opens a view of the run."""
    with st.popover("Start here", icon=":material/explore:", type="tertiary", key="start"):
        st.markdown(TEACH)
        st.button("Open the lessons", icon=":material/school:", key="start-lessons", on_click=open_page, args=(run_id, "lessons"))
        st.markdown(LOOK)
        st.markdown(OWN)
        st.code(
            f"{program()} import --module models.py:VAE --weights vae.ckpt --data mnist --name mine",
            language="bash",
            wrap_lines=True,
        )
        st.markdown(PICTURES if permission().is_allowed else PICTURES_ELSEWHERE)
        st.button(
            "Open the Train page", icon=":material/model_training:", key="start-train", on_click=open_page, args=(run_id, "train")
        )

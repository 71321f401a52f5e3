"""What is to be known of a run? Every figure with its definition and source, and what was done with its data: a button and its panel."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import size_on_disk
from explorer.text.about_run import Figure, figures
from explorer.text.escape import escape_markdown
from explorer.text.run_sentence import run_sentence
from trainer.runs.records import RunInfo

LONGEST_MEANING = 2000  # characters: a definition is a paragraph


def about_button(run_id: str, key: str, label: str = "") -> bool:
    """Whether the panel is asked for."""
    return st.button(
        label, icon=":material/info:", type="tertiary", key=key, help=f"About {run_id}: every figure with its definition"
    )


@st.dialog("About this run", width="medium", icon=":material/info:")
def about_run(run_id: str, info: RunInfo) -> None:
    """The whole panel."""
    st.markdown(f"**{escape_markdown(run_id)}**: {escape_markdown(run_sentence(info))}.")
    st.markdown("\n".join(map(_line, figures(info, size_on_disk(run_id)))))
    if info.chosen:
        st.markdown("**Settings that were chosen from the data**")
        st.markdown("\n".join(f"- {escape_markdown(sentence)}" for sentence in info.chosen))
    if info.dataset.notes:
        st.markdown("**About the data**")
        st.markdown("\n".join(f"- {escape_markdown(note)}" for note in info.dataset.notes))


def _line(figure: Figure) -> str:
    meaning = f"  \n  {escape_markdown(figure.meaning, LONGEST_MEANING)}" if figure.meaning else ""
    return f"- **{escape_markdown(figure.name)}** {escape_markdown(figure.value)}{meaning}"

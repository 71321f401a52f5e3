"""What does the clinic say of a run, in a line that stands in every view?

A map of a collapsed model looks as healthy as any: its points are means, and neighbours read classes from means on any scale. So the
verdict's headline stands by the run's name, with what it rests on in the tooltip and the clinic one click away. No torch, no codes that are
not in memory already.
"""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import get_run, run_damage
from explorer.session.load import open_page
from explorer.text.escape import escape_markdown
from explorer.text.verdict import POINTS, Line, damaged_line, line_of
from explorer.widgets.about_run import about_button, about_run
from trainer.errors import LatentError
from trainer.runs.read import Run

WAY = "Click for the clinic (Dimensions), which shows every figure."


def verdict_of(run_id: str) -> Line | None:
    """The verdict on a run, or why there is none; None for one without a posterior, or that cannot be opened, which the view says."""
    try:
        run, damage = get_run(run_id), run_damage(run_id)
        if damage:
            return damaged_line(damage)
        return line_of(run.info, None if run.info.examination is None else run.encodings.mu)
    except LatentError:
        return None


def verdict_line(run: Run, index: int) -> None:
    """Verdict and every figure in a narrow column, where maps stand side by side: each column has the line, and of the verdict what comes
    before the colon."""
    verdict = verdict_of(run.id) or POINTS
    show_verdict_line(run.id, verdict, f"verdict-{index}", verdict.headline.split(":")[0])
    if about_button(run.id, f"about-{index}"):
        about_run(run.id, run.info)


def show_verdict_line(run_id: str, verdict: Line, key: str, words: str = "") -> None:
    """The brief verdict as a button to the clinic, with all that it rests on in the tooltip. words: what the button says instead."""
    st.button(
        f":{verdict.colour}[:material/{verdict.icon}: {escape_markdown(words or verdict.brief)}]",
        key=key,
        type="tertiary",
        on_click=open_page,
        args=(run_id, "dimensions"),
        help="\n".join([*(f"- {escape_markdown(line)}" for line in (verdict.headline, *verdict.because)), "", WAY]),
    )

"""What does the clinic say of a run, in a line that stands in every view?

A map of a collapsed model looks as healthy as any: its points are means, and neighbours read classes from means on any scale. So the
verdict's headline stands by the run's name, with what it rests on in the tooltip and the clinic one click away. No torch, no codes that are
not in memory already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

from explorer.cache.runs import get_run
from explorer.session.load import open_page
from explorer.text.escape import escape_markdown
from trainer.diagnosis.diagnose import diagnose
from trainer.errors import LatentError
from trainer.runs.read import Run

COLOURS = {"healthy": "green", "surplus": "green", "no-verdict": "gray"}  # all others are alarms
ICONS = {"healthy": "check_circle", "surplus": "check_circle", "no-verdict": "help"}
WAY = "Click for the clinic (Dimensions), which shows every figure."


@dataclass(frozen=True)
class Line:
    """The clinic's verdict in a line."""

    headline: str
    """A sentence."""
    because: tuple[str, ...]
    """What it rests on."""
    kind: str
    """Of the verdict; "no-verdict" where there is none."""

    @property
    def is_alarm(self) -> bool:
        return self.kind not in COLOURS

    @property
    def brief(self) -> str:
        """Of an alarm what comes before the first comma, of all others what comes before the colon."""
        return re.split(r"[,;.]$|[,;] " if self.is_alarm else ":", self.headline)[0]


def verdict_of(run_id: str) -> Line | None:
    """The verdict on a run, or why there is none; None for one without a posterior, or that cannot be opened, which the view says."""
    try:
        run = get_run(run_id)
    except LatentError:
        return None
    found = run.info.examination
    if run.config.is_deterministic:
        return None
    if found is None:
        return Line(f"No verdict: {_why_none(run)}.", (), "no-verdict")
    told = diagnose(run.config, found, run.encodings.mu)
    return Line(told.headline, told.because, told.kind)


def _why_none(run: Run) -> str:
    return "this run was imported without its images" if run.info.origin is not None else "this run was not examined"


def verdict_line(run_id: str, key: str) -> None:
    """The verdict in a narrow column, where maps stand side by side: every column has the line."""
    found = verdict_of(run_id)
    show_verdict_line(
        run_id, found or Line("No verdict: codes are points, so there is no KL that could vanish.", (), "no-verdict"), key
    )


def show_verdict_line(run_id: str, verdict: Line, key: str) -> None:
    """The brief verdict as a button to the clinic, with all that it rests on in the tooltip."""
    colour, icon = COLOURS.get(verdict.kind, "red"), ICONS.get(verdict.kind, "warning")
    st.button(
        f":{colour}[:material/{icon}: {escape_markdown(verdict.brief)}]",
        key=key,
        type="tertiary",
        on_click=open_page,
        args=(run_id, "dimensions"),
        help="\n".join([*(f"- {escape_markdown(line)}" for line in (verdict.headline, *verdict.because)), "", WAY]),
    )

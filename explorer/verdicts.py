"""What does the clinic say of a run, in a line that stands in every view?

A map of a collapsed model looks as healthy as any: its points are means, and neighbours read classes from means on any scale. So the
verdict's headline stands by the run's name, with what it rests on in the tooltip and the clinic one click away. No torch, no codes that are
not in memory already.
"""

from __future__ import annotations

import streamlit as st

from explorer import cache, state
from explorer.core.words import plain
from trainer.clinic import Diagnosis, diagnose
from trainer.errors import LatentError

COLOURS = {"healthy": "green", "surplus": "green", "no-verdict": "gray"}  # all others are alarms
ICONS = {"healthy": "check_circle", "surplus": "check_circle", "no-verdict": "help"}
WAY = "Click for the clinic (Dimensions), which shows every figure."


def verdict_of(run_id: str) -> Diagnosis | None:
    """The verdict on a run; None for one that was not examined, has no posterior or cannot be opened (which the view says)."""
    try:
        run = cache.run(run_id)
    except LatentError:
        return None
    found = run.info.examination
    if found is None or run.config.is_deterministic:
        return None
    return diagnose(run.config, found, run.encodings.mu)


def verdict_line(run_id: str, key: str, is_brief: bool = False) -> None:
    """The headline as a button to the clinic; is_brief: only what comes before its colon, for a narrow column."""
    verdict = verdict_of(run_id)
    if verdict is None:
        return
    headline = verdict.headline.split(":")[0] if is_brief else verdict.headline
    colour, icon = COLOURS.get(verdict.kind, "red"), ICONS.get(verdict.kind, "warning")
    reasons = [verdict.headline] * is_brief + list(verdict.because)
    st.button(
        f":{colour}[:material/{icon}: {plain(headline)}]", key=key, type="tertiary", on_click=state.open_clinic, args=(run_id,),
        help="\n".join([*(f"- {plain(line)}" for line in reasons), "", WAY]),
    )  # fmt: skip

"""The clinic: did dimensions die, does it matter, why, and what can be done? First a verdict, then what it rests on."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import get_run
from explorer.pages.dimensions.section import Examined
from explorer.pages.dimensions.sections import SECTIONS
from explorer.pages.dimensions.verdict import examined, show_verdict
from explorer.session.link import take_renamed
from explorer.session.load import State

RENAMED = {"before training": "linear-VAE prediction", "mend": "fix"}  # in links of before


def show(now: State) -> None:
    """The whole page."""
    run = get_run(now.run_id)
    diagnosis = None if run.config.is_deterministic else examined(run)
    if diagnosis is not None:
        show_verdict(run, diagnosis)
    _chosen_section(Examined(now, run, diagnosis))


def _chosen_section(shown: Examined) -> None:
    """The switch between the sections that have something to say of the run, and the chosen one."""
    take_renamed("look", RENAMED)
    sections = {section.TITLE: section for section in SECTIONS if section.offered(shown)}
    title = st.segmented_control(
        "Look at",
        list(sections),
        default=next(iter(sections)),
        key="look",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        width="content",
    )
    sections.get(title or "", next(iter(sections.values()))).show(shown)

"""How does a run get the classifier of pictures that it lacks? The commands, where there is something to learn from."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from explorer.text.continuity import classifier_command
from trainer.runs.read import Run


def classifier_hint(runs: Iterable[Run]) -> None:
    """Nothing where every run has one, or none can have one."""
    commands = [command for run in runs if (command := classifier_command(run))]
    if commands:
        st.caption("It is trained on the run's images and their reconstructions, and kept with the run:")
        st.code("\n".join(commands), language="bash", wrap_lines=True)

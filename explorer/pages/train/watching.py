"""The training that is watched: its map, charts and film, alive, and the dials that change it while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from explorer.cache.trainings import moment_of, training_queue
from explorer.jobs.training import Training
from explorer.session.permission import permission, steers_as
from explorer.session.trainings import sent_settings, watched
from explorer.surface.component import training_watch
from explorer.text.escape import escape_markdown


def show_watched() -> None:
    """Redrawn while something runs."""
    job = chosen(training_queue().jobs(), watched())
    if job is None:
        st.caption("Nothing has been trained from this app yet. Choose a preset at the left and press **Train**.")
        return
    who = steers_as()
    steers = permission().is_allowed and who in (None, job.owner)
    training_watch(moment_of(job, steers), key=f"watch-{job.number}", on_set=partial(_set, job.number))


def chosen(jobs: Sequence[Training], number: int | None) -> Training | None:
    """The one that is watched: that of this number, else what runs or is paused, else the newest. jobs: the newest first."""
    wanted = [job for job in jobs if job.number == number]
    under_way = [job for job in jobs if job.state in ("running", "paused")]
    return next(iter([*wanted, *under_way, *jobs]), None)


def _set(number: int) -> None:
    """Takes what was set on the dials; what is refused is said."""
    settings = sent_settings(f"watch-{number}")
    if settings and permission().is_allowed and (refused := training_queue().set(number, steers_as(), **settings)):
        st.toast(escape_markdown(refused), icon=":material/info:")

"""Which trainings were started from the app, and what does the browser get of one?"""

from __future__ import annotations

import streamlit as st

from explorer.jobs.keeping import KeptTrainings
from explorer.jobs.training import Training, jobs_folder
from explorer.jobs.trainings import TrainingQueue
from explorer.room.room import the_room
from explorer.surface.live import LivePhase, pack_live
from trainer.errors import LatentError, RunError

PHASES: dict[str, LivePhase] = {"waiting": "waiting", "running": "running", "paused": "paused"}


@st.cache_resource(show_spinner=False)
def training_queue() -> TrainingQueue:
    """The trainings of this machine's person: one queue for all visitors. Raises `LatentError` in a room: an open queue goes on."""
    if the_room() is not None:
        raise LatentError("this app is open to a room: what its machine trains is not shown there.")
    return TrainingQueue(jobs_folder())


@st.cache_resource(show_spinner=False)
def kept_trainings() -> KeptTrainings:
    """Trainings of pages that become runs."""
    return KeptTrainings()


def moment_of(job: Training, steers: bool) -> bytes:
    """What a training showed of itself last, for the browser: packed once for all visitors. steers: whether this one may."""
    phase = PHASES.get(job.state, "ended")
    return _moment(job.number, job.name, training_queue().live_stamp(job.number), phase, steers and job.is_open, job)


@st.cache_resource(max_entries=8, show_spinner=False)
def _moment(number: int, name: str, stamp: int, phase: LivePhase, steers: bool, _job: Training) -> bytes:
    try:
        live = training_queue().live(number)
    except RunError:  # of another version, or damaged: the training itself does not depend on it
        live = None
    return pack_live(live, _job.config, number, name, phase, steers)

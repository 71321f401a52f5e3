"""Which trainings were started from the app?"""

from __future__ import annotations

import streamlit as st

from explorer.jobs.training import jobs_folder
from explorer.jobs.trainings import TrainingQueue


@st.cache_resource(show_spinner=False)
def training_queue() -> TrainingQueue:
    """The trainings of this machine's person: one queue for all visitors."""
    return TrainingQueue(jobs_folder())

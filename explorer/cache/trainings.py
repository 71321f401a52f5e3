"""Which trainings were started from the app?"""

from __future__ import annotations

import streamlit as st

from explorer.jobs.trainings import Workshop


@st.cache_resource(show_spinner=False)
def workshop() -> Workshop:
    """The trainings of this server: one for all visitors."""
    return Workshop()

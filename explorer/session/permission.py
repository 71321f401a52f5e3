"""May this visitor train here, and whose trainings may they steer?"""

from __future__ import annotations

import streamlit as st

from explorer.jobs.permission import Permission, training_permission
from explorer.session.visitor import visitor


def permission() -> Permission:
    """Of the app as it was started. Raises `LatentError` for a setting that cannot be understood."""
    return training_permission(st.get_option("server.address"))


def steers_as() -> str | None:
    """Who asks, for `TrainingQueue`; None, who may steer all, where the app is the machine's own."""
    return None if permission().is_local else visitor()

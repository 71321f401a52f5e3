"""May this visitor train here, and whose trainings may they steer?"""

from __future__ import annotations

import streamlit as st

from explorer.jobs.permission import Permission, training_permission
from explorer.room.room import the_room
from explorer.session.visitor import visitor
from trainer.errors import LatentError


def permission() -> Permission:
    """Of the app as it was started; a room may never, and a setting that cannot be understood allows nothing."""
    if the_room() is not None:
        return Permission(
            False, "This app is open to a room, and does not train on its machine. “In this page” trains in the browser."
        )
    try:
        return training_permission(st.get_option("server.address"))
    except LatentError as error:
        return Permission(False, str(error))


def steers_as() -> str | None:
    """Who asks, for `TrainingQueue`; None, who may steer all, where the app is the machine's own."""
    return None if permission().is_local else visitor()

"""May this visitor train here, and whose trainings may they steer?"""

from __future__ import annotations

from importlib.util import find_spec

import streamlit as st

from explorer.jobs.permission import Permission, training_permission
from explorer.room.room import COOKIE, the_room
from explorer.session.visitor import visitor
from trainer.errors import LatentError


def permission() -> Permission:
    """Of the app as it was started; a room may never, and a setting that cannot be understood allows nothing."""
    if is_room():
        return Permission(
            False, "This app is open to a room, and does not train on its machine. “In this page” trains in the browser."
        )
    try:
        return training_permission(st.get_option("server.address"))
    except LatentError as error:
        return Permission(False, str(error))


def is_room() -> bool:
    """Whether this process serves a room, whose visitors neither train on it nor see what it trains."""
    return the_room() is not None


def is_teacher() -> bool:
    """Whether this visitor opened the teacher's own link of the room that this process serves."""
    room = the_room()
    who = None if room is None else room.pass_of(st.context.cookies.get(COOKIE, ""))
    return who is not None and who.role == "teacher"


def why_not_compute(needs_torch: bool = True) -> str:
    """Of what keeps the server busy for a minute and is then there for everybody; "" where this visitor may ask for it."""
    if needs_torch and find_spec("torch") is None:
        return "This needs torch, which is not installed where the app runs."
    if is_room() and not is_teacher():
        return "This app is open to a room, and computing this would keep its server busy: the teacher can do it, for everybody."
    return ""


def steers_as() -> str | None:
    """Who asks, for `TrainingQueue`; None, who may steer all, where the app is the machine's own."""
    return None if permission().is_local else visitor()

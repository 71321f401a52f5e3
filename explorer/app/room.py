"""What does a teacher see of their room in the app? How many are there, and the way to its QR code."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from explorer.room.room import Room, the_room
from explorer.session import link
from explorer.session.permission import is_teacher

EVERY_S = 5


def room_banner() -> None:
    """In the teacher's own page alone."""
    room = the_room()
    if room is not None and is_teacher():
        with st.container(key="room", width="content"):
            _count(room)


@st.fragment(run_every=EVERY_S)
def _count(room: Room) -> None:
    st.link_button(
        f"{room.here()} here" if room.limits.n_here() else "Nobody here yet",
        f"door?to={quote('?' + link.address(), safe='')}",
        icon=":material/qr_code_2:",
        type="tertiary",
        help="Visitors who have this app open now. The QR code leads them to the page that you see; whoever has several pages counts once.",
    )

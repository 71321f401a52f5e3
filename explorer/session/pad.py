"""Which picture did the drawing pad hand over last?"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from explorer.session.events import sent
from explorer.session.pins import clean_name
from explorer.surface.schema import MAX_NAME

MAX_PICTURE = 28_000_000  # letters of base64 for the 20 MB that a picture may have
MAX_STEPS = 20


@dataclass(frozen=True)
class PadPicture:
    """What the browser's pad handed over."""

    data: bytes
    """A picture file."""
    name: str
    off: tuple[str, ...]
    """Names of the steps of its preparation that were left out there."""


def take_picture(key: str) -> None:
    """Keeps the picture that was handed over from the pad on the surface of that key (the surface's callback)."""
    picture = sent(key, "picture")
    if not isinstance(picture, Mapping) or len(str(picture.get("png", ""))) > MAX_PICTURE:
        return
    off = picture.get("off")
    steps = [str(name)[:MAX_NAME] for name in off][:MAX_STEPS] if isinstance(off, list | tuple) else []
    name = clean_name(str(picture.get("name", ""))) or "your picture"
    st.session_state["pad-picture"] = [str(picture.get("png", "")), name, steps]
    st.session_state["n-handed-over"] = n_handed_over() + 1


def n_handed_over() -> int:
    """How often a picture was handed over."""
    return int(st.session_state.get("n-handed-over", 0))


def pad_picture() -> PadPicture | None:
    """The picture that was handed over last; None: none was, or it is no longer wanted."""
    stored = st.session_state.get("pad-picture")
    if stored is None:
        return None
    text, name, off = stored
    try:
        return PadPicture(base64.b64decode(text, validate=True), name, tuple(off))
    except ValueError:
        return None

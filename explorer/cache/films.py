"""What does the browser need to replay a run's training? Packed once for a run and a class, and only when somebody asks for it."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import Stamp, run_at, stamp_of
from explorer.surface.film import pack_film


def film_of(run_id: str, label: int | None = None) -> bytes:
    """The film of a run, of a conditional one as it decodes that class. Raises `RunError` where it has none."""
    return _film(run_id, stamp_of(run_id), label)


@st.cache_resource(max_entries=8, show_spinner=False)
def _film(run_id: str, stamp: Stamp, label: int | None) -> bytes:
    return pack_film(run_at(run_id, stamp), label)

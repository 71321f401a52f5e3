"""Where does the browser fetch what an interactive piece is about: one image of a run, and the decoder?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.cache.datasets import originals_of
from explorer.cache.runs import Stamp, run_at, stamp_of
from explorer.lessons.piece_data import pack_piece
from explorer.surface.served import address_of


def piece_address(run_id: str, image: int, place: str) -> str:
    """Where the bytes are; "" where no server runs. Raises `LatentError` where the run has no such image.

    place: a name for what of the page they belong to
    """
    return address_of(_subject(run_id, stamp_of(run_id), image, _has_picture(run_id, image)), "application/octet-stream", place)


def _has_picture(run_id: str, image: int) -> bool:
    return image < len(run_at(run_id, stamp_of(run_id)).encodings.mu) and originals_of(run_id, np.array([image])) is not None


@st.cache_resource(max_entries=16, show_spinner=False)
def _subject(run_id: str, stamp: Stamp, image: int, has_picture: bool) -> bytes:
    """has_picture: a data set may come while the app runs."""
    found = originals_of(run_id, np.array([image])) if has_picture else None
    return pack_piece(run_at(run_id, stamp), image, None if found is None else found[0])

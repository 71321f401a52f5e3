"""Are a run's pictures drawings, and which strokes would draw some of them?"""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.runs import Stamp, run_at, stamp_of
from explorer.pictures.traced import Traced, is_drawn, trace

LOOKED_AT = 15  # decoded test images: a set is one of drawings, or it is none


def decodes_drawings(run_id: str) -> bool:
    """Whether what the model makes of its test images is light lines on dark, in one channel."""
    return _decodes_drawings(run_id, stamp_of(run_id))


@st.cache_data(max_entries=64, show_spinner=False)
def _decodes_drawings(run_id: str, stamp: Stamp) -> bool:
    run = run_at(run_id, stamp)
    if run.image_shape[0] != 1:
        return False
    rows = np.unique(np.linspace(0, len(run.encodings.mu) - 1, LOOKED_AT).astype(int))
    labels = None if run.told is None else run.told[rows]
    return is_drawn(run.forward.decode(run.encodings.mu[rows], labels)[:, 0])


@st.cache_data(max_entries=32, show_spinner=False)
def strokes_of(pictures: NDArray[np.float32]) -> list[Traced]:
    """Of each of (n, H, W)."""
    return [trace(picture) for picture in pictures]

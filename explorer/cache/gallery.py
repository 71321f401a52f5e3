"""What does the gallery show of a run, without opening its weights?"""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import Stamp, run_at, stamp_of
from explorer.pictures.map_picture import map_picture
from trainer.errors import LatentError

LEAST_SEEN = 2.0
"""From one standard deviation of the prior below its mean to one above."""


def map_pictures(run_id: str) -> tuple[str, str] | None:
    """A run's first map as small pictures for a light and for a dark page, data: addresses; None where it cannot be read."""
    return _map_pictures(run_id, stamp_of(run_id))


@st.cache_data(max_entries=512, show_spinner=False)
def _map_pictures(run_id: str, stamp: Stamp) -> tuple[str, str] | None:
    try:
        run = run_at(run_id, stamp)
        shown, labels = next(iter(run.projections.values())), run.encodings.label
    except LatentError:
        return None
    has_prior = shown.kind != "lattice" and not run.config.is_deterministic  # its unit is the prior's standard deviation
    light, dark = (map_picture(shown.points, labels, is_dark, LEAST_SEEN if has_prior else 0.0) for is_dark in (False, True))
    return light, dark

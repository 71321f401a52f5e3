"""What does the browser need for a map of a run, and how far is a code from the encoded images?"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.cache.datasets import factors, forget_datasets, has_originals, originals
from explorer.cache.runs import Stamp, run_at, stamp_of
from explorer.surface.payload import pack_static
from trainer.maps.projection import Projection, axis_pair
from trainer.maps.quality import projection_quality
from trainer.maps.support import SupportEstimator

AXES_POINTS = 500  # on which the quality of two axes is measured: any pair may be asked for at any time


def get_projection(run_id: str, name: str, axes: tuple[int, int] | None = None) -> Projection:
    """A map of a run: a stored one, or the plane of two axes (from 0)."""
    return _projection(run_id, stamp_of(run_id), name, axes)


def static_payload(run_id: str, projection_name: str, axes: tuple[int, int] | None = None, label: int | None = None) -> bytes:
    """What the browser gets once for a run, a map and, of a conditional run, a class."""
    return _static_payload(run_id, stamp_of(run_id), projection_name, axes, has_originals(run_id), label)


def get_support(run_id: str) -> SupportEstimator:
    """How many encoded images of a run there are around a code."""
    return _support(run_id, stamp_of(run_id))


def forget_originals() -> None:
    """After a download of a data set: looks again, and gives the browser the pictures too."""
    forget_datasets()
    _static_payload.clear()


@st.cache_resource(max_entries=64, show_spinner=False)
def _projection(run_id: str, stamp: Stamp, name: str, axes: tuple[int, int] | None) -> Projection:
    this = run_at(run_id, stamp)
    if name == "axes" and axes is not None:
        pair = axis_pair(this.encodings.mu, *axes)
        return replace(pair, quality=projection_quality(this.encodings.mu, pair.points, most=AXES_POINTS))
    return this.projections[name]


@st.cache_resource(max_entries=16, show_spinner=False)
def _static_payload(
    run_id: str, stamp: Stamp, name: str, axes: tuple[int, int] | None, with_originals: bool, label: int | None
) -> bytes:
    pictures = originals(run_id) if with_originals else None
    causes = factors(run_id) if with_originals else None
    return pack_static(run_at(run_id, stamp), _projection(run_id, stamp, name, axes), pictures, label=label, factors=causes)


@st.cache_resource(max_entries=8, show_spinner=False)
def _support(run_id: str, stamp: Stamp) -> SupportEstimator:
    this = run_at(run_id, stamp)
    return SupportEstimator(this.encodings.mu, not this.config.is_deterministic)

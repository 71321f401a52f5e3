"""Which map of a run is shown? Its chooser, for the two axes of a plane too."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.cache.maps import get_projection
from explorer.session import link
from explorer.widgets.class_chooser import class_chooser
from explorer.widgets.page_row import page_row
from trainer.maps.projection import Projection
from trainer.runs.read import Run

MAP_HELP = """How the latent dimensions are laid out on a plane. Each map point is mapped to a latent code, which is decoded. On the latent
plane, PCA and two axes that mapping is exact or a projection; on UMAP it is an approximate inverse, whose R² is shown with the map."""
Axes = tuple[int, int] | None


def chosen_map(run: Run) -> tuple[Projection, Axes]:
    """The map that the person chose; for one or two latent dimensions there is only the plane itself."""
    if len(run.projections) == 1 and not run.config.is_conditional:
        return map_alone(run)
    with page_row():
        if run.config.is_conditional:
            class_chooser(run)
        return map_alone(run)


def map_alone(run: Run) -> tuple[Projection, Axes]:
    """The same without a class chooser beside it."""
    names = list(run.projections)
    if len(names) == 1:
        return get_projection(run.id, names[0]), None
    name = st.segmented_control(
        "Map",
        names,
        default=names[0],
        key=link.MAP,
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        width="content",
        help=MAP_HELP,
    )
    axes = _chosen_axes(run) if name == "axes" else None
    return get_projection(run.id, name or names[0], axes), axes


def axes_by_use(run: Run) -> list[int]:
    """All dimensions, from 1, those with the most KL first, or of a deterministic model with the most variance."""
    assert run.info.metrics is not None
    weight = run.info.metrics.kl_per_dim or run.encodings.mu.var(0)
    return [int(k) + 1 for k in np.argsort(-np.asarray(weight), kind="stable")]


def _chosen_axes(run: Run) -> Axes:
    """Two dimensions, by default the first two by use."""
    numbers = axes_by_use(run)
    first = _dimension("Across", numbers, 0, "x")
    second = _dimension("Up", numbers, 1, "y")
    if first == second:
        st.caption("Across and up were the same dimension, so up shows another one.", width="content")
        second = next(number for number in numbers if number != first)
    return first - 1, second - 1


def _dimension(label: str, numbers: list[int], index: int, key: str) -> int:
    """A dimension, from 1; the row has no room for a label above the list."""
    st.caption(f"{label} z", width="content")
    return st.selectbox(
        label,
        numbers,
        index=index,
        key=key,
        bind="query-params",
        width=82,
        format_func=str,  # links have what the list shows
        label_visibility="collapsed",
    )

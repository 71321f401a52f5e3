"""Which pieces do several views share? The map chooser, the live surface, pictures of codes and of stored images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer import cache, state
from explorer.core.pictures import Picture, data_uri, fitted, to_picture
from explorer.core.words import plain
from explorer.state import State
from explorer.surface.component import surface
from explorer.surface.payload import Dynamic, Marked, Options, PathShown, pack, reference, static_id
from trainer.projection import Projection
from trainer.runs import Run

Floats = NDArray[np.float32]
Axes = tuple[int, int] | None


def chosen_map(run: Run) -> tuple[Projection, Axes]:
    """The map that the person chose; for one or two latent dimensions there is only the plane itself."""
    names = list(run.projections)
    if len(names) == 1:
        return cache.projection(run.id, names[0]), None
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        name = st.segmented_control(
            "Map", names, default=names[0], key="projection", bind="query-params", required=True,
            label_visibility="collapsed", width="content",
            help="How the many dimensions are laid out on a plane. Each map says which code a place on it stands for.",
        )  # fmt: skip
        axes = _chosen_axes(run) if name == "axes" else None
    return cache.projection(run.id, name or names[0], axes), axes


def _chosen_axes(run: Run) -> Axes:
    """Two dimensions, by default those with the most KL."""
    assert run.info.metrics is not None
    by_kl = np.argsort(-np.asarray(run.info.metrics.kl_per_dim), kind="stable")
    numbers = [int(k) + 1 for k in by_kl]
    first = st.selectbox("Across", numbers, index=0, key="x", bind="query-params", width=110, format_func=str)
    second = st.selectbox("Up", numbers, index=1, key="y", bind="query-params", width=110, format_func=str)
    if first == second:
        st.caption("Across and up are the same dimension: the second one moves on.")
        second = next(number for number in numbers if number != first)
    return first - 1, second - 1


def live_surface(
    run_id: str,
    projection: Projection,
    axes: Axes,
    key: str,
    *,
    pins: Sequence[Marked] = (),
    markers: Sequence[Marked] = (),
    path: PathShown | None = None,
    exact: Marked | None = None,
    height: int = 600,
    options: Options | None = None,
) -> None:
    """The map of a run, alive: it draws, zooms and decodes in the browser."""
    dynamic = Dynamic(
        pins=pins,
        markers=markers,
        path=path,
        probe=exact.map if exact else None,
        exact=exact,
        taken=state.taken_pins(),
        height=height,
        options=options or Options(),
    )
    static = cache.static_payload(run_id, projection.name, axes)
    surface(pack(dynamic, reference(static) if state.browser_shows(key, static_id(static)) else static), key)


def pins_shown(now: State, run: Run, projection: Projection) -> list[Marked]:
    """The visitor's pins with their places on this map."""
    return [
        Marked(state.label(i), pin.place, pin.z)
        if pin.place and pin.on == projection.name
        else marked(state.label(i), pin.z, run, projection)
        for i, pin in enumerate(now.pins)
    ]


def marked(name: str, code: Sequence[float] | Floats, run: Run, projection: Projection, std: Floats | None = None) -> Marked:
    """A code with its place on the map; `std` (K,) adds the 1σ ellipse where the map is the latent plane."""
    x, y = projection.to_map(np.asarray([code], np.float32), run.encodings.mu)[0].tolist()
    ellipse = (float(std[0]), float(std[1])) if std is not None and projection.kind == "identity" else None
    return Marked(name, (x, y), tuple(float(value) for value in code), ellipse)


def show_picture(picture: Picture, alt: str, size_px: int, fill: bool = False, caption: str | None = None) -> None:
    """A picture in whole enlarged pixels, lossless, with words for those who do not see it; `fill` stretches it to its column."""
    big = fitted(picture, size_px)
    # inside the page and not as a file of the server: after quick reruns the browser would ask for files that are gone
    st.image(data_uri(big), caption=caption, width="stretch" if fill else "content", alt=alt)


def picture_of(run: Run, code: Sequence[float] | Floats) -> Picture:
    """The decoded picture of one code (K,)."""
    return to_picture(run.forward.decode(np.asarray([code], np.float32))[0])


def stored_pictures(run_id: str, rows: NDArray[np.int64]) -> tuple[NDArray[np.float32] | NDArray[np.uint8], str]:
    """Pictures (B, C, H, W) of rows of the encodings, and a sentence that says what they are."""
    originals = cache.originals(run_id)
    if originals is not None:
        return originals[rows], "Originals from the test set."
    run = cache.run(run_id)
    name = run.info.dataset.name
    return run.forward.decode(
        run.encodings.mu[rows]
    ), f"{plain(name)} is not on this machine, so these are the model's reconstructions."


def number_list(values: Sequence[float] | Floats, at_most: int = 8) -> str:
    """(0.41, −1.20, …)."""
    shown = ", ".join(f"{value:.2f}".replace("-", "−") for value in list(values)[:at_most])
    return f"({shown}{', …' if len(values) > at_most else ''})"

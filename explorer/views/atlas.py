"""The map: hover decodes, a click pins; below it what the pin is near to."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer import cache, state
from explorer.core.neighbours import nearest
from explorer.core.pictures import fitted, picture_grid, to_picture
from explorer.core.words import plain
from explorer.state import State
from explorer.views.parts import (
    chosen_map,
    decoded_as,
    live_surface,
    number_list,
    picture_of,
    pins_shown,
    show_picture,
    stored_pictures,
)
from trainer.runs import Run

KEY = "atlas-surface"
N_NEIGHBOURS = 8


def show(now: State) -> None:
    """The whole page."""
    run = cache.run(now.run_id)
    projection, axes = chosen_map(run)
    now = state.take_pin(now, state.surface_event(KEY), projection)
    pins = pins_shown(now, run, projection)
    live_surface(now.run_id, projection, axes, KEY, pins=pins)
    state.sync_url(now.run_id)
    if now.pins:
        _details(now)


def _details(now: State) -> None:
    """The last pin: its picture, its code, the eight nearest real points in latent space."""
    run = cache.run(now.run_id)
    code = np.asarray(now.pins[-1].z, np.float32)
    found = nearest(code, run.encodings.mu, N_NEIGHBOURS)
    left, right = st.columns([1, 3], gap="large")
    with left:
        st.markdown(f"**{plain(state.pin_name(len(now.pins) - 1, now.pins[-1]))}**")
        show_picture(picture_of(run, code), f"decoded picture of pin {state.label(len(now.pins) - 1)}", 224)
        if run.config.is_conditional:
            st.caption(plain(f"decoded{decoded_as(run)}"))
        st.caption(f"z = {number_list(code)}", help="The code that the decoder turned into this picture, in latent units.")
    with right:
        st.markdown("**Nearest real images**")
        pictures, caption = stored_pictures(now.run_id, found.index)
        names = [_class_name(now.run_id, row) for row in found.index]
        lines = [f"{name} · {distance:.2f}" for name, distance in zip(names, found.distance, strict=True)]
        # one element instead of two dozen: a pin is answered in half the time
        st.html(picture_grid([fitted(to_picture(picture), 112) for picture in pictures], lines))
        st.caption(
            f"{caption} Under each: its class and its distance from the pin.",
            help=f"Euclidean distance between the pin and {_code_words(run)}, in all latent dimensions.",
        )


def _code_words(run: Run) -> str:
    """Which code of an image the distance is to."""
    if run.config.is_deterministic:
        return "the code of the image"
    return f"the posterior mean μ of the image{', encoded under its own class' if run.config.is_conditional else ''}"


def _class_name(run_id: str, row: int) -> str:
    run = cache.run(run_id)
    label, names = int(run.encodings.label[row]), run.info.dataset.class_names
    image = f"test image {row}"
    return f"{names[label]}, {image}" if 0 <= label < len(names) else image

"""Which lines would draw the pictures on the way? Where pictures are drawings: a row of traced strokes, and a file of crisp lines."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from explorer.cache.paths import DecodedPath
from explorer.cache.strokes import decodes_drawings, strokes_of
from explorer.pictures.arrays import fitted, to_picture
from explorer.pictures.export import safe_file_name
from explorer.pictures.traced import INK, strokes_grid, strokes_svg
from trainer.numerals import percent
from trainer.runs.read import Run

N_SHOWN = 11
CELL_PX = 84
TILE_PX = 112
FILE_SCALE = 6.0  # CSS pixels to a pixel of the model
PRINTED = ("#15181d", "#ffffff")  # ink and paper of the file
WORDS = "Decoded pictures, and the lines traced in them: the decoder gives pixels, not strokes."
HELP = (
    f"Ink is what is at least {percent(INK)} as bright as the brightest pixel of its picture. It is thinned to its middle line (Zhang & "
    "Suen, 1984); lines are joined where they go straight on beyond a crossing, and smoothed. A picture's lines have one width, that of "
    "the pen that would leave as much ink."
)


def show_strokes(run: Run, walked: DecodedPath, name: str) -> None:
    """Evenly from first to last: what is decoded, and the strokes that are traced in it. Nothing for pictures that are no drawings."""
    if not decodes_drawings(run.id):
        return
    frames = np.rint(np.linspace(0, len(walked.x_hat) - 1, N_SHOWN)).astype(int)
    pictures = walked.x_hat[frames]
    traced = strokes_of(pictures[:, 0])
    shape = (run.image_shape[1], run.image_shape[2])
    with st.container(key="strokes"):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.markdown("**Strokes**", width="content", help=HELP)
            st.caption(
                WORDS,
                width="content",
            )
            st.download_button(
                "SVG",
                data=partial(strokes_svg, traced, shape, FILE_SCALE, *PRINTED),
                file_name=f"{safe_file_name(name)}-strokes.svg",
                mime="image/svg+xml",
                icon=":material/download:",
                key="save-strokes",
                on_click="ignore",
            )
        shares = [percent(i / (N_SHOWN - 1)) for i in range(N_SHOWN)]
        st.html(strokes_grid([fitted(to_picture(one), TILE_PX) for one in pictures], traced, shape, shares, CELL_PX))

"""How are pictures shown: of codes, of the test set, and why are some not here?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.datasets import originals_of
from explorer.cache.runs import get_run
from explorer.pictures.arrays import Picture, data_uri, fitted
from explorer.text.test_images import image_name
from trainer.datasets.names import OWN
from trainer.numerals import count
from trainer.runs.read import Run

TWO_CHANNELS = "Pictures of two channels: the first is drawn in red, the second in cyan, white where both are bright."
Floats = NDArray[np.float32]
Window = tuple[int, int]
LAPTOP, DESKTOP = (1500, 860), (1900, 1000)
"""Windows, width and height in CSS pixels, from which on pictures are larger than on a projector of 1280 × 720."""


def show_picture(picture: Picture, alt: str, size_px: int, fill: bool = False, caption: str | None = None) -> None:
    """A picture in whole enlarged pixels, lossless, with words for those who do not see it; `fill` stretches it to its column."""
    big = fitted(picture, size_px)
    # inside the page and not as a file of the server: after quick reruns the browser would ask for files that are gone
    st.image(data_uri(big), caption=caption, width="stretch" if fill else "content", alt=alt)


def grow_with_window(key: str, side: tuple[int, int], rooms: Mapping[Window, tuple[int, int]]) -> None:
    """Pictures of the container of that key are larger in large windows, by whole factors of their own pixels.

    side: height and width of a picture in its own pixels. rooms: height and width that it has there, CSS pixels.
    """
    rules = []
    for window, room in rooms.items():
        factor = max(1, min(some // own for some, own in zip(room, side, strict=True)))
        size = f"height: {factor * side[0]}px !important; width: auto !important; object-fit: contain;"
        rules.append(f"@media (min-width: {window[0]}px) and (min-height: {window[1]}px) {{ .st-key-{key} img {{ {size} }} }}")
    st.html(f"<style>{' '.join(rules)}</style>")


def stored_pictures(run_id: str, rows: NDArray[np.int64]) -> NDArray[np.float32] | NDArray[np.uint8]:
    """Pictures (B, C, H, W) of rows of the encodings: the originals, or, where one of them is not here, the model's reconstructions, each
    decoded as its own class."""
    originals = originals_of(run_id, rows)
    if originals is not None:
        return originals
    run = get_run(run_id)
    labels = None if run.told is None else run.told[rows]
    return run.forward.decode(run.encodings.mu[rows], labels)


def run_image_name(run: Run, row: int) -> str:
    """“test image 7 (class heart)”; not yet Markdown."""
    return image_name(row, int(run.encodings.label[row]), run.info.dataset.class_names)


def no_originals(run: Run) -> str:
    """Why the original of a test image cannot be shown, the beginning of a sentence."""
    if run.test_images is not None:
        kept = run.test_images
        return f"This run keeps {count(len(kept.rows))} of its {count(kept.n_test)} test images, and this is none of them"
    if not run.info.dataset.is_own:
        return f"{run.info.dataset.name} is not on this machine"
    if run.info.dataset.name.startswith(OWN):
        return "This run was imported without its pictures"
    return "This run does not hold its test images (it was made before runs kept them, and train or import it again adds them)"


def channel_words(run: Run) -> None:
    """How pictures of two channels are drawn, which have no colours of their own; nothing for others."""
    if run.image_shape[0] == 2:
        st.caption(TWO_CHANNELS)

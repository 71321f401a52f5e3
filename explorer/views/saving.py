"""How does a walk leave the page? Size and number of frames are chosen; a file is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.cache import Walked
from explorer.core.export import Film, Report, animation, codes_csv, filmstrip, png, safe_file_name
from explorer.core.pictures import to_picture
from explorer.views.parts import decoder
from trainer.runs import Run
from trainer.walk import resampled

Codes = NDArray[np.float32]

FPS = 20
SIZES = {"small, about 128 px": 128, "middle, about 256 px": 256, "large, about 512 px": 512}
FRAMES = (11, 31, 61, 121, 241)
STRIP_FRAMES = 11
FILMS: dict[Film, tuple[str, str]] = {"gif": ("GIF", "image/gif"), "webp": ("WebP", "image/webp"), "mp4": ("MP4", "video/mp4")}
LONG = 120 * 512 * 512  # pixels of a film that takes longer than a moment: it is made with a progress bar


def downloads(run: Run, walked: Walked, name: str) -> None:
    """One row: the buttons, and what the files shall be like."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        size = SIZES[st.selectbox("Size", list(SIZES), index=1, key="save-size", width=190)]
        n = st.selectbox(
            "Frames", FRAMES, index=FRAMES.index(61), key="save-frames", width=90, help=f"Films run at {FPS} frames a second."
        )
        shown = resampled(walked.codes, n).astype(np.float32)
        x_hat = walked.x_hat if n == len(walked.codes) else None  # decoded already
        scale = max(1, round(size / max(run.image_shape[1:])))
        stem = safe_file_name(name)
        for kind, (title, mime) in FILMS.items():
            _film(run, shown, x_hat, kind, title, mime, scale, stem)
        _button("Filmstrip", partial(_strip_file, run, shown, scale), f"{stem}-strip.png", "image/png", "strip")
        _button("CSV of z", partial(codes_csv, shown), f"{stem}.csv", "text/csv", "csv")


def _film(run: Run, codes: Codes, x_hat: Codes | None, kind: Film, title: str, mime: str, scale: int, stem: str) -> None:
    """A short film at a click; a long one is made first, with a progress bar, and then offered."""
    make = partial(_film_file, run, codes, x_hat, kind, scale)
    n_pixels = len(codes) * int(np.prod(run.image_shape[1:])) * scale**2
    if n_pixels < LONG:
        _button(title, make, f"{stem}.{kind}", mime, kind)
    elif st.button(f"Make {title}", key=f"make-{kind}", icon=":material/movie:"):
        bar = st.progress(0.0, f"Making the {title} …")
        data = make(report=partial(_show_share, bar, title))
        bar.empty()
        _button(f"Save {title}", lambda: data, f"{stem}.{kind}", mime, f"made-{kind}")


def _show_share(bar: DeltaGenerator, title: str, share: float) -> None:
    bar.progress(min(1.0, share), f"Making the {title} …")


def _film_file(
    run: Run, codes: Codes, x_hat: Codes | None, kind: Film, scale: int, report: Report = lambda share: None
) -> bytes:  # fmt: skip
    pictures = decoder(run).decode(codes) if x_hat is None else x_hat
    frames = np.stack([to_picture(picture) for picture in pictures])
    return animation(frames, FPS, scale, kind, report)


def _strip_file(run: Run, codes: Codes, scale: int) -> bytes:
    """At most so many frames that a slide takes it, evenly from first to last."""
    frames = decoder(run).decode(resampled(codes, min(len(codes), STRIP_FRAMES)).astype(np.float32))
    return png(filmstrip(np.stack([to_picture(x_hat) for x_hat in frames]), scale))


def _button(title: str, data: Callable[[], bytes], file_name: str, mime: str, key: str) -> None:
    st.download_button(
        title, data=data, file_name=file_name, mime=mime, icon=":material/download:", key=f"save-{key}", on_click="ignore"
    )  # fmt: skip

"""How does a walk leave the page? Size and number of frames are chosen; a file is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.cache.maps import get_support
from explorer.cache.paths import DecodedPath
from explorer.pictures.arrays import to_picture
from explorer.pictures.export import Film, Report, animation, codes_csv, filmstrip, framed, png, safe_file_name
from trainer.latent.paths import resampled
from trainer.maps.support import LOW
from trainer.runs.read import Run

Codes = NDArray[np.float32]
Labels = NDArray[np.int64] | None

FPS = 20
SIZES = {"small, about 128 px": 128, "middle, about 256 px": 256, "large, about 512 px": 512}
FRAMES = (11, 31, 61, 121, 241)
STRIP_FRAMES = 11
FILMS: dict[Film, tuple[str, str]] = {"gif": ("GIF", "image/gif"), "webp": ("WebP", "image/webp"), "mp4": ("MP4", "video/mp4")}
LONG = 120 * 512 * 512  # pixels of a film that takes longer than a moment: it is made with a progress bar


def downloads(run: Run, walked: DecodedPath, name: str) -> None:
    """One row: the buttons, and what the files shall be like."""
    if run.image_shape[0] == 2:  # a file cannot say it otherwise
        name = f"{name}-frame1-red-frame2-cyan"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        size = SIZES[st.selectbox("Size", list(SIZES), index=1, key="save-size", width=190)]
        n = st.selectbox(
            "Frames",
            FRAMES,
            index=FRAMES.index(61),
            key="save-frames",
            width=90,
            help=f"Animations play at {FPS} frames per second.",
        )
        shown, labels = resampled(walked.codes, n).astype(np.float32), _thinned(walked.labels, n)
        x_hat = walked.x_hat if n == len(walked.codes) else None  # decoded already
        scale = max(1, round(size / max(run.image_shape[1:])))
        stem = safe_file_name(name)
        for kind, (title, mime) in FILMS.items():
            _film(run, shown, labels, x_hat, kind, title, mime, scale, stem)
        _button("Filmstrip", partial(_strip_file, run, shown, labels, scale), f"{stem}-strip.png", "image/png", "strip")
        _button("CSV of z", partial(_csv_file, run, shown, labels), f"{stem}.csv", "text/csv", "csv")
    if (walked.along.support < LOW).any():
        st.caption(
            "In the files a dashed frame surrounds pictures with low density of encoded images; their pixels are the decoder's."
        )


def _thinned(labels: Labels, n: int) -> Labels:
    """Of n frames evenly among those that the labels (T,) belong to: of each the nearest one's."""
    return None if labels is None else labels[np.rint(np.linspace(0, len(labels) - 1, n)).astype(int)]


def _film(
    run: Run, codes: Codes, labels: Labels, x_hat: Codes | None, kind: Film, title: str, mime: str, scale: int, stem: str
) -> None:
    """A short film at a click; a long one is made first, with a progress bar, and then offered."""
    make = partial(_film_file, run, codes, labels, x_hat, kind, scale)
    n_pixels = len(codes) * int(np.prod(run.image_shape[1:])) * scale**2
    if n_pixels < LONG:
        _button(title, make, f"{stem}.{kind}", mime, kind)
    elif st.button(f"Make {title}", key=f"make-{kind}", icon=":material/movie:"):
        bar = st.progress(0.0, f"Making the {title} …")
        try:
            data = make(report=partial(_show_share, bar, title))
        finally:
            bar.empty()
        _button(f"Save {title}", lambda: data, f"{stem}.{kind}", mime, f"made-{kind}")


def _show_share(bar: DeltaGenerator, title: str, share: float) -> None:
    bar.progress(min(1.0, share), f"Making the {title} …")


def _film_file(
    run: Run, codes: Codes, labels: Labels, x_hat: Codes | None, kind: Film, scale: int, report: Report = lambda share: None
) -> bytes:
    pictures = run.forward.decode(codes, labels) if x_hat is None else x_hat
    return animation(_frames(run, codes, pictures), FPS, scale, kind, report)


def _frames(run: Run, codes: Codes, pictures: Codes) -> NDArray[np.uint8]:
    """As they are looked at: the decoder's pixels, with a dashed frame around those where few encoded images are."""
    return framed(np.stack([to_picture(picture) for picture in pictures]), get_support(run.id).of(codes) < LOW)


def _csv_file(run: Run, codes: Codes, labels: Labels) -> bytes:
    names = run.info.dataset.class_names
    return codes_csv(codes, None if labels is None else [names[label] for label in labels])


def _strip_file(run: Run, codes: Codes, labels: Labels, scale: int) -> bytes:
    """At most so many frames that a slide takes it, evenly from first to last."""
    n = min(len(codes), STRIP_FRAMES)
    shown = resampled(codes, n).astype(np.float32)
    return png(filmstrip(_frames(run, shown, run.forward.decode(shown, _thinned(labels, n))), scale))


def _button(title: str, data: Callable[[], bytes], file_name: str, mime: str, key: str) -> None:
    st.download_button(
        title, data=data, file_name=file_name, mime=mime, icon=":material/download:", key=f"save-{key}", on_click="ignore"
    )

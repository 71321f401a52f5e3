"""What lies between two pictures? Two ends, a path, played in the browser and saved as a file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer import cache, state
from explorer.core.export import animation, safe_file_name
from explorer.core.pictures import to_picture
from explorer.core.words import plain
from explorer.state import State
from explorer.surface.payload import Options, PathShown
from explorer.views.parts import chosen_map, decoded_as, decoder, live_surface, number_list, picture_of, pins_shown, show_picture
from explorer.views.picking import chosen_row, class_of, picked_picture, row_title
from trainer.geometry import PATH_KINDS, interpolate
from trainer.projection import Projection
from trainer.runs import Run

N_FRAMES = 61  # two seconds at 30 a second
FPS = 20
PATH_HELP = """**linear**: (1−t)a + tb, right between two encoded pictures.

**variance-preserving**: the same divided by √((1−t)² + t²), right between two draws from the prior: every step is again such a draw.

**spherical**: along the great circle around 0, with the length going evenly from one end's to the other's (slerp, Shoemake 1985).

The last two assume codes that are spread as the prior N(0, I)."""


@dataclass(frozen=True)
class End:
    """One end of a path: its name and its code (K,)."""

    name: str
    z: NDArray[np.float32]


def show(now: State) -> None:
    """The whole page."""
    run = cache.run(now.run_id)
    first, second, choice = st.columns([2, 2, 2], gap="large")
    with first:
        start = _end(now, run, "from", 0)
    with second:
        end = _end(now, run, "to", 1)
    with choice:
        kind = st.segmented_control(
            "Path", PATH_KINDS, default="linear", key="path", bind="query-params", required=True, help=PATH_HELP
        )
        projection, axes = chosen_map(run)
        if start is not None and end is not None:
            st.caption(f"from z = {number_list(start.z, 4)} to z = {number_list(end.z, 4)}")
        if run.config.is_deterministic and kind != "linear":
            st.caption(
                f"A {kind} path assumes codes that are spread as the prior N(0, I). This model has no prior: "
                "the path may leave the codes that it knows."
            )
    pins = pins_shown(now, run, projection)
    if start is None or end is None:
        st.info("Choose both ends above: a pin of the map, an image of the test set, or a picture of yours.")
        live_surface(run.id, projection, axes, "interpolate-surface", pins=pins, options=Options(pinnable=False))
        return
    codes = interpolate(start.z, end.z, np.linspace(0, 1, N_FRAMES), kind or "linear").astype(np.float32)
    live_surface(
        run.id, projection, axes, "interpolate-surface", pins=pins,
        path=path_shown(kind or "linear", codes, run, projection, (start.name, end.name)), options=Options(pinnable=False, hint=False),
    )  # fmt: skip
    _downloads(run, codes, f"{run.id}-{start.name}-to-{end.name}-{kind}")


def _end(now: State, run: Run, word: str, number: int) -> End | None:
    """One end: its chooser, and beside it the picture that it stands for."""
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=235):
            end = _chosen_end(now, run, word, number)
        if end is not None:
            with st.container(width=96):
                show_picture(
                    picture_of(run, end.z), f"decoded picture of {end.name}", 96, caption=plain(f"decoded{decoded_as(run)}")
                )
    return end


def _chosen_end(now: State, run: Run, word: str, number: int) -> End | None:
    pins = [(state.pin_name(i, pin), pin.z) for i, pin in enumerate(now.pins)]
    sources = [*(["Pin"] if pins else []), "Test image", *(["Yours"] if run.config.has_encoder else [])]
    default = "Pin" if len(pins) > number else "Test image"
    source = st.segmented_control(
        word.capitalize(), sources, default=default, key=f"{word}-{'pins' if pins else 'none'}", required=True
    )
    if source == "Pin":
        names = [name for name, _ in pins]
        name = st.selectbox("Pin", names, index=min(number, len(pins) - 1), key=f"{word}-pin", label_visibility="collapsed")
        return End(name, np.asarray(dict(pins)[name], np.float32))
    if source == "Test image":
        row = chosen_row(run, word, default=_default_row(run, number))
        return End(row_title(run, row), run.encodings.mu[row])
    picked = picked_picture(run, word, with_test=False)
    if picked is None:
        return None
    label = class_of(run, picked)
    if label is not None:
        st.caption(plain(f"Encoded as class {run.info.dataset.class_names[label]}, the model's guess."))
    return End(picked.title, run.forward.encode(picked.x[None], None if label is None else [label]).mu[0])


def _default_row(run: Run, number: int) -> int:
    """Two images of different classes to begin with, so that there is something to see."""
    labels = run.encodings.label
    others = np.flatnonzero(labels != labels[0])
    return 0 if number == 0 or len(others) == 0 else int(others[0])


def path_shown(kind: str, codes: NDArray[np.float32], run: Run, projection: Projection, ends: tuple[str, str]) -> PathShown:
    """The path as the browser plays it; codes (T, K)."""
    places = projection.to_map(codes, run.encodings.mu)
    return PathShown(kind, tuple(map(tuple, codes.tolist())), tuple((x, y) for x, y in places.tolist()), ends)


def _downloads(run: Run, codes: NDArray[np.float32], name: str) -> None:
    """Files are made when they are asked for."""
    scale = max(1, 224 // max(run.image_shape[1:]))

    def file_of(kind: str) -> bytes:
        frames = np.stack([to_picture(x_hat) for x_hat in decoder(run).decode(codes)])
        return animation(frames, FPS, scale, "gif" if kind == "gif" else "webp")

    with st.container(horizontal=True, gap="small"):
        for kind in ("gif", "webp"):
            st.download_button(
                kind.upper().replace("WEBP", "WebP"), data=partial(file_of, kind), file_name=f"{safe_file_name(name)}.{kind}",
                mime=f"image/{kind}", icon=":material/download:", key=f"save-{kind}", on_click="ignore",
            )  # fmt: skip

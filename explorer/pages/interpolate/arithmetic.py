"""What can be added to a picture, and what lies between four? Analogies, directions, labels and corners, each with its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.maps import get_support
from explorer.pages.interpolate.stop_chooser import show_stop
from explorer.pages.interpolate.stops import (
    code,
    image_stop,
    label_of,
    mean_stops,
    pin_stops,
    stop_as,
    stop_picture,
)
from explorer.pictures.arrays import Picture, fitted, picture_grid, to_picture
from explorer.pictures.export import filmstrip, framed, png, safe_file_name, sheet
from explorer.session import stops as path_stops
from explorer.session.load import State
from explorer.session.stops import Stop
from explorer.text.density import SUPPORT_HELP
from explorer.text.escape import escape_markdown
from explorer.widgets.into_view import bring_into_view, made_once_more
from explorer.widgets.pictures import show_picture
from trainer.latent.directions import GridKind, analogy, corner_grid, direction
from trainer.maps.support import LOW, density_words
from trainer.numerals import number
from trainer.runs.read import Run

TERM_PX, CELL_PX = 84, 56
N_FILM = 9
STRENGTH = 2.0  # times the way from one class to the other, in either direction
TOOL = "walk-tool"
MOST_LABELS = 12  # classes side by side

ANALOGY_HELP = "z = a − b + c: what turns b into a, done to c (Mikolov et al. 2013). The pictures are decoded from the codes."
DIRECTION_HELP = (
    "From the mean code of one class to that of another (White 2016), added to a picture's code: z + strength × (mean − mean). "
    "0 leaves the picture as it is, 1 goes as far as the two means are apart."
)
LABEL_HELP = "p(x|z, y) with z fixed: the decoder is given another class. What stays the same is what z encodes beside the class."
CORNER_HELP = (
    "bilinear: codes weighted by (1−u)(1−v), u(1−v), (1−u)v, uv. spherical: along great circles, across and then down; between draws "
    "from a prior of many dimensions it keeps their usual length, where bilinear passes nearer to 0 than any draw."
)


def arithmetic(now: State, run: Run, stops: Sequence[Stop]) -> None:
    """One of a few tools; only the chosen one is computed."""
    offered = _offered(now, run, stops)
    means = mean_stops(run)
    tools: dict[str, Callable[[], None]] = {"Analogy": partial(_analogy, run, stops, offered)}
    if len(means) > 1:
        tools["Direction"] = partial(_direction, run, stops, offered)
    if run.config.is_conditional:
        tools["Labels"] = partial(_labels, run, offered)
    tools["Four corners"] = partial(_corners, run, offered)
    bring_into_view(TOOL)
    tool = st.segmented_control(
        "More tools",
        list(tools),
        default=None,
        key=TOOL,
        width="content",
        on_change=made_once_more,
        args=(TOOL,),
        bind="query-params",
    )
    if tool in tools:
        tools[tool]()


def _offered(now: State, run: Run, stops: Sequence[Stop]) -> dict[str, Stop]:
    """What may be a term or a corner, by name: the stops first, then pins, class means, and the first test images."""
    rows = range(min(8, len(run.encodings.mu)))
    every = (*stops, *pin_stops(now), *mean_stops(run), *(image_stop(run, row) for row in rows))
    return {stop.name: stop for stop in every}


def _pick(label: str, offered: Mapping[str, Stop], index: int, key: str) -> Stop:
    names = list(offered)
    return offered[st.selectbox(label, names, index=min(index, len(names) - 1), key=key, bind="query-params")]


def _picked(run: Run, label: str, offered: Mapping[str, Stop], index: int, key: str) -> Stop:
    """A chooser with its picture."""
    with st.container(width=200, gap="small"):
        stop = _pick(label, offered, index, key)
        show_stop(run, stop, TERM_PX)
    return stop


def _result(run: Run, stops: Sequence[Stop], stop: Stop, key: str) -> None:
    """A computed code: its picture, and the way onto the walk."""
    with st.container(width=170, gap="small"):
        st.markdown(f"**{escape_markdown(stop.name)}**{escape_markdown(stop_as(run, stop))}")
        show_picture(stop_picture(run, stop), f"decoded picture of {stop.name}", TERM_PX)
        support = float(get_support(run.id).of([stop.z])[0])
        st.caption(f"{density_words(support)} ({number(support)})", help=SUPPORT_HELP)
        # no callback: its arguments would be those of the rerun before, and a quick hand would add what was chosen before
        if st.button("Add to the walk", key=f"{key}-add", disabled=path_stops.is_full(stops)):
            path_stops.put(run.id, stops, stop)
            st.rerun()


# --- a − b + c


def _analogy(run: Run, stops: Sequence[Stop], offered: Mapping[str, Stop]) -> None:
    st.caption("a − b + c: what turns b into a, done to c.", help=ANALOGY_HELP)
    with st.container(horizontal=True, gap="medium"):
        a = _picked(run, "a", offered, 0, "term-a")
        b = _picked(run, "− b", offered, 1, "term-b")
        c = _picked(run, "+ c", offered, 2, "term-c")
        _result(run, stops, Stop(f"{a.name} − {b.name} + {c.name}", code(analogy(a.z, b.z, c.z)), label_of(run, c)), "analogy")


# --- from one class to another


def _direction(run: Run, stops: Sequence[Stop], offered: Mapping[str, Stop]) -> None:
    st.caption("A picture's code, moved along the way from one class to another.", help=DIRECTION_HELP)
    names, label = run.info.dataset.class_names, run.encodings.label
    here = [y for y in range(len(names)) if (label == y).any()]
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        base = _picked(run, "Picture", offered, 0, "direction-base")
        with st.container(width=190, gap="small"):
            first = st.selectbox(
                "From class", here, index=0, key="direction-from", bind="query-params", format_func=lambda y: names[y]
            )
            second = st.selectbox(
                "To class", here, index=1, key="direction-to", bind="query-params", format_func=lambda y: names[y]
            )
            strength = st.slider(
                "Strength", -STRENGTH, STRENGTH, 1.0, 0.1, key="direction-strength", bind="query-params", help=DIRECTION_HELP
            )
        step = direction(run.encodings.mu, label == first, label == second)
        moved = Stop(
            f"{base.name}, strength {number(strength, 1)} from class {names[first]} to class {names[second]}",
            code(np.asarray(base.z) + strength * step),
            label_of(run, base),
        )
        _result(run, stops, moved, "direction")
    _film(run, base, step, f"{names[first]}-to-{names[second]}")


def _film(run: Run, base: Stop, step: NDArray[np.float64], name: str) -> None:
    """The picture at every strength, and the same as a file."""
    steps = np.linspace(-STRENGTH, STRENGTH, N_FILM)
    codes = np.asarray(base.z) + steps[:, None] * step
    pictures = _decoded(run, codes, [label_of(run, base)] * len(codes))
    signed = [("+" if one > 0 else "") + number(one, 1) for one in steps]
    is_low = get_support(run.id).of(codes) < LOW
    lines = [f"{text}, low density" if low else text for text, low in zip(signed, is_low, strict=True)]
    st.html(picture_grid([fitted(one, TERM_PX) for one in pictures], lines, TERM_PX))
    film = partial(_strip_file, pictures, is_low, max(1, 128 // max(run.image_shape[1:])))
    st.download_button(
        "Filmstrip",
        data=film,
        file_name=f"{safe_file_name(f'{run.id}-{name}')}.png",
        mime="image/png",
        icon=":material/download:",
        key="save-direction",
        on_click="ignore",
    )


def _strip_file(pictures: Sequence[Picture], is_low: NDArray[np.bool_], scale: int) -> bytes:
    return png(filmstrip(framed(np.stack(list(pictures)), is_low), scale))


# --- another label, z fixed


def _labels(run: Run, offered: Mapping[str, Stop]) -> None:
    """Two pictures as every class, and each as the other's."""
    st.caption("The same code z as every class; the picture's own class changes, what z says stays.", help=LABEL_HELP)
    names = run.info.dataset.class_names
    own = {stop.name: _own_class(run, stop) for stop in offered.values()}
    with st.container(horizontal=True, gap="medium"):
        a = _picked(run, "One picture", offered, 0, "label-a")
        b = _picked(run, "Another", offered, 1, "label-b")
    shown = range(min(len(names), MOST_LABELS))
    for stop in (a, b):
        pictures = [
            to_picture(x) for x in run.forward.decode(np.repeat(np.asarray([stop.z], np.float32), len(shown), 0), list(shown))
        ]
        st.caption(escape_markdown(stop.name))
        st.html(picture_grid([fitted(one, CELL_PX) for one in pictures], [names[y] for y in shown], CELL_PX))
    y_a, y_b = own[a.name], own[b.name]
    if y_a is None or y_b is None:
        return
    st.caption("Class swap: each as its own class, then as the other's.")
    cells = [(a, y_a), (a, y_b), (b, y_b), (b, y_a)]
    x_hat = run.forward.decode(np.array([stop.z for stop, _ in cells], np.float32), [y for _, y in cells])
    lines = [f"{stop.name} as {names[y]}" for stop, y in cells]
    st.html(picture_grid([fitted(to_picture(x), TERM_PX) for x in x_hat], lines, 120))


def _own_class(run: Run, stop: Stop) -> int | None:
    """The stop's own class, else that of the encoded image nearest to it."""
    if stop.label is not None:
        return stop.label
    near = int(np.square(run.encodings.mu - np.asarray(stop.z, np.float32)).sum(1).argmin())
    label = int(run.encodings.label[near])
    return label if label >= 0 else None


# --- between four


def _corners(run: Run, offered: Mapping[str, Stop]) -> None:
    st.caption("A grid between four pictures.", help=CORNER_HELP)
    names = ("Top left", "Top right", "Bottom left", "Bottom right")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        corners = [_picked(run, name, offered, i, f"corner-{i}") for i, name in enumerate(names)]
        with st.container(width=190):
            kind: GridKind = st.segmented_control(
                "Between them",
                ("bilinear", "spherical"),
                default="bilinear",
                key="corner-kind",
                bind="query-params",
                required=True,
                help=CORNER_HELP,
            )
            n = st.slider("Pictures a side", 3, 15, 7, key="corner-n", bind="query-params")
    codes = corner_grid([corner.z for corner in corners], n, kind or "bilinear")
    labels = _nearest_corners([label_of(run, corner) for corner in corners], n)
    flat = codes.reshape(n * n, -1)
    marked = framed(np.stack(_decoded(run, flat, labels)), get_support(run.id).of(flat) < LOW)
    pictures = marked.reshape(n, n, *marked.shape[1:])
    if len(set(labels)) > 1:
        st.caption("Each picture is decoded as the class of the nearest corner.")
    if len(marked[0]) > run.image_shape[1]:
        st.caption("Dashed frames: low density of encoded images.", help=SUPPORT_HELP)
    grid = sheet(pictures, gap=1)
    show_picture(grid, f"{n} by {n} pictures between {', '.join(corner.name for corner in corners)}", 640)
    scale = max(1, 128 // max(run.image_shape[1:]))
    st.download_button(
        "Grid as PNG",
        data=partial(_sheet_file, pictures, scale),
        file_name=f"{safe_file_name(f'{run.id}-corners-{kind}')}.png",
        mime="image/png",
        icon=":material/download:",
        key="save-corners",
        on_click="ignore",
    )


def _nearest_corners(labels: Sequence[int | None], n: int) -> list[int | None]:
    """The class of the corner nearest to each of n × n cells, row by row; the middle ones belong to the right and to the lower corner."""
    return [labels[2 * (2 * row >= n - 1) + (2 * column >= n - 1)] for row in range(n) for column in range(n)]


def _sheet_file(pictures: NDArray[np.uint8], scale: int) -> bytes:
    return png(sheet(pictures.repeat(scale, axis=2).repeat(scale, axis=3), gap=scale))


def _decoded(run: Run, codes: NDArray[np.float64], labels: Sequence[int | None]) -> list[Picture]:
    told = [label for label in labels if label is not None]  # all or none
    return [to_picture(x) for x in run.forward.decode(codes.astype(np.float32), told or None)]

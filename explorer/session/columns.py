"""What does this visitor compare: which columns, on which data set, by which test image?

Each data set has a comparison of its own, so that a change of the
first run leaves none of another data set beside it. The columns are kept here and not in their widgets, because links and buttons change
them too: a widget is told what to show before it is drawn, and its callback says what was chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from explorer.session import link
from explorer.session.column_link import MOST_COLUMNS, Column, link_of, text_of
from explorer.text.escape import shortened

IMAGE_KEY = "image-number"


@dataclass(frozen=True)
class Comparison:
    """What is compared on one data set."""

    columns: tuple[Column, ...]
    """Those beside the first, whose run and map are the page's."""
    image: int = 0
    """The number of a test image."""


def compared(data_set: str) -> Comparison | None:
    """What this visitor compares on the data set of that content; None before anything was chosen."""
    stored = st.session_state.get("compared", {}).get(data_set)
    return None if stored is None else Comparison(tuple(Column(*column) for column in stored["columns"]), stored["image"])


def from_link(known: Iterable[str], n_images: int) -> tuple[Comparison, list[str]]:
    """What the link asks for and, in sentences, what of it cannot be had; nothing once this session has a comparison of its own."""
    if "compared" in st.session_state:
        return Comparison(()), []
    linked, asked = link_of(link.asked("with") or "", set(known)), link.asked("image")
    asked = "0" if asked is None else asked
    if asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) < n_images:
        return Comparison(linked.columns, int(asked)), list(linked.complaints)
    missing = f"There is no test image “{shortened(asked, 20)}”; they go from 0 to {n_images - 1}. Showing 0 instead."
    return Comparison(linked.columns), [*linked.complaints, missing]


def read_link() -> None:
    """Back or Forward: the columns of the link count again."""
    if link.asked("with") is not None:
        st.session_state.pop("compared", None)


def remember(data_set: str, comparison: Comparison) -> None:
    """Remembers what is compared, for that data set, and writes it into the URL."""
    plain = {"columns": [[c.run_id, c.map_name, c.axes] for c in comparison.columns], "image": comparison.image}
    st.session_state["compared"] = {**st.session_state.get("compared", {}), data_set: plain}
    link.write("with", text_of(comparison.columns))
    link.write("image", str(comparison.image) if comparison.image else "")


def show(key: str, value: object) -> None:
    """What the widget of that key shows, before it is drawn: its choice is kept elsewhere, where a link or a button may change it."""
    st.session_state[key] = value


def take_image(data_set: str) -> None:
    """Another test image for all columns (its chooser's callback)."""
    _change(data_set, image=int(st.session_state[IMAGE_KEY]))


def take_run(data_set: str, index: int) -> None:
    """Another run in a column (its chooser's callback); the map of the same name stays where the run has it."""
    columns = _columns(data_set)
    columns[index] = replace(columns[index], run_id=st.session_state[run_key(index)] or "")
    _change(data_set, columns)


def take_map(data_set: str, index: int) -> None:
    """Another map in a column (its choosers' callback)."""
    columns = _columns(data_set)
    first, second = (st.session_state.get(key) for key in axis_keys(index))
    axes = None if first is None or second is None else (int(first) - 1, int(second) - 1)
    columns[index] = replace(columns[index], map_name=st.session_state[map_key(index)], axes=axes)
    _change(data_set, columns)


def add_column(data_set: str, column: Column) -> None:
    """One more column (a button's callback)."""
    _change(data_set, [*_columns(data_set), column])


def drop_column(data_set: str, index: int) -> None:
    """Takes a column away (a button's callback)."""
    columns = _columns(data_set)
    _change(data_set, columns[:index] + columns[index + 1 :])


def open_beside(data_set: str, first: str, run_id: str) -> None:
    """Puts a run into a column: an empty one, a new one, or, where there is no room, the last; nothing where it is shown already."""
    columns = _columns(data_set)
    shown = [first, *(column.run_id for column in columns)]
    if run_id in shown:
        return
    at = shown.index("") - 1 if "" in shown else min(len(columns), MOST_COLUMNS - 2)
    _change(data_set, [*columns[:at], Column(run_id), *columns[at + 1 :]])


def open_clicked(data_set: str, first: str) -> None:
    """Puts the run of the clicked point into a column (the chart's callback).

    The chart is drawn anew under another key, or the point would stay chosen and a second click on it would say nothing.
    """
    event = st.session_state.get(chart_key())
    points = event["selection"]["points"] if event else []
    names = [str(point["customdata"][0]) for point in points if point.get("customdata")]
    if names:
        st.session_state["charts"] = _charts() + 1
        open_beside(data_set, first, names[0])


def chart_key() -> str:
    """The name of the chart whose points can be clicked."""
    return f"rate-distortion-{_charts()}"


def _charts() -> int:
    return int(st.session_state.get("charts", 0))


def run_key(index: int) -> str:
    return f"run-{index}"


def map_key(index: int) -> str:
    return f"map-{index}"


def axis_keys(index: int) -> tuple[str, str]:
    return f"x-{index}", f"y-{index}"


def notices() -> list[str]:
    """What of a link could not be had, until it is dismissed or something else is chosen."""
    return list(st.session_state.get("compare-notices", []))


def complain(sentences: Sequence[str]) -> None:
    st.session_state["compare-notices"] = [*notices(), *sentences]


def dismiss_notices() -> None:
    """The person has read them."""
    st.session_state.pop("compare-notices", None)


def _columns(data_set: str) -> list[Column]:
    now = compared(data_set)
    return list(now.columns) if now else []


def _change(data_set: str, columns: Sequence[Column] | None = None, image: int | None = None) -> None:
    now = compared(data_set) or Comparison(())
    changed = Comparison(now.columns if columns is None else tuple(columns), now.image if image is None else image)
    dismiss_notices()
    remember(data_set, changed)


def leave() -> None:
    """Another view's link says nothing of columns, and its page has none of their surfaces."""
    for name in ("with", "image"):
        link.write(name, "")

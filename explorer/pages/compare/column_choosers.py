"""Which run and which map are in a column of Compare? Its choosers; those of the first column are the page's."""

from __future__ import annotations

import streamlit as st

from explorer.cache.maps import get_projection
from explorer.pages.compare.column_state import Compared
from explorer.pages.compare.rate_distortion import of_data_set
from explorer.session import columns as comparison
from explorer.session.column_link import AXES, Column
from explorer.text.escape import escape_markdown
from explorer.widgets.map_chooser import MAP_HELP, Axes, axes_by_use, map_alone
from trainer.maps.projection import Projection
from trainer.numerals import dimension
from trainer.runs.read import Run

CHOOSER_PX = 260  # beside the map's chooser, which has a line of its own where columns are narrow


def column_run(page: Compared, index: int) -> None:
    """The first column's run is the page's, which the header chooses; the others offer the runs of its data set first."""
    if index == 0:
        st.markdown(f"**{escape_markdown(page.run_id)}**", width="content")
        return
    at, here, run_id = index - 1, of_data_set(page.runs, page.first), page.names[index]

    def words(name: str) -> str:
        return name if name in here else f"{name} ({page.runs[name].dataset.name}: does not follow)"

    comparison.show(comparison.run_key(at), run_id or None)
    st.selectbox(
        f"Run of column {index + 1}",
        [*here, *(name for name in page.runs if name not in here)],
        index=0 if run_id else None,
        placeholder="Choose a run",
        format_func=words,
        key=comparison.run_key(at),
        on_change=comparison.take_run,
        args=(page.data_set, at),
        label_visibility="collapsed",
        width=CHOOSER_PX if len(page.columns) == 2 else "stretch",
    )
    if len(page.columns) > 2:
        st.button(
            "",
            icon=":material/close:",
            key=f"drop-column-{at}",
            on_click=comparison.drop_column,
            args=(page.data_set, at),
            type="tertiary",
            help=f"Remove column {index + 1}",
        )


def column_map(page: Compared, index: int, run: Run) -> tuple[Projection, Axes]:
    """The map of a column; the first column's is the page's."""
    names, column, at = list(run.projections), page.columns[index], index - 1
    if len(names) == 1:  # nothing to choose, but what is shown is said as in the other columns
        st.segmented_control(
            f"Map of column {index + 1}",
            names,
            default=names[0],
            key=f"only-map-{index}-{names[0]}",
            required=True,
            label_visibility="collapsed",
            width="content",
        )
        return get_projection(run.id, names[0]), None
    if index == 0:
        return map_alone(run)
    comparison.show(comparison.map_key(at), column.map_name)
    st.segmented_control(
        f"Map of column {index + 1}",
        names,
        key=comparison.map_key(at),
        required=True,
        on_change=comparison.take_map,
        args=(page.data_set, at),
        label_visibility="collapsed",
        width="content",
        help=MAP_HELP,
    )
    axes = _chosen_axes(at, run, column, page.data_set) if column.map_name == AXES else None
    return get_projection(run.id, column.map_name, axes), axes


def _chosen_axes(at: int, run: Run, column: Column, data_set: str) -> tuple[int, int]:
    """Two dimensions, each without what the other one is."""
    numbers = axes_by_use(run)
    chosen = column.axes or (numbers[0] - 1, numbers[1] - 1)
    for i, word in enumerate(("Across", "Up")):
        key = comparison.axis_keys(at)[i]
        comparison.show(key, chosen[i] + 1)
        st.selectbox(
            f"{word}, column {at + 2}",
            [n for n in numbers if n != chosen[1 - i] + 1],
            key=key,
            on_change=comparison.take_map,
            args=(data_set, at),
            width=72,
            format_func=lambda number: dimension(number - 1),
            label_visibility="collapsed",
        )
    return chosen

"""What does a column of Compare show? The choosers, the run's figures and its map, which moves with those of the same test images."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.cache.runs import get_run
from explorer.pages.compare.column_choosers import column_map, column_run
from explorer.pages.compare.column_state import Compared
from explorer.pages.compare.column_view import ViewPlace, are_on, show_view
from explorer.pages.compare.image_scores import images_of
from explorer.pages.compare.rate_distortion import another_command
from explorer.surface.schema import MarkerRecord
from explorer.text.escape import escape_markdown
from explorer.text.run_summary import HELP, brief_summary
from explorer.widgets.map_chooser import Axes
from explorer.widgets.verdict import verdict_line
from trainer.errors import LatentError
from trainer.maps.projection import Projection
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

HEIGHTS = {2: 460, 3: 400, 4: 340}


@dataclass(frozen=True)
class ShownColumn:
    """A column that could be shown."""

    run: Run
    images: str
    """A name for its test images; columns of the same name move together."""


def show_column(page: Compared, index: int, images: str | None) -> ShownColumn | None:
    """One column: its choosers and its map, which follows those of the same `images`. What is wrong with a run is said in its column."""
    column = page.columns[index]
    head = st.container(gap=None, key=f"column-head-{index}")
    row = _row(head, f"column-row-{index}")
    with row:
        column_run(page, index)
    if not column.run_id:
        _nothing_chosen(page.first)
        return None
    try:
        run = get_run(column.run_id)
        chosen = _map_and_facts(page, index, run, head, row)
        own = images_of(run)
        image = _image_on(run, chosen[0], page.chosen.image) if own == (images or own) else None
        show_view(run, chosen, image, ViewPlace(index, HEIGHTS[len(page.columns)], own))
    except LatentError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
    if image is None and not are_on():
        name = run.info.dataset.name
        st.caption(
            escape_markdown(
                f"{run.id} was trained on {name}: its images are others, so it does not follow. Linking needs the same data set."
            )
        )
    return ShownColumn(run, own)


def _nothing_chosen(first: RunInfo) -> None:
    """An empty column says how to fill it."""
    st.caption(escape_markdown(f"Choose a run above. For another one of {first.dataset.name}, train it and reload this page:"))
    st.code(another_command(first), language="bash", wrap_lines=True)


def _row(head: DeltaGenerator, key: str) -> DeltaGenerator:
    """A line of a column's head."""
    return head.container(horizontal=True, vertical_alignment="center", gap="small", key=key)


def _map_and_facts(page: Compared, index: int, run: Run, head: DeltaGenerator, row: DeltaGenerator) -> tuple[Projection, Axes]:
    """The map chooser, the run's figures and the verdict: as many lines in all columns, so that their maps begin at one height."""
    facts, has_two_columns = escape_markdown(brief_summary(run.info)), len(page.columns) == 2
    second = _row(head, f"column-facts-{index}")
    last = second if has_two_columns else _row(head, f"column-row-{index}-map")
    with row if has_two_columns else last:
        chosen = column_map(page, index, run)
    second.caption(facts, help=HELP, width="content")
    with last:
        verdict_line(run, index)
    return chosen


def _image_on(run: Run, projection: Projection, row: int) -> MarkerRecord:
    """A test image on a map, at the very place of its point."""
    x, y = projection.points[row].tolist()
    return MarkerRecord(f"Test image {row}", (x, y), tuple(run.encodings.mu[row].tolist()))

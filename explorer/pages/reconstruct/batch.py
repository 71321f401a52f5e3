"""What does the model make of many pictures at once? A table, the most unusual picture first, and the same as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import streamlit as st

from explorer.cache.uploads import judged
from explorer.pages.reconstruct.trust import HELP, TRUST_HELP
from explorer.pictures.arrays import Picture, data_uri, fitted
from explorer.pictures.batch import Item, csv_text, items
from explorer.pictures.judge import Row, as_records, most_unusual_first
from explorer.text.escape import escape_markdown
from explorer.widgets.chosen_picture import UploadBatch
from trainer.numerals import decimals
from trainer.runs.read import Run

PICTURE_PX, ROW_PX = 56, 62
MOST_ROWS_SHOWN, MOST_BELOW_FAULTS = 6, 4  # with header and source they fill a window of 720 pixels
CLASS_HELP = """What the picture looks like and, after an arrow, what its reconstruction looks like where that is another class; nothing
where no class is more likely than not. By the classifier that was trained with the run, or, without one, by the 5 test images whose pixels
are nearest."""


def show(run: Run, several: UploadBatch) -> None:
    """What could not be read, and the table of all pictures."""
    rows = _rows(run, items(several.files))
    sound = most_unusual_first(rows)
    if rows:
        with st.container(horizontal=True, vertical_alignment="center"):
            if sound:
                title = f"{len(sound)} {'image' if len(sound) == 1 else 'images'}, most unusual first"
                st.markdown(f"**{title}**", help=TRUST_HELP, width="content")
            _save_button(run, rows)
    faults = [row for row in rows if row.problem]
    if faults:
        st.warning("\n".join(f"- {escape_markdown(row.problem)}" for row in faults), icon=":material/error:")
    if sound:
        _table(run, sound, MOST_BELOW_FAULTS if faults else MOST_ROWS_SHOWN)


def _save_button(run: Run, rows: list[Row]) -> None:
    st.download_button(
        "Save the table as CSV",
        csv_text(as_records(rows)),
        file_name=f"{run.id}-pictures.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        help="One row a picture, numbers unrounded; a name that a spreadsheet would take for a formula begins with an apostrophe.",
    )


def _rows(run: Run, found: list[Item]) -> list[Row]:
    """A picture at a time, with a bar while it takes."""
    bar = st.progress(0.0, "Reading the pictures …")
    rows = []
    try:
        for i, item in enumerate(found):
            bar.progress(i / len(found), f"Picture {i + 1} of {len(found)} …")
            rows.append(judged(run.id, item))
    finally:
        bar.empty()
    return rows


def _table(run: Run, rows: list[Row], most: int) -> None:
    """At most so many rows are seen without scrolling.

    Names are cells of text: the table draws them on a canvas and reads no Markdown or HTML in them.
    """
    far = [row.distance for row in rows if row.distance is not None]
    digits = decimals(10 * median(far or [0.0]))
    st.dataframe(
        _cells(run, rows, digits),
        hide_index=True,
        row_height=ROW_PX,
        height=(ROW_PX * min(most, len(rows)) + 40),
        key="several-table",
        alt="Table of the uploaded pictures, most unusual first",
        column_config=_columns(digits),
    )


def _cells(run: Run, rows: list[Row], digits: int) -> dict[str, list[Any]]:
    """The cells by column, without the columns that would be empty; digits: decimals of distances."""
    cells: dict[str, list[Any]] = {
        "picture": [_thumbnail(row.fed) for row in rows],
        "reconstruction": [_thumbnail(row.x_hat) for row in rows],
        "percentile": _told([row.percentile for row in rows], 1),  # before the name, so that a phone shows it
        "class": [_class_words(row) for row in rows],
        "name": [row.name for row in rows],
        "ELBO": _told([row.elbo for row in rows], 1),
        "loss": _told([row.reconstruction for row in rows], 1),
        "distance": _told([row.distance for row in rows], digits),
        "nearest class": [row.nearest for row in rows],
    }
    if run.config.is_deterministic:
        del cells["ELBO"]
    if not run.info.dataset.class_names:
        del cells["nearest class"]
    if not any(cells["class"]):
        del cells["class"]
    return cells


def _columns(digits: int) -> dict[str, Any]:
    """Title and help of every column."""
    number, text, image = st.column_config.NumberColumn, st.column_config.TextColumn, st.column_config.ImageColumn
    return {
        "picture": image("model input", width=92, help="After preparation, in the model's size."),
        "reconstruction": image("reconstruction", width=108, help="Decoded from z = μ."),
        "name": text("name", width="medium"),
        "percentile": number("anomaly score (percentile)", format="%.1f", help=TRUST_HELP),
        "class": text("class", help=CLASS_HELP),
        "ELBO": number("ELBO, nats", format="%.1f", help=HELP["elbo"]),
        "loss": number("reconstruction loss, nats", format="%.1f", help=HELP["reconstruction"]),
        "distance": number("latent distance", format=f"%.{digits}f", help=HELP["distance"]),
        "nearest class": text("nearest", help="Class of the test image whose code is nearest."),
    }


def _told(values: Sequence[float | None], digits: int) -> list[float | None]:
    """With as many decimals as are seen: those who cannot see them hear all that a cell has."""
    return [None if value is None else round(value, digits) for value in values]


def _class_words(row: Row) -> str:
    """“5”, or “5 → 3” where the reconstruction looks like another class."""
    if not row.looks_like or not row.redrawn_as or row.looks_like == row.redrawn_as:
        return row.looks_like
    return f"{row.looks_like} → {row.redrawn_as}"


def _thumbnail(picture: Picture | None) -> str:
    return "" if picture is None else data_uri(fitted(picture, PICTURE_PX))

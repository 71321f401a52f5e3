"""How do runs differ? Two to four beside each other, one probe and one test image for all of them."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import all_runs, get_run
from explorer.pages.compare.column_state import Compared, another_column, compared
from explorer.pages.compare.columns import ShownColumn, show_column
from explorer.pages.compare.image_row import show_image
from explorer.pages.compare.latent_spaces import show_latent_spaces
from explorer.pages.compare.rate_distortion_section import show_rates
from explorer.session import columns as comparison
from explorer.session.class_choice import decode_as
from explorer.session.column_link import MOST_COLUMNS
from explorer.session.load import State
from explorer.text.escape import escape_markdown
from explorer.widgets.class_chooser import class_chooser
from explorer.widgets.page_row import page_row
from trainer.errors import LatentError
from trainer.runs.records import RunInfo

FOLLOW_HELP = """Hover over one map, or use its keys: the others follow, with the same code (same run) or their own code of the nearest
image. All columns of one data set go to their own code of the test image that is chosen here."""


def show(now: State) -> None:
    """The whole page."""
    runs = {name: info for name, info in all_runs().items() if isinstance(info, RunInfo)}
    page = compared(now.run_id, runs)
    _notices()
    _controls(page)
    shown: list[ShownColumn] = []
    for index, place in enumerate(st.columns(len(page.columns), gap="medium")):
        with place:
            column = show_column(page, index, shown[0].images if shown else None)
        if column is not None:
            shown.append(column)
    linked = {column.run.id: column.run for column in shown if column.images == shown[0].images}
    if linked:
        show_image(list(linked.values()), page.chosen.image)
        show_latent_spaces(linked)
    st.divider()
    show_rates(now.run_id, page.names, runs)


def _notices() -> None:
    """What of the link could not be had."""
    notices = comparison.notices()
    if notices:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning("  \n".join(map(escape_markdown, notices)), icon=":material/info:")
            st.button("Dismiss", on_click=comparison.dismiss_notices, key="dismiss-compare", type="tertiary")


def _controls(page: Compared) -> None:
    """The image for all columns, one more column, and what happens under the hand."""
    last = page.first.dataset.n_test - 1
    with page_row():
        st.caption(
            "Each column is one run's map of the test images; the others follow what you point at.",
            help=FOLLOW_HELP,
            width="stretch",
        )
        _class_of_image(page)
        st.caption("Test image", width="content")
        comparison.show(comparison.IMAGE_KEY, page.chosen.image)
        st.number_input(
            f"Test image, 0 to {last}",
            0,
            last,
            key=comparison.IMAGE_KEY,
            on_change=comparison.take_image,
            args=(page.data_set,),
            width=130,
            label_visibility="collapsed",
        )
        st.button(
            "Add a column",
            icon=":material/add:",
            key="add-column",
            disabled=len(page.columns) == MOST_COLUMNS,
            on_click=comparison.add_column,
            args=(page.data_set, another_column(page.names, page.runs)),
        )


def _class_of_image(page: Compared) -> None:
    """The class that conditional models are told: with every new image its own, until another one is chosen."""
    told = [name for name in page.names if name and page.runs[name].config.is_conditional]
    if not told:
        return
    run = get_run(told[0])
    try:
        label = int(run.encodings.label[page.chosen.image])
    except (LatentError, IndexError):  # damaged, which its column says; or of another data set with fewer images
        label = -1
    if label >= 0:
        decode_as("compare", f"test image {page.chosen.image}", run.info.dataset.class_names[label])
    class_chooser(run)

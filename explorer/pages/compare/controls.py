"""What is chosen for all columns of Compare? Maps or films, the test image, the class that conditional models are told, one more column."""

from __future__ import annotations

import streamlit as st

from explorer.cache.runs import get_run
from explorer.pages.compare.column_state import Compared, another_column
from explorer.pages.compare.column_view import SAYS, are_on, film_switch
from explorer.session import columns as comparison
from explorer.session.class_choice import decode_as
from explorer.session.column_link import MOST_COLUMNS
from explorer.widgets.class_chooser import class_chooser
from explorer.widgets.page_row import page_row
from trainer.errors import LatentError

FOLLOW_HELP = """Hover over one map, or use its keys: the others follow, with the same code (same run) or their own code of the nearest
image. All columns of one data set go to their own code of the test image that is chosen here."""


def show_controls(page: Compared) -> None:
    """The image for all columns, one more column, and what happens under the hand."""
    last = page.first.dataset.n_test - 1
    with page_row():
        if are_on():
            st.caption(SAYS, width="stretch")
        else:
            st.caption(
                "Each column is one run's map of the test images; the others follow what you point at.",
                help=FOLLOW_HELP,
                width="stretch",
            )
        _class_of_image(page)
        film_switch(page.run_id)
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

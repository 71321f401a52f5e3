"""Which image of the test set is looked at, and what stands in for it where the data set is not here?"""

from __future__ import annotations

from typing import Literal

import numpy as np
import streamlit as st

from explorer.cache.datasets import originals_of
from explorer.cache.maps import forget_originals
from explorer.pictures.arrays import to_picture
from explorer.session.permission import is_room
from explorer.text.escape import escape_markdown
from explorer.widgets.chosen_picture import ChosenPicture
from explorer.widgets.pictures import no_originals, run_image_name, stored_pictures
from trainer.datasets import load_dataset
from trainer.errors import DataError
from trainer.runs.read import Run


def chosen_row(run: Run, key: str, default: int = 0, width: int | Literal["stretch"] = "stretch", is_linked: bool = False) -> int:
    """The number of an image of the test split; is_linked: the link carries it."""
    n = len(run.encodings.index)
    return int(
        st.number_input(
            f"Test image, 0 to {n - 1}",
            0,
            n - 1,
            min(default, n - 1),
            key=f"{key}-row",
            width=width,
            bind="query-params" if is_linked else None,
        )
    )


def chosen_test_image(run: Run, key: str, width: int | Literal["stretch"] = "stretch", is_linked: bool = False) -> ChosenPicture:
    """An image of the test split; where the data set is not here, its reconstruction and an offer to fetch it."""
    row = chosen_row(run, key, width=width, is_linked=is_linked)
    title, label = run_image_name(run, row), int(run.encodings.label[row])
    own = label if 0 <= label < len(run.info.dataset.class_names) else None
    originals = originals_of(run.id, np.array([row]))
    if originals is None:
        offer_originals(run, ": shown is the model's reconstruction instead.")
        x = np.asarray(stored_pictures(run.id, np.array([row]))[0], np.float32)
        return ChosenPicture(f"reconstruction of {title}", x, to_picture(x), (), is_original=False, label=own, row=row)
    pixels = originals[0]
    return ChosenPicture(title, pixels.astype(np.float32) / 255, to_picture(pixels), (), label=own, row=row)


def offer_originals(run: Run, so: str) -> None:
    """Says at the place of test images that they are not here, and fetches the data set when asked. so: what that means here."""
    st.info(escape_markdown(f"{no_originals(run)}{so}"))
    dataset = run.info.dataset
    if dataset.is_own or run.test_images is not None or is_room():  # visitors write nothing here
        return
    if st.button(
        f"Download {dataset.name}",
        key=f"download-{dataset.name}",
        icon=":material/download:",
        help=f"Into this user's cache. Licence: {escape_markdown(dataset.licence)}",
    ):
        with st.spinner(f"Downloading {dataset.name} …"):
            try:
                load_dataset(dataset.name)
            except DataError as error:
                st.error(escape_markdown(str(error)))
                return
        forget_originals()
        st.rerun()

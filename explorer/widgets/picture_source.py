"""Where does a picture come from? An upload, an image of the test set, a sample of ours: shared by Reconstruct and Interpolate."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Literal

import streamlit as st

from explorer.cache.datasets import ground
from explorer.pictures.batch import MOST_PICTURES, shown_name
from explorer.pictures.opening import open_upload
from explorer.pictures.preprocess import PreparedPicture, prepare
from explorer.pictures.protocols import switches
from explorer.session.pad import pad_picture
from explorer.session.remembered import shown
from explorer.text.escape import escape_markdown
from explorer.widgets.chosen_picture import ChosenPicture, UploadBatch
from explorer.widgets.test_image import chosen_test_image
from trainer.datasets.kinds import ALLOWED, PICTURES
from trainer.errors import ImageError
from trainer.runs.catalogue import HOME
from trainer.runs.read import Run

SAMPLES = HOME / "assets" / "samples"
UPLOAD, TEST, SAMPLE, SEVERAL, PAD = "Upload", "Test image", "Sample", "Batch", "Draw"
# "image": what else a browser takes for one reaches this program, and its own sentence about it, not an exception of Streamlit's
KINDS = ["image", *PICTURES]
ROW_PX, UPLOAD_PX, SEVERAL_PX = 160, 420, 720  # of what is chosen beside its source, in a row
Width = int | Literal["stretch"]
Bind = Literal["query-params"] | None


def choose_pictures(run: Run, key: str) -> ChosenPicture | UploadBatch | None:
    """The chooser of one picture or several, and of the pad, to be put into a row: the view puts the pad where there is room, where
    `pad_is_chosen`, and asks `picture_from_pad`."""
    if not run.config.has_encoder:
        return _without_encoder(run, key, ROW_PX, is_linked=True)
    return _picked(run, key, [TEST, UPLOAD, PAD, SAMPLE, SEVERAL], ROW_PX, is_linked=True)


def choose_picture(run: Run, key: str, with_test: bool = True) -> ChosenPicture | None:
    """The chooser of one picture and what came of it; None while nothing is chosen or after a refusal, which is shown."""
    if not run.config.has_encoder:
        return _without_encoder(run, key) if with_test else None
    picked = _picked(run, key, [*([TEST] if with_test else []), UPLOAD, SAMPLE])
    return picked if isinstance(picked, ChosenPicture) else None


def _picked(
    run: Run, key: str, sources: list[str], width: Width = "stretch", is_linked: bool = False
) -> ChosenPicture | UploadBatch | None:
    """width: of the chooser that belongs to the source, CSS pixels where it stands in a row. is_linked: the link carries the source."""
    if not samples_for(run.info.dataset.name):
        sources.remove(SAMPLE)
    source = st.segmented_control(
        "Picture from",
        sources,
        default=sources[0],
        key=f"{key}-source",
        required=True,
        label_visibility="collapsed",
        width="stretch" if width == "stretch" else "content",
        bind="query-params" if is_linked else None,
    )
    if source == PAD:
        return None
    try:
        if source == UPLOAD:
            return _uploaded(run, key, width)
        if source == SEVERAL:
            return _several(key, width)
        return _sample(run, key, width, is_linked) if source == SAMPLE else chosen_test_image(run, key, width, is_linked)
    except ImageError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None


def _without_encoder(run: Run, key: str, width: Width = "stretch", is_linked: bool = False) -> ChosenPicture:
    """A model that was imported with an encoder that is not known here: the test images, whose codes are stored."""
    why = run.info.origin.why_encoder if run.info.origin is not None else ""
    st.caption(
        escape_markdown(
            f"This run's encoder is not known here (encode {why}), so only its test images can be chosen: their codes are stored."
        )
    )
    return chosen_test_image(run, key, width, is_linked)


def pad_is_chosen(run: Run, key: str) -> bool:
    """Whether the chooser of that key, drawn before, stands on the pad."""
    return run.config.has_encoder and shown(f"{key}-source") == PAD


def picture_from_pad(run: Run) -> ChosenPicture | None:
    """The pad's picture, prepared here as the browser prepared it; None while none was handed over or after a refusal."""
    given = pad_picture()
    if given is None:
        return None
    try:
        return _prepared(run, given.data, given.name, given.off)
    except ImageError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None


def samples_for(dataset: str) -> dict[str, Path]:
    """Our own sample pictures that suit a data set, by title; none where the assets were left out."""
    if not (SAMPLES / "samples.json").is_file():
        return {}
    listed = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return {item["title"]: SAMPLES / item["file"] for item in listed if dataset in item["suits"]}


def _uploaded(run: Run, key: str, width: Width) -> ChosenPicture | None:
    file = st.file_uploader(
        f"A picture: {ALLOWED}, up to 20 MB", type=KINDS, key=f"{key}-upload", width=width if width == "stretch" else UPLOAD_PX
    )
    return None if file is None else _prepared(run, file.getvalue(), file.name, _left_out(run, key, width != "stretch"))


def _several(key: str, width: Width) -> UploadBatch | None:
    files = st.file_uploader(
        f"Up to {MOST_PICTURES} pictures, or a zip of them, 20 MB a file",
        type=[*KINDS, "zip"],
        accept_multiple_files=True,
        key=f"{key}-several",
        width=width if width == "stretch" else SEVERAL_PX,
    )
    return UploadBatch(tuple((file.name, file.getvalue()) for file in files)) if files else None


def _sample(run: Run, key: str, width: Width, is_linked: bool) -> ChosenPicture:
    samples = samples_for(run.info.dataset.name)
    bind: Bind = "query-params" if is_linked else None
    title = st.selectbox("Sample picture", list(samples), key=f"{key}-sample", width=width, bind=bind)
    return _prepared(run, samples[title].read_bytes(), title, _left_out(run, key, width != "stretch", bind))


def _left_out(run: Run, key: str, is_in_row: bool, bind: Bind = None) -> list[str]:
    """The steps of the preparation that the person switched off. In a row they lie over the page; a popover holds no other one."""
    title = "Steps of the preparation"
    with st.popover(title, key=f"{key}-steps") if is_in_row else st.expander(title):
        taken = {
            switch.name: st.checkbox(switch.title, value=True, key=f"{key}-step-{switch.name}", bind=bind, help=switch.help)
            for switch in switches(run.info.dataset.name, ground(run.id))
        }
    return [name for name, is_taken in taken.items() if not is_taken]


def _prepared(run: Run, data: bytes, name: str, off: Collection[str] = ()) -> ChosenPicture:
    name = shown_name(name)
    image = open_upload(data, name)
    ready: PreparedPicture = prepare(image, run.image_shape, run.info.dataset.name, off, ground(run.id))
    return ChosenPicture(name, ready.x, ready.steps[0].picture, ready.steps)

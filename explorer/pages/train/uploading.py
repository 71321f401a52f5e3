"""Own pictures as a data set: a zip, an .npz, or a folder, kept on this machine under a name."""

from __future__ import annotations

import streamlit as st

from explorer.cache.datasets import forget_data_sets
from explorer.jobs.own_data import MOST_BYTES, Upload, forget_upload, keep_upload, kept_uploads
from explorer.session.permission import permission
from explorer.session.trainings import want_data
from explorer.text.escape import escape_markdown
from trainer.datasets.names import MAX_SIZE, MIN_SIZE, SIZE
from trainer.errors import LatentError
from trainer.numerals import count

MOST_MB = MOST_BYTES // 10**6


@st.dialog("Own pictures", icon=":material/upload:", on_dismiss="rerun")
def upload_dialog() -> None:
    """Takes an upload, and shows those that are kept."""
    st.caption(
        "A zip of pictures, an .npz, or a folder; a folder of each class in it gives the classes. They are kept on this machine."
    )
    is_folder = st.segmented_control(
        "What", ("A zip or npz", "A folder"), default="A zip or npz", key="upload-kind", required=True, label_visibility="collapsed"
    )
    if is_folder == "A folder":
        found = st.file_uploader("Folder", accept_multiple_files="directory", key="upload-folder", max_upload_size=MOST_MB)
        files = [Upload(file.name, file.getvalue()) for file in found]
    else:
        one = st.file_uploader("File", ["zip", "npz"], key="upload-file", max_upload_size=MOST_MB)
        files = [] if one is None else [Upload(one.name, one.getvalue())]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        title = st.text_input("Name", key="upload-title", placeholder="my-pictures", width="stretch").strip()
        size = st.number_input("Pixels of a side", MIN_SIZE, MAX_SIZE, SIZE, 1, key="upload-size", width=140)
        is_wanted = st.button("Keep", key="upload-keep", type="primary", disabled=not files)
    if is_wanted:
        _keep(files, title or "my-pictures", int(size))
    _kept()


def _keep(files: list[Upload], title: str, size: int) -> None:
    try:
        if why_not := permission().why_not:
            raise LatentError(why_not)
        with st.spinner("Reading the pictures …"):
            kept = keep_upload(files, title, size)
    except LatentError as error:
        st.error(escape_markdown(str(error)))
        return
    forget_data_sets()
    want_data(kept.name)
    st.success(f"{count(kept.n_images)} images; “{escape_markdown(kept.title)}” is the data set that is chosen now.")
    for note in kept.notes:
        st.caption(escape_markdown(note))


def _kept() -> None:
    """Those of before, each with a button."""
    for title, kept in kept_uploads().items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{escape_markdown(title)}** · {count(kept.n_images)} images", width="stretch")
            st.button("Remove", key=f"upload-remove-{title}", type="tertiary", on_click=_remove, args=(title,))


def _remove(title: str) -> None:
    if permission().is_allowed:
        forget_upload(title)
        forget_data_sets()

"""How does the browser fetch once what is large, instead of getting it with every visit and every rerun?

Under an address that follows from the bytes, from Streamlit's own keeper of files. The server holds a file as long as some page was given
its address in its last run, and a little longer (`session/late_files.py`); a browser that has fetched it keeps it.
"""

from __future__ import annotations

import streamlit as st


def address_of(data: bytes, mime: str, place: str) -> str:
    """Where those bytes are, from the page's own address on; "" where no server runs.

    place: a name for what of the page they belong to; the file before at that place is forgotten.
    """
    if not st.runtime.exists():
        return ""
    return st.runtime.get_instance().media_file_mgr.add(data, mime, place).lstrip("/")

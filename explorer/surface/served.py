"""How does the browser fetch once what is large, instead of getting it with every visit and every rerun?

Under an address that follows from the bytes, from Streamlit's own store of files. A browser that has fetched a file keeps it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorage

MOST_KEPT = 64
"""Files that the server holds for those who come; the one that was asked for longest ago goes."""


def address_of(data: bytes, mime: str, place: str) -> str:
    """Where those bytes are, from the page's own address on; "" where no server runs.

    The server holds the file as long as some page was given its address in its last run, and a little longer (`session/late_files.py`).

    place: a name for what of the page they belong to; the file before at that place is forgotten.
    """
    if not st.runtime.exists():
        return ""
    return st.runtime.get_instance().media_file_mgr.add(data, mime, place).lstrip("/")


def lasting_address_of(name: tuple[object, ...], mime: str, make: Callable[[], bytes]) -> str:
    """The same for what many pages show, again and again: the bytes are made and looked at when their name is new, and held for later.

    name: another one for other bytes
    """
    if not st.runtime.exists():
        return ""
    # the manager around it would read all bytes anew in every rerun of every page, to know them again
    return _lasting.address(name, mime, make, st.runtime.get_instance().media_file_mgr._storage)


class Lasting:
    """Files by their names, the latest last."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._ids: OrderedDict[tuple[object, ...], str] = OrderedDict()
        self._storage: MediaFileStorage | None = None

    def address(self, name: tuple[object, ...], mime: str, make: Callable[[], bytes], storage: MediaFileStorage) -> str:
        """Of the file of that name."""
        with self._lock:
            if storage is not self._storage:  # another server of this process, as tests have them
                self._storage = storage
                self._ids.clear()
            if name not in self._ids:
                self._ids[name] = storage.load_and_get_id(make(), mime, MediaFileKind.MEDIA)
                self._forget_first()
            self._ids.move_to_end(name)
            return storage.get_url(self._ids[name]).lstrip("/")

    def _forget_first(self) -> None:
        if len(self._ids) <= self._most or self._storage is None:
            return
        _, gone = self._ids.popitem(last=False)
        if gone not in self._ids.values():
            self._storage.delete_file(gone)  # of the store in memory, which is Streamlit's own


_lasting = Lasting()

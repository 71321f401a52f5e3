"""When does the server forget the files of a page that has changed? Not before the browser shows what came in their place.

At the end of a run Streamlit forgets every file, and every maker of a file, that only the run before had offered. A browser that is behind,
on a busy machine or far away, still shows those for a moment: a click on a download failed then, and a picture was not found.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import streamlit as st

GRACE_S = 10.0  # after the last run of anybody's page
LONGEST_S = 60.0  # where somebody's page is always running


class Forgetting:
    """Asked at the end of every run; forgets once no page has run for a while."""

    def __init__(self, forget: Callable[[], None], grace_s: float = GRACE_S, longest_s: float = LONGEST_S) -> None:
        self._forget = forget
        self._grace_s = grace_s
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._asked_at: float | None = None  # monotonic seconds: of the first of those who wait

    def ask(self) -> None:
        """Soon, but not yet."""
        with self._lock:
            now = time.monotonic()
            if self._asked_at is None:
                self._asked_at = now
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(max(0.0, min(self._grace_s, self._asked_at + self._longest_s - now)), self._do)
            self._timer.daemon = True
            self._timer.start()

    def _do(self) -> None:
        with self._lock:
            self._asked_at = None
        self._forget()


def forget_files_late() -> None:
    """For the server's own keeper of files; asked again it does nothing."""
    if not st.runtime.exists():
        return
    keeper = st.runtime.get_instance().media_file_mgr
    own = vars(keeper)
    if "remove_orphaned_files" not in own:
        own["remove_orphaned_files"] = Forgetting(keeper.remove_orphaned_files).ask

"""Does a file outlive the run that offered it, until the browser shows the next one? Second opinion: Streamlit's own keeper of files."""

from __future__ import annotations

import threading

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from explorer.session.late_files import Forgetting


def offered(keeper: MediaFileManager, words: bytes) -> str:
    """As a run of the page offers a download at the same place."""
    keeper.clear_session_refs("dontcare")
    return keeper.add_deferred(lambda: words, "text/plain", "0.1")


def test_what_the_run_before_offered_is_still_made_and_later_forgotten():
    keeper, done = MediaFileManager(MemoryMediaFileStorage("/media")), threading.Event()

    def forget() -> None:
        keeper.remove_orphaned_files()
        done.set()

    forgetting = Forgetting(forget, grace_s=0.2)
    before = offered(keeper, b"before")
    now = offered(keeper, b"now")
    forgetting.ask()
    assert keeper.execute_deferred(before) != keeper.execute_deferred(now)
    assert done.wait(10)
    assert keeper.execute_deferred(now)
    with pytest.raises(MediaFileStorageError, match="not found"):
        keeper.execute_deferred(before)


def test_who_asks_again_waits_again_but_not_for_ever():
    times, done = [], threading.Event()

    def forget() -> None:
        times.append(len(asked))
        done.set()

    asked: list[int] = []
    forgetting = Forgetting(forget, grace_s=30, longest_s=0.3)
    pause = threading.Event()
    while not done.is_set() and len(asked) < 1000:
        forgetting.ask()
        asked.append(1)
        pause.wait(0.02)
    assert done.is_set()
    assert times == [times[0]] and times[0] > 1  # once, after several had asked

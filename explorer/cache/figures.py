"""Which figures take seconds, and were computed already? Each once for all visitors, with a progress bar for the one who waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from explorer.cache.runs import run_at, stamp_of
from trainer.metrics.run_continuity import RunContinuity, run_continuity

T = TypeVar("T")
Report = Callable[[float], None]
MOST_KEPT = 64


def computed(key: tuple[Any, ...], words: str, compute: Callable[[Report], T]) -> T:
    """The figure of that key, computed where it is not kept; words: what the bar says meanwhile."""
    shelf = _shelf()
    if key not in shelf:
        bar = st.progress(0.0, words)

        def report(share: float) -> None:
            bar.progress(min(1.0, max(0.0, share)), words)

        shelf[key] = compute(report)
        bar.empty()
        while len(shelf) > MOST_KEPT:
            shelf.pop(next(iter(shelf)), None)  # the oldest
    found: T = shelf[key]
    return found


def is_computed(key: tuple[Any, ...]) -> bool:
    """Whether the figure can be shown at once."""
    return key in _shelf()


def get_continuity(run_id: str) -> RunContinuity:
    """Continuity and completeness of a run."""
    stamp = stamp_of(run_id)
    words = f"Decoding small steps and random codes of {run_id} …"
    return computed(("continuity", run_id, stamp), words, lambda report: run_continuity(run_at(run_id, stamp), report))


@st.cache_resource(show_spinner=False)
def _shelf() -> dict[tuple[Any, ...], Any]:
    return {}

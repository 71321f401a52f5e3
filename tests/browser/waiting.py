"""How does a browser test wait for what comes some frames later? For the condition itself, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(check: Callable[[], None], seconds: float = 10.0) -> None:
    """Passes as soon as the check does: a map follows its neighbour some frames later, on a busy machine many."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            check()
            return
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)

"""How does one program keep a file to itself, on every system?"""

from __future__ import annotations

import sys
from typing import IO


def lock(file: IO[str], waits: bool) -> None:
    """Holds it until it is closed. Raises `OSError` where another program has it, and this one does not wait."""
    if sys.platform == "win32":  # pragma: no cover  # tests run elsewhere
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if waits else msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))

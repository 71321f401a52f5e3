"""How does a training of the page become a run while the page goes on? One after the other, each in a process of its own.

What the browser sent is checked there as any file is (`trainer.importers.kept`): nothing of it is executed, no name in it becomes a path.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from trainer.config import MAX_RUN_NAME, check_run_name
from trainer.errors import LatentError
from trainer.numerals import count
from trainer.runs.catalogue import HOME
from trainer.runs.naming import first_free, slug

LOG = logging.getLogger(__name__)
MOST_WAITING = 8
MOST_TOLD = 50
MOST_BYTES = 64_000_000  # of a zip from the browser
FAILED = "it could not be made a run; the server's log has the details."


@dataclass
class Keeping:
    """One training that becomes a run."""

    name: str
    """Of the run."""
    owner: str
    """Whose it is; never shown."""
    words: str = "waiting for the one before it"
    """What is done now."""
    share: float | None = None
    """Of that which is done, in [0, 1]; None where it is not known."""
    is_done: bool = False
    error: str = ""
    """A sentence; empty where nothing failed."""

    @property
    def is_open(self) -> bool:
        return not self.is_done and not self.error


class KeptTrainings:
    """Those of all visitors. Nothing here knows Streamlit."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="keeping")
        self._all: list[Keeping] = []
        self._lock = threading.Lock()

    def keep(self, data: bytes, stem: str, owner: str, taken: Container[str], runs: str) -> Keeping:
        """Begins, or waits for those before it. Raises `LatentError` where it is too large or too many wait."""
        if len(data) > MOST_BYTES:
            raise LatentError(f"This training has {count(len(data))} bytes; the app takes {count(MOST_BYTES)} at most.")
        with self._lock:
            waiting = [one for one in self._all if one.is_open]
            if len(waiting) >= MOST_WAITING:
                raise LatentError(f"{len(waiting)} trainings wait to become runs; keep this one when some of them are done.")
            one = Keeping(kept_name(stem, {one.name for one in waiting}, taken), owner)
            self._all = [*self._all[-MOST_TOLD:], one]
        self._worker.submit(self._make, one, data, runs)
        return one

    def of(self, owner: str) -> list[Keeping]:
        """The visitor's own, the newest last."""
        return [one for one in self._all if one.owner == owner]

    def forget(self, one: Keeping) -> None:
        """Its owner has read what became of it."""
        with self._lock:
            self._all = [other for other in self._all if other is not one]

    def _make(self, one: Keeping, data: bytes, runs: str) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="latent-keep-") as folder:
                file = Path(folder) / "training.zip"
                file.write_bytes(data)
                self._hear(one, [str(file), one.name, runs])
        except Exception:
            LOG.exception("a training of the page could not be kept")
        if one.is_open:
            one.error = FAILED

    def _hear(self, one: Keeping, words: list[str]) -> None:
        one.words = "reading what was kept"
        command = [sys.executable, "-m", "trainer.cli.keep_job", *words]
        with subprocess.Popen(command, cwd=HOME, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("{"):  # libraries print too
                    said = json.loads(line)
                    one.words, one.share = said.get("part", one.words), said.get("share")
                    one.error, one.is_done = said.get("error", ""), "done" in said


def kept_name(stem: str, *taken: Container[str]) -> str:
    """A name that a run may have and none has: the stem, and a number where that is taken."""
    wish = slug(stem)[: MAX_RUN_NAME - 6].strip("-") or "kept"
    return check_run_name(first_free(wish, *taken))

"""How is the process that trains begun, told what to do, and heard?"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from explorer.jobs.training import Training
from trainer.runs.catalogue import HOME

Said = Mapping[str, Any]
SPARE_S = 600.0


class JobProcess:
    """One `trainer.cli.job`. It ends with this program: the end of its stdin is how it learns that the app has gone."""

    def __init__(self) -> None:
        """Starts it, which takes seconds, before it is told what to train. Raises `OSError` where it cannot be started."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trainer.cli.job"],
            cwd=HOME,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def begin(self, job: Training, folder: Path, resume: bool) -> None:
        """What it trains, and where it may keep what only this program reads."""
        config = job.config.model_dump(mode="json")
        told = {"preset": job.preset, "chosen": job.chosen, "folder": str(folder)}
        self._write({"config": config, "name": job.name, "runs": job.runs, "resume": resume, **told})

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, do: str, **more: float | None) -> None:
        """A command, `pause`, `resume`, `stop` or `set`; of a process that has ended it is lost."""
        self._write({"do": do, **more})

    def hang_up(self) -> None:
        """Stops it at whatever it is, even while it starts; a signal could come too early."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def hear(self, listener: Callable[[Said], None]) -> None:
        """Until it has ended."""
        assert self._process.stdout is not None
        with self._process:
            for line in self._process.stdout:
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if isinstance(said, Mapping):
                        listener(said)

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it has ended, or was hung up on
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()


class SpareProcess:
    """A process that is started before there is something to train, and ends where there was nothing in ten minutes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.process: JobProcess | None = None

    def start(self) -> None:
        """Nothing where there is one already. Raises `OSError` where it cannot be started."""
        with self._lock:
            if self.process is not None:
                return
            self.process = JobProcess()
            timer = threading.Timer(SPARE_S, self.let_go, (self.process,))
            timer.daemon = True
            timer.start()

    def take(self) -> JobProcess:
        """It, or another that begins to start now. Raises `OSError` as `start` does."""
        with self._lock:
            spare, self.process = self.process, None
        return spare if spare is not None and spare.is_alive else JobProcess()

    def hang_up(self) -> None:
        with self._lock:
            if self.process is not None:
                self.process.hang_up()

    def let_go(self, process: JobProcess) -> None:
        """Ends that process, unless it was taken meanwhile."""
        with self._lock:
            if self.process is process:
                self.process = None
                process.hang_up()

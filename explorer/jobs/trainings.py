"""Which trainings were started from the app, how far are they, and who may stop them?

One workshop a server: one training at a time, in a process of its own (`trainer.cli.job`), the others wait. Processes end with the app and
leave a run that resumes; a reload of the page changes nothing. A visitor sees all, and may stop only his own.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from trainer.config import FitConfig
from trainer.runs.catalogue import HOME
from trainer.runs.storage import place

JobState = Literal["waiting", "running", "finished", "stopped", "failed"]
MOST_WAITING = 8
MOST_KEPT = 20


@dataclass(frozen=True)
class Training:
    """One training."""

    number: int
    owner: str
    """Who started it, and may stop it."""
    patient: str
    """The run that is trained anew."""
    remedy: str
    """What is changed, by its name."""
    name: str
    """Of the run that it makes."""
    config: FitConfig
    runs: str
    """The folder into which the run goes."""
    resume: bool = False
    """Whether it goes on where an earlier one stopped."""
    state: JobState = "waiting"
    share: float = 0.0
    """Of the training that is done, in [0, 1]."""
    words: str = "waiting for the training before it"
    """How far it is, for people."""
    is_stopping: bool = False
    """It was told to stop and has not ended yet."""

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "running")


@dataclass
class Workshop:
    """All of a server's trainings. Every method may be called by any session's thread."""

    _jobs: dict[int, Training] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _process: subprocess.Popen[str] | None = None
    _running: int | None = None
    _count: int = 0

    def jobs(self) -> tuple[Training, ...]:
        """The newest first."""
        with self._lock:
            return tuple(sorted(self._jobs.values(), key=lambda job: -job.number))

    def submit(
        self, owner: str, patient: str, remedy: str, name: str, config: FitConfig, runs: str, resume: bool = False
    ) -> Training | None:
        """Queues a training; None where too many wait already or one of that name is under way."""
        folder = place(runs)
        runs = str(folder.absolute() if isinstance(folder, Path) else folder)  # the process works in another folder than this one
        with self._lock:
            waiting = [job for job in self._jobs.values() if job.is_open]
            if len(waiting) >= MOST_WAITING or any(job.name == name for job in waiting):
                return None
            self._jobs = {number: job for number, job in self._jobs.items() if job.name != name}  # it goes on: one line, not two
            self._count += 1
            job = Training(self._count, owner, patient, remedy, name, config, runs, resume)
            self._jobs[job.number] = job
            for number in [job.number for job in self.jobs() if not job.is_open][MOST_KEPT:]:
                del self._jobs[number]
        self._start_next()
        return job

    def stop(self, number: int, owner: str) -> bool:
        """Stops a waiting or running training of the owner's; what was trained stays and resumes. False for anyone else's."""
        with self._lock:
            job = self._jobs.get(number)
            if job is None or job.owner != owner or not job.is_open:
                return False
            if job.state == "waiting":
                self._jobs[number] = replace(job, state="stopped", words="taken from the queue")
            else:
                self._jobs[number] = replace(job, words="stopping …", is_stopping=True)
                self._hang_up()
        return True

    def _hang_up(self) -> None:
        """The end of its stdin stops the process at whatever it is, even while it starts; a signal could come too early."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def _start_next(self) -> None:
        with self._lock:
            if self._running is not None:
                return
            waiting = sorted(number for number, job in self._jobs.items() if job.state == "waiting")
            if not waiting:
                return
            self._running = waiting[0]
            self._change(waiting[0], state="running", words="starting …")
        threading.Thread(target=self._work, args=(waiting[0],), daemon=True).start()

    def _work(self, number: int) -> None:
        job = self._jobs[number]
        ending: dict[str, Any] = {}
        try:
            with subprocess.Popen(
                [sys.executable, "-m", "trainer.cli.job"],
                cwd=HOME,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process:
                assert process.stdin is not None
                assert process.stdout is not None
                spec = {"config": job.config.model_dump(mode="json"), "name": job.name, "runs": job.runs, "resume": job.resume}
                process.stdin.write(json.dumps(spec) + "\n")
                process.stdin.flush()  # stays open: its end is how the process learns that the app has gone
                with self._lock:
                    self._process = process
                    if self._jobs[number].is_stopping:
                        self._hang_up()
                for line in process.stdout:
                    ending = self._hear(number, line) or ending
        except OSError as error:
            ending = {"error": f"the training could not be started: {error.strerror}."}
        finally:
            with self._lock:
                self._process, self._running = None, None
                self._change(number, **_ended(ending, self._jobs[number].share if number in self._jobs else 0.0))
            self._start_next()

    def _hear(self, number: int, line: str) -> dict[str, Any] | None:
        """Takes one line of the process; what it says of the end."""
        try:
            said = json.loads(line)
        except ValueError:
            return None
        if not isinstance(said, Mapping):
            return None
        if "share" in said:
            with self._lock:
                words = "stopping …" if self._jobs[number].is_stopping else str(said["words"])
                self._change(number, share=float(said["share"]), words=words)
        return dict(said) if {"done", "error", "stopped"} & set(said) else None

    def _change(self, number: int, **changes: Any) -> None:
        if number in self._jobs:
            self._jobs[number] = replace(self._jobs[number], **changes)


def _ended(ending: Mapping[str, Any], share: float) -> dict[str, Any]:
    if "done" in ending:
        return {"state": "finished", "share": 1.0, "words": "finished"}
    if "error" in ending:
        return {"state": "failed", "words": str(ending["error"])}
    if "stopped" in ending:
        kept = "it can be resumed from its last checkpoint" if share > 0 else "nothing had been trained yet"
        return {"state": "stopped", "words": f"stopped; {kept}"}
    return {"state": "failed", "words": "the training process ended without a message; it may have run out of memory."}

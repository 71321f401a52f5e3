"""Which trainings were started from the app, how far are they, and who may steer them?

One queue a folder of jobs: one training at a time, in a process of its own (`trainer.cli.job`), the others wait. What is paused keeps its
turn. Processes end with the app and leave a run that resumes; a reload of the page changes nothing. The queue lies on the disk: an app that
starts again finds what ran as paused, to go on bit for bit, and what waited waiting. A visitor sees all, and may steer only their own.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from explorer.jobs import queue_rules as rules
from explorer.jobs.job_process import JobProcess, Said, SpareProcess
from explorer.jobs.training import Origin, Training, folder_of, forget_training, read_trainings, write_training
from trainer.cli.job import LIVE
from trainer.config import FitConfig, checked
from trainer.errors import RunError
from trainer.runs.folder import RUN_JSON
from trainer.runs.live import Live, read_live
from trainer.runs.lock import lock
from trainer.runs.storage import place, store_of

OWN = Origin()
TAKEN = "taken from the queue"
STOPPED = "stopped; it can be resumed from its last checkpoint"
KEPT_EVERY_S = 2.0  # how far it is, on the disk; for people alone: the run has its own checkpoint


class TrainingQueue:
    """All trainings of a folder of jobs. Every method may be called by any session's thread.

    `owner`: who asks; None for the machine's own person, who may do everything.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is written before there is something to keep."""
        self._folder, self._lock = folder, threading.RLock()
        self._held: IO[str] | None = None
        self._process: JobProcess | None = None
        self._spare = SpareProcess()
        self._turn: int | None = None  # whose turn it is: it runs or is paused
        self._jobs: dict[int, Training] = {}
        self._kept = 0.0
        if folder.is_dir():
            self.why_not()

    def why_not(self) -> str:
        """Why nothing can be trained from this app, as a sentence; empty where it can: one app at a time works with a folder of jobs."""
        with self._lock:
            if self._held is None:
                try:
                    self._held = _held(self._folder)
                except RunError as error:
                    return str(error)
                self._found()
        return ""

    def _found(self) -> None:
        """What an app that ended has left."""
        self._jobs = read_trainings(self._folder)
        for job in tuple(self._jobs.values()):
            if job.is_stopping:
                self._change(job.number, state="stopped", is_stopping=False, words="stopped with the app; it can be resumed")
            elif job.state in ("running", "paused") and self._turn is None:
                self._turn = job.number
                self._change(job.number, state="paused", words="the app ended; it goes on where it was")
        self._start_next()

    def expect(self) -> None:
        """A training may be started soon: its process, which takes seconds to start, starts now, and ends where none was in a while."""
        if self._process is None and not self.why_not():
            self._spare.start()

    def close(self) -> None:
        """Ends what runs, as the end of the app does; for a program that goes on itself."""
        with self._lock:
            if self._process is not None:
                self._process.hang_up()
            self._spare.hang_up()
            if self._held is not None:
                self._held.close()

    # --- what is asked

    def jobs(self) -> tuple[Training, ...]:
        """The newest first."""
        with self._lock:
            known = self._jobs if self._held is not None else read_trainings(self._folder)  # of another app
            return tuple(sorted(known.values(), key=lambda job: -job.number))

    def waiting(self) -> tuple[Training, ...]:
        """Those that wait, in the order in which they begin."""
        with self._lock:
            return tuple(rules.in_line(tuple(self._jobs.values())))

    def live(self, number: int) -> Live | None:
        """What a training showed of itself last; None before its first step and of what there is not. Raises `RunCorrupt`."""
        return read_live(folder_of(self._folder, number) / LIVE)

    def live_stamp(self, number: int) -> int:
        """A number that changes when there is something new to show; 0 before the first."""
        return _stamp(folder_of(self._folder, number) / LIVE)

    # --- what is done

    def submit(self, owner: str, name: str, config: FitConfig, runs: str, origin: Origin = OWN) -> Training | None:
        """Queues a training; None where it is refused: `why_not_queue` says why."""
        runs = _absolute(runs)  # the process works in another folder than this one
        with self._lock:
            if self.why_not_queue(owner, name):
                return None
            for number in [job.number for job in self._jobs.values() if job.name == name]:
                self._forget(number)  # it goes on: one line, not two
            number = max(self._jobs, default=0) + 1
            job = Training(number, owner, name, config, runs, **vars(origin), order=self._last_order() + 1)
            write_training(self._folder, job)  # first: what the disk refuses is not begun
            self._jobs[number] = job
            for number in rules.too_old(self.jobs(), owner):
                self._forget(number)
        self._start_next()
        return job

    def why_not_queue(self, owner: str, name: str) -> str:
        """Why a training of that name cannot be queued, as a sentence; empty where it can."""
        return self.why_not() or rules.refused_to_queue(self.jobs(), owner, name)

    def pause(self, number: int, owner: str | None) -> bool:
        """At the next step; it keeps its turn. False where it does not run or is another's."""
        with self._lock:
            job = self._steered(number, owner)
            if job is None or job.state != "running" or self._process is None:
                return False
            self._process.tell("pause")
        return True

    def resume(self, number: int, owner: str | None) -> bool:
        """What is paused goes on; what was stopped, failed or was left by an app that ended goes on from its checkpoint, in its turn."""
        with self._lock:
            job = self._steered(number, owner)
            if job is None or not job.can_resume or self.why_not_resume(number):
                return False
            if number == self._turn and self._process is not None:
                self._process.tell("resume")
            elif number == self._turn:
                self._begin(number)
            else:
                self._change(number, state="waiting", words="waiting for the training before it", order=self._last_order() + 1)
                self._start_next()
        return True

    def why_not_resume(self, number: int) -> str:
        """Why what ended early cannot go on now, as a sentence; empty where it can, and of what is under way."""
        return rules.refused_to_resume(self.jobs(), number)

    def stop(self, number: int, owner: str | None) -> bool:
        """Stops a training that waits, runs or is paused; what was trained stays and resumes."""
        with self._lock:
            job = self._steered(number, owner)
            if job is None or not job.is_open:
                return False
            if number == self._turn and (self._process is not None or job.state == "running"):
                self._change(number, words="stopping …", is_stopping=True)
                if self._process is not None:  # else it is being started, and hung up on then
                    self._process.hang_up()
                return True
            self._turn = None if number == self._turn else self._turn
            self._change(number, state="stopped", words=TAKEN if job.state == "waiting" else STOPPED)
        self._start_next()
        return True

    def set(self, number: int, owner: str | None, beta: float | None = None, learning_rate: float | None = None) -> str:
        """Other settings, from the next step on, or from the first of a training that has not begun; the sentence where they cannot be."""
        from trainer.training.steering import refusal

        with self._lock:
            job = self._steered(number, owner)
            if job is None or not job.is_open:
                return "This training does not go on; allowed: one of yours that waits, runs or is paused."
            if refused := refusal(job.config, beta, learning_rate):
                return refused
            changes = rules.given(beta=beta, learning_rate=learning_rate)
            if number == self._turn and self._process is not None:
                self._process.tell("set", **changes)
            elif job.is_own:
                return "This training is not in memory; resume it first, then change its settings."
            else:
                self._change(number, config=checked(job.config, **changes))
        return ""

    def move(self, number: int, owner: str | None, position: int) -> bool:
        """Puts a waiting training at a position among those that wait; 0 is the next to begin."""
        with self._lock:
            line = [job.number for job in self.waiting()]
            if self._steered(number, owner) is None or number not in line:
                return False
            for order, each in enumerate(rules.moved(line, number, position)):
                self._change(each, order=order)
        return True

    def forget(self, number: int, owner: str | None) -> bool:
        """Takes a training that has ended from the list; its run stays."""
        with self._lock:
            job = self._steered(number, owner)
            if job is None or job.is_open:
                return False
            self._forget(number)
        return True

    # --- inside

    def _steered(self, number: int, owner: str | None) -> Training | None:
        """The training, where this person may steer it."""
        job = self._jobs.get(number)
        return job if job is not None and owner in (None, job.owner) else None

    def _last_order(self) -> int:
        return max((job.order for job in self._jobs.values()), default=0)

    def _start_next(self) -> None:
        with self._lock:
            if self._turn is None and (line := self.waiting()):
                self._begin(line[0].number)

    def _begin(self, number: int) -> None:
        """Starts its process. A run of its name that is there already is its own, or the trainer refuses."""
        self._turn, job = number, self._jobs[number]
        has_run = store_of(place(job.runs) / job.name).exists(RUN_JSON)
        self._change(number, state="running", words="starting …", is_own=job.is_own or not has_run)
        threading.Thread(target=self._work, args=(self._jobs[number], job.is_own and has_run), daemon=True).start()

    def _work(self, job: Training, resume: bool) -> None:
        ending: dict[str, Any] = {}

        def hear(said: Said) -> None:
            ending.update({key: said[key] for key in ("done", "error", "stopped") if key in said})
            self._hear(job.number, said)

        try:
            with self._lock:
                process = self._process = self._spare.take()
                process.begin(job, folder_of(self._folder, job.number).absolute(), resume)
                if self._jobs[job.number].is_stopping:
                    process.hang_up()
            process.hear(hear)
        except OSError as error:
            ending = {"error": f"the training could not be started: {error.strerror}."}
        finally:
            with self._lock:
                self._process, self._turn = None, None
                self._change(job.number, is_stopping=False, **rules.ended(ending, self._jobs[job.number].share))
            if self._held is not None and not self._held.closed:
                self._start_next()

    def _hear(self, number: int, said: Said) -> None:
        """Takes one line of the process."""
        with self._lock:
            is_stopping = self._jobs[number].is_stopping
            if "share" in said:
                is_due = time.monotonic() - self._kept > KEPT_EVERY_S
                self._change(number, is_kept=is_due, **rules.reached(said, is_stopping))
            elif "paused" in said and not is_stopping:
                self._change(number, state="paused" if said["paused"] else "running")

    def _change(self, number: int, is_kept: bool = True, **changes: Any) -> None:
        self._jobs[number] = replace(self._jobs[number], **changes)
        if is_kept:
            self._kept = time.monotonic()
            with contextlib.suppress(RunError):  # a full disk: the training itself will say so
                write_training(self._folder, self._jobs[number])

    def _forget(self, number: int) -> None:
        del self._jobs[number]
        forget_training(self._folder, number)


def _held(folder: Path) -> IO[str]:
    """The folder's lock, held as long as this program lives. Raises `RunError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("w")
    except OSError as error:
        raise RunError(
            f"cannot write {folder}: {error.strerror}; trainings of the app need it, $LATENT_JOBS chooses another."
        ) from None
    try:
        lock(file, waits=False)
    except OSError:
        file.close()
        raise RunError(f"another app of this machine trains with {folder}; use that one, or choose another $LATENT_JOBS.") from None
    return file


def _stamp(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_mtime_ns
    return 0


def _absolute(runs: str) -> str:
    folder = place(runs)
    return str(folder.absolute() if isinstance(folder, Path) else folder)

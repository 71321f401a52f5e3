"""How is something slow computed while the page goes on? One worker, answers by name, and how far it has come.

Asked again while it works, it says so; a question that nobody repeats is dropped before its turn comes. Nothing here knows Streamlit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from trainer.errors import LatentError

Work = Callable[[Callable[[float], None]], Any]  # is given what hears the share that is done
LOG = logging.getLogger(__name__)
MAX_KEPT = 128
DELAY_S = 1.0  # the page that asks is drawn first
FORGOTTEN_S = 15.0  # a page asks again every second as long as it is open


@dataclass
class Job:
    """share: that is done · answer: once `is_done` · error: a sentence where there is none."""

    begun: float
    asked: float
    share: float = 0.0
    answer: Any = None
    error: str = ""
    is_done: bool = False
    is_dropped: bool = field(default=False, repr=False)


class Background:
    """`ask` never waits."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, name: Hashable, work: Work) -> Job:
        """The job of that name, begun if there is none; `work` is used only then."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None or job.is_dropped:
                job = self._jobs[name] = Job(time.monotonic(), time.monotonic())
                self._worker.submit(self._do, job, work)
            job.asked = time.monotonic()
            self._jobs.move_to_end(name)
            done = [key for key, one in self._jobs.items() if one.is_done]
            for key in done[: max(0, len(self._jobs) - MAX_KEPT)]:
                del self._jobs[key]
        return job

    def _do(self, job: Job, work: Work) -> None:
        time.sleep(max(0.0, job.begun + DELAY_S - time.monotonic()))
        if time.monotonic() - job.asked > FORGOTTEN_S:
            job.is_dropped = True
            return
        try:
            job.answer = work(partial(setattr, job, "share"))
        except LatentError as error:
            job.error = str(error)
        except Exception:
            LOG.exception("background work failed")
            job.error = "an internal error; the server's log has the details."
        job.is_done = True

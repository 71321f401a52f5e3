"""How is something slow computed while the page goes on? One worker, answers by name, and how far it has come.

Asked again while it works, it says so; a question that is not repeated is dropped before its turn comes. Nothing here knows Streamlit.
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

Work = Callable[[Callable[[float], None]], Any]  # is given a function, which it calls with the share that is done
LOG = logging.getLogger(__name__)
MAX_KEPT = 128
DELAY_S = 1.0  # the page that asks is drawn first
FORGOTTEN_S = 15.0  # a page asks again every second as long as it is open


@dataclass
class Answer:
    """What is known of a question that was asked."""

    begun: float
    """When it was asked first, on the monotonic clock in seconds."""
    asked: float
    """When it was asked last."""
    share: float = 0.0
    """Of the work that is done, in [0, 1]."""
    answer: Any = None
    """What the work returned, once `is_done`."""
    error: str = ""
    """A sentence where there is no answer."""
    is_done: bool = False
    is_dropped: bool = field(default=False, repr=False)
    """It was not asked again before its turn came."""


class Background:
    """`ask` never waits."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._jobs: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, name: Hashable, work: Work) -> Answer:
        """The job of that name, begun if there is none; `work` is used only then."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None or job.is_dropped:
                job = self._jobs[name] = Answer(time.monotonic(), time.monotonic())
                self._worker.submit(self._do, job, work)
            job.asked = time.monotonic()
            self._jobs.move_to_end(name)
            done = [key for key, one in self._jobs.items() if one.is_done]
            for key in done[: max(0, len(self._jobs) - MAX_KEPT)]:
                del self._jobs[key]
        return job

    def _do(self, job: Answer, work: Work) -> None:
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

"""What does a piece of work cost, whatever else the machine does?"""

from __future__ import annotations

from collections.abc import Callable
from time import thread_time

TRIES = 5  # of which the best counts
SHORTEST = 1e-6  # seconds that any call takes


def seconds_of(work: Callable[[], object], clock: Callable[[], float] = thread_time) -> float:
    """What a call costs, seconds: the best of some tries after a first one that warms up.

    Of this thread's processor time, not of the clock on the wall: a busy machine would pass for a slow model, and what other programs do
    would decide how much is measured or learned. clock: may be too coarse for one try (Windows: 16 ms); then it is the mean of all.
    """
    work()
    tries = []
    for _ in range(TRIES):
        start = clock()
        work()
        tries.append(clock() - start)
    return max(min(tries) or sum(tries) / TRIES, SHORTEST)

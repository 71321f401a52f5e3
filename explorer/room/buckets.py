"""How much may somebody ask, and when may they ask again? A bucket that fills at a steady rate; what is taken has to be in it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds that never go back."""

MOST_KNOWN = 10_000
"""Names whose bucket is remembered; the one that was asked longest ago is forgotten, and begins full again."""


@dataclass(frozen=True)
class Rate:
    """So much at once, and from then on so much a second."""

    at_once: float
    a_second: float


class Bucket:
    """Full at first."""

    def __init__(self, rate: Rate, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._held = rate.at_once
        self._since = clock()

    def take(self, amount: float = 1.0) -> float:
        """0.0 where that much was in it and is taken; else the seconds until it is, and nothing is taken."""
        wait = self.lack(amount)
        if wait == 0:
            self._held -= amount
        return wait

    def lack(self, amount: float) -> float:
        """The same, and nothing is taken."""
        return max(0.0, (amount - self._filled()) / self._rate.a_second)

    def owe(self, amount: float = 1.0) -> float:
        """Takes it in any case; the seconds that whoever asked has to wait for it."""
        self._held = self._filled() - amount
        return max(0.0, -self._held / self._rate.a_second)

    def _filled(self) -> float:
        now = self._clock()
        self._held = min(self._rate.at_once, self._held + (now - self._since) * self._rate.a_second)
        self._since = now
        return self._held


class Buckets:
    """One for each name."""

    def __init__(self, rate: Rate, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._known: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, name: str) -> Bucket:
        """Of that name."""
        found = self._known.setdefault(name, Bucket(self._rate, self._clock))
        self._known.move_to_end(name)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return found

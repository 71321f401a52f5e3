"""How much of the work is done, and how long does the rest take?

A run is steps, then parts: evaluation, maps, examination, classifier. What the parts cost is guessed before them and known after them; so
the bar moves through all of the work and is full when the run is whole, not when its last step is done.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Mapping

WINDOW = 25  # records of the moving median: some five seconds
LEAST = 3  # records before anything is said: the first step pays for what is made once


class Pace:
    """The time that one unit of work takes: a moving median, which one slow unit does not move."""

    def __init__(self, window: int = WINDOW, least: int = LEAST) -> None:
        self._seconds: deque[float] = deque(maxlen=window)
        self._least = least

    def add(self, n: int, seconds: float) -> None:
        """n units took so many seconds."""
        if n > 0:
            self._seconds.append(seconds / n)

    @property
    def seconds(self) -> float | None:
        """Of one unit; None before enough is known."""
        return statistics.median(self._seconds) if len(self._seconds) >= self._least else None


class Forecast:
    """Share of the work that is done, and the time that the rest takes.

    `n_steps` and `n_epochs` are those of the training; `parts` come after it, in this order, each with the guess of its cost in seconds
    where one is known beforehand. `share` never falls, and is below 1 until `finished`.
    """

    def __init__(self, n_steps: int, n_epochs: int, parts: Mapping[str, float]) -> None:
        self.n_steps, self.n_epochs = n_steps, n_epochs
        self.parts = dict(parts)
        self.steps, self.between = Pace(), Pace(least=1)
        self.step = self.epoch = 0
        self._part, self._inside = "", 0.0
        self._shown = 0.0

    def stepped(self, step: int, n: int, seconds: float) -> None:
        """The training is at this step (from 1), and the last n of them took so many seconds."""
        self.step = step
        self.steps.add(n, seconds)

    def epoch_ended(self, epoch: int, seconds: float) -> None:
        """What comes between two epochs took so many seconds."""
        self.epoch = epoch
        self.between.add(1, seconds)

    def guess(self, parts: Mapping[str, float]) -> None:
        """Better guesses, in seconds, for parts that have not begun."""
        self.parts |= {name: seconds for name, seconds in parts.items() if name in self.parts}

    def entered(self, part: str, inside: float = 0.0) -> None:
        """The training is over and this part is at a share of its own work."""
        self.step, self.epoch = self.n_steps, self.n_epochs
        self._part, self._inside = part, inside

    @property
    def seconds_left(self) -> float | None:
        """None while too little is known."""
        training = self._training_left()
        return None if training is None else training + self._parts_left()

    def _training_left(self) -> float | None:
        if self._part or self.step >= self.n_steps:
            return (self.n_epochs - self.epoch) * (self.between.seconds or 0.0)
        each = self.steps.seconds
        return (
            None
            if each is None
            else (self.n_steps - self.step) * each + (self.n_epochs - self.epoch) * (self.between.seconds or 0.0)
        )

    def _parts_left(self) -> float:
        names = list(self.parts)
        if self._part not in self.parts:
            return sum(self.parts.values())
        rest = names[names.index(self._part) + 1 :]
        return (1 - self._inside) * self.parts[self._part] + sum(self.parts[name] for name in rest)

    @property
    def share(self) -> float:
        """Of all work, by the time that each piece takes, in [0, 1)."""
        each = self.steps.seconds
        if each is None and not self._part:
            return self._shown
        training = self.n_steps * (each or 0.0) + self.n_epochs * (self.between.seconds or 0.0)
        whole = training + sum(self.parts.values())
        left = self.seconds_left or 0.0
        if whole > 0:
            self._shown = min(max(self._shown, 1 - left / whole), 0.999)
        return self._shown

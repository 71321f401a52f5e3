"""How are settings changed while a training goes on, and the change kept, so that a training that is resumed repeats it bit for bit?

A wish of another thread takes effect before the next step and is a row of `changes.csv` before that step is taken. A training that goes on
from its checkpoint reads the rows and takes each again before the same step.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from trainer.config import FitConfig, checked
from trainer.errors import ConfigError
from trainer.runs.write import RunWriter


@dataclass(frozen=True)
class Change:
    """What holds from a step on, whatever the schedule says, until the next change."""

    step: int
    """how many steps were done before it"""
    beta: float | None = None
    """weight of the KL; None: as the schedule has it"""
    learning_rate: float | None = None
    """Adam's step size; None: as the schedule has it"""

    def applied(self, config: FitConfig) -> FitConfig:
        """The configuration that says so: what was set is constant. Raises `ConfigError` for what is not allowed."""
        if self.beta is not None:
            if config.is_deterministic:
                raise ConfigError(
                    "beta", self.beta, f"nothing else than before: model {config.model!r} has no KL that it could weigh"
                )
            config = checked(config, beta=self.beta, warmup_epochs=0, beta_cycles=0)
        if self.learning_rate is not None:
            config = checked(config, learning_rate=self.learning_rate, schedule="constant")
        return config


class Steering:
    """What another thread asks of a training: other settings, to wait, to go on, to stop."""

    def __init__(self, watch: Path | None = None) -> None:
        self.watch = watch
        """The file that shows how far the training is (`trainer.runs.live`); None: nobody looks."""
        self._condition = threading.Condition()
        self._wished = Change(0)
        self._is_paused = self._is_stopped = False

    def set(self, beta: float | None = None, learning_rate: float | None = None) -> None:
        """Before the next step; None: as it is. What is not allowed is refused by whoever takes it, or before by `refusal`."""
        with self._condition:
            wished = self._wished
            self._wished = Change(
                0, wished.beta if beta is None else beta, wished.learning_rate if learning_rate is None else learning_rate
            )

    def take(self) -> Change | None:
        """What was wished since the last time."""
        if self._wished == Change(0):  # without a lock, as it is asked before every step: a wish is taken one step later at most
            return None
        with self._condition:
            wished, self._wished = self._wished, Change(0)
        return wished

    def pause(self) -> None:
        with self._condition:
            self._is_paused = True

    def resume(self) -> None:
        with self._condition:
            self._is_paused = False
            self._condition.notify_all()

    def stop(self) -> None:
        """May be called by a signal's handler."""
        with self._condition:
            self._is_stopped = True
            self._condition.notify_all()

    def forget_stop(self) -> None:
        """The run is whole: it is too late to stop."""
        self._is_stopped = False

    @property
    def is_paused(self) -> bool:
        return self._is_paused

    @property
    def is_stopped(self) -> bool:
        return self._is_stopped

    @property
    def is_waited_for(self) -> bool:
        """Whether whoever listens to the training should be given the word after this step."""
        return self._is_paused or self._is_stopped

    def wait(self) -> None:
        """Until nobody wants the training to wait."""
        with self._condition:
            self._condition.wait_for(lambda: self._is_stopped or not self._is_paused)


class Changes:
    """The changes of one training, those of before it was interrupted too, and the configuration that they leave in force."""

    def __init__(self, config: FitConfig, writer: RunWriter) -> None:
        self.config = config
        """In force at the last step that was asked for."""
        self._begun, self._writer = config, writer
        self._all: list[Change] = []
        self._done = 0  # of them, those that are in force

    @property
    def are_any(self) -> bool:
        return bool(self._all)

    def restore(self) -> None:
        """Reads what was set before an interruption. Raises `RunCorrupt`."""
        rows = self._writer.read_changes()
        self._all = [Change(int(row["step"]), _told(row["beta"]), _told(row["learning_rate"])) for row in rows[1:]]
        self._done = 0

    def before(self, step: int, steering: Steering) -> bool:
        """Takes what holds from this step on, of before or wished since; whether the configuration is another now."""
        is_new = False
        while self._done < len(self._all) and self._all[self._done].step <= step:
            self.config = self._all[self._done].applied(self._begun)
            self._done, is_new = self._done + 1, True
        if (wished := steering.take()) is not None:
            is_new = self._add(step, wished) or is_new
        return is_new

    def _add(self, step: int, wished: Change) -> bool:
        """What was set for later steps, before an interruption, no longer counts."""
        now = self._all[self._done - 1] if self._done else Change(0)
        change = replace(
            now,
            step=step,
            beta=now.beta if wished.beta is None else wished.beta,
            learning_rate=now.learning_rate if wished.learning_rate is None else wished.learning_rate,
        )
        try:
            config = change.applied(self._begun)
        except ConfigError:  # whoever wished it was told so by `refusal`
            return False
        self._all[self._done :] = [change]
        self._done += 1
        begun = {"step": 0, "beta": self._begun.beta, "learning_rate": self._begun.learning_rate}
        self._writer.write_changes([begun, *({key: _cell(value) for key, value in vars(one).items()} for one in self._all)])
        self.config = config
        return True


def refusal(config: FitConfig, beta: float | None, learning_rate: float | None) -> str:
    """Why these settings cannot be set while such a training goes on, as a sentence; empty where they can."""
    try:
        Change(0, beta, learning_rate).applied(config)
    except ConfigError as error:
        return str(error)
    return ""


def _told(cell: float) -> float | None:
    return None if math.isnan(cell) else cell


def _cell(value: float | None) -> float:
    return math.nan if value is None else value

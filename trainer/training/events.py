"""What does a training tell while it goes on?

`trainer.training.fit.fit` yields these: the progress bar of the command line, the app's background training and the tests are consumers of
one stream.
"""

from __future__ import annotations

from dataclasses import dataclass

from trainer.config import FitConfig
from trainer.runs.records import RunInfo
from trainer.runs.storage import Place
from trainer.training.checkpoint import Row
from trainer.training.schedules import Setting


@dataclass(frozen=True)
class Stepped:
    """A few times a second."""

    step: int
    n_steps: int
    loss: float
    """Mean over the steps since the last event, nats per image, with beta."""
    kl: float
    """The same of the KL, without beta."""
    setting: Setting
    """In force at the last of them."""
    images_per_s: float
    share: float
    """Of all work to the end of the run."""
    seconds_left: float | None
    """Of all work to the end of the run; None while too little is known."""


@dataclass(frozen=True)
class EpochEnded:
    """A row of the history: full-split figures of the weights at the end of the epoch."""

    epoch: int
    row: Row


@dataclass(frozen=True)
class Finishing:
    """Work without steps, after the last one or between two epochs: which part of the run is being computed now."""

    part: str
    share: float
    """Of all work, as in `Stepped`."""
    seconds_left: float | None


@dataclass(frozen=True)
class StartedAgain:
    """The training began to overfit and was to stop early: nothing of it is kept, and a shorter one begins."""

    config: FitConfig
    """of the one that begins"""
    sentence: str
    """why, for people"""


@dataclass(frozen=True)
class Finished:
    """The run is whole on disk."""

    folder: Place
    info: RunInfo


Event = Stepped | EpochEnded | StartedAgain | Finishing | Finished

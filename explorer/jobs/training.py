"""What is known of one training that was started from the app, and how does it outlive the app?

Each has a folder of its number with `job.json`, replaced as a whole; beside it lies what its process shows (`trainer.cli.job`).
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import ValidationError

from trainer.config import FitConfig, check_run_name
from trainer.datasets.memory import cache_folder
from trainer.errors import LatentError
from trainer.runs.catalogue import default_roots
from trainer.runs.storage import LocalFolder

LOG = logging.getLogger(__name__)
JobState = Literal["waiting", "running", "paused", "finished", "stopped", "failed"]
FILE = "job.json"


@dataclass(frozen=True)
class Origin:
    """Where the settings of a training come from."""

    patient: str = ""
    """The run that is trained anew; empty where it is none's remedy."""
    remedy: str = ""
    """What is changed, by its name."""
    preset: str = "custom"
    chosen: tuple[str, ...] = ()
    """Settings that were chosen from the data, a sentence each."""


@dataclass(frozen=True)
class Training:
    """One training."""

    number: int
    owner: str
    """Who started it, and may steer and stop it."""
    name: str
    """Of the run that it makes."""
    config: FitConfig
    """As it begins."""
    runs: str
    """The folder into which the run goes."""
    patient: str = ""
    """As in `Origin`, like the three that follow."""
    remedy: str = ""
    preset: str = "custom"
    chosen: tuple[str, ...] = ()
    order: int = 0
    """Of those that wait the lowest begins first."""
    is_own: bool = False
    """Whether an unfinished run of its name is its own, with which it goes on."""
    state: JobState = "waiting"
    share: float = 0.0
    """Of the training that is done, in [0, 1]."""
    words: str = "waiting for the training before it"
    """How far it is, for people."""
    is_stopping: bool = False
    """It was told to stop and has not ended yet."""
    step: int = 0
    """How many are done, as far as is known."""
    n_steps: int = 0
    """Of the whole training; 0 before it is known."""
    beta: float | None = None
    """In force at the last step; None before the first."""
    learning_rate: float | None = None
    """The same of the step size."""

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "running", "paused")

    @property
    def can_resume(self) -> bool:
        """Whether it goes on when asked: it waits for that, or it ended early."""
        return self.state in ("paused", "stopped", "failed") and not self.is_stopping


def jobs_folder() -> Path:
    """`$LATENT_JOBS`, else beside one's own runs, else, where those are not on this machine, in the user's cache."""
    if given := os.environ.get("LATENT_JOBS", "").strip():
        return Path(given).expanduser()
    own = default_roots()[0]
    return own.absolute() / ".jobs" if isinstance(own, Path) else cache_folder("jobs")


def folder_of(folder: Path, number: int) -> Path:
    """Of one training."""
    return folder / str(number)


def write_training(folder: Path, job: Training) -> None:
    """Raises `RunError` where the disk refuses."""
    raw = {item.name: getattr(job, item.name) for item in fields(Training)} | {"config": job.config.model_dump(mode="json")}
    LocalFolder(folder_of(folder, job.number)).write(FILE, json.dumps(raw, indent=1, ensure_ascii=False).encode())


def read_trainings(folder: Path) -> dict[int, Training]:
    """All that are there, by their numbers; what cannot be understood is left where it is."""
    found = {}
    for name in LocalFolder(folder).list():
        if re.fullmatch("[1-9][0-9]{0,8}", name) and (folder / name / FILE).is_file():
            try:
                found[int(name)] = _parsed(json.loads((folder / name / FILE).read_bytes()), int(name))
            except (OSError, ValueError, TypeError, KeyError, ValidationError, LatentError):
                LOG.warning("%s cannot be understood and is left out", folder / name / FILE)
    return found


def forget_training(folder: Path, number: int) -> None:
    """Its folder; the run that it made stays."""
    shutil.rmtree(folder_of(folder, number), ignore_errors=True)


def _parsed(raw: dict[str, Any], number: int) -> Training:
    typed = {"number": number, "config": FitConfig.model_validate(raw["config"]), "chosen": tuple(raw.get("chosen", ()))}
    job = Training(**{**raw, **typed})
    check_run_name(job.name)
    texts = (job.owner, job.name, job.runs, job.patient, job.remedy, job.preset, job.words, *job.chosen)
    if job.state not in get_args(JobState) or not all(isinstance(text, str) for text in texts) or not 0 <= job.share <= 1:
        raise ValueError("state")
    return job

"""How long does a step of a training take on this machine, and is it quicker in bfloat16?

A step is timed as the training itself takes it, with its model, its optimiser and images of its data, on a copy that is thrown away.
What is compared takes turns. Of a precision the quickest step counts: what else the machine does passes for neither of them. How many
images a second a training will see, and on how many threads, is told by the usual step: it will have to live beside the rest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import TypeVar

import torch

from trainer.config import MEASURED, FitConfig, checked
from trainer.datasets import Dataset
from trainer.metrics.evaluate import seeded
from trainer.numerals import number
from trainer.runs.write import RunWriter
from trainer.training.inputs import EPOCH
from trainer.training.labels.given import labelled_order
from trainer.training.loop import Trainer
from trainer.training.schedules import settings_at

Name = TypeVar("Name", str, int)

BOTH = ("fp32", "autocast")
ROUNDS = 5  # the first one pays for what is made once
MOST_S = 15.0  # after which no further round begins
FASTER = 0.9  # of the time in float32: less is worth the digits that bfloat16 loses
THREADS = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class Trial:
    """What steps took."""

    seconds: Mapping[str, float]
    """of the quickest step, by precision"""
    n_images: int
    """of a step"""
    usual: Mapping[str, float] = field(default_factory=dict)
    """of half of the steps at most, by precision: beside what else the machine does; as `seconds` where it is not known"""

    @property
    def precision(self) -> str:
        """The one to train in: float32, unless the other is clearly faster."""
        if len(self.seconds) == 1:
            return next(iter(self.seconds))
        return "autocast" if self.seconds["autocast"] < FASTER * self.seconds["fp32"] else "fp32"

    @property
    def images_per_s(self) -> float:
        """In that precision."""
        return self.n_images / {**self.seconds, **self.usual}[self.precision]

    def why(self) -> str:
        """What was measured, where there was a choice."""
        if len(self.seconds) == 1:
            return "as typed"
        full, half = (_ms(self.seconds[precision]) for precision in BOTH)
        return f"a step of {self.n_images} images takes {full} in float32 and {half} in bfloat16"


def _ms(seconds: float) -> str:
    return f"{number(1000 * seconds, 0)} ms"


def tried(config: FitConfig, dataset: Dataset, writer: RunWriter, device: str = "cpu") -> Trial:
    """Takes some steps of a training in each precision that is in question, and writes nothing. writer: of the run that is meant."""
    precisions = BOTH if config.precision == MEASURED else (config.precision,)
    silent = RunWriter(writer.folder, is_silent=True)
    trainers = {
        precision: Trainer(checked(config, precision=precision), dataset, silent, "trial", "", device) for precision in precisions
    }
    took = _in_turns({precision: partial(step_seconds, trainer) for precision, trainer in trainers.items()})
    n_images = min(config.batch_size, len(dataset.subset(config.train_on).index))
    return Trial({name: min(each) for name, each in took.items()}, n_images, {name: median(each) for name, each in took.items()})


def threads_tried(config: FitConfig, dataset: Dataset, writer: RunWriter, device: str = "cpu") -> tuple[int, str]:
    """How many threads to compute with, and why; from now on this process does.

    Threads wait for each other after every operation: beside other programs one alone is often the faster. What the environment says
    (OMP_NUM_THREADS) stays.
    """
    most = torch.get_num_threads()
    if THREADS in os.environ or most == 1 or torch.device(device).type != "cpu" or config.model == "pca":
        return most, f"as {THREADS} says" if THREADS in os.environ else "all that there are"
    precision = "fp32" if config.precision == MEASURED else config.precision
    silent = RunWriter(writer.folder, is_silent=True)
    trainer = Trainer(checked(config, precision=precision), dataset, silent, "trial", "", device)

    def with_threads(n: int, i: int) -> float:
        torch.set_num_threads(n)
        return step_seconds(trainer, i)

    took = {n: median(each) for n, each in _in_turns({n: partial(with_threads, n) for n in (most, 1)}).items()}
    best = 1 if took[1] < FASTER * took[most] else most
    torch.set_num_threads(best)
    return best, f"a step takes {_ms(took[most])} on {most} and {_ms(took[1])} on one, beside what else runs here now"


def _in_turns(steps: Mapping[Name, Callable[[int], float]]) -> dict[Name, list[float]]:
    """Seconds of each, the first round left out where there is another."""
    took: dict[Name, list[float]] = {name: [] for name in steps}
    began = time.perf_counter()
    for i in range(ROUNDS):
        for name, step in steps.items():
            took[name].append(step(i))
        if i and time.perf_counter() - began > MOST_S:
            break
    return {name: seconds[1:] for name, seconds in took.items()}


def step_seconds(trainer: Trainer, i: int) -> float:
    """What a step costs, seconds, its images read and its result waited for."""
    config, n_train = trainer.config, len(trainer.train.index)
    places = torch.randperm(n_train, generator=seeded(config.seed, EPOCH, i))[: config.batch_size]
    chosen = None if trainer.labelled is None else labelled_order(trainer.labelled, n_train, config.seed, 1 + i)[: len(places)]
    began = time.perf_counter()
    batch = trainer.batch(places, seeded(config.seed, EPOCH, i), chosen)
    terms = trainer.step(*batch, settings_at(config, 0.0), config.learning_rate)
    terms.sum().item()  # a device may still be at work
    return time.perf_counter() - began


def measured_precision(config: FitConfig, dataset: Dataset, writer: RunWriter, device: str = "cpu") -> tuple[FitConfig, str]:
    """The configuration with the precision that is faster here, and why; itself and nothing where its precision was said."""
    if config.precision != MEASURED:
        return config, ""
    if config.model == "pca":
        return checked(config, precision="fp32"), "a closed form has no steps"
    trial = tried(config, dataset, writer, device)
    return checked(config, precision=trial.precision), trial.why()

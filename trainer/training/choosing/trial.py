"""How long does a step of a training take on this machine, and is it quicker in bfloat16?

A step is timed as the training itself takes it, with its model, its optimiser and images of its data, on a copy that is thrown away. Both
precisions take turns, and of each the quickest step counts: what else the machine does passes for neither of them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from trainer.config import FitConfig, checked
from trainer.datasets import Dataset
from trainer.metrics.evaluate import seeded
from trainer.numerals import number
from trainer.runs.write import RunWriter
from trainer.training.inputs import EPOCH, labelled_order
from trainer.training.loop import Trainer
from trainer.training.schedules import settings_at

MEASURED = "auto"
BOTH = ("fp32", "autocast")
ROUNDS = 5  # the first one pays for what is made once
MOST_S = 20.0  # after which no further round begins
FASTER = 0.9  # of the time in float32: less is worth the digits that bfloat16 loses


@dataclass(frozen=True)
class Trial:
    """What steps took."""

    seconds: Mapping[str, float]
    """of one step, by precision"""
    n_images: int
    """of a step"""

    @property
    def precision(self) -> str:
        """The one to train in: float32, unless the other is clearly faster."""
        if len(self.seconds) == 1:
            return next(iter(self.seconds))
        return "autocast" if self.seconds["autocast"] < FASTER * self.seconds["fp32"] else "fp32"

    @property
    def images_per_s(self) -> float:
        """In that precision."""
        return self.n_images / self.seconds[self.precision]

    def why(self) -> str:
        """What was measured, where there was a choice."""
        if len(self.seconds) == 1:
            return "as typed"
        full, half = (f"{number(1000 * self.seconds[precision], 0)} ms" for precision in BOTH)
        return f"a step of {self.n_images} images takes {full} in float32 and {half} in bfloat16"


def tried(config: FitConfig, dataset: Dataset, writer: RunWriter, device: str = "cpu") -> Trial:
    """Takes some steps of a training in each precision that is in question, and writes nothing. writer: of the run that is meant."""
    precisions = BOTH if config.precision == MEASURED else (config.precision,)
    silent = RunWriter(writer.folder, is_silent=True)
    trainers = {
        precision: Trainer(checked(config, precision=precision), dataset, silent, "trial", "", device) for precision in precisions
    }
    took: dict[str, list[float]] = {precision: [] for precision in precisions}
    began = time.perf_counter()
    for i in range(ROUNDS):
        for precision, trainer in trainers.items():
            took[precision].append(_step_s(trainer, i))
        if time.perf_counter() - began > MOST_S:
            break
    n_images = min(config.batch_size, len(dataset.subset(config.train_on).index))
    return Trial({precision: min(seconds[1:] or seconds) for precision, seconds in took.items()}, n_images)


def _step_s(trainer: Trainer, i: int) -> float:
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

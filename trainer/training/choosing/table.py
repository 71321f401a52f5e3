"""How does a person's own data become the settings of a first training, and how are they said?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from trainer.config import MEASURED, FitConfig, can_stop_early, checked
from trainer.console import program
from trainer.datasets import Dataset, load_dataset
from trainer.datasets.names import is_own, parse
from trainer.numerals import count
from trainer.runs.write import RunWriter
from trainer.training.choosing.looking import facts_of, sized
from trainer.training.choosing.settings import (
    FEWEST_VALIDATION,
    Choice,
    ChosenSize,
    chosen_beside,
    chosen_settings,
    told_early_stopping,
    told_warmup,
    warmup_of,
    with_typed,
)
from trainer.training.choosing.trial import THREADS, threads_tried, tried
from trainer.training.labels.given import most_labelled

SIZE_OPTION = "?size=128 after the path, both in quotes"


@dataclass(frozen=True)
class First:
    """A data set that is trained on for the first time."""

    dataset: Dataset
    size: ChosenSize | None
    """to which its pictures were brought; None where that was said, or they have one size"""

    def settled(
        self, typed: Callable[[FitConfig], FitConfig], writer: RunWriter, device: str = "cpu"
    ) -> tuple[FitConfig, tuple[Choice, ...]]:
        """The configuration and its choices. typed: what a person typed, over a configuration that was chosen.

        Steps of that training are timed before the number of epochs is chosen.
        """
        typed = partial(_with_labels, partial(_with_warmup, typed), self.dataset)
        typed = partial(_with_early_stopping, typed, self.dataset)
        usual = chosen_settings(facts_of(self.dataset)).config
        wanted = typed(checked(usual, data=self.dataset.name, precision=MEASURED))
        facts = facts_of(self.dataset, wanted.train_on)
        facts = facts if wanted.early_stopping else replace(facts, n_validation=0)  # which are then not measured
        choose = partial(chosen_beside, usual, wanted)
        wanted = typed(checked(choose(facts).config, data=self.dataset.name, precision=MEASURED))
        n_threads, why_threads = threads_tried(wanted, self.dataset, writer, device)
        trial = tried(wanted, self.dataset, writer, device)
        chosen = choose(replace(facts, images_per_s=trial.images_per_s))
        config = typed(checked(chosen.config, data=self.dataset.name, precision=trial.precision))
        why = "as typed" if wanted.precision != MEASURED else trial.why()
        precision = Choice("precision", config.precision, why, "--precision fp32")
        threads = Choice("threads", str(n_threads), why_threads, f"{THREADS}={os.cpu_count()} before the command")
        is_said = config.epochs != chosen.config.epochs and not config.early_stopping
        early = () if is_said else told_early_stopping(config, len(self.dataset.splits["validation"]))
        choices = (self._size(), *with_typed(chosen, config), *told_warmup(config), *early, precision, threads)
        return config, (*choices, self._labelled(config)) if config.is_semi_supervised else choices

    def _size(self) -> Choice:
        _, height, width = self.dataset.image_shape
        why = "as the data has it, or as its name says" if self.size is None else self.size.why
        is_scaled = is_own(self.dataset.name) and parse(self.dataset.name).kind in ("folder", "zip")
        option = SIZE_OPTION
        if is_scaled and parse(self.dataset.name).squaring == "pad":
            option = f"{option}; &fit=crop cuts the middle out"
        return Choice("size", f"{width} × {height}", why, option if is_scaled else "")

    def _labelled(self, config: FitConfig) -> Choice:
        fewest = len(self.dataset.class_names)  # one a class, which is always allowed
        change = f"--labelled {fewest}" if config.labelled > fewest else ""
        return Choice("labels", count(config.labelled), "the same number of every class", change)


def _with_warmup(typed: Callable[[FitConfig], FitConfig], config: FitConfig) -> FitConfig:
    """What was typed, and a warm-up that goes with its number of epochs, where nobody said how the weight of the KL moves."""
    found = typed(checked(config, warmup_epochs=0))
    if found.warmup_epochs or found.beta_cycles or typed(checked(config, warmup_epochs=1)).warmup_epochs == 0:
        return found
    return checked(found, warmup_epochs=warmup_of(found.epochs))


def _with_early_stopping(typed: Callable[[FitConfig], FitConfig], dataset: Dataset, config: FitConfig) -> FitConfig:
    """What was typed, and early stopping where it can be had and nobody said how many epochs or whether."""
    found = typed(checked(config, early_stopping=False))
    others = (config.epochs + 1, config.epochs + 2)  # what was typed follows neither
    said = any(typed(checked(config, early_stopping=False, epochs=n)).epochs != n for n in others)
    if found.early_stopping or said or not can_stop_early(found) or len(dataset.splits["validation"]) < FEWEST_VALIDATION:
        return found
    return typed(checked(config, early_stopping=True))


def _with_labels(typed: Callable[[FitConfig], FitConfig], dataset: Dataset, config: FitConfig) -> FitConfig:
    """What was typed, and as many labels as the default has or there are, where nobody said how many."""
    found = typed(config)
    labels = dataset.subset(found.train_on).labels
    if not found.is_semi_supervised or labels is None or not dataset.class_names:
        return found
    most = most_labelled(labels, len(dataset.class_names), FitConfig().labelled)
    return typed(checked(config, labelled=most)) if most else found


def chosen_for(data: str) -> First:
    """The data set of that absolute name, its pictures brought to a size that fits them."""
    if not is_own(data):
        return First(load_dataset(data, progress=True), None)
    own, size = sized(parse(data))
    return First(load_dataset(own.name, progress=True), size)


def print_choices(dataset: Dataset, choices: tuple[Choice, ...]) -> None:
    """The table, before the training begins."""
    n_classes = len(dataset.class_names)
    classes = f", {count(n_classes)} {'class' if n_classes == 1 else 'classes'}" if n_classes else ""
    print(
        f"{count(dataset.n)} images{classes}. What you did not say was chosen from them; in brackets, how to say it:",
        file=sys.stderr,
    )
    wide, long = (max(len(text) for text in texts) for texts in zip(*((c.setting, c.value) for c in choices), strict=True))
    for choice in choices:
        change = f" ({choice.change})" if choice.change else ""
        print(f"  {choice.setting:<{wide}}  {choice.value:<{long}}  {choice.why}{change}", file=sys.stderr)
    print(f"Every setting has an option: {program()} fit --help", file=sys.stderr)

"""With how many epochs does a training start again that has begun to overfit?

Early stopping (Prechelt 1998): images of which nothing is learned tell when. Not the weights of the best epoch are kept, which were
reached with steps still large, but its place: a training whose step size falls to its end, and whose step sizes have the same sum, learns
about as much and ends at rest. What it is judged by, the test images, has no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainer.config import FitConfig, checked, of_epochs
from trainer.datasets import Dataset, Split
from trainer.diagnosis.sentences import as_far
from trainer.errors import ConfigError
from trainer.numerals import count, counted
from trainer.runs.overfitting import SMOOTHED, WORTH_IT, overfitting_of
from trainer.training.choosing.settings import EARLY_STOPPING, FEWEST_VALIDATION, Choice, told_warmup
from trainer.training.schedules import mean_rate_of

LEAST_WIDTH = 3  # epochs whose mean is compared: a single one may be a whim of its steps


@dataclass(frozen=True)
class Shorter:
    """What a training that overfits gives way to."""

    config: FitConfig
    """the same with fewer epochs, which is not stopped"""
    sentence: str
    """why, for people"""

    def retold(self, chosen: Sequence[str]) -> tuple[str, ...]:
        """Settings that were chosen before, a sentence each, with what is chosen now in place of the same settings."""
        n = self.config.epochs
        now = [Choice("epochs", count(n), self.sentence, f"--epochs {2 * n} --no-early-stopping"), *told_warmup(self.config)]
        replaced = tuple(f"{name} " for name in ("epochs", "warm-up", EARLY_STOPPING))
        return (*(sentence for sentence in chosen if not sentence.startswith(replaced)), *(choice.sentence() for choice in now))


def check_validation(config: FitConfig, dataset: Dataset, n_processes: int) -> None:
    """Raises `ConfigError` where early stopping is asked for and cannot be had."""
    if config.early_stopping and n_processes > 1:
        raise ConfigError("early_stopping", True, "False where several processes train together (--no-early-stopping)")
    if config.early_stopping and (n := len(dataset.splits["validation"])) < FEWEST_VALIDATION:
        raise ConfigError(
            "early_stopping",
            True,
            f"False with fewer than {FEWEST_VALIDATION} images for validation, and this data has {count(n)} (--no-early-stopping)",
        )


def shorter(
    config: FitConfig, history: Sequence[Mapping[str, float]], validation: Split | None, is_steered: bool = False
) -> Shorter | None:
    """Of a training that stops early, as far as it is: what to train instead, once it overfits; else None.

    history: rows that know the validation images. While the KL weight is not yet what it will be, nothing is decided. is_steered:
    whether a person changed settings on the way, who then has its end in hand.
    """
    if validation is None or is_steered or not config.early_stopping or not history:
        return None
    if history[-1].get("beta", config.beta) != config.beta:
        return None
    width = max(LEAST_WIDTH, config.epochs // SMOOTHED)
    found = overfitting_of(history, "validation", width, mean_rate_of(config))
    if found is None or found.epochs is None or found.epochs > WORTH_IT * config.epochs:
        return None
    by = counted(len(validation.index), "validation image")
    sentence = (
        f"of {count(config.epochs)} the loss on {by} was lowest after about {count(found.epoch)} and rose since, while that on "
        f"training images fell{as_far(found.epochs, found.epoch)}"
    )
    return Shorter(checked(config, early_stopping=False, **of_epochs(config, found.epochs)), sentence)

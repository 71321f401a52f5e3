"""What does a run keep of continuity and completeness? The record alone; `trainer.metrics.run_continuity` measures it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, model_validator

NORMAL_95 = 1.959964  # standard deviations that hold 95 % of a normal distribution


@dataclass(frozen=True)
class Share:
    """So many of n."""

    n_yes: int
    n: int

    @property
    def value(self) -> float:
        return self.n_yes / self.n

    @property
    def standard_error(self) -> float:
        """Half of `interval` over 1.96: √(p (1 − p) / n) for large n, and not 0 where none or all of a few are counted."""
        low, high = self.interval
        return (high - low) / (2 * NORMAL_95)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % (Wilson 1927), which is not empty at 0 and 1 either."""
        z2 = NORMAL_95**2
        middle = (self.n_yes + z2 / 2) / (self.n + z2)
        half = NORMAL_95 / (self.n + z2) * math.sqrt(self.n_yes * (self.n - self.n_yes) / self.n + z2 / 4)
        return max(0.0, middle - half), min(1.0, middle + half)


class ContinuityFigures(BaseModel):
    """Of the codes of the test images; every run has them, with a posterior or without. Definitions in `trainer.metrics.continuity`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    step: float
    """Length of the step of the code, as a share of the spread of the codes."""
    n_pairs: int
    """Pairs of images between which steps were taken."""
    change: float | None
    """Σ over pixels of the squared change of the picture, over that between two images; None where all codes decode alike."""
    change_error: float | None
    """Its standard error."""
    class_changes: int | None = None
    """Steps, of n_pairs, after which the classifier names another class; None without a classifier."""
    threshold: float | None = None
    """Probability from which on the classifier recognises a picture; None where there is none, and with it the next three."""
    n_draws: int | None = None
    """Random codes, from each of both distributions."""
    known_prior: int | None = None
    """How many of N(0, I) decode to a picture that the classifier knows."""
    known_box: int | None = None
    """How many of the box around the codes do."""

    @property
    def class_share(self) -> Share | None:
        """Of steps that change the class."""
        return None if self.class_changes is None else Share(self.class_changes, self.n_pairs)

    @property
    def prior_share(self) -> Share | None:
        """Of draws from N(0, I) that are known."""
        return _share(self.known_prior, self.n_draws)

    @property
    def box_share(self) -> Share | None:
        """Of draws from the box that are known."""
        return _share(self.known_box, self.n_draws)

    @model_validator(mode="after")
    def _are_shares(self) -> ContinuityFigures:
        shares = ((self.class_changes, self.n_pairs), (self.known_prior, self.n_draws), (self.known_box, self.n_draws))
        if any(n_yes is not None and not 0 <= n_yes <= (n or 0) for n_yes, n in shares) or self.n_pairs < 1 or self.n_draws == 0:
            raise ValueError(
                f"continuity has {self.class_changes} of {self.n_pairs} steps, {self.known_prior} of {self.n_draws} draws"
            )
        return self


def _share(n_yes: int | None, n: int | None) -> Share | None:
    return None if n_yes is None or n is None else Share(n_yes, n)

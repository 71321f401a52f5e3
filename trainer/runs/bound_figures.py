"""What does a run keep of the gap of its bound, and of M2's two bounds? The record alone; `atlas evaluate --keep` fills it."""

from __future__ import annotations

from itertools import pairwise

from pydantic import BaseModel, ConfigDict, model_validator

ROUNDING = 1e-3  # nats: a lower bound may come out so much above the better one


class GapFigures(BaseModel):
    """Means over the first `n` test images, nats per image; see `trainer.metrics.quadrature.Gaps`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    n: int
    elbo: float
    """Under the posterior that the encoder gives."""
    best_elbo: float
    """Under the best diagonal Gaussian that was found for each image."""
    log_px: float | None = None
    """By quadrature; None beyond two dimensions."""
    amortisation_error: float
    """Standard error of the amortisation gap."""
    approximation_error: float | None = None
    """Of the approximation gap."""
    small: int
    """Images, of n, whose amortisation gap is below 1 nat."""
    largest: float
    """The largest amortisation gap."""

    @property
    def amortisation(self) -> float:
        """What the encoder loses against the best Gaussian of each image."""
        return self.best_elbo - self.elbo

    @property
    def approximation(self) -> float | None:
        """What the best Gaussian loses against the truth."""
        return None if self.log_px is None else self.log_px - self.best_elbo

    @model_validator(mode="after")
    def _are_bounds(self) -> GapFigures:
        known = [self.elbo, self.best_elbo, *([] if self.log_px is None else [self.log_px])]
        if any(high < low - ROUNDING for low, high in pairwise(known)) or not 0 <= self.small <= self.n:
            raise ValueError(f"the bounds are {known} of {self.n} images, {self.small} of them with a small gap")
        return self


class ClassBoundFigures(BaseModel):
    """Means over the first `n` test images that have a class, nats per image; see `trainer.metrics.semi_supervised.ClassBounds`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    n: int
    labelled: float
    """−L(x, y) with the true class, a lower bound of log p(x, y)."""
    unlabelled: float
    """−U(x), a lower bound of log p(x)."""
    entropy: float
    """Of q(y|x)."""
    class_nll: float
    """−log q(y|x) of the true class."""
    class_gap: float
    """What −U(x) loses because q(y|x) is the classifier's."""


class BoundFigures(BaseModel):
    """Both; None where the model has none, or it was not computed."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    gaps: GapFigures | None = None
    classes: ClassBoundFigures | None = None

"""What is measured along a path through latent space: how far the picture moves, how straight, and how well the codes are supported?

Letters: T moments, K latent dimensions, Y classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.latent.decoded_length import Doubles
from trainer.maps.support import SupportEstimator


@dataclass(frozen=True)
class PathMeasures:
    """What was measured along a path."""

    steps: Doubles
    """(T−1,): ‖x_hat(z_{i+1}) − x_hat(z_i)‖ of the frames, grey levels"""
    length: float
    """decoded length of the path, grey levels"""
    end_to_end: float
    """distance between the pictures of its first and its last stop, grey levels"""
    support: Doubles
    """(T,) in [0, 1], see `trainer.maps.support`"""
    log_prior: Doubles | None = None
    """(T,): log p(z) − log p(0) = −‖z‖²/2, nats; None for a model without a prior"""
    classes: Doubles | None = None
    """(T, Y): p(class | decoded picture); None where there is no classifier"""

    @property
    def straightness(self) -> float:
        """End-to-end distance over length, in [0, 1] by the triangle inequality; 1 where the picture does not move."""
        return min(1.0, self.end_to_end / self.length) if self.length > 0 else 1.0

    @property
    def lowest_support(self) -> float:
        return float(self.support.min())

    @property
    def unevenness(self) -> float:
        """Standard deviation of the steps over their mean, the coefficient of variation of the speed; 0 at equal speed."""
        mean = float(self.steps.mean()) if len(self.steps) else 0.0
        return float(self.steps.std() / mean) if mean > 0 else 0.0


def measure_path(
    z: ArrayLike,
    x_hat: NDArray[np.float32],
    support: SupportEstimator,
    has_prior: bool,
    classify: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None,
    length: float | None = None,
    ends: NDArray[np.float32] | None = None,
) -> PathMeasures:
    """Of codes z (T, K) and their pictures x_hat (T, C, H, W).

    length: decoded length, else the sum of the steps.
    ends (2, C, H, W): pictures of the first and the last stop, else of the frames.
    """
    codes, flat = np.asarray(z, float), np.asarray(x_hat, float).reshape(len(x_hat), -1)
    steps = np.linalg.norm(np.diff(flat, axis=0), axis=1)
    first, last = (flat[0], flat[-1]) if ends is None else np.asarray(ends, float).reshape(2, -1)
    return PathMeasures(
        steps=steps,
        length=float(steps.sum()) if length is None else length,
        end_to_end=float(np.linalg.norm(last - first)),
        support=support.of(codes),
        log_prior=-0.5 * np.square(codes).sum(1) if has_prior else None,
        classes=None if classify is None else np.asarray(classify(x_hat), float),
    )

"""What do the two bounds of a semi-supervised model (M2) say of images: with the class told, and with the class guessed?

Kingma, Rezende, Mohamed & Welling 2014: −L(x, y) ≤ log p(x, y) of an image with its class (eq. 6), and of one without it
−U(x) = Σ_y q(y|x) [−L(x, y) − log q(y|x)] ≤ log p(x) (eq. 7). p(y) is uniform. Without torch, so that the app can ask too.
Letters: N images, Y classes, S draws, K latent dimensions; nats per image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.errors import ConfigError
from trainer.models.numpy_engine import Floats, Forward

Doubles = NDArray[np.float64]
DRAWS = 8
SMALLEST = 1e-30  # probability whose logarithm float32 still has


@dataclass(frozen=True)
class ClassBounds:
    """Both bounds of N images."""

    of_class: Doubles
    """(N, Y) nats: −L(x, y) with each class told, higher is better"""
    log_q: Doubles
    """(N, Y) nats: log q(y|x)"""
    label: NDArray[np.int64]
    """(N,): the true class"""

    @property
    def labelled(self) -> Doubles:
        """(N,) nats: −L(x, y) with the true class, a lower bound of log p(x, y)."""
        return np.asarray(self.of_class[np.arange(len(self.label)), self.label])

    @property
    def unlabelled(self) -> Doubles:
        """(N,) nats: −U(x), a lower bound of log p(x)."""
        return np.asarray((np.exp(self.log_q) * (self.of_class - self.log_q)).sum(1))

    @property
    def best(self) -> Doubles:
        """(N,) nats: log Σ_y exp(−L(x, y)), −U(x) under the best q(y|x) there could be."""
        top = self.of_class.max(1)
        return np.asarray(top + np.log(np.exp(self.of_class - top[:, None]).sum(1)))

    @property
    def class_gap(self) -> Doubles:
        """(N,) nats ≥ 0: what −U(x) loses because q(y|x) is the classifier's, KL(q(y|x) ‖ softmax of −L(x, y))."""
        return self.best - self.unlabelled

    @property
    def entropy(self) -> Doubles:
        """(N,) nats, 0 to log Y, of q(y|x)."""
        return np.asarray(-(np.exp(self.log_q) * self.log_q).sum(1))

    @property
    def class_nll(self) -> Doubles:
        """(N,) nats: −log q(y|x) of the true class."""
        return np.asarray(-self.log_q[np.arange(len(self.label)), self.label])

    @property
    def is_wrong(self) -> NDArray[np.bool_]:
        """(N,): whether the most probable class under q(y|x) is another."""
        return np.asarray(self.log_q.argmax(1) != self.label)


def class_bounds(
    forward: Forward,
    x: Floats,
    label: NDArray[np.int64],
    rng: np.random.Generator,
    draws: int = DRAWS,
    on_progress: Callable[[float], None] = lambda share: None,
) -> ClassBounds:
    """Of images x (N, C, H, W) in [0, 1] with their classes (N,). All classes of an image get the same noise, so that they differ by the
    class alone. Of m1+m2 as a model of images, M1's code the mean that M2 gives. Raises `ConfigError` for a model without q(y|x)."""
    if not forward.config.is_semi_supervised:
        raise ConfigError("model", forward.config.model, "m2 or m1+m2, which have a classifier q(y|x)")
    noise = rng.standard_normal((draws, len(x), forward.config.latent_dim))
    bounds = np.empty((len(x), forward.n_classes))
    for y in range(forward.n_classes):
        told = np.full(len(x), y)
        codes = forward.encode(x, told)
        nll = [forward.nll(np.asarray(codes.mu + codes.std * eps, np.float32), x, told) for eps in noise]
        bounds[:, y] = -np.mean(nll, axis=0) - codes.kl.astype(float).sum(1) - math.log(forward.n_classes)
        on_progress((y + 1) / forward.n_classes)
    q = np.maximum(forward.class_probabilities(x).astype(float), SMALLEST)
    return ClassBounds(bounds, np.log(q / q.sum(1, keepdims=True)), np.asarray(label, np.int64))

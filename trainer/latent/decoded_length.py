"""How long is a path through latent space, measured by how far the decoded picture changes along it?

A decoder is any function of codes (M, K) that gives M pictures; distances are roots of sums over pixels, in grey levels. A polyline of
codes is measured with every step divided in `PIECES`, so that its length does not depend on how many frames of it are shown.
Letters: T moments, K latent dimensions, M codes at once, P pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.errors import ConfigError, DataError

Doubles = NDArray[np.float64]
Decode = Callable[[Any], NDArray[Any]]
SupportOf = Callable[[Any], NDArray[Any]]
Report = Callable[[float], None]  # hears the share of the work that is done
AT_ONCE = 256  # pictures that are decoded together: many large ones would not fit the memory
PIECES = 8  # each step of a path is measured in so many: twice as many change the lengths of the shipped runs by less than 0.1 %
FINE, ROUNDS = 4, 2  # measured points for each one that is asked for, and how often they are laid out


@dataclass(frozen=True)
class Measure:
    """How long a step between codes is: the change of the picture, times 1 + support_cost · (1 − support)."""

    decode: Decode
    """from codes (M, K) to M pictures of any shape, grey levels"""
    support: SupportOf | None = None
    """from codes (M, K) to (M,) in [0, 1]: how many encoded images are around, such as `trainer.maps.support.SupportOf.of`"""
    support_cost: float = 0.0
    """0 or more: how much longer a step counts where there is no support"""

    def __post_init__(self) -> None:
        if not self.support_cost >= 0:
            raise ConfigError("support_cost", self.support_cost, "0 or more")

    def pictures(self, z: ArrayLike) -> Doubles:
        """(M, P)."""
        codes = np.asarray(z, float)
        return np.asarray(self.decode(codes), float).reshape(len(codes), -1)

    def factor(self, z: ArrayLike) -> Doubles:
        """(M,), at least 1."""
        codes = np.asarray(z, float)
        if self.support is None or self.support_cost == 0:
            return np.ones(len(codes))
        return np.asarray(1 + self.support_cost * (1 - np.clip(np.asarray(self.support(codes), float), 0, 1)))

    def of_curve(self, path: Doubles, pieces: int = PIECES) -> tuple[float, float]:
        """Length of the polyline through codes (T, K), and that with the cost of low support; see `curve_length`."""
        fine = _divided(path, pieces)
        length = cost = 0.0
        last: Doubles | None = None
        for at in range(0, len(fine), AT_ONCE):
            part = fine[at : at + AT_ONCE]
            x = self.pictures(part)
            if last is not None:
                part, x = np.concatenate((fine[at - 1 : at], part)), np.concatenate((last, x))
            lengths = row_norms(np.diff(x, axis=0))
            length += float(lengths.sum())
            cost += float((lengths * self.factor((part[1:] + part[:-1]) / 2)).sum())
            last = x[-1:]
        return length, cost

    def costs(self, a: ArrayLike, b: ArrayLike, x_a: Doubles, x_b: Doubles) -> Doubles:
        """(M,): of the steps from codes a to codes b, whose pictures are x_a and x_b."""
        start, end = np.asarray(a, float), np.asarray(b, float)
        return np.asarray(row_norms(x_b - x_a) * self.factor((start + end) / 2))


def curve_length(decode: Decode, z: ArrayLike, pieces: int = PIECES) -> float:
    """Decoded length of the polyline through codes z (T, K), grey levels: Σ ‖Δx_hat‖ with every step divided in `pieces`.

    A path has this length however many frames of it are shown, and the lengths of its parts add up. 0 for one code.
    """
    return Measure(decode).of_curve(checked_codes(z), pieces)[0]


def path_length(decode: Decode, z: ArrayLike) -> float:
    """Σ ‖x_hat(z_{i+1}) − x_hat(z_i)‖ of codes z (T, K) as they are, grey levels; 0 for one code. See `curve_length`."""
    return float(row_norms(np.diff(Measure(decode).pictures(z), axis=0)).sum())


def equal_speed(z: ArrayLike, decode: Decode, n_moments: int) -> Doubles:
    """Codes (n_moments, K) on the polyline through z (T, K) between which the decoded path is equally long; both ends exactly."""
    return at_equal_steps(checked_codes(z), Measure(decode), n_moments)


def at_equal_steps(path: Doubles, measure: Measure, n_moments: int) -> Doubles:
    """Codes (n_moments, K) at equal decoded distance along the polyline through codes (T, K), both ends exactly.

    The measuring points gather where the picture changes fast: each round they go to where the last one found equal shares.
    """
    if len(path) == 1:
        return np.repeat(path, n_moments, axis=0)
    corners = np.arange(len(path), dtype=float)
    n_fine = FINE * max(n_moments, len(path))
    at = np.linspace(0, corners[-1], n_fine)
    for _ in range(ROUNDS):
        lengths = row_norms(np.diff(measure.pictures(_on_polyline(path, corners, at)), axis=0))
        # a little of the old pace, so that no stretch is left without points and a constant decoder changes nothing
        steps = lengths + 1e-3 * max(lengths.mean(), 1e-12) * np.diff(at) / np.diff(at).mean()
        behind = np.concatenate(([0.0], steps.cumsum()))
        previous, at = at, np.interp(np.linspace(0, behind[-1], n_fine), behind, at)
    moments = np.interp(np.linspace(0, behind[-1], n_moments), behind, previous)
    codes = _on_polyline(path, corners, moments)
    codes[0], codes[-1] = path[0], path[-1]
    return codes


def _divided(path: Doubles, pieces: int) -> Doubles:
    """The polyline through codes (T, K) with every step divided in so many, its corners exactly."""
    if pieces == 1 or len(path) < 2:
        return path
    share = (np.arange(pieces) / pieces)[None, :, None]
    inner = path[:-1, None] + share * np.diff(path, axis=0)[:, None]
    return np.concatenate((inner.reshape(-1, path.shape[1]), path[-1:]))


def _on_polyline(path: Doubles, corners: Doubles, at: Doubles) -> Doubles:
    return np.stack([np.interp(at, corners, column) for column in path.T], axis=1)


def row_norms(rows: NDArray[Any]) -> Doubles:
    """Lengths of the rows of (M, P)."""
    return np.asarray(np.sqrt(np.einsum("mp,mp->m", rows, rows)), float)


def checked_codes(codes: ArrayLike) -> Doubles:
    z = np.asarray(codes, float)
    if z.ndim != 2 or len(z) == 0 or not np.isfinite(z).all():
        raise DataError(f"codes have shape {z.shape}; allowed: (N, K), at least one row, finite numbers.")
    return z

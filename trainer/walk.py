"""Which codes does a walk through several stops meet, and what is measured along the way?

A walk is a list of stops, a path kind and how it is paced; `codes_along` gives its codes, `measured` says how far the picture moves, how
straight, and how near real codes it stays. `corner_grid`, `analogy` and `direction` are the walks that are not paths. A decoder is any
function of codes (M, K) that gives M pictures. Letters: S stops, T moments, K latent dimensions, N real codes, Y classes, P pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.errors import ConfigError, DataError
from trainer.geometry import PATH_KINDS, Decode, Doubles, PathKind, equal_speed, interpolate
from trainer.projection import SUPPORT_NEIGHBOUR, kth_distance

WalkKind = Literal["linear", "variance-preserving", "spherical", "geodesic"]
WALK_KINDS: tuple[WalkKind, ...] = get_args(WalkKind)
FORMULAS: tuple[WalkKind, ...] = PATH_KINDS  # those that need no graph
GridKind = Literal["bilinear", "spherical"]

MAX_OVERSHOOT = 1.0  # as far again as the leg is long
SAMPLED = 2000  # real codes whose own loneliness is known


@dataclass(frozen=True)
class Walk:
    """stops (S, K), S ≥ 2 · is_loop: from the last back to the first · overshoot: t goes from −overshoot to 1 + overshoot.

    n: moments of one leg, both ends counted · even: all steps are equally long in decoded distance. A loop has no ends to overshoot.
    """

    stops: Doubles
    kind: WalkKind = "linear"
    is_loop: bool = False
    overshoot: float = 0.0
    n: int = 61
    even: bool = False

    def __post_init__(self) -> None:
        stops = np.asarray(self.stops, float)
        if stops.ndim != 2 or len(stops) < 2 or not np.isfinite(stops).all():
            raise DataError(f"stops have shape {stops.shape}; allowed: (S, K) finite numbers with at least two rows.")
        if self.kind not in WALK_KINDS:
            raise ConfigError("path", self.kind, ", ".join(WALK_KINDS))
        if not 0 <= self.overshoot <= MAX_OVERSHOOT:
            raise ConfigError("overshoot", self.overshoot, f"0 to {MAX_OVERSHOOT:g}")
        if self.n < 2:
            raise ConfigError("n", self.n, "2 or more: both ends belong to a leg")

    @property
    def legs(self) -> list[tuple[int, int]]:
        """Numbers of the stops that each leg joins."""
        n = len(self.stops)
        return [(i, (i + 1) % n) for i in range(n if self.is_loop and n > 2 else n - 1)] + (
            [(1, 0)] if self.is_loop and n == 2 else []
        )


def codes_along(walk: Walk, decode: Decode | None = None, ways: Sequence[Doubles] = ()) -> Doubles:
    """Codes (T, K); a stop between two legs is met once.

    decode: for equal steps, of which there are as many as without them · ways: of a geodesic walk the way (n, K) of every leg, in the
    order of `legs`, as `geodesic` found it with n moments.
    """
    legs = walk.legs
    if walk.kind == "geodesic" and len(ways) != len(legs):
        raise DataError(f"{len(ways)} geodesics for {len(legs)} legs; allowed: one each, see trainer.geometry.geodesic.")
    beyond = 0.0 if walk.is_loop else walk.overshoot
    parts = []
    for number, (i, j) in enumerate(legs):
        before, after = beyond if number == 0 else 0.0, beyond if number == len(legs) - 1 else 0.0
        way = ways[number] if walk.kind == "geodesic" else None
        part = _leg(np.asarray(walk.stops[i], float), np.asarray(walk.stops[j], float), walk, way, before, after)
        parts.append(part if number == 0 else part[1:])
    codes = np.concatenate(parts)
    if not walk.even:
        return codes
    if decode is None:
        raise DataError("equal steps need a decoder: they are equal in decoded distance.")
    return equal_speed(codes, decode, len(codes))


def resampled(z: ArrayLike, n: int) -> Doubles:
    """Codes (n, K) evenly by number along codes z (T, K), straight between them; both ends exactly."""
    codes = np.asarray(z, float)
    at = np.linspace(0, len(codes) - 1, n)
    return np.stack([np.interp(at, np.arange(len(codes)), column) for column in codes.T], axis=1)


def even_line(places: ArrayLike, n: int) -> Doubles:
    """Points (n, D) at equal distances along the line through places (M, D), both ends exactly; one without length is its place."""
    line = np.asarray(places, float)
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    line = line[np.concatenate(([True], steps > 0))]  # a hand that rests draws the same place again
    behind = np.concatenate(([0.0], steps[steps > 0].cumsum()))
    at = np.linspace(0, behind[-1], n)
    return np.stack([np.interp(at, behind, column) for column in line.T], axis=1)


def _leg(a: Doubles, b: Doubles, walk: Walk, way: Doubles | None, before: float, after: float) -> Doubles:
    """From before a to beyond b, by shares of the leg."""
    if np.array_equal(a, b):  # a way from a stop to itself stays there, of whatever kind
        return np.repeat(a[None], walk.n + sum(round(share * (walk.n - 1)) for share in (before, after)), axis=0)
    n_before, n_after = (round(share * (walk.n - 1)) for share in (before, after))
    t_before, t_after = np.linspace(-before, 0, n_before + 1)[:-1], np.linspace(1, 1 + after, n_after + 1)[1:]
    if walk.kind != "geodesic":
        return interpolate(a, b, np.concatenate((t_before, np.linspace(0, 1, walk.n), t_after)), walk.kind)
    assert way is not None
    # beyond its ends no shortest way is asked for: it goes straight on, as fast as it came
    first, last = (way[1] - way[0]) * (len(way) - 1), (way[-1] - way[-2]) * (len(way) - 1)
    return np.concatenate((way[0] + t_before[:, None] * first, way, way[-1] + (t_after - 1)[:, None] * last))


# --- what is measured along the way


@dataclass(frozen=True)
class Along:
    """steps (T−1,): ‖x_hat(z_{i+1}) − x_hat(z_i)‖, grey levels · end_to_end: between the first picture and the last.

    support (T,) in [0, 1] · log_prior (T,): log N(z; 0, I) − log N(0; 0, I) = −‖z‖²/2 nats, None for a model without a prior ·
    classes (T, Y): p(class | decoded picture), None where there is no classifier.
    """

    steps: Doubles
    end_to_end: float
    support: Doubles
    log_prior: Doubles | None = None
    classes: Doubles | None = None

    @property
    def length(self) -> float:
        """Decoded length: Σ of the steps, grey levels."""
        return float(self.steps.sum())

    @property
    def straightness(self) -> float:
        """End-to-end distance over length, in [0, 1] by the triangle inequality; 1 where the picture does not move."""
        return min(1.0, self.end_to_end / self.length) if self.length > 0 else 1.0

    @property
    def lowest_support(self) -> float:
        return float(self.support.min())

    @property
    def unevenness(self) -> float:
        """Standard deviation of the steps over their mean; 0 at equal speed."""
        mean = float(self.steps.mean()) if len(self.steps) else 0.0
        return float(self.steps.std() / mean) if mean > 0 else 0.0


def measured(
    z: ArrayLike, x_hat: NDArray[np.float32], support: Support, has_prior: bool,
    classify: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None,
) -> Along:  # fmt: skip
    """Of codes z (T, K) and their pictures x_hat (T, C, H, W)."""
    codes, flat = np.asarray(z, float), np.asarray(x_hat, float).reshape(len(x_hat), -1)
    return Along(
        steps=np.linalg.norm(np.diff(flat, axis=0), axis=1),
        end_to_end=float(np.linalg.norm(flat[-1] - flat[0])),
        support=support.of(codes),
        log_prior=-0.5 * np.square(codes).sum(1) if has_prior else None,
        classes=None if classify is None else np.asarray(classify(x_hat), float),
    )


@dataclass(frozen=True)
class Support:
    """How near real codes mu (N, K) a code is: the share of them that are at least as lonely, by the distance to the 5th nearest.

    About .5 in the thick of the data, 0 where no real code is near; what the maps call support, with all dimensions counted.
    """

    mu: NDArray[np.float32]

    def of(self, z: ArrayLike) -> Doubles:
        """(M,) of codes z (M, K)."""
        far = kth_distance(np.asarray(z, np.float32), self.mu, self._k)
        return np.asarray(1 - np.searchsorted(self._lonely, far) / len(self._lonely), float)

    @property
    def _k(self) -> int:
        return max(1, min(SUPPORT_NEIGHBOUR, len(self.mu) - 1))

    @cached_property
    def _lonely(self) -> NDArray[np.float32]:
        """Sorted distances of real codes to their own 5th nearest; the code itself, at distance 0, is not one of the five."""
        sample = self.mu[:: max(1, len(self.mu) // SAMPLED)]
        return np.asarray(np.sort(kth_distance(sample, self.mu, min(self._k + 1, len(self.mu)))), np.float32)


# --- walks that are not paths


def analogy(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Doubles:
    """a − b + c (K,): what turns b into a, done to c (Mikolov et al. 2013)."""
    return np.asarray(np.asarray(a, float) - np.asarray(b, float) + np.asarray(c, float))


def class_means(mu: NDArray[np.float32], label: NDArray[np.int64], n_classes: int) -> dict[int, Doubles]:
    """Mean code (K,) of every class that has images; −1 is no class."""
    return {y: mu[label == y].mean(0, dtype=float) for y in range(n_classes) if (label == y).any()}


def direction(mu: NDArray[np.float32], first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Doubles:
    """(K,) from the mean code of one group of rows to that of another (White 2016). Raises `DataError` for an empty group."""
    if not first.any() or not second.any():
        raise DataError(f"groups have {int(first.sum())} and {int(second.sum())} images; allowed: at least one each.")
    return np.asarray(mu[second].mean(0, dtype=float) - mu[first].mean(0, dtype=float))


def corner_grid(corners: Sequence[ArrayLike], n: int, kind: GridKind = "bilinear") -> Doubles:
    """Codes (n, n, K) between four corners: top left, top right, bottom left, bottom right.

    bilinear: the mean of the corners weighted by (1−u)(1−v), u(1−v), (1−u)v, uv. spherical: slerp across the upper and the lower edge,
    then down between the two, so that between codes of one length every code has that length.
    """
    if len(corners) != 4:
        raise DataError(f"{len(corners)} corners; allowed: 4, top left, top right, bottom left, bottom right.")
    if kind not in get_args(GridKind):
        raise ConfigError("grid", kind, ", ".join(get_args(GridKind)))
    if n < 2:
        raise ConfigError("n", n, "2 or more: the corners belong to the grid")
    path: PathKind = "linear" if kind == "bilinear" else "spherical"
    t = np.linspace(0, 1, n)
    upper, lower = interpolate(corners[0], corners[1], t, path), interpolate(corners[2], corners[3], t, path)
    columns = [interpolate(top, bottom, t, path) for top, bottom in zip(upper, lower, strict=True)]
    return np.stack(columns, axis=1)

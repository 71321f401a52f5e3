"""Which codes does a walk through several stops meet, and what is measured along the way?

A walk is a list of stops, a path kind and how it is paced; `frames_along` gives its codes, `measured` says how far the picture moves, how
straight, and how many encoded images there are around it. A class-conditional decoder is told one class at a time: every stop has its own,
a frame has that of the nearer stop, and in the middle of a leg between two classes the picture jumps. `corner_grid`, `analogy` and
`direction` are the walks that are not paths. Letters: S stops, T moments, K latent dimensions, Y classes, P pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.errors import ConfigError, DataError
from trainer.latent.decoded_graphs import DecodedGraph
from trainer.latent.decoded_length import Decode, Doubles, Report, curve_length, equal_speed
from trainer.latent.geodesics import geodesic
from trainer.latent.interpolation import PATH_KINDS, PathKind, interpolate
from trainer.maps.support import Support

WalkKind = Literal["linear", "variance-preserving", "spherical", "geodesic"]
WALK_KINDS: tuple[WalkKind, ...] = get_args(WalkKind)
FORMULAS: tuple[WalkKind, ...] = PATH_KINDS  # those that need no graph
GridKind = Literal["bilinear", "spherical"]

DecodeAs = Callable[[NDArray[Any], int | None], NDArray[Any]]
"""Codes (M, K) and the class that the decoder is told, None for one that is told none, to M pictures."""

MAX_OVERSHOOT = 1.0  # as far again as the leg is long


@dataclass(frozen=True)
class Walk:
    """stops (S, K), S ≥ 2 · is_loop: from the last back to the first · overshoot: t goes from −overshoot to 1 + overshoot.

    n: moments of one leg, both ends counted · even: all steps are equally long in decoded distance. A loop has no ends to overshoot.
    labels: the class of every stop, for a class-conditional decoder.
    """

    stops: Doubles
    kind: WalkKind = "linear"
    is_loop: bool = False
    overshoot: float = 0.0
    n: int = 61
    even: bool = False
    labels: tuple[int, ...] | None = None

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
        if self.labels is not None and len(self.labels) != len(stops):
            raise DataError(f"{len(self.labels)} classes for {len(stops)} stops; allowed: one for every stop.")

    @property
    def legs(self) -> list[tuple[int, int]]:
        """Numbers of the stops that each leg joins."""
        n = len(self.stops)
        return [(i, (i + 1) % n) for i in range(n if self.is_loop and n > 2 else n - 1)] + (
            [(1, 0)] if self.is_loop and n == 2 else []
        )


@dataclass(frozen=True)
class Part:
    """Codes (n, K) that are decoded as one class; None where the decoder is told none."""

    codes: Doubles
    label: int | None = None


@dataclass(frozen=True)
class Frames:
    """Codes (T, K), and the class of every one (T,); None where the decoder is told none."""

    codes: Doubles
    labels: NDArray[np.int64] | None = None


def codes_along(walk: Walk, decode: Decode | None = None, ways: Sequence[Doubles] = ()) -> Doubles:
    """The codes (T, K) of `frames_along`, of a decoder that is told no class."""
    return frames_along(walk, None if decode is None else lambda z, _: decode(z), ways).codes


def frames_along(walk: Walk, decode: DecodeAs | None = None, ways: Sequence[Doubles] = ()) -> Frames:
    """The frames of a walk; a stop between two legs is met once.

    decode: for equal steps, of which there are as many as without them · ways: of a geodesic walk the way (n, K) of every leg, in the
    order of `legs`, as `shortest_leg` found it with n moments.
    """
    parts = parts_along(walk, ways)
    if walk.even:
        if decode is None:
            raise DataError("equal steps need a decoder: they are equal in decoded distance.")
        parts = _paced(parts, decode)
    # the middle of a leg between two classes belongs to the second
    codes = [part.codes if number == len(parts) - 1 else part.codes[:-1] for number, part in enumerate(parts)]
    if walk.labels is None:
        return Frames(np.concatenate(codes))
    return Frames(
        np.concatenate(codes), np.concatenate([np.full(len(z), part.label) for z, part in zip(codes, parts, strict=True)])
    )


def parts_along(walk: Walk, ways: Sequence[Doubles] = ()) -> list[Part]:
    """The walk in parts of one class each, every part beginning with the code with which the one before it ends."""
    legs = walk.legs
    if walk.kind == "geodesic" and len(ways) != len(legs):
        raise DataError(f"{len(ways)} geodesics for {len(legs)} legs; allowed: one each, see trainer.latent.paths.shortest_leg.")
    beyond = 0.0 if walk.is_loop else walk.overshoot
    parts: list[Part] = []
    for number, (i, j) in enumerate(legs):
        before, after = beyond if number == 0 else 0.0, beyond if number == len(legs) - 1 else 0.0
        way = ways[number] if walk.kind == "geodesic" else None
        leg = _leg(np.asarray(walk.stops[i], float), np.asarray(walk.stops[j], float), walk, way, before, after)
        first, second = (None, None) if walk.labels is None else (walk.labels[i], walk.labels[j])
        middle = round(before * (walk.n - 1)) + walk.n // 2
        pieces = [Part(leg, first)] if first == second else [Part(leg[: middle + 1], first), Part(leg[middle:], second)]
        for piece in pieces:
            if parts and parts[-1].label == piece.label:
                parts[-1] = Part(np.concatenate((parts[-1].codes, piece.codes[1:])), piece.label)
            else:
                parts.append(piece)
    return parts


def _paced(parts: Sequence[Part], decode: DecodeAs) -> list[Part]:
    """As many frames altogether, shared out by decoded length, at least both ends of a part; equal steps within each."""
    lengths = [curve_length(lambda z, part=part: decode(z, part.label), part.codes) for part in parts]  # type: ignore[misc]
    n_steps, total = sum(len(part.codes) - 1 for part in parts), sum(lengths)
    ends = np.rint(n_steps * np.cumsum(lengths) / total).astype(int) if total > 0 else np.cumsum([len(p.codes) - 1 for p in parts])
    found, behind = [], 0
    for number, (part, end) in enumerate(zip(parts, ends.tolist(), strict=True)):
        end = min(max(end, behind + 1), n_steps - (len(parts) - 1 - number))
        codes = equal_speed(part.codes, lambda z, part=part: decode(z, part.label), end - behind + 1)  # type: ignore[misc]
        found.append(Part(codes, part.label))
        behind = end
    return found


def walk_length(walk: Walk, decode: DecodeAs, ways: Sequence[Doubles] = ()) -> float:
    """Decoded length from the first stop to the last, grey levels: what lies beyond them is not counted, nor does the pace matter.

    `curve_length` of every part, and the jumps between two classes.
    """
    parts = parts_along(replace(walk, overshoot=0.0), ways)
    within = sum(curve_length(lambda z, part=part: decode(z, part.label), part.codes) for part in parts)  # type: ignore[misc]
    return within + sum(_jump(decode, after.codes[0], before.label, after.label) for before, after in pairwise(parts))


def _jump(decode: DecodeAs, z: Doubles, before: int | None, after: int | None) -> float:
    """How far the picture of one code (K,) moves when the decoder is told another class."""
    x, y = (np.asarray(decode(z[None], label), float).ravel() for label in (before, after))
    return float(np.linalg.norm(y - x))


def shortest_leg(
    a: ArrayLike, b: ArrayLike, graphs: Sequence[DecodedGraph], n: int, report: Report = lambda share: None,
    then: Sequence[DecodedGraph] | None = None,
) -> Doubles:  # fmt: skip
    """The geodesic leg (n, K) from a to b, both (K,). graphs: of the first stop's class; then: of the second's, where it is another one.

    Between two classes the switch is in the middle, where the best path of a formula has it, and both halves are geodesics: so the leg,
    with its jump, is no longer than any formula's.
    """
    if then is None:
        return geodesic(a, b, graphs, n, report).z
    start, end = np.asarray(a, float), np.asarray(b, float)
    middle, (one, other) = n // 2, (graphs[0].measure, then[0].measure)

    def length(z: Doubles) -> float:
        jump = float(np.linalg.norm(other.pictures(z[middle][None]) - one.pictures(z[middle][None])))
        return one.of_curve(z[: middle + 1])[0] + jump + other.of_curve(z[middle:])[0]

    best = min((interpolate(start, end, np.linspace(0, 1, n), kind) for kind in PATH_KINDS), key=length)
    first = geodesic(start, best[middle], graphs, middle + 1, lambda share: report(share / 2), [best[: middle + 1]]).z
    second = (
        geodesic(best[middle], end, then, n - middle, lambda share: report((1 + share) / 2), [best[middle:]]).z
        if n - middle > 1
        else best[middle:]
    )
    return np.concatenate((first, second[1:]))


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
    """steps (T−1,): ‖x_hat(z_{i+1}) − x_hat(z_i)‖ of the frames, grey levels · length: decoded length of the path · end_to_end: between
    the pictures of its first and its last stop.

    support (T,) in [0, 1], see trainer.maps.support · log_prior (T,): log p(z) − log p(0) = −‖z‖²/2 nats, None for a model without a prior
    · classes (T, Y): p(class | decoded picture), None where there is no classifier.
    """

    steps: Doubles
    length: float
    end_to_end: float
    support: Doubles
    log_prior: Doubles | None = None
    classes: Doubles | None = None

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


def measured(
    z: ArrayLike, x_hat: NDArray[np.float32], support: Support, has_prior: bool,
    classify: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None, length: float | None = None,
    ends: NDArray[np.float32] | None = None,
) -> Along:  # fmt: skip
    """Of codes z (T, K) and their pictures x_hat (T, C, H, W).

    length: decoded length, else the sum of the steps · ends (2, C, H, W): pictures of the first and the last stop, else of the frames.
    """
    codes, flat = np.asarray(z, float), np.asarray(x_hat, float).reshape(len(x_hat), -1)
    steps = np.linalg.norm(np.diff(flat, axis=0), axis=1)
    first, last = (flat[0], flat[-1]) if ends is None else np.asarray(ends, float).reshape(2, -1)
    return Along(
        steps=steps,
        length=float(steps.sum()) if length is None else length,
        end_to_end=float(np.linalg.norm(last - first)),
        support=support.of(codes),
        log_prior=-0.5 * np.square(codes).sum(1) if has_prior else None,
        classes=None if classify is None else np.asarray(classify(x_hat), float),
    )


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

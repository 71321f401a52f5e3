"""Which codes does a path through several stops meet?

A path is a list of stops, how two stops are joined, and how it is paced; `frames_along` gives its codes. A class-conditional decoder is
told one class at a time: every stop has its own, a frame has that of the nearer stop, and in the middle of a leg between two classes the
picture jumps. What is measured along a path is in `trainer.latent.path_measures`.
Letters: S stops, T moments, K latent dimensions, P pixels.
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
from trainer.latent.interpolation import PATH_KINDS, interpolate

LatentPathKind = Literal["linear", "variance-preserving", "spherical", "geodesic"]


LATENT_PATH_KINDS: tuple[LatentPathKind, ...] = get_args(LatentPathKind)
FORMULAS: tuple[LatentPathKind, ...] = PATH_KINDS  # those that need no graph


DecodeAs = Callable[[NDArray[Any], int | None], NDArray[Any]]
"""Codes (M, K) and the class that the decoder is told, None for one that is told none, to M pictures."""
MAX_OVERSHOOT = 1.0  # as far again as the leg is long


@dataclass(frozen=True)
class LatentPath:
    """A path through several stops."""

    stops: Doubles
    """(S, K), S ≥ 2"""
    kind: LatentPathKind = "linear"
    """how two stops are joined"""
    is_loop: bool = False
    """whether it goes from the last stop back to the first"""
    overshoot: float = 0.0
    """t goes from −overshoot to 1 + overshoot at the ends; a loop has none"""
    n: int = 61
    """moments of one leg, both ends counted"""
    even: bool = False
    """whether all steps are equally long in decoded distance"""
    labels: tuple[int, ...] | None = None
    """the class of every stop, for a class-conditional decoder"""

    def __post_init__(self) -> None:
        stops = np.asarray(self.stops, float)
        if stops.ndim != 2 or len(stops) < 2 or not np.isfinite(stops).all():
            raise DataError(f"stops have shape {stops.shape}; allowed: (S, K) finite numbers with at least two rows.")
        if self.kind not in LATENT_PATH_KINDS:
            raise ConfigError("path", self.kind, ", ".join(LATENT_PATH_KINDS))
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
    """A stretch of a path that is decoded as one class."""

    codes: Doubles
    """(n, K)"""
    label: int | None = None
    """None where the decoder is told none"""


@dataclass(frozen=True)
class Frames:
    """What a path shows."""

    codes: Doubles
    """(T, K)"""
    labels: NDArray[np.int64] | None = None
    """(T,): the class of every frame; None where the decoder is told none"""


def codes_along(path: LatentPath, decode: Decode | None = None, geodesics: Sequence[Doubles] = ()) -> Doubles:
    """The codes (T, K) of `frames_along`, of a decoder that is told no class."""
    return frames_along(path, None if decode is None else lambda z, _: decode(z), geodesics).codes


def frames_along(path: LatentPath, decode: DecodeAs | None = None, geodesics: Sequence[Doubles] = ()) -> Frames:
    """The frames of a path; a stop between two legs is met once.

    decode: for equal steps, of which there are as many as without them. geodesics: of a geodesic path the codes (n, K) of every leg, in
    the order of `legs`, as `shortest_leg` found them with n moments.
    """
    parts = parts_along(path, geodesics)
    if path.even:
        if decode is None:
            raise DataError("equal steps need a decoder: they are equal in decoded distance.")
        parts = _at_even_steps(parts, decode)
    # the middle of a leg between two classes belongs to the second
    codes = [part.codes if number == len(parts) - 1 else part.codes[:-1] for number, part in enumerate(parts)]
    if path.labels is None:
        return Frames(np.concatenate(codes))
    return Frames(
        np.concatenate(codes), np.concatenate([np.full(len(z), part.label) for z, part in zip(codes, parts, strict=True)])
    )


def parts_along(path: LatentPath, geodesics: Sequence[Doubles] = ()) -> list[Part]:
    """The path in parts of one class each, every part beginning with the code with which the one before it ends."""
    legs = path.legs
    if path.kind == "geodesic" and len(geodesics) != len(legs):
        raise DataError(
            f"{len(geodesics)} geodesics for {len(legs)} legs; allowed: one each, see trainer.latent.paths.shortest_leg."
        )
    beyond = 0.0 if path.is_loop else path.overshoot
    parts: list[Part] = []
    for number, (i, j) in enumerate(legs):
        before, after = beyond if number == 0 else 0.0, beyond if number == len(legs) - 1 else 0.0
        shortest = geodesics[number] if path.kind == "geodesic" else None
        leg = _leg(np.asarray(path.stops[i], float), np.asarray(path.stops[j], float), path, shortest, before, after)
        first, second = (None, None) if path.labels is None else (path.labels[i], path.labels[j])
        middle = round(before * (path.n - 1)) + path.n // 2
        pieces = [Part(leg, first)] if first == second else [Part(leg[: middle + 1], first), Part(leg[middle:], second)]
        for piece in pieces:
            if parts and parts[-1].label == piece.label:
                parts[-1] = Part(np.concatenate((parts[-1].codes, piece.codes[1:])), piece.label)
            else:
                parts.append(piece)
    return parts


def _at_even_steps(parts: Sequence[Part], decode: DecodeAs) -> list[Part]:
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


def decoded_path_length(path: LatentPath, decode: DecodeAs, geodesics: Sequence[Doubles] = ()) -> float:
    """Decoded length from the first stop to the last, grey levels: what lies beyond them is not counted, nor does the pace matter.

    `curve_length` of every part, and the jumps between two classes.
    """
    parts = parts_along(replace(path, overshoot=0.0), geodesics)
    within = sum(curve_length(lambda z, part=part: decode(z, part.label), part.codes) for part in parts)  # type: ignore[misc]
    return within + sum(_jump(decode, after.codes[0], before.label, after.label) for before, after in pairwise(parts))


def _jump(decode: DecodeAs, z: Doubles, before: int | None, after: int | None) -> float:
    """How far the picture of one code (K,) moves when the decoder is told another class."""
    x, y = (np.asarray(decode(z[None], label), float).ravel() for label in (before, after))
    return float(np.linalg.norm(y - x))


def shortest_leg(
    a: ArrayLike,
    b: ArrayLike,
    graphs: Sequence[DecodedGraph],
    n: int,
    report: Report = lambda share: None,
    then: Sequence[DecodedGraph] | None = None,
) -> Doubles:
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


def _leg(a: Doubles, b: Doubles, path: LatentPath, leg: Doubles | None, before: float, after: float) -> Doubles:
    """From before a to beyond b, by shares of the leg."""
    if np.array_equal(a, b):  # a leg from a stop to itself stays there, of whatever kind
        return np.repeat(a[None], path.n + sum(round(share * (path.n - 1)) for share in (before, after)), axis=0)
    n_before, n_after = (round(share * (path.n - 1)) for share in (before, after))
    t_before, t_after = np.linspace(-before, 0, n_before + 1)[:-1], np.linspace(1, 1 + after, n_after + 1)[1:]
    if path.kind != "geodesic":
        return interpolate(a, b, np.concatenate((t_before, np.linspace(0, 1, path.n), t_after)), path.kind)
    assert leg is not None
    # beyond its ends no shortest path is asked for: it goes straight on, as fast as it came
    first, last = (
        (leg[1] - leg[0]) * (len(leg) - 1),
        (leg[-1] - leg[-2]) * (len(leg) - 1),
    )
    return np.concatenate((leg[0] + t_before[:, None] * first, leg, leg[-1] + (t_after - 1)[:, None] * last))

"""On which path from one code to another does the picture change least?

`geodesic` begins with every formula of `interpolate` and with the shortest path through each graph of decoded codes, smooths the
shortest of them, and answers with the shortest of all by `curve_length`: no other path that is offered is shorter by that measure.
Letters: T moments, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trainer.errors import ConfigError, DataError
from trainer.latent.decoded_graphs import DecodedGraph, shortest_path
from trainer.latent.decoded_length import Doubles, Measure, Report, at_equal_steps
from trainer.latent.interpolation import PATH_KINDS, interpolate
from trainer.latent.smoothing import smoothed

N_SMOOTHED = 33  # points that are moved
REFINED = 2  # of the starts, the shortest ones, are smoothed


@dataclass(frozen=True)
class Geodesic:
    """A path whose points are equally far apart in decoded distance."""

    z: Doubles
    """(T, K): codes on the path, from a in the first row to b in the last"""
    decoded_length: float
    """of this path, grey levels, measured by `curve_length` and without the cost of low support"""
    straight_length: float
    """of the line from a to b, by the same measure"""

    @property
    def t(self) -> Doubles:
        """(T,), from 0 to 1: the share of the decoded length that is behind."""
        return np.linspace(0, 1, len(self.z))


def geodesic(
    a: ArrayLike,
    b: ArrayLike,
    graph: DecodedGraph | Sequence[DecodedGraph],
    n_moments: int = 61,
    report: Report = lambda share: None,
    others: Sequence[ArrayLike] = (),
) -> Geodesic:
    """The shortest path that is found from `a` to `b`, both (K,), in decoded distance and the graph's cost of low support.

    It begins with the paths of every kind of `interpolate`, the shortest path through each graph, and `others` (T, K), further paths from
    a to b. The `REFINED` shortest of them are smoothed; the shortest of all, smoothed or not, is the answer: it is never longer than any
    of them, each measured by `curve_length` on the codes it is made of. The ends come out exactly, wherever they are. Where a = b it
    stands.
    """
    graphs = [graph] if isinstance(graph, DecodedGraph) else list(graph)
    start, end = np.asarray(a, float), np.asarray(b, float)
    if start.shape != (graphs[0].z.shape[1],) or end.shape != start.shape:
        raise DataError(
            f"ends have shapes {start.shape} and {end.shape}; allowed: ({graphs[0].z.shape[1]},), as the graph's codes."
        )
    if n_moments < 2:
        raise ConfigError("n_moments", n_moments, "2 or more: both ends belong to a path")
    if np.array_equal(start, end):
        return Geodesic(np.repeat(start[None], n_moments, axis=0), 0.0, 0.0)
    measure, t = graphs[0].measure, np.linspace(0, 1, n_moments)
    formulas = [interpolate(start, end, t, kind) for kind in PATH_KINDS]
    rough = [path for path in (shortest_path(start, end, one) for one in graphs) if path is not None]
    given = [np.asarray(path, float) for path in others]
    found = [_Candidate(path, *measure.of_curve(path)) for path in _different([*formulas, *given])]
    found += [_Candidate(path, *measure.of_curve(path)) for path in (at_equal_steps(one, measure, n_moments) for one in rough)]
    straight = found[0]
    found.sort(key=lambda one: one.cost)
    found += _smoothed_paths(found[:REFINED], measure, n_moments, report)
    best = min(found, key=lambda one: one.cost)
    return Geodesic(best.z, best.length, straight.length)


@dataclass(frozen=True)
class _Candidate:
    """A path that may be the answer."""

    z: Doubles
    """(T, K)"""
    length: float
    """decoded length, grey levels"""
    cost: float
    """the length with the cost of low support, which decides"""


def _different(paths: Sequence[Doubles]) -> list[Doubles]:
    """Without those that another one repeats: a spherical path may be the line."""
    kept: list[Doubles] = []
    for path in paths:
        if not any(path.shape == one.shape and np.allclose(path, one, rtol=0, atol=1e-12) for one in kept):
            kept.append(path)
    return kept


def _smoothed_paths(starts: Sequence[_Candidate], measure: Measure, n_moments: int, report: Report) -> list[_Candidate]:
    """The starts, smoothed and at equal steps; those of two points are as smooth as they can be."""
    found: list[_Candidate] = []
    for turn, start in enumerate(starts):
        path = at_equal_steps(start.z, measure, min(n_moments, N_SMOOTHED))
        if len(path) > 2:
            smooth = smoothed(path, measure, lambda share, turn=turn: report((turn + share) / REFINED))  # type: ignore[misc]
            even = at_equal_steps(smooth, measure, n_moments)
            found.append(_Candidate(even, *measure.of_curve(even)))
    return found

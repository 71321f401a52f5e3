"""Which codes lie between two codes, and how does the decoder stretch the space that they lie in?

`interpolate` draws a path by formula. `geodesic` finds the path on which the picture changes least: it begins with every formula and with
the shortest way through graphs of codes whose edges are as long as the decoded pictures differ (`lattice_graph` in two dimensions,
`neighbour_graph` in any), smooths the shortest, and answers with the shortest of all by `curve_length`. No other path that is offered is
shorter by that measure. `pullback_metric` says the same at a point: Δzᵀ G Δz is the squared change of the picture (Arvanitidis, Hansen &
Hauberg 2018).

A decoder is any function of codes (M, K) that gives M pictures; distances are roots of sums over pixels, in grey levels. Geodesics need
no torch. Letters: T moments, K latent dimensions, M codes at once, E edges, P pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.errors import ConfigError, DataError

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.models.torch_engine import Vae

Doubles = NDArray[np.float64]
Extent = tuple[float, float, float, float]
Decode = Callable[[Any], NDArray[Any]]
Support = Callable[[Any], NDArray[Any]]
Report = Callable[[float], None]  # hears the share of the work that is done

PathKind = Literal["linear", "variance-preserving", "spherical"]
PATH_KINDS: tuple[PathKind, ...] = get_args(PathKind)
PARALLEL = 1e-4  # rad: below this angle the sine ratio of slerp is noise and the chord is the arc
MetricKind = Literal["euclidean", "fisher"]

LATTICE_SIZE = 48  # nodes a side: the smoothing moves the path off the nodes
MARGIN = 0.1  # of the codes' width, around them
MAX_NODES, NEIGHBOURS = 2000, 12
AT_ONCE = 256  # pictures that are decoded together: many large ones would not fit the memory
JOINED = 4  # nodes that an end is tied to: the corners of its cell
N_SMOOTHED = 33  # points that are moved
MAX_STEPS, MAX_DAMPING, ENOUGH = 40, 1e6, 1e-3  # of the smoothing; ENOUGH: relative fall of the energy
PIECES = 8  # each step of a path is measured in so many: twice as many change the lengths of the shipped runs by less than 0.1 %
REFINED = 2  # of the starts, the shortest ones, are smoothed
FINE, ROUNDS = 4, 2  # measured points for each one that is asked for, and how often they are laid out
DIFFERENCE = 1e-3  # step of a numerical derivative, as a share of the path's width: pictures may come in float32
FLAT = 1e-6  # grey levels per unit of z added to an edge, so that the way through a constant decoder is straight


def interpolate(a: ArrayLike, b: ArrayLike, t: ArrayLike, kind: PathKind = "linear") -> NDArray[np.float64]:
    """Codes (T, K) on the way from `a` to `b`, both (K,), at the moments `t` (T,) in [0, 1]. Raises `ConfigError` for a kind unknown.

    Before 0 and after 1 they go on: along the line, as draws from the prior still, or round the circle at the length of the end passed.

    linear: (1−t)a + tb, right between two encoded images. variance-preserving: the same divided by √((1−t)² + t²), which keeps two
    draws from the prior distributed as the prior at every t; the end points are unchanged. spherical: slerp of the directions
    (Shoemake 1985) with linearly interpolated norms; linear where the directions agree or oppose to 1e-4 rad, or one end is 0.
    """
    start, end = np.asarray(a, float), np.asarray(b, float)
    moments = np.asarray(t, float)[:, None]
    chord = (1 - moments) * start + moments * end
    if kind == "linear":
        return np.asarray(chord)
    if kind == "variance-preserving":
        return np.asarray(chord / np.sqrt((1 - moments) ** 2 + moments**2))
    if kind == "spherical":
        path = _slerp(start, end, moments, chord)
        path[moments[:, 0] == 0], path[moments[:, 0] == 1] = start, end  # exactly, whatever the sines round to
        return path
    raise ConfigError("path", kind, ", ".join(PATH_KINDS))


def _slerp(
    a: NDArray[np.float64], b: NDArray[np.float64], t: NDArray[np.float64], chord: NDArray[np.float64]
) -> NDArray[np.float64]:
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    if min(norm_a, norm_b) == 0:
        return chord
    # atan2 of the half chords keeps its digits where arccos of a cosine near ±1 loses them (Kahan)
    u, v = a / norm_a, b / norm_b
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    if angle < PARALLEL or np.pi - angle < PARALLEL:
        return chord  # opposite ends have no shortest arc: every plane through them is as good
    directions = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    inside = np.clip(t, 0, 1)  # beyond the ends lengths would go on to below 0
    return np.asarray(directions * ((1 - inside) * norm_a + inside * norm_b))


# --- how the decoder stretches space at a point


def pullback_metric(
    decode: Vae | Callable[[Tensor], Tensor], z: ArrayLike | Tensor, kind: MetricKind = "euclidean", y: ArrayLike | Tensor | None = None,
    chunk: int = 64,
) -> Doubles:  # fmt: skip
    """G (N, K, K) at codes z (N, K), symmetric and ≥ 0. decode: a model, or a differentiable function of z (B, K) with one row a code.

    euclidean: JᵀJ with J = ∂x_hat/∂z, squared grey levels per squared unit of z (Arvanitidis 2018, eq. 4). fisher: Jᵀ diag(p(1−p)) J with
    J = ∂logits/∂z, p = sigmoid(logits): Δzᵀ G Δz is twice the KL in nats between the Bernoulli pictures of z and z + Δz, to second order;
    a function then gives logits. y (N,): classes for a conditional model. A mean that is cut off at 0 or 1 does not move there.
    """
    import torch

    if kind not in get_args(MetricKind):
        raise ConfigError("metric", kind, ", ".join(get_args(MetricKind)))
    picture, codes, labels = _differentiable(decode, z, kind, y)
    if codes.ndim != 2:
        raise DataError(f"codes have shape {tuple(codes.shape)}; allowed: (N, K), one row a code.")
    found = np.empty((len(codes), codes.shape[1], codes.shape[1]))
    with torch.no_grad():
        for start in range(0, len(codes), chunk):
            part = slice(start, start + chunk)
            slope = _jacobian(picture, codes[part], None if labels is None else labels[part])
            if kind == "fisher":
                p = picture(codes[part], None if labels is None else labels[part]).flatten(1).double().sigmoid()
                slope = slope * (p * (1 - p)).sqrt()[..., None]
            found[part] = (slope.mT @ slope).cpu().numpy()
    return found


def magnification(metric: ArrayLike) -> Doubles:
    """√det G (N,) of metrics (N, K, K): how much larger a small volume of z is in pictures. 0 where the decoder loses a dimension."""
    with np.errstate(divide="ignore"):  # log 0 is −∞ and comes back as 0; eigenvalues below 0 are rounding
        return np.asarray(np.exp(0.5 * np.log(np.linalg.eigvalsh(np.asarray(metric, float)).clip(0)).sum(-1)))


def _differentiable(
    decode: Vae | Callable[[Tensor], Tensor], z: ArrayLike | Tensor, kind: MetricKind, y: ArrayLike | Tensor | None
) -> tuple[Callable[[Tensor, Tensor | None], Tensor], Tensor, Tensor | None]:
    """What is differentiated, as a function of codes and classes, and both as tensors that suit it."""
    from trainer.models.torch_engine import Vae, as_tensor

    labels = None if y is None else as_tensor(y)
    if not isinstance(decode, Vae):
        return lambda codes, _: decode(codes), as_tensor(z), labels
    if kind == "fisher" and decode.config.likelihood != "bernoulli":
        raise ConfigError(
            "metric", kind, f"euclidean for a model with likelihood {decode.config.likelihood!r}; fisher for 'bernoulli'"
        )
    home = decode.log_sigma
    codes = as_tensor(z).to(home.device, home.dtype)
    labels = None if labels is None else labels.to(home.device)
    if kind == "fisher":
        return decode.output, codes, labels
    return lambda codes, y: decode.mean(decode.output(codes, y)), codes, labels


def _jacobian(picture: Callable[[Tensor, Tensor | None], Tensor], z: Tensor, y: Tensor | None) -> Tensor:
    """∂picture/∂z (B, P, K), in double precision after the derivative, by forward mode: K is small beside P."""
    from torch.func import jacfwd, vmap

    def one(code: Tensor, label: Tensor | None = None) -> Tensor:
        return picture(code[None], None if label is None else label[None])[0].flatten()

    slope: Tensor = vmap(jacfwd(one))(z) if y is None else vmap(jacfwd(one))(z, y)
    return slope.double()


# --- the way on which the picture changes least


@dataclass(frozen=True)
class Measure:
    """How long a step between codes is: the change of the picture, times 1 + support_cost · (1 − support).

    support: codes (M, K) to (M,) in [0, 1], how many encoded images are around, such as `trainer.maps.support.Support.of`.
    """

    decode: Decode
    support: Support | None = None
    support_cost: float = 0.0

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
            lengths = _norm(np.diff(x, axis=0))
            length += float(lengths.sum())
            cost += float((lengths * self.factor((part[1:] + part[:-1]) / 2)).sum())
            last = x[-1:]
        return length, cost

    def costs(self, a: ArrayLike, b: ArrayLike, x_a: Doubles, x_b: Doubles) -> Doubles:
        """(M,): of the steps from codes a to codes b, whose pictures are x_a and x_b."""
        start, end = np.asarray(a, float), np.asarray(b, float)
        return np.asarray(_norm(x_b - x_a) * self.factor((start + end) / 2))


@dataclass(frozen=True)
class DecodedGraph:
    """Where geodesics are looked for; made once for many. z (M, K) nodes · edges (E, 2), each pair once · costs (E,) · measure."""

    z: Doubles
    edges: NDArray[np.int64]
    costs: Doubles
    measure: Measure


@dataclass(frozen=True)
class Geodesic:
    """z (T, K), first row a and last row b, at the moments t (T,) that are equal in decoded distance.

    decoded_length, straight_length: of this path and of the line from a to b, grey levels, measured along the way and without the
    cost of low support.
    """

    z: Doubles
    decoded_length: float
    straight_length: float

    @property
    def t(self) -> Doubles:
        """(T,), from 0 to 1: the share of the decoded length that is behind."""
        return np.linspace(0, 1, len(self.z))


def lattice_graph(
    decode: Decode, extent: Extent, size: int = LATTICE_SIZE, support: Support | None = None, support_cost: float = 0.0,
    report: Report = lambda share: None,
) -> DecodedGraph:  # fmt: skip
    """size² codes of the plane over extent (x0, x1, y0, y1), each joined to 16: straight, diagonal and knight's moves.

    The way along such moves is up to 2.8 % too long, whatever the size (with the 8 nearest only: 8.2 %); smoothing removes that.
    """
    x0, x1, y0, y1 = extent
    if size < 2 or not (x0 < x1 and y0 < y1):
        raise ConfigError("lattice", (size, extent), "at least 2 nodes a side, and (x0, x1, y0, y1) with x0 < x1 and y0 < y1")
    xs, ys = np.meshgrid(np.linspace(x0, x1, size), np.linspace(y0, y1, size))
    number = np.arange(size * size).reshape(size, size)
    pairs = []
    for right, up in ((1, 0), (0, 1), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1)):
        low, high = max(0, -up), size - max(0, up)
        start = number[low:high, : max(0, size - right)]
        pairs.append(np.stack((start.ravel(), (start + up * size + right).ravel()), axis=1))
    return _graph(np.stack((xs.ravel(), ys.ravel()), axis=1), np.concatenate(pairs), Measure(decode, support, support_cost), report)


def neighbour_graph(
    decode: Decode, codes: ArrayLike, n_neighbours: int = NEIGHBOURS, support: Support | None = None, support_cost: float = 0.0,
    max_nodes: int = MAX_NODES, report: Report = lambda share: None,
) -> DecodedGraph:  # fmt: skip
    """Codes (N, K) of real pictures, evenly thinned to max_nodes, each joined to its nearest in latent space."""
    z = _codes(codes)
    z = z[np.linspace(0, len(z) - 1, min(len(z), max_nodes)).round().astype(int)]
    near = _nearest(z, z, n_neighbours + 1)
    pairs = np.stack((np.repeat(np.arange(len(z)), near.shape[1]), near.ravel()), axis=1)
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    return _graph(z, pairs, Measure(decode, support, support_cost), report)


def decoded_graphs(
    decode: Decode, codes: ArrayLike, support: Support | None = None, support_cost: float = 0.0, report: Report = lambda share: None
) -> tuple[DecodedGraph, ...]:  # fmt: skip
    """The graphs that suit real codes (N, K): themselves, and in two dimensions a lattice over their plane too."""
    z = _codes(codes)
    own = neighbour_graph(decode, z, support=support, support_cost=support_cost, report=report)
    if z.shape[1] != 2:
        return (own,)
    low, high = z.min(0), z.max(0)
    pad = np.maximum(MARGIN * (high - low), 1e-3)
    (x0, y0), (x1, y1) = low - pad, high + pad
    extent = (float(x0), float(x1), float(y0), float(y1))
    return (lattice_graph(decode, extent, support=support, support_cost=support_cost, report=report), own)


def geodesic(
    a: ArrayLike, b: ArrayLike, graph: DecodedGraph | Sequence[DecodedGraph], n_moments: int = 61,
    report: Report = lambda share: None, others: Sequence[ArrayLike] = (),
) -> Geodesic:  # fmt: skip
    """The shortest path that is found from `a` to `b`, both (K,), in decoded distance and the graph's cost of low support.

    It begins with the paths of every kind of `interpolate`, the shortest way through each graph, and `others` (T, K), paths of the caller's
    from a to b. The `REFINED` shortest of them are smoothed; the shortest of all, smoothed or not, wins: it is never longer than any of
    them, each measured by `curve_length` on the codes it is made of. The ends come out exactly, wherever they are. Where a = b it stands.
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
    ways = [way for way in (_shortest(start, end, one) for one in graphs) if way is not None]
    given = [np.asarray(path, float) for path in others]
    found = [_Candidate(path, *measure.of_curve(path)) for path in _different([*formulas, *given])]
    found += [_Candidate(way, *measure.of_curve(way)) for way in (_paced(way, measure, n_moments) for way in ways)]
    straight = found[0]
    found.sort(key=lambda one: one.cost)
    for turn, rough in enumerate(found[:REFINED]):
        path = _paced(rough.z, measure, min(n_moments, N_SMOOTHED))
        if len(path) > 2:
            smooth = _smoothed(path, measure, lambda share, turn=turn: report((turn + share) / REFINED))  # type: ignore[misc]
            even = _paced(smooth, measure, n_moments)
            found.append(_Candidate(even, *measure.of_curve(even)))
    best = min(found, key=lambda one: one.cost)
    return Geodesic(best.z, best.length, straight.length)


@dataclass(frozen=True)
class _Candidate:
    """A path (T, K), how long it is, and that with the cost of low support."""

    z: Doubles
    length: float
    cost: float


def _different(paths: Sequence[Doubles]) -> list[Doubles]:
    """Without those that another one repeats: a spherical path may be the line."""
    kept: list[Doubles] = []
    for path in paths:
        if not any(path.shape == one.shape and np.allclose(path, one, rtol=0, atol=1e-12) for one in kept):
            kept.append(path)
    return kept


def curve_length(decode: Decode, z: ArrayLike, pieces: int = PIECES) -> float:
    """Decoded length of the polyline through codes z (T, K), grey levels: Σ ‖Δx_hat‖ with every step divided in `pieces`.

    A path has this length however many frames of it are shown, and the lengths of its parts add up. 0 for one code.
    """
    return Measure(decode).of_curve(_codes(z), pieces)[0]


def path_length(decode: Decode, z: ArrayLike) -> float:
    """Σ ‖x_hat(z_{i+1}) − x_hat(z_i)‖ of codes z (T, K) as they are, grey levels; 0 for one code. See `curve_length`."""
    return float(_norm(np.diff(Measure(decode).pictures(z), axis=0)).sum())


def equal_speed(z: ArrayLike, decode: Decode, n_moments: int) -> Doubles:
    """Codes (n_moments, K) on the polyline through z (T, K) between which the decoded path is equally long; both ends exactly."""
    return _paced(_codes(z), Measure(decode), n_moments)


def _paced(path: Doubles, measure: Measure, n_moments: int) -> Doubles:
    """Codes (n_moments, K) at equal decoded distance along the polyline through codes (T, K), both ends exactly.

    The measuring points gather where the picture changes fast: each round they go to where the last one found equal shares.
    """
    if len(path) == 1:
        return np.repeat(path, n_moments, axis=0)
    corners = np.arange(len(path), dtype=float)
    n_fine = FINE * max(n_moments, len(path))
    at = np.linspace(0, corners[-1], n_fine)
    for _ in range(ROUNDS):
        lengths = _norm(np.diff(measure.pictures(_on_polyline(path, corners, at)), axis=0))
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


def _graph(z: Doubles, edges: NDArray[Any], measure: Measure, report: Report = lambda share: None) -> DecodedGraph:
    pictures = []
    for start in range(0, len(z), AT_ONCE):
        pictures.append(measure.pictures(z[start : start + AT_ONCE]).astype(np.float32))
        report(start / len(z))
    x = np.concatenate(pictures)
    costs = np.empty(len(edges))
    for start in range(0, len(edges), 4096):
        i, j = edges[start : start + 4096].T
        costs[start : start + 4096] = measure.costs(z[i], z[j], x[i], x[j]) + FLAT * _norm(z[i] - z[j])
    return DecodedGraph(z, edges.astype(np.int64), costs, measure)


def _shortest(a: Doubles, b: Doubles, graph: DecodedGraph) -> Doubles | None:
    """Codes from a to b by way of the graph's nodes (Dijkstra 1959); None where the graph has no way."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    n = len(graph.z)
    ends = np.stack((a, b))
    near = _nearest(ends, graph.z, JOINED)
    edges = np.stack((np.repeat([n, n + 1], near.shape[1]), near.ravel()), axis=1)
    codes = np.concatenate((graph.z, ends))
    of_ends, of_near = graph.measure.pictures(ends), graph.measure.pictures(graph.z[near.ravel()])
    start, stop = codes[edges[:, 0]], codes[edges[:, 1]]
    costs = graph.measure.costs(start, stop, of_ends[edges[:, 0] - n], of_near) + FLAT * _norm(start - stop)
    both = np.concatenate((graph.edges, edges))
    # a step between equal codes costs nothing, and a sparse matrix must not take it for no edge
    weights = np.maximum(np.concatenate((graph.costs, costs)), 1e-12)
    matrix = coo_array((weights, (both[:, 0], both[:, 1])), shape=(n + 2, n + 2)).tocsr()
    lengths, before = dijkstra(matrix, directed=False, indices=n, return_predecessors=True)
    if not np.isfinite(lengths[n + 1]):
        return None
    nodes = [n + 1]
    while nodes[-1] != n:
        nodes.append(int(before[nodes[-1]]))
    return np.asarray(codes[nodes[::-1]])


def _smoothed(path: Doubles, measure: Measure, report: Report = lambda share: None) -> Doubles:
    """A path (T, K) of least energy Σ (w_i ‖x_{i+1} − x_i‖)², w the factor of low support, near the given one; the ends stay.

    The least energy is the shortest path at constant speed. Damped Gauss-Newton (Marquardt 1963) on all inner points at once, with
    numerical derivatives of the pictures; a step is taken only where it lowers the energy.
    """
    damping, (energy, x, w) = 1e-3, _energy(path, measure)
    for step_number in range(MAX_STEPS):
        report(step_number / MAX_STEPS)
        gradient, curvature = _normal_equations(path, measure, x, w)
        scale = float(np.trace(curvature)) / len(curvature)
        if not scale > 0:
            return path  # the picture does not change: every path is as good
        fall = 0.0
        while fall <= 0 and damping < MAX_DAMPING:
            try:
                step = _banded_solution(curvature, 2 * path.shape[1] - 1, damping * scale, -gradient)
            except np.linalg.LinAlgError:  # rounding ate a damping that small
                damping *= 5
                continue
            candidate = path.copy()
            candidate[1:-1] += step.reshape(candidate[1:-1].shape)
            energy_then, x_then, w_then = _energy(candidate, measure)
            fall = energy - energy_then if np.isfinite(energy_then) else 0.0
            damping = damping / 5 if fall > 0 else damping * 5
        if fall <= 0:
            return path
        path, energy, x, w = candidate, energy_then, x_then, w_then
        damping = max(damping, 1e-9)
        if fall < ENOUGH * energy:
            return path
    return path


def _banded_solution(matrix: Doubles, n_beside: int, ridge: float, right: Doubles) -> Doubles:
    """x with (matrix + ridge · I) x = right, for a symmetric matrix ≥ 0 with n_beside diagonals on either side: a step joins two points."""
    from scipy.linalg import solveh_banded

    n_beside = min(n_beside, len(matrix) - 1)
    lower = np.zeros((n_beside + 1, len(matrix)))
    for i in range(n_beside + 1):
        lower[i, : len(matrix) - i] = np.diagonal(matrix, -i)
    lower[0] += ridge
    return np.asarray(solveh_banded(lower, right, lower=True))


def _energy(path: Doubles, measure: Measure) -> tuple[float, Doubles, Doubles]:
    """Energy, pictures (T, P) and factors (T−1,) of a path."""
    x, w = measure.pictures(path), measure.factor((path[1:] + path[:-1]) / 2)
    return float((w * _norm(np.diff(x, axis=0))) @ (w * _norm(np.diff(x, axis=0)))), x, w


def _normal_equations(path: Doubles, measure: Measure, x: Doubles, w: Doubles) -> tuple[Doubles, Doubles]:
    """Gradient (n,) and Gauss-Newton matrix (n, n) of half the energy in the inner points, n = (T−2)K.

    Step i has the residual r_i = w_i (x_{i+1} − x_i). Its derivatives are ±w_i J of its two ends, plus what moving the middle does to w_i.
    """
    n_inner, n_dims = len(path) - 2, path.shape[1]
    h = DIFFERENCE * float(np.ptp(path, axis=0).max())
    moved = path[1:-1, None] + h * np.eye(n_dims)  # (T−2, K, K): every inner point, moved along every axis
    slope = (measure.pictures(moved.reshape(-1, n_dims)).reshape(n_inner, n_dims, -1) - x[1:-1, None]) / h
    step = np.diff(x, axis=0)
    of_factor = _factor_slope((path[1:] + path[:-1]) / 2, measure, w, h)
    gradient, matrix = np.zeros((n_inner, n_dims)), np.zeros((n_inner, n_dims, n_inner, n_dims))
    for i in range(n_inner + 1):
        moves = of_factor[i][:, None] * step[i] / 2  # (K, P): the middle moves half as far as an end
        sides = [(j, sign * w[i] * slope[j] + moves) for j, sign in ((i - 1, -1), (i, 1)) if 0 <= j < n_inner]
        for j, of_j in sides:
            gradient[j] += of_j @ (w[i] * step[i])
            for k, of_k in sides:
                matrix[j, :, k] += of_j @ of_k.T
    size = n_inner * n_dims
    return gradient.ravel(), matrix.reshape(size, size)


def _factor_slope(middles: Doubles, measure: Measure, w: Doubles, h: float) -> Doubles:
    """∂w/∂middle, (T−1, K)."""
    if measure.support is None or measure.support_cost == 0:
        return np.zeros(middles.shape)
    return np.stack([(measure.factor(middles + h * axis) - w) / h for axis in np.eye(middles.shape[1])], axis=1)


def _nearest(points: Doubles, codes: Doubles, n: int) -> NDArray[np.int64]:
    """Rows (B, n) of the codes (M, K) nearest to points (B, K), nearest first; fewer where there are fewer codes."""
    from scipy.spatial import KDTree

    return np.asarray(KDTree(codes).query(points, list(range(1, min(n, len(codes)) + 1)))[1])


def _norm(rows: NDArray[Any]) -> Doubles:
    """Lengths of the rows of (M, P)."""
    return np.asarray(np.sqrt(np.einsum("mp,mp->m", rows, rows)), float)


def _codes(codes: ArrayLike) -> Doubles:
    z = np.asarray(codes, float)
    if z.ndim != 2 or len(z) == 0 or not np.isfinite(z).all():
        raise DataError(f"codes have shape {z.shape}; allowed: (N, K), at least one row, finite numbers.")
    return z

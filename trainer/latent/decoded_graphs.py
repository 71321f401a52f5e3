"""On which graphs of codes is a short path looked for?

The nodes are codes, and an edge is as long as the pictures of its ends differ: `lattice_graph` covers a plane of two dimensions,
`neighbour_graph` joins codes of real pictures in any number of dimensions, and `shortest_path` finds the shortest path between two codes.
Letters: K latent dimensions, M codes at once, E edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.errors import ConfigError
from trainer.latent.decoded_length import AT_ONCE, Decode, Doubles, Measure, Report, SupportOf, checked_codes, row_norms

Extent = tuple[float, float, float, float]
LATTICE_SIZE = 48  # nodes a side: the smoothing moves the path off the nodes
MARGIN = 0.1  # of the codes' width, around them
MAX_NODES, NEIGHBOURS = 2000, 12
JOINED = 4  # nodes that an end is tied to: the corners of its cell
FLAT = 1e-6  # grey levels per unit of z added to an edge, so that the way through a constant decoder is straight


@dataclass(frozen=True)
class DecodedGraph:
    """Where geodesics are looked for; made once for many."""

    z: Doubles
    """(M, K): the nodes"""
    edges: NDArray[np.int64]
    """(E, 2): numbers of nodes, each pair once"""
    costs: Doubles
    """(E,): decoded length of each edge with the cost of low support"""
    measure: Measure
    """how the costs were measured"""


def lattice_graph(
    decode: Decode,
    extent: Extent,
    size: int = LATTICE_SIZE,
    support: SupportOf | None = None,
    support_cost: float = 0.0,
    report: Report = lambda share: None,
) -> DecodedGraph:
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
    decode: Decode,
    codes: ArrayLike,
    n_neighbours: int = NEIGHBOURS,
    support: SupportOf | None = None,
    support_cost: float = 0.0,
    max_nodes: int = MAX_NODES,
    report: Report = lambda share: None,
) -> DecodedGraph:
    """Codes (N, K) of real pictures, evenly thinned to max_nodes, each joined to its nearest in latent space."""
    z = checked_codes(codes)
    z = z[np.linspace(0, len(z) - 1, min(len(z), max_nodes)).round().astype(int)]
    near = _nearest(z, z, n_neighbours + 1)
    pairs = np.stack((np.repeat(np.arange(len(z)), near.shape[1]), near.ravel()), axis=1)
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    return _graph(z, pairs, Measure(decode, support, support_cost), report)


def decoded_graphs(
    decode: Decode,
    codes: ArrayLike,
    support: SupportOf | None = None,
    support_cost: float = 0.0,
    report: Report = lambda share: None,
) -> tuple[DecodedGraph, ...]:
    """The graphs that suit real codes (N, K): themselves, and in two dimensions a lattice over their plane too."""
    z = checked_codes(codes)
    own = neighbour_graph(decode, z, support=support, support_cost=support_cost, report=report)
    if z.shape[1] != 2:
        return (own,)
    low, high = z.min(0), z.max(0)
    pad = np.maximum(MARGIN * (high - low), 1e-3)
    (x0, y0), (x1, y1) = low - pad, high + pad
    extent = (float(x0), float(x1), float(y0), float(y1))
    return (lattice_graph(decode, extent, support=support, support_cost=support_cost, report=report), own)


def _graph(z: Doubles, edges: NDArray[Any], measure: Measure, report: Report = lambda share: None) -> DecodedGraph:
    pictures = []
    for start in range(0, len(z), AT_ONCE):
        pictures.append(measure.pictures(z[start : start + AT_ONCE]).astype(np.float32))
        report(start / len(z))
    x = np.concatenate(pictures)
    costs = np.empty(len(edges))
    for start in range(0, len(edges), 4096):
        i, j = edges[start : start + 4096].T
        costs[start : start + 4096] = measure.costs(z[i], z[j], x[i], x[j]) + FLAT * row_norms(z[i] - z[j])
    return DecodedGraph(z, edges.astype(np.int64), costs, measure)


def shortest_path(a: Doubles, b: Doubles, graph: DecodedGraph) -> Doubles | None:
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
    costs = graph.measure.costs(start, stop, of_ends[edges[:, 0] - n], of_near) + FLAT * row_norms(start - stop)
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


def _nearest(points: Doubles, codes: Doubles, n: int) -> NDArray[np.int64]:
    """Rows (B, n) of the codes (M, K) nearest to points (B, K), nearest first; fewer where there are fewer codes."""
    from scipy.spatial import KDTree

    return np.asarray(KDTree(codes).query(points, list(range(1, min(n, len(codes)) + 1)))[1])

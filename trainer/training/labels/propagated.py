"""Which class has a training image without a label, judged by the images that resemble it?

Every image is joined to its nearest neighbours, and the few labels spread along these edges until nothing changes: F = (I − a S)⁻¹ Y with
the symmetrically normalised weights S (Zhou, Bousquet, Lal, Weston & Schölkopf 2004, eq. 4). An image is given the class of which it has
most, and a weight by how sure that is (Iscen, Tolias, Avrithis & Chum 2019, eq. 11). Neighbours are sought among the first principal
components, each image moved by a pixel in all directions, turned and slanted a little, of which the nearest counts: on MNIST with 100
labels 2.3 % of the spread labels are wrong (5.5 % as the images are, 3.6 % where they are only moved; 4.0 % among the codes of M1, moved
or not). Letters: N images, D components, k neighbours, Y classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from math import cos, radians, sin

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Floats = NDArray[np.float32]

SPREAD = 0.99  # a: how much of a label comes from neighbours, each round; Zhou 2004, section 4
COMPONENTS, SEEN = 50, 10_000  # principal components, and images that they are found from
MOVES = [(0, 0), *((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0))]
TURNS, SLANTS = (-15.0, -7.5, 7.5, 15.0), (-0.3, -0.15, 0.15, 0.3)  # degrees; pixels to the side a row
LARGE = 16  # pixels of the shorter side, from which images are moved, turned and slanted
ROWS, DISTANCES, VALUES = (
    500,
    30_000_000,
    20_000_000,
)  # images at once, distances at once, and pixels that components are found from
EDGE = 1e-12  # the least distance that divides


@dataclass(frozen=True)
class Propagated:
    """What the classifier is told of every training image."""

    label: Tensor
    """(N,), the class of which the image has most; the given one where one is given"""
    weight: Tensor
    """(N,) in [0, 1]: 1 − H/log Y of the shares of the classes; 1 where the label is given, 0 where none reaches the image"""

    def at(self, places: NDArray[np.int64], device: torch.device) -> Propagated:
        """Of the images at those places."""
        return Propagated(self.label[places].to(device), self.weight[places].to(device))

    def cross_entropy(self, logits: Tensor) -> Tensor:
        """Mean over images of weight · −log q(label), nats, for logits (N, Y); a scalar."""
        return (self.weight * functional.cross_entropy(logits, self.label, reduction="none")).mean()


@dataclass
class Propagation:
    """The spreading of labels, a part at a time, so that whoever waits sees it go on."""

    n_neighbours: int
    """k, fewer where there are not so many images"""
    n_classes: int
    result: Propagated | None = field(default=None, init=False)
    """once `spread` is through"""

    def spread(
        self, images: NDArray[np.uint8], labelled: NDArray[np.int64], labels: NDArray[np.int64], seed: int
    ) -> Iterator[float]:
        """Yields the share that is done. images (N, C, H, W); labelled: places of the images whose labels count, those in order."""
        codes = moved_codes(images, seed)
        n, found = codes.shape[1], []
        rows = max(1, min(ROWS, DISTANCES // n))
        for start in range(0, n, rows):
            found.append(nearest(codes, slice(start, start + rows), min(self.n_neighbours, n - 1)))
            yield min(start + rows, n) / n
        numbers, distances = (np.concatenate(parts) for parts in zip(*found, strict=True))
        self.result = propagated(numbers, distances, labelled, labels, self.n_classes)


def propagated(
    numbers: NDArray[np.int64], distances: Floats, labelled: NDArray[np.int64], labels: NDArray[np.int64], n_classes: int
) -> Propagated:
    """Of neighbours `numbers` (N, k) at squared `distances` (N, k), the nearest first."""
    shares = _spread(_edges(numbers, distances), labelled, labels, n_classes)
    sums = shares.sum(1, keepdims=True)
    shares = np.divide(shares, sums, out=np.full_like(shares, 1 / n_classes), where=sums > 0)
    entropy = -(shares * np.log(np.maximum(shares, EDGE))).sum(1)
    label, weight = shares.argmax(1), 1 - entropy / np.log(n_classes)
    label[labelled], weight[labelled] = labels, 1.0
    return Propagated(torch.from_numpy(label), torch.from_numpy(weight.clip(0, 1).astype(np.float32)))


def nearest(codes: Floats, rows: slice, k: int) -> tuple[NDArray[np.int64], Floats]:
    """Numbers and squared distances (B, k) of the images nearest to those of some rows, themselves left out.

    codes (M, N, D): of every image as it is, then of its other M − 1 places; the nearest of the M to another as it is counts.
    """
    still = torch.from_numpy(codes[0])
    squares, least = still.square().sum(1), None
    for some in torch.from_numpy(codes[:, rows]):
        squared = torch.addmm(squares, some, still.T, alpha=-2).add_(some.square().sum(1)[:, None])
        least = squared if least is None else torch.minimum(least, squared, out=least)
    assert least is not None
    mine = torch.arange(len(least))
    least[mine, mine + rows.start] = torch.inf
    distances, numbers = least.clamp_min_(0).topk(k, largest=False)
    return numbers.numpy(), distances.numpy()


def _edges(numbers: NDArray[np.int64], distances: Floats):  # type: ignore[no-untyped-def]  # a sparse matrix of scipy, which has no types
    """S (N, N): weight exp(−d/d_k) by the distance of an image's own last neighbour, the larger of both ways, over √ of both degrees."""
    from scipy.sparse import csr_array, diags_array

    n, k = numbers.shape
    weights = np.exp(-distances / np.maximum(distances[:, -1:], EDGE)).astype(np.float64)
    one_way = csr_array((weights.ravel(), numbers.ravel(), np.arange(n + 1) * k), shape=(n, n))
    both = one_way.maximum(one_way.T)
    scale = diags_array(1 / np.sqrt(both.sum(1)))
    return scale @ both @ scale


def _spread(edges, labelled: NDArray[np.int64], labels: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:  # type: ignore[no-untyped-def]
    """F (N, Y), by conjugate gradients: I − a S is symmetric and positive definite. Every class weighs the same in all images together."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import cg

    system = eye_array(edges.shape[0]) - SPREAD * edges
    columns = []
    for label in range(n_classes):
        start = np.zeros(edges.shape[0])
        start[labelled[labels == label]] = 1
        columns.append(np.maximum(cg(system, start, rtol=1e-10, maxiter=3000)[0], 0))
    spread = np.stack(columns, 1)
    return np.asarray(spread / np.maximum(spread.sum(0), EDGE))


def moved_codes(images: NDArray[np.uint8], seed: int) -> Floats:
    """The first principal components (M, N, at most 50) of images (N, C, H, W) as they are, found from some of them; then of the same
    images by each of the other `transformations`, where a pixel is little of them."""
    from sklearn.decomposition import PCA

    n_values = int(np.prod(images.shape[1:]))
    n_seen = min(SEEN, max(2 * COMPONENTS, VALUES // n_values))
    few = _flat(images[np.sort(np.random.default_rng(seed).permutation(len(images))[:n_seen])])
    with np.errstate(invalid="ignore"):  # shares of a variance of 0, which nobody reads
        pca = PCA(min(COMPONENTS, *few.shape), svd_solver="randomized", random_state=seed).fit(few)
    every = transformations() if min(images.shape[2:]) >= LARGE else transformations()[:1]
    codes = np.empty((len(every), len(images), pca.n_components_), np.float32)
    for start in range(0, len(images), ROWS):
        part = images[start : start + ROWS]
        for found, transform in zip(codes, every, strict=True):
            found[start : start + ROWS] = pca.transform(_flat(transform(part)))
    return codes


def transformations() -> list[Callable[[NDArray[np.uint8]], NDArray[np.uint8]]]:
    """What an image may have gone through and show the same: nothing, a move, a turn, a slant."""
    turns = [(cos(angle), -sin(angle), sin(angle), cos(angle)) for angle in map(radians, TURNS)]
    slants = [(1.0, slant, 0.0, 1.0) for slant in SLANTS]
    return [*(partial(moved, down=down, right=right) for down, right in MOVES), *(partial(turned, by=by) for by in turns + slants)]


def turned(images: NDArray[np.uint8], by: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """Images (N, C, H, W) of which each pixel (x, y), from the middle, is what was at (a x + b y, c x + d y), by = (a, b, c, d): between
    pixels as their weighted mean, outside as the edge is."""
    (height, width), (a, b, c, d) = images.shape[-2:], by
    x = torch.from_numpy(images.astype(np.float32))
    # torch's coordinates run from -1 to 1 along either side, however long it is
    matrix = torch.tensor([[a, b * height / width, 0.0], [c * width / height, d, 0.0]])
    grid = functional.affine_grid(matrix.expand(len(x), 2, 3), list(x.shape), align_corners=False)
    found = functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
    return np.asarray(found.round_().clamp_(0, 255).numpy(), np.uint8)


def moved(images: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """Images (…, H, W) moved by at most a pixel; what comes in is what the edge is like, so that paper stays paper."""
    padded = np.pad(images, [(0, 0)] * (images.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    height, width = images.shape[-2:]
    return padded[..., 1 - down : 1 - down + height, 1 - right : 1 - right + width]


def _flat(images: NDArray[np.uint8]) -> Floats:
    return np.asarray(images.reshape(len(images), -1) / np.float32(255), np.float32)

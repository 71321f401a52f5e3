"""Which class has a training image without a label, judged by the images that resemble it?

Every image is joined to its nearest neighbours, and the few labels spread along these edges until nothing changes: F = (I − a S)⁻¹ Y with
the symmetrically normalised weights S (Zhou, Bousquet, Lal, Weston & Schölkopf 2004, eq. 4). An image is given the class of which it has
most, and a weight by how sure that is (Iscen, Tolias, Avrithis & Chum 2019, eq. 11). Neighbours are sought among codes: those of M1 where
there is one, else the first principal components. Letters: N images, D numbers of a code, k neighbours, Y classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from trainer.models.torch_engine import StackedVae, Vae, as_tensor

Floats = NDArray[np.float32]

SPREAD = 0.99  # a: how much of a label comes from neighbours, each round; Zhou 2004, section 4
COMPONENTS, SEEN = 50, 10_000  # principal components where there are no codes, and images that they are found from
ROWS = 500  # images at once
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

    def spread(self, codes: Floats, labelled: NDArray[np.int64], labels: NDArray[np.int64]) -> Iterator[float]:
        """Yields the share that is done. codes (N, D); labelled: places of the images whose labels count, those in order."""
        found = []
        for start in range(0, len(codes), ROWS):
            found.append(_nearest(codes, slice(start, start + ROWS), min(self.n_neighbours, len(codes) - 1)))
            yield min(start + ROWS, len(codes)) / len(codes)
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


def _nearest(codes: Floats, rows: slice, k: int) -> tuple[NDArray[np.int64], Floats]:
    """Numbers and squared distances (B, k) of the codes nearest to those of some rows, themselves left out."""
    every = torch.from_numpy(codes)
    some = every[rows]
    squared = torch.addmm(every.square().sum(1), some, every.T, alpha=-2).add_(some.square().sum(1)[:, None])
    mine = torch.arange(len(some))
    squared[mine, mine + rows.start] = torch.inf
    distances, numbers = squared.clamp_min_(0).topk(k, largest=False)
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
        columns.append(np.maximum(cg(system, start, rtol=1e-6, maxiter=1000)[0], 0))
    spread = np.stack(columns, 1)
    return np.asarray(spread / np.maximum(spread.sum(0), EDGE))


def codes_for(model: Vae, images: NDArray[np.uint8], seed: int) -> Floats:
    """Among which neighbours are sought, (N, D): posterior means of M1 where there is one, else principal components."""
    if not isinstance(model, StackedVae):
        return principal_codes(images, seed)
    with torch.no_grad():
        return in_batches(images, lambda batch: model.inputs(_on(model, batch)).cpu().numpy())


def _on(model: Vae, images: NDArray[np.uint8]) -> Tensor:
    return as_tensor(images).to(model.log_sigma.device).float() / 255


def principal_codes(images: NDArray[np.uint8], seed: int) -> Floats:
    """The first principal components (N, at most 50) of images (N, C, H, W), found from some of them and a batch at a time."""
    from sklearn.decomposition import PCA

    pick = np.sort(np.random.default_rng(seed).permutation(len(images))[:SEEN])
    few = _flat(images[pick])
    pca = PCA(min(COMPONENTS, *few.shape), svd_solver="randomized", random_state=seed).fit(few)
    return in_batches(images, lambda batch: pca.transform(_flat(batch)))


def in_batches(images: NDArray[np.uint8], codes_of: Callable[[NDArray[np.uint8]], Floats]) -> Floats:
    """Codes of all images, a batch at a time: they may be larger than memory."""
    parts = [codes_of(images[start : start + ROWS]) for start in range(0, len(images), ROWS)]
    return np.ascontiguousarray(np.concatenate(parts), np.float32)


def _flat(images: NDArray[np.uint8]) -> Floats:
    return np.asarray(images.reshape(len(images), -1) / np.float32(255), np.float32)

"""How does a code of K dimensions become a place on a flat map, and how does one come back?

Any inverse of a plane is a 2-D sheet in latent space (Wang & Telea 2024): it cannot give every image back, so each projection says in
`note` which code a place stands for. How many encoded images there are around that code is no matter of the map: see
`trainer.maps.support`. `trainer.maps.inverse` finds the codes of a map that has no formula; each stored map carries what it loses, both
ways.

Letters: N points, K latent dimensions, M places, G and S lattice sizes.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.errors import ConfigError
from trainer.maps.inverse import AT_MOST_HELD_OUT, EPOCHS, find_inverse, held_out_quality
from trainer.maps.lattice import Whole, bilinear
from trainer.maps.placing import FAR_AWAY, xy_of
from trainer.maps.quality import Decode, InverseProjectionQuality, ProjectionQuality, inverse_quality, projection_quality
from trainer.numerals import count, dimension, number, percent
from trainer.preflight import keep_compiled_code

Floats = NDArray[np.float32]
Kind = Literal["identity", "linear", "lattice"]

MANY, FEWER_EPOCHS = 5000, 200  # UMAP's own number above 10 000 points, from half of that on: 20 s less at 10 000
MARGIN = 0.12  # of the data's width, around it


@dataclass(frozen=True)
class Projection:
    """One map of a run."""

    name: str
    """in the run folder and in links"""
    kind: Kind
    """how a place becomes a code: identity: z = (x, y); linear: z = origin + x · basis[0] + y · basis[1]; lattice: bilinear
    between lattice_z, clamped outside"""
    points: Floats
    """(N, 2): map coordinates of the encodings, in their order"""
    extent: tuple[float, float, float, float]
    """(x0, x1, y0, y1) that is shown, and that a lattice covers"""
    labels: tuple[str, str]
    """of the two axes"""
    title: str
    """for people"""
    note: str
    """what a place of the map stands for, a sentence"""
    origin: Floats | None = None
    """(K,), of a linear map"""
    basis: Floats | None = None
    """(2, K), of a linear map"""
    lattice_z: Floats | None = None
    """(G, G, K), of a lattice, row 0 at y0"""
    quality: ProjectionQuality | None = None
    """how much of the neighbourhoods survives, measured when a run is stored; None in older runs, see `quality_of`"""
    inverse_quality: InverseProjectionQuality | None = None
    """how well the inverse gives codes back, measured when a run is stored; None in older runs"""

    def to_latent(self, places: ArrayLike) -> Floats:
        """Codes (M, K) that the places (M, 2) stand for."""
        xy = _finite(places).reshape(-1, 2)
        if self.kind == "identity":
            return xy
        if self.kind == "linear":
            assert self.origin is not None and self.basis is not None
            return self.origin + xy @ self.basis
        assert self.lattice_z is not None
        return bilinear(self.lattice_z, self.extent, xy)

    def to_map(self, z: ArrayLike, mu: Floats) -> Floats:
        """Places (M, 2) of codes z (M, K). A lattice has no formula: see `placing.xy_of`, which asks the real codes `mu` (N, K)."""
        codes = _finite(z).reshape(-1, mu.shape[1])
        if self.kind == "identity":
            return codes
        if self.kind == "linear":
            assert self.origin is not None and self.basis is not None
            return np.asarray((codes - self.origin) @ np.linalg.pinv(self.basis), np.float32)
        assert self.lattice_z is not None
        return xy_of(codes, mu, self.points, self.lattice_z, self.extent)


def _finite(numbers: ArrayLike) -> Floats:
    """As float32, cut where squares would overflow: far away is far away, and never an error."""
    return np.asarray(np.clip(np.asarray(numbers, np.float64), -FAR_AWAY, FAR_AWAY), np.float32)


def latent_plane(mu: Floats) -> Projection:
    """The map of a run with two dimensions: the latent plane itself. mu (N, 2)."""
    extent = square_extent(mu, at_least=3.5)
    return Projection("latent", "identity", mu, extent, ("z₁", "z₂"), "Latent plane", "A point of this map is the code itself.")


def latent_line(mu: Floats) -> Projection:
    """The map of a run with one dimension: left to right is z; up and down only spreads the points. mu (N, 1)."""
    spread = np.random.default_rng(0).uniform(-1, 1, len(mu)).astype(np.float32)
    points = np.column_stack([mu[:, 0], spread])
    return _linear(
        "latent",
        mu,
        points,
        np.zeros(1, np.float32),
        np.array([[1.0], [0.0]], np.float32),
        ("z₁", "spread"),
        "Latent line",
        "Only left and right matter: z₁. Up and down merely spreads the points.",
    )


def pca(mu: Floats) -> Projection:
    """The plane of the two largest principal axes of the codes mu (N, K), K > 2; signs fixed, so that runs compare."""
    origin = mu.mean(0)
    centred = (mu - origin).astype(float)
    variances, axes = np.linalg.eigh(centred.T @ centred)  # all K axes, also of fewer than K points
    basis = axes[:, ::-1].T[:2].astype(np.float32)
    basis *= np.sign(basis[np.arange(2), np.abs(basis).argmax(1)])[:, None]
    share = float(variances[-2:].sum() / max(variances.sum(), 1e-30))
    return _linear(
        "pca",
        mu,
        (mu - origin) @ basis.T,
        origin,
        basis,
        ("PC 1", "PC 2"),
        "PCA",
        f"Each map point is a code on the plane of the two main axes ({percent(share)} of the codes' variance); "
        "the other directions stay at their mean.",
    )


def axis_pair(mu: Floats, first: int, second: int) -> Projection:
    """The map whose axes are two latent dimensions (from 0) of mu (N, K). Raises `ConfigError` outside 0 … K−1 or for equal ones."""
    n_dims = mu.shape[1]
    for axis in (first, second):
        if not 0 <= axis < n_dims:
            raise ConfigError("axis", axis + 1, f"1 to {n_dims}")
    if first == second:
        raise ConfigError("axes", f"{first + 1},{second + 1}", "two different dimensions")
    basis = np.zeros((2, n_dims), np.float32)
    basis[0, first] = basis[1, second] = 1
    return _linear(
        "axes",
        mu,
        mu[:, [first, second]],
        np.zeros(n_dims, np.float32),
        basis,
        (dimension(first), dimension(second)),
        f"{dimension(first)} and {dimension(second)}",
        f"Each map point sets {dimension(first)} and {dimension(second)}; all others are 0, the mean of the prior.",
    )


def umap_map(mu: Floats, seed: int, decode: Decode | None = None, classes: Whole | None = None, epochs: int = EPOCHS) -> Projection:
    """A UMAP (McInnes et al. 2018) of the codes mu (N, K), K > 2, with a lattice as its inverse; see `lattice_map`."""
    keep_compiled_code()
    import umap  # seconds to import: only where a map is made

    neighbours = min(15, len(mu) - 1)
    # of codes that are (almost) all the same UMAP says that it begins at random places instead
    with torch_keeps_its_threads(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Spectral initialisation failed", UserWarning)
        epochs_of_layout = FEWER_EPOCHS if len(mu) > MANY else None
        points = umap.UMAP(
            n_neighbors=neighbours, min_dist=0.1, random_state=seed, n_jobs=1, n_epochs=epochs_of_layout
        ).fit_transform(mu)
    return lattice_map("umap", np.asarray(points, np.float32), mu, "UMAP", ("UMAP 1", "UMAP 2"), decode, classes, seed, epochs)


@contextmanager
def torch_keeps_its_threads() -> Iterator[None]:
    """numba, where it works with OpenMP, sets the number of threads of all that does: torch's sums would differ after a map was made."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(before)


def lattice_map(
    name: str,
    points: Floats,
    mu: Floats,
    title: str,
    labels: tuple[str, str],
    decode: Decode | None = None,
    classes: Whole | None = None,
    seed: int = 0,
    epochs: int = EPOCHS,
) -> Projection:
    """Any layout `points` (N, 2) of the codes `mu` (N, K), settled on the sheet that is its inverse, with the quality of that inverse.

    decode: how well a code decodes the picture of a point; without it only codes count.
    classes (N,), −1 for none: for the agreement.
    """
    extent = square_extent(points)
    sheet = find_inverse(points, mu, extent, decode, seed, epochs)
    error = held_out_quality(points, mu, extent, decode, classes, seed, epochs)
    return Projection(
        name, "lattice", sheet.points, extent, labels, title, lattice_note(error), lattice_z=sheet.lattice_z, inverse_quality=error
    )


def lattice_note(error: InverseProjectionQuality | None) -> str:
    """What a place on a map without a formula stands for, and how well; error: on points that the inverse was not made from."""
    quality = ""
    if error is not None:
        held_out = f"{count(error.n)} held-out points" if error.is_held_out else f"{count(error.n)} points"
        quality = f" (R² {number(error.r2)} on {held_out})"
    return f"Each map point is mapped to a latent code by an approximate inverse{quality}; distances on this map mean little."


def quality_of(mu: Floats, projection: Projection) -> ProjectionQuality | None:
    """How much of the codes' neighbourhoods the map keeps: as stored, or computed (under a second); None below three points."""
    return projection.quality or projection_quality(mu, projection.points)


def measured(projection: Projection, mu: Floats, decode: Decode | None = None, classes: Whole | None = None) -> Projection:
    """The map with its losses: neighbours kept, and for a plane in more dimensions what it gives back of at most 1000 points."""
    error = projection.inverse_quality
    if projection.kind == "linear" and mu.shape[1] > 2:
        index = np.random.default_rng(0).permutation(len(mu))[:AT_MOST_HELD_OUT]
        error = inverse_quality(projection.to_latent(projection.points[index]), index, mu, decode, classes)
    return replace(projection, quality=projection_quality(mu, projection.points), inverse_quality=error)


def square_extent(points: Floats, at_least: float = 0.0) -> tuple[float, float, float, float]:
    """A square around the points with a margin; with `at_least`, also around [−at_least, at_least]²."""
    low, high = points.min(0), points.max(0)
    half = max(float((high - low).max()) / 2 * (1 + 2 * MARGIN), 1e-3)
    x, y = ((low + high) / 2).tolist()
    half = max(half, at_least + abs(x), at_least + abs(y)) if at_least else half
    return (x - half, x + half, y - half, y + half)


def _linear(
    name: str, mu: Floats, points: Floats, origin: Floats, basis: Floats, labels: tuple[str, str], title: str, note: str
) -> Projection:
    points = np.ascontiguousarray(points, np.float32)
    extent = square_extent(points)
    return Projection(
        name,
        "linear",
        points,
        extent,
        labels,
        title,
        note,
        origin=np.ascontiguousarray(origin, np.float32),
        basis=np.ascontiguousarray(basis, np.float32),
    )


def projections_of(
    mu: Floats,
    kl_per_dim: NDArray[np.float64],
    seed: int,
    with_umap: bool,
    decode: Decode | None = None,
    classes: Whole | None = None,
    epochs: int = EPOCHS,
) -> tuple[Projection, ...]:
    """All maps that a finished run stores, the best first: the plane itself, or UMAP, PCA and the two dimensions of most KL.

    epochs: of the refinement of a map's inverse by decoded pictures; fewer where a decode is dear.
    """
    n_dims = mu.shape[1]
    maps: tuple[Projection, ...]
    if n_dims == 1:
        maps = (latent_line(mu),)
    elif n_dims == 2:
        maps = (latent_plane(mu),)
    else:
        first, second = np.argsort(-kl_per_dim, kind="stable")[:2].tolist()
        maps = (pca(mu), axis_pair(mu, first, second))
        maps = (umap_map(mu, seed, decode, classes, epochs), *maps) if with_umap and len(mu) > 3 else maps
    return tuple(measured(projection, mu, decode, classes) for projection in maps)

"""Which directions of image space does a linear decoder span, and are they PCA's?

A linear autoencoder at its optimum spans the subspace of the first K principal components (Baldi & Hornik 1989), but its columns are any
basis of it: x̂ = Wz + b is the same with WA and A⁻¹z. Its principal axes are those of its reconstructions: the left singular vectors of
W C^½, C the covariance of the codes. For probabilistic PCA, which a linear VAE learns, they are the principal components too (Tipping &
Bishop 1999; Lucas et al. 2019). Letters: N images, P pixels with channels, K latent dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig
from trainer.metrics.pca_spectrum import Spectrum

Doubles = NDArray[np.float64]
LEAST_SHARE = 1e-4  # of the variance of reconstructions


@dataclass(frozen=True)
class Axes:
    """Directions of image space with how much images vary along them."""

    directions: Doubles
    """(P, K): orthonormal columns, the most variance first"""
    variance: Doubles
    """(K,): of images along them, grey levels²"""
    total: float
    """variance of images in all directions, grey levels²"""

    @property
    def share(self) -> Doubles:
        """(K,): of the total."""
        return np.asarray(self.variance / self.total if self.total > 0 else np.zeros(len(self.variance)))


def is_linear(config: FitConfig) -> bool:
    """Whether x̂, or what the likelihood makes x̂ of, is Wz + b, with one W for all classes."""
    return config.network == "linear" and not config.is_conditional


def decoder_columns(weights: Mapping[str, NDArray[np.float32]], n_pixels: int) -> Doubles:
    """W (P, K) of a linear decoder: how the picture changes with each latent dimension. Log scales of pixels are left out."""
    return weights["decoder.0.weight"][:n_pixels].astype(float)


def principal_axes(columns: Doubles, mu: NDArray[np.float32]) -> Axes:
    """Of a linear decoder's pictures of the codes mu (N, K); variance: of these pictures. columns (P, K).

    Axes with less than 1e-4 of it, those of collapsed dimensions, are left out: rounding and chance turn them.
    """
    centred = mu.astype(float) - mu.astype(float).mean(0)
    values, turn = np.linalg.eigh(centred.T @ centred / len(mu))
    left, sizes, _ = np.linalg.svd(columns @ (turn * np.sqrt(np.maximum(values, 0))), full_matrices=False)
    total = float((sizes**2).sum())
    n = max(1, int((sizes**2 > LEAST_SHARE * total).sum()))
    return Axes(left[:, :n], sizes[:n] ** 2, total)


def data_axes(spectrum: Spectrum, n: int) -> Axes:
    """The first n principal components of images."""
    return Axes(spectrum.directions[:, :n], spectrum.values[:n], float(spectrum.values.sum()))


def measured_on(axes: Axes, spectrum: Spectrum) -> Axes:
    """The same directions with the variance of images along them, uᵀΣu, in place of that of reconstructions."""
    variance = (spectrum.values[:, None] * (spectrum.directions.T @ axes.directions) ** 2).sum(0)
    return Axes(axes.directions, variance, float(spectrum.values.sum()))


def turned_like(axes: Axes, other: Axes) -> Axes:
    """The same axes, each with the sign in which it is more like the other's axis of the same place: a sign means nothing."""
    n = min(axes.directions.shape[1], other.directions.shape[1])
    signs = np.ones(axes.directions.shape[1])
    signs[:n] = np.where((axes.directions[:, :n] * other.directions[:, :n]).sum(0) < 0, -1.0, 1.0)
    return Axes(axes.directions * signs, axes.variance, axes.total)


def subspace_angles(first: Doubles, second: Doubles) -> Doubles:
    """Principal angles between the spans of two matrices (P, K₁), (P, K₂), radians, smallest first; min(K₁, K₂) of them.

    By the cosines where they are small and by the sines where the angles are, which rounding would make 1e-8 (Björck & Golub 1973).
    """
    a, b = (np.linalg.qr(matrix)[0] for matrix in (first, second))
    if a.shape[1] < b.shape[1]:
        a, b = b, a
    product = a.T @ b
    cosines = np.clip(np.linalg.svd(product, compute_uv=False), 0, 1)
    sines = np.clip(np.sort(np.linalg.svd(b - a @ product, compute_uv=False)), 0, 1)
    return np.asarray(np.where(cosines**2 < 0.5, np.arccos(cosines), np.arcsin(sines)))


def pca_error(spectrum: Spectrum, n: int, images: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean over images (N, C, H, W) of Σ over pixels (x − x̂)², x̂ the projection on the first n components, and its standard error."""
    x = images.reshape(len(images), -1) / 255.0 - spectrum.mean
    along = x @ spectrum.directions[:, :n]
    each = np.square(x).sum(1) - np.square(along).sum(1)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else float("nan")

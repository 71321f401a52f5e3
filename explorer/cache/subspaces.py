"""Do two linear models span the same subspace of image space, and what does each lose? Linear autoencoder and PCA, for example."""

from __future__ import annotations

from math import prod

import numpy as np

from explorer.cache.datasets import originals, reconstruction_error
from explorer.cache.runs import get_run
from explorer.text.eigen_images import same_subspace_sentence
from trainer.metrics.linear_axes import (
    Axes,
    decoder_columns,
    is_linear,
    measured_on,
    pca_error,
    principal_axes,
    subspace_angles,
)
from trainer.metrics.pca_spectrum import Spectrum
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

PCA = "PCA of the training images"
SAME_HELP = """Squared error: Σ over pixels (x − x̂)², mean over the test images, x̂ not clipped to [0, 1]. Angles: the principal angles
between the two spans, 0° where one holds the other (Björck & Golub 1973). A linear VAE shrinks its reconstructions towards the mean, so
its error is larger in the same subspace."""


def is_comparable(info: RunInfo, run: Run) -> bool:
    """Whether a run is a linear model of the same images."""
    return is_linear(info.config) and info.dataset.sha256 == run.info.dataset.sha256


def axes_of(run: Run, spectrum: Spectrum | None) -> Axes:
    """Of a linear run; the variance is that of the training images where they are here, else that of its reconstructions."""
    axes = principal_axes(decoder_columns(run.weights, prod(run.image_shape)), run.encodings.mu)
    return axes if spectrum is None else measured_on(axes, spectrum)


def subspaces_sentence(run: Run, own: Axes, name: str, beside: Axes, spectrum: Spectrum | None) -> str:
    """Of a linear run and of what stands beside it: another one, or, as `PCA`, the principal components of the training images."""
    angles = np.degrees(subspace_angles(own.directions, beside.directions))
    images, errors = originals(run.id), list[tuple[str, float]]()
    if images is not None:
        errors.append((run.id, reconstruction_error(run.id)))
        if name == PCA and spectrum is not None:
            errors.append((name, pca_error(spectrum, beside.directions.shape[1], images)[0]))
        else:
            errors.append((name, reconstruction_error(name)))
    return same_subspace_sentence(angles, own.directions.shape[1], beside.directions.shape[1], errors)


def linear_sentences(names: list[str]) -> list[str]:
    """One for the first linear run among runs of the same images and each of the others that are linear."""
    linear = [run for run in map(get_run, names) if is_linear(run.config)]
    if not linear:
        return []
    first, *others = linear
    own = axes_of(first, None)
    return [subspaces_sentence(first, own, other.id, axes_of(other, None), None) for other in others]

"""Which pictures does a linear model add up, and are they PCA's? Eigen-images as signed pictures, with eigenvalues."""

from __future__ import annotations

from math import prod

import numpy as np
import streamlit as st

from explorer.cache.datasets import originals, reconstruction_error, training_spectrum
from explorer.cache.runs import get_run
from explorer.cache.subspaces import PCA, SAME_HELP, axes_of, is_comparable, subspaces_sentence
from explorer.pages.dimensions.section import Examined, number_table, sound_runs
from explorer.pictures.signed import scale_bar, signed_grid
from explorer.session.load import open_compare
from explorer.text.escape import escape_markdown
from trainer.metrics.linear_axes import (
    Axes,
    data_axes,
    decoder_columns,
    is_linear,
    pca_error,
    turned_like,
)
from trainer.metrics.pca_spectrum import Spectrum
from trainer.numerals import dimension, number, percent
from trainer.runs.read import Run
from trainer.runs.records import RunInfo

TITLE = "eigen-images"
MOST_SHOWN, CELL_PX = 16, 112
AXES_HELP = """Eigenvectors u of the covariance Σ of the training images, unit length, and along each the variance λ = uᵀΣu with its
share of tr Σ, in grey levels² (Pearson 1901; Hotelling 1933). Of a linear decoder x̂ = Wz + b: the left singular vectors of W C^½, C the
covariance of the codes, which are the principal axes of its reconstructions. A sign means nothing: u and −u are the same axis."""
COLUMNS_HELP = """Column k of W: what is added to the picture when z_k grows by 1. A linear autoencoder finds PCA's subspace and not its
axes, since x̂ = Wz + b is the same with WA and A⁻¹z (Baldi & Hornik 1989). In a linear VAE the prior N(0, I) leaves only rotations of z
free, and a posterior that is diagonal takes these too (Lucas et al. 2019)."""


def offered(shown: Examined) -> bool:
    """Of every linear model, and of others whose training images are here, for comparison."""
    return is_linear(shown.run.config) or training_spectrum(shown.run.id) is not None


def show(shown: Examined) -> None:
    """The axes of the run and what stands beside them, one scale for both; then the columns of the decoder."""
    run = shown.run
    spectrum = training_spectrum(run.id)
    if not is_linear(run.config):
        assert spectrum is not None
        _for_comparison(run, spectrum)
        return
    own = axes_of(run, spectrum)
    name, beside = _chosen_beside(run, own, spectrum)
    if beside is not None:
        own = turned_like(own, beside)
        st.markdown(f"## {escape_markdown(subspaces_sentence(run, own, name, beside, spectrum))}", help=SAME_HELP)
        if name != PCA:
            st.button(
                "Compare their maps", key="compare-linear", on_click=open_compare, args=(run.info.dataset.sha256, run.id, name)
            )
    st.caption(_how_to_read(), help=AXES_HELP)
    shown_axes = [(run.id, own)] + ([] if beside is None else [(name, beside)])
    most = max(float(np.abs(axes.directions[:, :MOST_SHOWN]).max()) for _, axes in shown_axes)
    for title, axes in shown_axes:
        st.markdown(f"**{escape_markdown(title)}**: principal axes")
        st.html(_grid(run, axes, most))
    st.html(scale_bar(most))
    _columns(run)
    number_table(_table(shown_axes))


def _how_to_read() -> str:
    return (
        "How to read this: each picture is one direction in which images vary, red where pixels get brighter and blue where they get "
        "darker along it; a picture is the mean image plus so much of each. λ is the variance of the images along the direction."
    )


def _for_comparison(run: Run, spectrum: Spectrum) -> None:
    """Of a model that is not linear: as many principal components as it has dimensions, and what they lose."""
    n = min(run.config.latent_dim, len(spectrum.values))
    pca = data_axes(spectrum, n)
    kept = percent(float(pca.share.sum()))
    st.markdown(f"## {n} principal components hold {kept} of the variance of the images; this model is not linear and has none.")
    images = originals(run.id)
    if images is not None:
        own = reconstruction_error(run.id)
        error, standard_error = pca_error(spectrum, n, images)
        st.markdown(
            f"Squared error on the test images: {number(own)} of {escape_markdown(run.id)}, "
            f"{number(error)} ± {number(standard_error)} of PCA with {n} components.",
            help=SAME_HELP,
        )
    st.caption(_how_to_read(), help=AXES_HELP)
    most = float(np.abs(pca.directions[:, :MOST_SHOWN]).max())
    st.html(_grid(run, pca, most))
    st.html(scale_bar(most))
    number_table(_table([(PCA, pca)]))


def _chosen_beside(run: Run, own: Axes, spectrum: Spectrum | None) -> tuple[str, Axes | None]:
    """What stands beside the run: PCA of the same images, or another linear run of them; beside PCA itself a run that was trained."""
    others = [name for name, info in sound_runs().items() if name != run.id and is_comparable(info, run)]
    others.sort(key=lambda name: _unlike(sound_runs()[name], run))
    choices = ([] if spectrum is None else [PCA]) + others
    if not choices:
        return "", None
    first = 1 if run.config.model == "pca" and spectrum is not None and others else 0
    name = (
        st.selectbox("Compare with", choices, index=first, key=f"eigen-beside-{run.id}", bind="query-params", width=320)
        or choices[0]
    )
    if name == PCA and spectrum is not None:
        return name, data_axes(spectrum, own.directions.shape[1])
    return name, axes_of(get_run(name), spectrum)


def _unlike(info: RunInfo, run: Run) -> tuple[bool, int]:
    """Smallest for a linear autoencoder, or PCA, of as many dimensions."""
    return not info.config.is_deterministic, abs(info.config.latent_dim - run.config.latent_dim)


def _grid(run: Run, axes: Axes, most: float) -> str:
    n = min(MOST_SHOWN, axes.directions.shape[1])
    lines = [f"{k + 1}: λ {number(float(axes.variance[k]))}, {percent(float(axes.share[k]), 1)}" for k in range(n)]
    return signed_grid([axes.directions[:, k].reshape(run.image_shape) for k in range(n)], lines, most, CELL_PX)


def _columns(run: Run) -> None:
    """The columns of the decoder, for a basis that is not the principal axes."""
    columns = decoder_columns(run.weights, prod(run.image_shape))
    if run.config.model == "pca":
        st.caption("The columns of this decoder are the principal axes themselves.", help=COLUMNS_HELP)
        return
    st.markdown("**Columns of the decoder**, one for each latent dimension", help=COLUMNS_HELP)
    shown = np.argsort(-np.linalg.norm(columns, axis=0), kind="stable")[:MOST_SHOWN].tolist()
    most = float(np.abs(columns[:, shown]).max())
    lines = [f"{dimension(k)}: length {number(float(np.linalg.norm(columns[:, k])))}" for k in shown]
    st.html(signed_grid([columns[:, k].reshape(run.image_shape) for k in shown], lines, most, CELL_PX))
    st.html(scale_bar(most))


def _table(axes: list[tuple[str, Axes]]) -> dict[str, list[object]]:
    """Eigenvalues and shares."""
    rows = [(name, k + 1, float(each.variance[k]), float(each.share[k])) for name, each in axes for k in range(len(each.variance))]
    names = ("of", "axis", "variance, grey levels²", "share")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))

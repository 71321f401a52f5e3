"""Which pictures of a run's data set are on this machine? Nothing is downloaded here."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.runs import Stamp, get_run, run_at, stamp_of
from explorer.pictures.protocols import Ground, ground_of
from explorer.surface.training import pack_kept_images, pack_training
from trainer.config import FitConfig
from trainer.datasets import Dataset, availability, dataset_names, load_dataset
from trainer.errors import DataError
from trainer.metrics.pca_spectrum import Spectrum, spectrum
from trainer.models.numpy_engine import CHUNK
from trainer.training.choosing.early_stopping import check_validation
from trainer.training.choosing.looking import first_settings, told_settings
from trainer.training.choosing.settings import Choice

MOST_BYTES_FOR_BROWSER = 32_000_000  # pixels of test images, before they are compressed
LEAST_TO_LEARN_FROM = 10
MOST_PIXELS_OF_SPECTRUM = 1024  # more take minutes on an old machine


def dataset(name: str, sha256: str) -> Dataset | None:
    """The data set of that name and content, if it is on this machine; nothing is downloaded."""
    return _dataset(name, sha256) if availability(name).is_here else None


@st.cache_resource(max_entries=4, show_spinner=False)
def images_to_learn_from(name: str, called: str = "") -> bytes:
    """Images of a data set for a page that trains. Raises `DataError` where they are not on this machine.

    called: the name by which the page knows it, where that is another one.
    """
    return pack_training(load_dataset(name, download=False), called)


@st.cache_data(max_entries=16, show_spinner="Looking at the pictures …")
def settings_for(name: str) -> FitConfig:
    """Those of a first training on a data set, chosen from its pictures. Raises `DataError` where they are not on this machine."""
    return first_settings(load_dataset(name, download=False))


@st.cache_data(max_entries=64, show_spinner=False)
def reasons_for(config: FitConfig) -> tuple[Choice, ...]:
    """Why the settings of a first training are what they are. Raises as `settings_for`."""
    return told_settings(load_dataset(config.data, download=False), config)


def check_early_stopping(config: FitConfig) -> None:
    """Raises `ConfigError` where it is asked for and the data has too few images for validation, and as `settings_for`."""
    if config.early_stopping:
        check_validation(config, load_dataset(config.data, download=False), n_processes=1)


def forget_data_sets() -> None:
    """What was kept of data sets by their names: an upload may take the name of one that was removed."""
    for kept in (images_to_learn_from, settings_for, reasons_for):
        kept.clear()


def images_of_run_to_learn_from(run_id: str) -> bytes:
    """The test images that a run has kept, for a page that trains. Raises `LatentError` where there are too few."""
    return _images_of_run_to_learn_from(run_id, stamp_of(run_id))


def dataset_is_here(run_id: str) -> bool:
    """Whether the data set of a run is on this machine."""
    info = get_run(run_id).info.dataset
    return info.name in dataset_names() and availability(info.name).is_here


def has_originals(run_id: str) -> bool:
    """Whether all test pictures of a run are here, and few enough that the browser can be given them."""
    this = get_run(run_id)
    kept = this.test_images
    n_bytes = len(this.encodings.mu) * int(np.prod(this.image_shape))
    return (kept is not None and kept.is_whole and n_bytes <= MOST_BYTES_FOR_BROWSER) or dataset_is_here(run_id)


def originals(run_id: str) -> NDArray[np.uint8] | None:
    """The encoded test pictures (N, C, H, W) of a run, in the order of its encodings; None where neither run nor data set here has them."""
    this = get_run(run_id)
    kept = this.test_images
    if kept is not None and kept.is_whole:
        return kept.images
    if not dataset_is_here(run_id):
        return None
    data = dataset(this.info.dataset.name, this.info.dataset.sha256)
    return None if data is None else data.images[this.encodings.index]


def originals_of(run_id: str, rows: NDArray[np.int64]) -> NDArray[np.uint8] | None:
    """Some test pictures (B, C, H, W), by their places among the encodings; None where one of them is not here. A run of very many test
    images keeps some of them only."""
    whole = originals(run_id)
    if whole is not None:
        return whole[rows]
    kept = get_run(run_id).test_images
    found = [] if kept is None else [kept.of_row(int(row)) for row in rows]
    return np.stack([picture for picture in found if picture is not None]) if found and all(p is not None for p in found) else None


def comparable_pictures(run_id: str) -> NDArray[np.uint8]:
    """(N, C, H, W) in the order of the encodings: the test images, or, where they are not here, the run's reconstructions of them."""
    here = originals(run_id)
    return _reconstructions(run_id, stamp_of(run_id)) if here is None else here


def reconstruction_error(run_id: str) -> float:
    """Mean of Σ over pixels (x − x̂)² of the run's test images, which are here, x̂ decoded from the mean code and not clipped to [0, 1]."""
    return _reconstruction_error(run_id, stamp_of(run_id))


def factors(run_id: str) -> tuple[tuple[str, ...], NDArray[np.float32]] | None:
    """Names and columns (N, F) of the known causes of the encoded pictures; None where there are none or the data set is not here."""
    this = get_run(run_id)
    if not dataset_is_here(run_id):
        return None
    data = dataset(this.info.dataset.name, this.info.dataset.sha256)
    if data is None or data.factors is None:
        return None
    return data.factor_names, data.factors[this.encodings.index]


def eigenvalues(run_id: str) -> NDArray[np.float64] | None:
    """Of the covariance of the training images, largest first; None where the data set is not here or its pictures are too large."""
    found = training_spectrum(run_id)
    return None if found is None else found.values


def training_spectrum(run_id: str) -> Spectrum | None:
    """Mean and principal components of the training images; None where the data set is not here or its pictures are too large."""
    this = get_run(run_id)
    if not dataset_is_here(run_id) or int(np.prod(this.image_shape)) > MOST_PIXELS_OF_SPECTRUM:
        return None
    return _spectrum(this.info.dataset.name, this.info.dataset.sha256, this.config.train_on)


def ground(run_id: str) -> Ground | None:
    """What the images of a folder of one's own lie on, where they agree; the data sets that are known here have ways of their own."""
    return _ground(run_id, stamp_of(run_id))


def forget_datasets() -> None:
    """After a download: looks again."""
    _dataset.clear()


@st.cache_resource(max_entries=4, show_spinner=False)
def _images_of_run_to_learn_from(run_id: str, stamp: Stamp) -> bytes:
    run = run_at(run_id, stamp)
    kept = run.test_images
    if kept is None or len(kept.images) < LEAST_TO_LEARN_FROM:
        raise DataError(
            f"run {run_id!r} holds {0 if kept is None else len(kept.images)} images; to learn from there must be {LEAST_TO_LEARN_FROM}."
        )
    return pack_kept_images(f"run:{run_id}", kept.images, run.encodings.label[kept.rows], run.info.dataset.class_names)


@st.cache_resource(max_entries=8, show_spinner=False)
def _dataset(name: str, sha256: str) -> Dataset | None:
    try:
        data = load_dataset(name, download=False)
    except DataError:
        return None
    return data if data.sha256 == sha256 else None


@st.cache_resource(max_entries=64, show_spinner=False)
def _ground(run_id: str, stamp: Stamp) -> Ground | None:
    images = run_at(run_id, stamp).images
    return None if images is None else ground_of(images)


@st.cache_resource(max_entries=8, show_spinner="Reading the covariance of the training images …")
def _spectrum(name: str, sha256: str, split: str) -> Spectrum | None:
    data = _dataset(name, sha256)
    if data is None:
        return None
    images = data.subset(split).images
    n_pixels = int(np.prod(images.shape[1:]))
    batches = (images[at : at + 4000].reshape(-1, n_pixels) / 255.0 for at in range(0, len(images), 4000))
    return spectrum(batches, n_pixels)


@st.cache_resource(max_entries=64, show_spinner="Decoding the test images once …")
def _reconstruction_error(run_id: str, stamp: Stamp) -> float:
    this, images = run_at(run_id, stamp), originals(run_id)
    assert images is not None
    told, total = this.told, 0.0
    for at in range(0, len(images), CHUNK):
        part = slice(at, at + CHUNK)
        x_hat = this.forward.place(this.encodings.mu[part], None if told is None else told[part])
        total += float(np.square(images[part] / 255 - x_hat).sum())
    return total / len(images)


@st.cache_resource(max_entries=4, show_spinner="Decoding the test images once …")
def _reconstructions(run_id: str, stamp: Stamp) -> NDArray[np.uint8]:
    this = run_at(run_id, stamp)
    labels = this.told
    pictures = np.empty((len(this.encodings.mu), *this.image_shape), np.uint8)
    for at in range(0, len(pictures), CHUNK):  # as floats all of them would be four times as large
        part = slice(at, at + CHUNK)
        x_hat = this.forward.decode(this.encodings.mu[part], None if labels is None else labels[part])
        pictures[part] = np.rint(255 * np.clip(x_hat, 0, 1))
    return pictures

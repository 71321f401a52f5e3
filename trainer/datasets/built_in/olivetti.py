"""Which faces are small enough for a lecture? 400 of 40 persons, 64 × 64, by scikit-learn's fetcher, once.

F. Samaria and A. Harter's database of faces (AT&T Laboratories Cambridge, 1994), as S. Roweis cut it to 64 × 64.

scikit-learn keeps what it fetched as a pickle, and loading a pickle runs whatever a foreign file says. So its fetcher
works in an empty temporary folder: it downloads, checks the SHA-256 that scikit-learn knows, and finds no pickle that
it could load. The pixels then go into an .npz of our own, `<cache>/olivetti/olivetti.npz`, which is all that is ever
read again, without pickle and against its checksum. A cache of scikit-learn's own is left alone for that reason.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import warnings
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, stratified_splits
from trainer.datasets.memory import cache_folder, written
from trainer.errors import DataError

NAME = "olivetti"
N_PERSONS, EACH = 40, 10
N_IMAGES = N_PERSONS * EACH
IMAGE_SHAPE = (1, 64, 64)
CLASS_NAMES = tuple(f"person {i + 1}" for i in range(N_PERSONS))
URL = "https://ndownloader.figshare.com/files/5976027"  # where scikit-learn fetches it
LICENCE = "for research purposes (AT&T Laboratories Cambridge, The Database of Faces)"
DESCRIPTION = "400 faces of 40 persons, 64 × 64, grey; fetched by scikit-learn"
FILE = "olivetti.npz"
MAX_BYTES = 2_000_000  # unpacked: 400 × 64 × 64 and a checksum

VALIDATION, TEST = 0.1, 0.3  # of the ten pictures of every person; the rest is for training
SPLIT_SEED = "latent-atlas/olivetti/1"


def load_olivetti(*, download: bool) -> Dataset:
    """All 400 faces, ten of one person after the other; what no machine had yet is fetched, if `download` allows it."""
    path = found()
    if path is None:
        if not download:
            raise DataError(f"data set {NAME!r} is not on this machine: {_target()} is missing; allow the download.")
        path = _fetch()
    return _dataset(path, path.stat().st_mtime_ns)


def found() -> Path | None:
    """The file, unverified: in `$LATENT_DATA/olivetti/`, else in the cache."""
    given = os.environ.get("LATENT_DATA", "").strip()
    places = ([Path(given).expanduser() / NAME / FILE] if given else []) + [_target()]
    return next((path for path in places if path.is_file()), None)


def _target() -> Path:
    return cache_folder(NAME) / FILE


@lru_cache(maxsize=1)
def _dataset(path: Path, _mtime_ns: int) -> Dataset:
    labels = np.arange(N_IMAGES, dtype=np.int64) // EACH
    return Dataset(
        name=NAME,
        images=_read(path),
        labels=labels,
        class_names=CLASS_NAMES,
        factors=None,
        factor_names=(),
        splits=stratified_splits(labels, SPLIT_SEED, VALIDATION, TEST),
        licence=LICENCE,
    )


# --- fetch once


def _fetch() -> Path:
    """Download, convert, keep; the darkest pixel of all becomes 0 and the brightest 255, as scikit-learn scales them."""
    images = np.rint(_fetched() * 255).astype(np.uint8).reshape(N_IMAGES, *IMAGE_SHAPE)
    with written(_target()) as file:
        np.savez(file, images=images, sha256=np.array(_checksum(images)))
    return _target()


def _fetched() -> NDArray[np.float32]:
    """(400, 64, 64) in [0, 1]."""
    from sklearn.datasets import fetch_olivetti_faces

    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns before it tries again
            faces = fetch_olivetti_faces(data_home=folder, n_retries=1).images
    except (OSError, ValueError) as error:  # URLError, timeouts and a wrong checksum are OSErrors
        reason = str(getattr(error, "reason", None) or error) or type(error).__name__
        raise DataError(
            f"the faces of {NAME!r} could not be fetched from {URL} ({reason.rstrip('.')}); check the network and run again, "
            f"or copy {FILE} from another machine's cache to {_target()}."
        ) from error
    return np.asarray(faces, dtype=np.float32)


# --- read


def _read(path: Path) -> NDArray[np.uint8]:
    """The verified pixels (400, 1, 64, 64)."""
    try:
        with zipfile.ZipFile(path) as archive:
            n_bytes = sum(member.file_size for member in archive.infolist())
        if n_bytes > MAX_BYTES:
            raise _damaged(path, f"it holds {n_bytes} bytes, more than {MAX_BYTES}")
        with np.load(path, allow_pickle=False) as arrays:
            images, sha256 = arrays["images"], str(arrays["sha256"])
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise _damaged(path, f"it is not a complete .npz file with images and sha256 ({type(error).__name__})") from error
    if images.shape != (N_IMAGES, *IMAGE_SHAPE) or images.dtype != np.uint8:
        raise _damaged(path, f"it holds {images.dtype} {images.shape} and should hold uint8 {(N_IMAGES, *IMAGE_SHAPE)}")
    if _checksum(images) != sha256:
        raise _damaged(path, f"the SHA-256 of its pixels is {_checksum(images)} and should be {sha256}")
    return np.asarray(images)


def _checksum(images: NDArray[np.uint8]) -> str:
    return hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()


def _damaged(path: Path, why: str) -> DataError:
    return DataError(f"{path} is damaged: {why}; delete it and run again, so that it is fetched again.")

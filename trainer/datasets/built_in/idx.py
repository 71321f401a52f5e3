"""Where do MNIST and its two siblings come from, and are these really their bytes?

A file is looked for in `$LATENT_DATA/<name>/`, then in the user's cache, then fetched from its authors' place into the
cache. It is verified each time it is read. IDX (LeCun): two zero bytes, 8 for uint8, the number of axes, each axis as a
big-endian uint32, then the values.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import Dataset, consecutive_splits
from trainer.errors import DataError

SIDE = 28
IMAGE_SHAPE = (1, SIDE, SIDE)
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
TIMEOUT_S = 30


@dataclass(frozen=True)
class Source:
    """One data set of four IDX files.

    Splits: train = all but the last `n_validation` of the published training images, validation = those, test = the published test images.
    """

    name: str
    """for load_dataset"""
    title: str
    """for people"""
    url: str
    """of the folder that holds the files"""
    licence: str
    """of the images"""
    class_names: tuple[str, ...]
    """by label"""
    md5: Mapping[str, str]
    """of each gzip file as published"""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """of what is inside, where known"""
    n_train: int = 60_000
    """published training images"""
    n_validation: int = 5_000
    """the last of them"""
    n_test: int = 10_000
    """published test images"""

    @property
    def n(self) -> int:
        return self.n_train + self.n_test

    def axes(self, file: str) -> tuple[int, ...]:
        """What the header of `file` must say."""
        n = self.n_train if file.startswith("train") else self.n_test
        return (n, SIDE, SIDE) if "images" in file else (n,)


def _each(*checksums: str) -> dict[str, str]:
    return dict(zip(FILES, checksums, strict=True))


SOURCES = {
    source.name: source
    for source in (
        Source(
            name="mnist",
            title="MNIST, handwritten digits",
            url="https://ossci-datasets.s3.amazonaws.com/mnist/",
            licence="CC BY-SA 3.0 (Y. LeCun, C. Cortes, C. Burges)",
            class_names=tuple("0123456789"),
            md5=_each(
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "d53e105ee54ea40749a09fcbcd1e9432",
                "9fb629c4189551a2d022fa330f9573f3",
                "ec29112dd5afa0611ce80d1b7f02629c",
            ),
            sha256=_each(
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
        Source(
            name="fashion-mnist",
            title="Fashion-MNIST, clothes",
            url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            licence="MIT (Zalando SE)",
            class_names=(
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            md5=_each(
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "25c81989df183df01b3e8a0aad5dffbe",
                "bef4ecab320f06d8554ea6380940ec79",
                "bb300cfdad3c16e7a12a480ee83cd310",
            ),
        ),
        Source(
            name="kmnist",
            title="KMNIST, cursive Japanese",
            url="http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            licence="CC BY-SA 4.0 (ROIS-DS Center for Open Data in the Humanities)",
            class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            md5=_each(
                "bdb82020997e1d708af4cf47b453dcf7",
                "e144d726b3acfaa3e44228e80efcd344",
                "5c965bf0a639b31b8f53240b1b52f4d7",
                "7320c461ea6c1c855c0b718fb2a4b134",
            ),
        ),
    )
}


def load_idx(source: Source, *, download: bool, progress: bool) -> Dataset:
    """The four files as one data set: training images first, then the test images."""
    arrays = [_read(source, file, _locate(source, file, download, progress)) for file in FILES]
    labels = np.concatenate([arrays[1], arrays[3]]).astype(np.int64)
    if labels.max() >= len(source.class_names):
        raise DataError(f"a label of {source.name} is {labels.max()}; allowed: 0 to {len(source.class_names) - 1}.")
    return Dataset(
        name=source.name,
        images=np.concatenate([arrays[0], arrays[2]])[:, None],
        labels=labels,
        class_names=source.class_names,
        factors=None,
        factor_names=(),
        splits=consecutive_splits(source.n_train - source.n_validation, source.n_validation, source.n_test),
        licence=source.licence,
    )


# --- where


def folders(source: Source) -> tuple[Path, ...]:
    """Where a file may lie, first come first served; the last one is the user's cache, where downloads go."""
    import pooch

    given = os.environ.get("LATENT_DATA", "").strip()
    cache = Path(pooch.os_cache("latent-atlas")) / source.name
    return (Path(given).expanduser() / source.name, cache) if given else (cache,)


def found(source: Source) -> dict[str, Path]:
    """The files that are on this machine, unverified."""
    places = folders(source)
    return {file: place / file for file in FILES for place in reversed(places) if (place / file).is_file()}


def _locate(source: Source, file: str, download: bool, progress: bool) -> Path:
    here = found(source).get(file)
    if here is not None:
        return here
    if not download:
        raise DataError(
            f"data set {source.name!r} is not on this machine: {file} is missing; allow the download, or put "
            f"the file from {source.url} into {folders(source)[0]}."
        )
    return _download(source, file, progress)


def _download(source: Source, file: str, progress: bool) -> Path:
    """Fetch into the cache; pooch writes to a temporary name and renames it when the MD5 is right."""
    import pooch
    import requests

    folder = folders(source)[-1]
    pooch.get_logger().setLevel(logging.WARNING)  # the progress bar says enough
    downloader = pooch.HTTPDownloader(progressbar=progress, timeout=TIMEOUT_S)
    try:
        pooch.retrieve(source.url + file, f"md5:{source.md5[file]}", fname=file, path=folder, downloader=downloader)
    except ValueError as error:
        raise DataError(
            f"{file} of {source.name} came from {source.url} with a wrong checksum (expected MD5 {source.md5[file]}) "
            f"and was deleted; run again, or put the right file into {folder} by hand."
        ) from error
    except (requests.exceptions.RequestException, OSError) as error:
        raise DataError(
            f"{file} of {source.name} could not be fetched from {source.url} ({_reason(error)}); check the network "
            f"and run again, or put the file into {folder} by hand."
        ) from error
    return folder / file


def _reason(error: Exception) -> str:
    """A few words: the messages of requests are nested representations that nobody can read."""
    import requests

    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code}"
    if isinstance(error, requests.exceptions.Timeout):
        return f"no answer within {TIMEOUT_S} s"
    if isinstance(error, requests.exceptions.RequestException):
        return "no connection"
    return getattr(error, "strerror", None) or type(error).__name__


# --- what


def _read(source: Source, file: str, path: Path) -> NDArray[np.uint8]:
    """The verified values of one file, in the shape that it must have."""
    axes = source.axes(file)
    header = bytes((0, 0, 8, len(axes))) + b"".join(axis.to_bytes(4, "big") for axis in axes)
    n_bytes = len(header) + int(np.prod(axes))
    packed = _bytes_of(path)
    unpacked = _unpack(path, packed, n_bytes)
    _verify(source, file, path, packed, unpacked)
    if unpacked[: len(header)] != header:
        raise _damaged(path, f"its header is {unpacked[: len(header)].hex()} and should be {header.hex()}")
    return np.frombuffer(unpacked, dtype=np.uint8, offset=len(header)).reshape(axes)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); change its rights, or delete it and run again.") from error


def _unpack(path: Path, packed: bytes, n_bytes: int) -> bytes:
    """Never more than one byte above what is expected: a hostile file cannot fill the memory."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            unpacked = file.read(n_bytes + 1)
    except EOFError as error:
        raise _damaged(path, "it ends too early") from error
    except (OSError, zlib.error) as error:
        raise _damaged(path, f"it is not a complete gzip file ({error})") from error
    if len(unpacked) != n_bytes:
        size = f"more than {n_bytes}" if len(unpacked) > n_bytes else str(len(unpacked))
        raise _damaged(path, f"it holds {size} bytes and should hold {n_bytes}")
    return unpacked


def _verify(source: Source, file: str, path: Path, packed: bytes, unpacked: bytes) -> None:
    """The content's SHA-256 where it is known, because it may have been packed again; else the file's published MD5."""
    if file in source.sha256:
        kind, expected, actual = "SHA-256 of its content", source.sha256[file], hashlib.sha256(unpacked).hexdigest()
    else:
        kind, expected = "MD5", source.md5[file]
        actual = hashlib.md5(packed, usedforsecurity=False).hexdigest()
    if actual != expected:
        raise _damaged(path, f"the {kind} is {actual} and should be {expected}")


def _damaged(path: Path, why: str) -> DataError:
    return DataError(f"{path} is damaged: {why}; delete it and run again, so that it is fetched again.")

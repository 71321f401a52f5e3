"""How is a training read that the page has kept?

It is one zip, which `import` takes and the app too. Nothing in it is unpickled, and no name in it becomes a path:

    training.json          `PageTraining`: the configuration as run.json has it, steps, history with the settings that changed
    weights.safetensors    float32, under the names that torch gives them (`encoder.1.weight`); log_sigma where it is learned
    film.safetensors       codes of test images while it learned, as a run folder has them, but `index` is the
                           place of each in the test split
    images.safetensors     uint8 (N, C, H, W), label int64 (N,) with −1 for none, is_test uint8 (N,): of images that only the page has
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from trainer.datasets import Dataset, load_dataset
from trainer.errors import LatentError, RunError
from trainer.importers.kept.record import PageTraining
from trainer.runs.folder import FILM, IMAGES, WEIGHTS, Arrays, arrays_in

RECORD = "training.json"
MOST_BYTES: Mapping[str, int] = {RECORD: 8 * 2**20, WEIGHTS: 256 * 2**20, FILM: 64 * 2**20, IMAGES: 512 * 2**20}
"""Of each file, unpacked."""


def refusal(why: str) -> RunError:
    return RunError(f"this is not a training that the page has kept: {why}; keep it again on the Train page.")


@dataclass(frozen=True)
class KeptTraining:
    """A training as it was kept, whole and consistent, but for its weights' fit to the images' shape."""

    record: PageTraining
    weights: Arrays
    """By torch's names."""
    film: Arrays
    """Codes while it learned, as a run folder has them."""
    images: Arrays | None
    """None for a built-in data set."""

    def dataset(self, name: str) -> Dataset:
        """What it learned from; `name`: of the run. Raises `DataError`."""
        if self.images is None:
            return load_dataset(self.record.config.data)
        images, label, is_test = (self.images[key] for key in ("images", "label", "is_test"))
        has_labels = len(self.record.class_names) > 0 and bool((label >= 0).any())
        splits = {"train": np.flatnonzero(is_test == 0), "test": np.flatnonzero(is_test)}
        labels = label.copy() if has_labels else None
        names = self.record.class_names if has_labels else ()
        return Dataset(f"own:{name}", images.copy(), labels, names, None, (), splits, "")


def read_page_training(data: bytes) -> KeptTraining:
    """A kept training from the bytes of its zip. Raises `RunError` with what is wrong with it."""
    files = _files(data)
    try:
        record = PageTraining.model_validate_json(files[RECORD])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise refusal(f"{RECORD}: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}") from None
    except LatentError as error:  # of its configuration
        raise refusal(f"{RECORD}: {error}") from None
    film = _arrays(files[FILM], FILM)
    images = _arrays(files[IMAGES], IMAGES) if IMAGES in files else None
    if record.brings_images != (images is not None):
        there = "there" if images is not None else "missing"
        raise refusal(f"{IMAGES} is {there}, and the data set is {record.config.data!r}")
    if images is not None and (problem := _problem_of_images(images, len(record.class_names))):
        raise refusal(f"{IMAGES}: {problem}")
    if problem := _problem_of_film(film, record.config.latent_dim):
        raise refusal(f"{FILM}: {problem}")
    return KeptTraining(record, _arrays(files[WEIGHTS], WEIGHTS), film, images)


def _files(data: bytes) -> dict[str, bytes]:
    """The files by name, each within its bound before it is unpacked. Raises `RunError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            files = {}
            for item in packed.infolist():
                if item.filename not in MOST_BYTES:
                    raise refusal(f"it holds {item.filename[:80]!r}; allowed: {', '.join(MOST_BYTES)}")
                if item.file_size > MOST_BYTES[item.filename]:
                    raise refusal(f"{item.filename} has {item.file_size} bytes, allowed are {MOST_BYTES[item.filename]}")
                with packed.open(item) as file:
                    files[item.filename] = file.read(MOST_BYTES[item.filename])
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        OSError,
        NotImplementedError,
        EOFError,
        RuntimeError,
        ValueError,
    ) as error:
        raise refusal(f"it is damaged or not a zip ({error})") from None
    if missing := [name for name in (RECORD, WEIGHTS, FILM) if name not in files]:
        raise refusal(f"{missing[0]} is missing")
    return files


def _arrays(data: bytes, name: str) -> Arrays:
    try:
        return arrays_in(data)
    except ValueError as error:
        raise refusal(f"{name} is {error}") from None


def _problem_of_images(arrays: Arrays, n_classes: int) -> str:
    if set(arrays) != {"images", "label", "is_test"}:
        return f"it has {', '.join(sorted(arrays))[:200]}; expected images, label, is_test"
    images, label, is_test = arrays["images"], arrays["label"], arrays["is_test"]
    if images.ndim != 4 or images.dtype != np.uint8 or images.size == 0:
        return f"images are {images.dtype} of shape {images.shape}; expected uint8 (N, C, H, W)"
    if label.shape != (len(images),) or label.dtype != np.int64 or label.min() < -1 or label.max() >= n_classes:
        return f"labels are {label.dtype} of shape {label.shape}; expected int64 ({len(images)},), from -1 to {n_classes - 1}"
    if is_test.shape != (len(images),) or is_test.dtype != np.uint8 or not 0 < int((is_test > 0).sum()) < len(images):
        return "is_test does not say of each image whether it was held out, or all are of one kind"
    return ""


def _problem_of_film(arrays: Arrays, k: int) -> str:
    if set(arrays) != {"mu", "epoch", "label", "index"}:
        return f"it has {', '.join(sorted(arrays))[:200]}; expected mu, epoch, label, index"
    mu, epoch = arrays["mu"], arrays["epoch"]
    if mu.ndim != 3 or mu.dtype != np.float16 or mu.shape[2] != k or not mu.size or not np.isfinite(mu).all():
        return f"mu is {mu.dtype} of shape {mu.shape}; expected finite float16 (T, M, {k})"
    if epoch.shape != mu.shape[:1] or epoch.dtype != np.float32 or not np.isfinite(epoch).all() or (np.diff(epoch) < 0).any():
        return f"epoch is {epoch.dtype} of shape {epoch.shape}; expected rising float32 ({len(mu)},)"
    for key in ("label", "index"):
        if arrays[key].shape != mu.shape[1:2] or arrays[key].dtype != np.int64:
            return f"{key} is {arrays[key].dtype} of shape {arrays[key].shape}; expected int64 ({mu.shape[1]},)"
    return ""

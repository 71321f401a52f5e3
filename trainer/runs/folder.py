"""What is in a run folder: which files, under which names, with which checksums?

Format version 4; versions 1 to 3 are read too (`trainer.runs.read`). A run is readable without this project and without pickle:

    run.json                 format, version, preset, configuration, data set, state, metrics, libraries, checksums, its own too
    weights.safetensors      parameters under torch's names
    history.csv              a row an epoch (no clock in it: the same seed gives the same bytes)
    timing.csv               a row an epoch: seconds, images per second
    changes.csv              only where settings were changed while it was trained: how many steps were done, beta and learning_rate from
                             there on, nan where the schedule decides; the first row is what it began with. `beta` in run.json is the last
    encodings.safetensors    test split, grey input: mu, logvar (N, K); elbo, reconstruction (N,) nats; label, index (N,);
                             a deterministic model's codes are points: logvar is −∞
    film.safetensors         mu (T, M, K), float16, of the same M images at T moments; epoch (T,); label, index (M,)
    film_weights.safetensors   the decoder at some of those moments: its parameters (T', …), float16; moment (T',), places in the film;
                             epoch (T',); not in old runs, nor where the configuration's `film_weights` is 0
    projection.safetensors   for every map: points, extent, basis/origin or lattice_z, and what the map loses (not in old runs)
    classifier.safetensors   a classifier of pictures: parameters under torch's names, in `meta` its widths, temperature and scores; only
                             where the data set has classes, and not in old runs
    images.safetensors       test images of a person's own data: rows (n,), their places in the encodings, and sheets of PNG (`packed`);
                             of older imported runs all of them, uint8 (N, C, H, W)
    checkpoint/state.safetensors   only while training: model, optimiser, film so far; history in its metadata
    checkpoint/film-N.safetensors  the decoder after step N, for film_weights.safetensors

Every file is written whole or not at all, into a folder of this machine or below any fsspec address (`store`); `run.json` comes last and
holds the checksums of the others. An imported run has no history, timing and film; its configuration has `parts`, the layers of decoder
and encoder, each with the numbers of those whose outputs it takes (`trainer.models.layer_records`). Version 2 had rows of fewer kinds of
layers, with every field written out. Version 3
had no `film_weights`. Version 1 had no checksum of `run.json` itself, and `learn_sigma` where `scale` is now.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import RunCorrupt
from trainer.runs.storage import Store

Columns = dict[str, NDArray[np.float64]]
Arrays = Mapping[str, NDArray[Any]]

FORMAT, VERSION = "latent-atlas-run", 4
MAX_FILE_BYTES = 2**31
RUN_JSON, WEIGHTS, HISTORY, TIMING = "run.json", "weights.safetensors", "history.csv", "timing.csv"
ENCODINGS, FILM, PROJECTION = "encodings.safetensors", "film.safetensors", "projection.safetensors"
FILM_WEIGHTS, CHANGES = "film_weights.safetensors", "changes.csv"
CLASSIFIER, IMAGES = "classifier.safetensors", "images.safetensors"
CHECKPOINTS, CHECKPOINT, FILM_PART = "checkpoint", "checkpoint/state.safetensors", "film-"
SUMMED = (
    WEIGHTS,
    HISTORY,
    TIMING,
    CHANGES,
    ENCODINGS,
    FILM,
    FILM_WEIGHTS,
    PROJECTION,
    CLASSIFIER,
    IMAGES,
)  # the files whose checksums run.json holds


def read_file(store: Store, run: str, name: str) -> bytes:
    try:
        size = store.size(name)
        if size > MAX_FILE_BYTES:
            raise damaged(run, name, f"it has {size} bytes, allowed are {MAX_FILE_BYTES}")
        return store.read(name)
    except OSError as error:
        why = error.strerror or "it is not there"
        raise RunCorrupt(f"run {run!r}: {name} cannot be read ({why}); train it again or restore the file.") from None


def arrays_in(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file, which nobody writes to. Raises `ValueError` that says what the file is instead."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays: dict[str, NDArray[Any]] = load(data)
    except (SafetensorError, ValueError, KeyError):
        raise ValueError("truncated or not a safetensors file") from None
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def parse_arrays(data: bytes, run: str, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of a run's file. Raises `RunCorrupt`."""
    try:
        return arrays_in(data)
    except ValueError as error:
        raise damaged(run, name, f"it is {error}") from None


def parse_columns(data: bytes, wanted: set[str], run: str, name: str) -> Columns:
    """The columns of a csv of numbers, with those that are wanted among them. Raises `RunCorrupt`."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8", "replace"))))
        values = np.array([[float(cell) for cell in row] for row in rows[1:]])
        columns = dict(zip(rows[0], values.T, strict=True))
    except (ValueError, IndexError, csv.Error):
        raise damaged(run, name) from None
    missing = wanted - set(columns)
    if missing:
        raise damaged(run, name, f"column {min(missing)!r} is missing")
    return columns


def damaged(run: str, name: str, why: str = "it cannot be understood") -> RunCorrupt:
    return RunCorrupt(f"run {run!r}: {name} is damaged: {why}; restore the file or train the run again.")


def digest(arrays: Arrays, text: str) -> str:
    """sha256 of named arrays and a text: what a checkpoint, which cannot hold its own checksum, is held against."""
    total = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        # kind and shape count too: the same bytes read as whole numbers are other weights
        total.update(f"{name} {array.dtype.str} {array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def info_checksum(raw: Mapping[str, Any]) -> str:
    """sha256 of the contents of run.json without their checksum: JSON with sorted keys, no spaces, nothing but ASCII."""
    rest = {key: value for key, value in raw.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

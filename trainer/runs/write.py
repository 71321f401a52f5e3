"""How is a run written without ever leaving half a file?"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.config import check_run_name
from trainer.errors import RunError
from trainer.maps.projection import Projection
from trainer.models.picture_classifier import PictureClassifier
from trainer.runs.catalogue import is_shipped, may_write_shipped, shipped_names
from trainer.runs.folder import (
    CHANGES,
    CHECKPOINT,
    CHECKPOINTS,
    CLASSIFIER,
    FILM_PART,
    PROJECTION,
    RUN_JSON,
    SUMMED,
    VERSION,
    Arrays,
    damaged,
    info_checksum,
    parse_arrays,
    parse_columns,
    read_file,
)
from trainer.runs.packing import pack_classifier, pack_projection
from trainer.runs.read import Root, Run, read_info
from trainer.runs.records import RunInfo
from trainer.runs.storage import Place, Store, place, store_of

PROBE = ".probe"


@dataclass(frozen=True)
class RunWriter:
    """Writes the files of one run, each whole or not at all."""

    folder: Place
    is_silent: bool = False
    """Writes and clears do nothing: for the processes of a team that share the work but not the disk."""

    @classmethod
    def at(cls, root: Root, name: str, is_silent: bool = False) -> RunWriter:
        """For the run of that name below a folder or an fsspec address. Raises `ConfigError` for what cannot be a name."""
        writer = cls(place(root) / check_run_name(name), is_silent)
        # a run that has the name since before this rule goes on
        if not is_silent and name in shipped_names() and not is_shipped(writer.folder) and not writer.has_run:
            raise RunError(
                f"{name!r} is the name of a run that comes with the program, which stays as it is; choose another --name."
            )
        return writer

    @property
    def has_run(self) -> bool:
        """Whether there is a run, finished or not."""
        return self._store.exists(RUN_JSON)

    @property
    def is_kept(self) -> bool:
        """Whether the run comes with the program and stays as it is."""
        return is_shipped(self.folder) and not may_write_shipped()

    @property
    def _store(self) -> Store:
        return store_of(self.folder)

    def check_writable(self) -> None:
        """Writes a small file and removes it: what can only fail at the end fails now. Raises `RunError`."""
        self.write(PROBE, b"a file can be written here\n")
        if self.is_silent:
            return
        self._store.remove(PROBE)
        if isinstance(self.folder, Path):
            with contextlib.suppress(OSError):  # a run is in it
                self.folder.rmdir()  # a training that is stopped before its first step leaves nothing

    def check_room(self, n_bytes: int) -> None:
        """Raises `RunError` where the disk of the folder has fewer bytes left; of a store elsewhere nothing is known."""
        if self.is_silent or not isinstance(self.folder, Path):
            return
        there = next((folder for folder in (self.folder, *self.folder.absolute().parents) if folder.is_dir()), Path())
        if (free := shutil.disk_usage(there).free) < n_bytes:
            raise RunError(
                f"the disk of {self.folder} has {math.floor(free / 1e6)} MB left, and this run needs {math.ceil(n_bytes / 1e6)} MB; "
                "make room or choose another --runs folder."
            )

    def write(self, name: str, data: bytes) -> None:
        """`data` under `name`. Raises `RunError` when the disk or the store refuses; the old file stays."""
        if self.is_kept:
            raise RunError(
                f"run {self.folder.name!r} comes with the program and stays as it is; --name keeps the result in a run of your own."
            )
        if not self.is_silent:
            self._store.write(name, data)

    def write_arrays(self, name: str, arrays: Arrays, metadata: dict[str, str] | None = None) -> None:
        from safetensors.numpy import save

        self.write(name, save({key: np.asarray(array, order="C") for key, array in arrays.items()}, metadata))

    def write_rows(self, name: str, rows: Sequence[Mapping[str, float]]) -> None:
        """A csv with the keys of the first row as its header; numbers as Python writes them, so nothing is rounded away."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.write(name, text.getvalue().encode())

    def write_projections(self, projections: Iterable[Projection]) -> None:
        arrays: dict[str, NDArray[Any]] = {}
        meta = []
        for projection in projections:
            item, own = pack_projection(projection)
            meta.append(item)
            arrays |= own
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
        self.write_arrays(PROJECTION, arrays)

    def write_classifier(self, classifier: PictureClassifier) -> None:
        self.write_arrays(CLASSIFIER, pack_classifier(classifier))

    def replace_projections(self, info: RunInfo, projections: Iterable[Projection]) -> None:
        """Other maps for a finished run: stopped at any moment it leaves a run that opens, with all of the old maps or of the new."""
        # two files cannot be renamed at once: between the two neither version of the maps is refused
        self.write_info(info, unchecked=(PROJECTION,))
        self.write_projections(projections)
        self.write_info(info)

    def replace_classifier(self, info: RunInfo, classifier: PictureClassifier) -> None:
        """A classifier for a finished run, its first or another; stopped at any moment it leaves a run that opens."""
        self.write_info(info, unchecked=(CLASSIFIER,))
        self.write_classifier(classifier)
        self.write_info(info)

    def write_info(self, info: RunInfo, unchecked: Sequence[str] = ()) -> None:
        """run.json with the checksums of the files that are there, except the unchecked, and its own."""
        if self.is_silent:
            return
        store, summed = self._store, [name for name in SUMMED if name not in unchecked]
        try:
            sums = {name: hashlib.sha256(store.read(name)).hexdigest() for name in summed if store.exists(name)}
        except OSError as error:
            raise RunError(f"cannot read {self.folder}: {error.strerror or error}; check its rights.") from None
        raw = json.loads(info.model_copy(update={"files": sums, "version": VERSION}).model_dump_json())
        self.write(RUN_JSON, json.dumps({**raw, "checksum": info_checksum(raw)}, indent=1, ensure_ascii=False).encode())

    def write_changes(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Settings that were changed while the run is trained."""
        self.write_rows(CHANGES, rows)

    def read_changes(self) -> list[dict[str, float]]:
        """The rows of `write_changes`, none where nothing was changed. Raises `RunCorrupt`."""
        if not self._store.exists(CHANGES):
            return []
        columns = parse_columns(
            read_file(self._store, self.folder.name, CHANGES), {"step", "beta", "learning_rate"}, self.folder.name, CHANGES
        )
        return [dict(zip(columns, row, strict=True)) for row in zip(*(column.tolist() for column in columns.values()), strict=True)]

    def write_film_part(self, step: int, arrays: Arrays) -> str:
        """The decoder after a step, until the run is whole; the sha256 of the file."""
        from safetensors.numpy import save

        data = save({key: np.asarray(array, order="C") for key, array in arrays.items()})
        self.write(_film_part(step), data)
        return hashlib.sha256(data).hexdigest()

    def read_film_part(self, step: int, sha256: str) -> dict[str, NDArray[Any]]:
        """What was written after that step. Raises `RunCorrupt` where it is no longer that."""
        name = _film_part(step)
        data = read_file(self._store, self.folder.name, name)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise damaged(self.folder.name, name, "its checksum differs from the checkpoint's")
        return parse_arrays(data, self.folder.name, name)

    def read_checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, str]] | None:
        """Arrays and metadata of the last checkpoint, or None. Raises `RunCorrupt`."""
        if not self._store.exists(CHECKPOINT):
            return None
        data = read_file(self._store, self.folder.name, CHECKPOINT)
        arrays = parse_arrays(data, self.folder.name, CHECKPOINT)
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        return arrays, metadata

    def drop_checkpoint(self) -> None:
        """Removes all that is there only while a run is trained."""
        if not self.is_silent and not self.is_kept:
            for name in self._unfinished():
                self._store.remove(name)

    def _unfinished(self) -> list[str]:
        """The files that are there only while a run is trained."""
        parts = (name for name in self._store.join(CHECKPOINTS).list() if name.startswith(FILM_PART))
        return [CHECKPOINT, *(f"{CHECKPOINTS}/{name}" for name in parts)]

    def clear(self) -> None:
        """Removes the files of this format and nothing else."""
        if self.is_silent or self.is_kept:
            return
        try:
            for name in (RUN_JSON, *SUMMED, *self._unfinished()):
                self._store.remove(name)
        except OSError as error:
            raise RunError(f"cannot replace {self.folder}: {error.strerror}; check its rights or choose another --name.") from None


def _film_part(step: int) -> str:
    return f"{CHECKPOINTS}/{FILM_PART}{step}.safetensors"


def copy_of(run: Run, name: str, root: Root) -> Run:
    """The run once more, under a name of one's own. Raises `RunError` where the name is taken or the folder cannot be written."""
    writer = RunWriter.at(root, name)
    if writer.has_run:
        raise RunError(f"run {name!r} is already in {writer.folder.parent}; choose another --name.")
    store = store_of(run.folder)
    for file in SUMMED:
        if store.exists(file):
            writer.write(file, store.read(file))
    writer.write_info(run.info)
    return Run(name, writer.folder, read_info(writer.folder))

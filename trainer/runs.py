"""What is in a run folder, and how is it read and written without ever leaving half a file?

The only file that knows the format (version 1); a run is readable without this project and without pickle:

    run.json                 format, version, preset, configuration, data set, state, metrics, libraries, checksums
    weights.safetensors      parameters under torch's names
    history.csv              a row an epoch (no clock in it: the same seed gives the same bytes)
    timing.csv               a row an epoch: seconds, images per second
    encodings.safetensors    test split, grey input: mu, logvar (N, K) · elbo, reconstruction (N,) nats · label, index (N,)
    film.safetensors         mu (T, M, K), float16, of the same M images at T moments · epoch (T,) · label, index (M,)
    projection.safetensors   for every map: points, extent, support, and basis/origin or lattice_z
    checkpoint/state.safetensors   only while training: model, optimiser, film so far; history in its metadata

Every file is written under a temporary name and renamed; `run.json` comes last and holds the checksums of the others.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trainer.config import PRESETS, FitConfig, check_run_name
from trainer.errors import ConfigError, RunCorrupt, RunError, RunNotFound
from trainer.forward import Forward
from trainer.layers import decoder_layers, encoder_layers
from trainer.projection import Projection

if TYPE_CHECKING:
    from trainer.networks import Vae

Floats = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]

FORMAT, VERSION = "latent-atlas-run", 1
MAX_FILE_BYTES = 2**31
MAX_IMAGE_SIDE = 4096
HOME = Path(__file__).resolve().parent.parent
RUN_JSON, WEIGHTS, HISTORY, TIMING = "run.json", "weights.safetensors", "history.csv", "timing.csv"
ENCODINGS, FILM, PROJECTION = "encodings.safetensors", "film.safetensors", "projection.safetensors"
CHECKPOINT = "checkpoint/state.safetensors"


class DatasetInfo(BaseModel):
    """What a run remembers of its data set: enough to show it where the images are not."""

    model_config = ConfigDict(frozen=True)
    name: str
    sha256: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    n_train: int
    n_test: int
    licence: str = ""


class Metrics(BaseModel):
    """Test-split figures, nats per image; see evaluate.Evaluation for each definition."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    split: str
    n: int
    elbo: float
    nll: float
    nll_n: int
    samples: int
    reconstruction: float
    kl: float
    kl_per_dim: tuple[float, ...]
    active_units: int
    knn_accuracy: float | None
    input: str


class RunInfo(BaseModel):
    """The contents of run.json."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    format: Literal["latent-atlas-run"] = "latent-atlas-run"
    version: int = VERSION
    preset: str
    config: FitConfig
    dataset: DatasetInfo
    state: Literal["training", "interrupted", "diverged", "finished"]
    epoch: int = 0
    created: str
    seconds: float = 0.0
    n_parameters: int = 0
    metrics: Metrics | None = None
    libraries: dict[str, str] = Field(default_factory=dict)
    machine: str = ""
    files: dict[str, str] = Field(default_factory=dict, description="sha256 of every other file")

    @model_validator(mode="after")
    def _is_consistent(self) -> RunInfo:
        if self.state == "finished" and self.metrics is None:
            raise ValueError("a finished run has metrics")
        if self.metrics is not None and len(self.metrics.kl_per_dim) != self.config.latent_dim:
            raise ValueError(f"kl_per_dim has {len(self.metrics.kl_per_dim)} numbers, latent_dim is {self.config.latent_dim}")
        if not all(1 <= side <= MAX_IMAGE_SIDE for side in self.dataset.image_shape):
            raise ValueError(f"image_shape is {self.dataset.image_shape}; allowed: sides from 1 to {MAX_IMAGE_SIDE}")
        return self


@dataclass(frozen=True)
class Encodings:
    """The encoded test split, grey input. mu, logvar (N, K) · elbo, reconstruction (N,) nats · label (−1: none), index (N,)."""

    mu: Floats
    logvar: Floats
    elbo: Floats
    reconstruction: Floats
    label: NDArray[np.int64]
    index: NDArray[np.int64]


@dataclass(frozen=True)
class Film:
    """The same M test images at T moments of training.

    mu (T, M, K), float16: it is looked at, not computed with · epoch (T,), fractions count · label, index (M,).
    """

    mu: Floats
    epoch: Floats
    label: NDArray[np.int64]
    index: NDArray[np.int64]


@dataclass(frozen=True)
class Run:
    """A finished run, read lazily: nothing is opened before it is asked for."""

    id: str
    folder: Path
    info: RunInfo

    @property
    def config(self) -> FitConfig:
        return self.info.config

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.info.dataset.image_shape

    @cached_property
    def weights(self) -> dict[str, Floats]:
        """Parameters under torch's names, checked against the shapes that the configuration asks for."""
        weights = self._arrays(WEIGHTS)
        _check_shapes(weights, self.config, self.image_shape, f"{self.id}/{WEIGHTS}")
        return weights

    @cached_property
    def forward(self) -> Forward:
        """Encoder and decoder in numpy."""
        return Forward(self.config, self.image_shape, self.weights)

    @cached_property
    def model(self) -> Vae:
        """Encoder and decoder in torch: `model.encode(x)`, `model.decode(z)`."""
        weights = self.weights  # before torch makes room for a network that a damaged run.json describes
        import torch  # seconds to import, and the app never needs it

        from trainer.networks import Vae

        model = Vae(self.config, self.image_shape)
        model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
        return model.eval()

    @cached_property
    def encodings(self) -> Encodings:
        encodings = Encodings(**self._named(ENCODINGS, Encodings))
        if encodings.mu.ndim != 2 or encodings.mu.shape[1] != self.config.latent_dim or len(encodings.mu) == 0:
            raise _damaged(self.id, ENCODINGS, f"mu has shape {encodings.mu.shape}, expected (N, {self.config.latent_dim})")
        if not (np.isfinite(encodings.mu).all() and np.isfinite(encodings.logvar).all()):
            raise _damaged(self.id, ENCODINGS, "a code is not a finite number")
        return encodings

    @cached_property
    def film(self) -> Film:
        return Film(**self._named(FILM, Film))

    @cached_property
    def history(self) -> dict[str, NDArray[np.float64]]:
        """Columns of history.csv; `kl_1` … `kl_K` are the dimensions."""
        rows = list(csv.reader(io.StringIO(self._read(HISTORY).decode("utf-8", "replace"))))
        try:
            values = np.array([[float(cell) for cell in row] for row in rows[1:]])
            columns = dict(zip(rows[0], values.T, strict=True))
        except (ValueError, IndexError):
            raise _damaged(self.id, HISTORY) from None
        missing = {"epoch", *(f"kl_{k + 1}" for k in range(self.config.latent_dim))} - set(columns)
        if missing:
            raise _damaged(self.id, HISTORY, f"column {min(missing)!r} is missing")
        return columns

    @cached_property
    def projections(self) -> dict[str, Projection]:
        """The stored maps by name, the best first."""
        arrays = self._arrays(PROJECTION)
        try:
            meta = json.loads(arrays.pop("meta").tobytes())
            return {item["name"]: _unpack_projection(item, arrays) for item in meta}
        except (KeyError, ValueError, TypeError):
            raise _damaged(self.id, PROJECTION) from None

    def _read(self, name: str) -> bytes:
        data = _read_file(self.folder / name, self.id, name)
        expected = self.info.files.get(name)
        if expected is not None and hashlib.sha256(data).hexdigest() != expected:
            raise _damaged(self.id, name, "its checksum differs from run.json")
        return data

    def _arrays(self, name: str) -> dict[str, NDArray[Any]]:
        return _parse_arrays(self._read(name), self.id, name)

    def _named(self, name: str, record: type) -> dict[str, NDArray[Any]]:
        arrays, wanted = self._arrays(name), set(record.__dataclass_fields__)  # type: ignore[attr-defined]
        if set(arrays) != wanted:
            odd = ", ".join(sorted(set(arrays) ^ wanted))
            raise _damaged(self.id, name, f"unexpected or missing tensors: {odd}")
        return arrays


def default_roots() -> tuple[Path, ...]:
    """Where runs are looked for: `$LATENT_RUNS` or `runs/` here, then the pretrained ones."""
    own = Path(os.environ.get("LATENT_RUNS") or "runs")
    return (own, HOME / "assets" / "runs")


def load_run(name: str, runs: str | Path | Sequence[str | Path] | None = None) -> Run:
    """The run of that name from `runs` (one folder or several, default: yours, then the pretrained ones).

    Raises `ConfigError` for what cannot be a name, `RunNotFound` with the names that are there, `RunCorrupt` for a damaged or newer one.
    """
    check_run_name(name)
    roots = _roots(runs)
    for root in roots:
        if _is_file(root / name / RUN_JSON):
            info = read_info(root / name)
            if info.metrics is None:
                raise RunError(_unfinished(name, root, info))
            return Run(name, root / name, info)
    there = [run.name for root in roots for run in _run_folders(root)]
    known = f"available: {', '.join(dict.fromkeys(there))}" if there else "there are none yet"
    raise RunNotFound(f"no run {name!r}; {known} (python -m trainer list).")


def list_runs(runs: str | Path | Sequence[str | Path] | None = None) -> dict[str, RunInfo | RunError]:
    """Every run by name, the first root winning; a damaged one is its error, so that a list never fails."""
    found: dict[str, RunInfo | RunError] = {}
    for root in _roots(runs):
        for folder in _run_folders(root):
            if folder.name not in found:
                try:
                    _check_folder_name(folder)
                    found[folder.name] = read_info(folder)
                except RunError as error:
                    found[folder.name] = error
    return found


def _unfinished(name: str, root: Path, info: RunInfo) -> str:
    """Why a run cannot be opened yet, and what to do."""
    where = f"run {name!r} is {info.state} after {info.epoch} of {info.config.epochs} epochs"
    if info.state == "diverged":
        return f"{where}; train it anew with other settings and --overwrite."
    if info.preset not in PRESETS:
        return f"{where}; call trainer.fit.fit again with resume=True."
    return f"{where}; python -m trainer fit {info.preset} --name {name} --runs {root} --resume finishes it."


def _check_folder_name(folder: Path) -> None:
    try:
        check_run_name(folder.name)
    except ConfigError as error:
        raise RunError(f"{error} Rename the folder {folder}.") from None


def digest(arrays: Arrays, text: str) -> str:
    """sha256 of named arrays and a text: what a checkpoint, which cannot hold its own checksum, is held against."""
    total = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        total.update(name.encode())
        total.update(np.ascontiguousarray(arrays[name]).tobytes())
    return total.hexdigest()


def read_info(folder: Path) -> RunInfo:
    """run.json of a folder. Raises `RunCorrupt` when it is damaged, foreign or newer."""
    data = _read_file(folder / RUN_JSON, folder.name, RUN_JSON)
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        raise _damaged(folder.name, RUN_JSON, "it is not JSON") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise _damaged(folder.name, RUN_JSON, f"its format is not {FORMAT!r}")
    if type(raw.get("version")) is not int or not 1 <= raw["version"] <= VERSION:
        raise RunCorrupt(
            f"run {folder.name!r}: {RUN_JSON} has format version {raw.get('version')!r}, this program reads up to {VERSION}; update it."
        )
    try:
        return RunInfo(**raw)
    except ConfigError as error:
        raise _damaged(folder.name, RUN_JSON, str(error).rstrip(".")) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        what = first["msg"].removeprefix("Value error, ")
        raise _damaged(folder.name, RUN_JSON, f"{place}: {what}" if place else what) from None


def size_bytes(folder: Path) -> int:
    """Bytes of all files of a run."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True)
class RunWriter:
    """Writes the files of one run, each whole or not at all."""

    folder: Path

    def write(self, name: str, data: bytes) -> None:
        """`data` under `name`: written beside it, flushed, renamed. Raises `RunError` when the disk refuses; the old file stays."""
        target = self.folder / name
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise RunError(
                f"cannot write {target}: {error.strerror or error}; nothing that was there is changed: "
                "make room or choose another --runs folder, then go on with --resume if the run had begun."
            ) from None

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
            item, own = _pack_projection(projection)
            meta.append(item)
            arrays |= own
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
        self.write_arrays(PROJECTION, arrays)

    def write_info(self, info: RunInfo) -> None:
        """run.json with the checksums of the files that are there."""
        names = (WEIGHTS, HISTORY, TIMING, ENCODINGS, FILM, PROJECTION)
        sums = {
            name: hashlib.sha256((self.folder / name).read_bytes()).hexdigest() for name in names if (self.folder / name).is_file()
        }
        text = info.model_copy(update={"files": sums}).model_dump_json(indent=1)
        self.write(RUN_JSON, text.encode())

    def read_checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, str]] | None:
        """Arrays and metadata of the last checkpoint, or None. Raises `RunCorrupt`."""
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return None
        data = _read_file(path, self.folder.name, CHECKPOINT)
        arrays = _parse_arrays(data, self.folder.name, CHECKPOINT)
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        return arrays, metadata

    def drop_checkpoint(self) -> None:
        (self.folder / CHECKPOINT).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (self.folder / CHECKPOINT).parent.rmdir()

    def clear(self) -> None:
        """Removes the files of this format and nothing else."""
        try:
            for name in (RUN_JSON, WEIGHTS, HISTORY, TIMING, ENCODINGS, FILM, PROJECTION):
                (self.folder / name).unlink(missing_ok=True)
            self.drop_checkpoint()
        except OSError as error:
            raise RunError(f"cannot replace {self.folder}: {error.strerror}; check its rights or choose another --name.") from None


def _roots(runs: str | Path | Sequence[str | Path] | None) -> tuple[Path, ...]:
    if runs is None:
        return default_roots()
    if isinstance(runs, str | Path):
        return (Path(runs),)
    return tuple(map(Path, runs))


def _run_folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if not path.name.startswith(".") and _is_file(path / RUN_JSON))
    except OSError:
        return []  # no folder, or not ours to read: there are no runs in it


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _read_file(path: Path, run: str, name: str) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _damaged(run, name, f"it has {path.stat().st_size} bytes, allowed are {MAX_FILE_BYTES}")
        return path.read_bytes()
    except OSError as error:
        raise RunCorrupt(f"run {run!r}: {name} cannot be read ({error.strerror}); train it again or restore the file.") from None


def _parse_arrays(data: bytes, run: str, name: str) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays: dict[str, NDArray[Any]] = load(data)
    except (SafetensorError, ValueError, KeyError):
        raise _damaged(run, name, "it is truncated or not a safetensors file") from None
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def _damaged(run: str, name: str, why: str = "it cannot be understood") -> RunCorrupt:
    return RunCorrupt(f"run {run!r}: {name} is damaged: {why}; restore the file or train the run again.")


def _check_shapes(weights: Arrays, config: FitConfig, image_shape: tuple[int, int, int], place: str) -> None:
    wanted = parameter_shapes(config, image_shape)
    run, name = place.split("/")
    for key in sorted(set(wanted) ^ set(weights)):
        raise _damaged(run, name, f"tensor {key!r} is {'missing' if key in wanted else 'not of this network'}")
    for key, shape in wanted.items():
        if weights[key].shape != shape:
            raise _damaged(run, name, f"tensor {key!r} has shape {weights[key].shape}, expected {shape}")
        if not np.isfinite(weights[key]).all():
            raise _damaged(run, name, f"tensor {key!r} holds a value that is not a finite number")


def parameter_shapes(config: FitConfig, image_shape: tuple[int, int, int]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every parameter of a run's network."""
    from trainer import layers as spec

    shapes: dict[str, tuple[int, ...]] = {"log_sigma": ()}
    weight: tuple[int, ...]
    bias: tuple[int, ...]
    for part, layers in (("encoder", encoder_layers(config, image_shape)), ("decoder", decoder_layers(config, image_shape))):
        for i, layer in enumerate(layers):
            match layer:
                case spec.Linear(n_in, n_out):
                    weight, bias = (n_out, n_in), (n_out,)
                case spec.Conv2d(n_in, n_out, kernel):
                    weight, bias = (n_out, n_in, kernel, kernel), (n_out,)
                case spec.ConvTranspose2d(n_in, n_out, kernel):
                    weight, bias = (n_in, n_out, kernel, kernel), (n_out,)
                case spec.Bias(shape):
                    shapes[f"{part}.{i}.bias"] = shape
                    continue
                case _:
                    continue
            shapes[f"{part}.{i}.weight"], shapes[f"{part}.{i}.bias"] = weight, bias
    return shapes


def _pack_projection(projection: Projection) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    name = projection.name
    item = {
        "name": name, "kind": projection.kind, "extent": projection.extent, "labels": projection.labels,
        "title": projection.title, "note": projection.note,
    }  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {
        f"{name}.points": projection.points,
        f"{name}.support": projection.support.astype(np.float16),
    }
    if projection.kind == "linear":
        assert projection.origin is not None and projection.basis is not None
        arrays |= {f"{name}.origin": projection.origin, f"{name}.basis": projection.basis}
    if projection.lattice_z is not None:
        arrays[f"{name}.lattice_z"] = projection.lattice_z.astype(np.float16)
    return item, arrays


def _unpack_projection(item: dict[str, Any], arrays: Arrays) -> Projection:
    name = item["name"]
    lattice = arrays.get(f"{name}.lattice_z")
    x0, x1, y0, y1 = (float(value) for value in item["extent"])
    first, second = item["labels"]
    return Projection(
        name, item["kind"], arrays[f"{name}.points"], (x0, x1, y0, y1), arrays[f"{name}.support"].astype(np.float32),
        (first, second), item["title"], item["note"], arrays.get(f"{name}.origin"), arrays.get(f"{name}.basis"),
        None if lattice is None else lattice.astype(np.float32),
    )  # fmt: skip

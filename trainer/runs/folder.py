"""What is in a run folder, and how is it read and written without ever leaving half a file?

The only file that knows the format (version 2; version 1 is read too); a run is readable without this project and without pickle:

    run.json                 format, version, preset, configuration, data set, state, metrics, libraries, checksums, its own too
    weights.safetensors      parameters under torch's names
    history.csv              a row an epoch (no clock in it: the same seed gives the same bytes)
    timing.csv               a row an epoch: seconds, images per second
    encodings.safetensors    test split, grey input: mu, logvar (N, K) · elbo, reconstruction (N,) nats · label, index (N,);
                             a deterministic model's codes are points: logvar is −∞
    film.safetensors         mu (T, M, K), float16, of the same M images at T moments · epoch (T,) · label, index (M,)
    projection.safetensors   for every map: points, extent, basis/origin or lattice_z, and what the map loses (not in old runs)
    classifier.safetensors   a classifier of pictures: parameters under torch's names, in `meta` its widths, temperature and scores; only
                             where the data set has classes, and not in old runs
    images.safetensors       test images of a person's own data: rows (n,), their places in the encodings, and sheets of PNG (`packed`);
                             of older imported runs all of them, uint8 (N, C, H, W)
    checkpoint/state.safetensors   only while training: model, optimiser, film so far; history in its metadata

Every file is written whole or not at all, into a folder of this machine or below any fsspec address (`store`); `run.json` comes last and
holds the checksums of the others. An imported run has no history, timing and film. Version 1 had no checksum of `run.json` itself, and
`learn_sigma` where `scale` is now.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import math
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, field_validator, model_validator

from trainer.config import MAX_RUN_NAME, PRESETS, FitConfig, ImportedConfig, check_run_name
from trainer.console import meant, program
from trainer.datasets import Dataset, is_built_in
from trainer.diagnosis.diagnose import Examination
from trainer.errors import ConfigError, RunCorrupt, RunError, RunNotFound
from trainer.maps.inverse import Honesty, WayBackError
from trainer.maps.projection import Projection
from trainer.models.layers import check_imported, parameter_shapes
from trainer.models.numpy_engine import Forward
from trainer.models.picture_classifier import PictureClassifier, Scores
from trainer.numerals import percent
from trainer.runs.image_packing import TestImages, pack, unpack
from trainer.runs.storage import Place, RemoteFolder, Store, place, store_of

if TYPE_CHECKING:
    from trainer.models.torch_engine import Vae

Floats = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]
Columns = dict[str, NDArray[np.float64]]
Root = str | Path | RemoteFolder

FORMAT, VERSION = "latent-atlas-run", 2
MAX_FILE_BYTES = 2**31
MAX_IMAGE_SIDE = 4096
MAX_LEVELS, MAX_CHANNELS = 16, 4096  # of a classifier's convolutions
HOME = Path(__file__).resolve().parents[2]
RUN_JSON, WEIGHTS, HISTORY, TIMING = "run.json", "weights.safetensors", "history.csv", "timing.csv"
ENCODINGS, FILM, PROJECTION = "encodings.safetensors", "film.safetensors", "projection.safetensors"
CLASSIFIER, IMAGES = "classifier.safetensors", "images.safetensors"
MUCH_OFF = 0.03  # of white, in the mean over pixels at draws from the prior: from there on stored pictures are warned of
CHECKPOINT = "checkpoint/state.safetensors"
PROBE = ".probe"
SUMMED = (WEIGHTS, HISTORY, TIMING, ENCODINGS, FILM, PROJECTION, CLASSIFIER, IMAGES)  # the files whose checksums run.json holds


class DatasetInfo(BaseModel):
    """What a run remembers of its data set: enough to show it where the images are not."""

    model_config = ConfigDict(frozen=True)
    name: str
    sha256: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    n_train: int
    n_test: int
    n_labelled: int | None = None
    licence: str = ""
    notes: tuple[str, ...] = Field((), description="what was left out, rescaled, renumbered or assumed, a sentence each")

    @property
    def is_own(self) -> bool:
        """Whether it is a person's own, which nobody else can fetch or make."""
        return not is_built_in(self.name)

    @classmethod
    def of(cls, dataset: Dataset, n_train: int, n_labelled: int | None = None) -> DatasetInfo:
        """What a run remembers of a data set, of whose images it learned so many."""
        return cls(
            name=dataset.name, sha256=dataset.sha256, image_shape=dataset.image_shape, class_names=dataset.class_names, n_train=n_train,
            n_test=len(dataset.splits["test"]), n_labelled=n_labelled, licence=dataset.licence, notes=dataset.notes,
        )  # fmt: skip


class Metrics(BaseModel):
    """Test-split figures, nats per image; see evaluate.Evaluation for each definition.

    reconstruction is None, and with it elbo and nll, where a model was imported without its pictures.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    split: str
    n: int
    elbo: float | None
    nll: float | None
    nll_n: int | None
    samples: int | None
    reconstruction: float | None
    kl: float | None
    kl_per_dim: tuple[float, ...] | None
    active_units: int
    knn_accuracy: float | None
    input: str
    nll_standard_error: float | None = None
    ess: float | None = None
    squared_error: float | None = None
    classifier_error: float | None = None
    given_label: bool = False


class Origin(BaseModel):
    """Where an imported run comes from, and how it decodes.

    source: what was imported, `package.module:factory` · decoder: as layers, or as pictures of it between which is interpolated ·
    why_decoder, why_encoder: what keeps them from being layers, words that end a sentence; empty where nothing does · error, most_error: of
    the interpolation near the codes of images, the mean and the 99th percentile over pixels, grey levels from 0 to 1 · prior_error,
    most_prior_error: the same at draws from the prior; not in old runs · understood: what was seen of the model, a line each.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    source: str
    decoder: Literal["layers", "pictures"] = "layers"
    why_decoder: str = ""
    why_encoder: str = ""
    error: float | None = None
    most_error: float | None = None
    prior_error: float | None = None
    most_prior_error: float | None = None
    understood: tuple[str, ...] = ()

    def sentences(self) -> tuple[str, ...]:
        """What a person should know of how the run decodes and encodes; none where all of it is as in a run of ours."""
        told = []
        if self.decoder == "pictures":
            told.append(
                f"Pictures are interpolated between stored ones, because decode {self.why_decoder}{self._off()}.{self._warning()}"
            )
        if self.why_encoder:
            told.append(
                f"Its encoder is not known here, because encode {self.why_encoder}: Reconstruct offers the test images only."
            )
        return tuple(told)

    def _off(self) -> str:
        """How far pixels are off, rounded up; white is 100 %."""
        if self.error is None or self.most_error is None:
            return ""
        near = f"; a pixel is off by {_up(self.error)} of white in the mean, and 99 of 100 by at most {_up(self.most_error)}"
        if self.prior_error is None or self.most_prior_error is None:
            return near
        return (
            f"{near}, near the codes of images; at draws from the prior by {_up(self.prior_error)} and {_up(self.most_prior_error)}"
        )

    def _warning(self) -> str:
        """Where what is shown far from the codes of images is too far from the decoder to be looked at closely."""
        if self.prior_error is None or self.prior_error < MUCH_OFF:
            return ""
        return " Away from the codes of images these pictures are only roughly the decoder's: trust no detail of them."


def _up(share: float) -> str:
    """A share of white in per cent, rounded up."""
    return percent(max(1, math.ceil(100 * share)) / 100)


class RunInfo(BaseModel):
    """The contents of run.json."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    format: Literal["latent-atlas-run"] = "latent-atlas-run"
    version: int = VERSION
    preset: str
    config: SerializeAsAny[FitConfig]
    dataset: DatasetInfo
    state: Literal["training", "interrupted", "diverged", "finished"]
    epoch: int = 0
    created: str
    seconds: float = 0.0
    n_parameters: int = 0
    metrics: Metrics | None = None
    examination: Examination | None = Field(None, description="what the clinic measured; not in old runs")
    origin: Origin | None = Field(None, description="of an imported run")
    libraries: dict[str, str] = Field(default_factory=dict)
    machine: str = ""
    files: dict[str, str] = Field(default_factory=dict, description="sha256 of every other file")

    @field_validator("config", mode="before")
    @classmethod
    def _is_imported(cls, config: Any) -> Any:
        """The record that has layers, for a configuration that says so."""
        if isinstance(config, dict) and config.get("network") == "own":
            return ImportedConfig.model_validate(config)
        return config

    @model_validator(mode="after")
    def _is_consistent(self) -> RunInfo:
        if isinstance(self.config, ImportedConfig):
            check_imported(self.config, self.dataset.image_shape, _n_classes(self))
        if self.state == "finished" and self.metrics is None:
            raise ValueError("a finished run has metrics")
        if self.metrics is not None:
            _check_bound(self.metrics, self.config)
        if self.examination is not None and len(self.examination.shuffled) != self.config.latent_dim:
            raise ValueError(
                f"the examination has {len(self.examination.shuffled)} dimensions, latent_dim is {self.config.latent_dim}"
            )
        if self.config.is_conditional and len(self.dataset.class_names) < 2:
            raise ValueError(f"model {self.config.model!r} needs classes, class_names has {len(self.dataset.class_names)}")
        if not all(1 <= side <= MAX_IMAGE_SIDE for side in self.dataset.image_shape):
            raise ValueError(f"image_shape is {self.dataset.image_shape}; allowed: sides from 1 to {MAX_IMAGE_SIDE}")
        return self


def _check_bound(metrics: Metrics, config: FitConfig) -> None:
    """A variational model has every term of its bound, a deterministic one has none. Raises `ValueError`."""
    is_blind = metrics.reconstruction is None
    if is_blind and not isinstance(config, ImportedConfig):
        raise ValueError("reconstruction is missing")
    for name in ("elbo", "nll", "nll_n", "samples", "kl", "kl_per_dim"):
        is_missing = getattr(metrics, name) is None
        if is_missing != (config.is_deterministic or (is_blind and not name.startswith("kl"))):
            raise ValueError(f"{name} is {'missing' if is_missing else 'given'}, the model is {config.model!r}")
    if metrics.kl_per_dim is not None and len(metrics.kl_per_dim) != config.latent_dim:
        raise ValueError(f"kl_per_dim has {len(metrics.kl_per_dim)} numbers, latent_dim is {config.latent_dim}")


@dataclass(frozen=True)
class Encodings:
    """The encoded test split, grey input. mu, logvar (N, K) · elbo, reconstruction (N,) nats · label (−1: none), index (N,).

    Codes of a deterministic model are points, standard deviation 0: logvar and elbo are −∞.
    """

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
    folder: Place
    info: RunInfo

    @property
    def config(self) -> FitConfig:
        return self.info.config

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.info.dataset.image_shape

    @property
    def n_classes(self) -> int:
        """How many classes a conditional model tells apart; 0 for all others."""
        return _n_classes(self.info)

    @cached_property
    def weights(self) -> dict[str, Floats]:
        """Parameters under torch's names, checked against the shapes that the configuration asks for."""
        weights = self._arrays(WEIGHTS)
        _check_shapes(weights, self.info, self.id)
        return weights

    @cached_property
    def forward(self) -> Forward:
        """Encoder and decoder in numpy."""
        return _forward_of(self.info, self.weights)

    def check_dataset(self, dataset: Dataset) -> None:
        """Raises `RunError` for another data set, another division included: a model is not judged on images that it has learned."""
        if dataset.sha256 != self.info.dataset.sha256:
            raise RunError(other_data(dataset, self.id, "was trained on"))

    def check_measurable(self) -> None:
        """Raises `RunError` where figures would be those of stored pictures or need an encoder that is not here."""
        if self.info.origin is not None and (self.info.origin.decoder == "pictures" or not self.config.has_encoder):
            raise RunError(
                f"run {self.id!r} was imported without {'its decoder' if self.info.origin.decoder == 'pictures' else 'its encoder'}, so "
                "nothing more can be measured here; its figures were taken when it was imported: import it again for others."
            )

    @cached_property
    def model(self) -> Vae:
        """Encoder and decoder in torch: `model.encode(x)`, `model.decode(z)`."""
        weights = self.weights  # before torch makes room for a network that a damaged run.json describes
        import torch  # seconds to import, and the app never needs it

        model = _model_of(self.info)
        model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
        return model.eval()

    @cached_property
    def encodings(self) -> Encodings:
        encodings = Encodings(**self._named(ENCODINGS, Encodings))
        mu, logvar = encodings.mu, encodings.logvar
        if mu.ndim != 2 or mu.shape[1] != self.config.latent_dim or len(mu) == 0:
            raise _damaged(self.id, ENCODINGS, f"mu has shape {mu.shape}, expected (N, {self.config.latent_dim})")
        n = (len(mu),)
        _check_lengths(encodings, {"logvar": mu.shape, "elbo": n, "reconstruction": n, "label": n, "index": n}, self.id, ENCODINGS)
        is_point = self.config.is_deterministic
        if not np.isfinite(mu).all() or not (np.isneginf(logvar) if is_point else np.isfinite(logvar)).all():
            raise _damaged(self.id, ENCODINGS, "a code is not a finite number")
        return encodings

    @cached_property
    def told(self) -> NDArray[np.int64] | None:
        """Of a conditional model the class (N,) under which each encoded picture is decoded: its label, or, where it has none, the model's
        guess from the picture, or class 0 where the picture is not here. None for a model that is told no class."""
        labels = self.encodings.label
        if not self.config.is_conditional or (labels >= 0).all():
            return labels if self.config.is_conditional else None
        told, kept = np.maximum(labels, 0), self.test_images
        for row in np.flatnonzero(labels < 0):
            picture = None if kept is None else kept.of_row(int(row))
            if picture is not None:
                told[row] = self.forward.label_of(np.asarray(picture[None] / 255, np.float32))[0]
        return told

    @cached_property
    def film(self) -> Film:
        film = Film(**self._named(FILM, Film))
        if film.mu.ndim != 3 or film.mu.shape[2] != self.config.latent_dim:
            raise _damaged(self.id, FILM, f"mu has shape {film.mu.shape}, expected (T, M, {self.config.latent_dim})")
        n_moments, n_images, _ = film.mu.shape
        _check_lengths(film, {"epoch": (n_moments,), "label": (n_images,), "index": (n_images,)}, self.id, FILM)
        return film

    @cached_property
    def history(self) -> Columns:
        """Columns of history.csv; `kl_1` … `kl_K` are the dimensions, which a deterministic model has not. Empty for an imported run."""
        if self.info.origin is not None:
            return {"epoch": np.empty(0)}
        kl = () if self.config.is_deterministic else (f"kl_{k + 1}" for k in range(self.config.latent_dim))
        return self._columns(HISTORY, {"epoch", *kl})

    @cached_property
    def timing(self) -> Columns:
        """Columns of timing.csv."""
        return self._columns(TIMING, {"epoch", "seconds", "images_per_s"})

    @cached_property
    def projections(self) -> dict[str, Projection]:
        """The stored maps by name, the best first."""
        arrays = self._arrays(PROJECTION)
        try:
            meta = json.loads(arrays.pop("meta").tobytes())
            return {item["name"]: _unpack_projection(item, arrays) for item in meta}
        except (KeyError, ValueError, TypeError, RecursionError):
            raise _damaged(self.id, PROJECTION) from None

    @cached_property
    def classifier(self) -> PictureClassifier | None:
        """Tells classes of decoded pictures apart; None for a data set without classes and for runs that were trained without one."""
        if CLASSIFIER not in self.info.files and not store_of(self.folder).exists(CLASSIFIER):
            return None
        arrays = self._arrays(CLASSIFIER)
        try:
            classifier = _unpack_classifier(arrays, self.info.dataset)
        except (KeyError, ValueError, TypeError, RecursionError):
            raise _damaged(self.id, CLASSIFIER) from None
        _check_tensors(classifier.weights, classifier.shapes, self.id, CLASSIFIER)
        return classifier

    @cached_property
    def test_images(self) -> TestImages | None:
        """The images of the test split that the run holds itself, all of them or, of very many, some; None for a built-in data set."""
        if IMAGES not in self.info.files:
            return None
        try:
            return unpack(self._arrays(IMAGES), len(self.encodings.mu), self.image_shape)
        except ValueError as error:
            raise _damaged(self.id, IMAGES, str(error)) from None

    @property
    def images(self) -> NDArray[np.uint8] | None:
        """The encoded pictures (N, C, H, W), in the order of the encodings, where the run holds all of them itself."""
        kept = self.test_images
        return kept.images if kept is not None and kept.is_whole else None

    def _columns(self, name: str, wanted: set[str]) -> Columns:
        text = self._read(name).decode("utf-8", "replace")
        try:
            rows = list(csv.reader(io.StringIO(text)))
            values = np.array([[float(cell) for cell in row] for row in rows[1:]])
            columns = dict(zip(rows[0], values.T, strict=True))
        except (ValueError, IndexError, csv.Error):
            raise _damaged(self.id, name) from None
        missing = wanted - set(columns)
        if missing:
            raise _damaged(self.id, name, f"column {min(missing)!r} is missing")
        return columns

    def _read(self, name: str) -> bytes:
        data = _read_file(store_of(self.folder), self.id, name)
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


def other_data(dataset: Dataset, name: str, what: str) -> str:
    """The sentence for a data set that is not the run's; what: what the run did with its own."""
    why = ""
    if not is_built_in(dataset.name):
        why = ": its files have changed, or it was made by a version that divided them in another way"
    return f"data set {dataset.name!r} is not the one that run {name!r} {what}{why}; restore it or train the run anew."


def default_roots() -> tuple[Place, ...]:
    """Where runs are looked for, the first one being where they are written: `$LATENT_RUNS`, a path or an address, or `runs/` here;
    `runs/` of the checkout; the shipped ones, first the main ones.
    """
    own = place(os.environ.get("LATENT_RUNS") or "runs")
    beside = HOME / "runs"
    is_same = isinstance(own, Path) and own.absolute() == beside
    return (own, *(() if is_same else (beside,)), *shipped_roots())


def shipped_roots() -> tuple[Path, ...]:
    """The folders of the runs that come with the program, first the main ones."""
    return tuple(HOME / "assets" / name for name in ("runs", "clinic", "sweep"))


def shipped_names() -> frozenset[str]:
    """Names of the runs that come with the program: no other run gets one of them, or two runs would have one name."""
    return frozenset(folder.name for root in shipped_roots() for folder in _run_folders(root))


def is_shipped(folder: Place) -> bool:
    """Whether a folder lies among the runs that come with the program."""
    return isinstance(folder, Path) and (HOME / "assets").resolve() in folder.resolve().parents


def may_write_shipped() -> bool:
    """Whether this process makes the shipped runs: `assets/train.sh` sets $LATENT_SHIP to 1. For all others they are fixed."""
    return os.environ.get("LATENT_SHIP") == "1"


def own_name(wish: str, root: Root) -> str:
    """The wish, or wish-2, wish-3 …: the first that no shipped run has. Raises `ConfigError` for what cannot be a name."""
    return next(_names_like(wish, root))


def free_name(wish: str, root: Root) -> str:
    """The wish, or wish-2, wish-3 …: the first that neither a shipped run nor anything in the folder has."""
    there = set(store_of(place(root)).list())
    return next(name for name in _names_like(wish, root) if name not in there)


def _names_like(wish: str, root: Root) -> Iterator[str]:
    """Names for a new run in a folder, the nearest to the wish first."""
    check_run_name(wish)
    taken = frozenset() if may_write_shipped() and is_shipped(place(root) / wish) else shipped_names()
    for i in itertools.count(1):
        ending = f"-{i}" if i > 1 else ""
        name = wish[: MAX_RUN_NAME - len(ending)] + ending
        if name not in taken:
            yield name


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


def load_run(name: str, runs: Root | Sequence[Root] | None = None) -> Run:
    """The run of that name from `runs` (a folder or fsspec address, or several; default: yours, then the pretrained ones).

    Raises `ConfigError` for what cannot be a name, `RunNotFound` with the names that are there, `RunCorrupt` for a damaged or newer one,
    `RunError` where a store cannot be reached.
    """
    check_run_name(name)
    roots = _roots(runs)
    for root in roots:
        if store_of(root / name).exists(RUN_JSON):
            info = read_info(root / name)
            if info.metrics is None:
                raise RunError(_unfinished(name, root, info))
            return Run(name, root / name, info)
    there = dict.fromkeys(run.name for root in roots for run in _run_folders(root))
    known = f"available: {', '.join(there)}" if there else "there are none yet"
    raise RunNotFound(f"no run {name!r}{meant(name, there)}; {known} ({program()} list).")


def list_runs(runs: Root | Sequence[Root] | None = None) -> dict[str, RunInfo | RunError]:
    """Every run by name, the first root winning; a damaged one is its error. Raises `RunError` where a store cannot be reached."""
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


def _unfinished(name: str, root: Place, info: RunInfo) -> str:
    """Why a run cannot be opened yet, and what to do."""
    where = f"run {name!r} is {info.state} after {info.epoch} of {info.config.epochs} epochs"
    if info.state == "diverged":
        return f"{where}; train it anew with other settings and --overwrite."
    if info.preset not in PRESETS:
        return f"{where}; call trainer.training.fit.fit again with resume=True."
    return f"{where}; {program()} fit {info.preset} --name {name} --runs {root} --resume finishes it."


def _check_folder_name(folder: Place) -> None:
    try:
        check_run_name(folder.name)
    except ConfigError as error:
        raise RunError(f"{error} Rename the folder {folder}.") from None


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


def read_info(folder: Root) -> RunInfo:
    """run.json of a run's folder. Raises `RunCorrupt` when it is damaged, foreign or newer."""
    folder = place(folder)
    data = _read_file(store_of(folder), folder.name, RUN_JSON)
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        raise _damaged(folder.name, RUN_JSON, "it is not JSON") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise _damaged(folder.name, RUN_JSON, f"its format is not {FORMAT!r}")
    version = raw.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise RunCorrupt(
            f"run {folder.name!r}: {RUN_JSON} has format version {version!r}, this program reads up to {VERSION}; update it."
        )
    if (version > 1 or "checksum" in raw) and raw.get("checksum") != info_checksum(raw):
        raise _damaged(folder.name, RUN_JSON, "its contents differ from its checksum")
    try:
        return RunInfo.model_validate(_migrated(raw))
    except ConfigError as error:
        raise _damaged(folder.name, RUN_JSON, str(error).rstrip(".")) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = first["msg"].removeprefix("Value error, ")
        raise _damaged(folder.name, RUN_JSON, f"{where}: {what}" if where else what) from None


def _migrated(raw: dict[str, Any]) -> dict[str, Any]:
    """The contents of run.json as version 2 has them; what is damaged stays as it is, for the validation to name."""
    config = raw.get("config")
    if raw["version"] > 1:
        return raw
    if isinstance(config, dict) and isinstance(config.get("learn_sigma"), bool):
        scale = "learned" if config["learn_sigma"] else "fixed"
        config = {**{key: value for key, value in config.items() if key != "learn_sigma"}, "scale": scale}
    return {**raw, "version": VERSION, "config": config}


def size_bytes(folder: Root) -> int:
    """Bytes of all files of a run."""
    return store_of(place(folder)).total_size()


@dataclass(frozen=True)
class RunWriter:
    """Writes the files of one run, each whole or not at all.

    is_silent: writes and clears do nothing, for the processes of a team that share the work but not the disk.
    """

    folder: Place
    is_silent: bool = False

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
        if not self.is_silent:
            self._store.remove(PROBE)

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
                f"run {self.folder.name!r} comes with the program and stays as it is; --name keeps the result in a run of yours."
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
            item, own = _pack_projection(projection)
            meta.append(item)
            arrays |= own
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
        self.write_arrays(PROJECTION, arrays)

    def write_test_images(self, images: NDArray[np.uint8]) -> None:
        """The images of the test split (N, C, H, W) uint8, in the order of the encodings: at most 10 000 of them are kept (`packed`)."""
        if not self.is_silent:
            self.write_arrays(IMAGES, pack(images))

    def write_classifier(self, classifier: PictureClassifier) -> None:
        self.write_arrays(CLASSIFIER, _pack_classifier(classifier))

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

    def read_checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, str]] | None:
        """Arrays and metadata of the last checkpoint, or None. Raises `RunCorrupt`."""
        if not self._store.exists(CHECKPOINT):
            return None
        data = _read_file(self._store, self.folder.name, CHECKPOINT)
        arrays = _parse_arrays(data, self.folder.name, CHECKPOINT)
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        return arrays, metadata

    def drop_checkpoint(self) -> None:
        if not self.is_silent and not self.is_kept:
            self._store.remove(CHECKPOINT)

    def clear(self) -> None:
        """Removes the files of this format and nothing else."""
        if self.is_silent or self.is_kept:
            return
        try:
            for name in (RUN_JSON, *SUMMED, CHECKPOINT):
                self._store.remove(name)
        except OSError as error:
            raise RunError(f"cannot replace {self.folder}: {error.strerror}; check its rights or choose another --name.") from None


def _roots(runs: Root | Sequence[Root] | None) -> tuple[Place, ...]:
    if runs is None:
        return default_roots()
    if isinstance(runs, str | Path | RemoteFolder):
        return (place(runs),)
    return tuple(map(place, runs))


def _run_folders(root: Place) -> list[Place]:
    store = store_of(root)
    return [root / name for name in store.list() if not name.startswith(".") and store.join(name).exists(RUN_JSON)]


def _read_file(store: Store, run: str, name: str) -> bytes:
    try:
        size = store.size(name)
        if size > MAX_FILE_BYTES:
            raise _damaged(run, name, f"it has {size} bytes, allowed are {MAX_FILE_BYTES}")
        return store.read(name)
    except OSError as error:
        why = error.strerror or "it is not there"
        raise RunCorrupt(f"run {run!r}: {name} cannot be read ({why}); train it again or restore the file.") from None


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


def _check_lengths(record: Encodings | Film, wanted: Mapping[str, tuple[int, ...]], run: str, file: str) -> None:
    for name, shape in wanted.items():
        if getattr(record, name).shape != shape:
            raise _damaged(run, file, f"{name} has shape {getattr(record, name).shape}, expected {shape}")


def _check_shapes(weights: Arrays, info: RunInfo, run: str) -> None:
    _check_tensors(weights, parameter_shapes(info.config, info.dataset.image_shape, _n_classes(info)), run, WEIGHTS)


def _check_tensors(weights: Arrays, wanted: Mapping[str, tuple[int, ...]], run: str, file: str) -> None:
    for key in sorted(set(wanted) ^ set(weights)):
        raise _damaged(run, file, f"tensor {key!r} is {'missing' if key in wanted else 'not of this network'}")
    for key, shape in wanted.items():
        if weights[key].shape != shape:
            raise _damaged(run, file, f"tensor {key!r} has shape {weights[key].shape}, expected {shape}")
        if not np.isfinite(weights[key]).all():
            raise _damaged(run, file, f"tensor {key!r} holds a value that is not a finite number")


def _n_classes(info: RunInfo) -> int:
    """How many classes a conditional model tells apart; 0 for all others."""
    return len(info.dataset.class_names) if info.config.is_conditional else 0


def _forward_of(info: RunInfo, weights: Mapping[str, Floats]) -> Forward:
    return Forward(info.config, info.dataset.image_shape, weights, _n_classes(info))


def _model_of(info: RunInfo) -> Vae:
    from trainer.models.torch_engine import model_of

    return model_of(info.config, info.dataset.image_shape, _n_classes(info))


def _pack_classifier(classifier: PictureClassifier) -> dict[str, NDArray[Any]]:
    meta = {
        "channels": classifier.channels, "temperature": classifier.temperature,
        "images": asdict(classifier.images), "decoded": asdict(classifier.decoded),
    }  # fmt: skip
    return {**classifier.weights, "meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)}


def _unpack_classifier(arrays: dict[str, NDArray[Any]], dataset: DatasetInfo) -> PictureClassifier:
    """Raises `KeyError`, `TypeError` or `ValueError` for what is none."""
    meta = json.loads(arrays.pop("meta").tobytes())
    channels, scores = tuple(meta["channels"]), [Scores(**meta[name]) for name in ("images", "decoded")]
    if not (1 <= len(channels) <= MAX_LEVELS and all(type(n) is int and 1 <= n <= MAX_CHANNELS for n in channels)):
        raise ValueError("channels")
    if not all(math.isfinite(value) for record in scores for value in asdict(record).values()):
        raise ValueError("scores")
    return PictureClassifier(dataset.image_shape, len(dataset.class_names), channels, arrays, float(meta["temperature"]), *scores)


def _pack_projection(projection: Projection) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    name = projection.name
    item = {
        "name": name, "kind": projection.kind, "extent": projection.extent, "labels": projection.labels,
        "title": projection.title, "note": projection.note,
        "honest": projection.honest and asdict(projection.honest), "way_back": projection.way_back and asdict(projection.way_back),
    }  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {f"{name}.points": projection.points}
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
        name, item["kind"], arrays[f"{name}.points"], (x0, x1, y0, y1),
        (first, second), item["title"], item["note"], arrays.get(f"{name}.origin"), arrays.get(f"{name}.basis"),
        None if lattice is None else lattice.astype(np.float32),
        Honesty(**item["honest"]) if item.get("honest") else None, WayBackError(**item["way_back"]) if item.get("way_back") else None,
    )  # fmt: skip

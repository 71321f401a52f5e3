"""How is a run read, without trusting a byte of it and before all of it is asked for?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from trainer.config import FitConfig
from trainer.datasets import Dataset, is_built_in
from trainer.errors import ConfigError, RunCorrupt, RunError
from trainer.maps.projection import Projection
from trainer.models.networks import decoder_parameter_shapes, parameter_shapes
from trainer.models.numpy_engine import Forward
from trainer.models.picture_classifier import PictureClassifier
from trainer.runs.film_weights import FilmWeights, unstacked
from trainer.runs.folder import (
    CHANGES,
    CLASSIFIER,
    ENCODINGS,
    FILM,
    FILM_WEIGHTS,
    FORMAT,
    HISTORY,
    IMAGES,
    PROJECTION,
    RUN_JSON,
    TIMING,
    VERSION,
    WEIGHTS,
    Arrays,
    Columns,
    damaged,
    info_checksum,
    parse_arrays,
    parse_columns,
    read_file,
)
from trainer.runs.image_packing import TestImages, unpack
from trainer.runs.packing import unpack_classifier, unpack_projection
from trainer.runs.records import Encodings, Film, Floats, RunInfo
from trainer.runs.storage import Place, RemoteFolder, place, store_of

if TYPE_CHECKING:
    from trainer.models.torch_engine import Vae

Root = str | Path | RemoteFolder


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
        return self.info.n_classes

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
        import torch  # seconds to import: the app asks for it on a click only

        model = _model_of(self.info)
        model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
        return model.eval()

    @cached_property
    def encodings(self) -> Encodings:
        encodings = Encodings(**self._named(ENCODINGS, Encodings))
        mu, logvar = encodings.mu, encodings.logvar
        if mu.ndim != 2 or mu.shape[1] != self.config.latent_dim or len(mu) == 0:
            raise damaged(self.id, ENCODINGS, f"mu has shape {mu.shape}, expected (N, {self.config.latent_dim})")
        n = (len(mu),)
        _check_lengths(encodings, {"logvar": mu.shape, "elbo": n, "reconstruction": n, "label": n, "index": n}, self.id, ENCODINGS)
        is_point = self.config.is_deterministic
        if not np.isfinite(mu).all() or not (np.isneginf(logvar) if is_point else np.isfinite(logvar)).all():
            raise damaged(self.id, ENCODINGS, "a code is not a finite number")
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

    @property
    def has_film(self) -> bool:
        """Whether codes of moments of its training were kept."""
        return FILM in self.info.files

    @cached_property
    def film(self) -> Film:
        film = Film(**self._named(FILM, Film))
        if film.mu.ndim != 3 or film.mu.shape[2] != self.config.latent_dim:
            raise damaged(self.id, FILM, f"mu has shape {film.mu.shape}, expected (T, M, {self.config.latent_dim})")
        n_moments, n_images, _ = film.mu.shape
        _check_lengths(film, {"epoch": (n_moments,), "label": (n_images,), "index": (n_images,)}, self.id, FILM)
        return film

    @cached_property
    def film_weights(self) -> FilmWeights | None:
        """The decoder at some of the film's moments; None for old runs and for those that were trained without."""
        if FILM_WEIGHTS not in self.info.files:
            return None
        shapes = decoder_parameter_shapes(self.config, self.image_shape, self.n_classes)
        return unstacked(self._arrays(FILM_WEIGHTS), shapes, len(self.film.mu), self.id)

    def decoder_at(self, i: int) -> Forward:
        """The decoder at the i-th moment of `film_weights`, which decodes as `forward` does; it has no encoder. Raises `RunError`."""
        if self.film_weights is None:
            raise RunError(f"run {self.id!r} was trained without the weights of its film; train it again to replay its decoder.")
        return Forward(self.config, self.image_shape, self.film_weights.at(i), self.n_classes)

    @cached_property
    def history(self) -> Columns:
        """Columns of history.csv; `kl_1` … `kl_K` are the dimensions, which a deterministic model has not. Empty for an imported run."""
        if self.info.origin is not None:
            return {"epoch": np.empty(0)}
        kl = () if self.config.is_deterministic else (f"kl_{k + 1}" for k in range(self.config.latent_dim))
        return self._columns(HISTORY, {"epoch", *kl})

    @cached_property
    def changes(self) -> Columns:
        """Columns of changes.csv, `step`, `beta`, `learning_rate`: a row a change of settings while the run was trained, the first row
        what it began with. Empty where nothing was changed."""
        wanted = ("step", "beta", "learning_rate")
        return self._columns(CHANGES, set(wanted)) if CHANGES in self.info.files else {name: np.empty(0) for name in wanted}

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
            return {item["name"]: unpack_projection(item, arrays) for item in meta}
        except (KeyError, ValueError, TypeError, RecursionError):
            raise damaged(self.id, PROJECTION) from None

    @cached_property
    def classifier(self) -> PictureClassifier | None:
        """Tells classes of decoded pictures apart; None for a data set without classes and for runs that were trained without one."""
        if CLASSIFIER not in self.info.files and not store_of(self.folder).exists(CLASSIFIER):
            return None
        arrays = self._arrays(CLASSIFIER)
        try:
            classifier = unpack_classifier(arrays, self.info.dataset)
        except (KeyError, ValueError, TypeError, RecursionError):
            raise damaged(self.id, CLASSIFIER) from None
        _check_tensors(classifier.weights, classifier.shapes, self.id, CLASSIFIER)
        return classifier

    @property
    def reliable_classifier(self) -> PictureClassifier | None:
        """The same where its word counts: of one that is wrong as often as right nothing is shown."""
        return self.classifier if self.classifier is not None and self.classifier.is_reliable else None

    @cached_property
    def test_images(self) -> TestImages | None:
        """The images of the test split that the run holds itself, all of them or, of very many, some; None for a built-in data set."""
        if IMAGES not in self.info.files:
            return None
        try:
            return unpack(self._arrays(IMAGES), len(self.encodings.mu), self.image_shape)
        except ValueError as error:
            raise damaged(self.id, IMAGES, str(error)) from None

    @property
    def images(self) -> NDArray[np.uint8] | None:
        """The encoded pictures (N, C, H, W), in the order of the encodings, where the run holds all of them itself."""
        kept = self.test_images
        return kept.images if kept is not None and kept.is_whole else None

    def _columns(self, name: str, wanted: set[str]) -> Columns:
        return parse_columns(self._read(name), wanted, self.id, name)

    def _read(self, name: str) -> bytes:
        data = read_file(store_of(self.folder), self.id, name)
        expected = self.info.files.get(name)
        if expected is not None and hashlib.sha256(data).hexdigest() != expected:
            raise damaged(self.id, name, "its checksum differs from run.json")
        return data

    def _arrays(self, name: str) -> dict[str, NDArray[Any]]:
        return parse_arrays(self._read(name), self.id, name)

    def _named(self, name: str, record: type) -> dict[str, NDArray[Any]]:
        arrays, wanted = self._arrays(name), set(record.__dataclass_fields__)  # type: ignore[attr-defined]
        if set(arrays) != wanted:
            odd = ", ".join(sorted(set(arrays) ^ wanted))
            raise damaged(self.id, name, f"unexpected or missing tensors: {odd}")
        return arrays


def other_data(dataset: Dataset, name: str, what: str) -> str:
    """The sentence for a data set that is not the run's; what: what the run did with its own."""
    why = ""
    if not is_built_in(dataset.name):
        why = ": its files have changed, or it was made by a version that divided them in another way"
    return f"data set {dataset.name!r} is not the one that run {name!r} {what}{why}; restore it or train the run again."


def read_info(folder: Root) -> RunInfo:
    """run.json of a run's folder. Raises `RunCorrupt` when it is damaged, foreign or newer."""
    folder = place(folder)
    data = read_file(store_of(folder), folder.name, RUN_JSON)
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        raise damaged(folder.name, RUN_JSON, "it is not JSON") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise damaged(folder.name, RUN_JSON, f"its format is not {FORMAT!r}")
    version = raw.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise RunCorrupt(
            f"run {folder.name!r}: {RUN_JSON} has format version {version!r}, this program reads up to {VERSION}; update it."
        )
    if (version > 1 or "checksum" in raw) and raw.get("checksum") != info_checksum(raw):
        raise damaged(folder.name, RUN_JSON, "its contents differ from its checksum")
    try:
        return RunInfo.model_validate(_migrated(raw))
    except ConfigError as error:
        raise damaged(folder.name, RUN_JSON, str(error).rstrip(".")) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = first["msg"].removeprefix("Value error, ")
        raise damaged(folder.name, RUN_JSON, f"{where}: {what}" if where else what) from None


def _migrated(raw: dict[str, Any]) -> dict[str, Any]:
    """The contents of run.json as the newest version has them; what is damaged stays as it is, for the validation to name.

    The layers of version 2 are layers of version 3; before version 4 no weights of the film were kept.
    """
    config = raw.get("config")
    if isinstance(config, dict) and raw["version"] < 4:
        config = {"film_weights": 0, **config}
    if raw["version"] == 1 and isinstance(config, dict) and isinstance(config.get("learn_sigma"), bool):
        scale = "learned" if config["learn_sigma"] else "fixed"
        config = {**{key: value for key, value in config.items() if key != "learn_sigma"}, "scale": scale}
    return {**raw, "version": VERSION, "config": config}


def size_bytes(folder: Root) -> int:
    """Bytes of all files of a run."""
    return store_of(place(folder)).total_size()


def _check_lengths(record: Encodings | Film, wanted: Mapping[str, tuple[int, ...]], run: str, file: str) -> None:
    for name, shape in wanted.items():
        if getattr(record, name).shape != shape:
            raise damaged(run, file, f"{name} has shape {getattr(record, name).shape}, expected {shape}")


def _check_shapes(weights: Arrays, info: RunInfo, run: str) -> None:
    _check_tensors(weights, parameter_shapes(info.config, info.dataset.image_shape, info.n_classes), run, WEIGHTS)


def _check_tensors(weights: Arrays, wanted: Mapping[str, tuple[int, ...]], run: str, file: str) -> None:
    for key in sorted(set(wanted) ^ set(weights)):
        raise damaged(run, file, f"tensor {key!r} is {'missing' if key in wanted else 'not of this network'}")
    for key, shape in wanted.items():
        if weights[key].shape != shape:
            raise damaged(run, file, f"tensor {key!r} has shape {weights[key].shape}, expected {shape}")
        if not np.isfinite(weights[key]).all():
            raise damaged(run, file, f"tensor {key!r} holds a value that is not a finite number")


def _forward_of(info: RunInfo, weights: Mapping[str, Floats]) -> Forward:
    return Forward(info.config, info.dataset.image_shape, weights, info.n_classes)


def _model_of(info: RunInfo) -> Vae:
    from trainer.models.torch_engine import model_of

    return model_of(info.config, info.dataset.image_shape, info.n_classes)

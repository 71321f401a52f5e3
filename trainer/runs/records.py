"""What does a run say of itself? The records of run.json, of the encodings and of the snapshots of training, checked when they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator, model_validator

from trainer.config import FitConfig, ImportedConfig
from trainer.datasets import Dataset, is_built_in
from trainer.models.networks import check_imported
from trainer.numerals import percent
from trainer.runs.bound_figures import BoundFigures
from trainer.runs.continuity_figures import ContinuityFigures
from trainer.runs.examination import Examination
from trainer.runs.folder import VERSION
from trainer.runs.overfitting import Overfitting

Floats = NDArray[np.float32]

MAX_IMAGE_SIDE = 4096
MUCH_OFF = 0.03  # of white, on average over pixels at draws from the prior: from there on stored pictures are warned of


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
            name=dataset.name,
            sha256=dataset.sha256,
            image_shape=dataset.image_shape,
            class_names=dataset.class_names,
            n_train=n_train,
            n_test=len(dataset.splits["test"]),
            n_labelled=n_labelled,
            licence=dataset.licence,
            notes=dataset.notes,
        )


class Metrics(BaseModel):
    """Test-split figures, nats per image; see `trainer.metrics.evaluate.Evaluation` for each definition."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    split: str
    n: int
    elbo: float | None
    nll: float | None
    nll_n: int | None
    samples: int | None
    reconstruction: float | None
    """None, and with it elbo and nll, where a model was imported without its pictures."""
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
    """Where an imported run comes from, and how it decodes."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    source: str
    """What was imported, `package.module:factory`."""
    decoder: Literal["layers", "pictures"] = "layers"
    """Whether the decoder is known as layers, or as pictures of it between which is interpolated."""
    why_decoder: str = ""
    """What keeps the decoder from being layers: words that end a sentence; empty where nothing does."""
    why_encoder: str = ""
    """The same of the encoder."""
    error: float | None = None
    """Of the interpolation near the codes of images: the mean over pixels, grey levels from 0 to 1."""
    most_error: float | None = None
    """The 99th percentile of the same."""
    prior_error: float | None = None
    """The mean over pixels at draws from the prior; not in old runs."""
    most_prior_error: float | None = None
    """The 99th percentile of the same."""
    understood: tuple[str, ...] = ()
    """What was seen of the model, a line each."""

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
        near = f"; a pixel is off by {_up(self.error)} of white on average, and 99 of 100 by at most {_up(self.most_error)}"
        if self.prior_error is None or self.most_prior_error is None:
            return near
        return f"{near}, near the codes of images; at samples from the prior by {_up(self.prior_error)} and {_up(self.most_prior_error)}"

    def _warning(self) -> str:
        """Where what is shown far from the codes of images is too far from the decoder to be looked at closely."""
        if self.prior_error is None or self.prior_error < MUCH_OFF:
            return ""
        return " Away from the codes of images these pictures are only roughly the decoder's: trust no detail of them."


def _up(share: float) -> str:
    """A share of white in per cent, rounded up."""
    return percent(max(1, math.ceil(100 * share)) / 100)


@dataclass(frozen=True)
class Settled:
    """What a run remembers of how its settings came to be, as `RunInfo` has it."""

    chosen: tuple[str, ...] = ()
    """those that were chosen from the data, a sentence each"""
    before: FitConfig | None = None
    """those of a training that it took the place of, as that overfit"""


NOT_CHOSEN = Settled()


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
    continuity: ContinuityFigures | None = Field(None, description="of models with and without a posterior; not in old runs")
    overfitting: Overfitting | None = Field(
        None, description="None where there is none, or where no history says so; not in old runs"
    )
    bounds: BoundFigures | None = Field(None, description="what `evaluate --keep` found; most runs have none")
    origin: Origin | None = Field(None, description="of an imported run")
    before: FitConfig | None = Field(
        None, description="settings of a training that this one took the place of, as that overfit (early stopping)"
    )
    chosen: tuple[str, ...] = Field(
        (), description="settings that were chosen from the data, each with its reason, a sentence each"
    )
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

    @property
    def n_classes(self) -> int:
        """How many classes a conditional model tells apart; 0 for all others."""
        return len(self.dataset.class_names) if self.config.is_conditional else 0

    @model_validator(mode="after")
    def _is_consistent(self) -> RunInfo:
        if isinstance(self.config, ImportedConfig):
            check_imported(self.config, self.dataset.image_shape, self.n_classes)
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
    """The encoded test split, grey input: N images, K latent dimensions."""

    mu: Floats
    """(N, K): posterior means."""
    logvar: Floats
    """(N, K): log variances; −∞ for a deterministic model, whose codes are points."""
    elbo: Floats
    """(N,) nats; −∞ for a deterministic model."""
    reconstruction: Floats
    """(N,) nats: −log p(x|z) at a draw of the posterior."""
    label: NDArray[np.int64]
    """(N,); −1: none."""
    index: NDArray[np.int64]
    """(N,): places of the images in the data set."""


@dataclass(frozen=True)
class Film:
    """The codes of the same M test images at T moments of training."""

    mu: Floats
    """(T, M, K), float16: it is looked at, not computed with."""
    epoch: Floats
    """(T,); fractions count."""
    label: NDArray[np.int64]
    """(M,); −1: none."""
    index: NDArray[np.int64]
    """(M,): places of the images in the data set."""

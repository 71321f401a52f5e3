"""What can be chosen about a run, and what is allowed?

One frozen, validated record: the command line, `run.json` and the presets are all made from these fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from trainer.errors import ConfigError
from trainer.likelihoods.registry import LIKELIHOODS, LikelihoodName

MAX_RUN_NAME = 64
RUN_NAME = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{MAX_RUN_NAME - 1}}}")
MAX_LATENT_DIM = 512
MAX_FILM_WEIGHTS = 20
THE_LOSS = "the loss is reconstruction + β KL alone: not for pca, m2 and m1+m2, several importance samples or free bits"
MEASURED = "auto"  # the precision, which a training then finds by some steps
MAX_IMPORTED_DIM, MAX_IMPORTED_BETA = 4096, 1e9


class FitConfig(BaseModel):
    """Everything that decides what a training run computes. The same record and the same machine give the same run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(
        "digits",
        description="data set: digits, shapes, pendulum, walker, faces, faces-64, sketches, melodies, mnist, fashion-mnist, kmnist, "
        "olivetti, or the path of your own images: a folder, or a file .zip, .npz, .npy or .csv; ?size=64 after a folder gives the pixels "
        "of a side, "
        "?held-out=0.3 the share of the test split",
    )
    model: Literal["vae", "conditional-vae", "m2", "m1+m2", "autoencoder", "pca"] = Field(
        "vae",
        description="vae; conditional-vae (label to encoder and decoder); m2, m1+m2 (semi-supervised, Kingma 2014); "
        "autoencoder (deterministic); pca (closed form)",
    )
    latent_dim: int = Field(2, ge=1, le=MAX_LATENT_DIM, description="number of latent dimensions, 1 to 512")
    network: Literal["mlp", "conv", "residual", "linear"] = Field(
        "mlp",
        description="mlp; conv; residual (convolutions in residual blocks, for larger pictures in colour); or linear (one matrix each "
        "way: probabilistic PCA)",
    )
    hidden: tuple[int, ...] = Field(
        (256, 256), description="widths (mlp) or channels (conv, residual) of the encoder's layers; the decoder mirrors them"
    )
    activation: Literal["relu", "silu", "gelu", "tanh"] = Field("silu", description="non-linearity between layers")
    context: int = Field(
        0,
        ge=0,
        le=4096,
        description="hidden units of an autoregressive part of the decoder, which is also given the pixels before (MADE, Germain 2015): "
        "so strong that it can ignore z; 0: none",
    )
    likelihood: LikelihoodName = Field("bernoulli", description="p(x|z) of a pixel")
    sigma: float = Field(
        1.0,
        ge=1e-6,
        le=10,
        description="scale of a Gaussian (standard deviation) or Laplace (b) pixel; where it is learned, its start",
    )
    scale: Literal["fixed", "learned", "optimal", "per-pixel"] = Field(
        "learned",
        description="how that scale is found: fixed, one learned for all pixels, the batch's optimum (Rybkin 2021), "
        "or given by the decoder for each pixel",
    )
    binarise: bool = Field(False, description="draw every pixel afresh from Bernoulli(grey value) at each use")
    importance_samples: int = Field(
        1, ge=1, le=5000, description="samples of z in the bound: 1 is the ELBO, more the IWAE's (Burda 2016)"
    )
    elbo_epochs: int = Field(
        0, ge=0, le=100_000, description="first epochs that train the ELBO although importance_samples is above 1"
    )
    beta: float = Field(
        1.0, ge=0, le=1000, description="weight of the KL term in the loss (Higgins 2017); the ELBO is reported without it"
    )
    warmup_epochs: int = Field(0, ge=0, description="epochs over which the KL weight rises linearly from 0 to beta")
    beta_cycles: int = Field(
        0, ge=0, le=1000, description="cyclical annealing: so often the KL weight rises from 0 to beta (Fu 2019)"
    )
    free_bits: float = Field(0.0, ge=0, le=100, description="nats of KL that every dimension has for free (Kingma 2016)")
    lagging_steps: int = Field(
        0,
        ge=0,
        le=1000,
        description="at most so many encoder updates before each of the decoder, until information peaks (He 2019)",
    )
    finish_linear: bool = Field(
        False, description="linear VAE with Gaussian pixels: after the last epoch, closed-form steps to the optimum of its bound"
    )
    labelled: int = Field(
        100, ge=1, le=10_000_000, description="m2, m1+m2: training images whose label is used, the same number of every class"
    )
    alpha: float = Field(
        60.0,
        ge=0,
        le=100_000,
        description="m2, m1+m2: weight of the classifier's mean cross-entropy on the labelled images, and on those that labels spread to",
    )
    labelled_shift: int = Field(
        0, ge=0, le=8, description="m2, m1+m2: the classifier learns images moved at random by up to so many pixels"
    )
    label_neighbours: int = Field(
        0,
        ge=0,
        le=1000,
        description="m2, m1+m2: labels spread along a graph of so many nearest neighbours of every training image (Zhou 2004), and the "
        "classifier learns these too, each by how sure it is; 0: they do not",
    )
    feature_dim: int = Field(
        50, ge=1, le=MAX_LATENT_DIM, description="m1+m2: latent dimensions of M1, the features that M2 is trained on"
    )
    feature_hidden: tuple[int, ...] = Field((600, 600), description="m1+m2: widths of M1's layers (Kingma 2014 used 600, 600)")
    feature_epochs: int = Field(0, ge=0, le=100_000, description="m1+m2: how many of the epochs, the first ones, train M1")
    epochs: int = Field(20, ge=1, le=100_000, description="passes over the training images")
    early_stopping: bool = Field(
        False,
        description="as soon as the loss on validation images rises while that on training images falls, the training starts again with "
        "fewer epochs",
    )
    batch_size: int = Field(128, ge=1, le=65_536, description="images a step, over all processes together")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Adam's step size, at its highest")
    schedule: Literal["constant", "cosine", "stages"] = Field(
        "cosine",
        description="constant, a cosine from the rate to 1 % of it, or Burda's eight stages from the rate to a tenth of it",
    )
    adam_eps: float = Field(1e-8, gt=0, le=1, description="Adam's epsilon (Burda 2016 used 1e-4)")
    weight_decay: float = Field(0.0, ge=0, le=1, description="decoupled weight decay (AdamW)")
    train_on: Literal["train", "train+validation"] = Field("train", description="which splits to learn from")
    seed: int = Field(0, ge=0, lt=2**31, description="seed of everything random")
    precision: Literal["fp32", "bf16", "autocast", "auto"] = Field(
        "fp32",
        description="fp32; bf16: matrix products in bfloat16 where the processor can; autocast: torch's mixed precision in bfloat16, "
        "weights and sums in float32; auto: autocast where some steps before the training show it to be faster, else fp32",
    )
    umap: bool = Field(True, description="lay out a UMAP for more than two latent dimensions")
    film_weights: int = Field(
        20,
        ge=0,
        le=MAX_FILM_WEIGHTS,
        description="moments of training of which the decoder is kept too, so that the run can be replayed: 2 bytes a "
        "parameter and moment, 64 MB at most; 0: none",
    )
    classifier: bool = Field(
        True, description="at the end train a small classifier of pictures, for the class probabilities beside the map"
    )

    @property
    def has_encoder(self) -> bool:
        """Whether the run can encode a new picture; only of an imported model the encoder may be unknown."""
        return True

    @property
    def is_deterministic(self) -> bool:
        """Whether a picture's code is a point and not a distribution: no KL, no ELBO."""
        return self.model in ("autoencoder", "pca")

    @property
    def is_conditional(self) -> bool:
        """Whether encoder and decoder are told the class."""
        return self.model in ("conditional-vae", "m2", "m1+m2")

    @property
    def is_semi_supervised(self) -> bool:
        """Whether a classifier q(y|x) is part of the model."""
        return self.model in ("m2", "m1+m2")

    @property
    def has_scale(self) -> bool:
        """Whether the likelihood of a pixel has a scale parameter."""
        return LIKELIHOODS[self.likelihood].has_scale

    @field_validator("hidden", "feature_hidden")
    @classmethod
    def _widths_are_positive(cls, hidden: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= width <= 8192 for width in hidden) or not 1 <= len(hidden) <= 8:
            raise ValueError("1 to 8 whole numbers from 1 to 8192")
        return hidden

    @model_validator(mode="after")
    def _fits_together(self) -> FitConfig:
        for field, allowed in _contradictions(self):
            raise ConfigError(field, getattr(self, field), allowed)
        return self


class ImportedConfig(FitConfig):
    """A model that was trained elsewhere: its layers as they were found, and what its owner says of likelihood, scale and β.

    How it was trained is not known: fields that only training reads hold their defaults and mean nothing.
    """

    network: Literal["own"] = "own"  # type: ignore[assignment]
    latent_dim: int = Field(2, ge=1, le=MAX_IMPORTED_DIM, description="number of latent dimensions, 1 to 4096")
    beta: float = Field(1.0, ge=0, le=MAX_IMPORTED_BETA, description="weight of the KL term beside the summed reconstruction")
    """Large where its own loss averages the reconstruction over pixels."""
    doubts: tuple[str, ...] = ()
    """Why a bound with one code and prior N(0, I) is not this model's, as sentences; with any there is no verdict."""
    parts: dict[str, tuple[dict[str, Any], ...]]
    """The layers of decoder and, where it is known, encoder, as `trainer.models.layer_records` has them."""

    @property
    def has_encoder(self) -> bool:
        return "encoder" in self.parts


def _contradictions(config: FitConfig) -> Iterator[tuple[str, str]]:
    """Fields whose values do not go with the others, and what would."""
    if config.binarise and config.likelihood != "bernoulli":
        yield "binarise", "False with this likelihood; True only with 'bernoulli'"
    if config.context and (config.model != "vae" or config.network in ("conv", "residual") or config.likelihood != "bernoulli"):
        yield "context", "0 unless the model is 'vae' with network 'mlp' or 'linear' and likelihood 'bernoulli'"
    if config.model == "pca" and (config.network != "linear" or config.likelihood != "gaussian" or config.scale == "per-pixel"):
        yield "model", "'pca' only with network 'linear', likelihood 'gaussian' and a scale that is not 'per-pixel'"
    if config.beta_cycles and config.warmup_epochs:
        yield "beta_cycles", "0 where warmup_epochs is set: one schedule of the KL weight at a time"
    if config.importance_samples > 1 and (config.model not in ("vae", "conditional-vae") or config.beta != 1 or config.free_bits):
        yield "importance_samples", "1 unless the model is 'vae' or 'conditional-vae' with beta 1 and no free bits"
    if config.finish_linear and (
        config.model != "vae"
        or config.network != "linear"
        or config.likelihood != "gaussian"
        or config.scale not in ("fixed", "learned")
        or config.free_bits
    ):
        yield (
            "finish_linear",
            "False unless a 'vae' has a 'linear' network, 'gaussian' pixels of a fixed or learned scale and no free bits",
        )
    if config.lagging_steps and (config.model not in ("vae", "conditional-vae") or config.importance_samples > 1):
        yield "lagging_steps", "0 unless the model is 'vae' or 'conditional-vae' with one importance sample"
    if config.is_semi_supervised and (config.network != "mlp" or config.free_bits):
        yield "model", f"'{config.model}' only with network 'mlp' and no free bits"
    if config.labelled_shift and not config.is_semi_supervised:
        yield "labelled_shift", "0 unless the model is 'm2' or 'm1+m2'"
    if config.label_neighbours and not config.is_semi_supervised:
        yield "label_neighbours", "0 unless the model is 'm2' or 'm1+m2'"
    if config.model == "m1+m2" and not 0 < config.feature_epochs < config.epochs:
        yield "feature_epochs", f"1 to {config.epochs - 1} for 'm1+m2', so that M1 and M2 are both trained"
    if config.early_stopping and not can_stop_early(config):
        yield "early_stopping", f"False unless train_on is 'train' and {THE_LOSS}"
    if config.model == "m1+m2" and config.scale in ("optimal", "per-pixel") and config.has_scale:
        yield "scale", "'fixed' or 'learned' for 'm1+m2'"


def checked(config: FitConfig, **changes: Any) -> FitConfig:
    """`config` with `changes`, validated anew. Raises `ConfigError` with field, value and what is allowed."""
    try:
        return type(config)(**{**config.model_dump(), **changes})
    except ValidationError as error:
        raise config_error(error) from None


def can_stop_early(config: FitConfig) -> bool:
    """Whether validation images may say with how many epochs it is trained: none is learned from, and what is trained is their loss."""
    is_loss = config.importance_samples == 1 and not config.free_bits and config.model != "pca" and not config.is_semi_supervised
    return config.train_on == "train" and is_loss


def of_epochs(config: FitConfig, epochs: int) -> dict[str, int]:
    """The changes that make of it a training of so many epochs with the same course: what counts epochs changes in proportion."""
    counted = ("warmup_epochs", "elbo_epochs", "feature_epochs")
    return {"epochs": epochs} | {name: n * epochs // config.epochs for name in counted if (n := getattr(config, name))}


def config_error(error: ValidationError) -> ConfigError:
    """The first complaint of pydantic as our sentence."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "configuration"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return ConfigError(name, first["input"], _bounds(name) or message)


def _bounds(name: str) -> str:
    """The allowed range of a numeric field in words; empty where there is none."""
    field = FitConfig.model_fields.get(name)
    limits = {key: value for item in (field.metadata if field else ()) for key, value in _limits(item).items()}
    low = f"{limits['ge']}" if "ge" in limits else f"more than {limits['gt']}" if "gt" in limits else ""
    high = f"{limits['le']}" if "le" in limits else f"less than {limits['lt']}" if "lt" in limits else ""
    kind = "whole numbers " if field is not None and field.annotation is int else ""
    if low and high and "ge" not in limits:
        return f"{kind}{low}, at most {high}"
    if low and high:
        return f"{kind}from {low} to {high}"
    return f"{kind}{low} or more" if low else ""


def _limits(item: object) -> dict[str, float]:
    """The limits that an annotation carries, by name."""
    return {key: getattr(item, key) for key in ("ge", "gt", "le", "lt") if hasattr(item, key)}


def check_run_name(name: str) -> str:
    """`name`, if it may be the name of a folder: no path, no hidden file, no surprise. Raises `ConfigError`."""
    if not RUN_NAME.fullmatch(name) or ".." in name:
        raise ConfigError("run name", name, "1 to 64 characters from a-z, 0-9, '.', '_' and '-', the first one a letter or digit")
    return name

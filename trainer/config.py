"""What can be chosen about a run, and what is allowed?

One frozen, validated record: the command line, `run.json` and the train page are all made from these fields.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from trainer.errors import ConfigError

RUN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
MAX_LATENT_DIM = 512


class FitConfig(BaseModel):
    """Everything that decides what a training run computes. The same record and the same machine give the same run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field("digits", description="data set: digits, shapes, mnist, fashion-mnist, kmnist or folder:PATH")
    latent_dim: int = Field(2, ge=1, le=MAX_LATENT_DIM, description="number of latent dimensions, 1 to 512")
    network: Literal["mlp", "conv", "linear"] = Field(
        "mlp", description="mlp, conv, or linear (one matrix each way: probabilistic PCA)"
    )
    hidden: tuple[int, ...] = Field(
        (256, 256), description="widths (mlp) or channels (conv) of the encoder's layers; the decoder mirrors them"
    )
    activation: Literal["relu", "silu", "gelu", "tanh"] = Field("silu", description="non-linearity between layers")
    likelihood: Literal["bernoulli", "gaussian"] = Field("bernoulli", description="p(x|z) of a pixel")
    sigma: float = Field(
        1.0, gt=0, le=10, description="standard deviation of a Gaussian pixel; the starting value if it is learned"
    )
    learn_sigma: bool = Field(True, description="learn one sigma for all pixels (Gaussian only)")
    binarise: bool = Field(False, description="draw every pixel afresh from Bernoulli(grey value) at each use")
    beta: float = Field(1.0, ge=0, le=1000, description="weight of the KL term in the loss (Higgins 2017); ELBOs never carry it")
    warmup_epochs: int = Field(0, ge=0, description="epochs over which the KL weight rises linearly from 0 to beta")
    epochs: int = Field(20, ge=1, le=100_000, description="passes over the training images")
    batch_size: int = Field(128, ge=1, le=65_536, description="images a step")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Adam's step size, at its highest")
    schedule: Literal["constant", "cosine"] = Field("cosine", description="constant, or a cosine from the rate to 1 % of it")
    adam_eps: float = Field(1e-8, gt=0, le=1, description="Adam's epsilon (Burda 2016 used 1e-4)")
    weight_decay: float = Field(0.0, ge=0, le=1, description="decoupled weight decay (AdamW)")
    train_on: Literal["train", "train+validation"] = Field("train", description="which splits to learn from")
    seed: int = Field(0, ge=0, lt=2**31, description="seed of everything random")
    precision: Literal["fp32", "bf16"] = Field(
        "fp32", description="matrix products in float32 or, where the processor can, bfloat16"
    )
    umap: bool = Field(True, description="lay out a UMAP for more than two latent dimensions")

    @field_validator("hidden")
    @classmethod
    def _widths_are_positive(cls, hidden: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= width <= 8192 for width in hidden) or not 1 <= len(hidden) <= 8:
            raise ValueError("1 to 8 whole numbers from 1 to 8192")
        return hidden

    @model_validator(mode="after")
    def _fits_together(self) -> FitConfig:
        if self.binarise and self.likelihood != "bernoulli":
            raise ConfigError("binarise", True, "only with likelihood 'bernoulli'")
        return self


def checked(config: FitConfig, **changes: Any) -> FitConfig:
    """`config` with `changes`, validated anew. Raises `ConfigError` with field, value and what is allowed."""
    try:
        return FitConfig(**{**config.model_dump(), **changes})
    except ValidationError as error:
        raise config_error(error) from None


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


_MNIST = FitConfig(data="mnist", hidden=(512, 512), activation="silu", binarise=True, batch_size=250, learning_rate=1.5e-3)

_DIGITS = FitConfig(data="digits", hidden=(256, 128), likelihood="gaussian", sigma=0.2, epochs=150, batch_size=64, warmup_epochs=10)

PRESETS: dict[str, FitConfig] = {
    "digits-2d": checked(_DIGITS, latent_dim=2),
    "digits-16d": checked(_DIGITS, latent_dim=16),
    "shapes-6d": FitConfig(
        data="shapes", latent_dim=6, network="conv", hidden=(32, 64, 64), activation="silu", likelihood="gaussian",
        sigma=0.2, learn_sigma=True, epochs=40, batch_size=64, learning_rate=1e-3, warmup_epochs=5,
    ),
    "mnist-2d": checked(_MNIST, latent_dim=2, epochs=90, train_on="train+validation"),
    "mnist-20d": checked(_MNIST, latent_dim=20, epochs=60, train_on="train+validation"),
    "burda": checked(
        _MNIST, latent_dim=50, hidden=(200, 200), activation="tanh", batch_size=100, learning_rate=2.5e-3, adam_eps=1e-4,
        epochs=560, train_on="train+validation",
    ),
    "examples": FitConfig(
        data="mnist", latent_dim=20, hidden=(400,), activation="relu", epochs=10, batch_size=128, learning_rate=1e-3,
        schedule="constant", train_on="train+validation",
    ),
}  # fmt: skip

PRESET_NOTES: dict[str, str] = {
    "digits-2d": "scikit-learn's digits on a plane; trains in seconds",
    "digits-16d": "the same with 16 dimensions: some switch off",
    "shapes-6d": "coloured shapes with six known factors, convolutional, Gaussian pixels",
    "mnist-2d": "MNIST on a plane: the map that the app opens on",
    "mnist-20d": "MNIST with 20 dimensions",
    "burda": "784-200-200-50 tanh, the network of Burda, Grosse & Salakhutdinov 2016, table 1",
    "examples": "784-400-20 ReLU, grey images: what pytorch/examples trains",
}


def preset(name: str) -> FitConfig:
    """The preset of that name. Raises `ConfigError` with the list of names."""
    if name not in PRESETS:
        raise ConfigError("preset", name, ", ".join(PRESETS))
    return PRESETS[name]

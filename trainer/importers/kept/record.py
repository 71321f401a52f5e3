"""What does the page say of a training that it has kept? `training.json` of its zip, checked when it is read."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from trainer.config import FitConfig, ImportedConfig
from trainer.datasets import is_built_in

MOST_ROWS = 10_000
OWN = "own"
"""The data set of images that come along."""

SETTINGS = ("beta", "learning_rate", "free_bits", "noise")
"""Columns of the history that may change between two steps; noise is 1 where codes were drawn from the posterior, else 0."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, StringConstraints(max_length=200)]


class PageTraining(BaseModel):
    """What the page says of a training."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal["latent-atlas-training"]
    version: Literal[1]
    config: FitConfig = Field(description="its data is a built-in data set, or `own` for images that come along")
    steps: int = Field(ge=1, description="taken")
    steps_per_epoch: int = Field(ge=1)
    n_train: int = Field(ge=1, description="images that it learned from")
    seconds: Finite = Field(gt=0, description="of work")
    class_names: tuple[Name, ...] = Field((), max_length=1000, description="of images that come along")
    history: tuple[dict[str, Finite], ...] = Field(
        min_length=1, max_length=MOST_ROWS, description="rows of history.csv, with every setting that may change between two steps"
    )

    @property
    def brings_images(self) -> bool:
        return not is_built_in(self.config.data)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        config = self.config
        if isinstance(config, ImportedConfig) or config.is_conditional or config.context or config.model == "pca":
            raise ValueError("the page trains no such model; allowed: model vae or autoencoder, without context")
        if config.has_scale and config.scale not in ("fixed", "learned"):
            raise ValueError("the page learns no such scale of a pixel; allowed: scale fixed or learned")
        if self.brings_images and config.data != OWN:
            raise ValueError(f"data is {config.data!r}; allowed: a built-in data set, or {OWN}")
        if problem := _problem_of_rows(self.history, config):
            raise ValueError(problem)
        return self


def _problem_of_rows(rows: tuple[dict[str, float], ...], config: FitConfig) -> str:
    terms = ("reconstruction",) if config.is_deterministic else ("elbo", "reconstruction", "kl")
    per_dim = () if config.is_deterministic else tuple(f"kl_{k + 1}" for k in range(config.latent_dim))
    wanted = ("epoch", *(f"{split}_{term}" for split in ("train", "test") for term in terms), *SETTINGS, *per_dim)
    for i, row in enumerate(rows):
        if set(row) != set(wanted):
            return f"row {i} of the history has {', '.join(row)[:200]}; expected {', '.join(wanted)[:200]}"
        if i and row["epoch"] <= rows[i - 1]["epoch"]:
            return f"row {i} of the history is of epoch {row['epoch']:g}, after {rows[i - 1]['epoch']:g}"
    return ""

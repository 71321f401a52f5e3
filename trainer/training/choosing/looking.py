"""What is to be seen in somebody's pictures before a setting is chosen? Sizes from the headers of some files, values of some images."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np

from trainer.config import MEASURED, FitConfig, checked
from trainer.datasets import Dataset
from trainer.datasets.archive import ZipSource
from trainer.datasets.decoding.records import Source
from trainer.datasets.folder import FolderSource, list_files
from trainer.datasets.names import FIT, OwnData
from trainer.datasets.pictures import size_of
from trainer.errors import ImageError
from trainer.training.choosing.settings import (
    FEWEST_VALIDATION,
    Choice,
    ChosenSize,
    Facts,
    chosen_beside,
    chosen_settings,
    chosen_size,
    told_early_stopping,
    told_warmup,
    warmup_of,
    with_typed,
)

FILES, IMAGES = 200, 2000  # looked at, evenly from all
NEAR = 255 // 20  # grey levels from black or white


def sized(own: OwnData) -> tuple[OwnData, ChosenSize | None]:
    """The name with the size and the way to a square that its pictures call for, and why; as it is where both were said, or where the data
    has its own.

    Files that cannot be read are passed over here: loading tells of them.
    """
    if own.kind not in ("folder", "zip") or (own.size is not None and own.fit is not None):
        return own, None
    sides = _sides(own)
    if not sides:
        return own, None
    found = chosen_size(sides, own.fit)
    if own.size is not None:
        return (replace(own, fit=found.fit) if found.fit != FIT else own), None
    return replace(own, size=found.size, fit=own.fit or (found.fit if found.fit != FIT else None)), found


def _sides(own: OwnData) -> list[tuple[int, int]]:
    if own.kind == "folder":
        return _seen(FolderSource(own.path), list_files(own.path, follows_links=own.follows_links).files)
    with contextlib.closing(ZipSource(own.path)) as source:
        return _seen(source, source.listing().files)


def _seen(source: Source, files: tuple[str, ...]) -> list[tuple[int, int]]:
    found = []
    for place in sorted({int(i) for i in np.linspace(0, len(files) - 1, FILES)} if files else ()):
        with contextlib.suppress(ImageError):
            found.append(size_of(source.content(files[place]), files[place]))
    return found


def facts_of(dataset: Dataset, train_on: str = "train") -> Facts:
    """What a data set is like; of its values those of some training images. train_on: the splits to learn from."""
    train = dataset.subset(train_on).images
    some = train[:: max(1, len(train) // IMAGES)][:IMAGES]
    at_ends = float(((some <= NEAR) | (some >= 255 - NEAR)).mean())
    n_validation = 0 if "validation" in train_on else len(dataset.splits["validation"])
    return Facts(len(train), len(dataset.splits["test"]), dataset.image_shape, at_ends, n_validation=n_validation)


def first_settings(dataset: Dataset) -> FitConfig:
    """Of a first training on these pictures, where no step of it is timed before: as many epochs as it would have without haste."""
    stops = len(dataset.splits["validation"]) >= FEWEST_VALIDATION
    return checked(chosen_settings(facts_of(dataset)).config, data=dataset.name, precision=MEASURED, early_stopping=stops)


def told_settings(dataset: Dataset, config: FitConfig) -> tuple[Choice, ...]:
    """Why each of those is what it is; in `config` a person may have changed some."""
    usual = chosen_settings(facts_of(dataset)).config
    choices = with_typed(chosen_beside(usual, config, facts_of(dataset, config.train_on)), config)
    return (*choices, *told_warmup(config), *told_early_stopping(config, len(dataset.splits["validation"])))


def with_epochs(base: FitConfig, config: FitConfig) -> FitConfig:
    """What a person made of `base`, with a warm-up that goes with its number of epochs, where only that was changed."""
    if config.epochs == base.epochs or config.warmup_epochs != base.warmup_epochs or config.beta_cycles:
        return config
    return checked(config, warmup_epochs=warmup_of(config.epochs))

"""What does a training that goes on show of itself? One safetensors file, replaced as a whole, which any other process reads at any time.

mu (M, K) float16; kl_per_dim (K,) float32, (0,) of a deterministic model; label, index (M,)
decoder.0.weight, …      what decoding needs, float16, under torch's names
history (R, columns)     float64, the rows of the history so far, at most `MOST_ROWS` of them spread evenly
metadata `live`          JSON: all that is a number, a text or the configuration; the names of the history's columns
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from trainer.config import FitConfig
from trainer.errors import ConfigError, RunError
from trainer.models.networks import decoder_parameter_shapes
from trainer.models.numpy_engine import Forward
from trainer.runs.film_weights import as_half
from trainer.runs.folder import damaged, parse_arrays

MOST_ROWS = 500
METADATA = "live"


@dataclass(frozen=True)
class Live:
    """A training after one of its steps. Letters: M images, K latent dimensions."""

    config: FitConfig
    """with the β that is in force"""
    image_shape: tuple[int, int, int]
    """(C, H, W)"""
    class_names: tuple[str, ...]
    step: int
    """how many are done"""
    n_steps: int
    """of the whole training"""
    epoch: float
    """how many are done; fractions count"""
    beta: float
    """weight of the KL at this step"""
    learning_rate: float
    """Adam's step size at this step"""
    reconstruction: float
    """−E log p(x|z) of these images, nats an image"""
    kl: float
    """of these images, nats an image; 0 of a deterministic model"""
    history: tuple[Mapping[str, float], ...]
    """rows of history.csv so far"""
    kl_per_dim: NDArray[np.float32]
    """(K,), nats; (0,) of a deterministic model"""
    mu: NDArray[np.float16]
    """(M, K): the codes of the film's images"""
    label: NDArray[np.int64]
    """(M,); −1: none"""
    index: NDArray[np.int64]
    """(M,): places of the images in the data set"""
    weights: Mapping[str, NDArray[np.float32]]
    """what decoding needs, under torch's names, to float16"""

    @property
    def n_classes(self) -> int:
        """How many classes a conditional model tells apart; 0 for all others."""
        return len(self.class_names) if self.config.is_conditional else 0

    @property
    def decoder(self) -> Forward:
        """The decoder of this moment; it has no encoder."""
        return Forward(self.config, self.image_shape, self.weights, self.n_classes)


NUMBERS = ("step", "n_steps", "epoch", "beta", "learning_rate", "reconstruction", "kl")
ARRAYS = ("kl_per_dim", "mu", "label", "index")


def write_live(path: Path, live: Live) -> None:
    """Whole or not at all. Raises `RunError` where the disk refuses."""
    from safetensors.numpy import save

    rows = thinned(live.history)
    columns = list(rows[0]) if rows else []
    about = {name: getattr(live, name) for name in (*NUMBERS, "image_shape", "class_names")}
    about |= {"config": live.config.model_dump(mode="json"), "columns": columns}
    arrays: dict[str, NDArray[Any]] = {name: np.ascontiguousarray(getattr(live, name)) for name in ARRAYS}
    arrays["history"] = np.array([[row[name] for name in columns] for row in rows], np.float64).reshape(len(rows), len(columns))
    arrays |= as_half(live.weights, {name: array.shape for name, array in live.weights.items()})
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(save(arrays, {METADATA: json.dumps(about)}))  # not flushed to the disk: nobody needs it after a crash
        os.replace(temporary, path)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}; make room.") from None


def read_live(path: Path) -> Live | None:
    """The last state that was written; None before the first. Raises `RunCorrupt` for what is no such file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    arrays = parse_arrays(data, path.parent.name, path.name)
    length = int.from_bytes(data[:8], "little")
    try:
        about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][METADATA])
        columns = about.pop("columns")
        rows = tuple(dict(zip(columns, row, strict=True)) for row in arrays.pop("history").tolist())
        about |= {"config": FitConfig.model_validate(about["config"]), "history": rows}
        about |= {name: tuple(about[name]) for name in ("image_shape", "class_names")}
        about |= {name: arrays.pop(name) for name in ARRAYS}
        live = Live(**about, weights={name: array.astype(np.float32) for name, array in arrays.items()})
    except (KeyError, ValueError, TypeError, ValidationError, ConfigError):
        raise damaged(path.parent.name, path.name) from None
    shapes = decoder_parameter_shapes(live.config, live.image_shape, live.n_classes)
    if {name: array.shape for name, array in live.weights.items()} != shapes:
        raise damaged(path.parent.name, path.name, "its weights are not those of its network")
    return live


def thinned(rows: tuple[Mapping[str, float], ...]) -> tuple[Mapping[str, float], ...]:
    """At most `MOST_ROWS`, spread evenly, the last among them."""
    if len(rows) <= MOST_ROWS:
        return rows
    return tuple(rows[i] for i in np.linspace(0, len(rows) - 1, MOST_ROWS).round().astype(int))

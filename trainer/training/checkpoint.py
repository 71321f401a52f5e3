"""What must be kept so that a training that was killed goes on as if nothing had happened?

Weights, the optimiser's moments, the records so far and the few switches of the loop. Random numbers depend on (seed, epoch) alone and
need no keeping. Everything goes into one file, so that an interrupted write leaves the one before.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.runs.folder import digest
from trainer.training.film_weights import KeptMoment

Row = dict[str, float]
Arrays = dict[str, NDArray[Any]]


@dataclass
class Progress:
    """How far a run is."""

    epoch: int = 0
    seconds: float = 0.0
    history: list[Row] = field(default_factory=list)
    timing: list[Row] = field(default_factory=list)
    snapshot_mu: list[NDArray[np.float32]] = field(default_factory=list)
    """(M, K) at each moment of `snapshot_epoch`."""
    snapshot_epoch: list[float] = field(default_factory=list)
    film_weights: list[KeptMoment] = field(default_factory=list)
    """The moments whose decoder is on the disk, in order."""
    is_lagging: bool = True
    """Whether the encoder is still trained ahead of the decoder (He 2019)."""
    information: float = 0.0
    """The most so far, nats."""


def pack(model: nn.Module, optimiser: torch.optim.Optimizer, progress: Progress) -> tuple[Arrays, dict[str, str]]:
    """Arrays and metadata of a checkpoint file; the metadata holds a checksum of both."""
    arrays: Arrays = {f"model.{key}": _array(value) for key, value in model.state_dict().items()}
    for i, state in optimiser.state_dict()["state"].items():
        arrays |= {f"optimiser.{i}.{key}": _array(value) for key, value in state.items()}
    arrays |= {"film.mu": np.array(progress.snapshot_mu, np.float32), "film.epoch": np.array(progress.snapshot_epoch)}
    text = json.dumps({key: value for key, value in vars(progress).items() if not key.startswith("snapshot")}, default=asdict)
    return arrays, {"progress": text, "sha256": digest(arrays, text)}


def unpack(arrays: Arrays, metadata: dict[str, str], model: nn.Module, optimiser: torch.optim.Optimizer) -> Progress:
    """Fills model and optimiser and gives the progress. Raises `KeyError`, `ValueError` or `RuntimeError` for what does not fit."""
    if metadata["sha256"] != digest(arrays, metadata["progress"]):
        raise ValueError("checksum")
    tensors = {key: torch.from_numpy(value.copy()) for key, value in arrays.items()}
    model.load_state_dict({k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")})
    state, parameters = optimiser.state_dict(), [p for group in optimiser.param_groups for p in group["params"]]
    for key, value in tensors.items():
        if key.startswith("optimiser."):
            _, i, entry = key.split(".")
            state["state"].setdefault(int(i), {})[entry] = _laid_out_like(parameters[int(i)], value)
    optimiser.load_state_dict(state)
    record = json.loads(metadata["progress"])
    kept = [KeptMoment(**one) for one in record.pop("film_weights", ())]  # not in checkpoints of before
    return Progress(**record, film_weights=kept, snapshot_mu=list(arrays["film.mu"]), snapshot_epoch=arrays["film.epoch"].tolist())


def _array(value: Tensor) -> NDArray[Any]:
    """In rows, however the parameter lies in memory."""
    return np.asarray(value.cpu().numpy(), order="C")


def _laid_out_like(parameter: Tensor, value: Tensor) -> Tensor:
    """The fused step goes through a parameter and its moments as they lie in memory, so they have to lie alike."""
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value) if value.shape == parameter.shape else value

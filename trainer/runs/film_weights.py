"""How does a run's decoder of an earlier moment come back? Its parameters at some moments of the film, as float16."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.runs.folder import FILM_WEIGHTS, Arrays, damaged

Shapes = Mapping[str, tuple[int, ...]]
MOST_HALF = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class FilmWeights:
    """The decoder at T of the film's moments, the first and the last among them."""

    moment: NDArray[np.int64]
    """(T,): places in the film, rising"""
    epoch: NDArray[np.float32]
    """(T,): epochs done at each; fractions count"""
    tensors: Arrays
    """of each of the decoder's parameters, under torch's name, (T, …) as float16"""

    def at(self, i: int) -> dict[str, NDArray[np.float32]]:
        """The decoder's parameters at the i-th of these moments, under torch's names."""
        return {name: stacked[i].astype(np.float32) for name, stacked in self.tensors.items()}

    def nearest(self, moment: int) -> int:
        """Which of these moments is nearest to a moment of the film."""
        return int(np.abs(self.moment - moment).argmin())


def as_half(weights: Arrays, names: Shapes) -> dict[str, NDArray[np.float16]]:
    """Those parameters as float16; beyond its largest number stands that."""
    return {name: np.asarray(np.clip(weights[name], -MOST_HALF, MOST_HALF), np.float16) for name in names}


def stacked(moments: list[int], epochs: list[float], parts: Sequence[Arrays]) -> dict[str, NDArray[Any]]:
    """As the run folder has them."""
    arrays: dict[str, NDArray[Any]] = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    return {**arrays, "moment": np.array(moments, np.int64), "epoch": np.array(epochs, np.float32)}


def unstacked(arrays: Mapping[str, NDArray[Any]], shapes: Shapes, n_moments: int, run: str) -> FilmWeights:
    """Checked against the decoder's shapes and the length of the film. Raises `RunCorrupt`."""
    if odd := sorted(set(arrays) ^ {*shapes, "moment", "epoch"}):
        raise damaged(run, FILM_WEIGHTS, f"unexpected or missing tensors: {', '.join(odd)}")
    moment, epoch = arrays["moment"], arrays["epoch"]
    rises = moment.ndim == 1 and len(moment) > 0 and (np.diff(moment) > 0).all()
    if not rises or moment[0] < 0 or moment[-1] >= n_moments or epoch.shape != moment.shape:
        raise damaged(run, FILM_WEIGHTS, "its moments are not those of the film")
    for name, shape in shapes.items():
        wanted = (len(moment), *shape)
        if arrays[name].shape != wanted or arrays[name].dtype != np.float16:
            raise damaged(run, FILM_WEIGHTS, f"tensor {name!r} has shape {arrays[name].shape}, expected {wanted} as float16")
        if not np.isfinite(arrays[name]).all():
            raise damaged(run, FILM_WEIGHTS, f"tensor {name!r} holds a value that is not a finite number")
    return FilmWeights(moment, epoch, {name: arrays[name] for name in shapes})

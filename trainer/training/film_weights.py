"""Of which moments is the decoder kept, and where does it wait until the run is whole?

Spread evenly over the moments of the film, the first and the last among them. Each goes to the disk at once, so that a checkpoint carries
only its checksum, and an interrupted training that goes on ends with the same file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.models.networks import decoder_parameter_shapes
from trainer.models.torch_engine import Vae
from trainer.runs.film_weights import as_half, stacked
from trainer.runs.write import RunWriter

MOST_BYTES = 64_000_000  # of all moments together
HALF_BYTES = 2


@dataclass(frozen=True)
class KeptMoment:
    """A moment whose decoder is on the disk."""

    step: int
    """after which it was taken; 0: before the first"""
    moment: int
    """its place in the film"""
    epoch: float
    """epochs done; fractions count"""
    sha256: str
    """of its file"""


class FilmWeightsKeeper:
    """Writes the decoder at the chosen steps, and gathers them at the end."""

    def __init__(self, model: Vae, writer: RunWriter, steps: Collection[int], wanted: int) -> None:
        """steps: the film's moments after the start; wanted: of how many moments, the start included."""
        self._shapes = decoder_parameter_shapes(model.config, model.image_shape, model.n_classes)
        self._model, self._writer = model, writer
        each = HALF_BYTES * sum(map(prod, self._shapes.values()))
        self.steps = evenly((0, *sorted(steps)), min(wanted, MOST_BYTES // each))
        self.n_bytes = each * len(self.steps)
        """of the file in the end"""

    def take(self, kept: list[KeptMoment], step: int, moment: int, epoch: float) -> None:
        """Keeps the decoder as it is after this step, if the step is one of the chosen; one of before for the same step goes."""
        if step not in self.steps:
            return
        weights = {name: value.cpu().numpy() for name, value in self._model.state_dict().items()}
        sha256 = self._writer.write_film_part(step, as_half(weights, self._shapes))
        kept[:] = [one for one in kept if one.step != step]
        kept.append(KeptMoment(step, moment, epoch, sha256))

    def check(self, kept: list[KeptMoment]) -> None:
        """Raises `RunCorrupt` where a file is not what was written: at the start of what would be lost at its end."""
        for one in kept:
            self._writer.read_film_part(one.step, one.sha256)

    def gathered(self, kept: list[KeptMoment]) -> dict[str, NDArray[Any]]:
        """As the run folder has them."""
        parts = [self._writer.read_film_part(one.step, one.sha256) for one in kept]
        return stacked([one.moment for one in kept], [one.epoch for one in kept], parts)


def evenly(steps: tuple[int, ...], n: int) -> frozenset[int]:
    """n of them spread evenly, the first and the last among them; a single one is the last."""
    if n < 2:
        return frozenset(steps[len(steps) - n :])
    return frozenset(steps[i] for i in np.linspace(0, len(steps) - 1, min(n, len(steps))).round().astype(int))

"""What does a person see of a training while it goes on? One file, written anew about every second: `trainer.runs.live` reads it.

It holds the codes of the film's images, both terms of their bound, the KL of every dimension and the decoder of this moment. Nothing
of it changes what is learned.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.datasets import Dataset
from trainer.metrics.collapse import kl_per_dim
from trainer.metrics.evaluate import bound_terms, encode_all, seeded
from trainer.models.networks import decoder_parameter_shapes
from trainer.models.torch_engine import Vae
from trainer.runs.film_weights import as_half
from trainer.runs.live import Live, write_live
from trainer.training.checkpoint import Row
from trainer.training.inputs import HELD_OUT
from trainer.training.schedules import Setting
from trainer.training.snapshots import Snapshots

EVERY_S = 1.0
EPOCH_S = 0.25  # the end of an epoch is shown sooner
LEAST_REST = 10  # so many times as long as one took nothing is taken: at most a tenth of the time goes into it


class Watch:
    """Writes how far a training is, where somebody wants to see it."""

    def __init__(
        self,
        path: Path | None,
        model: Vae,
        dataset: Dataset,
        film: Snapshots,
        n_steps: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """path: None where nobody looks; clock: in seconds."""
        self._path, self._model, self._dataset, self._n_steps, self._clock = path, model, dataset, n_steps, clock
        self._images, self._labels, self._index = film.images, film.labels, film.index
        self._shapes = decoder_parameter_shapes(model.config, model.image_shape, model.n_classes)
        self._taken, self._took = -float("inf"), 0.0

    @property
    def is_on(self) -> bool:
        """Whether anybody looks."""
        return self._path is not None

    def after(self, step: int, epoch: float, setting: Setting, history: list[Row], is_marked: bool) -> None:
        """Takes the state after a step, if enough time went by. is_marked: an epoch ends here; the last one is always taken."""
        if self._path is None:
            return
        now = self._clock()
        rest = max(EPOCH_S if is_marked else EVERY_S, LEAST_REST * self._took)
        if now - self._taken < rest and (step < self._n_steps or not is_marked):
            return
        write_live(self._path, self._state(step, epoch, setting, history))
        self._taken = self._clock()
        self._took = self._taken - now

    def _state(self, step: int, epoch: float, setting: Setting, history: list[Row]) -> Live:
        model, config = self._model, self._model.config
        nll, mu, logvar = bound_terms(model, self._images, config.binarise, seeded(config.seed, HELD_OUT), self._labels)
        codes = encode_all(model, self._images, self._labels)[0] if config.binarise else mu  # of grey images, as the film has them
        kl = np.zeros(0) if config.is_deterministic else kl_per_dim(mu, logvar)
        weights: dict[str, NDArray[Any]] = {name: value.cpu().numpy() for name, value in model.state_dict().items()}
        return Live(
            config=config,
            image_shape=model.image_shape,
            class_names=self._dataset.class_names,
            step=step,
            n_steps=self._n_steps,
            epoch=epoch,
            beta=setting.beta,
            learning_rate=setting.learning_rate,
            reconstruction=float(nll.mean()),
            kl=float(kl.sum()),
            history=tuple(history),
            kl_per_dim=kl.astype(np.float32),
            mu=codes.astype(np.float16),
            label=np.full(len(mu), -1) if self._labels is None else self._labels.astype(np.int64),
            index=self._index,
            weights={name: half.astype(np.float32) for name, half in as_half(weights, self._shapes).items()},
        )

"""How do the codes move while a model is trained? The same test images, encoded at some moments of the training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.datasets import Split
from trainer.metrics.evaluate import encode_all
from trainer.models.torch_engine import Vae
from trainer.training.checkpoint import Progress
from trainer.training.inputs import seeded_choice

SNAPSHOT_IMAGES = 2000
SNAPSHOTS = 40


def snapshot_steps(n_steps: int, n_snapshots: int = SNAPSHOTS) -> frozenset[int]:
    """The steps (from 1) after which the codes are kept: dense at the start, where everything moves; the last always; of 0 none."""
    if n_snapshots == 0:
        return frozenset()
    if n_steps <= n_snapshots:
        return frozenset(range(1, n_steps + 1))
    early = np.linspace(0, 1, n_snapshots)[1:] ** 2 * n_steps
    return frozenset(np.maximum(1, np.round(early)).astype(int).tolist())


class Snapshots:
    """Which images are encoded, and when."""

    def __init__(self, test: Split, seed: int, n_steps: int, n_snapshots: int = SNAPSHOTS) -> None:
        self.steps = snapshot_steps(n_steps, n_snapshots)
        self.chosen = np.sort(seeded_choice(seed, len(test.index), SNAPSHOT_IMAGES))
        self._test = test

    @property
    def images(self) -> NDArray[np.uint8]:
        """(M, C, H, W)."""
        return self._test.images[self.chosen]

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(M,)."""
        return None if self._test.labels is None else self._test.labels[self.chosen]

    @property
    def index(self) -> NDArray[np.int64]:
        """(M,): their places in the data set."""
        return self._test.index[self.chosen]

    def take(self, model: Vae, progress: Progress, epoch: float) -> None:
        """Adds the codes as they are now; a fraction of an epoch counts."""
        mu, _ = encode_all(model, self.images, self.labels)
        progress.snapshot_mu.append(mu)
        progress.snapshot_epoch.append(epoch)

    @staticmethod
    def drop_last(progress: Progress) -> None:
        """Removes the last one, if there is one, for weights that were changed after it."""
        del progress.snapshot_mu[-1:], progress.snapshot_epoch[-1:]

    def arrays(self, progress: Progress) -> dict[str, NDArray[Any]]:
        """As the run folder has them."""
        labels = np.full(len(self.chosen), -1) if self.labels is None else self.labels
        return {
            "mu": np.stack(progress.snapshot_mu).astype(np.float16),
            "epoch": np.array(progress.snapshot_epoch, np.float32),
            "label": labels.astype(np.int64),
            "index": self.index,
        }

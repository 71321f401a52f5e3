"""Was a model trained for too long? From the history of its training, which evaluates training and test images after every epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

FEWEST_EPOCHS = 10  # fewer say nothing of a course
SMOOTHED = 20  # a mean over a twentieth of the epochs is compared, for single ones differ by their draws of z
LEAST_RISE = 1.0  # nats; no training of the shipped runs, which end well, is above .5
LEAST_SHARE = 0.05  # of what the loss had fallen by: of large pictures a nat is nothing
WORTH_IT = 0.9  # of the epochs: to train again for nearly as many would change little


class Overfitting(BaseModel):
    """How the loss, reconstruction + β KL, went on images that were not learned from, while it fell on those that were."""

    model_config = ConfigDict(frozen=True)
    epoch: int = Field(description="after which that loss was lowest, the middle of the epochs that were averaged")
    rise: float = Field(description="nats by which it is higher at the end, a mean over as many epochs")
    epochs: int | None = Field(
        None,
        description="of a training whose step size falls by the same schedule, so many that its step sizes have the sum of those up to "
        "`epoch`: both have learned about as much; None where the history has no step sizes",
    )

    def fewer(self, n_epochs: int) -> int:
        """With how many epochs to train again instead of that number."""
        return self.epoch if self.epochs is None or self.epochs > WORTH_IT * n_epochs else self.epochs


def overfitting_of(
    history: Sequence[Mapping[str, float]], held_out: str = "test", width: int | None = None, mean_rate: float | None = None
) -> Overfitting | None:
    """Whether the loss on images held out rose while that on training images fell; None where it did not, or where that is not known.

    history: the rows of history.csv. Of every epoch the loss has the last one's β, whatever was the weight while it was trained: under
    another weight it is another quantity. held_out: the split, test or validation; whichever it is has chosen the epoch, so that a model
    stopped there is judged by it a little too well. width: of how many epochs means are compared; without it a twentieth of them.
    mean_rate: the step size, a mean over the whole training, where the history is not that of all of it.
    """
    needed = {"train_reconstruction", f"{held_out}_reconstruction"}
    rows = [row for row in history if needed <= row.keys()]
    width = width or max(1, len(rows) // SMOOTHED)
    if len(rows) < max(FEWEST_EPOCHS, width) or len(rows) < len(history):
        return None
    train, other = (_smoothed(_losses(rows, split), width) for split in ("train", held_out))
    best = int(other.argmin())
    rise = float(other[-1] - other[best])
    lasts = min(_losses(rows, held_out)[-width:]) > other[best]  # a single epoch may rise by a whim of its steps
    if train[-1] >= train[best] or not lasts or rise < max(LEAST_RISE, LEAST_SHARE * float(other[0] - other[best])):
        return None
    middle = best + width // 2
    return Overfitting(epoch=int(rows[middle]["epoch"]), rise=round(rise, 3), epochs=_as_far(rows, middle + 1, mean_rate))


def _as_far(rows: Sequence[Mapping[str, float]], n: int, mean_rate: float | None) -> int | None:
    """`Overfitting.epochs` for the first n rows."""
    rates = [row.get("learning_rate", 0.0) for row in rows]
    mean = mean_rate or sum(rates) / len(rates)
    return max(1, round(sum(rates[:n]) / mean)) if mean > 0 and min(rates) > 0 else None


def _losses(rows: Sequence[Mapping[str, float]], split: str) -> list[float]:
    """(R,): under the last epoch's β; of a model without a posterior it is the reconstruction alone."""
    beta = rows[-1].get("beta", 1.0)
    return [row[f"{split}_reconstruction"] + beta * row.get(f"{split}_kl", 0.0) for row in rows]


def _smoothed(losses: Sequence[float], width: int) -> NDArray[np.float64]:
    """(R − width + 1,): means over so many epochs."""
    return np.asarray(sliding_window_view(np.asarray(losses, np.float64), width).mean(axis=1))

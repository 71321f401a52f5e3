"""Was a model trained for too long? From the history of its training, which evaluates training and test images after every epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

FEWEST_EPOCHS = 10  # of the last weight of the KL term: fewer say nothing of a course
SMOOTHED = 20  # a mean over a twentieth of the epochs is compared, for single ones differ by their draws of z
LEAST_RISE = 1.0  # nats; no training of the shipped runs, which end well, is above .5
LEAST_SHARE = 0.05  # of what the loss on test images had fallen by: of large pictures a nat is nothing


class Overfitting(BaseModel):
    """How the loss, reconstruction + β KL, went on images that were not learned from, while it fell on those that were."""

    model_config = ConfigDict(frozen=True)
    epoch: int = Field(description="after which the loss on test images was lowest, the middle of the epochs that were averaged")
    rise: float = Field(description="nats by which it is higher at the end, a mean over as many epochs")


def overfitting_of(history: Sequence[Mapping[str, float]]) -> Overfitting | None:
    """Whether the loss on test images rose while that on training images fell; None where it did not, or where that is not known.

    history: the rows of history.csv. The loss is that of the last epoch's β: under another weight it is another quantity. What chooses
    the epoch are the test images, so that a model stopped there is judged by them a little too well.
    """
    rows = [row for row in history if row.get("beta", 1.0) == history[-1].get("beta", 1.0)]
    if len(rows) < FEWEST_EPOCHS or not all({"train_reconstruction", "test_reconstruction"} <= row.keys() for row in rows):
        return None
    width = max(1, len(rows) // SMOOTHED)
    train, test = (_smoothed(rows, split, width) for split in ("train", "test"))
    best = int(test.argmin())
    rise = float(test[-1] - test[best])
    if train[-1] >= train[best] or rise < max(LEAST_RISE, LEAST_SHARE * float(test[0] - test[best])):
        return None
    return Overfitting(epoch=int(rows[best + width // 2]["epoch"]), rise=round(rise, 3))


def _smoothed(rows: Sequence[Mapping[str, float]], split: str, width: int) -> NDArray[np.float64]:
    """(R − width + 1,): means of the loss over so many epochs; of a model without a posterior it is the reconstruction alone."""
    loss = [row[f"{split}_reconstruction"] + row.get("beta", 1.0) * row.get(f"{split}_kl", 0.0) for row in rows]
    return np.asarray(sliding_window_view(np.asarray(loss, np.float64), width).mean(axis=1))

"""What is a picture that was chosen, and which class and codes does a run give it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.arrays import Picture
from explorer.pictures.preprocess import Step
from trainer.models.numpy_engine import Codes
from trainer.runs.read import Run


@dataclass(frozen=True)
class ChosenPicture:
    """A picture as the model sees it."""

    title: str
    x: NDArray[np.float32]
    """(C, H, W) in [0, 1]."""
    shown: Picture
    """What the person gave."""
    steps: tuple[Step, ...]
    """How one became the other."""
    is_original: bool = True
    """False where the data set is not here and the model's own reconstruction stands in, whose error would say nothing."""
    label: int | None = None
    """The class of a test image."""
    row: int | None = None
    """The number of a test image."""


@dataclass(frozen=True)
class UploadBatch:
    """Many uploads at once."""

    files: tuple[tuple[str, bytes], ...]
    """(name, bytes) each, archives among them."""


def codes_of(run: Run, picked: ChosenPicture, label: int | None) -> Codes:
    """What the encoder makes of a picture; of a test image of a run without one, what is stored."""
    if run.config.has_encoder or picked.row is None:
        return run.forward.encode(picked.x[None], None if label is None else [label])
    return Codes(run.encodings.mu[[picked.row]], run.encodings.logvar[[picked.row]])


def class_of(run: Run, picked: ChosenPicture) -> int | None:
    """The class under which a picture is encoded: its own, or, where it has none, the model's most probable. None: a model without."""
    if not run.config.is_conditional:
        return None
    return int(run.forward.label_of(picked.x[None])[0]) if picked.label is None else picked.label

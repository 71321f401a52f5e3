"""Which images can a model be trained on? Every data set, built in or a person's own folder, as the same frozen record.

dataset = load_dataset("digits")
part = dataset.subset("test")          # part.images (n, C, H, W) uint8, part.labels, part.factors, part.index
"""

from trainer.datasets.catalogue import (
    Availability,
    PianoRoll,
    absolute_name,
    availability,
    dataset_names,
    is_built_in,
    load_dataset,
    names_with_factors,
    piano_roll,
    with_held_out,
)
from trainer.datasets.dataset import Dataset, Split

__all__ = [
    "Availability",
    "Dataset",
    "PianoRoll",
    "Split",
    "absolute_name",
    "availability",
    "dataset_names",
    "is_built_in",
    "load_dataset",
    "names_with_factors",
    "piano_roll",
    "with_held_out",
]

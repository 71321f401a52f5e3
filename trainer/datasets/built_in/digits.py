"""Which real handwriting is always there? scikit-learn's 1797 digits of 8 × 8 pixels: no download, the default.

E. Alpaydin and C. Kaynak's "Optical Recognition of Handwritten Digits" (UCI, 1998): 32 × 32 scans, black pixels counted
in blocks of 4 × 4, so that a pixel is 0..16.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.dataset import SPLITS, Dataset, unit_hash

NAME = "digits"
N_IMAGES = 1797
IMAGE_SHAPE = (1, 8, 8)
CLASS_NAMES = tuple("0123456789")
LICENCE = "CC BY 4.0 (UCI Optical Recognition of Handwritten Digits, via scikit-learn)"
DESCRIPTION = "1797 handwritten digits, 8 × 8, grey; comes with scikit-learn"

SHARES = {"validation": 0.1, "test": 0.3}  # of every class; the rest is for training
SPLIT_SEED = "latent-atlas/digits/1"


@lru_cache(maxsize=1)
def load_digits() -> Dataset:
    """All 1797 digits; pixels 0..16 become 0..255. PackageNotFoundError where scikit-learn is not installed."""
    with gzip.open(_table(), "rt", encoding="ascii") as file:
        table = np.loadtxt(file, delimiter=",")
    labels = table[:, -1].astype(np.int64)
    images = np.rint(table[:, :-1].reshape(-1, *IMAGE_SHAPE) * (255 / 16)).astype(np.uint8)
    return Dataset(
        name=NAME,
        images=images,
        labels=labels,
        class_names=CLASS_NAMES,
        factors=None,
        factor_names=(),
        splits=_stratified(labels),
        licence=LICENCE,
    )


def are_here() -> bool:
    """Whether there is something to load."""
    try:
        return _table().is_file()
    except PackageNotFoundError:
        return False


def _table() -> Path:
    """Where the installed scikit-learn keeps the digits: importing it takes seconds and is not needed for that.

    It is found by what is installed and not by who answers to `import sklearn`, which beside somebody's model may be a file of theirs.
    """
    return Path(str(distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")))


def _stratified(labels: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """60 / 10 / 30 of every class, in the order of a hash: it is the same with every version of numpy."""
    chosen: dict[str, list[int]] = {name: [] for name in SPLITS}
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        members.sort(key=lambda i: unit_hash(f"{SPLIT_SEED}/{i}"))
        n_validation, n_test = (round(len(members) * SHARES[name]) for name in ("validation", "test"))
        chosen["validation"] += members[:n_validation]
        chosen["test"] += members[n_validation : n_validation + n_test]
        chosen["train"] += members[n_validation + n_test :]
    return {name: np.array(sorted(members), dtype=np.int64) for name, members in chosen.items()}

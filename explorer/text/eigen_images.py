"""Do two linear models span the same subspace? One sentence, no more than angles and errors decide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.numerals import number, percent

SAME_DEGREES = 5.0  # of a trained model, whose last components differ by little from the next ones


def same_subspace_sentence(angles: NDArray[np.float64], n_first: int, n_second: int, errors: Sequence[tuple[str, float]]) -> str:
    """angles: principal angles, degrees, smallest first; errors: squared error of each by name, empty where the images are not here."""
    largest = float(angles[-1])
    if largest < SAME_DEGREES:
        span = "the same subspace" if n_first == n_second else "subspaces of which one holds the other"
        start = f"Both span {span}: the largest of {len(angles)} angles between them is {number(largest)}°"
    else:
        near = float(np.mean(angles < SAME_DEGREES))
        start = (
            f"The subspaces differ: {percent(near)} of {len(angles)} angles between them are below {number(SAME_DEGREES, 0)}°, "
            f"the largest is {number(largest, 1)}°"
        )
    known = [f"{number(error, 3)} of {name}" for name, error in errors]
    return f"{start}; squared error per test image: {', '.join(known)}." if known else f"{start}."

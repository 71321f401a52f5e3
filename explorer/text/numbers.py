"""How are numbers written that `trainer.numerals` knows nothing of: lists of them, those of a run's codes, and what is no number?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.numerals import decimals, number

SPREAD, LOOKED_AT = 6, 10_000  # nearly all of a Gaussian lies within six standard deviations; of more codes a part tells


def code_decimals(mu: NDArray[np.float32]) -> int:
    """Decimals of the numbers of a run's codes mu (N, K), by how widely they are spread; `frontend/src/data/run-on-map.ts` counts the same
    way."""
    some = mu[:: max(1, len(mu) // LOOKED_AT)].astype(float)
    return decimals(SPREAD * float(some.std(axis=0).max(initial=0))) if len(some) else decimals(0)


def number_list(values: Sequence[float] | NDArray[np.float32], at_most: int = 8, digits: int = 2) -> str:
    """(0.41, −1.20, …)."""
    shown = ", ".join(number(float(value), digits) for value in list(values)[:at_most])
    return f"({shown}{', …' if len(values) > at_most else ''})"


def left_out(n_lost: int, n: int, thing: str) -> str:
    """“1 of the 3 pins in the link is left out”, the beginning of a sentence."""
    if n == 1:
        return f"The {thing} in the link is left out"
    if n_lost == n:
        return f"All {n} {thing}s in the link are left out"
    return f"{n_lost} of the {n} {thing}s in the link {'is' if n_lost == 1 else 'are'} left out"


def format_number(value: float, digits: int = 1) -> str:
    """With one digit, and in words what is no number."""
    return number(value, digits) if math.isfinite(value) else "not finite"

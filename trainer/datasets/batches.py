"""Which rows of a batch does one process work on, when several train one model?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rows:
    """One process's rows of a batch."""

    n: int
    """images of the whole batch"""
    start: int
    """the first row"""
    stop: int
    """one after the last row"""
    weight: float
    """what the mean over these rows counts in the mean over processes; the weights of all processes add up to their number"""

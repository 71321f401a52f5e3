"""What is a pin to Python outside the app?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """A kept code z (K,). map: its place on the map that is shown · support in [0, 1]: how many encoded images are around
    it, see trainer.maps.support.

    name: what the person calls it, or nothing.
    """

    z: tuple[float, ...]
    map: tuple[float, float]
    support: float
    name: str = ""

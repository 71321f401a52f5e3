"""What is a pin to Python outside the app?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """A pinned code, as Python outside the app has it."""

    z: tuple[float, ...]
    """The latent code, (K,)."""
    map: tuple[float, float]
    """Its place on the map that is shown."""
    support: float
    """How many encoded images are around it, in [0, 1], see `trainer.maps.support`."""
    name: str = ""
    """What the person calls it, or nothing."""

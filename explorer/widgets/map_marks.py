"""Where are pins and other codes on a map?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.session.load import State
from explorer.session.pins import pin_letter
from explorer.surface.schema import (
    Ellipse,
    MarkerRecord,
    PinRecord,
    Point,
)
from trainer.maps.projection import Projection
from trainer.runs.read import Run

Floats = NDArray[np.float32]


def pins_shown(now: State, run: Run, projection: Projection) -> list[PinRecord]:
    """The visitor's pins with their places on this map."""
    places = [pin.place if pin.place and pin.on == projection.name else place_of(pin.z, run, projection) for pin in now.pins]
    return [PinRecord(pin_letter(i), place, pin.z, pin.name) for i, (pin, place) in enumerate(zip(now.pins, places, strict=True))]


def place_of(code: Sequence[float] | Floats, run: Run, projection: Projection) -> Point:
    """Where a code is on the map."""
    x, y = projection.to_map(np.asarray([code], np.float32), run.encodings.mu)[0].tolist()
    return x, y


def marked(name: str, code: Sequence[float] | Floats, run: Run, projection: Projection, std: Floats | None = None) -> MarkerRecord:
    """A code with its place on the map; `std` (K,) adds the 1σ ellipse where the map is the latent plane."""
    ellipse = Ellipse(float(std[0]), float(std[1])) if std is not None and projection.kind == "identity" else None
    return MarkerRecord(name, place_of(code, run, projection), tuple(float(value) for value in code), ellipse)

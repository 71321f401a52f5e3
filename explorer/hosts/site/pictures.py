"""What does a run look like in the list of a site? Its first map, small, as two files: for a light and for a dark page."""

from __future__ import annotations

import base64

from explorer.hosts.site.parts import Files, add_file
from explorer.pictures.map_picture import map_picture
from trainer.runs.read import Run

LEAST_SEEN = 2.0
"""Of the plane of codes: from one standard deviation of the prior below its mean to one above."""


def add_pictures(files: Files, run: Run) -> tuple[str, str]:
    """Their paths."""
    shown = next(iter(run.projections.values()))
    has_prior = shown.kind != "lattice" and not run.config.is_deterministic  # its unit is the prior's standard deviation
    least = LEAST_SEEN if has_prior else 0.0
    light, dark = (
        add_file(files, "pictures", f"{run.id}.{look}", "png", _png(map_picture(shown.points, run.encodings.label, is_dark, least)))
        for look, is_dark in (("light", False), ("dark", True))
    )
    return light, dark


def _png(address: str) -> bytes:
    """The bytes of a picture's data: address."""
    return base64.b64decode(address.partition(",")[2])

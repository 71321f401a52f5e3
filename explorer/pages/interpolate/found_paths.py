"""Which paths are there, through the stops or along a line that was drawn by hand?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explorer.cache.paths import DecodedPath, decoded_line, decoded_path, geodesics
from explorer.pages.interpolate.settings import PathSettings
from explorer.session.stops import Drawn, Stop
from explorer.widgets.class_chooser import chosen_label
from trainer.latent.paths import FORMULAS, even_line
from trainer.maps.projection import Projection
from trainer.runs.read import Run

DRAWN = "drawn"
N_DRAWN = 121  # frames of a path drawn by hand


@dataclass(frozen=True)
class FoundPaths:
    """The paths of every kind that is known."""

    paths: Mapping[str, DecodedPath]
    """By kind, or `DRAWN` alone for a line that was drawn by hand."""
    kind: str
    """Of the one that plays."""
    ends: tuple[str, str] = ("", "")
    """Names of the stops at its ends; none for a line that was drawn by hand."""
    is_waiting: bool = False
    """Whether a geodesic is still being computed."""

    @property
    def played(self) -> DecodedPath:
        """The one that plays."""
        return self.paths[self.kind]


def paths_between(run: Run, stops: Sequence[Stop], settings: PathSettings) -> FoundPaths:
    """Every kind that is known; a geodesic that is not plays as the first of the others meanwhile."""
    found: dict[str, DecodedPath] = {kind: decoded_path(run.id, settings.walk(stops, kind)) for kind in FORMULAS}
    walk = settings.walk(stops, "geodesic")
    known = geodesics(run.id, walk)
    if known.ways is not None:
        found["geodesic"] = decoded_path(run.id, walk, known.ways)
    kind = settings.kind if settings.kind in found else FORMULAS[0]
    ends = (stops[0].name, stops[0 if settings.is_loop else -1].name)
    return FoundPaths(found, kind, ends, is_waiting=known.ways is None)


def path_along(run: Run, projection: Projection, line: Drawn) -> FoundPaths:
    """The codes of a line that was drawn by hand, evenly along it."""
    codes = even_line(projection.to_latent(even_line(line.places, N_DRAWN)), N_DRAWN)
    return FoundPaths({DRAWN: decoded_line(run.id, chosen_label(run), tuple(map(tuple, codes.tolist())))}, DRAWN)

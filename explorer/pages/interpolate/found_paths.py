"""Which paths are there, through the stops or along a line that was drawn by hand?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explorer.cache.paths import DecodedPath, Ways, decoded_line, decoded_path, geodesics, is_tabulated, legs_of
from explorer.pages.interpolate.settings import PathSettings
from explorer.session.path_link import Drawn, Stop
from explorer.session.ways import way_along
from explorer.surface.schema import LegRecord
from explorer.widgets.class_chooser import chosen_label
from trainer.latent.paths import FORMULAS, LatentPath, even_line
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
    """Whether the server is still computing a geodesic."""
    missing: tuple[LegRecord, ...] = ()
    """Legs whose geodesic the page is to find."""
    is_meanwhile: bool = False
    """Whether the one that plays stands in for a geodesic."""

    @property
    def played(self) -> DecodedPath:
        """The one that plays."""
        return self.paths[self.kind]


def paths_between(run: Run, stops: Sequence[Stop], settings: PathSettings) -> FoundPaths:
    """Every kind that is known; a geodesic that is not plays as the first of the others meanwhile."""
    found: dict[str, DecodedPath] = {kind: decoded_path(run.id, settings.walk(stops, kind)) for kind in FORMULAS}
    walk = settings.walk(stops, "geodesic")
    ways, missing = (geodesics(run.id, walk).ways, ()) if is_tabulated(run) else _from_page(run, walk)
    if ways is not None:
        found["geodesic"] = decoded_path(run.id, walk, ways)
    kind = settings.kind if settings.kind in found else FORMULAS[0]
    ends = (stops[0].name, stops[0 if settings.is_loop else -1].name)
    is_waiting = ways is None and not missing
    return FoundPaths(found, kind, ends, is_waiting, missing, is_meanwhile=kind != settings.kind)


def _from_page(run: Run, walk: LatentPath) -> tuple[Ways | None, tuple[LegRecord, ...]]:
    """The ways of all legs, or the legs that the page has not told yet."""
    legs = legs_of(run.id, walk)
    ways = [way_along(leg) for leg in legs]
    found = tuple(way for way in ways if way is not None and way.shape == (walk.n, walk.stops.shape[1]))
    missing = tuple(leg for leg, way in zip(legs, ways, strict=True) if way is None)
    return (found, ()) if len(found) == len(legs) else (None, missing or legs)


def path_along(run: Run, projection: Projection, line: Drawn) -> FoundPaths:
    """The codes of a line that was drawn by hand, evenly along it."""
    codes = even_line(projection.to_latent(even_line(line.places, N_DRAWN)), N_DRAWN)
    return FoundPaths({DRAWN: decoded_line(run.id, chosen_label(run), tuple(map(tuple, codes.tolist())))}, DRAWN)

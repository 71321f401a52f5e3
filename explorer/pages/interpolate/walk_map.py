"""How do the map and the walk belong together? A click becomes a stop, a line drawn by hand the path, and the path plays on the map."""

from __future__ import annotations

from explorer.pages.interpolate.stops import stops_of
from explorer.session import events
from explorer.session import stops as path_stops
from explorer.session.load import State
from explorer.session.path_link import Stop
from explorer.surface.schema import Options, PathRecord
from explorer.widgets.class_chooser import chosen_label
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import Axes
from explorer.widgets.map_marks import pins_shown
from trainer.maps.projection import Projection
from trainer.runs.read import Run

KEY = "interpolate-surface"


def stops_with_clicks(now: State, run: Run, projection: Projection, axes: Axes) -> tuple[Stop, ...]:
    """The stops of the walk, those among them that were clicked on the map since the last rerun."""
    path_stops.take(run.id, stops_of(now, run), events.surface_event(KEY), projection, axes, chosen_label(run))
    path_stops.sync_link(run.id, run.config.latent_dim)
    return stops_of(now, run)


def walk_map(now: State, run: Run, projection: Projection, axes: Axes, path: PathRecord | None = None) -> None:
    """The map, on which a line can be drawn and the path plays."""
    live_map(
        run.id,
        projection,
        axes,
        KEY,
        pins=pins_shown(now, run, projection),
        path=path,
        options=Options(hint=False, drawable=True),
        keeps=True,
    )

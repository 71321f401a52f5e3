"""How is the pad put on the page? The map, with the pad beside it."""

from __future__ import annotations

from explorer.cache.datasets import ground
from explorer.pictures.protocols import browser_protocol
from explorer.session import events
from explorer.session.load import State
from explorer.session.pins import sync_link
from explorer.surface.schema import Options
from explorer.widgets.live_map import live_map
from explorer.widgets.map_chooser import Axes
from explorer.widgets.map_marks import pins_shown
from trainer.maps.projection import Projection
from trainer.runs.read import Run

PAD_KEY = "pad-surface"


def show_pad(now: State, run: Run, projection: Projection, axes: Axes) -> None:
    """The map with the pad: all of it happens in the browser until the person hands the picture over."""
    now = events.take_pins(now, events.surface_event(PAD_KEY), projection)
    protocol = browser_protocol(run.info.dataset.name, ground(run.id))
    live_map(
        run.id,
        projection,
        axes,
        PAD_KEY,
        pins=pins_shown(now, run, projection),
        options=Options(hint=False, pad=protocol, pad_hands_over=True),
    )
    sync_link(now.run_id)

"""How does the browser get a map's arrays? Once: afterwards it has them, or knows where they are."""

from __future__ import annotations

from explorer.cache.maps import static_payload
from explorer.session import events
from explorer.surface.payload import reference, static_id, zipped
from explorer.surface.served import lasting_address_of
from explorer.widgets.class_chooser import chosen_label
from explorer.widgets.map_chooser import Axes
from trainer.maps.projection import Projection
from trainer.runs.read import Run


def sent_map(run: Run, projection: Projection, axes: Axes, key: str, keeps: bool) -> bytes:
    """The static part of the payload: what the browser has is only named, of what it can fetch the address is said, the rest is sent whole.

    key: of the surface · keeps: what it was given in an earlier rerun counts as there, unless it asks
    """
    static = static_payload(run.id, projection.name, axes, chosen_label(run))
    map_id = static_id(static)
    events.remember_map(map_id, run.id, projection)
    if events.browser_shows(key, map_id) or (keeps and events.browser_keeps(key, map_id)):
        return reference(static)
    address = "" if events.browser_wants(key) else lasting_address_of((map_id,), "application/gzip", lambda: zipped(static))
    return reference(static, address) if address else static

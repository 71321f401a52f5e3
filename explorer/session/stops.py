"""Where does this visitor's walk lead, run by run? Its stops and the line drawn by hand, kept as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from explorer.session import events, link
from explorer.session.load import say
from explorer.session.path_link import (
    FAR,
    MAX_DRAWN,
    MAX_NAME,
    MAX_STOPS,
    Drawn,
    drawn_text,
    fits,
    linked_line,
    linked_stops,
    stops_text,
)
from explorer.session.path_link import Stop as Stop
from explorer.session.ways import take_ways
from explorer.text.escape import shortened
from explorer.text.numbers import left_out, number_list
from trainer.maps.projection import Projection


def chosen(run_id: str, n_dims: int) -> tuple[Stop, ...] | None:
    """The stops that the visitor chose; None before anything was changed, and where the run has become another one."""
    stored = _all().get(run_id)
    stops = None if stored is None else tuple(Stop(name, tuple(z), *label) for name, z, *label in stored)
    return None if stops is None or any(len(stop.z) != n_dims for stop in stops) else stops


def is_full(stops: Sequence[Stop]) -> bool:
    """Whether there is room for no other."""
    return len(stops) >= MAX_STOPS


def put(run_id: str, stops: Sequence[Stop], stop: Stop, instead_of: int | None = None) -> None:
    """The stop at the end of `stops`, or in place of one of them; beyond the most that are kept nothing happens."""
    if instead_of is not None and instead_of < len(stops):
        _write(run_id, [*stops[:instead_of], stop, *stops[instead_of + 1 :]])
    elif len(stops) < MAX_STOPS:
        _write(run_id, [*stops, stop])


def move(run_id: str, stops: Sequence[Stop], i: int, by: int) -> None:
    """Stop i changes places with the one before (by −1) or after it (by 1)."""
    order = list(stops)
    if 0 <= i < len(order) and 0 <= i + by < len(order):
        order[i], order[i + by] = order[i + by], order[i]
        _write(run_id, order)


def drop(run_id: str, stops: Sequence[Stop], i: int) -> None:
    _write(run_id, [*stops[:i], *stops[i + 1 :]])


def turn_round(run_id: str, stops: Sequence[Stop]) -> None:
    _write(run_id, list(reversed(stops)))


def start_over(run_id: str) -> None:
    """Back to what is offered before anything was chosen; the line drawn by hand goes too."""
    st.session_state["stops"] = {name: stops for name, stops in _all().items() if name != run_id}
    forget_drawn(run_id)


def _all() -> dict[str, Any]:
    return dict(st.session_state.get("stops", {}))


def _write(run_id: str, stops: Sequence[Stop]) -> None:
    plain = [[shortened(stop.name, MAX_NAME), [float(value) for value in stop.z], stop.label] for stop in stops]
    st.session_state["stops"] = {**_all(), run_id: plain}


# --- the link


def read_link(run_id: str, n_dims: int) -> None:
    """The stops and the line are the link's: in a page that was just opened, and after Back or Forward."""
    text, drawn = ((link.asked(name) or "") if link.speaks_of(run_id) else "" for name in ("stops", "drawn"))
    stops = linked_stops(text, n_dims)
    if stops:
        _write(run_id, stops)
    elif fits(chosen(run_id, n_dims) or ()):
        st.session_state["stops"] = {name: kept for name, kept in _all().items() if name != run_id}
    n_asked = len(text.split("~")) if text else 0
    if n_asked > len(stops):
        lost = left_out(n_asked - len(stops), n_asked, "stop")
        say(f"{lost}: {run_id} takes up to {MAX_STOPS} stops of {n_dims} numbers.")
    line = linked_line(drawn)
    forget_drawn(run_id)
    if line is not None:
        _keep_line(run_id, line)
    elif drawn:
        say("The drawn path in the link is damaged and left out; the rest is shown.")


def sync_link(run_id: str, n_dims: int) -> None:
    """Writes stops that were chosen and a line that was drawn into the link."""
    line = _line(run_id)
    link.write("stops", stops_text(chosen(run_id, n_dims) or ()))
    link.write("drawn", drawn_text(line) if line else "")


def leave() -> None:
    """Another view's link says nothing of a path."""
    for name in ("stops", "drawn"):
        link.write(name, "")


# --- a line drawn by hand on a map


def take(
    run_id: str,
    stops: Sequence[Stop],
    event: Mapping[str, Any] | None,
    projection: Projection,
    axes: tuple[int, int] | None,
    label: int | None = None,
) -> None:
    """What was done on the map: a click puts a stop at the end, a line that was drawn is kept, and a geodesic that the page found. Each
    event counts once.

    label: the class as which the picture under the cursor was decoded. All but moderate places is nothing.
    """
    on = projection.name
    for one in events.fresh_events(event, run_id, projection):
        pin = None if "edit" in one else events.made_pin(one, projection)
        if pin is not None:
            forget_drawn(run_id)
            put(run_id, stops, Stop(f"map point {number_list(pin.z, at_most=2)}", pin.z, label))
            stops = chosen(run_id, len(pin.z)) or stops
        match one.get("edit"):
            case {"kind": "drawn", "places": [_, _, *_] as places} if len(places) <= MAX_DRAWN:
                found = [_place(place) for place in places]
                if None not in found:
                    _keep_line(run_id, Drawn(tuple(place for place in found if place), on, axes))
            case {"kind": "geodesic", "ways": [*ways]}:
                take_ways(ways)


def drawn(run_id: str, on: str, axes: tuple[int, int] | None) -> Drawn | None:
    """The line of that map, if one was drawn: a place means something else on another."""
    line = _line(run_id)
    return line if line is not None and (line.on, line.axes) == (on, axes) else None


def _line(run_id: str) -> Drawn | None:
    stored = _lines().get(run_id)
    if stored is None:
        return None
    places, on, axes = stored
    return Drawn(tuple((x, y) for x, y in places), on, axes and tuple(axes))


def _keep_line(run_id: str, line: Drawn) -> None:
    plain = [[list(place) for place in line.places], line.on, line.axes and list(line.axes)]
    st.session_state["drawn"] = {**_lines(), run_id: plain}


def forget_drawn(run_id: str) -> None:
    st.session_state["drawn"] = {name: line for name, line in _lines().items() if name != run_id}


def _lines() -> dict[str, Any]:
    return dict(st.session_state.get("drawn", {}))


def _place(place: object) -> tuple[float, float] | None:
    match place:
        case [int() | float() as x, int() | float() as y] if abs(x) < FAR and abs(y) < FAR:
            return float(x), float(y)
    return None

"""Where does this visitor's walk lead, run by run? Its stops and the line drawn by hand, kept as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.session import events
from explorer.session.ways import take_ways
from explorer.text.escape import shortened
from explorer.text.numbers import number_list
from trainer.maps.projection import Projection

MAX_STOPS = 12
MAX_NAME = 60  # letters
MAX_DRAWN = 400  # places of a line drawn by hand
FAR = 1e3  # no place is that far out; a larger number is a mistake


@dataclass(frozen=True)
class Stop:
    """A code that the path goes through."""

    name: str
    """What it is called; not yet Markdown."""
    z: tuple[float, ...]
    """(K,)."""
    label: int | None = None
    """The class as which a class-conditional model decodes it; None: as the class that is chosen on the page."""


def chosen(run_id: str, n_dims: int) -> tuple[Stop, ...] | None:
    """The stops that the visitor chose; None before anything was changed, and where the run has become another one."""
    stored = _all().get(run_id)
    stops = None if stored is None else tuple(Stop(name, tuple(z), *label) for name, z, *label in stored)
    return None if stops is None or any(len(stop.z) != n_dims for stop in stops) else stops


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


# --- a line drawn by hand on a map


@dataclass(frozen=True)
class Drawn:
    """Places (T, 2) on the map of that name, and the two axes that it showed, where it has them."""

    places: tuple[tuple[float, float], ...]
    on: str
    axes: tuple[int, int] | None = None


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
    for one in events.fresh_events(event):
        pin = None if "edit" in one else events.made_pin(one, projection)
        if pin is not None:
            forget_drawn(run_id)
            put(run_id, stops, Stop(f"map point {number_list(pin.z, at_most=2)}", pin.z, label))
            stops = chosen(run_id, len(pin.z)) or stops
        match one.get("edit"):
            case {"kind": "drawn", "places": [_, _, *_] as places} if len(places) <= MAX_DRAWN:
                found = [_place(place) for place in places]
                if None not in found:
                    st.session_state["drawn"] = {**_lines(), run_id: [found, on, axes]}
            case {"kind": "geodesic", "ways": [*ways]}:
                take_ways(ways)


def drawn(run_id: str, on: str, axes: tuple[int, int] | None) -> Drawn | None:
    """The line of that map, if one was drawn: a place means something else on another."""
    stored = _lines().get(run_id)
    if stored is None or stored[1:] != [on, axes]:
        return None
    return Drawn(tuple((x, y) for x, y in stored[0]), on, axes)


def forget_drawn(run_id: str) -> None:
    st.session_state["drawn"] = {name: line for name, line in _lines().items() if name != run_id}


def _lines() -> dict[str, Any]:
    return dict(st.session_state.get("drawn", {}))


def _place(place: object) -> tuple[float, float] | None:
    match place:
        case [int() | float() as x, int() | float() as y] if math.isfinite(x) and math.isfinite(y) and max(abs(x), abs(y)) < FAR:
            return float(x), float(y)
    return None

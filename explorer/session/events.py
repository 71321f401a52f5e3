"""What did the surface in the browser send, and what of it was counted already?

The browser sends an event again until its name is among those that were counted, because a rerun may overtake another one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from explorer.session import link
from explorer.session.load import State, say
from explorer.session.pins import FAR, Code, Pin, add_pin, edit_pins, pins_of, rounded
from explorer.surface.schema import MAX_PINS, MAX_TAKEN
from trainer.maps.projection import Projection

MAX_MAPS = 32
"""So many of the maps that a browser was given are known by name."""
MAX_EVENTS, MAX_NONCE = 256, 64
"""Of one message, and letters of an event's name: nobody clicks faster."""


def sent(key: str, name: str) -> object:
    """What the surface of that key sent for this rerun under that name, or None."""
    component = st.session_state.get(key)
    return component.get(name) if isinstance(component, Mapping) else getattr(component, name, None)


def surface_event(key: str) -> Mapping[str, Any] | None:
    """What was done on the map of the surface of that key: {map, z, how, support, nonce}, or None."""
    event = sent(key, "pin")
    return event if isinstance(event, Mapping) else None


def fresh_events(event: Mapping[str, Any] | None, run_id: str, projection: Projection) -> list[Mapping[str, Any]]:
    """What the surface sent for that run and map and was not counted yet; from now on it is.

    A click and a change of the run may arrive together: what was done on another run counts nowhere. On another map of this run, which the
    page shows until the new one is there, a place stands for the code that the browser saw at it.
    """
    if event is None or "want" in event:  # the browser lacks the map's arrays and only asked for this rerun
        return []
    sent_events = event.get("events", [event])
    events = sent_events[:MAX_EVENTS] if isinstance(sent_events, list | tuple) else []
    counted = set(counted_events())
    fresh = [e for e in events if isinstance(e, Mapping) and _nonce(e) not in counted]
    if fresh:
        st.session_state["taken"] = [*counted_events(), *map(_nonce, fresh)][-MAX_TAKEN:]
    of, here = st.session_state.get("maps", {}).get(str(event.get("mapId"))), _name_of(run_id, projection)
    if st.session_state.get("is-lost") or (of is not None and of[0] != run_id):
        return []
    return fresh if of in (None, here) else [_off_its_map(one) for one in fresh if not _is_drawn(one)]


def _nonce(event: Mapping[str, Any]) -> str:
    return str(event.get("nonce"))[:MAX_NONCE]


def _off_its_map(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """A pin by its code alone; an edit as it is."""
    return event if "edit" in event else {**event, "isOwnCode": True}


def _is_drawn(event: Mapping[str, Any]) -> bool:
    """Whether it is a path by hand, which means places of the map on which it was drawn."""
    edit = event.get("edit")
    return isinstance(edit, Mapping) and edit.get("kind") == "drawn"


def _name_of(run_id: str, projection: Projection) -> list[str]:
    """Of a map; the labels are other ones on every pair of axes."""
    return [run_id, projection.name, *projection.labels]


def counted_events() -> list[str]:
    """The last events that were counted, by the names that the browser gave them: it sends again what is not among them."""
    return list(st.session_state.get("taken", []))


# --- pins


def take_pins(state: State, event: Mapping[str, Any] | None, projection: Projection) -> State:
    """The state with what the surface sent: pins made, named, dropped, taken back. Each event counts once.

    Places are the browser's, codes are computed here, but for those that no place of the map stands for. Quick clicks arrive as one list,
    because reruns that follow each other closely are joined.
    """
    fresh = fresh_events(event, state.run_id, projection)
    if not fresh:
        return state
    for one in fresh:
        if "edit" in one:
            edit_pins(state.run_id, one["edit"])
        elif (pin := made_pin(one, projection)) is not None:
            add_pin(state.run_id, pin)  # the browser says it where there is no room
    return replace(state, pins=pins_of(state.run_id))


def add_code(run_id: str, code: Sequence[float]) -> None:
    """Pins a code that was not clicked but computed, such as that of an uploaded picture (a button's callback)."""
    if not add_pin(run_id, Pin(rounded(code))):
        say(f"{MAX_PINS} pins are the most. All are kept; remove one (✕ in the tab Pins), then pin again.")


def made_pin(event: Mapping[str, Any], projection: Projection) -> Pin | None:
    """A pin at the event's place, or of its own code where no place stands for it; None where it has neither."""
    if event.get("isOwnCode"):
        code = _sent_code(event.get("z"), projection)
        return None if code is None else Pin(code)
    place = sent_place(event)
    return None if place is None else _pin_at(place, projection)


def _sent_code(values: object, projection: Projection) -> Code | None:
    n_dims = projection.to_latent([(0.0, 0.0)]).shape[1]
    if not isinstance(values, list | tuple):
        return None
    try:
        code = tuple(float(value) for value in values)
    except (TypeError, ValueError, OverflowError):
        return None
    return rounded(code) if len(code) == n_dims and all(abs(value) < FAR for value in code) else None


def _pin_at(place: tuple[float, float], projection: Projection) -> Pin:
    code = rounded(projection.to_latent([place])[0])
    keeps_place = projection.kind == "lattice"
    return Pin(code, projection.name, (round(place[0], 4), round(place[1], 4))) if keeps_place else Pin(code)


def sent_place(event: Mapping[str, Any] | None) -> tuple[float, float] | None:
    """The map place of an event from the browser, if it is one."""
    try:
        x, y = (float(value) for value in (event or {})["map"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) and max(abs(x), abs(y)) < FAR else None


# --- which map the browser has already


def browser_shows(key: str, map_id: str) -> bool:
    """Whether this rerun was caused by a pin on the surface of that key while it showed that very map."""
    event = surface_event(key)
    return event is not None and event.get("mapId") == map_id


def browser_wants(key: str) -> bool:
    """Whether this rerun was caused by the surface of that key because it could not get its map otherwise."""
    event = surface_event(key)
    return event is not None and "want" in event


def browser_keeps(key: str, map_id: str) -> bool:
    """Whether the surface of that key was given that very map in an earlier rerun and does not ask for it again."""
    given = st.session_state.get("given", {})
    st.session_state["given"] = {**given, key: map_id}
    return given.get(key) == map_id and not browser_wants(key)


def remember_map(map_id: str, run_id: str, projection: Projection) -> None:
    """What the browser will call that map when it says what was done there."""
    others = [item for item in st.session_state.get("maps", {}).items() if item[0] != map_id]
    st.session_state["maps"] = dict([*others, (map_id, _name_of(run_id, projection))][-MAX_MAPS:])


def forget_all_given() -> None:
    """The surfaces of this view leave the page, and what they were given goes with them."""
    st.session_state.pop("given", None)


def forget_given(view: str) -> None:
    """The surfaces of another view are gone from the page, and what they were given with them; Back and Forward build a page anew."""
    if st.session_state.get("given-view") != view or link.came_back():
        st.session_state.pop("given", None)
    st.session_state["given-view"] = view

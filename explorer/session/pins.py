"""Which codes has this visitor pinned, what can be taken back, and what does the link say of them?

The session holds plain values only, because a class is redefined after an edit of the code and comparisons would fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from explorer.session import link
from explorer.surface.pin_link import FAR as FAR
from explorer.surface.pin_link import Code as Code
from explorer.surface.pin_link import Pin as Pin
from explorer.surface.pin_link import clean_name as clean_name
from explorer.surface.pin_link import parse_pins as parse_pins
from explorer.surface.pin_link import pin_text as pin_text
from explorer.surface.schema import MAX_PAST, MAX_PINS

MAX_URL_NUMBERS = 26 * 20  # all pins of a 20-D run: some 4000 letters, which every browser opens


def pin_letter(index: int) -> str:
    """A, B, C … of the pins."""
    return chr(ord("A") + index)


def pin_name(index: int, pin: Pin) -> str:
    """“Pin A”, or “Pin A, tall seven”; not yet Markdown."""
    return f"Pin {pin_letter(index)}, {pin.name}" if pin.name else f"Pin {pin_letter(index)}"


# --- what is pinned on a run


def pins_of(run_id: str) -> tuple[Pin, ...]:
    """The pins of a run in the order in which they were made."""
    return tuple(map(_pin_of, st.session_state.get("pins", {}).get(run_id, [])))


def linked_pins(run_id: str) -> list[str]:
    """What the link says of this run's pins, one text each, good or bad; also where the session has others."""
    return [part for part in (link.asked("pins") or "").split("~") if part] if link.speaks_of(run_id) else []


def write_pins(run_id: str, pins: Sequence[Pin]) -> None:
    """Puts them in place of those that are there, beside the steps that can be taken back."""
    st.session_state["pins"] = {**st.session_state.get("pins", {}), run_id: _plain(pins)}
    sync_link(run_id)


def read_link(run_id: str) -> None:
    """The pins are the link's: in a page that was just opened, and after Back or Forward.

    Where the session has others, that can be taken back; those that are too many for a link stay. Read at no other time: after a change of
    the run the link still says what was pinned on the run before.
    """
    pins = parse_pins(linked_pins(run_id))
    if run_id not in st.session_state.get("pins", {}):
        write_pins(run_id, pins)
    elif link.came_back() and (pins or _fits(pins_of(run_id))):
        change_pins(run_id, pins)


def sync_link(run_id: str) -> None:
    """Writes the pins of the shown run into the link; too many numbers for a link are left out."""
    pins = pins_of(run_id)
    link.write("pins", "~".join(map(pin_text, pins)) if _fits(pins) else "")


def _fits(pins: Sequence[Pin]) -> bool:
    """Whether a link has room for them."""
    return sum(len(pin.z) for pin in pins) <= MAX_URL_NUMBERS


def add_pin(run_id: str, pin: Pin) -> bool:
    """One more; False where there are `MAX_PINS` already, all of which stay."""
    pins = pins_of(run_id)
    has_room = len(pins) < MAX_PINS
    if has_room:
        change_pins(run_id, (*pins, pin))
    return has_room


def rounded(code: Iterable[float]) -> Code:
    """As many digits as a link carries, so that what is reloaded is what was shown."""
    return tuple(round(float(value), 4) for value in code)


def _plain(pins: Sequence[Pin]) -> list[Any]:
    """Plain values, as the session holds them."""
    return [[list(pin.z), pin.on, list(pin.place) if pin.place else None, pin.name] for pin in pins]


def _pin_of(plain: Sequence[Any]) -> Pin:
    z, on, place, *name = plain
    return Pin(tuple(z), on, tuple(place) if place else None, *name)


# --- changes, and taking them back


def edit_pins(run_id: str, edit: object) -> None:
    """What a person did to the pins that are there; anything else is nothing."""
    pins = pins_of(run_id)
    match edit:
        case {"kind": "drop", "index": int(i)} if 0 <= i < len(pins):
            change_pins(run_id, pins[:i] + pins[i + 1 :])
        case {"kind": "rename", "index": int(i), "name": str(name)} if 0 <= i < len(pins):
            change_pins(run_id, (*pins[:i], replace(pins[i], name=clean_name(name)), *pins[i + 1 :]))
        case {"kind": "clear"}:
            change_pins(run_id, ())
        case {"kind": "undo"}:
            _step(run_id, "past", "future")
        case {"kind": "redo"}:
            _step(run_id, "future", "past")


def can_undo(run_id: str) -> tuple[bool, bool]:
    """Whether a change to the pins can be taken back, and whether one that was taken back can be done again."""
    return bool(_steps("past", run_id)), bool(_steps("future", run_id))


def change_pins(run_id: str, pins: Sequence[Pin]) -> None:
    """Writes them; what was before can be had back."""
    before = pins_of(run_id)
    if tuple(pins) == before:
        return
    _write_steps("past", run_id, [*_steps("past", run_id), _plain(before)])
    _write_steps("future", run_id, [])
    write_pins(run_id, pins)


def _step(run_id: str, source: str, target: str) -> None:
    """Pins as they were at the last step of `source`; as they are now they go to `target`."""
    steps = _steps(source, run_id)
    if not steps:
        return
    _write_steps(target, run_id, [*_steps(target, run_id), _plain(pins_of(run_id))])
    _write_steps(source, run_id, steps[:-1])
    write_pins(run_id, tuple(map(_pin_of, steps[-1])))


def _steps(name: str, run_id: str) -> list[Any]:
    return list(st.session_state.get(name, {}).get(run_id, []))


def _write_steps(name: str, run_id: str, steps: list[Any]) -> None:
    st.session_state[name] = {**st.session_state.get(name, {}), run_id: steps[-MAX_PAST:]}

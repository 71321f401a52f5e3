"""What does this visitor look at, and which steps change it?

The one owner of `st.session_state` and `st.query_params`. A view gets a frozen `State` and calls the named steps below. What can be
shared by a link (run, view, map, pins) lives in the URL; the session holds plain values only, because a class is redefined after an
edit of the code and comparisons would fail.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

View = Literal["atlas", "reconstruct", "interpolate", "dimensions"]
VIEWS: tuple[View, ...] = ("atlas", "reconstruct", "interpolate", "dimensions")

MAX_PINS = 12
MAX_URL_NUMBERS = 160  # a link that mail programs do not cut
FAR = 1e3  # no code is that far from the prior; a larger number in a link is a mistake

Code = tuple[float, ...]


@dataclass(frozen=True)
class State:
    """One rerun's facts. pins: codes (K,) in the order in which they were made; the last is the current one."""

    run_id: str
    view: View
    pins: tuple[Code, ...]
    notice: str | None


def load(known: Mapping[str, int], default_run: str) -> State:
    """The state at the top of a rerun, given the latent dimension of every run.

    A run or view in the URL that is not there becomes a notice and the default; pins of another dimension are left out.
    """
    asked = {name: st.query_params.get(name) for name in ("run", "view")}
    notice = None
    if asked["run"] and asked["run"] not in known:
        notice = f"There is no run “{_shortened(asked['run'])}”. Showing {default_run} instead; the list above has all runs."
    elif asked["view"] and asked["view"] not in VIEWS:
        notice = f"There is no view “{_shortened(asked['view'])}”. Showing the atlas instead."
    if notice:
        st.session_state["notice"] = notice
    run_id = _chosen("run", list(known), default_run)
    view: View = _chosen("view", VIEWS, "atlas")  # type: ignore[assignment]
    pins = tuple(code for code in _pins(run_id) if len(code) == known[run_id])
    return State(run_id, view, pins, st.session_state.get("notice"))


def dismiss_notice() -> None:
    """The person has read it."""
    st.session_state.pop("notice", None)


def take_pin(state: State, event: Mapping[str, Any] | None, latent_dim: int, to_code: Any) -> State:
    """The state with a pin that the surface sent; each event counts once. `to_code` turns a place (2,) into a code (K,)."""
    place = _place(event)
    if event is None or place is None or event.get("nonce") == st.session_state.get("last_pin"):
        return state
    st.session_state["last_pin"] = event.get("nonce")
    code = tuple(round(float(value), 4) for value in to_code(place))
    if len(code) != latent_dim:
        return state
    return _with_pins(state, (*state.pins, code)[-MAX_PINS:])


def drop_pin(run_id: str, index: int) -> None:
    """Takes one pin away (a button's callback)."""
    pins = _pins(run_id)
    _write_pins(run_id, pins[:index] + pins[index + 1 :])


def clear_pins(run_id: str) -> None:
    """Takes all pins of a run away (a button's callback)."""
    _write_pins(run_id, ())


def add_code(run_id: str, code: Sequence[float]) -> None:
    """Pins a code that was not clicked but computed, such as that of an uploaded picture (a button's callback)."""
    _write_pins(run_id, (*_pins(run_id), tuple(round(float(value), 4) for value in code))[-MAX_PINS:])


def draws() -> int:
    """How often this visitor asked for fresh draws of z: the seed of the next."""
    return int(st.session_state.get("draws", 0))


def draw_again() -> None:
    st.session_state["draws"] = draws() + 1


def surface_event(key: str) -> Mapping[str, Any] | None:
    """What the surface of that key sent for this rerun: {map, z, how, support, nonce}, or None."""
    component = st.session_state.get(key)
    event = component.get("pin") if isinstance(component, Mapping) else getattr(component, "pin", None)
    return event if isinstance(event, Mapping) else None


def label(index: int) -> str:
    """A, B, C … of the pins."""
    return chr(ord("A") + index)


def _chosen(name: str, allowed: Sequence[str], default: str) -> str:
    """A bound widget's value if it was drawn before, else the URL's, else the default."""
    for value in (st.session_state.get(name), st.query_params.get(name)):
        if value in allowed:
            return str(value)
    return default


def _pins(run_id: str) -> tuple[Code, ...]:
    stored = st.session_state.get("pins", {})
    if run_id in stored:
        return tuple(tuple(code) for code in stored[run_id])
    return _parse_pins(st.query_params.get("pins", "")) if st.query_params.get("run", run_id) == run_id else ()


def _with_pins(state: State, pins: tuple[Code, ...]) -> State:
    _write_pins(state.run_id, pins)
    return State(state.run_id, state.view, pins, state.notice)


def _write_pins(run_id: str, pins: Sequence[Code]) -> None:
    st.session_state["pins"] = {**st.session_state.get("pins", {}), run_id: [list(code) for code in pins]}
    sync_url(run_id)


def sync_url(run_id: str) -> None:
    """Writes the pins of the shown run into the URL; too many numbers for a link are left out."""
    pins = _pins(run_id)
    text = "~".join("_".join(f"{value:g}" for value in code) for code in pins)
    if text and sum(map(len, pins)) <= MAX_URL_NUMBERS:
        if st.query_params.get("pins") != text:
            st.query_params["pins"] = text
    elif "pins" in st.query_params:
        del st.query_params["pins"]


def _parse_pins(text: str) -> tuple[Code, ...]:
    """Codes of a link; anything that is not a list of moderate numbers is nothing."""
    try:
        codes = tuple(tuple(float(value) for value in part.split("_")) for part in text.split("~") if part)
    except ValueError:
        return ()
    sound = all(math.isfinite(value) and abs(value) < FAR for code in codes for value in code)
    return codes[:MAX_PINS] if sound else ()


def _place(event: Mapping[str, Any] | None) -> tuple[float, float] | None:
    """The map place of an event from the browser, if it is one."""
    try:
        x, y = (float(value) for value in (event or {})["map"])
    except (KeyError, TypeError, ValueError):
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) and max(abs(x), abs(y)) < FAR else None


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"

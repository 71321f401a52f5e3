"""What does this visitor look at, and which steps change it?

The one owner of `st.session_state` and `st.query_params`, with `comparison` for the columns of Compare. A view gets a frozen `State` and
calls the named steps below. What can be shared by a link (run, view, map, pins) lives in the URL; the session holds plain values only,
because a class is redefined after an edit of the code and comparisons would fail.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import quote, unquote
from uuid import uuid4

import streamlit as st

from explorer.text.escape import shortened
from trainer.maps.projection import Projection

View = Literal["atlas", "reconstruct", "interpolate", "dimensions", "compare"]
VIEWS: tuple[View, ...] = ("atlas", "reconstruct", "interpolate", "dimensions", "compare")

COOKIE = "_streamlit_xsrf"  # Streamlit's own, one a browser
MAX_PINS = 26  # A to Z
MAX_NAME = 40  # letters of a pin's name
MAX_PAST = 60  # steps that can be taken back
MAX_TAKEN = 60  # names of events that are remembered: more than can be under way at once
MAX_URL_NUMBERS = 26 * 20  # all pins of a 20-D run: some 4000 letters, which every browser opens
MAX_PICTURE = 28_000_000  # letters of base64 for the 20 MB that a picture may have
FAR = 1e3  # no code is that far from the prior; a larger number in a link is a mistake

Code = tuple[float, ...]


@dataclass(frozen=True)
class Pin:
    """A pinned code z (K,). place: where it was clicked on the map `on`, kept where a map has no exact way from code to place.

    name: what the person calls it, or nothing.
    """

    z: Code
    on: str = ""
    place: tuple[float, float] | None = None
    name: str = ""


@dataclass(frozen=True)
class State:
    """One rerun's facts. pins: in the order in which they were made; the last is the current one."""

    run_id: str
    view: View
    pins: tuple[Pin, ...]
    notice: str | None


def load(known: Mapping[str, int], default_run: str, broken: Mapping[str, str] | None = None) -> State:
    """The state at the top of a rerun, given the latent dimension of every run and why others are broken.

    A run or view in the URL that is not there becomes a notice and the default; pins of another dimension are left out.
    """
    if "next-run" in st.session_state:
        st.session_state["run"] = st.session_state.pop("next-run")
    asked = {name: st.query_params.get(name) for name in ("run", "view")}
    notice, shown = None, st.session_state.get("shown-run")
    # what was clicked on the map of a run that is gone meanwhile is not for the run that is shown instead
    st.session_state["is-lost"] = shown is not None and shown not in known
    if asked["run"] and broken and asked["run"] in broken:
        notice = f"{broken[asked['run']]} Showing {default_run} instead."
    elif st.session_state["is-lost"]:
        notice = f"The run “{shortened(str(shown), 40)}” was deleted or renamed while it was open. Showing {default_run} instead."
    elif asked["run"] and asked["run"] not in known:
        notice = f"There is no run “{shortened(asked['run'], 40)}”. Showing {default_run} instead; the list above has all runs."
    elif asked["view"] and asked["view"] not in VIEWS:
        notice = f"There is no view “{shortened(asked['view'], 40)}”. Showing the atlas instead."
    if notice:
        st.session_state["notice"] = notice
    run_id = _chosen("run", list(known), default_run)
    st.session_state["shown-run"] = run_id
    view: View = _chosen("view", VIEWS, "atlas")  # type: ignore[assignment]
    n_asked = 0 if run_id in st.session_state.get("pins", {}) else len(_linked_pins(run_id))
    found = _pins(run_id)
    pins = tuple(pin for pin in found if len(pin.z) == known[run_id])
    if pins != found or n_asked > len(pins):
        _write_pins(run_id, pins)
    if n_asked > len(pins):
        st.session_state["notice"] = (
            f"{n_asked - len(pins)} of the {n_asked} pins in the link are left out: {run_id} takes up to {MAX_PINS} pins of "
            f"{known[run_id]} numbers between −{FAR:g} and {FAR:g}."
        )
    return State(run_id, view, pins, st.session_state.get("notice"))


def choose_run(run_id: str) -> None:
    """Shows another run (a button's callback)."""
    st.session_state["run"] = run_id


def open_clinic(run_id: str) -> None:
    """Shows what a run's verdict rests on (a button's callback)."""
    st.session_state["run"] = run_id
    st.session_state["view"] = "dimensions"


def open_run_next(run_id: str) -> None:
    """Shows another run, from the middle of a page: the chooser is drawn already, so the page begins anew."""
    st.session_state["next-run"] = run_id
    st.rerun()


def visitor() -> str:
    """Who asks: the same after a reload of the page in the same browser, where it takes cookies. Never shown."""
    token = _unmasked(st.context.cookies.get(COOKIE, ""))
    return sha256(token).hexdigest() if token else str(st.session_state.setdefault("visitor", uuid4().hex))


def _unmasked(cookie: str) -> bytes:
    """The token of Tornado's cookie `2|mask|masked token|time`, which looks different at every request; empty if it is no such cookie."""
    match cookie.split("|"):
        case ["2", mask, masked, _]:
            try:
                key, token = bytes.fromhex(mask), bytes.fromhex(masked)
            except ValueError:
                return b""
            return bytes(byte ^ key[i % len(key)] for i, byte in enumerate(token)) if key else b""
        case _:
            return b""


def take_renamed(name: str, names: Mapping[str, str]) -> None:
    """A choice that had another name in links of before, for the widget of that key; to be called before the widget is made."""
    old = st.query_params.get(name)
    if old is not None and old in names:
        st.session_state[name] = names[old]


def dismiss_notice() -> None:
    """The person has read it."""
    st.session_state.pop("notice", None)


def take_pin(state: State, event: Mapping[str, Any] | None, projection: Projection) -> State:
    """The state with what the surface sent: pins made, named, dropped, taken back. Each event counts once.

    Places are the browser's, codes are computed here, but for those that no place of the map stands for. Quick clicks arrive as one list,
    because reruns that follow each other closely are joined.
    """
    fresh = fresh_events(event)
    if not fresh:
        return state
    for one in fresh:
        if "edit" in one:
            _edit(state.run_id, one["edit"])
        elif (pin := made_pin(one, projection)) is not None:
            _change_pins(state.run_id, (*_pins(state.run_id), pin)[-MAX_PINS:])
    return replace(state, pins=_pins(state.run_id))


def fresh_events(event: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """What the surface sent and was not counted yet; from now on it is."""
    if event is None or "want" in event:  # the browser lacks the map's arrays and only asked for this rerun
        return []
    events = event.get("events", [event])
    fresh = [e for e in events if isinstance(e, Mapping) and str(e.get("nonce")) not in taken_pins()]
    if fresh:
        st.session_state["taken"] = [*taken_pins(), *(str(e.get("nonce")) for e in fresh)][-MAX_TAKEN:]
    return [] if st.session_state.get("is-lost") else fresh


def _edit(run_id: str, edit: object) -> None:
    """What a person did to the pins that are there; anything else is nothing."""
    pins = _pins(run_id)
    match edit:
        case {"kind": "drop", "index": int(i)} if 0 <= i < len(pins):
            _change_pins(run_id, pins[:i] + pins[i + 1 :])
        case {"kind": "rename", "index": int(i), "name": str(name)} if 0 <= i < len(pins):
            _change_pins(run_id, (*pins[:i], replace(pins[i], name=_clean_name(name)), *pins[i + 1 :]))
        case {"kind": "clear"}:
            _change_pins(run_id, ())
        case {"kind": "undo"}:
            _step(run_id, "past", "future")
        case {"kind": "redo"}:
            _step(run_id, "future", "past")


def can_undo(run_id: str) -> tuple[bool, bool]:
    """Whether a change to the pins can be taken back, and whether one that was taken back can be done again."""
    return bool(_steps("past", run_id)), bool(_steps("future", run_id))


def _change_pins(run_id: str, pins: Sequence[Pin]) -> None:
    """Writes them; what was before can be had back."""
    before = _pins(run_id)
    if tuple(pins) == before:
        return
    _keep_steps("past", run_id, [*_steps("past", run_id), _plain(before)])
    _keep_steps("future", run_id, [])
    _write_pins(run_id, pins)


def _step(run_id: str, source: str, target: str) -> None:
    """Pins as they were at the last step of `source`; as they are now they go to `target`."""
    steps = _steps(source, run_id)
    if not steps:
        return
    _keep_steps(target, run_id, [*_steps(target, run_id), _plain(_pins(run_id))])
    _keep_steps(source, run_id, steps[:-1])
    _write_pins(run_id, tuple(map(_pin_of, steps[-1])))


def _steps(name: str, run_id: str) -> list[Any]:
    return list(st.session_state.get(name, {}).get(run_id, []))


def _keep_steps(name: str, run_id: str, steps: list[Any]) -> None:
    st.session_state[name] = {**st.session_state.get(name, {}), run_id: steps[-MAX_PAST:]}


def taken_pins() -> list[str]:
    """The last events that were counted, by the names that the browser gave them: it sends again what is not among them."""
    return list(st.session_state.get("taken", []))


def made_pin(event: Mapping[str, Any], projection: Projection) -> Pin | None:
    """A pin at the event's place, or of its own code where no place stands for it; None where it has neither."""
    if event.get("isOwnCode"):
        code = _own_code(event.get("z"), projection)
        return None if code is None else Pin(code)
    place = _place(event)
    return None if place is None else _pin_at(place, projection)


def _own_code(values: object, projection: Projection) -> Code | None:
    n_dims = projection.to_latent([(0.0, 0.0)]).shape[1]
    if not isinstance(values, list | tuple):
        return None
    try:
        code = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        return None
    return _rounded(code) if len(code) == n_dims and all(abs(value) < FAR for value in code) else None


def _pin_at(place: tuple[float, float], projection: Projection) -> Pin:
    code = _rounded(projection.to_latent([place])[0])
    kept = projection.kind == "lattice"
    return Pin(code, projection.name if kept else "", (round(place[0], 4), round(place[1], 4)) if kept else None)


def add_code(run_id: str, code: Sequence[float]) -> None:
    """Pins a code that was not clicked but computed, such as that of an uploaded picture (a button's callback)."""
    _change_pins(run_id, (*_pins(run_id), Pin(_rounded(code)))[-MAX_PINS:])


def kept(name: str, default: Any) -> Any:
    """What `keep` was told last: a widget that is not drawn in another view forgets its value."""
    return st.session_state.get("kept", {}).get(name, default)


def keep(**values: Any) -> None:
    st.session_state["kept"] = {**st.session_state.get("kept", {}), **values}


def decode_as(view: View, of: str, class_name: str) -> None:
    """In a view another thing is looked at, by its name: the class chooser takes its class, and is to be drawn after.

    What a link or a person chose before the first thing, or for this one, stays.
    """
    seen = st.session_state.get("decoded-as", {}).get(view)
    st.session_state["decoded-as"] = {**st.session_state.get("decoded-as", {}), view: of}
    if seen != of and not (seen is None and "as" in st.query_params):
        st.session_state["as"] = class_name


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


def browser_shows(key: str, map_id: str) -> bool:
    """Whether this rerun was caused by a pin on the surface of that key while it showed that very map."""
    event = surface_event(key)
    return event is not None and event.get("mapId") == map_id


def browser_keeps(key: str, map_id: str) -> bool:
    """Whether the surface of that key was given that very map in an earlier rerun and does not ask for it again."""
    given, event = st.session_state.get("given", {}), surface_event(key)
    st.session_state["given"] = {**given, key: map_id}
    return given.get(key) == map_id and not (event is not None and "want" in event)


def forget_given(view: View) -> None:
    """The surfaces of another view are gone from the page, and what they were given with them."""
    if st.session_state.get("given-view") != view:
        st.session_state.pop("given", None)
    st.session_state["given-view"] = view


def label(index: int) -> str:
    """A, B, C … of the pins."""
    return chr(ord("A") + index)


def pin_name(index: int, pin: Pin) -> str:
    """“Pin A”, or “Pin A, tall seven”; not yet Markdown."""
    return f"Pin {label(index)}, {pin.name}" if pin.name else f"Pin {label(index)}"


def take_class(key: str, class_names: Sequence[str]) -> None:
    """The class that was clicked on the surface of that key becomes the chooser's (the surface's callback)."""
    component = st.session_state.get(key)
    name = component.get("class") if isinstance(component, Mapping) else getattr(component, "class", None)
    if name in class_names:
        st.session_state["as"] = name


def take_picture(key: str) -> None:
    """Keeps the picture that was handed over from the pad on the surface of that key (the surface's callback)."""
    component = st.session_state.get(key)
    sent = component.get("picture") if isinstance(component, Mapping) else getattr(component, "picture", None)
    if not isinstance(sent, Mapping) or len(str(sent.get("png", ""))) > MAX_PICTURE:
        return
    off = sent.get("off")
    steps = [str(name)[:MAX_NAME] for name in off][:20] if isinstance(off, list | tuple) else []
    st.session_state["pad-picture"] = [str(sent.get("png", "")), _clean_name(str(sent.get("name", ""))) or "your picture", steps]


@dataclass(frozen=True)
class PadPicture:
    """What the browser's pad handed over. off: names of the steps of its preparation that were left out there."""

    data: bytes
    name: str
    off: tuple[str, ...]


def pad_picture() -> PadPicture | None:
    """The picture that was handed over last; None: none was, or it is no longer wanted."""
    kept = st.session_state.get("pad-picture")
    if kept is None:
        return None
    text, name, off = kept
    try:
        return PadPicture(base64.b64decode(text, validate=True), name, tuple(off))
    except ValueError:
        return None


def decode_class(class_names: Sequence[str]) -> int:
    """The class as which conditional runs decode: the chooser's, or the link's, or the first."""
    return list(class_names).index(_chosen("as", class_names, class_names[0]))


def forget_class_of_another_data_set(class_names: Sequence[str]) -> None:
    """A class that this run does not have is no choice here; to be called before its chooser is drawn."""
    if st.session_state.get("as") not in (None, *class_names):
        del st.session_state["as"]


def _chosen(name: str, allowed: Sequence[str], default: str) -> str:
    """A bound widget's value if it was drawn before, else the URL's, else the default."""
    for value in (st.session_state.get(name), st.query_params.get(name)):
        if value in allowed:
            return str(value)
    return default


def _pins(run_id: str) -> tuple[Pin, ...]:
    stored = st.session_state.get("pins", {})
    if run_id in stored:
        return tuple(map(_pin_of, stored[run_id]))
    return _parse_pins(_linked_pins(run_id))


def _linked_pins(run_id: str) -> list[str]:
    """What the link says of this run's pins, one text each, good or bad."""
    is_meant = st.query_params.get("run", run_id) == run_id
    return [part for part in st.query_params.get("pins", "").split("~") if part] if is_meant else []


def _rounded(code: Iterable[float]) -> Code:
    """As many digits as a link carries, so that what is reloaded is what was shown."""
    return tuple(round(float(value), 4) for value in code)


def _write_pins(run_id: str, pins: Sequence[Pin]) -> None:
    st.session_state["pins"] = {**st.session_state.get("pins", {}), run_id: _plain(pins)}
    sync_url(run_id)


def _plain(pins: Sequence[Pin]) -> list[Any]:
    """Plain values, as the session holds them."""
    return [[list(pin.z), pin.on, list(pin.place) if pin.place else None, pin.name] for pin in pins]


def _pin_of(plain: Sequence[Any]) -> Pin:
    z, on, place, *name = plain
    return Pin(tuple(z), on, tuple(place) if place else None, *name)


def sync_url(run_id: str) -> None:
    """Writes the pins of the shown run into the URL; too many numbers for a link are left out."""
    pins = _pins(run_id)
    fits = sum(len(pin.z) for pin in pins) <= MAX_URL_NUMBERS
    write_url("pins", "~".join(map(_pin_text, pins)) if fits else "")


def write_url(name: str, text: str) -> None:
    """Sets a query parameter, or takes it away where there is no text; an unchanged one is left alone."""
    if text and st.query_params.get(name) != text:
        st.query_params[name] = text
    elif not text and name in st.query_params:
        del st.query_params[name]


def _pin_text(pin: Pin) -> str:
    """0.41_-1.2, for a place that was clicked on a map without an exact way there …!umap_7.1_3.02, and with a name …*tall%20seven."""
    code = "_".join(f"{value:.7g}" for value in pin.z)
    where = f"!{pin.on}_{pin.place[0]:.7g}_{pin.place[1]:.7g}" if pin.place else ""
    name = f"*{quote(pin.name, safe='').replace('~', '%7E')}" if pin.name else ""
    return code + where + name


def _parse_pins(parts: Sequence[str]) -> tuple[Pin, ...]:
    """The pins of a link; what is no list of moderate numbers is left out."""
    found: list[Pin] = []
    for part in parts:
        with suppress(ValueError):
            found.append(_parse_pin(part))
    return tuple(found[:MAX_PINS])


def _parse_pin(text: str) -> Pin:
    place, _, escaped = text.partition("*")
    name = _clean_name(unquote(escaped))
    code, _, where = place.partition("!")
    z = tuple(_moderate(value) for value in code.split("_"))
    if not where:
        return Pin(z, name=name)
    on, x, y = where.split("_")
    return Pin(z, on if on.isalnum() else "", (_moderate(x), _moderate(y)), name)


def _clean_name(text: str) -> str:
    """One line of at most `MAX_NAME` letters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:MAX_NAME]


def _moderate(text: str) -> float:
    """A number that can be a coordinate. Raises `ValueError` for any other."""
    value = float(text)
    if not (math.isfinite(value) and abs(value) < FAR):
        raise ValueError(text)
    return value


def _place(event: Mapping[str, Any] | None) -> tuple[float, float] | None:
    """The map place of an event from the browser, if it is one."""
    try:
        x, y = (float(value) for value in (event or {})["map"])
    except (KeyError, TypeError, ValueError):
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) and max(abs(x), abs(y)) < FAR else None

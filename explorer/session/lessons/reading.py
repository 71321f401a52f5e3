"""Which step of which lesson does this visitor read, what stands beside it, and what was answered? Lesson and step are in the link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import streamlit as st

from explorer.lessons.shows import Show
from explorer.session import class_choice, link
from explorer.session.load import open_run_next
from explorer.session.pins import change_pins, parse_pins

LESSON, STEP, MODE = "lesson", "step", "mode"  # in the link
Mode = Literal["read", "room", "speaker"]
"""For one reader; large for a room, a step a screen; notes for who speaks there."""
MODES: tuple[Mode, ...] = get_args(Mode)
SCENE, ANSWERS = "lesson-scene", "lesson-answers"


def opened() -> str:
    """Name of the open lesson; "" for the list."""
    return link.asked(LESSON) or ""


def step(n_steps: int) -> int:
    """The open step, from 0; what is no step of the lesson is the first."""
    text = link.asked(STEP) or ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 1
    return number - 1 if 1 <= number <= n_steps else 0


def mode() -> Mode:
    """How the lesson is shown."""
    asked = link.asked(MODE)
    return next((one for one in MODES if one == asked), "read")


def show_as(wanted: Mode) -> None:
    """Another way to show it (a button's callback)."""
    link.write(MODE, "" if wanted == "read" else wanted)


def go(name: str, number: int = 1) -> None:
    """Opens a step, from 1, of a lesson; "" for the list (a button's callback)."""
    link.write(LESSON, name)
    link.write(STEP, str(number) if name else "")
    if not name:
        link.write(MODE, "")
        stage_again()


def leave() -> None:
    """Another page's link says nothing of lessons."""
    if link.asked(LESSON) is not None:
        go("")


def stage(scene: str, run_id: str, shown: str, maps: Sequence[str], show: Show, is_linked: bool) -> None:
    """Puts the map into the state of a scene, once for each: what a person changes afterwards stays. Another run begins the page anew.

    shown: the run that is shown now · maps: of the scene's run · is_linked: the link says what is shown, and is not overruled
    """
    if st.session_state.get(SCENE) == scene:
        return
    st.session_state[SCENE] = scene
    if is_linked and link.asked("run") == run_id:
        return
    link.stage(show.fragment())
    for key in (link.MAP, "x", "y", class_choice.KEY):
        st.session_state.pop(key, None)
    if len(maps) > 1:
        st.session_state[link.MAP] = show.get("projection") or maps[0]
    for key in ("x", "y"):
        if value := show.get(key):
            st.session_state[key] = int(value)
    if label := show.get("as"):
        st.session_state[class_choice.KEY] = label
    change_pins(run_id, parse_pins((show.get("pins") or "").split("~")))
    if run_id != shown:
        open_run_next(run_id)


def stage_again() -> None:
    """The map of the step once more, whenever it is shown next (a button's callback)."""
    st.session_state.pop(SCENE, None)


def answer(of: str) -> Any:
    """What was answered there; None before."""
    return st.session_state.get(ANSWERS, {}).get(of)


def keep_answer(of: str, key: str) -> None:
    """The value of the widget of that key is the answer (a button's callback)."""
    value = st.session_state.get(key)
    if value is not None:
        keep(of, value)


def keep(of: str, value: Any) -> None:
    """That is the answer."""
    st.session_state[ANSWERS] = {**st.session_state.get(ANSWERS, {}), of: value}

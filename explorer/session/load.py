"""What does this visitor look at: which run, in which view, with which pins? Read once at the top of a rerun.

`explorer.session` alone touches `st.session_state` and `st.query_params`. A page gets the frozen `State` and calls named steps of this
folder. What can be shared by a link lives in the link; the session holds plain values only, because a class is redefined after an edit of
the code and comparisons would fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from explorer.session import columns, link
from explorer.session.column_link import Column
from explorer.session.pins import FAR, Pin, linked_pins, pins_of, read_link, sync_link, write_pins
from explorer.surface.schema import MAX_PINS
from explorer.text.escape import shortened
from explorer.text.numbers import left_out


@dataclass(frozen=True)
class State:
    """What one rerun shows."""

    run_id: str
    view: str
    """The name of the page."""
    pins: tuple[Pin, ...]
    """In the order in which they were made; the last is the current one."""
    notice: str | None
    """What of the link could not be had, until the person dismisses it."""
    reads_link: bool = False
    """Whether the link tells what is shown: the page was just opened, or Back or Forward asked for it."""


def load(known: Mapping[str, int], default_run: str, views: Sequence[str], broken: Mapping[str, str] | None = None) -> State:
    """The state at the top of a rerun, given the latent dimension of every run, the names of all views, and why other runs are broken.

    A run or view in the link that is not there becomes a notice and the default, which is the first view; pins of another dimension are
    left out.
    """
    if "next-run" in st.session_state:
        st.session_state["run"] = st.session_state.pop("next-run")
        if view := st.session_state.pop("next-view", None):
            st.session_state["view"] = view
    shown = st.session_state.get("shown-run")
    is_opened = shown is None
    # what was clicked on the map of a run that is gone meanwhile is not for the run that is shown instead
    st.session_state["is-lost"] = shown is not None and shown not in known
    refusal = _refusal(known, default_run, views, broken or {})
    if refusal:
        say(refusal)
    run_id = link.chosen("run", list(known), default_run)
    st.session_state["shown-run"] = run_id
    view = link.chosen("view", views, views[0])
    if link.came_back():
        dismiss_notice()
        columns.read_link()
    reads_link = is_opened or link.came_back()
    n_asked = len(linked_pins(run_id)) if reads_link else 0
    if reads_link:
        read_link(run_id)
    pins = _fitting_pins(run_id, known[run_id], n_asked)
    return State(run_id, view, pins, notice(), reads_link)


def _refusal(known: Mapping[str, int], default_run: str, views: Sequence[str], broken: Mapping[str, str]) -> str | None:
    """Why the run or the view of the link, or the run that was shown, is not there; None where all is."""
    run, view = link.asked("run"), link.asked("view")
    if run and run in broken:
        return f"{broken[run]} Showing {default_run} instead."
    if st.session_state["is-lost"]:
        gone = shortened(str(st.session_state["shown-run"]), 40)
        return f"The run “{gone}” was deleted or renamed while it was open. Showing {default_run} instead."
    if run and run not in known:
        return f"There is no run “{shortened(run, 40)}”. Showing {default_run} instead; the list above has all runs."
    if view and view not in views:
        return f"There is no view “{shortened(view, 40)}”. Showing the {views[0]} instead."
    return None


def _fitting_pins(run_id: str, n_dims: int, n_asked: int) -> tuple[Pin, ...]:
    """The pins whose codes the run can decode; a notice says how many of those that a link asked for are left out."""
    found = pins_of(run_id)
    pins = tuple(pin for pin in found if len(pin.z) == n_dims)
    if pins != found:
        write_pins(run_id, pins)
    sync_link(run_id)
    if n_asked > len(pins):
        say(
            f"{left_out(n_asked - len(pins), n_asked, 'pin')}: {run_id} takes up to {MAX_PINS} pins of "
            f"{n_dims} numbers between −{FAR:g} and {FAR:g}."
        )
    return pins


def say(sentence: str) -> None:
    """Puts a notice at the top of the page, until it is dismissed or another one comes."""
    st.session_state["notice"] = sentence


def notice() -> str | None:
    """What was put there last."""
    text: str | None = st.session_state.get("notice")
    return text


def dismiss_notice() -> None:
    """The person has read it."""
    st.session_state.pop("notice", None)


def choose_run(run_id: str) -> None:
    """Shows another run (a button's callback)."""
    st.session_state["run"] = run_id


def open_page(run_id: str, view: str) -> None:
    """Shows a run on the page of that name (a button's callback)."""
    st.session_state.update(run=run_id, view=view)


def open_compare(data_set: str, first: str, run_id: str) -> None:
    """Shows both runs beside each other (a button's callback)."""
    columns.remember(data_set, columns.Comparison((Column(run_id),)))
    open_page(first, "compare")


def open_run_next(run_id: str, view: str | None = None) -> None:
    """Shows another run, in another view where one is named, from the middle of a page: what chooses is drawn already, so the page begins
    anew."""
    st.session_state["next-run"] = run_id
    st.session_state["next-view"] = view
    st.rerun()

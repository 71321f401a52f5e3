"""Every training of this app: how far it is, and what its owner may do with it."""

from __future__ import annotations

import streamlit as st

from explorer.cache.trainings import training_queue
from explorer.jobs.queue_rules import in_line, listed
from explorer.jobs.training import Training
from explorer.session.load import open_run_next
from explorer.session.permission import permission, steers_as
from explorer.session.trainings import watch
from explorer.text.escape import escape_markdown


def show_trainings(ended: frozenset[int]) -> None:
    """Redrawn while something runs. ended: those that had ended when the page was drawn; one more, and the whole page is drawn again, so
    that its run stands among the others."""
    jobs = training_queue().jobs()
    if frozenset(job.number for job in jobs if not job.is_open) != ended:
        st.rerun()
    if not jobs:
        return
    st.markdown("**Trainings**")
    allowed, who = permission().is_allowed, steers_as()
    line = [job.number for job in in_line(jobs)]
    is_held = any(job.state == "paused" for job in jobs)
    with st.container(key="machine-list", gap="small"):
        for job in listed(jobs):
            _training(job, allowed and who in (None, job.owner), who, line, is_held)


def _training(job: Training, steers: bool, who: str | None, line: list[int], is_held: bool) -> None:
    """line: numbers of those that wait, in the order in which they begin. is_held: they wait for one that is paused."""
    with st.container(key=f"training-{job.number}", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
            name, key = escape_markdown(job.name), f"watch-training-{job.number}"
            st.button(name, key=key, type="tertiary", on_click=watch, args=(job.number,), help="Watch it", width="content")
            with st.container(horizontal=True, gap="small", width="content"):
                if steers and job.number in line:
                    _moves(job.number, line, who)
                if steers:
                    _buttons(job, who)
                # no callback: in a fragment it would not reach the rest of the page
                if job.state == "finished" and st.button("Open in the Atlas", key=f"open-training-{job.number}", type="tertiary"):
                    open_run_next(job.name, "atlas")
        words = escape_markdown(f"{job.words}, which is paused" if is_held and job.number in line else job.words)
        if job.is_open:
            st.progress(job.share, text=f"{'Paused: ' if job.state == 'paused' else ''}{words}")
        else:
            st.caption(f":red[{words}]" if job.state == "failed" else words)


def _moves(number: int, line: list[int], who: str | None) -> None:
    """Another place among those that wait."""
    place = line.index(number)
    moves = {"Earlier": (place - 1, "Begin before the one above."), "Later": (place + 1, "Begin after the one below.")}
    for label, (to, words) in moves.items():
        if 0 <= to < len(line):
            st.button(label, key=f"{label}-{number}", type="tertiary", help=words, on_click=_move, args=(number, who, to))


def _move(number: int, who: str | None, position: int) -> None:
    """A button's callback."""
    if permission().is_allowed:
        training_queue().move(number, who, position)


def _buttons(job: Training, who: str | None) -> None:
    """What can be asked of it now."""
    queue, is_stopping = training_queue(), job.is_stopping
    offered = {
        "pause": ("Pause", "", job.state == "running" and not is_stopping),
        "resume": ("Go on", "", job.can_resume and not queue.why_not_resume(job.number)),
        "stop": ("Stop", "What was trained stays, and goes on when it is asked to.", job.is_open and not is_stopping),
        "forget": ("Remove", "From this list; its run stays.", not job.is_open),
    }
    for verb, (label, words, is_there) in offered.items():
        if is_there:
            st.button(
                label, key=f"{verb}-{job.number}", type="tertiary", help=words or None, on_click=_ask, args=(verb, job.number, who)
            )


def _ask(verb: str, number: int, who: str | None) -> None:
    """One of the queue's verbs (a button's callback); it is refused where the training is no longer what it was."""
    if permission().is_allowed or verb == "stop":
        getattr(training_queue(), verb)(number, who)

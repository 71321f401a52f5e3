"""What becomes of a training that is kept in the page? A run, once it was evaluated and examined; until then it is told how far that is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import streamlit as st

from explorer.cache.runs import all_runs
from explorer.cache.trainings import kept_trainings
from explorer.jobs.keeping import MOST_BYTES, Keeping
from explorer.session.events import sent
from explorer.session.load import open_run_next, say
from explorer.session.permission import permission
from explorer.session.visitor import visitor
from explorer.text.escape import escape_markdown
from trainer.errors import LatentError
from trainer.runs.catalogue import default_roots

EVERY_S = 1.0
MOST_LETTERS = MOST_BYTES * 4 // 3 + 4
MOST_STEM = 64


def may_keep() -> bool:
    """Whether this app makes runs of what its visitors trained."""
    return permission().is_allowed


def take_kept(key: str) -> None:
    """What the page of that key hands over becomes a run (the page's callback)."""
    event = sent(key, "keep")
    if not isinstance(event, Mapping) or not may_keep():
        return
    text = str(event.get("zip", ""))
    try:
        if len(text) > MOST_LETTERS:
            raise LatentError("This training is too large for the app: it is not kept.")
        data = base64.b64decode(text, validate=True)
        stem = str(event.get("stem", ""))[:MOST_STEM]
        kept_trainings().keep(data, stem, visitor(), all_runs(), str(default_roots()[0]))
    except binascii.Error:
        say("What the page handed over is damaged: it is not kept.")
    except LatentError as error:
        say(str(error))


def show_kept() -> None:
    """Those of this visitor, redrawn once a second as long as one of them is on its way."""
    if any(one.is_open for one in kept_trainings().of(visitor())):
        _redrawn()
    else:
        _all()


@st.fragment(run_every=EVERY_S)
def _redrawn() -> None:
    if not any(one.is_open for one in kept_trainings().of(visitor())):
        st.rerun()  # the list of runs is another one, and nothing moves any more
    _all()


def _all() -> None:
    for number, one in enumerate(kept_trainings().of(visitor())):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            _one(one, f"{one.name}-{number}")


def _one(one: Keeping, key: str) -> None:
    name = escape_markdown(one.name)
    if one.is_open:
        st.progress(one.share or 0.0, text=f"Becomes the run **{name}**: {escape_markdown(one.words)} …", width="stretch")
        return
    if one.error:
        st.caption(f"**{name}** was not kept: {escape_markdown(one.error)}", width="stretch")
    else:
        st.caption(f"**{name}** is a run now, evaluated and examined; it stands among all runs.", width="stretch")
        # no callback: in a fragment it would not reach the rest of the page
        if st.button(f"Open {one.name}", key=f"open-kept-{key}", type="tertiary"):
            kept_trainings().forget(one)
            open_run_next(one.name, "atlas")
    if st.button("Dismiss", key=f"dismiss-kept-{key}", type="tertiary"):
        kept_trainings().forget(one)
        st.rerun()

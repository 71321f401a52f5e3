"""Which draws of z does this visitor see? The seed, counted up at every “Draw again”, which the Samples page's links carry."""

from __future__ import annotations

import streamlit as st

from explorer.session import link

KEY = "seed"  # in the link
MAX_DIGITS = 6


def draws() -> int:
    """How often this visitor asked for fresh draws of z: the seed of the next."""
    return int(st.session_state.get("draws", 0))


def draw_again() -> None:
    st.session_state["draws"] = draws() + 1


def read_link(_run_id: str, _n_dims: int) -> None:
    """The seed is the link's; a text that is none is the first."""
    text = link.asked(KEY) or ""
    st.session_state["draws"] = int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else 0


def sync_link() -> None:
    link.write(KEY, str(draws() or ""))


def leave() -> None:
    """Another view's link says nothing of draws."""
    link.write(KEY, "")

"""How does the page bring what an action made into view? An element without height that scrolls to itself when it is told something new."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from explorer.session.remembered import remember, remembered

SCRIPT = """
export default ({ parentElement, data }) => {
  const host = parentElement.host ?? parentElement;
  if (host.dataset.made === String(data.made)) return;
  host.dataset.made = String(data.made);
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // what was made is drawn after this element
  setTimeout(() => host.scrollIntoView({ block: "start", behavior: isStill ? "auto" : "smooth" }), 50);
}
"""


@lru_cache(maxsize=1)
def _component() -> Any:
    return st.components.v2.component("latent_into_view", js=SCRIPT)


def made_once_more(key: str) -> None:
    """Something was made that is to be brought into view (a widget's callback)."""
    remember(**{_name(key): remembered(_name(key), 0) + 1})


def bring_into_view(key: str, made: int | None = None) -> None:
    """To be put above what an action made. made: how often it was done, as often as `made_once_more` was told where nothing else knows; 0:
    not yet, and the page stays where it is."""
    made = remembered(_name(key), 0) if made is None else made
    if made:
        _component()(key=_name(key), data={"made": made})


def _name(key: str) -> str:
    return f"into-view-{key}"

"""How does the page bring what an action made into view? An element without height that scrolls to itself when it is told something new."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

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


def bring_into_view(key: str, made: int) -> None:
    """To be put above what an action made. made: how often it was done; 0: not yet, and the page stays where it is."""
    if made > 0:
        _component()(key=f"into-view-{key}", data={"made": made})

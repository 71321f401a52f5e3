"""How does the page stay in one scheme when the system turns dark? An element that is not seen asks the server to draw it anew.

Streamlit changes its own colours at once and tells the server nothing: what the server chose (style sheets, terms of formulas, maps of an
error) would stay as it was until something else is asked of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from explorer.session.visitor import is_dark

SCRIPT = """
let observer = null; // the last one: each answer of the server calls this again, and the one before is not told that it is over
let asked = null; // so that an answer that does not follow is not asked for without end

export default ({ data: { isDark }, setTriggerValue }) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const compare = () => {
    const wanted = getComputedStyle(app).colorScheme === "dark";
    if (wanted !== isDark && wanted !== asked) setTriggerValue("changed", true);
    asked = wanted;
  };
  app.dataset.drawnIn = isDark ? "dark" : "light";
  observer?.disconnect();
  observer = new MutationObserver(compare);
  observer.observe(app, { attributes: true, attributeFilter: ["class", "style"] });
  compare();
};
"""


@lru_cache(maxsize=1)
def _component() -> Any:
    return st.components.v2.component("latent_scheme", js=SCRIPT)


def follow_scheme() -> None:
    """To be put on every page once."""
    with st.container(key="scheme"):
        _component()(key="scheme-watch", data={"isDark": is_dark()}, on_changed_change=_drawn_anew)


def _drawn_anew() -> None:
    """The rerun itself is what is wanted."""

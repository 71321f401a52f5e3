"""How does the page bring what an action made into view? An element without height that scrolls to itself when it is told something new."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from explorer.session.remembered import remember, remembered

SCRIPT = """
const HANDS = ["wheel", "touchmove", "pointerdown", "keydown"];

// what was made is drawn after this element, and what stands above it may grow later: it is held where it was brought, until a hand
// moves the page or something else is brought
function hold(host) {
  const bring = () => {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    host.scrollIntoView({ block: "start", behavior: isStill ? "auto" : "smooth" });
  };
  const observer = new ResizeObserver(() => (host.isConnected ? bring() : leave()));
  const leave = () => {
    observer.disconnect();
    for (const name of HANDS) removeEventListener(name, leave, true);
    removeEventListener("latent-into-view", leave);
  };
  dispatchEvent(new Event("latent-into-view"));
  for (const name of HANDS) addEventListener(name, leave, { capture: true, passive: true });
  addEventListener("latent-into-view", leave);
  for (let page = host.parentElement; page && page !== document.body; page = page.parentElement) observer.observe(page);
  bring();
}

export default ({ parentElement, data: { key, made } }) => {
  const brought = (window.latentBrought ??= {}); // a view that is opened again is not scrolled for what was made before
  if (brought[key] === made) return;
  brought[key] = made;
  setTimeout(() => hold(parentElement.host ?? parentElement), 50);
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
        _component()(key=_name(key), data={"key": key, "made": made})


def _name(key: str) -> str:
    return f"into-view-{key}"

"""How is the live surface put on a Streamlit page?

One Components-v2 mount. The bundle is read with `importlib.resources` and passed inline, because `asset_dir` needs an installed package.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from typing import Any

import streamlit as st


@lru_cache(maxsize=1)
def _component() -> Any:
    bundle = files("explorer.surface").joinpath("dist", "surface.js").read_text(encoding="utf-8")
    return st.components.v2.component("latent_surface", js=bundle)


@lru_cache(maxsize=1)
def _live() -> Any:
    bundle = files("explorer.surface").joinpath("dist", "clinic.js").read_text(encoding="utf-8")
    return st.components.v2.component("latent_clinic", js=bundle)


def live_chart(data: dict[str, Any], key: str) -> None:
    """One of the clinic's charts that act while a slider is dragged; frontend/src/clinic says what `data` holds."""
    _live()(data=data, key=key)


def surface(data: bytes, key: str, on_class: Callable[[], None]) -> None:
    """Shows the surface with `payload.pack`'s bytes. What the person pins is in `state.surface_event(key)` of the rerun it causes.

    on_class: called before the rerun that a click on a class of the strip causes; `state.take_class` reads which.
    """
    _component()(data=data, key=key, on_pin_change=lambda: None, on_class_change=on_class)

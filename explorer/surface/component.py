"""How is the live surface put on a Streamlit page?

One Components-v2 mount. The bundle is read with `importlib.resources` and passed inline, because `asset_dir` needs an installed package.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import streamlit as st


@lru_cache(maxsize=1)
def _component() -> Any:
    bundle = files("explorer.surface").joinpath("dist", "surface.js").read_text(encoding="utf-8")
    return st.components.v2.component("latent_surface", js=bundle)


def surface(data: bytes, key: str) -> None:
    """Shows the surface with `payload.pack`'s bytes. What the person pins is in `state.surface_event(key)` of the rerun it causes."""
    _component()(data=data, key=key, on_pin_change=lambda: None)

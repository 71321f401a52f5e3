"""How is the live surface put on a Streamlit page?

One Components-v2 mount. The bundle is read with `importlib.resources` and passed inline, because `asset_dir` needs an installed package.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import streamlit as st


@lru_cache(maxsize=2)
def _component(bundle: Literal["surface", "studio"]) -> Any:
    program = files("explorer.surface").joinpath("dist", f"{bundle}.js").read_text(encoding="utf-8")
    return st.components.v2.component(f"latent_{bundle}", js=program)


@lru_cache(maxsize=1)
def _live() -> Any:
    bundle = files("explorer.surface").joinpath("dist", "clinic.js").read_text(encoding="utf-8")
    return st.components.v2.component("latent_clinic", js=bundle)


def live_chart(data: dict[str, Any], key: str) -> None:
    """One of the clinic's charts that act while a slider is dragged; frontend/src/clinic says what `data` holds."""
    _live()(data=data, key=key)


def surface(data: bytes, key: str, on_class: Callable[[], None], on_picture: Callable[[], None], with_pad: bool = False) -> None:
    """Shows the surface with `payload.pack`'s bytes. What the person pins is in `events.surface_event(key)` of the rerun it causes.

    on_class: called before the rerun that a click on a class of the strip causes; `class_choice.take_class` reads which.
    on_picture: the same where the person handed over the pad's picture; `pad.take_picture` keeps it.
    with_pad: the larger program, which has the pad.
    """
    _component("studio" if with_pad else "surface")(
        data=data, key=key, on_pin_change=lambda: None, on_class_change=on_class, on_picture_change=on_picture
    )

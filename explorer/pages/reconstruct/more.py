"""What else is there to see of a picture? Nearest test images, the code in numbers, the same code as every class, the preparation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from explorer.cache.datasets import originals
from explorer.pages.reconstruct import trust
from explorer.pages.reconstruct.pictures import show_every_class, show_steps
from explorer.pages.reconstruct.posterior import show_posterior
from explorer.widgets.chosen_picture import ChosenPicture
from trainer.models.numpy_engine import Codes
from trainer.runs.read import Run

NEAREST = "Nearest test images"
CODE = "Latent code"


def show_more(run: Run, picked: ChosenPicture, codes: Codes, label: int | None) -> None:
    """A tab for each; the first is open, or the second where the first takes a while."""
    parts: dict[str, Callable[[], None]] = {
        NEAREST: partial(trust.show_nearest, run, picked, codes),
        CODE: partial(show_posterior, run, codes),
    }
    if label is not None:
        parts["As every class"] = partial(show_every_class, run, picked, codes, label)
    if len(picked.steps) > 1:
        parts["Preparation, step by step"] = partial(show_steps, picked)
    is_quick = originals(run.id) is not None  # else all test images are decoded first, and only for whom asks
    tabs = st.tabs(
        list(parts),
        key="more-of-picture",
        bind="query-params",
        default=NEAREST if is_quick else CODE,
        on_change="ignore" if is_quick else "rerun",
    )
    for tab, (name, show) in zip(tabs, parts.items(), strict=True):
        if is_quick or name != NEAREST or tab.open:
            with tab:
                show()

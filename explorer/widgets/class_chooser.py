"""As which class does a class-conditional model decode? The chooser, and the words that say it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.session.class_choice import decode_class, forget_class_of_another_data_set
from explorer.text.escape import escape_markdown
from trainer.models.numpy_engine import Forward
from trainer.runs.read import Run


def class_chooser(run: Run) -> None:
    """As which class pictures are decoded; the points of the map stay where they are, each encoded with its own class."""
    forget_class_of_another_data_set(run.info.dataset.class_names)
    st.caption("Decode as", width="content")
    st.selectbox(
        "Decode as class",
        run.info.dataset.class_names,
        index=0,
        key="as",
        bind="query-params",
        width=110,
        label_visibility="collapsed",
        help="A class-conditional model p(x|z, y) (Sohn et al. 2015). Points on the map are images, each encoded under its own class y; "
        "pictures under the cursor and of pins are decoded under the class chosen here; images that are stops of a path under their own.",
    )


def class_choice(run: Run) -> None:
    """The class chooser alone, for a view without a map; nothing for a model that is not class-conditional."""
    if run.config.is_conditional:
        class_chooser(run)
        class_words(run, has_cursor=False)


def chosen_label(run: Run) -> int | None:
    """The class as which this visitor decodes; None for a model that is not class-conditional."""
    return decode_class(run.info.dataset.class_names) if run.config.is_conditional else None


def decoded_as(run: Run) -> str:
    """“ as 3”, the chosen class, to be put after “decoded”; nothing for a model that is not class-conditional. Not yet Markdown."""
    label = chosen_label(run)
    return "" if label is None else f" as {run.info.dataset.class_names[label]}"


def class_words(run: Run, has_cursor: bool = True) -> None:
    """The line that says of what class points and pictures are, for a class-conditional model."""
    if not run.config.is_conditional:
        return
    what = "Points are images, each encoded under its own class; pictures under the cursor are" if has_cursor else "All strips are"
    st.caption(escape_markdown(f"{what} decoded{decoded_as(run)}."))


def decoder(run: Run) -> Forward:
    """The run's network, decoding as the chosen class."""
    return replace(run.forward, label=chosen_label(run))

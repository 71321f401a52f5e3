"""Which code is the next stop? From any source, with its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.cache.maps import get_support
from explorer.pages.interpolate.stops import code, image_stop, label_of, mean_stops, other_row, pin_stops, stop_picture
from explorer.session.load import State
from explorer.session.pad import pad_picture
from explorer.session.path_link import Stop
from explorer.session.seed import draw_again, draws
from explorer.text.density import SUPPORT_HELP
from explorer.text.escape import escape_markdown
from explorer.widgets.chosen_picture import ChosenPicture, class_of
from explorer.widgets.picture_source import choose_picture, picture_from_pad
from explorer.widgets.pictures import show_picture
from explorer.widgets.test_image import chosen_row
from trainer.maps.support import LOW, density_words
from trainer.numerals import count
from trainer.runs.read import Run

PICTURE_PX = 64
TEST, MEAN, PRIOR, PIN, UPLOAD, DRAWN = "Test image", "Class mean", "Prior sample", "Pin", "Upload", "Drawing"


def show_stop(run: Run, stop: Stop, size_px: int) -> None:
    """Its picture, and a line under it where few encoded images are around: the pixels are the decoder's either way."""
    show_picture(stop_picture(run, stop), f"decoded picture of {stop.name}", size_px)
    support = float(get_support(run.id).of([stop.z])[0])
    if support < LOW:
        st.caption(density_words(support), help=SUPPORT_HELP)


def chosen_stop(now: State, run: Run, key: str) -> Stop | None:
    """One code from any source, with its picture; None while nothing is chosen."""
    pins, means = pin_stops(now), mean_stops(run)
    has_prior = not run.config.is_deterministic
    sources = [*([PIN] if pins else []), TEST, *([MEAN] if means else []), *([PRIOR] if has_prior else [])]
    if run.config.has_encoder:
        sources += [UPLOAD, *([DRAWN] if pad_picture() is not None else [])]
    names = "".join(source[0] for source in sources)  # another choice is another widget
    source = st.segmented_control(
        "Stop from", sources, default=sources[0], key=f"{key}-from-{names}", required=True, label_visibility="collapsed"
    )
    found = _from(run, source or sources[0], pins, means, key)
    if found is not None:
        found = replace(found, label=label_of(run, found))  # it stays what is seen now, whatever class is chosen later
        show_stop(run, found, PICTURE_PX)
    return found


def _from(run: Run, source: str, pins: Sequence[Stop], means: Sequence[Stop], key: str) -> Stop | None:
    if source in (PIN, MEAN):
        offered = pins if source == PIN else means
        names = [stop.name for stop in offered]
        return offered[names.index(st.selectbox(source, names, key=f"{key}-{source}", label_visibility="collapsed"))]
    if source == TEST:
        return image_stop(run, chosen_row(run, key, default=other_row(run)))
    if source == PRIOR:
        st.button("Draw again", key=f"{key}-draw", on_click=draw_again, icon=":material/casino:")
        z = np.random.default_rng(draws()).standard_normal(run.config.latent_dim)
        return Stop(f"prior sample {count(draws() + 1)}", code(z))
    return _encoded(run, picture_from_pad(run) if source == DRAWN else choose_picture(run, key, with_test=False))


def _encoded(run: Run, picked: ChosenPicture | None) -> Stop | None:
    if picked is None:
        return None
    label = class_of(run, picked)
    if label is not None:
        how = "the model's most probable class" if picked.label is None else "the class of the picture"
        st.caption(escape_markdown(f"Encoded as class {run.info.dataset.class_names[label]}, {how}."))
    return Stop(picked.title, code(run.forward.encode(picked.x[None], None if label is None else [label]).mu[0]), label)

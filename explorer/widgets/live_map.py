"""How is the live map of a run put on a page, with pins, markers and a path?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from explorer.cache.runs import get_run
from explorer.session import events
from explorer.session.class_choice import take_class
from explorer.session.pad import take_picture
from explorer.session.pins import can_undo
from explorer.surface.component import searches_address, sound_address, surface
from explorer.surface.payload import pack
from explorer.surface.schema import (
    Dynamic,
    ExactCode,
    MarkerRecord,
    Options,
    PathRecord,
    PinRecord,
    SubjectRecord,
    Undo,
)
from explorer.text.escape import capitalised, escape_markdown
from explorer.widgets.class_chooser import class_words
from explorer.widgets.map_chooser import Axes
from explorer.widgets.sent_map import sent_map
from trainer.maps.projection import Projection
from trainer.runs.read import Run


def live_map(
    run_id: str,
    projection: Projection,
    axes: Axes,
    key: str,
    *,
    pins: Sequence[PinRecord] = (),
    markers: Sequence[MarkerRecord] = (),
    path: PathRecord | None = None,
    exact: MarkerRecord | None = None,
    heading: str | None = None,
    height: int = 0,
    options: Options | None = None,
    keeps: bool = False,
    subject: SubjectRecord | None = None,
    on_film: Callable[[], None] = lambda: None,
) -> None:
    """The map of a run, alive: it draws, zooms and decodes in the browser.

    heading: over the picture that is decoded from the code `exact`; None: from its label.
    on_film: puts the film of the run's training in the map's place, where `options` offer it.
    keeps: what the browser was given in an earlier rerun is not sent again, unless it asks; for pages of several maps.
    """
    run = get_run(run_id)
    dynamic = Dynamic(
        pins=pins,
        markers=markers,
        path=path,
        probe=exact.map if exact else None,
        exact=ExactCode(exact.z, heading or f"{capitalised(exact.label)}, decoded") if exact else None,
        taken=events.counted_events(),
        undo=Undo(*can_undo(run_id)),
        height=height,
        options=replace(options or Options(), saves_page=True),
        subject=subject,
        searches=searches_address(),
        sound=sound_address(run.info.dataset.name),
    )
    _put(run, dynamic, sent_map(run, projection, axes, key, keeps), key, on_film)
    _words_below(run)


def _put(run: Run, dynamic: Dynamic, static: bytes, key: str, on_film: Callable[[], None]) -> None:
    """The surface, and who hears what is done there."""
    surface(
        pack(dynamic, static),
        key,
        on_class=lambda: take_class(key, run.info.dataset.class_names),
        on_picture=lambda: take_picture(key),
        on_film=on_film,
        with_pad=dynamic.options.pad is not None,
    )


def _words_below(run: Run) -> None:
    """Of what points are, where that has to be said; what the channels of a picture are the map says under its own."""
    class_words(run)
    _origin_words(run)


def _origin_words(run: Run) -> None:
    """Where the pictures under the cursor are not the decoder's own: the line that says so."""
    if run.info.origin is not None and run.info.origin.decoder == "pictures":
        st.caption(escape_markdown(run.info.origin.sentences()[0]))

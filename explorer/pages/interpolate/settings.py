"""Of which kind is the path, and how does it run through its stops?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.pages.interpolate.stops import label_of
from explorer.session import stops as path_stops
from explorer.session.path_link import Stop
from explorer.session.remembered import put_back, remember
from trainer.latent.paths import LATENT_PATH_KINDS, LatentPath, LatentPathKind
from trainer.runs.read import Run

PATH_HELP = """**linear**: (1−t)a + tb, suits two encoded images.

**variance-preserving**: the same divided by √((1−t)² + t²), suits two samples from the prior: every step is again distributed as one.

**spherical**: along the great circle around 0, with the norm changing evenly from one end's to the other's (slerp, Shoemake 1985).

**geodesic**: where the picture changes least in all, the shortest path found under the decoder's pull-back metric (Arvanitidis 2018). The
search begins with all other kinds and with the shortest ways through the graph of encoded images and, in two dimensions, a lattice; the
shortest are smoothed, and the shortest of all is shown. Your browser computes it in a moment; where stored pictures stand in for the
decoder, the server does.

Variance-preserving and spherical assume codes that are spread as the prior N(0, I)."""
CLASS_HELP = """

**Classes**: this model is class-conditional, and the decoder is given one class at a time. Every stop is decoded as its own class, a frame
as that of the nearer stop: in the middle between two classes the picture jumps, and the jump counts in the decoded length."""
EVEN_HELP = "The frames are laid out again so that the picture changes by as much at every step."
BEYOND_HELP = (
    "How far the path goes on beyond both ends: t runs from −x to 1+x of the outer legs. Linear goes straight on, spherical round the "
    "circle, geodesic straight on from its end."
)


KEPT = ("path", "walk-even", "walk-loop", "walk-beyond")
"""Widgets that show again what they showed last, in this order."""


@dataclass(frozen=True)
class PathSettings:
    """What the person chose of the path."""

    kind: LatentPathKind
    is_loop: bool
    """Whether it goes back to the first stop."""
    overshoot: float
    """How far it goes on beyond both ends, as a share of the outer legs."""
    even: bool
    """Whether the picture changes by as much at every frame."""
    labels: tuple[int, ...] = ()
    """The class of every stop, of a class-conditional model."""

    def walk(self, stops: Sequence[Stop], kind: LatentPathKind) -> LatentPath:
        """A path of that kind through the stops, with these settings."""
        labels = tuple(self.labels) or None
        return LatentPath(np.array([stop.z for stop in stops]), kind, self.is_loop, self.overshoot, even=self.even, labels=labels)


def chosen_settings(run: Run, stops: Sequence[Stop]) -> PathSettings:
    """What the person chooses above the map; what is not drawn in another view is remembered."""
    for key in KEPT:
        put_back(key)
    kind: LatentPathKind = st.segmented_control(
        "Path",
        LATENT_PATH_KINDS,
        default="linear",
        key="path",
        bind="query-params",
        required=True,
        on_change=path_stops.forget_drawn,
        args=(run.id,),
        width="content",
        label_visibility="collapsed",
    )
    with st.popover("Path settings", icon=":material/tune:", key="path-settings"):
        even = st.toggle("Equal steps", key="walk-even", bind="query-params", help=EVEN_HELP)
        is_loop = st.toggle("Back to the first stop", key="walk-loop", bind="query-params", help="The path closes into a loop.")
        beyond = st.slider(
            "Overshoot", 0.0, 1.0, 0.0, 0.1, key="walk-beyond", bind="query-params", disabled=is_loop, help=BEYOND_HELP
        )
        remember(**dict(zip(KEPT, (kind, even, is_loop, beyond), strict=True)))
        st.button("Reverse", key="turn-round", on_click=path_stops.turn_round, args=(run.id, stops))
        st.caption(PATH_HELP + (CLASS_HELP if run.config.is_conditional else ""))
    if run.config.is_deterministic and kind in ("variance-preserving", "spherical"):
        st.caption(
            f"A {kind} path assumes codes that are spread as the prior N(0, I). This model has no prior: "
            "the path may leave the region of encoded images."
        )
    told = tuple(label for label in (label_of(run, stop) for stop in stops) if label is not None)
    return PathSettings(kind or "linear", bool(is_loop), 0.0 if is_loop else float(beyond), bool(even), told)

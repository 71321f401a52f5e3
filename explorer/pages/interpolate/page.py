"""What lies between pictures? Stops, a path through them of every kind, played in the browser and saved as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.paths import DecodedPath, Geodesics, decoded_line, decoded_path, geodesics
from explorer.cache.runs import get_run
from explorer.pages.interpolate.arithmetic import arithmetic
from explorer.pages.interpolate.downloads import downloads
from explorer.pages.interpolate.stops import SUPPORT_HELP, label_of, stop_row, stops_of
from explorer.session import events
from explorer.session import stops as walking
from explorer.session.class_choice import decode_as
from explorer.session.load import State
from explorer.session.remembered import remember, remembered
from explorer.session.stops import Stop
from explorer.surface.schema import Options, OtherPathRecord, PathRecord, StripRecord
from explorer.text.escape import escape_markdown
from explorer.widgets.class_chooser import chosen_label, decoded_as
from explorer.widgets.live_map import live_map, pins_shown
from explorer.widgets.map_chooser import chosen_map
from trainer.latent.paths import FORMULAS, WALK_KINDS, Along, Walk, WalkKind, even_line
from trainer.maps.projection import Projection
from trainer.maps.support import density_figure
from trainer.numerals import number, percent
from trainer.runs.read import Run

KEY = "interpolate-surface"
DRAWN = "drawn"
N_DRAWN = 121  # frames of a path drawn by hand
POLL_S = 1.0
PATH_HELP = """**linear**: (1−t)a + tb, suits two encoded images.

**variance-preserving**: the same divided by √((1−t)² + t²), suits two samples from the prior: every step is again distributed as one.

**spherical**: along the great circle around 0, with the norm changing evenly from one end's to the other's (slerp, Shoemake 1985).

**geodesic**: where the picture changes least in all, the shortest path found under the decoder's pull-back metric (Arvanitidis 2018). The
search begins with all other kinds and with the shortest ways through the graph of encoded images and, in two dimensions, a lattice; the
shortest are smoothed, and the shortest of all is shown. It takes a moment.

Variance-preserving and spherical assume codes that are spread as the prior N(0, I)."""
CLASS_HELP = """

**Classes**: this model is class-conditional, and the decoder is told one class at a time. Every stop is decoded as its own class, a frame
as that of the nearer stop: in the middle between two classes the picture jumps, and the jump counts in the decoded length."""
LENGTH = (
    "Decoded length from the first stop to the last, without overshoot: the sum of ‖x̂(zᵢ₊₁) − x̂(zᵢ)‖ over small steps along the path, each "
    "frame's step divided in 8, in grey levels (0 to 1)."
)
STRAIGHT = "Chord / length: how far the last stop's picture is from the first one's, over the decoded length. 1: a straight change."
STEP = "Distance to the picture of the frame before, in grey levels (0 to 1)."
UNEVEN = "Coefficient of variation of the speed: standard deviation over mean of the frames' decoded steps. 0 %: equal speed."
EVEN_HELP = "The frames are laid out again so that the picture changes by as much at every step."
BEYOND_HELP = (
    "How far the path goes on beyond both ends: t runs from −x to 1+x of the outer legs. Linear goes straight on, spherical round the "
    "circle, geodesic straight on from its end."
)
PRIOR = "How much less probable the code is under the prior N(0, I) than its mean: log p(0) − log p(z) = ‖z‖²/2, in nats."


@dataclass(frozen=True)
class Settings:
    """What the person chose of the path. labels: the class of every stop, of a class-conditional model."""

    kind: WalkKind
    is_loop: bool
    overshoot: float
    even: bool
    labels: tuple[int, ...] = ()

    def walk(self, stops: Sequence[Stop], kind: WalkKind) -> Walk:
        labels = tuple(self.labels) or None
        return Walk(np.array([stop.z for stop in stops]), kind, self.is_loop, self.overshoot, even=self.even, labels=labels)


def show(now: State) -> None:
    """The whole page."""
    run = get_run(now.run_id)
    _begin_with_the_first_stops_class(now, run)
    head = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    with head:
        row, choice = (
            st.container(horizontal=True, gap="small", width="content"),
            st.container(horizontal=True, vertical_alignment="center"),
        )
    with choice:
        kinds = st.container(horizontal=True, vertical_alignment="bottom", width="content")
        projection, axes = chosen_map(run)
    walking.take(run.id, stops_of(now, run), events.surface_event(KEY), projection, axes, chosen_label(run))
    stops = stops_of(now, run)
    with row:
        stop_row(now, run, stops)
    with kinds:
        settings = _settings(run, stops)
    pins = pins_shown(now, run, projection)
    line = walking.drawn(run.id, projection.name, axes)
    options = Options(hint=False, drawable=True)
    if len(stops) < 2 and line is None:
        st.info("A walk has at least two stops. Click the map, add one above, or draw a path.")
        live_map(run.id, projection, axes, KEY, pins=pins, options=options, keeps=True)
        return
    if line is not None:
        _drawn_line(run)
        codes = even_line(projection.to_latent(even_line(line.places, N_DRAWN)), N_DRAWN)
        found: dict[str, DecodedPath] = {DRAWN: decoded_line(run.id, chosen_label(run), tuple(map(tuple, codes.tolist())))}
        kind, ends, waiting = DRAWN, ("", ""), None
    else:
        found, waiting = _walks(run, stops, settings)
        kind = settings.kind if settings.kind in found else FORMULAS[0]
        ends = (stops[0].name, stops[0 if settings.is_loop else -1].name)
    path = _path(run, projection, kind, found, ends, settings)
    if kind != DRAWN:
        path = replace(path, stops=_placed(run, projection, np.array([stop.z for stop in stops], np.float32))[1])
    live_map(run.id, projection, axes, KEY, pins=pins, path=path, options=options, keeps=True)
    if len(set(settings.labels)) > 1 and kind != DRAWN:
        st.caption(
            "Path: each stop is decoded as its own class, each frame as that of the nearer stop; the class switches in the middle."
        )
    if waiting is not None:
        _wait(run, stops, settings)
    _table(found, kind)
    downloads(run, found[kind], f"{run.id}-{ends[0]}-to-{ends[1]}-{kind}" if ends[0] else f"{run.id}-{kind}")
    arithmetic(now, run, stops)


def _begin_with_the_first_stops_class(now: State, run: Run) -> None:
    """Pictures under the cursor are decoded as the class with which the walk begins, until another one is chosen."""
    stops = stops_of(now, run)
    if run.config.is_conditional and stops and stops[0].label is not None:
        decode_as("interpolate", run.id, run.info.dataset.class_names[stops[0].label])


# --- what is chosen


def _settings(run: Run, stops: Sequence[Stop]) -> Settings:
    kind: WalkKind = st.segmented_control(
        "Path",
        WALK_KINDS,
        default="linear",
        key="path",
        bind="query-params",
        required=True,
        on_change=walking.forget_drawn,
        args=(run.id,),
        help=PATH_HELP + (CLASS_HELP if run.config.is_conditional else ""),
        width="content",
    )
    with st.popover("Path settings", icon=":material/tune:", key="path-settings"):
        even = st.toggle("Equal steps", value=remembered("walk-even", False), key="walk-even", help=EVEN_HELP)
        is_loop = st.toggle(
            "Back to the first stop", value=remembered("walk-loop", False), key="walk-loop", help="The path closes into a loop."
        )
        beyond = st.slider(
            "Overshoot", 0.0, 1.0, remembered("walk-beyond", 0.0), 0.1, key="walk-beyond", disabled=is_loop, help=BEYOND_HELP
        )
        remember(**{"walk-even": even, "walk-loop": is_loop, "walk-beyond": beyond})
        st.button("Reverse", key="turn-round", on_click=walking.turn_round, args=(run.id, stops))
    if run.config.is_deterministic and kind in ("variance-preserving", "spherical"):
        st.caption(
            f"A {kind} path assumes codes that are spread as the prior N(0, I). This model has no prior: "
            "the path may leave the region of encoded images."
        )
    told = tuple(label for label in (label_of(run, stop) for stop in stops) if label is not None)
    return Settings(kind or "linear", bool(is_loop), 0.0 if is_loop else float(beyond), bool(even), told)


def _drawn_line(run: Run) -> None:
    as_class = f", decoded{decoded_as(run)}" if run.config.is_conditional else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            escape_markdown(f"Playing the path that you drew: the codes that its points on this map are mapped to{as_class}."),
            width="content",
        )
        st.button("Back to the stops", key="forget-drawn", on_click=walking.forget_drawn, args=(run.id,), type="tertiary")


# --- what is shown


def _walks(run: Run, stops: Sequence[Stop], settings: Settings) -> tuple[dict[str, DecodedPath], Geodesics | None]:
    """Every kind that is known, and how far the geodesic is where it is not."""
    found: dict[str, DecodedPath] = {kind: decoded_path(run.id, settings.walk(stops, kind)) for kind in FORMULAS}
    walk = settings.walk(stops, "geodesic")
    known = geodesics(run.id, walk)
    if known.ways is None:
        return found, known
    return {**found, "geodesic": decoded_path(run.id, walk, known.ways)}, None


@st.fragment(run_every=POLL_S)
def _wait(run: Run, stops: Sequence[Stop], settings: Settings) -> None:
    """How far the geodesic is; the page is drawn again when it is there, and plays on until then."""
    known = geodesics(run.id, settings.walk(stops, "geodesic"))
    if known.ways is not None:
        st.rerun()
    if known.error:
        st.caption(escape_markdown(f"There is no geodesic here: {known.error}"))
        return
    meanwhile = " The linear path plays meanwhile." if settings.kind == "geodesic" else ""
    st.progress(known.share, f"Computing the geodesic …{meanwhile}")


def _path(
    run: Run,
    projection: Projection,
    kind: str,
    found: Mapping[str, DecodedPath],
    ends: tuple[str, str],
    settings: Settings,
) -> PathRecord:
    """The chosen path as the browser plays it, the others thin beside it."""
    others = tuple(
        OtherPathRecord(name, *_placed(run, projection, one.codes), _labels(one)) for name, one in found.items() if name != kind
    )
    z, places = _placed(run, projection, found[kind].codes)
    is_loop = settings.is_loop and kind != DRAWN
    return PathRecord(kind, z, places, ends, others, _strips(run, found[kind].along), is_loop, labels=_labels(found[kind]))


def _labels(walked: DecodedPath) -> tuple[int, ...] | None:
    return None if walked.labels is None else tuple(walked.labels.tolist())


def _placed(
    run: Run, projection: Projection, codes: NDArray[np.float32]
) -> tuple[tuple[tuple[float, ...], ...], tuple[tuple[float, float], ...]]:
    """Codes and their places on the map, with as many digits as are seen."""
    places = projection.to_map(codes, run.encodings.mu).astype(float).round(4)
    return tuple(map(tuple, codes.astype(float).round(5).tolist())), tuple((x, y) for x, y in places.tolist())


def _strips(run: Run, along: Along) -> tuple[StripRecord, ...]:
    """What goes under the film, a number a frame; a step's distance belongs to the frame that it leads to."""
    steps = np.concatenate((along.steps[:1], along.steps))
    found = [StripRecord("Density of encoded images", SUPPORT_HELP, _numbers(along.support), 1.0, "density")]
    if along.log_prior is not None:
        below = -along.log_prior
        found.append(StripRecord("log p(0) − log p(z)", PRIOR, _numbers(below), float(below.max())))
    found.append(
        StripRecord(
            "Speed",
            STEP,
            _numbers(steps),
            float(steps.max()),
        )
    )
    if along.classes is not None:
        words = "Probability of each class, by the classifier of decoded pictures, in the colours of the map."
        found.append(StripRecord("Class", words, tuple(map(_numbers, along.classes)), 1.0, "classes"))
    return tuple(found)


def _numbers(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)


def _table(found: Mapping[str, DecodedPath], chosen: str) -> None:
    """How the kinds of path compare, the one that plays first."""
    order = sorted(found, key=lambda kind: kind != chosen)
    along = [found[kind].along for kind in order]
    columns = {
        "path": [kind.capitalize() + (" ▸" if kind == chosen else "") for kind in order],
        "length": [number(one.length) for one in along],
        "straight": [number(one.straightness) for one in along],
        "density": [density_figure(one.lowest_support) for one in along],
        "uneven": [percent(one.unevenness) for one in along],
    }
    column = st.column_config.TextColumn  # written here: of a number column those who cannot see it hear sixteen digits
    st.dataframe(
        columns,
        hide_index=True,
        width="content",
        key="walk-table",
        column_config={
            "path": column("Path", help="▸ plays; the others are thin lines on the map."),
            "length": column("Decoded length", help=LENGTH, alignment="right"),
            "straight": column("Straightness (chord / length)", help=STRAIGHT, alignment="right"),
            "density": column("Lowest density", help=f"The least along the path. {SUPPORT_HELP}", alignment="right"),
            "uneven": column("Speed variation (CV)", help=UNEVEN, alignment="right"),
        },
    )

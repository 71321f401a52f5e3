"""What does the browser play, and how do the kinds of path compare?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.paths import DecodedPath
from explorer.pages.interpolate.found_paths import DRAWN, FoundPaths
from explorer.session.path_link import Stop
from explorer.surface.schema import OtherPathRecord, PathRecord, StripRecord
from explorer.text.density import SUPPORT_HELP
from trainer.latent.path_measures import PathMeasures
from trainer.maps.projection import Projection
from trainer.maps.support import density_figure
from trainer.numerals import number, percent
from trainer.runs.read import Run

LENGTH = (
    "Decoded length from the first stop to the last, without overshoot: the sum of ‖x̂(zᵢ₊₁) − x̂(zᵢ)‖ over small steps along the path, each "
    "frame's step divided in 8, in grey levels (0 to 1)."
)
STRAIGHT = "Chord / length: how far the last stop's picture is from the first one's, over the decoded length. 1: a straight change."
STEP = "Distance to the picture of the frame before, in grey levels (0 to 1)."
UNEVEN = "Coefficient of variation of the speed: standard deviation over mean of the frames' decoded steps. 0 %: equal speed."
PRIOR = "How much less probable the code is under the prior N(0, I) than its mean: log p(0) − log p(z) = ‖z‖²/2, in nats."


def path_record(run: Run, projection: Projection, found: FoundPaths, is_loop: bool, stops: Sequence[Stop]) -> PathRecord:
    """The chosen path as the browser plays it, the others thin beside it."""
    others = tuple(
        OtherPathRecord(name, *_placed(run, projection, one.codes), _labels(one))
        for name, one in found.paths.items()
        if name != found.kind
    )
    played = found.played
    z, places = _placed(run, projection, played.codes)
    record = PathRecord(found.kind, z, places, found.ends, others, _strips(played.along), labels=_labels(played))
    if found.kind == DRAWN:
        return record
    codes = np.array([stop.z for stop in stops], np.float32)
    record = replace(record, missing=found.missing, is_meanwhile=found.is_meanwhile)
    return replace(record, is_loop=is_loop, stops=_placed(run, projection, codes)[1])


def _labels(path: DecodedPath) -> tuple[int, ...] | None:
    return None if path.labels is None else tuple(path.labels.tolist())


def _placed(
    run: Run, projection: Projection, codes: NDArray[np.float32]
) -> tuple[tuple[tuple[float, ...], ...], tuple[tuple[float, float], ...]]:
    """Codes and their places on the map, with as many digits as are seen."""
    places = projection.to_map(codes, run.encodings.mu).astype(float).round(4)
    return tuple(map(tuple, codes.astype(float).round(5).tolist())), tuple((x, y) for x, y in places.tolist())


def _strips(along: PathMeasures) -> tuple[StripRecord, ...]:
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


def table_of_kinds(found: FoundPaths) -> None:
    """How the kinds of path compare, the one that plays first."""
    order = sorted(found.paths, key=lambda kind: kind != found.kind)
    along = [found.paths[kind].along for kind in order]
    columns = {
        "path": [kind.capitalize() + (" ▸" if kind == found.kind else "") for kind in order],
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

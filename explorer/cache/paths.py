"""What does a path through latent space decode to, and what is measured along it?

The page finds geodesics, where it has the decoder; through stored pictures in place of one they are computed here, in the background.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.cache.maps import get_support
from explorer.cache.runs import Stamp, run_at, stamp_of
from explorer.jobs.background import Answer, Background
from explorer.surface.schema import LegRecord
from trainer.errors import DataError
from trainer.latent.decoded_graphs import DecodedGraph, decoded_graphs
from trainer.latent.decoded_length import Doubles, Report, curve_length
from trainer.latent.path_measures import PathMeasures, measure_path
from trainer.latent.paths import DecodeAs, LatentPath, decoded_path_length, frames_along, shortest_leg
from trainer.runs.read import Run

Ways = tuple[Doubles, ...]


@dataclass(frozen=True)
class DecodedPath:
    """The codes of a path, their pictures, and what was measured along it."""

    codes: NDArray[np.float32]
    """(T, K)."""
    x_hat: NDArray[np.float32]
    """The decoded pictures, (T, C, H, W)."""
    along: PathMeasures
    labels: NDArray[np.int64] | None = None
    """The class as which each code is decoded, (T,); None for a model that is not class-conditional."""


def decoded_path(run_id: str, walk: LatentPath, ways: Ways = ()) -> DecodedPath:
    """A path, decoded and measured. ways: of a geodesic, the codes of every leg (n, K)."""
    stops = tuple(map(tuple, np.asarray(walk.stops, float).tolist()))
    settings = (walk.kind, walk.is_loop, walk.overshoot, walk.n, walk.even, walk.labels)
    return _decoded_path(run_id, stamp_of(run_id), stops, settings, ways)


def decoded_line(run_id: str, label: int | None, codes: tuple[tuple[float, ...], ...]) -> DecodedPath:
    """The same of codes that no formula gave, such as those of a line drawn by hand."""
    return _decoded_line(run_id, stamp_of(run_id), label, codes)


@dataclass(frozen=True)
class Geodesics:
    """The geodesics of all legs of a path, as far as they are known."""

    ways: Ways | None
    """The codes of every leg, (n, K); None while one is missing."""
    share: float
    """Of the work that is done, from 0 to 1."""
    error: str = ""
    """Why there will be none, or nothing."""


def legs_of(run_id: str, walk: LatentPath) -> tuple[LegRecord, ...]:
    """What the page is asked for where the decoder is there."""
    stops, labels = np.asarray(walk.stops, float).tolist(), walk.labels or (None,) * len(walk.stops)
    of = f"{run_id} {stamp_of(run_id)}"
    return tuple(LegRecord(tuple(stops[i]), tuple(stops[j]), labels[i], labels[j], of) for i, j in walk.legs)


def is_tabulated(run: Run) -> bool:
    """Whether stored pictures stand in for the decoder."""
    return run.info.origin is not None and run.info.origin.decoder == "pictures"


def geodesics(run_id: str, walk: LatentPath) -> Geodesics:
    """The shortest ways along a walk as far as they are known; what is missing is being computed when this returns."""
    stamp, labels = stamp_of(run_id), walk.labels or (None,) * len(walk.stops)
    graphs = {
        label: _background().ask(("graph", run_id, stamp, label), partial(_graph, run_at(run_id, stamp), label))
        for label in dict.fromkeys(labels)
    }
    ways = []
    for i, j in walk.legs:
        a, b = (tuple(map(float, walk.stops[k])) for k in (i, j))
        name = ("way", run_id, stamp, labels[i], labels[j], a, b, walk.n)
        ways.append(_background().ask(name, partial(_way, graphs[labels[i]], graphs[labels[j]], a, b, walk.n)))
    jobs = [*graphs.values(), *ways]
    error = next((job.error for job in jobs if job.error), "")
    is_done = all(job.is_done for job in jobs) and not error
    share = float(np.mean([1.0 if job.is_done else job.share for job in jobs]))
    return Geodesics(tuple(job.answer for job in ways) if is_done else None, share, error)


@st.cache_resource(show_spinner=False)
def _background() -> Background:
    return Background()


def _graph(this: Run, label: int | None, report: Report) -> tuple[DecodedGraph, ...]:
    """In the background, where Streamlit's memory is not to be asked: the run is given."""
    decode = replace(this.forward, label=label).decode
    return decoded_graphs(lambda z: decode(np.asarray(z, np.float32)), this.encodings.mu, report=report)


def _way(first: Answer, second: Answer, a: tuple[float, ...], b: tuple[float, ...], n: int, report: Report) -> Doubles:
    """The graphs come first: one worker does everything in the order in which it was asked."""
    for graph in (first, second):
        if graph.answer is None:
            raise DataError(graph.error or "its graph was given up")
    return shortest_leg(a, b, first.answer, n, report, None if second is first else second.answer)


@st.cache_resource(max_entries=64, show_spinner=False)
def _decoded_path(
    run_id: str, stamp: Stamp, stops: tuple[tuple[float, ...], ...], settings: tuple[Any, ...], ways: Ways
) -> DecodedPath:
    walk, decode = LatentPath(np.array(stops), *settings), _decode_as(run_id, stamp)
    frames = frames_along(walk, decode, ways)
    first, last = 0, walk.legs[-1][1]
    told = walk.labels or (None,) * len(stops)
    ends = np.concatenate([decode(walk.stops[[i]], told[i]) for i in (first, last)])
    return _measured(run_id, stamp, frames.codes, frames.labels, decoded_path_length(walk, decode, ways), ends)


@st.cache_resource(max_entries=16, show_spinner=False)
def _decoded_line(run_id: str, stamp: Stamp, label: int | None, codes: tuple[tuple[float, ...], ...]) -> DecodedPath:
    decode, line = _decode_as(run_id, stamp), np.array(codes)
    labels = None if label is None else np.full(len(line), label)
    return _measured(run_id, stamp, line, labels, curve_length(lambda z: decode(z, label), line))


def _decode_as(run_id: str, stamp: Stamp) -> DecodeAs:
    forward = run_at(run_id, stamp).forward
    return lambda z, label: replace(forward, label=label).decode(np.asarray(z, np.float32))


def _measured(
    run_id: str,
    stamp: Stamp,
    codes: Doubles,
    labels: NDArray[np.int64] | None,
    length: float,
    ends: NDArray[np.float32] | None = None,
) -> DecodedPath:
    this = run_at(run_id, stamp)
    x_hat = this.forward.decode(codes.astype(np.float32), labels)
    classify = None if this.reliable_classifier is None else this.reliable_classifier.probabilities
    along = measure_path(codes, x_hat, get_support(run_id), not this.config.is_deterministic, classify, length, ends)
    return DecodedPath(codes.astype(np.float32), x_hat, along, labels)

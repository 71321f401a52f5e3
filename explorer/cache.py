"""What is kept in memory for all visitors, and under which name?

The one owner of `st.cache_*`. Keys are a run's name and the stamp of its `run.json`, never arrays: Streamlit hashes only a sample of
large ones. What comes out is shared, so it is read-only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.jobs.background import Background, Job
from explorer.jobs.trainings import Workshop
from explorer.pictures import trust
from explorer.pictures.batch import Item
from explorer.pictures.judge import Against, Row, row_of
from explorer.pictures.preprocess import Ground, ground_of
from explorer.pictures.trust import Population
from explorer.surface.payload import pack_static
from trainer.datasets import Dataset, availability, dataset_names, load_dataset
from trainer.errors import DataError, RunError
from trainer.latent.decoded_graphs import DecodedGraph, decoded_graphs
from trainer.latent.decoded_length import Doubles, Report, curve_length
from trainer.latent.paths import Along, DecodeAs, Walk, frames_along, measured, shortest_leg, walk_length
from trainer.maps.inverse import honesty_of
from trainer.maps.projection import Projection, axis_pair
from trainer.maps.support import Support
from trainer.metrics.pca_spectrum import spectrum
from trainer.models.numpy_engine import CHUNK
from trainer.runs.catalogue import default_roots, list_runs, load_run
from trainer.runs.folder import RUN_JSON
from trainer.runs.read import Run, size_bytes
from trainer.runs.records import RunInfo
from trainer.runs.storage import store_of

Stamp = int
Ways = tuple[Doubles, ...]
MOST_BYTES_FOR_BROWSER = 32_000_000  # pixels of test images, before they are compressed
AXES_POINTS = 500  # on which the honesty of two axes is measured: any pair may be asked for at any time
MOST_PIXELS_OF_SPECTRUM = 1024  # more take minutes on an old machine


def runs() -> dict[str, RunInfo | RunError]:
    """Every run that is finished, by name, and every damaged one as its error; looked up anew when a run appears or changes."""
    return _runs(_stamps())


def run(name: str) -> Run:
    """The run of that name. Raises `RunError` as `trainer.load_run` does."""
    return _run(name, _stamp(name))


def projection(run_id: str, name: str, axes: tuple[int, int] | None = None) -> Projection:
    """A map of a run: a stored one, or the plane of two axes (from 0)."""
    return _projection(run_id, _stamp(run_id), name, axes)


def static_payload(
    run_id: str, projection_name: str, axes: tuple[int, int] | None = None, label: int | None = None
) -> bytes:  # fmt: skip
    """What the browser gets once for a run, a map and, of a conditional run, a class."""
    return _static_payload(run_id, _stamp(run_id), projection_name, axes, has_originals(run_id), label)


def dataset(name: str, sha256: str) -> Dataset | None:
    """The data set of that name and content, if it is on this machine; nothing is downloaded."""
    return _dataset(name, sha256) if availability(name).is_here else None


def dataset_is_here(run_id: str) -> bool:
    info = run(run_id).info.dataset
    return info.name in dataset_names() and availability(info.name).is_here


def has_originals(run_id: str) -> bool:
    """Whether all test pictures of a run are here, and few enough that the browser can be given them."""
    this = run(run_id)
    kept = this.test_images
    n_bytes = len(this.encodings.mu) * int(np.prod(this.image_shape))
    return (kept is not None and kept.is_whole and n_bytes <= MOST_BYTES_FOR_BROWSER) or dataset_is_here(run_id)


def originals(run_id: str) -> NDArray[np.uint8] | None:
    """The encoded test pictures (N, C, H, W) of a run, in the order of its encodings; None where neither run nor data set here has them."""
    this = run(run_id)
    kept = this.test_images
    if kept is not None and kept.is_whole:
        return kept.images
    if not dataset_is_here(run_id):
        return None
    data = dataset(this.info.dataset.name, this.info.dataset.sha256)
    return None if data is None else data.images[this.encodings.index]


def originals_of(run_id: str, rows: NDArray[np.int64]) -> NDArray[np.uint8] | None:
    """Some test pictures (B, C, H, W), by their places among the encodings; None where one of them is not here. A run of very many test
    images keeps some of them only."""
    whole = originals(run_id)
    if whole is not None:
        return whole[rows]
    kept = run(run_id).test_images
    found = [] if kept is None else [kept.of_row(int(row)) for row in rows]
    return np.stack([picture for picture in found if picture is not None]) if found and all(p is not None for p in found) else None


def factors(run_id: str) -> tuple[tuple[str, ...], NDArray[np.float32]] | None:
    """Names and columns (N, F) of the known causes of the encoded pictures; None where there are none or the data set is not here."""
    this = run(run_id)
    if not dataset_is_here(run_id):
        return None
    data = dataset(this.info.dataset.name, this.info.dataset.sha256)
    if data is None or data.factors is None:
        return None
    return data.factor_names, data.factors[this.encodings.index]


def eigenvalues(run_id: str) -> NDArray[np.float64] | None:
    """Of the covariance of the training images, largest first; None where the data set is not here or its pictures are too large."""
    this = run(run_id)
    if not dataset_is_here(run_id) or int(np.prod(this.image_shape)) > MOST_PIXELS_OF_SPECTRUM:
        return None
    return _eigenvalues(this.info.dataset.name, this.info.dataset.sha256, this.config.train_on)


def population(run_id: str) -> Population:
    """What the trust gauge holds a picture of this run against; made once, when it is first asked for."""
    return _population(run_id, _stamp(run_id))


def judged(run_id: str, item: Item) -> Row:
    """What a run makes of one of many uploads."""
    digest = sha256(item.data or b"").hexdigest()
    return _judged(run_id, _stamp(run_id), digest, item.name, item.refusal, item)


def comparable_pictures(run_id: str) -> NDArray[np.uint8]:
    """(N, C, H, W) in the order of the encodings: the test images, or, where they are not here, the run's reconstructions of them."""
    here = originals(run_id)
    return _reconstructions(run_id, _stamp(run_id)) if here is None else here


def size_on_disk(run_id: str) -> int:
    """Bytes of a run's folder."""
    return _size(run_id, _stamp(run_id))


@dataclass(frozen=True)
class Walked:
    """codes (T, K) of a walk, their pictures x_hat (T, C, H, W), and what was measured along it.

    labels (T,): the class as which each is decoded; None for a model that is told none.
    """

    codes: NDArray[np.float32]
    x_hat: NDArray[np.float32]
    along: Along
    labels: NDArray[np.int64] | None = None


def walked(run_id: str, walk: Walk, ways: Ways = ()) -> Walked:
    """A walk, decoded and measured. ways: of a geodesic, see `geodesics`."""
    stops = tuple(map(tuple, np.asarray(walk.stops, float).tolist()))
    settings = (walk.kind, walk.is_loop, walk.overshoot, walk.n, walk.even, walk.labels)
    return _walked(run_id, _stamp(run_id), stops, settings, ways)


def line_walked(run_id: str, label: int | None, codes: tuple[tuple[float, ...], ...]) -> Walked:
    """The same of codes that no formula gave, such as those of a line drawn by hand."""
    return _line_walked(run_id, _stamp(run_id), label, codes)


@dataclass(frozen=True)
class Geodesics:
    """ways: of every leg (n, K), or None while one is missing · share: of the work that is done · error: why there will be none."""

    ways: Ways | None
    share: float
    error: str = ""


def geodesics(run_id: str, walk: Walk) -> Geodesics:
    """The shortest ways along a walk as far as they are known; what is missing is being computed when this returns."""
    stamp, labels = _stamp(run_id), walk.labels or (None,) * len(walk.stops)
    graphs = {
        label: _background().ask(("graph", run_id, stamp, label), partial(_graph, _run(run_id, stamp), label))
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
def workshop() -> Workshop:
    """The trainings of this server: one for all visitors."""
    return Workshop()


def forget_dataset() -> None:
    """After a download: look again."""
    _dataset.clear()
    _static_payload.clear()


@st.cache_resource(max_entries=4, show_spinner=False)
def _runs(stamps: tuple[tuple[str, Stamp], ...]) -> dict[str, RunInfo | RunError]:
    found = list_runs()
    return {name: info for name, info in found.items() if isinstance(info, RunError) or info.state == "finished"}


@st.cache_resource(max_entries=32, show_spinner=False)
def _run(name: str, stamp: Stamp) -> Run:
    return load_run(name)


@st.cache_resource(max_entries=64, show_spinner=False)
def _projection(run_id: str, stamp: Stamp, name: str, axes: tuple[int, int] | None) -> Projection:
    this = _run(run_id, stamp)
    if name == "axes" and axes is not None:
        pair = axis_pair(this.encodings.mu, *axes)
        return replace(pair, honest=honesty_of(this.encodings.mu, pair.points, most=AXES_POINTS))
    return this.projections[name]


@st.cache_resource(max_entries=16, show_spinner=False)
def _static_payload(
    run_id: str, stamp: Stamp, name: str, axes: tuple[int, int] | None, with_originals: bool, label: int | None
) -> bytes:  # fmt: skip
    pictures = originals(run_id) if with_originals else None
    causes = factors(run_id) if with_originals else None
    return pack_static(_run(run_id, stamp), _projection(run_id, stamp, name, axes), pictures, label=label, factors=causes)


def support(run_id: str) -> Support:
    """How many encoded images of a run there are around a code."""
    return _support(run_id, _stamp(run_id))


def ground(run_id: str) -> Ground | None:
    """What the images of a folder of one's own lie on, where they agree; the data sets that are known here have ways of their own."""
    return _ground(run_id, _stamp(run_id))


@st.cache_resource(max_entries=64, show_spinner=False)
def _ground(run_id: str, stamp: Stamp) -> Ground | None:
    images = _run(run_id, stamp).images
    return None if images is None else ground_of(images)


@st.cache_resource(max_entries=8, show_spinner=False)
def _support(run_id: str, stamp: Stamp) -> Support:
    this = _run(run_id, stamp)
    return Support(this.encodings.mu, not this.config.is_deterministic)


@st.cache_resource(show_spinner=False)
def _background() -> Background:
    return Background()


def _graph(this: Run, label: int | None, report: Report) -> tuple[DecodedGraph, ...]:
    """In the background, where Streamlit's memory is not to be asked: the run is given."""
    decode = replace(this.forward, label=label).decode
    return decoded_graphs(lambda z: decode(np.asarray(z, np.float32)), this.encodings.mu, report=report)


def _way(first: Job, second: Job, a: tuple[float, ...], b: tuple[float, ...], n: int, report: Report) -> Doubles:
    """The graphs come first: one worker does everything in the order in which it was asked."""
    for graph in (first, second):
        if graph.answer is None:
            raise DataError(graph.error or "its graph was given up")
    return shortest_leg(a, b, first.answer, n, report, None if second is first else second.answer)


@st.cache_resource(max_entries=64, show_spinner=False)
def _walked(run_id: str, stamp: Stamp, stops: tuple[tuple[float, ...], ...], settings: tuple[Any, ...], _ways: Ways) -> Walked:
    walk, decode = Walk(np.array(stops), *settings), _decode_as(run_id, stamp)
    frames = frames_along(walk, decode, _ways)
    first, last = 0, walk.legs[-1][1]
    told = walk.labels or (None,) * len(stops)
    ends = np.concatenate([decode(walk.stops[[i]], told[i]) for i in (first, last)])
    return _measured(run_id, stamp, frames.codes, frames.labels, walk_length(walk, decode, _ways), ends)


@st.cache_resource(max_entries=16, show_spinner=False)
def _line_walked(run_id: str, stamp: Stamp, label: int | None, codes: tuple[tuple[float, ...], ...]) -> Walked:
    decode, line = _decode_as(run_id, stamp), np.array(codes)
    labels = None if label is None else np.full(len(line), label)
    return _measured(run_id, stamp, line, labels, curve_length(lambda z: decode(z, label), line))


def _decode_as(run_id: str, stamp: Stamp) -> DecodeAs:
    forward = _run(run_id, stamp).forward
    return lambda z, label: replace(forward, label=label).decode(np.asarray(z, np.float32))


def _measured(
    run_id: str, stamp: Stamp, codes: Doubles, labels: NDArray[np.int64] | None, length: float, ends: NDArray[np.float32] | None = None
) -> Walked:  # fmt: skip
    this = _run(run_id, stamp)
    x_hat = this.forward.decode(codes.astype(np.float32), labels)
    classify = None if this.classifier is None else this.classifier.probabilities
    along = measured(codes, x_hat, _support(run_id, stamp), not this.config.is_deterministic, classify, length, ends)
    return Walked(codes.astype(np.float32), x_hat, along, labels)


@st.cache_resource(max_entries=8, show_spinner=False)
def _dataset(name: str, sha256: str) -> Dataset | None:
    try:
        data = load_dataset(name, download=False)
    except DataError:
        return None
    return data if data.sha256 == sha256 else None


@st.cache_resource(max_entries=8, show_spinner="Reading the covariance of the training images …")
def _eigenvalues(name: str, sha256: str, split: str) -> NDArray[np.float64] | None:
    data = _dataset(name, sha256)
    if data is None:
        return None
    images = data.subset(split).images
    n_pixels = int(np.prod(images.shape[1:]))
    batches = (images[at : at + 4000].reshape(-1, n_pixels) / 255.0 for at in range(0, len(images), 4000))
    return spectrum(batches, n_pixels).values


@st.cache_resource(max_entries=16, show_spinner="Looking at the test images once …")
def _population(run_id: str, stamp: Stamp) -> Population:
    this = _run(run_id, stamp)
    stored = this.encodings
    return trust.population(stored.mu, stored.reconstruction, None if this.config.is_deterministic else stored.elbo)


@st.cache_resource(max_entries=256, show_spinner=False)
def _judged(run_id: str, stamp: Stamp, digest: str, name: str, refusal: str, _item: Item) -> Row:
    this = _run(run_id, stamp)
    stored, dataset = this.encodings, this.info.dataset
    among = Against(
        this.forward, dataset.name, dataset.class_names, stored.mu, stored.label, population(run_id), ground(run_id),
        this.classifier, originals(run_id) if this.classifier is None else None,
    )  # fmt: skip
    return row_of(_item, among)


@st.cache_resource(max_entries=4, show_spinner="Decoding the test images once …")
def _reconstructions(run_id: str, stamp: Stamp) -> NDArray[np.uint8]:
    this = _run(run_id, stamp)
    labels = this.told
    pictures = np.empty((len(this.encodings.mu), *this.image_shape), np.uint8)
    for at in range(0, len(pictures), CHUNK):  # as floats all of them would be four times as large
        part = slice(at, at + CHUNK)
        x_hat = this.forward.decode(this.encodings.mu[part], None if labels is None else labels[part])
        pictures[part] = np.rint(255 * np.clip(x_hat, 0, 1))
    return pictures


@st.cache_data(max_entries=64, show_spinner=False)
def _size(run_id: str, stamp: Stamp) -> int:
    return size_bytes(_run(run_id, stamp).folder)


def _stamp(name: str) -> Stamp:
    """Changes when the run is written anew; 0 where there is none."""
    stamps = (store_of(root / name).stamp(RUN_JSON) for root in default_roots())
    return next((stamp for stamp in stamps if stamp), 0)


def _stamps() -> tuple[tuple[str, Stamp], ...]:
    found = [(name, store_of(root / name).stamp(RUN_JSON)) for root in default_roots() for name in store_of(root).list()]
    return tuple(sorted(found))

"""Is a geodesic never longer than another path, and does a class-conditional walk show every stop as its own class?"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from trainer import load_run
from trainer.latent.decoded_graphs import decoded_graphs
from trainer.latent.decoded_length import Measure, curve_length
from trainer.latent.geodesics import geodesic
from trainer.latent.interpolation import PATH_KINDS, interpolate
from trainer.latent.paths import FORMULAS, LatentPath, decoded_path_length, frames_along, parts_along, shortest_leg

PLANES = ("mnist-2d", "digits-2d", "pendulum-2d", "digits-autoencoder")
PAIRS = 50  # a run: 200 in all
N = 31


def decoder_of(run, label=None):
    forward = replace(run.forward, label=label)
    return lambda z: forward.decode(np.asarray(z, np.float32))


def brute_length(decode, z, pieces=16):
    """The polyline's decoded length by a plain loop over its steps, each divided finely."""
    total = 0.0
    for a, b in pairwise(z):
        x = np.asarray(decode(a + np.linspace(0, 1, pieces + 1)[:, None] * (b - a)), float).reshape(pieces + 1, -1)
        total += np.linalg.norm(np.diff(x, axis=0), axis=1).sum()
    return total


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANES)
def test_no_other_path_is_shorter(name):
    """Random pairs of encoded images, and of draws from the prior among them: the measure is the one that the page shows."""
    run = load_run(name)
    decode, mu = decoder_of(run), run.encodings.mu.astype(float)
    graphs, rng = decoded_graphs(decode, mu), np.random.default_rng(11)
    shares = []
    for number in range(PAIRS):
        a, b = mu[rng.choice(len(mu), 2, replace=False)] if number % 3 else rng.standard_normal((2, 2)) * mu.std(0)
        found = geodesic(a, b, graphs, N)
        np.testing.assert_array_equal(found.z[[0, -1]], [a, b])
        length = curve_length(decode, found.z)
        assert length == pytest.approx(found.decoded_length, rel=1e-6)
        others = [curve_length(decode, interpolate(a, b, np.linspace(0, 1, N), kind)) for kind in PATH_KINDS]
        assert length <= min(others) * (1 + 1e-6), (name, a, b)
        shares.append(length / others[0])
    assert np.mean(shares) < 1 - 1e-3  # and it is worth looking for


@pytest.mark.slow
def test_the_page_of_the_default_run_shows_none_that_is_shorter():
    """mnist-2d's first stops, where 44.93 stood against 44.49; then through three, in a loop, at equal steps, and beyond the ends."""
    run = load_run("mnist-2d")
    decode, mu, labels = decoder_of(run), run.encodings.mu.astype(float), run.encodings.label
    graphs = decoded_graphs(decode, mu)
    stops = np.stack([mu[0], mu[np.flatnonzero(labels != labels[0])[0]], mu[7]])
    for settings in ({}, {"is_loop": True}, {"even": True}, {"overshoot": 0.5}):
        walk = LatentPath(stops, "geodesic", **settings)
        ways = [shortest_leg(stops[i], stops[j], graphs, walk.n) for i, j in walk.legs]
        length = decoded_path_length(walk, lambda z, _: decode(z), ways)
        others = [decoded_path_length(replace(walk, kind=kind), lambda z, _: decode(z)) for kind in FORMULAS]
        assert length <= min(others)
        line = np.concatenate([ways[0], *(way[1:] for way in ways[1:])])
        assert length == pytest.approx(brute_length(decode, line), rel=2e-3)


def test_through_many_dimensions_too():
    run = load_run("digits-16d")
    decode, mu = decoder_of(run), run.encodings.mu.astype(float)
    graphs, rng = decoded_graphs(decode, mu), np.random.default_rng(3)
    for _ in range(10):
        a, b = rng.standard_normal((2, 16))
        found = geodesic(a, b, graphs, N)
        others = [curve_length(decode, interpolate(a, b, np.linspace(0, 1, N), kind)) for kind in PATH_KINDS]
        assert found.decoded_length <= min(others) * (1 + 1e-6)


def test_a_path_of_the_callers_own_is_never_beaten_by_a_longer_one():
    """The true geodesic of the unit circle's plane r = 1 is handed over; nothing found may be longer than it."""

    def polar(z):
        r, angle = np.asarray(z, float).T
        return np.stack((r * np.cos(angle), r * np.sin(angle)), axis=1)

    chord = np.stack([np.linspace(0, 1, N), np.linspace(0, 0, N)], axis=1)
    cartesian = np.array([1.0, 0.0]) + chord @ np.array([[np.cos(2.0) - 1, np.sin(2.0)], [0, 0]])
    truth = np.stack((np.linalg.norm(cartesian, axis=1), np.arctan2(cartesian[:, 1], cartesian[:, 0])), axis=1)
    codes = np.random.default_rng(0).uniform([0.2, -3], [1.5, 3], (300, 2))
    found = geodesic(truth[0], truth[-1], decoded_graphs(polar, codes), N, others=[truth])
    assert found.decoded_length <= curve_length(polar, truth)
    assert found.decoded_length == pytest.approx(2 * np.sin(1.0), rel=1e-3)


def test_a_curves_length_adds_up_and_does_not_depend_on_the_number_of_frames():
    def spiral(z):
        t = np.asarray(z, float)[:, 0]
        return np.stack((np.cos(3 * t), np.sin(3 * t)), axis=1)

    z = np.linspace(0, 1, 9)[:, None]
    assert curve_length(spiral, z) == pytest.approx(3, rel=1e-3)  # an arc of 3 rad
    assert curve_length(spiral, z[:4]) + curve_length(spiral, z[3:]) == pytest.approx(curve_length(spiral, z), rel=1e-12)
    many = np.linspace(0, 1, 700)[:, None]  # more codes than are decoded together
    assert curve_length(spiral, many) == pytest.approx(3, rel=1e-6)
    assert curve_length(spiral, z[:1]) == 0


def test_low_support_costs_more_where_it_is_asked_for():
    """The factor belongs to the middles of the measuring steps: a wall between x = −1 and 1 that doubles each step."""
    measure = Measure(lambda z: np.asarray(z, float), lambda z: np.where(np.abs(np.asarray(z)[:, 0]) < 1, 0.0, 1.0), 1.0)
    length, cost = measure.of_curve(np.array([[-2.0, 0.0], [0.0, 0.0], [2.0, 0.0]]))
    assert (length, cost) == (4, 6)


# --- classes


def two_discs(z, label):
    """A decoder that is told the class: the same plane, drawn in its class's own third pixel."""
    z = np.asarray(z, float)
    return np.concatenate((z, np.full((len(z), 1), 0.0 if label == 0 else 4.0)), axis=1)


def test_a_stop_is_decoded_as_its_own_class_and_frames_as_the_nearer_stops():
    stops = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    frames = frames_along(LatentPath(stops, n=5, labels=(5, 9, 9)))
    assert frames.labels.tolist() == [5, 5, 9, 9, 9, 9, 9, 9, 9]
    assert frames.codes.shape == (9, 2)
    beyond = frames_along(LatentPath(stops[:2], n=5, labels=(5, 9), overshoot=0.5))
    assert beyond.labels.tolist() == [5] * 4 + [9] * 5  # t = −.5, −.25, 0, .25 | .5 … 1.5
    loop = frames_along(LatentPath(stops[:2], n=5, labels=(5, 9), is_loop=True))
    assert loop.labels.tolist() == [5, 5, 9, 9, 9, 9, 5, 5, 5]
    assert frames_along(LatentPath(stops)).labels is None


def test_the_jump_between_two_classes_counts_once():
    walk = LatentPath(np.array([[0.0, 0.0], [3.0, 0.0]]), labels=(0, 1))
    assert decoded_path_length(walk, two_discs) == pytest.approx(3 + 4)
    assert decoded_path_length(replace(walk, labels=(1, 1)), two_discs) == pytest.approx(3)
    assert [part.label for part in parts_along(walk)] == [0, 1]


def test_equal_steps_between_classes_are_equal_within_each():
    walk = LatentPath(np.array([[0.0, 0.0], [3.0, 0.0]]), "variance-preserving", labels=(0, 1), even=True)
    frames = frames_along(walk, two_discs)
    assert len(frames.codes) == 61
    steps = np.linalg.norm(np.diff(frames.codes, axis=0), axis=1)
    switch = int(np.flatnonzero(np.diff(frames.labels))[0])
    inner = np.delete(steps, switch)
    assert inner.std() / inner.mean() < 0.05


def test_the_walk_from_a_5_to_a_9_shows_a_5_and_a_9():
    """Each end is exactly what the decoder draws of that image's code when it is told that image's class."""
    run = load_run("digits-conditional-vae")
    mu, labels, names = run.encodings.mu.astype(float), run.encodings.label, run.info.dataset.class_names
    rows = [int(np.flatnonzero(labels == names.index(name))[0]) for name in ("5", "9")]
    told = tuple(int(labels[row]) for row in rows)
    frames = frames_along(LatentPath(mu[rows], labels=told))
    pictures = run.forward.decode(frames.codes.astype(np.float32), frames.labels)
    expected = run.forward.decode(run.encodings.mu[rows], list(told))
    np.testing.assert_allclose(pictures[[0, -1]], expected, atol=1e-6)
    assert run.classifier is not None
    seen = run.classifier.probabilities(pictures[[0, -1]].astype(np.float32)).argmax(1)
    assert tuple(seen.tolist()) == told


def test_a_geodesic_between_two_classes_is_no_longer_than_any_formula():
    run = load_run("digits-conditional-vae")
    mu, labels = run.encodings.mu.astype(float), run.encodings.label
    rng = np.random.default_rng(2)
    for _ in range(3):
        i, j = rng.choice(len(mu), 2, replace=False)
        told = (int(labels[i]), int(labels[j]))
        graphs = {label: decoded_graphs(decoder_of(run, label), mu) for label in set(told)}
        walk = LatentPath(mu[[i, j]], "geodesic", labels=told)
        then = None if told[0] == told[1] else graphs[told[1]]
        way = shortest_leg(mu[i], mu[j], graphs[told[0]], walk.n, then=then)
        np.testing.assert_array_equal(way[[0, -1]], mu[[i, j]])

        def decode_as(z, label):
            return decoder_of(run, label)(z)

        length = decoded_path_length(walk, decode_as, [way])
        assert length <= min(decoded_path_length(replace(walk, kind=kind), decode_as) for kind in FORMULAS) * (1 + 1e-6)

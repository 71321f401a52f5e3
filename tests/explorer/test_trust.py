"""Does Reconstruct show the trust gauge and the nearest images, for every kind of model, with and without the originals?"""

from __future__ import annotations

import json

import numpy as np
import pytest

from explorer.charts.trust import strip_gauge
from explorer.pictures import trust
from tests.explorer.conftest import KINDS
from tests.explorer.shown import app, grids, png, said, sound, upload, words
from tests.places import ASSETS
from trainer.numerals import percent
from trainer.runs.catalogue import load_run

pytestmark = pytest.mark.usefixtures("fresh_app")
RUNS = sorted(path.name for path in ASSETS.iterdir())


def gauges(test):
    """The charts with one mark, by the words above them."""
    charts = [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]
    return [chart for chart in charts if any("this picture" in str(trace.get("hovertemplate")) for trace in chart["data"])]


@pytest.mark.parametrize("name", RUNS)
def test_every_pretrained_run_has_its_gauges_and_the_numbers_are_the_runs(name):
    run = load_run(name)
    test = sound(app(run=name, view="reconstruct").run())
    assert not test.error
    assert len(gauges(test)) == (2 if run.config.is_deterministic else 3)
    shown = words(test)
    assert f"Reconstruction loss  \n**{run.encodings.reconstruction[0]:.1f}** nats".replace("-", "−") in shown.replace("\\", "")
    worse = 100 * np.sum(run.encodings.reconstruction < run.encodings.reconstruction[0]) / len(run.encodings.reconstruction)
    assert f"worse than {percent(worse / 100, 1)} of the test images" in shown
    assert ("no ELBO" in shown) == run.config.is_deterministic


@pytest.mark.parametrize("name", list(KINDS))
def test_every_kind_of_model_has_them(name, kinds, monkeypatch):
    monkeypatch.setenv("LATENT_RUNS", str(kinds))
    test = sound(app(run=name, view="reconstruct").run())
    assert not test.error
    assert len(gauges(test)) == (2 if load_run(name, kinds).config.is_deterministic else 3)


def test_without_the_originals_the_gauge_is_the_same_and_the_nearest_are_reconstructions_when_asked_for(monkeypatch, tmp_path):
    here = sound(app(run="digits-16d", view="reconstruct").run())
    with_originals = [said(caption) for caption in here.caption if "worse than" in caption.value]
    monkeypatch.setattr("explorer.cache.datasets.dataset_is_here", lambda run_id: False)
    test = sound(app(run="digits-16d", view="reconstruct").run())
    assert [said(caption) for caption in test.caption if "worse than" in caption.value] == with_originals
    assert "the originals are not on this machine" not in words(test)
    from explorer.cache.datasets import comparable_pictures

    decoded = comparable_pictures("digits-16d")
    run = load_run("digits-16d")
    np.testing.assert_allclose(decoded, 255 * run.forward.decode(run.encodings.mu), atol=0.51)


def test_the_nearest_images_are_listed_with_class_number_and_distance():
    test = sound(app(run="digits-16d", view="reconstruct").run())
    run = load_run("digits-16d")
    distances = np.linalg.norm(run.encodings.mu.astype(float) - run.encodings.mu[0], axis=1)
    order = np.argsort(distances)[1:7]
    by_code = grids(test)[-2]
    for row in order:
        label = run.info.dataset.class_names[run.encodings.label[row]]
        assert f"<figcaption>test image {row} (class {label}) · {distances[row]:.2f}</figcaption>" in by_code


def test_an_odd_upload_is_called_so():
    noise = np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)
    test = upload(sound(app(run="mnist-20d", view="reconstruct").run()), "noise.png", png(noise))
    assert "more unusual than each of the" in words(test)


@pytest.mark.parametrize("is_low_bad", [False, True])
def test_a_mark_lies_at_its_value_or_at_the_end_as_an_arrow(is_low_bad):
    ordered = np.sort(np.random.default_rng(0).normal(100, 10, 1000))
    sign = -1 if is_low_bad else 1
    inside = strip_gauge(ordered, 104.0, "nats", is_low_bad).data[1]
    assert list(inside.x) == [sign * 104.0] * 2
    assert inside.marker.symbol[1] == "triangle-down"
    figure = strip_gauge(ordered, 5000.0, "nats", is_low_bad)
    assert figure.layout.xaxis.ticklabeloverflow == "hide past div"  # no half of a number
    assert figure.data[1].marker.symbol[1] == "triangle-right"
    left, right = figure.layout.xaxis.range  # the worse end is the right one
    assert 0.95 < (figure.data[1].x[0] - left) / (right - left) < 1
    assert "5000.00 nats" in figure.data[1].hovertemplate


def test_all_images_alike_still_have_a_strip():
    figure = strip_gauge(np.full(50, 3.0), 3.0, "nats")
    assert figure.layout.xaxis.range[0] < 3 < figure.layout.xaxis.range[1]


def test_the_page_reads_the_population_once(monkeypatch):
    from explorer.cache.uploads import population

    asked = []
    real = trust.population
    monkeypatch.setattr(trust, "population", lambda *arrays: asked.append(1) or real(*arrays))
    test = sound(app(run="digits-16d", view="atlas").run())
    assert not asked  # never on the way to the first page
    test = sound(app(run="digits-16d", view="reconstruct").run())
    test.number_input(key="reconstruct-row").set_value(3)
    sound(test.run())
    assert len(asked) == 1
    assert population("digits-16d").n == len(load_run("digits-16d").encodings.mu)

"""Do the gaps of the bound, the noise of the gradient and M2's two bounds stand on the page with the numbers of `trainer.metrics`?"""

import json

import numpy as np
import pytest

from explorer.charts.bounds import bound_points, gap_histogram, mean_of
from tests.explorer.shown import app, sound, words

pytestmark = pytest.mark.usefixtures("fresh_app")


def charts(test):
    return [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]


def test_a_mean_has_the_standard_error_of_its_images():
    values = np.random.default_rng(0).standard_normal(400)
    assert mean_of("a", values).value == pytest.approx(values.mean())
    assert mean_of("a", values).error == pytest.approx(values.std(ddof=1) / 20)


def test_every_image_is_in_a_bar_and_is_a_point():
    gap = np.random.default_rng(1).exponential(size=200)
    assert sum(gap_histogram([("gap", gap)]).data[0].y) == len(gap)
    wrong = gap > 1
    right, missed, _ = bound_points(gap, gap, wrong).data
    assert (len(right.x), len(missed.x)) == ((~wrong).sum(), wrong.sum())


def test_the_bounds_of_m2_are_told_with_their_errors():
    test = sound(app(run="digits-m2", view="dimensions", look="class bounds").run())
    assert "Labelled bound" in words(test) and "unlabelled bound" in words(test) and "How to read this" in words(test)
    points, losses = charts(test)
    assert len(points["data"]) == 3 and len(losses["data"][0]["x"]) == 3
    switch = next(group for group in test.get("button_group") if "class bounds" in group.options)
    assert switch.value == "class bounds"


def test_only_semi_supervised_models_have_class_bounds():
    test = sound(app(run="clinic-healthy", view="dimensions", look="class bounds").run())
    assert not any("class bounds" in group.options for group in test.get("button_group"))


@pytest.mark.parametrize(
    ("look", "button", "sentence"),
    [
        ("gradients", "compute-gradients", "Variance of one draw of the gradient:"),
        ("amortisation", "compute-gaps", "Amortisation gap"),
    ],
)
def test_what_takes_seconds_is_computed_when_it_is_asked_for(monkeypatch, look, button, sentence):
    from explorer.cache import figures

    monkeypatch.setattr(figures, "GAP_IMAGES", 12)
    test = sound(app(run="digits-2d", view="dimensions", look=look).run())
    assert sentence not in words(test)
    test.button(key=button).click()
    told = words(sound(test.run()))
    assert sentence in told and "How to read this" in told
    assert charts(test)[0]["data"]
    again = sound(app(run="digits-2d", view="dimensions", look=look).run())  # kept for the next visitor
    assert sentence in words(again)
    figures._shelf().clear()

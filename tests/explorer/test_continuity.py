"""Do the sentences of continuity and completeness say what the numbers decide, and stand both runs beside each other?"""

import json
from dataclasses import replace

import numpy as np
import pytest

from explorer.text.continuity import calibration_sentence, completeness_sentence, steps_sentence
from tests.explorer.shown import app, sound, words
from trainer.metrics.continuity import Completeness, Continuity, Share, Threshold
from trainer.metrics.run_continuity import RunContinuity

PAIRS = 100
THRESHOLD = Threshold(0.6, Share(90, 100), Share(81, 90))


def found(change, noise, n_known=500):
    """Steps that change a picture by `change` of the reference on average, half of the pairs by `noise` more and half by as much less."""
    squared = change + noise * np.tile([1.0, -1.0], PAIRS // 2)
    codes, rows = np.zeros((PAIRS, 2), np.float32), np.zeros(PAIRS, int)
    steps = Continuity(np.array([0.1]), squared[None], np.ones(PAIRS), None, None, 1.0, rows, codes, codes)
    probability = np.where(np.arange(1000) < n_known, 0.9, 0.3)
    draws = Completeness(THRESHOLD, np.zeros((1000, 2), np.float32), np.zeros(1000, int), probability, np.zeros(1000, int))
    return RunContinuity(steps, THRESHOLD, draws, draws)


def test_a_difference_is_claimed_beyond_two_standard_errors_only():
    """Standard errors of .1/√100 = .01 each, of the difference .014."""
    far = steps_sentence({"a": found(0.10, 0.1), "b": found(0.20, 0.1)}, 0)
    near = steps_sentence({"a": found(0.10, 0.1), "b": found(0.12, 0.1)}, 0)
    assert far.endswith(": less in a.") and near.endswith("; the difference is within two standard errors.")
    assert "10.0\u00a0% ± 1.0\u00a0% in a" in far
    alone = steps_sentence({"a": found(0.10, 0.1)}, 0)
    assert "less" not in alone and "difference" not in alone


def test_draws_are_compared_alike():
    assert completeness_sentence({"a": found(0.1, 0, 700), "b": found(0.1, 0, 500)}).endswith(": less of b.")
    assert "within two standard errors" in completeness_sentence({"a": found(0.1, 0, 500), "b": found(0.1, 0, 501)})


def test_what_is_not_known_is_said_to_be_so():
    nothing = replace(found(0.1, 0), threshold=None, prior=None, box=None)
    assert "is not known" in completeness_sentence({"a": nothing})
    assert calibration_sentence("a", nothing) == ""
    told = calibration_sentence("a", found(0.1, 0)).replace("\u00a0", " ")
    assert told.startswith(
        "a: known from a probability of 60 % on, which the classifier gives to 90 % of 100 other reconstructions"
    )
    assert told.endswith(" and is right for 90 % of these.")


def test_a_decoder_that_ignores_the_code_is_said_to():
    steps = found(0.0, 0.0).continuity
    constant = replace(found(0, 0), continuity=replace(steps, reference=np.zeros(PAIRS)))
    assert "decode to the same picture" in steps_sentence({"a": constant}, 0)


@pytest.mark.usefixtures("fresh_app")
def test_the_autoencoder_stands_beside_the_vae():
    test = sound(app(run="digits-autoencoder", view="dimensions", look="continuity").run())
    assert "in digits-autoencoder" in words(test) and "in digits-2d: less in digits-2d" in words(test)
    pixels, classes, known = (json.loads(chart.proto.spec)["data"] for chart in test.get("plotly_chart"))
    assert [trace["name"] for trace in pixels] == ["digits-autoencoder", "digits-2d", "linear decoder"]
    assert [trace["name"] for trace in classes] == [trace["name"] for trace in known] == ["digits-autoencoder", "digits-2d"]
    test.selectbox(key="continuity-beside-digits-autoencoder").set_value("none")
    assert "digits-2d" not in words(sound(test.run())).split("A step of")[1]

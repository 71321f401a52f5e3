"""Do the sentences of continuity and completeness say what the numbers decide, and stand both runs beside each other?"""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from explorer.cache.figures import get_continuity
from explorer.charts.continuity import step_curves
from explorer.pages.dimensions.sections.continuity import _class_curve
from explorer.text.continuity import calibration_sentence, cells, classifier_command
from tests.explorer.shown import app, sound, words
from trainer.cli.arguments import parse
from trainer.cli.classifier import ClassifierOptions
from trainer.diagnosis.continuity_sentences import completeness_sentence, steps_sentence, without_classifier
from trainer.metrics.continuity import Completeness, Continuity, Threshold
from trainer.metrics.run_continuity import RunContinuity, figures
from trainer.runs.catalogue import load_run
from trainer.runs.continuity_figures import ContinuityFigures, Share
from trainer.runs.write import RunWriter, copy_of

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


def kept(*of, **more) -> ContinuityFigures:
    return figures(found(*of, **more))


def test_a_difference_is_claimed_beyond_two_standard_errors_only():
    """Standard errors of .1/√100 = .01 each, of the difference .014."""
    far = steps_sentence({"a": kept(0.10, 0.1), "b": kept(0.20, 0.1)})
    near = steps_sentence({"a": kept(0.10, 0.1), "b": kept(0.12, 0.1)})
    assert far.endswith(": less in a.") and near.endswith("; the difference is within two standard errors.")
    assert "10.0\u00a0% ± 1.0\u00a0% in a" in far
    alone = steps_sentence({"a": kept(0.10, 0.1)})
    assert "less" not in alone and "difference" not in alone


def test_draws_are_compared_alike():
    assert completeness_sentence({"a": kept(0.1, 0, 700), "b": kept(0.1, 0, 500)}).endswith(": less of b.")
    assert "within two standard errors" in completeness_sentence({"a": kept(0.1, 0, 500), "b": kept(0.1, 0, 501)})


def test_what_is_not_known_is_said_to_be_so():
    nothing = replace(found(0.1, 0), threshold=None, prior=None, box=None)
    assert "is not known" in completeness_sentence({"a": figures(nothing)})
    assert calibration_sentence("a", nothing) == ""
    told = calibration_sentence("a", found(0.1, 0)).replace("\u00a0", " ")
    assert told.startswith(
        "a: recognised from a probability of 60 % on, which the classifier gives to 90 % of 100 other reconstructions"
    )
    assert told.endswith(" and is right for 90 % of these.")


def test_which_run_lacks_what_is_said_beside_what_is_known():
    bare = figures(replace(found(0.1, 0), threshold=None, prior=None, box=None))
    poor = bare.model_copy(update={"class_changes": 7})
    alone, both = completeness_sentence({"a": bare}), completeness_sentence({"a": bare, "b": bare})
    assert alone.endswith("random codes of a decode to pictures is not known: a run without a classifier of pictures.")
    assert "of a and b decode" in both and both.endswith("runs without a classifier of pictures.")
    assert "whose classifier is too often wrong" in completeness_sentence({"a": poor})
    mixed = completeness_sentence({"a": kept(0.1, 0, 700), "b": bare, "c": poor})
    assert " of a (1" in mixed and mixed.count("is not known") == 2
    assert without_classifier({"a": kept(0.1, 0), "b": bare, "c": poor}) == ["b"]


@pytest.mark.usefixtures("fresh_app")
@pytest.mark.parametrize(("view", "query"), [("dimensions", {"look": "continuity"}), ("compare", {"with_": "digits-2d"})])
def test_a_run_without_a_classifier_says_why_and_how_it_gets_one(view, query):
    """The command's own parser takes what the page says; a run that has a classifier is not named."""
    told = words(sound(app(run="clinic-collapsed", view=view, **query).run()))
    assert "random codes of clinic-collapsed decode to pictures is not known" in told
    command = re.search(r"classifier (clinic-collapsed --name \S+)", told)
    options = parse(ClassifierOptions, command[1].split(), "classifier")
    assert (options.run, options.name) == ("clinic-collapsed", "clinic-collapsed-with-classifier")
    assert "classifier digits-2d" not in told and classifier_command(load_run("digits-2d")) == ""


def test_a_decoder_that_ignores_the_code_is_said_to():
    steps = found(0.0, 0.0).continuity
    constant = replace(found(0, 0), continuity=replace(steps, reference=np.zeros(PAIRS)))
    assert "decode to the same picture" in steps_sentence({"a": figures(constant)})


@pytest.mark.usefixtures("fresh_app")
def test_the_autoencoder_stands_beside_the_vae():
    test = sound(app(run="digits-autoencoder", view="dimensions", look="continuity").run())
    assert "in digits-autoencoder" in words(test) and "in digits-2d: less in digits-2d" in words(test)
    pixels, classes, known = (json.loads(chart.proto.spec)["data"] for chart in test.get("plotly_chart"))
    assert [trace["name"] for trace in pixels] == ["digits-autoencoder", "digits-2d", "linear decoder"]
    assert [trace["name"] for trace in classes] == [trace["name"] for trace in known] == ["digits-autoencoder", "digits-2d"]
    test.selectbox(key="continuity-beside-digits-autoencoder").set_value("none")
    assert "digits-2d" not in words(sound(test.run())).split("A step of")[1]


@pytest.mark.usefixtures("fresh_app")
def test_an_autoencoder_stands_beside_a_vae_in_compare_with_the_numbers_that_the_runs_keep():
    test = sound(app(run="digits-autoencoder", view="compare", with_="digits-2d").run())
    told = words(test)
    of_runs = {name: load_run(name).info.continuity for name in ("digits-autoencoder", "digits-2d")}
    for name, each in of_runs.items():
        assert "| " + " | ".join(cells(name, each)) + " |" in told
    assert steps_sentence(of_runs) in told and completeness_sentence(of_runs) in told


@pytest.mark.usefixtures("fresh_app")
def test_runs_of_before_are_measured_when_it_is_asked_for(tmp_path, monkeypatch):
    for name in ("digits-autoencoder", "digits-2d"):
        run = load_run(name)
        folder = copy_of(run, f"old-{name}", tmp_path).folder
        RunWriter(folder).write_info(run.info.model_copy(update={"continuity": None}))
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path))
    test = sound(app(run="old-digits-autoencoder", view="compare", with_="old-digits-2d").run())
    assert "classifier knows" not in words(test)
    test.button(key="measure-continuity").click()
    of_runs = {f"old-{name}": load_run(name).info.continuity for name in ("digits-autoencoder", "digits-2d")}
    assert steps_sentence(of_runs) in words(sound(test.run()))


def test_a_plain_healthy_model_stands_beside_a_linear_one():
    test = sound(app(run="digits-pca", view="dimensions", look="continuity").run())
    beside = load_run(test.selectbox(key="continuity-beside-digits-pca").value)
    assert not beside.config.is_conditional and not beside.config.is_deterministic
    assert beside.info.examination.information > 1 and beside.classifier is not None


def test_the_interval_of_a_share_holds_it_and_is_never_below_nothing():
    """Two standard errors below a share of 1 in 269 would be a negative one."""
    curve = _class_curve("digits-pca", get_continuity("digits-pca"))
    assert (curve.value - 2 * curve.error).min() < 0
    assert curve.low.min() >= 0 and (curve.low <= curve.value).all() and (curve.value <= curve.high).all()
    figure = step_curves([curve], "class changes", linear=False)
    [drawn] = figure.data
    assert (np.array(drawn.y) - np.array(drawn.error_y.arrayminus)).min() >= 0

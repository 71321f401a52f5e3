"""Does the clinic show every patient: the verdict first, how to read each chart, and the numbers for those who do not see it?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from explorer.pages.dimensions import sections
from explorer.pages.dimensions.sections import SECTIONS
from tests.explorer.shown import app, said, sound, words
from tests.places import ASSETS, CLINIC
from trainer.diagnosis.diagnose import diagnose
from trainer.runs.catalogue import load_run

pytestmark = pytest.mark.usefixtures("fresh_app")
PATIENTS = sorted(path.name for path in CLINIC.iterdir())
TITLES = [section.TITLE for section in SECTIONS]


def run_of(name):
    return load_run(name, CLINIC)


@pytest.mark.parametrize("name", PATIENTS)
def test_the_verdict_comes_first_with_the_numbers_that_it_rests_on(name):
    test = sound(app(run=name, view="dimensions").run())
    run = run_of(name)
    found = diagnose(run.config, run.info.examination, run.encodings.mu)
    first, second = (said(element) for element in test.markdown[:2])
    assert found.headline in first
    assert ("warning" in first) == found.is_alarm
    for line in found.because:
        assert line in second


def test_every_module_of_the_folder_is_a_section_under_a_title_of_its_own():
    modules = {path.stem for path in Path(sections.__path__[0]).glob("*.py")} - {"__init__"}
    missing = modules - {section.__name__.rpartition(".")[2] for section in SECTIONS}
    assert not missing, f"SECTIONS of explorer/pages/dimensions/sections/__init__.py lacks {missing}"
    assert len(set(TITLES)) == len(TITLES)
    # links name them
    assert {"KL", "information", "prior", "traversals", "linear-VAE prediction", "sweep over β", "fix"} <= set(TITLES)


@pytest.mark.parametrize("look", TITLES)
@pytest.mark.parametrize("name", ["clinic-strong-decoder", "clinic-kl-without-information", "clinic-surplus", "clinic-collapsed"])
def test_every_section_shows_and_says_how_to_read_it(name, look):
    test = sound(app(run=name, view="dimensions", look=look).run())
    assert not test.error
    charts = [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]
    if charts or look == "linear-VAE prediction":
        assert "How to read this" in words(test)
    for chart in charts:
        assert chart["data"]
    if look in ("KL", "information", "sweep over β"):
        assert any(expander.label == "The numbers" for expander in test.expander)


def test_the_heat_map_and_the_ribbon_are_the_runs_figures():
    run = run_of("clinic-surplus")
    test = sound(app(run="clinic-surplus", view="dimensions").run())
    heat, ribbon = (json.loads(chart.proto.spec) for chart in test.get("plotly_chart"))
    kl = 0.5 * (run.encodings.mu.astype(float) ** 2 + np.exp(run.encodings.logvar.astype(float)) - 1 - run.encodings.logvar)
    order = np.argsort(-kl.mean(0), kind="stable")
    assert heat["data"][0]["x"] == ["z" + "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(k + 1)) for k in order]
    last = [trace["y"] for trace in ribbon["data"] if trace.get("stackgroup")]
    assert len(last) == 24
    assert ribbon["layout"]["sliders"][0]["steps"]


def test_the_stack_adds_up_to_the_kl():
    found = run_of("clinic-over-regularised").info.examination
    test = sound(app(run="clinic-over-regularised", view="dimensions", look="information").run())
    stack = json.loads(test.get("plotly_chart")[0].proto.spec)
    total = sum(float(np.ravel(decoded(trace["x"]))[0]) for trace in stack["data"])
    assert total == pytest.approx(found.mean_kl, abs=1e-3)


def decoded(values):
    """Plotly writes numbers as a list or as base64."""
    import base64

    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]) if isinstance(values, dict) else np.array(values)


def test_nothing_is_mended_where_nothing_is_broken():
    assert "No problems found" in words(sound(app(run="clinic-surplus", view="dimensions", look="fix").run()))


@pytest.mark.parametrize(("old", "wanted"), [("mend", "No problems found"), ("before training", "walk down the staircase")])
def test_a_link_of_before_opens_the_section_under_its_new_name(old, wanted):
    assert wanted in words(sound(app(run="clinic-surplus", view="dimensions", look=old).run()))


def test_an_older_run_says_how_to_examine_it(monkeypatch):
    from explorer.pages.dimensions import verdict as clinic

    run = run_of("clinic-healthy")
    monkeypatch.setattr(clinic, "diagnose", None)
    info = run.info.model_copy(update={"examination": None})
    shown = []
    monkeypatch.setattr(clinic.st, "info", shown.append)
    assert clinic.examined(type(run)(run.id, run.folder, info)) is None
    assert "python -m trainer examine clinic-healthy" in shown[0]


@pytest.mark.parametrize(("run", "has_dots"), [("mnist-20d", False), ("clinic-surplus", True)])
def test_dots_are_promised_only_where_there_are_some(run, has_dots):
    told = words(sound(app(run=run, view="dimensions", look="linear-VAE prediction").run()))
    if "How to read this" in told:  # the spectrum needs the training images
        assert ("the dots are linear VAEs" in told) == has_dots
        assert ("likelihood is bernoulli, which has no such σ²" in told) == (run == "mnist-20d")


def test_a_sample_of_the_test_images_is_said_to_be_one():
    from explorer.pages.dimensions.verdict import which_images

    run = load_run("mnist-20d", ASSETS)
    found = run.info.examination
    told = which_images(run, found).replace("\u00a0", " ")
    assert told == "a fixed sample of 4000 of the 10 000 test images"
    assert which_images(run, found.model_copy(update={"n": 10_000})).replace("\u00a0", " ") == "all 10 000 test images"


def test_what_the_headline_says_is_not_said_again_in_the_checks():
    from explorer.pages.dimensions.verdict import check_line

    run = run_of("clinic-healthy")
    few = diagnose(run.config, run.info.examination.model_copy(update={"n": 12}))
    [check] = [check for check in few.checks if check.name == "images"]
    assert few.headline == "No verdict: too few test images (12): at least 30 are needed."
    assert check_line(check, few).endswith("images: see above")


def test_a_run_of_the_sweep_is_opened_from_its_list():
    test = sound(app(run="clinic-surplus", view="dimensions", look="sweep over β").run())
    name = "sweep-digits-beta-4-seed-1"
    assert name not in test.selectbox(key="run").options
    test.selectbox(key="beta-open").set_value(name)
    sound(test.run())
    test.button(key="beta-go").click()
    assert sound(test.run()).selectbox(key="run").value == name


@pytest.mark.parametrize(
    ("setting", "sentence"), [("training = false", "says training = false"), ("training = 7", "allowed: true or false")]
)
def test_where_training_is_forbidden_remedies_are_shown_without_a_button(tmp_path, monkeypatch, setting, sentence):
    (tmp_path / "atlas.toml").write_text(f"[atlas]\n{setting}\n")
    monkeypatch.setenv("LATENT_CONFIG", str(tmp_path / "atlas.toml"))
    test = sound(app(run="clinic-over-regularised", view="dimensions", look="fix").run())
    assert sentence in words(test)
    assert "Remedies that fit" in words(test)
    assert not [button for button in test.button if button.label == "Retrain"]


def test_a_button_that_was_drawn_before_it_was_forbidden_starts_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_JOBS", str(tmp_path / "jobs"))
    test = sound(app(run="clinic-over-regularised", view="dimensions", look="fix").run())
    button = next(button for button in test.button if button.label == "Retrain")
    (tmp_path / "atlas.toml").write_text("[atlas]\ntraining = false\n")
    monkeypatch.setenv("LATENT_CONFIG", str(tmp_path / "atlas.toml"))
    sound(button.click().run())
    assert "says training = false" in words(test)
    assert not (tmp_path / "jobs").exists()

"""Training on this machine: is the form the trainer's, does a click queue what was filled in, and is nothing offered where it is forbidden?

Nothing is trained here: what is queued waits. The whole way, with a process, is walked in `tests/browser/test_train_machine.py`.
"""

from __future__ import annotations

import io
import shutil

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.cache.datasets import forget_data_sets, settings_for
from explorer.cache.trainings import training_queue
from explorer.jobs import own_data
from explorer.jobs.own_data import Upload, forget_upload, keep_upload
from explorer.jobs.training import Training, read_trainings, write_training
from explorer.jobs.trainings import TrainingQueue
from explorer.pages.train.settings import FIRST, form_of
from explorer.pages.train.watching import chosen
from explorer.session import trainings
from tests.explorer.shown import app, sound, words
from tests.explorer.test_own_data import SOUND
from trainer.config import FitConfig, checked
from trainer.datasets import load_dataset
from trainer.presets import CHOSEN, PRESETS
from trainer.training.choosing.looking import facts_of, told_settings
from trainer.training.choosing.settings import chosen_settings

MACHINE = "on this machine"


@pytest.fixture
def quiet(fresh_app, monkeypatch, tmp_path):
    """The app with a queue that begins nothing; gives its folder."""
    monkeypatch.setattr(TrainingQueue, "_start_next", lambda self: None)
    monkeypatch.setattr(TrainingQueue, "expect", lambda self: None)
    monkeypatch.setenv("LATENT_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(own_data, "uploads_folder", lambda: tmp_path / "uploads")
    return tmp_path / "jobs"


def opened() -> AppTest:
    return sound(app(view="train", **{"train-on": MACHINE}).run())


def click(test: AppTest, key: str) -> AppTest:
    test.button(key=key).click()
    return sound(test.run())


def test_a_preset_that_is_left_as_it_is_is_queued_as_it_is(quiet):
    test = click(opened(), "fit-train")
    (job,) = training_queue().jobs()
    assert (job.name, job.config, job.preset, job.state) == ("digits-2d-2", PRESETS["digits-2d"], "digits-2d", "waiting")
    assert "Trainings" in words(test)
    test = click(test, "fit-train")
    assert [job.name for job in training_queue().jobs()] == ["digits-2d-3", "digits-2d-2"]


def test_what_is_filled_in_is_what_is_trained(quiet):
    test = opened()
    test.selectbox(key="fit-preset").set_value("digits-vae")
    sound(test.run())
    assert test.number_input(key="fit-digits-vae-latent_dim").value == 8
    test.number_input(key="fit-digits-vae-epochs").set_value(7)
    test.number_input(key="fit-digits-vae-beta").set_value(2.5)
    test.text_input(key="fit-digits-vae-hidden").set_value("32 16")
    test.selectbox(key="fit-data-digits-vae").set_value("pendulum")
    test.text_input(key="fit-name").set_value("mine")
    click(test, "fit-train")
    (job,) = training_queue().jobs()
    assert job.config == checked(PRESETS["digits-vae"], data="pendulum", epochs=7, beta=2.5, hidden=(32, 16))
    assert (job.name, job.preset) == ("mine", "custom")


def test_every_setting_has_a_control_and_four_are_on_the_page_at_once(quiet):
    test = opened()
    controls = [*test.number_input, *test.selectbox, *test.toggle, *test.text_input]
    keys = {element.key for element in controls if element.key}
    assert {f"fit-digits-2d-{name}" for name in FitConfig.model_fields if name != "data"} <= keys
    assert set(FIRST) <= FitConfig.model_fields.keys()


def test_what_means_nothing_follows_what_is_chosen_and_is_not_sent(quiet):
    test = opened()
    form = lambda kind, name: getattr(test, kind)(key=f"fit-digits-2d-{name}")
    assert form("toggle", "binarise").disabled  # of Gaussian pixels
    assert not form("number_input", "beta").disabled
    form("selectbox", "likelihood").set_value("bernoulli")
    sound(test.run())
    assert not form("toggle", "binarise").disabled
    form("toggle", "binarise").set_value(True)
    sound(test.run())
    form("selectbox", "model").set_value("autoencoder")
    sound(test.run())
    assert form("number_input", "beta").disabled
    click(test, "fit-train")
    assert training_queue().jobs()[0].config == checked(
        PRESETS["digits-2d"], likelihood="bernoulli", binarise=True, model="autoencoder"
    )


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("fit-name", "../x", "run name is '../x'; allowed"),
        ("fit-name", "mnist-2d", "allowed: a name that no run has"),
        ("fit-digits-2d-hidden", "a, b", "hidden is 'a, b'; allowed"),
        ("fit-digits-2d-beta_cycles", 3, "beta_cycles is 3; allowed"),
        ("fit-digits-2d-learning_rate", 0.0, "learning_rate is 0.0; allowed"),
    ],
)
def test_what_cannot_be_trained_is_said_and_not_queued(quiet, key, value, sentence):
    test = opened()
    (test.text_input if isinstance(value, str) else test.number_input)(key=key).set_value(value)
    test = click(test, "fit-train")
    assert sentence in "\n".join(error.value.replace("\\", "") for error in test.error)
    assert training_queue().jobs() == ()


def test_own_pictures_are_offered_beside_the_data_sets(quiet, tmp_path):
    kept = keep_upload(SOUND["zip"], "pets", 16, folder=tmp_path / "uploads")
    test = opened()
    data = test.selectbox(key="fit-data-digits-2d")
    assert "pets" in data.options
    data.set_value(kept.name)
    click(test, "fit-train")
    assert training_queue().jobs()[0].config.data == kept.name


@pytest.fixture
def uploaded(quiet, tmp_path):
    """The name of a data set that was kept a moment ago."""
    return keep_upload(SOUND["zip"], "pets", 16, folder=tmp_path / "uploads").name


def opened_on(name: str) -> AppTest:
    test = app(view="train", **{"train-on": MACHINE})
    test.session_state["wanted-data"] = name
    return sound(test.run())


def test_what_was_uploaded_is_trained_with_settings_chosen_from_its_pictures(uploaded):
    test = opened_on(uploaded)
    assert test.selectbox(key="fit-preset").value == CHOSEN
    assert test.selectbox(key=f"fit-data-{CHOSEN}").value == uploaded
    keys = [element.key for element in (*test.number_input, *test.selectbox, *test.toggle, *test.text_input)]
    assert not any("/" in key for key in keys if key)  # which the browser is given: no path of this machine
    click(test, "fit-train")
    (job,) = training_queue().jobs()
    data = load_dataset(uploaded)
    usual = chosen_settings(facts_of(data)).config
    n_validation = len(data.splits["validation"])
    assert job.config == checked(usual, data=uploaded, precision="auto", early_stopping=n_validation >= 3)
    assert (job.config.network, job.config.likelihood, job.preset, job.name) == ("mlp", "gaussian", CHOSEN, "pets")
    assert [sentence.split()[0] for sentence in job.chosen][:5] == ["network", "latent", "likelihood", "batch", "epochs"]
    assert read_trainings(training_queue()._folder)[job.number].chosen == job.chosen
    shown = words(test).replace("\\", "")
    for choice in told_settings(data, job.config):
        assert f"{choice.value}**: {choice.why}" in shown and choice.sentence() in job.chosen


def test_what_is_changed_of_it_is_said_to_be_so(uploaded):
    test = opened_on(uploaded)
    form = lambda kind, name: getattr(test, kind)(key=f"fit-{form_of(CHOSEN, settings_for(uploaded))}-{name}")
    form("number_input", "epochs").set_value(7)
    click(test, "fit-train")
    (job,) = training_queue().jobs()
    assert (job.config.epochs, job.config.warmup_epochs, job.preset) == (7, 0, CHOSEN)  # of 300 the warm-up was 30
    assert not any(sentence.startswith("warm-up") for sentence in job.chosen)
    assert any(sentence.startswith("epochs 7: as typed") for sentence in job.chosen)


def test_another_model_may_be_chosen_that_no_validation_image_stops(uploaded):
    test = opened_on(uploaded)
    form = lambda kind, name: getattr(test, kind)(key=f"fit-{form_of(CHOSEN, settings_for(uploaded))}-{name}")
    form("selectbox", "model").set_value("pca")
    form("selectbox", "network").set_value("linear")
    form("selectbox", "likelihood").set_value("gaussian")
    sound(test.run())
    assert form("toggle", "early_stopping").disabled
    test = click(test, "fit-train")
    (job,) = training_queue().jobs()
    assert (job.config.model, job.config.early_stopping) == ("pca", False)


def test_a_batch_of_another_size_has_its_own_number_of_steps(uploaded):
    test = opened_on(uploaded)
    test.number_input(key=f"fit-{form_of(CHOSEN, settings_for(uploaded))}-batch_size").set_value(5)
    click(test, "fit-train")
    (job,) = training_queue().jobs()
    n_train = len(load_dataset(uploaded).splits["train"])
    (told,) = [sentence for sentence in job.chosen if sentence.startswith("epochs ")]
    assert f"{job.config.epochs * -(-n_train // 5)} steps" in told


def test_early_stopping_without_images_for_validation_is_refused_before_it_waits(quiet, tmp_path):
    rng = np.random.default_rng(0)
    files = [Upload(f"{i}.png", _png(rng)) for i in range(9)]
    name = keep_upload(files, "nine", 16, folder=tmp_path / "uploads").name
    assert len(load_dataset(name).splits["validation"]) < 3
    test = opened_on(name)
    assert not test.toggle(key=f"fit-{form_of(CHOSEN, settings_for(name))}-early_stopping").value
    test.toggle(key=f"fit-{form_of(CHOSEN, settings_for(name))}-early_stopping").set_value(True)
    test = click(test, "fit-train")
    assert "early_stopping is True; allowed: False with fewer than 3 images" in "\n".join(
        e.value.replace("\\", "") for e in test.error
    )
    assert training_queue().jobs() == ()


def _png(rng: np.random.Generator) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (16, 16), np.uint8)).save(out, "PNG")
    return out.getvalue()


def test_another_upload_under_the_same_title_has_its_own_settings(quiet, tmp_path):
    rng = np.random.default_rng(0)
    found = []
    for shape in ((16, 16), (16, 16, 3)):
        files = []
        for i in range(40):
            out = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(out, "PNG")
            files.append(Upload(f"{i}.png", out.getvalue()))
        name = keep_upload(files, "same", 16, folder=tmp_path / "uploads").name
        forget_data_sets()  # as the dialog does
        found.append(settings_for(name).network)
        forget_upload("same", folder=tmp_path / "uploads")
    assert found == ["mlp", "residual"]


def test_a_data_set_that_has_gone_is_said_and_the_form_stays(uploaded, tmp_path):
    shutil.rmtree(tmp_path / "uploads" / "pets")
    test = opened()
    test.selectbox(key="fit-preset").set_value(CHOSEN)
    sound(test.run())
    assert "pets" not in test.selectbox(key=f"fit-data-{CHOSEN}").options


def test_a_training_is_stopped_and_taken_from_the_list(quiet):
    test = click(opened(), "fit-train")
    test = click(test, "stop-1")
    assert training_queue().jobs()[0].state == "stopped"
    assert "taken from the queue" in words(test)
    test = click(test, "resume-1")
    assert training_queue().jobs()[0].state == "waiting"
    test = click(click(test, "stop-1"), "forget-1")
    assert training_queue().jobs() == ()


def test_after_a_restart_of_the_app_what_ran_is_paused_and_can_go_on(quiet):
    ran = Training(3, "somebody", "ran", PRESETS["digits-2d"], "/runs", state="running", share=0.4, words="epoch 60 of 150")
    write_training(quiet, ran)
    write_training(quiet, Training(4, "somebody", "failed", FitConfig(), "/runs", state="failed", words="the disk is full."))
    test = opened()
    said = words(test)
    assert "the disk is full" in said
    # whoever is at this machine may steer all; what is paused goes on, what failed too
    assert {button.key for button in test.button} >= {"resume-3", "stop-3", "resume-4", "forget-4"}
    assert not {button.key for button in test.button} & {"pause-3", "open-training-4"}


@pytest.mark.parametrize(
    ("setting", "sentence"), [("training = false", "says training = false"), ("training = 'yes'", "allowed: true or false")]
)
def test_where_training_is_forbidden_the_page_says_so_and_offers_nothing(quiet, tmp_path, monkeypatch, setting, sentence):
    (tmp_path / "atlas.toml").write_text(f"[atlas]\n{setting}\n")
    monkeypatch.setenv("LATENT_CONFIG", str(tmp_path / "atlas.toml"))
    test = opened()
    assert sentence in words(test)
    assert not [element for element in test.button if element.key == "fit-train"]
    assert not quiet.exists()


def test_a_form_that_was_drawn_before_it_was_forbidden_queues_nothing(quiet, tmp_path, monkeypatch):
    test = opened()
    (tmp_path / "atlas.toml").write_text("[atlas]\ntraining = false\n")
    monkeypatch.setenv("LATENT_CONFIG", str(tmp_path / "atlas.toml"))
    test = click(test, "fit-train")
    assert "says training = false" in words(test)
    assert training_queue().jobs() == ()


def test_which_training_is_watched():
    jobs = [
        Training(number, "me", f"run-{number}", FitConfig(), "/runs", state=state)
        for number, state in ((4, "finished"), (3, "waiting"), (2, "running"), (1, "failed"))
    ]
    assert chosen((), 1) is None
    assert chosen(jobs, 1).number == 1
    assert chosen(jobs, None).number == chosen(jobs, 99).number == 2
    assert chosen(jobs[:2], None).number == 4


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (None, {}),
        ("beta", {}),
        ({"beta": 2}, {"beta": 2.0}),
        ({"beta": 0.5, "learning_rate": 1e-3, "number": 7}, {"beta": 0.5, "learning_rate": 1e-3}),
        ({"beta": float("nan"), "learning_rate": True}, {}),
        ({"beta": "2", "learning_rate": [1]}, {}),
    ],
)
def test_of_what_a_browser_sends_only_numbers_are_taken_and_once(monkeypatch, event, found):
    monkeypatch.setattr(trainings.st, "session_state", {})
    named = {**event, "nonce": "first"} if isinstance(event, dict) else event
    monkeypatch.setattr(trainings, "sent", lambda key, name: named)
    assert trainings.sent_settings("watch-1") == found
    assert trainings.sent_settings("watch-1") == {}
    named = {**named, "nonce": "second"} if isinstance(named, dict) else named
    assert trainings.sent_settings("watch-1") == found

"""Do settings that are changed while a training goes on act at the next step, and is the training the same after an interruption?"""

from dataclasses import replace

import numpy as np
import pytest

from trainer.config import FitConfig, checked
from trainer.runs.catalogue import load_run
from trainer.runs.read import read_info
from trainer.training import loop
from trainer.training.events import Finished, Stepped
from trainer.training.fit import fit
from trainer.training.schedules import rate_at, settings_at
from trainer.training.steering import Steering, refusal

pytestmark = pytest.mark.slow

CONFIG = FitConfig(hidden=(12,), epochs=5, batch_size=17, umap=False, classifier=False, warmup_epochs=2, learning_rate=0.01)
FILES = ("weights.safetensors", "history.csv", "film.safetensors", "film_weights.safetensors", "encodings.safetensors")
WISHES = {
    3: {"beta": 4.0},
    9: {"learning_rate": 0.002},
    10: {"beta": 0.25},
    14: {"beta": 2.0, "learning_rate": 0.02},
}  # by steps done


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch):
    monkeypatch.setattr(loop, "STEP_EVENTS_S", 0.0)
    monkeypatch.setattr(loop, "CHECKPOINT_S", 0.0)


def steered(dataset, folder, name, wishes=WISHES, until=None, config=CONFIG, resume=False):
    """Trains with wishes, each made after so many steps; stops after `until` steps."""
    steering = Steering()
    events = fit(config, dataset, name, folder, steering=steering, resume=resume)
    if 0 in wishes:
        steering.set(**wishes[0])
    for event in events:
        if isinstance(event, Stepped):
            if event.step == until:
                events.close()
                return
            if event.step in wishes:
                steering.set(**wishes[event.step])


def test_each_change_acts_at_the_next_step(tiny_dataset, tmp_path, monkeypatch):
    """The second opinion: a training whose schedules say the same, step by step, and that nobody changes."""
    steered(tiny_dataset, tmp_path, "steered")

    def settings(config, epochs_done):
        step = round(epochs_done * 4)
        beta = 2.0 if step >= 14 else 0.25 if step >= 10 else 4.0 if step >= 3 else None
        found = settings_at(config, epochs_done)
        return found if beta is None else replace(found, beta=beta)

    def rate(config, progress):
        step = round(progress * 20)
        return 0.02 if step >= 14 else 0.002 if step >= 9 else rate_at(config, progress)

    monkeypatch.setattr(loop, "settings_at", settings)
    monkeypatch.setattr(loop, "rate_at", rate)
    for _ in fit(CONFIG, tiny_dataset, "planned", tmp_path):
        pass
    for file in ("weights.safetensors", "film.safetensors", "encodings.safetensors"):
        assert (tmp_path / "steered" / file).read_bytes() == (tmp_path / "planned" / file).read_bytes(), file


def test_every_change_is_a_row_with_its_step_and_the_last_beta_is_the_runs(tiny_dataset, tmp_path):
    steered(tiny_dataset, tmp_path, "r")
    run = load_run("r", tmp_path)
    assert run.changes["step"].tolist() == [0, 3, 9, 10, 14]
    np.testing.assert_array_equal(run.changes["beta"], [1.0, 4.0, 4.0, 0.25, 2.0])
    np.testing.assert_array_equal(run.changes["learning_rate"], [0.01, np.nan, 0.002, 0.002, 0.02])
    assert run.config == checked(CONFIG, beta=2.0)
    # at the end of epochs 1 to 5, which are 4 steps each
    np.testing.assert_array_equal(run.history["beta"], [4.0, 4.0, 0.25, 2.0, 2.0])
    np.testing.assert_array_equal(run.history["learning_rate"][2:], [0.002, 0.02, 0.02])
    steered(tiny_dataset, tmp_path, "plain", {})
    untouched = load_run("plain", tmp_path)
    assert len(untouched.changes["step"]) == 0
    assert not (tmp_path / "plain/changes.csv").exists()


@pytest.mark.parametrize("until", [1, 5, 11, 15, 19])
def test_a_training_that_was_interrupted_repeats_its_changes(tiny_dataset, tmp_path, until):
    """Also those between its last checkpoint and its end."""
    steered(tiny_dataset, tmp_path, "whole")
    steered(tiny_dataset, tmp_path, "cut", until=until)
    assert read_info(tmp_path / "cut").config == CONFIG  # as it began: so it is asked to go on
    steered(tiny_dataset, tmp_path, "cut", {step: wish for step, wish in WISHES.items() if step >= until}, resume=True)
    for file in (*FILES, "changes.csv"):
        assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file


def test_what_is_set_while_earlier_changes_are_repeated_replaces_the_later_ones(tiny_dataset, tmp_path):
    steered(tiny_dataset, tmp_path, "cut", until=11)  # its last checkpoint is at step 8: it goes on from there
    steered(tiny_dataset, tmp_path, "cut", {9: {"beta": 8.0}}, resume=True)
    steered(tiny_dataset, tmp_path, "whole", {3: {"beta": 4.0}, 9: {"learning_rate": 0.002, "beta": 8.0}})
    assert load_run("cut", tmp_path).changes["step"].tolist() == [0, 3, 9, 9]  # and not what was set before step 10
    for file in FILES:
        assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file


def test_a_change_before_the_first_step_is_another_configuration(tiny_dataset, tmp_path):
    steered(tiny_dataset, tmp_path, "set", {0: {"beta": 3.0, "learning_rate": 0.005}})
    config = checked(CONFIG, beta=3.0, learning_rate=0.005, schedule="constant", warmup_epochs=0)
    steered(tiny_dataset, tmp_path, "said", {}, config=config)
    for file in FILES:
        assert (tmp_path / "set" / file).read_bytes() == (tmp_path / "said" / file).read_bytes(), file


def test_what_is_not_allowed_is_refused_in_the_trainers_words_and_changes_nothing(tiny_dataset, tmp_path):
    assert refusal(CONFIG, -1.0, None) == "beta is -1.0; allowed: from 0 to 1000."
    assert refusal(CONFIG, None, 2.0) == "learning_rate is 2.0; allowed: more than 0, at most 1."
    assert "has no KL that it could weigh" in refusal(checked(CONFIG, model="autoencoder"), 2.0, None)
    assert "importance_samples is 5" in refusal(checked(CONFIG, importance_samples=5), 2.0, None)
    assert refusal(CONFIG, 4.0, 0.1) == ""
    steered(tiny_dataset, tmp_path, "refused", {3: {"beta": -1.0}})
    steered(tiny_dataset, tmp_path, "plain", {})
    for file in FILES:
        assert (tmp_path / "refused" / file).read_bytes() == (tmp_path / "plain" / file).read_bytes(), file


def test_who_pauses_has_the_word_after_the_next_step(tiny_dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "STEP_EVENTS_S", 1e9)
    steering = Steering()
    events = fit(CONFIG, tiny_dataset, "r", tmp_path, steering=steering)
    assert next(event for event in events if isinstance(event, Stepped)).step == 4  # nobody asks: at the end of the epoch
    steering.pause()
    assert steering.is_paused
    assert next(event for event in events if isinstance(event, Stepped)).step == 5
    steering.resume()
    assert isinstance(list(events)[-1], Finished)

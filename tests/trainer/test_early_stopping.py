"""Does a training that overfits give way to a shorter one, by images of which nothing is learned, and to no other one?"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.trainer.test_cli import ask
from tests.trainer.test_overfitting import EPOCHS, FALLING, TOO_LONG, VALLEY, few_of
from trainer.cli import progress
from trainer.cli.job import _lines
from trainer.config import FitConfig, can_stop_early, checked, of_epochs
from trainer.datasets import Dataset, absolute_name
from trainer.errors import ConfigError
from trainer.runs.catalogue import load_run
from trainer.runs.read import read_info
from trainer.runs.write import RunWriter
from trainer.training import loop
from trainer.training.choosing.early_stopping import shorter
from trainer.training.choosing.settings import EARLY_STOPPING
from trainer.training.choosing.table import chosen_for
from trainer.training.events import EpochEnded, Event, Finished, StartedAgain
from trainer.training.fit import fit
from trainer.training.schedules import learning_rate_at
from trainer.training.steering import Steering

STOPS = FitConfig(epochs=300, warmup_epochs=30, early_stopping=True)
LONG = checked(TOO_LONG, warmup_epochs=40, early_stopping=True)
FILES = ("weights.safetensors", "encodings.safetensors")


def rows(validation, train, config=STOPS):
    """The first epochs of a training, whose losses at β = 1 are as given."""
    return [
        {
            "epoch": i + 1,
            "beta": min(1.0, (i + 1) / config.warmup_epochs) if config.warmup_epochs else 1.0,
            "learning_rate": learning_rate_at((i + 1) / config.epochs, config.learning_rate, config.schedule),
            "validation_reconstruction": a - 2.0,
            "validation_kl": 2.0,
            "train_reconstruction": b - 2.0,
            "train_kl": 2.0,
        }
        for i, (a, b) in enumerate(zip(validation, train, strict=True))
    ]


@pytest.fixture(scope="module")
def few(digits) -> Dataset:
    return few_of(digits)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "stages"])
def test_the_shorter_training_takes_steps_of_the_same_sum(digits, schedule):
    config = checked(STOPS, schedule=schedule)
    found = shorter(config, rows(VALLEY, FALLING, config), digits.subset("validation"))
    assert found is not None and not found.config.early_stopping
    n = found.config.epochs
    until = sum(learning_rate_at(epoch / 300, 1e-3, schedule) for epoch in range(1, 42))  # the lowest mean is that of the 41st
    own = sum(learning_rate_at((epoch - 0.5) / n, 1e-3, schedule) for epoch in range(1, n + 1))
    assert own == pytest.approx(until, rel=1.5 / n)
    assert found.config == checked(config, epochs=n, warmup_epochs=30 * n // 300, early_stopping=False)
    assert "of 300 the loss on 179 validation images was lowest after about 41 and rose since" in found.sentence
    assert len(digits.splits["validation"]) == 179
    assert found.sentence.endswith("fell" if schedule == "constant" else f"; in {n} the falling step size leads about as far")


@pytest.mark.parametrize(
    ("changes", "told", "is_steered"),
    [
        ({"early_stopping": False}, (VALLEY, FALLING), False),
        ({"warmup_epochs": 200}, (VALLEY, FALLING), False),  # the KL weight still rises
        ({}, (FALLING, FALLING), False),
        ({}, (VALLEY, VALLEY), False),  # it diverges on both
        ({}, (VALLEY[:45], FALLING[:45]), False),  # five epochs after the lowest one: not yet
        ({}, (np.where(EPOCHS == 99, FALLING[0], FALLING), FALLING), False),  # one epoch is a whim
        ({"epochs": 105, "warmup_epochs": 0}, (np.abs(EPOCHS - 85.0), FALLING), False),  # nearly as many would be trained again
        ({}, (VALLEY, FALLING), True),
    ],
)
def test_another_training_goes_on(digits, changes, told, is_steered):
    config = checked(STOPS, **changes)
    assert shorter(config, rows(*told, config), digits.subset("validation"), is_steered) is None


def test_the_run_is_the_one_that_so_many_epochs_would_have_given(few, tmp_path):
    events = list(
        fit(LONG, few, "stops", tmp_path, chosen=("size 8 × 8: as it is", "epochs 400: by time", "warm-up 40 epochs: a tenth"))
    )
    again = [event for event in events if isinstance(event, StartedAgain)]
    assert len(again) == 1 and isinstance(events[-1], Finished)
    config = again[0].config
    assert config.epochs < 400 and config.warmup_epochs == 40 * config.epochs // 400
    list(fit(config, few, "typed", tmp_path))
    for file in FILES:
        assert (tmp_path / "stops" / file).read_bytes() == (tmp_path / "typed" / file).read_bytes()
    stopped, typed = (load_run(name, tmp_path) for name in ("stops", "typed"))
    assert stopped.config == typed.config == config
    assert stopped.history.keys() == typed.history.keys() and stopped.info.epoch == config.epochs
    assert stopped.info.chosen[0] == "size 8 × 8: as it is"
    assert [sentence.split(":")[0] for sentence in stopped.info.chosen] == [
        "size 8 × 8",
        f"epochs {config.epochs}",
        f"warm-up {config.warmup_epochs} epochs",
    ]
    assert again[0].sentence in stopped.info.chosen[1]

    list(fit(checked(LONG, early_stopping=False), few, "long", tmp_path))
    assert stopped.info.overfitting is None and load_run("long", tmp_path).info.overfitting is not None
    assert stopped.info.metrics.elbo > load_run("long", tmp_path).info.metrics.elbo + 5


@pytest.fixture(scope="module")
def whole(few, tmp_path_factory) -> tuple[Path, list[Event]]:
    """The run "whole" in a folder, and what was told of it."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, list(fit(LONG, few, "whole", folder))


def last_before(events: list[Event]) -> int:
    """The epoch after which it starts again."""
    again = next(i for i, event in enumerate(events) if isinstance(event, StartedAgain))
    return max(event.epoch for event in events[:again] if isinstance(event, EpochEnded))


@pytest.mark.parametrize("where", ["early", "deciding", "between", "late"])
def test_it_is_the_same_run_wherever_it_was_interrupted(few, tmp_path, whole, where, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_S", 0.0)  # what was last is kept
    folder, told = whole
    n_again, at = (0, {"early": 5, "deciding": last_before(told)}[where]) if where in ("early", "deciding") else (1, 5)
    events = fit(LONG, few, "halves", tmp_path)
    seen = 0
    for event in events:
        seen += isinstance(event, StartedAgain)
        if seen == n_again and (where == "between" or (isinstance(event, EpochEnded) and event.epoch == at)):
            break
    events.close()
    began = read_info(tmp_path / "halves")
    assert began.state == "interrupted" and began.config.early_stopping == (n_again == 0)
    assert began.before == (LONG if n_again else None)
    with pytest.raises(ConfigError, match="with which run 'halves' began"):
        next(iter(fit(checked(LONG, beta=2.0), few, "halves", tmp_path, resume=True)))
    rest = list(fit(LONG, few, "halves", tmp_path, resume=True))  # as whoever began it knows it
    assert sum(isinstance(event, StartedAgain) for event in rest) == 1 - n_again
    assert isinstance(told[-1], Finished)
    for file in FILES:
        assert (tmp_path / "halves" / file).read_bytes() == (folder / "whole" / file).read_bytes()
    assert read_info(tmp_path / "halves").chosen == read_info(folder / "whole").chosen
    if where == "deciding":
        assert not any(isinstance(event, EpochEnded) and event.epoch == at + 1 for event in rest[:1])
        assert isinstance(rest[0], StartedAgain)


def test_a_run_that_never_started_again_does_not_go_on_as_another(few, tmp_path):
    short = checked(LONG, early_stopping=False, **of_epochs(LONG, 50))
    events = fit(short, few, "short", tmp_path)
    next(event for event in events if isinstance(event, EpochEnded))
    events.close()
    with pytest.raises(ConfigError, match="warmup_epochs is 40; allowed: 5, with which run 'short' began"):
        next(iter(fit(LONG, few, "short", tmp_path, resume=True)))


def test_where_it_never_overfits_nothing_of_it_changes(digits, tmp_path):
    config = FitConfig(hidden=(8,), epochs=12, umap=False, classifier=False)
    list(fit(config, digits, "plain", tmp_path))
    events = list(fit(checked(config, early_stopping=True), digits, "watched", tmp_path))
    assert not any(isinstance(event, StartedAgain) for event in events)
    for file in FILES:
        assert (tmp_path / "plain" / file).read_bytes() == (tmp_path / "watched" / file).read_bytes()
    plain, watched = (load_run(name, tmp_path).history for name in ("plain", "watched"))
    assert watched.keys() - plain.keys() == {"validation_elbo", "validation_reconstruction", "validation_kl"}
    np.testing.assert_array_equal(plain["test_elbo"], watched["test_elbo"])
    total = watched["validation_reconstruction"] + watched["validation_kl"]
    np.testing.assert_allclose(watched["validation_elbo"], -total, rtol=1e-9)


def test_it_is_refused_where_no_image_may_say_when_to_stop(few, tmp_path):
    others = ({"model": "m2"}, {"importance_samples": 5}, {"free_bits": 0.5})
    for changes in ({"train_on": "train+validation"}, {"model": "m1+m2", "feature_epochs": 5, "latent_dim": 2}, *others):
        with pytest.raises(ConfigError, match="early_stopping is True; allowed: False unless train_on is 'train'"):
            checked(FitConfig(), early_stopping=True, **changes)
    none = replace(few, splits={**few.splits, "validation": few.splits["validation"][:2]})
    with pytest.raises(ConfigError, match="False with fewer than 3 images for validation, and this data has 2"):
        next(iter(fit(LONG, none, "none", tmp_path)))
    assert not (tmp_path / "none" / "run.json").exists()


def test_what_counts_epochs_changes_in_proportion():
    config = FitConfig(epochs=100, warmup_epochs=10, importance_samples=5, elbo_epochs=80)
    assert of_epochs(config, 50) == {"epochs": 50, "warmup_epochs": 5, "elbo_epochs": 40}
    assert of_epochs(FitConfig(epochs=100), 7) == {"epochs": 7}
    both = FitConfig(model="m1+m2", network="mlp", epochs=200, feature_epochs=80)
    assert checked(both, **of_epochs(both, 100)).feature_epochs == 40


# --- chosen


@pytest.fixture
def pictures(tmp_path, digits) -> str:
    """Eighty digits of one size, as a folder."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, image in enumerate(digits.images[:80, 0]):
        Image.fromarray(image).resize((16, 16)).save(folder / f"{i}.png")
    return str(folder)


@pytest.mark.parametrize(
    ("typed", "stops"),
    [
        ({}, True),
        ({"epochs": 40}, False),
        ({"epochs": 40, "early_stopping": True}, True),
        ({"early_stopping": False}, False),
        ({"train_on": "train+validation"}, False),
        ({"model": "pca", "network": "linear", "likelihood": "gaussian"}, False),
    ],
)
def test_a_first_training_stops_early_unless_more_was_typed(pictures, tmp_path, typed, stops):
    def over(config: FitConfig) -> FitConfig:
        return checked(config, hidden=(4,), **typed)

    found, choices = chosen_for(absolute_name(pictures)).settled(over, RunWriter.at(tmp_path / "runs", "one"))
    assert found.early_stopping == stops
    told = [choice for choice in choices if choice.setting == EARLY_STOPPING]
    assert [choice.value for choice in told] == (["yes"] if stops else [])
    assert can_stop_early(found) == (not {"train_on", "model"} & typed.keys())


def test_a_folder_of_few_pictures_ends_with_a_model_that_does_not_overfit(pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = ask(capsys, "fit", pictures, "--no-classifier", "--film-weights", "0")
    assert code == 0, err
    info = read_info(tmp_path / "runs" / "pictures")
    assert f"The training starts again with {info.config.epochs} epochs: of 300 the loss on" in err
    assert info.overfitting is None and "overfits" not in out
    assert any(sentence.startswith(f"epochs {info.config.epochs}: of 300 the loss on") for sentence in info.chosen)
    assert not any(sentence.startswith(EARLY_STOPPING) for sentence in info.chosen)


def test_the_same_words_go_on_after_it_started_again(pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("fit", pictures, "--epochs", "300", "--early-stopping", "--no-classifier", "--film-weights", "0", "--name", "mine")
    monkeypatch.setattr(loop, "CHECKPOINT_S", 0.0)
    shown = progress.Shown.event

    def stopping(self, event):
        shown(self, event)
        if isinstance(event, StartedAgain):
            self.is_again = True
        if getattr(self, "is_again", False) and isinstance(event, EpochEnded):
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.Shown, "event", stopping)
    with contextlib.suppress(KeyboardInterrupt):
        ask(capsys, *words)
    info = read_info(tmp_path / "runs" / "mine")
    assert info.before is not None and info.before.epochs == 300 and info.config.epochs < 300 and info.state == "interrupted"
    monkeypatch.setattr(progress.Shown, "event", shown)
    code, _, err = ask(capsys, *words, "--beta", "2", "--resume")
    assert code == 2 and "beta is 2.0; allowed: 1.0" in err
    code, _, err = ask(capsys, *words, "--resume")
    assert code == 0, err
    assert read_info(tmp_path / "runs" / "mine").state == "finished"


def test_a_training_in_the_background_says_that_it_starts_again(few, tmp_path):
    events = fit(LONG, few, "job", tmp_path, steering=Steering())
    words = [line["words"] for line in _lines(events, LONG, Steering()) if "words" in line]
    (again,) = [i for i, line in enumerate(words) if line.startswith("The training starts again with ")]
    n = read_info(tmp_path / "job").config.epochs
    assert not any("as 400 overfit" in line for line in words[:again])
    assert words[-1] == "finished"
    assert all(f" of {n}, as 400 overfit" in line for line in words[again + 1 :] if line.startswith("epoch "))


def test_what_is_advised_of_an_overfitted_run_is_allowed_for_it(few, tmp_path, capsys):
    """Of data with two images for validation, which decide nothing, too."""
    none = replace(few, splits={**few.splits, "validation": few.splits["validation"][:2]})
    (*_, end) = fit(TOO_LONG, none, "long", tmp_path)
    progress.report(end)
    said = capsys.readouterr().out
    n = end.info.overfitting.fewer(TOO_LONG.epochs)
    assert said.endswith(f"The usual remedies are fewer epochs and more images. Type --epochs {n}.\n") and n < TOO_LONG.epochs

"""Is a model that was trained for too long told so, and no other one?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.kept import trained_runs
from tests.places import ROOT
from trainer.config import FitConfig
from trainer.diagnosis.diagnose import diagnose
from trainer.diagnosis.sentences import unused_sentence
from trainer.runs.catalogue import list_runs, load_run
from trainer.runs.overfitting import Overfitting, overfitting_of

SHIPPED = [(part, name) for part in ("runs", "clinic", "sweep") for name in list_runs(ROOT / "assets" / part)]


TOO_LONG = FitConfig(
    hidden=(256,),
    latent_dim=16,
    epochs=400,
    batch_size=10,
    learning_rate=3e-3,
    likelihood="gaussian",
    umap=False,
    classifier=False,
)
"""A training that overfits on `few_of` the digits."""


def few_of(digits):
    return replace(digits, splits={**digits.splits, "train": digits.splits["train"][:40]})


def history(test, train, kl=2.0, beta=1.0, warmup=0):
    """Rows whose loss at that β is as given."""
    return [
        {
            "epoch": i + 1,
            "beta": beta * min(1.0, (i + 1) / warmup) if warmup else beta,
            "test_reconstruction": a - beta * kl,
            "test_kl": kl,
            "train_reconstruction": b - beta * kl,
            "train_kl": kl,
        }
        for i, (a, b) in enumerate(zip(test, train, strict=True))
    ]


EPOCHS = np.arange(100)
FALLING = 100.0 - EPOCHS / 2
VALLEY = 60 + 0.01 * (EPOCHS - 40.0) ** 2


def test_a_loss_that_rises_on_test_images_only_is_overfitting_from_its_lowest_epoch_on():
    found = overfitting_of(history(VALLEY, FALLING))
    means = [VALLEY[i : i + 5].mean() for i in range(96)]
    assert found is not None
    assert found.epoch == 41  # the middle of 39 … 43, numbered from 1
    assert found.rise == pytest.approx(means[-1] - min(means), abs=1e-3)


@pytest.mark.parametrize(
    ("test", "train"),
    [
        (FALLING, FALLING),
        (VALLEY, VALLEY),  # it diverges on both: not overfitting
        (FALLING + np.where(EPOCHS > 95, 0.9, 0.0), FALLING),
        (1e4 * (1 - EPOCHS / 200) + 3 * np.maximum(0, EPOCHS - 98), FALLING),  # a nat or two of thousands
        (VALLEY[:9], FALLING[:9]),
    ],
)
def test_another_course_is_not(test, train):
    assert overfitting_of(history(test, train)) is None


def test_epochs_of_another_weight_of_the_kl_term_are_compared_by_the_last_one():
    """A warm-up has the lowest loss at its first epochs under its own weight of nearly 0, for their KL is hardly counted."""
    rows = history(FALLING, FALLING)
    for i, row in enumerate(rows[:30]):
        row |= {"beta": i / 30, "test_reconstruction": 20.0, "train_reconstruction": 20.0, "test_kl": 100.0, "train_kl": 100.0}
    assert rows[0]["test_reconstruction"] + rows[0]["beta"] * rows[0]["test_kl"] < FALLING.min()
    assert overfitting_of(rows) is None
    late = history(VALLEY, FALLING)
    for i, row in enumerate(late[:60]):
        row["beta"] = i / 60  # the lowest loss lies in the warm-up
    assert overfitting_of(late) == overfitting_of(history(VALLEY, FALLING))


def test_so_many_epochs_have_steps_of_the_same_sum():
    """By hand: rates that fall from 100 to 1 have a mean of 50.5; those up to the 41st epoch have the sum 41 (100 + 60) / 2."""
    rows = [row | {"learning_rate": 100.0 - i} for i, row in enumerate(history(VALLEY, FALLING))]
    assert overfitting_of(rows).epochs == round(41 * 80 / 50.5)
    assert overfitting_of([row | {"learning_rate": 1e-3} for row in rows]).epochs == 41
    assert overfitting_of(history(VALLEY, FALLING)).epochs is None


def test_of_a_model_without_a_posterior_the_reconstruction_alone_counts():
    rows = [
        {"epoch": i + 1, "test_reconstruction": a, "train_reconstruction": b}
        for i, (a, b) in enumerate(zip(VALLEY, FALLING, strict=True))
    ]
    assert overfitting_of(rows) == overfitting_of(history(VALLEY, FALLING, kl=0.0))


@pytest.mark.parametrize("history_", [[], [{"epoch": i, "test_error": 0.1, "beta": 1.0} for i in range(50)]])
def test_a_history_that_does_not_say_is_no_reason(history_):
    assert overfitting_of(history_) is None


@pytest.mark.parametrize(("part", "name"), SHIPPED)
def test_no_shipped_run_is_overfitted(part, name):
    columns = load_run(name, ROOT / "assets" / part).history
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    assert not rows or overfitting_of(rows) is None


def test_the_verdict_says_so_and_offers_fewer_epochs():
    run = load_run("digits-16d")
    before = diagnose(run.config, run.info.examination, run.encodings.mu)
    found = diagnose(run.config, run.info.examination, run.encodings.mu, Overfitting(epoch=95, rise=620.4))
    assert (before.kind, found.kind) == ("healthy" if before.used.all() else "surplus", "overfitted")
    assert found.is_alarm and found.headline == "Overfitted: trained for too long for its images."
    assert found.because == (
        "The loss on test images was lowest after about 95 epochs and is 620.4 nats higher at the end, while that on training "
        "images fell: the model overfits. The usual remedies are fewer epochs and more images.",
        *before.because,
    )
    (remedy,) = found.remedies
    uneven = run.info.examination.model_copy(update={"implied": run.info.examination.implied.model_copy(update={"spread": 0.5})})
    told = {of: diagnose(run.config, uneven, run.encodings.mu, of).because[-1] for of in (None, Overfitting(epoch=95, rise=620.4))}
    assert [("more epochs" in line, "overfitted model" in line) for line in told.values()] == [(True, False), (False, True)]
    assert remedy.changes == {"epochs": 95, "warmup_epochs": 95 * run.config.warmup_epochs // run.config.epochs}
    late = Overfitting(epoch=95, rise=620.4, epochs=int(0.95 * run.config.epochs))  # hardly fewer than were trained
    assert diagnose(run.config, run.info.examination, run.encodings.mu, late).remedies[0].changes["epochs"] == 95
    falling = diagnose(run.config, run.info.examination, run.encodings.mu, Overfitting(epoch=95, rise=620.4, epochs=120)).remedies[
        0
    ]
    assert falling.changes["epochs"] == 120


def test_a_training_of_few_images_that_goes_on_for_too_long_says_so(tmp_path, digits):
    runs = trained_runs(tmp_path, {"long": TOO_LONG}, few_of(digits))
    info = load_run("long", runs).info
    assert info.overfitting is not None and 1 <= info.overfitting.epoch < 400 and info.overfitting.rise >= 1


def test_a_dimension_of_which_few_images_do_not_tell_is_not_called_off():
    run = load_run("digits-16d")
    base = run.info.examination
    k = run.config.latent_dim
    lost = np.full(k, 50.0)
    error = np.full(k, 1.0)
    lost[:2], error[:2] = 84.5, 46.0  # within two standard errors
    lost[2], error[2] = 0.01, 0.1
    found = base.model_copy(update={"shuffled": tuple(lost), "shuffled_error": tuple(error), "variance": (1.0,) * k})
    told = diagnose(run.config, found)
    assert told.used.tolist() == [False] * 3 + [True] * (k - 3)
    assert told.undecided.tolist() == [True] * 2 + [False] * (k - 2)
    assert told.headline == (
        f"Healthy: {k - 3} of {k} latent dimensions are used; 1 switched off, which does no harm; whether the other 2 are, "
        f"{found.n} images are too few to tell."
    )
    sentence = unused_sentence(found, told.used, np.ones(k, bool))
    assert sentence.startswith("Not used: z₃, whose posterior mean varies, but shuffling raises the loss by at most 0.010 nats.")
    assert sentence.endswith(
        "Not known: z₁ and z₂; shuffling raises the loss by up to 84.500 nats, which is within two standard errors (of up to 46.000)."
    )

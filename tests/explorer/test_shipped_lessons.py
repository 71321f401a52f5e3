"""Is every lesson that ships whole: sound, with the runs that ship, a task and a prediction, and the same in its translation?"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from explorer.lessons.check import Runs, check_lesson, numbers_of, scenes
from explorer.lessons.measures import measured
from explorer.lessons.parse import read_lesson
from explorer.lessons.records import Lesson, NumberAnswer, Predict, Task
from tests.places import ROOT
from trainer.datasets import load_dataset
from trainer.runs.catalogue import list_runs, load_run, shipped_roots
from trainer.runs.records import RunInfo

FILES = sorted((ROOT / "explorer/lessons").glob("[01]*.md"))
TRANSLATED = [path for path in FILES if path.stem.endswith(".de")]


@pytest.fixture(scope="module")
def runs() -> Runs:
    roots = shipped_roots()
    infos = {name: info for name, info in list_runs(roots).items() if isinstance(info, RunInfo)}
    return Runs(infos, lambda run: tuple(load_run(run, roots).projections))


def lesson(path: Path) -> Lesson:
    return read_lesson(path.read_bytes(), path.name)


def test_there_are_some():
    assert len(FILES) >= 8 and TRANSLATED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_sound_and_has_a_task_and_a_prediction(runs, path):
    found = lesson(path)
    check_lesson(found, path.name, runs)
    blocks = [part.block for step in found.steps for part in step.parts]
    assert any(isinstance(block, Task) for block in blocks)
    assert any(isinstance(block, Predict) for block in blocks)
    assert 5 <= found.minutes <= 10
    assert sum(len(numbers_of(block)) for block in blocks) > 3


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.stem)
def test_a_translation_has_the_scenes_tasks_and_answers_of_its_original(path):
    translation, original = lesson(path), lesson(path.with_name(path.name.replace(".de.md", ".md")))
    assert (translation.language, original.language) == ("de", "en")
    assert (translation.run, translation.minutes) == (original.run, original.minutes)
    assert scenes(translation) == scenes(original)
    for step, other in zip(translation.steps, original.steps, strict=True):
        for part, same in zip(step.parts, other.parts, strict=True):
            assert type(part.block) is type(same.block)
            if isinstance(part.block, Task) and isinstance(same.block, Task):
                assert part.block.until == same.block.until
            if isinstance(part.block, Predict) and isinstance(same.block, Predict):
                assert part.block.answer == same.block.answer
                assert len(part.block.choices) == len(same.block.choices)


def test_what_lesson_8_says_of_its_models_is_so(runs):
    """The KL and the used dimensions fall with β, and at 16 nothing is left: the claims between the numbers."""
    infos = [runs.infos[f"sweep-digits-beta-{beta}-seed-0"] for beta in (1, 4, 8, 16)]
    rates = [info.metrics.kl for info in infos]
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.01
    assert infos[-1].metrics.active_units == 0
    answers = [
        part.block.answer.measure
        for step in lesson(ROOT / "explorer/lessons/08-dimensions-that-die.md").steps
        for part in step.parts
        if isinstance(part.block, Predict) and isinstance(part.block.answer, NumberAnswer)
    ]
    kl = runs.infos["sweep-digits-beta-4-seed-0"].metrics.kl_per_dim
    linear = runs.infos["sweep-linear-beta-8"].metrics.active_units
    assert [measured(name, runs.infos[name.run]).value for name in answers] == [sum(one >= 0.05 for one in kl), linear]


def test_what_lessons_3_and_4_say_of_their_pictures_is_so():
    """Both are test images of the run, the second one's posterior is slanted, and the first one's is not: by sums over a grid in numpy."""
    run = load_run("digits-2d", shipped_roots())
    images = load_dataset("digits").images[run.encodings.index]
    side = np.linspace(-1.5, 1.5, 61)
    slants = []
    for image in (12, 4):
        place = np.stack(np.meshgrid(*(run.encodings.mu[image][k] + side for k in (0, 1))), -1).reshape(-1, 2)
        x = np.repeat((images[image] / np.float32(255))[None].astype(np.float32), len(place), 0)
        f = -run.forward.nll(place.astype(np.float32), x) - 0.5 * np.square(place).sum(1)
        share = np.exp(f - f.max()) / np.exp(f - f.max()).sum()
        cov = np.cov(place.T, aweights=share, bias=True)
        slants.append(abs(cov[0, 1]) / np.sqrt(cov[0, 0] * cov[1, 1]))
    assert slants[0] < 0.1 and slants[1] > 0.6
    assert run.info.metrics.elbo < -run.info.metrics.nll  # “the second number lies below the negative of the first”


def test_what_the_other_lessons_say_between_the_numbers_is_so(runs):
    """A linear autoencoder is as good as PCA, a prior makes random codes more often digits, the parts of the KL add up."""
    infos = runs.infos
    pca, linear = (infos[name].metrics.squared_error for name in ("digits-pca", "digits-linear-ae"))
    assert linear == pytest.approx(pca, rel=0.01)
    plain, vae = (infos[name].continuity for name in ("digits-autoencoder", "digits-2d"))
    assert vae.known_prior > plain.known_prior and vae.change < plain.change and vae.class_changes < plain.class_changes
    for name in ("digits-2d", "clinic-kl-without-information"):
        found = infos[name].examination
        assert found.information + found.marginal_kl == pytest.approx(found.mean_kl, rel=1e-6)
    empty = infos["clinic-kl-without-information"]
    assert abs(empty.examination.all_shuffled) < 0.5 and empty.examination.information < 0.1 * empty.metrics.kl
    seen = infos["mnist-20d"].examination
    assert seen.information > 0.95 * math.log(seen.n)
    told, untold = (infos[name].metrics.knn_accuracy for name in ("digits-conditional-vae", "digits-16d"))
    assert told < 0.7 < untold

"""Is every lesson that ships whole: sound, with the runs that ship, a task and a prediction, and the same in its translation?"""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer.lessons.check import Runs, check_lesson, numbers_of, scenes
from explorer.lessons.measures import measured
from explorer.lessons.parse import read_lesson
from explorer.lessons.records import Lesson, NumberAnswer, Predict, Task
from tests.places import ROOT
from trainer.datasets import load_dataset
from trainer.metrics.evaluate import EVALUATION_SEED, seeded, to_unit
from trainer.metrics.quadrature import gap_map
from trainer.metrics.semi_supervised import class_bounds
from trainer.runs.catalogue import list_runs, load_run, shipped_roots
from trainer.runs.read import Run
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
    assert len(FILES) >= 13 and TRANSLATED


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


def test_what_lesson_6_says_of_the_gaps_is_so(runs):
    """The encoder loses more than the Gaussian's form, most images little and few much, and more where there are more dimensions."""
    plane, many = runs.infos["digits-2d"], runs.infos["digits-16d"]
    gaps = plane.bounds.gaps
    assert gaps.amortisation > gaps.approximation + 3 * (gaps.amortisation_error + gaps.approximation_error)
    assert gaps.approximation < 0.5  # near to Gaussians
    assert gaps.largest > 5 * gaps.amortisation and 0.3 < gaps.small / gaps.n < 0.7
    found = many.bounds.gaps
    assert found.amortisation > gaps.amortisation + 3 * (gaps.amortisation_error + found.amortisation_error)
    assert found.log_px is None and many.metrics.elbo > plane.metrics.elbo


def test_a_few_images_make_most_of_the_amortisation_gap():
    run, x = pictures("digits-2d", 200)
    gaps = np.sort(gap_map(run.model, x).amortisation)[::-1]
    assert gaps[: len(gaps) // 4].sum() > 0.6 * gaps.sum()


def test_what_lesson_11_says_of_the_two_bounds_is_so(runs):
    """Told the class the code holds little of it; the classifier is sure, and its sure mistakes make most of the class gap."""
    info = runs.infos["digits-m2"]
    n_classes = len(info.dataset.class_names)
    assert (info.dataset.n_labelled, info.dataset.n_labelled / n_classes) == (50, 5)
    assert info.metrics.knn_accuracy < 0.6 < 0.9 < runs.infos["digits-16d"].metrics.knn_accuracy
    bounds = info.bounds.classes
    assert bounds.entropy < 0.05 * math.log(n_classes)
    run, x = pictures("digits-m2", bounds.n)
    found = class_bounds(run.forward, x.numpy(), run.encodings.label[: bounds.n], np.random.default_rng(0))
    assert found.class_gap[found.is_wrong].sum() > 0.5 * found.class_gap.sum()
    surest = np.exp(found.log_q.max(1))
    assert (surest > 0.95).mean() > 0.9 and (surest[found.is_wrong] > 0.95).any()


def test_what_lesson_13_says_of_the_ring_is_so(runs):
    """The direction of a code is the angle of its pendulum, the middle is empty, the walk goes round once, and the ring grew."""
    run = load_run("pendulum-2d", shipped_roots())
    factors, mu = load_dataset("pendulum").factors, run.encodings.mu.astype(float)
    direction = np.arctan2(mu[:, 1], mu[:, 0])
    assert abs(np.exp(1j * (direction - factors[run.encodings.index, 0])).mean()) > 0.9
    assert (np.hypot(*mu.T) < 1).mean() < 0.1 * -math.expm1(-0.5)  # of a standard normal 39 %
    assert min(mu.var(0)) > 5
    step = next(one for one in scenes(lesson(ROOT / "explorer/lessons/13-things-that-move.md")) if one.show.get("pins"))
    stops = np.array([[float(part) for part in code.split("_")] for code in step.show.get("pins").split("~")])
    turns = np.angle(np.exp(1j * np.diff(np.arctan2(stops[:, 1], stops[:, 0]))))
    assert turns.sum() == pytest.approx(2 * math.pi) and (stops[0] == stops[-1]).all()
    way = np.concatenate([np.linspace(a, b, 20) for a, b in itertools.pairwise(stops)])
    near = factors[run.encodings.index, 0][np.hypot(*(way[:, None] - mu).transpose(2, 0, 1)).argmin(1)]
    assert np.angle(np.exp(1j * np.diff(near))).sum() == pytest.approx(2 * math.pi, abs=1)
    spread = run.film.mu.astype(float).std((1, 2))
    early = int(np.searchsorted(run.film.epoch, 1.4))
    assert spread[0] < 0.1 < 1 < spread[early] < spread[-1]
    assert runs.infos["pendulum-2d"].dataset.image_shape[0] == 2


def test_what_lesson_14_says_of_the_runs_is_so(runs):
    big, small = (runs.infos[name] for name in ("mnist-2d", "digits-2d"))
    assert big.dataset.n_train > 10 * small.dataset.n_train > 300
    assert big.config.latent_dim == small.config.latent_dim == 2
    strict, loose = (runs.infos[f"sweep-digits-beta-{beta}-seed-0"].metrics.kl for beta in (16, 1))
    assert strict < 0.01 < 1 < loose


def pictures(name: str, n: int) -> tuple[Run, torch.Tensor]:
    """A run, and the first n of its test images as its model sees them."""
    run = load_run(name, shipped_roots())
    part = load_dataset(run.info.dataset.name).subset("test")
    assert (part.index[:n] == run.encodings.index[:n]).all()
    return run, to_unit(torch.from_numpy(part.images[:n].copy()), run.config.binarise, seeded(EVALUATION_SEED, n))

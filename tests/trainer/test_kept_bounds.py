"""Does `evaluate --keep` write the means of what it computed into the run, and refuse where there is nothing to keep or nowhere to?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import ValidationError

from tests.kept import trained_runs
from trainer.cli.main import main
from trainer.config import FitConfig, checked
from trainer.diagnosis.kept_bounds import class_figures, gap_figures
from trainer.presets import PRESETS
from trainer.runs.bound_figures import GapFigures
from trainer.runs.catalogue import load_run

TINY = {"hidden": (8,), "epochs": 1, "umap": False, "latent_dim": 2, "classifier": False}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    kinds = {"plain": FitConfig(**TINY), "few": checked(PRESETS["digits-m2"], **{**TINY, "labelled": 20})}
    return trained_runs(tmp_path_factory.mktemp("bounds"), kinds)


def evaluate(runs, *words: str) -> int:
    return main(["evaluate", "--runs", str(runs), "--samples", "2", "--images", "5", *words])


def test_the_means_are_kept_beside_what_was_kept_before(runs, capsys):
    assert evaluate(runs, "few", "--parts", "bounds", "--keep", "--json") == 0
    told = json.loads(capsys.readouterr().out)["bounds"]
    first = load_run("few", runs).info.bounds
    assert first.gaps is None and first.classes.n == len(told["label"])
    for name in ("labelled", "unlabelled", "entropy", "class_nll", "class_gap"):
        assert getattr(first.classes, name) == pytest.approx(np.mean(told[name]))
    assert evaluate(runs, "few", "--parts", "gaps", "--keep") == 0
    both = load_run("few", runs).info.bounds
    assert both.classes == first.classes and both.gaps.n == 200


def test_the_two_gaps_add_up_to_the_whole(runs, capsys):
    assert evaluate(runs, "plain", "--parts", "gaps", "--keep", "--json") == 0
    told = json.loads(capsys.readouterr().out)["gaps"]
    kept = load_run("plain", runs).info.bounds.gaps
    assert kept.amortisation + kept.approximation == pytest.approx(np.mean(told["kl_to_truth"]))
    assert kept.small == sum(gap < 1 for gap in told["amortisation"]) and kept.largest == max(told["amortisation"])
    assert kept.amortisation_error == pytest.approx(np.std(told["amortisation"], ddof=1) / 200**0.5)


@pytest.mark.parametrize(
    ("words", "told"),
    [(("plain", "--keep"), "with --parts gaps or bounds"), (("plain", "--parts", "collapse", "--keep"), "--parts")],
)
def test_nothing_to_keep_is_said_before_the_work(runs, capsys, words, told):
    assert evaluate(runs, *words) != 0
    assert told in capsys.readouterr().err


def test_a_run_that_ships_stays_as_it_is(capsys):
    before = load_run("digits-2d").info
    assert main(["evaluate", "digits-2d", "--parts", "gaps", "--keep"]) != 0
    assert "stays as it is" in capsys.readouterr().err
    assert load_run("digits-2d").info == before


def test_one_image_has_no_error_and_no_truth_beyond_two_dimensions():
    record = {"amortisation": [0.5], "elbo_encoder": [-2.0], "elbo_optimal": [-1.5], "log_px": None}
    found = gap_figures(record)
    assert (found.amortisation_error, found.approximation, found.small) == (0.0, None, 1)
    assert class_figures({name: [1.0] for name in ("labelled", "unlabelled", "entropy", "class_nll", "class_gap", "label")}).n == 1


@pytest.mark.parametrize("change", [{"best_elbo": -9.0}, {"log_px": -9.0}, {"small": 5}])
def test_bounds_that_are_none_are_refused(change):
    sound = {"n": 4, "elbo": -3.0, "best_elbo": -2.0, "log_px": -1.0, "amortisation_error": 0.1, "small": 2, "largest": 2.0}
    assert GapFigures(**sound).approximation == 1
    with pytest.raises(ValidationError):
        GapFigures(**{**sound, **change})

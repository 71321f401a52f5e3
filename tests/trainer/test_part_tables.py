"""Are the parts of an evaluation a table that can be read, and a file that loses nothing?"""

import numpy as np
import pytest

from trainer.cli.part_tables import TABLES, checked_file, save_arrays, table_lines
from trainer.diagnosis.report import PARTS
from trainer.errors import LatentError

GAPS = {"elbo_encoder": [-3.0, -1.0, -2.0], "elbo_optimal": [-2.0, -0.5, -1.0], "amortisation": [1.0, 0.5, 1.0], "log_px": None}


def test_every_part_has_a_table():
    assert set(TABLES) == set(PARTS)


def test_means_over_images_have_unit_and_standard_error():
    lines = table_lines("gaps", GAPS)
    [line] = [line for line in lines if "amortisation gap" in line]
    mean, error = np.mean(GAPS["amortisation"]), np.std(GAPS["amortisation"], ddof=1) / np.sqrt(3)
    assert line.split() == ["amortisation", "gap", f"{mean:.2f}", "±", f"{error:.2f}", "nats,", "3", "images"]
    assert not any("quadrature" in line for line in lines)  # this run has no log p(x)
    assert not any("[" in line for line in lines)


def test_a_dimension_without_a_value_is_left_out():
    lines = table_lines("implied-beta", {"declared": 1.0, "per_dim": [0.5, None, 1.5]})
    assert any("from 0.500 to 1.500" in line and "2 dimensions" in line for line in lines)


def test_the_file_holds_every_number(tmp_path):
    path = tmp_path / "parts.npz"
    parts = {"gaps": GAPS, "gradients": {"score": {"variance": 2.0, "estimator": "score"}}}
    assert save_arrays(path, parts) == 6
    with np.load(path) as kept:  # nothing of it is pickled
        np.testing.assert_array_equal(kept["gaps/elbo_encoder"], GAPS["elbo_encoder"])
        assert np.isnan(kept["gaps/log_px"])
        assert kept["gradients/score/variance"] == 2 and kept["gradients/score/estimator"] == "score"


@pytest.mark.parametrize(
    ("name", "parts", "sentence"),
    [("x.npz", (), "without --parts"), ("x.txt", ("gaps",), r"ends in \.npz"), ("nowhere/x.npz", ("gaps",), "folder is not there")],
)
def test_a_file_that_cannot_be_written_is_said_before_the_work(tmp_path, monkeypatch, name, parts, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LatentError, match=sentence):
        checked_file(name, parts)

"""Codes that are the factors score 1, mixed and random codes about 0; information against its definition."""

import math

import numpy as np
import pytest

from trainer.datasets.built_in.shapes import FACTOR_NAMES, draw_factors
from trainer.errors import ConfigError, DataError
from trainer.metrics.disentanglement import dci, discretise, disentanglement, mig, mutual_information, sap

N = 3000
RNG = np.random.default_rng(0)
FACTORS = draw_factors(N, np.random.default_rng(1))
RANDOM = RNG.standard_normal((N, 5))
BIAS = 19 * 19 / (2 * N)  # nats, Miller 1955: 2N times the information of independent columns is about χ² with 19² degrees


def test_codes_that_are_the_factors_score_one_on_all_measures():
    """Reversed, stretched and turned in sign. MIG loses the bias of the second-best dimension, at most ~2 BIAS / log 3."""
    result = disentanglement(-3 * FACTORS[:, ::-1] + 1, FACTORS, FACTOR_NAMES, seed=0)
    assert result.factor_names == FACTOR_NAMES
    assert 1 - 2 * BIAS / math.log(3) < result.mig.score <= 1
    assert result.dci.disentanglement > 0.98
    assert result.dci.completeness > 0.98
    assert result.dci.informativeness > 0.98
    assert result.sap.score > 0.97
    assert result.dci.importance.argmax(0).tolist() == [5, 4, 3, 2, 1, 0]
    assert result.mig.mutual_information.argmax(1).tolist() == [5, 4, 3, 2, 1, 0]


def test_random_codes_score_about_zero():
    """No information stays above the estimator's bias by more than 6 standard deviations of its χ²."""
    result = disentanglement(RANDOM, FACTORS, FACTOR_NAMES, seed=0)
    continuous = result.mig.mutual_information[1:]
    assert continuous.mean() == pytest.approx(BIAS, rel=0.1)
    assert continuous.max() < BIAS + 6 * math.sqrt(2 * 19 * 19) / (2 * N)
    assert result.mig.score < BIAS / math.log(3)
    assert result.dci.disentanglement < 0.05
    assert result.dci.informativeness < 0.05
    assert result.sap.score < 0.05


def test_two_factors_turned_by_45_degrees_have_no_gap():
    """Both codes hold half of both factors: gaps are sampling errors, while a forest still predicts the factors."""
    factors = RNG.standard_normal((N, 2))
    codes = factors @ np.array([[1, -1], [1, 1]]) / math.sqrt(2)
    result = disentanglement(codes, factors, ("a", "b"), seed=0)
    assert result.mig.score < 0.03
    assert result.dci.disentanglement < 0.03
    assert result.dci.completeness < 0.03
    assert result.dci.informativeness > 0.95
    assert result.sap.score < 5 * 2 / math.sqrt(N)  # squared correlations ½ with errors of about 1/√N each
    np.testing.assert_allclose(result.sap.predictability, 0.5, atol=5 / math.sqrt(N))


def test_information_of_a_table_is_its_definition():
    """p = ½ I mixed with independence: counts 40, 10, 10, 40 of 100."""
    a = np.repeat([0, 0, 1, 1], [40, 10, 10, 40])
    b = np.repeat([0, 1, 0, 1], [40, 10, 10, 40])
    assert mutual_information(a, b) == pytest.approx(0.8 * math.log(1.6) + 0.2 * math.log(0.4))
    assert mutual_information(a, a) == pytest.approx(math.log(2))
    assert mutual_information(a, np.zeros_like(a)) == pytest.approx(0)


def test_information_is_sklearns():
    from sklearn.metrics import mutual_info_score

    a, b = RNG.integers(0, 7, 500), RNG.integers(0, 4, 500)
    b = np.where(a < 3, a, b)
    assert mutual_information(a, b) == pytest.approx(mutual_info_score(a, b))


def test_bins_hold_equal_mass_and_do_not_see_a_stretch():
    values = RNG.standard_normal(1000)
    bins = discretise(values, 20)
    assert np.bincount(bins).tolist() == [50] * 20
    assert discretise(np.exp(values), 20).tolist() == bins.tolist()


def test_few_values_keep_their_own_bin():
    assert discretise(np.array([2.5, -1, 2.5, 7]), 3).tolist() == [1, 0, 1, 2]
    assert discretise(np.full(50, 3.0), 20).tolist() == [0] * 50


def test_an_angle_that_runs_in_a_circle_is_seen_by_information():
    """Its cosine is uncorrelated with half of its turns, but binned they share much; SAP's line sees nothing of cos(2 angle)."""
    angle = RNG.uniform(-math.pi, math.pi, N)
    codes = np.stack([np.cos(2 * angle), RANDOM[:, 0]], axis=1)
    assert mig(codes, angle[:, None]).score > 0.4
    assert sap(codes, angle[:, None], 0).score < 5 / math.sqrt(N)


def test_a_spare_dimension_that_is_constant_changes_nothing():
    codes = np.hstack([FACTORS, np.full((N, 1), 4.0)])
    assert mig(codes, FACTORS).score == pytest.approx(mig(FACTORS, FACTORS).score)
    assert sap(codes, FACTORS, 0).score == pytest.approx(sap(FACTORS, FACTORS, 0).score)
    assert dci(codes, FACTORS, 0).importance[6].tolist() == [0] * 6


def test_one_dimension_for_one_factor():
    values = np.linspace(0, 1, 200)[:, None]
    result = disentanglement(values, values, ("only",), 0)
    assert result.mig.score == pytest.approx(1)
    assert result.sap.score == pytest.approx(1)
    assert (result.dci.disentanglement, result.dci.completeness) == (1, 1)


def test_codes_that_say_nothing_score_zero():
    result = dci(np.zeros((50, 2)), np.arange(50)[:, None] % 5 == 0, 0)
    assert (result.disentanglement, result.completeness, result.informativeness) == (0, 0, 0)


def test_dci_of_a_known_importance_is_the_papers_formula():
    """Rows (1, 0) and (½, ½) with sums 1 and 1: D = ½ · 1 + ½ · 0; columns (⅔, ⅓) and (0, 1)."""
    from trainer.metrics.disentanglement import Dci

    scores = Dci(np.array([[1.0, 0.0], [0.5, 0.5]]), np.ones(2))
    entropy = -(2 / 3 * math.log2(2 / 3) + 1 / 3 * math.log2(1 / 3))
    assert scores.disentanglement == pytest.approx(0.5)
    assert scores.completeness == pytest.approx(1.5 / 2 * (1 - entropy) + 0.5 / 2 * 1)


def test_the_seed_decides():
    first, again = (dci(RANDOM[:300], FACTORS[:300], 7) for _ in range(2))
    np.testing.assert_array_equal(first.importance, again.importance)


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(DataError, match=r"Factor 1 is 3 in all 4 images.*Leave it out"):
        mig(np.eye(4), np.array([[1, 3], [2, 3], [1, 3], [2, 3]]))
    with pytest.raises(DataError, match="of the same images"):
        mig(np.eye(4), np.ones((3, 1)))
    with pytest.raises(DataError, match="not finite"):
        sap(np.full((4, 1), np.nan), np.arange(4)[:, None], 0)
    with pytest.raises(ConfigError, match="2 or more"):
        mig(np.eye(4), np.arange(4)[:, None], bins=1)
    with pytest.raises(DataError, match="2 factor names; allowed: 1"):
        disentanglement(np.eye(4), np.arange(4)[:, None], ("a", "b"), 0)

"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.numerals import count, dimension, number, percent, three_figures


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0"), (999, "999"), (2000, "2000"), (10_000, "10 000"), (1_234_567, "1 234 567"), (-70_000, "−70 000")]
)
def test_thousands_are_set_apart(n, text):
    assert count(n).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.36, "36 %"), (0.001, "< 1 %"), (0.999, "> 99 %"), (1, "100 %"), (-0.04, "−4 %"), (math.nan, "n/a")],
)
def test_a_share_is_never_rounded_to_none_or_all(share, text):
    assert percent(share).replace("\u00a0", " ") == text


def test_digits_of_a_share():
    assert percent(0.9996, 1).replace("\u00a0", " ") == "> 99.9 %"
    assert percent(0.1234, 1).replace("\u00a0", " ") == "12.3 %"


@pytest.mark.parametrize(
    ("value", "text"), [(-0.001, "0.00"), (-1.5, "−1.50"), (0, "0.00"), (2.5e7, "2.5 · 10^7"), (math.inf, "n/a")]
)
def test_minus_is_true_and_zero_has_none(value, text):
    assert number(value) == text


@given(st.floats(-9e5, 9e5))
def test_a_number_reads_back(value):
    assert abs(float(number(value, 3).replace("−", "-")) - value) <= 0.0005001


def test_dimensions_count_from_one():
    assert [dimension(0), dimension(9)] == ["z₁", "z₁₀"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(784.2, "784"), (99.96, "100.0"), (1.0, "1.00"), (0.0123, "0.0123"), (2e-9, "0.000000"), (0, "0.00"), (-1.8, "−1.80")],
)
def test_about_three_figures_count(value, text):
    assert number(value, three_figures(value)) == text

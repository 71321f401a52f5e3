"""Is a new run's name one that a run may have, and the nearest to the wish?"""

from __future__ import annotations

import pytest

from trainer.config import MAX_RUN_NAME, check_run_name
from trainer.runs.naming import first_free, slug


def test_the_first_name_that_is_nowhere_taken():
    assert first_free("mine") == "mine"
    assert first_free("mine", {"mine"}, {"mine-2": None}) == "mine-3"


def test_a_number_has_room_in_the_longest_name():
    longest = "x" * MAX_RUN_NAME
    taken = {longest, *(f"{'x' * (MAX_RUN_NAME - 2)}-{i}" for i in range(2, 10))}
    found = first_free(longest, taken)
    assert found == f"{'x' * (MAX_RUN_NAME - 3)}-10" == check_run_name(found)


@pytest.mark.parametrize(
    ("words", "name"), [("Lower β to 0.5", "lower-to-0-5"), ("../../etc", "etc"), ("a--b", "a-b"), ("Über", "ber"), ("…", "")]
)
def test_words_become_small_letters_digits_and_hyphens(words, name):
    assert slug(words) == name

"""Does a link of columns come back as it was written, and is every kind of nonsense in it a sentence?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.session.column_link import MOST_COLUMNS, Column, complaint, fitting, link_of, proposal, text_of

RUNS = ["mnist-2d", "mnist-20d", "a.b_c"]
MAPS = ["umap", "pca", "axes"]

columns = st.lists(
    st.one_of(
        st.builds(Column, st.sampled_from(RUNS)),
        st.builds(Column, st.sampled_from(RUNS), st.sampled_from(MAPS)),
        st.builds(Column, st.sampled_from(RUNS), st.just("axes"), st.tuples(st.integers(0, 500), st.integers(0, 500))),
    ),
    max_size=MOST_COLUMNS - 1,
)


@given(columns)
def test_what_is_written_is_read_again(found):
    link = link_of(text_of(found), RUNS)
    assert list(link.columns) == found
    assert link.complaints == ()


def test_the_link_is_as_the_module_says():
    assert (
        text_of([Column("mnist-20d", "umap"), Column(), Column("mnist-20d", "axes", (2, 0))]) == "mnist-20d:umap~mnist-20d:axes_3_1"
    )


def test_a_run_that_is_not_there_is_left_out_with_a_sentence():
    link = link_of("nothing:umap~mnist-2d", RUNS)
    assert link.columns == (Column("mnist-2d"),)
    assert link.complaints == ("There is no run “nothing” to compare with; its column is left out.",)


def test_more_than_four_columns_are_too_many():
    link = link_of("~".join(["mnist-2d"] * 6), RUNS)
    assert len(link.columns) == 3
    assert link.complaints == ("A comparison has at most 4 columns; the link asks for 7, the rest is left out.",)


@given(st.text(max_size=80))
def test_any_text_is_columns_or_complaints_and_never_an_error(text):
    link = link_of(text, RUNS)
    assert all(column.run_id in RUNS for column in link.columns)
    assert all(len(sentence) < 160 for sentence in link.complaints)
    for column in link.columns:
        fits = fitting(column, MAPS, 20)
        assert fits.map_name in MAPS
        assert fitting(fits, MAPS, 20) == fits
        assert fits.axes is None or (fits.axes[0] != fits.axes[1] and max(fits.axes) < 20)


@pytest.mark.parametrize(
    ("asked", "shown", "words"),
    [
        ("mnist-20d:tsne", "umap", "Run mnist-20d has no map “tsne”; it has umap, pca, axes. Showing umap instead."),
        ("mnist-20d:axes_3_3", "axes", "has no pair of axes 3 and 3: two different dimensions from 1 to 20."),
        ("mnist-20d:axes_21_1", "axes", "has no pair of axes 21 and 1: two different dimensions from 1 to 20."),
        ("mnist-20d:axes_0_1", "axes", "has no pair of axes 0 and 1"),
        ("mnist-20d:axes_x_1", "umap", "has no map “axes_x_1”"),
        ("mnist-20d:axes_20_1", "axes", None),
        ("mnist-20d", "umap", None),
    ],
)
def test_a_map_that_a_run_has_not_becomes_its_first_with_a_sentence(asked, shown, words):
    [column] = link_of(asked, RUNS).columns
    assert fitting(column, MAPS, 20).map_name == shown
    said = complaint(column, MAPS, 20)
    assert said is None if words is None else words in said


def test_a_proposal_is_another_run_else_another_map_else_nothing():
    assert proposal(["mnist-2d"], RUNS[:2], ["latent"]) == Column("mnist-20d")
    assert proposal(["mnist-20d"], ["mnist-20d"], MAPS) == Column("mnist-20d", "pca")
    assert proposal(["mnist-20d", "mnist-20d"], ["mnist-20d"], MAPS) == Column("mnist-20d", "axes")
    assert proposal(["mnist-2d"], ["mnist-2d"], ["latent"]) == Column()

"""Does the address say all that a view's controls show, and does it open exactly that in a fresh session?

What each control's choice is: in the link, or a person's own. `test_every_control_is_in_the_link_or_said_not_to_be` holds the list of those
that are not.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from explorer.session import link
from explorer.session.packed import MAX_NUMBERS, packed, unpacked
from explorer.session.path_link import MAX_DRAWN, MAX_STOPS, Drawn, Stop, drawn_text, linked_line, linked_stops, stops_text
from explorer.text.numbers import left_out
from tests.explorer.shown import app, faultless, surfaces
from tests.places import ROOT

pytestmark = pytest.mark.usefixtures("fresh_app")

WHOLES = st.integers(-(2**31), 2**31)


# --- what is written is read


@given(st.lists(WHOLES))
def test_packed_numbers_come_back(values):
    assert unpacked(packed(values)) == values


def test_packed_numbers_are_those_of_the_browser():
    """The literal of `tests/hosts/screen/screen-url.test.ts`."""
    assert packed([0, 1, 3, 4]) == "AAIEAg"
    assert unpacked("AAIEAg") == [0, 1, 3, 4]


@given(st.text(max_size=40))
def test_any_text_is_numbers_or_an_error(text):
    try:
        assert len(unpacked(text)) <= MAX_NUMBERS
    except ValueError:
        return


NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
NEAR = st.floats(-999, 999, width=32)


@given(st.lists(st.builds(Stop, NAMES, st.tuples(NEAR, NEAR), st.none() | st.integers(0, 999)), max_size=MAX_STOPS))
def test_stops_come_back_to_six_digits(stops):
    found = linked_stops(stops_text(stops), 2)
    assert [(stop.name, stop.label) for stop in found] == [(stop.name, stop.label) for stop in stops]
    for one, other in zip(found, stops, strict=True):
        assert one.z == pytest.approx(other.z, rel=1e-5, abs=1e-30)


@given(st.lists(st.tuples(NEAR, NEAR), min_size=2, max_size=MAX_DRAWN), st.none() | st.just((2, 0)))
def test_a_drawn_line_comes_back_to_a_thousandth_of_its_size(places, axes):
    found = linked_line(drawn_text(Drawn(tuple(places), "axes" if axes else "umap", axes)))
    size = max(np.ptp(np.array(places), axis=0).max(), 1e-2)
    if found is None:  # a line whose rounded end is beyond what is far
        assert np.abs(places).max() > 998
        return
    assert (found.on, found.axes) == ("axes" if axes else "umap", axes)
    assert np.array(found.places) == pytest.approx(np.array(places), abs=1e-3 * size + 1e-2)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_line_and_stops_or_nothing(line, stops):
    for text in (line, f"umap!{line}!{stops}", f"umap!0_0_1!{line}"):
        found = linked_line(text)
        assert found is None or np.isfinite(found.places).all()
    for stop in linked_stops(f"{stops}~1_2{line}", 2):
        assert len(stop.z) == 2 and np.isfinite(stop.z).all()


# --- the app at a link


def opened(view: str, **query: str) -> AppTest:
    """The app at a link. A browser writes what widgets show into the address by itself, which tests without one cannot see."""
    return faultless(app(run="digits-2d", view=view, **query).run())


def path_of(test: AppTest) -> dict:
    ((dynamic, _),) = surfaces(test)
    return dynamic["path"]


STOPS = "0.5_-1*one~1.25_0.5*the%20other~-0.75_0*third"


def test_stops_that_were_chosen_are_written_and_open_the_same_path():
    test = opened("interpolate")
    assert "stops" not in test.query_params  # as every session begins
    test.button(key="earlier-1").click()
    faultless(test.run())
    before = path_of(test)
    after = path_of(opened("interpolate", stops=str(test.query_params["stops"])))
    assert (after["title"], after["ends"]) == (before["title"], before["ends"])
    np.testing.assert_allclose(after["z"], before["z"], atol=1e-4)


def test_the_settings_of_the_path_are_read_from_the_link():
    path = path_of(opened("interpolate", path="spherical", **{"walk-even": "true", "walk-loop": "true"}))
    assert path["title"] == "spherical" and path["is_loop"]
    speed = next(strip for strip in path["strips"] if strip["name"] == "Speed")["values"]
    assert np.std(speed[1:]) < 0.05 * np.mean(speed[1:])


def test_a_path_drawn_by_hand_is_in_the_link():
    line = Drawn(((0.0, 0.0), (1.0, 0.5), (1.5, -1.0)), "latent")
    test = opened("interpolate", drawn=drawn_text(line))
    path = path_of(test)
    assert path["title"] == "drawn"
    np.testing.assert_allclose([path["map"][0], path["map"][-1]], [line.places[0], line.places[-1]], atol=1e-3)
    assert path_of(opened("interpolate", drawn=str(test.query_params["drawn"]))) == path


def test_stops_of_a_link_are_the_stops_and_stay_after_a_look_at_another_view():
    test = opened("interpolate", stops=STOPS, path="spherical")
    assert path_of(test)["ends"] == ["one", "third"]
    np.testing.assert_allclose(path_of(test)["stops"], [[0.5, -1], [1.25, 0.5], [-0.75, 0]], atol=1e-6)
    written = test.query_params["stops"]
    test.segmented_control(key="view").set_value("atlas")
    faultless(test.run())
    assert "stops" not in test.query_params
    test.segmented_control(key="view").set_value("interpolate")
    faultless(test.run())
    assert path_of(test)["ends"] == ["one", "third"] and path_of(test)["title"] == "spherical"
    assert test.query_params["stops"] == written


def test_stops_are_the_addresss_after_back_and_those_of_before_where_it_has_none(monkeypatch):
    test = opened("interpolate")
    first = path_of(test)["ends"]
    test.button(key="earlier-1").click()
    faultless(test.run())
    assert path_of(test)["ends"] == first[::-1]
    monkeypatch.setattr(link, "came_back", lambda: True)
    del test.query_params["stops"]
    assert path_of(faultless(test.run()))["ends"] == first
    monkeypatch.undo()
    assert path_of(faultless(test.run()))["ends"] == first


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            {"stops": "1_2_3*a~0.5_1*b~x_y~1_1*c"},
            "2 of the 4 stops in the link are left out: digits-2d takes up to 12 stops of 2 numbers.",
        ),
        ({"drawn": "latent!0_0_1!!!"}, "The drawn path in the link is damaged and left out; the rest is shown."),
    ],
)
def test_what_is_damaged_is_one_sentence_and_the_rest_is_shown(query, told):
    test = opened("interpolate", **query)
    assert [re.sub(r"\\(.)", r"\1", warning.value) for warning in test.warning] == [told]
    assert len(path_of(test)["stops"]) == 2


def test_the_sheets_of_samples_are_in_the_link():
    test = opened("samples", **{"samples-pixels": "draw", "samples-n": "12", "samples-temperature": "0.5", "seed": "3"})
    words = " ".join(caption.value for caption in test.caption)
    assert "Seed 3" in words and test.slider(key="samples-temperature").value == 0.5
    assert test.segmented_control(key="samples-pixels").value == "draw" and test.selectbox(key="samples-n").value == 12
    test.button(key="samples-again").click()
    faultless(test.run())
    assert test.query_params["seed"] == "4"
    test.segmented_control(key="view").set_value("atlas")
    faultless(test.run())
    assert "seed" not in test.query_params


def test_the_image_and_the_tools_are_read_from_the_link():
    assert opened("reconstruct", **{"reconstruct-row": "7"}).number_input(key="reconstruct-row").value == 7
    test = opened("interpolate", **{"walk-tool": "Four corners", "corner-n": "9"})
    assert test.slider(key="corner-n").value == 9
    assert (
        opened("dimensions", look="traversals", **{"traversal-base": "the mean of the codes"}).selectbox(key="traversal-base").value
        == "the mean of the codes"
    )


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("samples", {"samples-n": "13", "samples-temperature": "hot", "samples-source": "nobody", "seed": "−1"}),
        ("reconstruct", {"reconstruct-row": "1e9", "reconstruct-source": "Nowhere", "more-of-picture": "x"}),
        (
            "interpolate",
            {"path": "straight", "walk-loop": "perhaps", "walk-beyond": "99", "walk-tool": "?", "stops": "~", "drawn": "!"},
        ),
        ("dimensions", {"look": "inside", "traversal-base": "<b>", "all-dimensions": "2"}),
        ("compare", {"with": "nobody:umap_1_2~~", "image": "-4", "film": "atlas"}),
        ("atlas", {"film": "compare"}),
    ],
)
def test_values_that_no_control_has_leave_the_view_as_it_begins(view, query):
    assert values_of(opened(view, **query)) == values_of(opened(view))


def values_of(test: AppTest) -> dict[str, object]:
    """What the view's controls show, by their keys."""
    kinds = ("selectbox", "slider", "select_slider", "number_input", "radio", "checkbox", "toggle", "button_group", "text_input")
    return {control.key: control.value for kind in kinds for control in test.get(kind)}


# --- the list


OWN = {
    "explorer/app/gallery.py": "what is looked for among the runs, closed when one is chosen",
    "explorer/pages/compare/column_choosers.py": "columns and image are written by explorer.session.columns",
    "explorer/pages/compare/controls.py": "the same",
    "explorer/pages/dimensions/sections/beta_sweep.py": "opens a run",
    "explorer/pages/interpolate/downloads.py": "of a file",
    "explorer/pages/interpolate/stop_chooser.py": "what is about to become a stop",
    "explorer/pages/interpolate/stop_row.py": "the same",
    "explorer/pages/lessons/blocks.py": "an answer, which is the visitor's own",
    "explorer/pages/train/settings.py": "what is about to be trained",
    "explorer/pages/train/uploading.py": "what is about to be a data set",
}
"""Choosers that no link carries, by their files, and why."""

CHOOSER = re.compile(
    r"st\.(selectbox|segmented_control|toggle|slider|number_input|checkbox|radio|tabs|multiselect|select_slider|pills|text_input)\("
)


def test_every_control_is_in_the_link_or_said_not_to_be():
    """Each chooser is bound to the address, or its file is among those that say why not."""
    for path in sorted((ROOT / "explorer").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for found in CHOOSER.finditer(source):
            call = source[found.start() : _end(source, found.end())]
            name = path.relative_to(ROOT).as_posix()
            assert "bind=" in call or name in OWN, (name, call)


def _end(source: str, at: int) -> int:
    """Where the bracket that is open there closes."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(source[at], 0)
        at += 1
    return at


def test_a_stop_of_a_class_that_the_run_has_not_is_one_of_the_chosen_class():
    from explorer.pages.interpolate.stops import label_of, stop_picture
    from tests.places import ASSETS
    from trainer.runs.catalogue import load_run

    run = load_run("digits-conditional-vae", ASSETS)
    (stop,) = linked_stops("_".join("0" * run.config.latent_dim) + ":99*a", run.config.latent_dim)
    assert label_of(run, stop) in range(10)
    assert stop_picture(run, stop) is not None


@pytest.mark.parametrize(
    ("n_lost", "n", "told"),
    [
        (1, 1, "The pin in the link is left out"),
        (3, 3, "All 3 pins in the link are left out"),
        (1, 3, "1 of the 3 pins in the link is left out"),
        (2, 3, "2 of the 3 pins in the link are left out"),
    ],
)
def test_what_is_left_out_is_told_in_good_grammar(n_lost, n, told):
    assert left_out(n_lost, n, "pin") == told

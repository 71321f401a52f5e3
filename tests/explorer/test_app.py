"""Does every view show, empty and filled, and does bad input get a sentence instead of a traceback?"""

from __future__ import annotations

import base64
import json
import shutil

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.app.pages import NAMES as VIEWS
from explorer.pictures.protocols import switches
from tests.explorer.shown import app, grids, pins, png, said, sound, upload, words
from tests.places import ASSETS, ROOT
from trainer.runs.catalogue import load_run
from trainer.runs.folder import info_checksum

pytestmark = pytest.mark.usefixtures("fresh_app")
RUNS = sorted(path.name for path in ASSETS.iterdir())


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_every_pretrained_run_shows(run, view):
    test = sound(app(run=run, view=view).run())
    assert not test.error
    assert test.selectbox(key="run").value == run


def test_the_shown_run_is_saved_as_a_web_page_and_only_when_asked(monkeypatch):
    from explorer.app import share as shell

    made = []
    monkeypatch.setattr(shell, "html_page", lambda run, view: made.append(run.id) or b"")
    test = sound(app(run="digits-2d").run())
    [button] = [element for element in test.get("download_button") if "web page" in element.proto.label]
    assert button.proto.label == "Save digits-2d as a web page"
    assert made == []


def test_the_app_opens_on_mnist_2d_with_the_map():
    test = sound(app().run())
    assert test.selectbox(key="run").value == "mnist-2d"
    assert pins(test) == []


def test_a_value_that_the_page_gives_a_widget_wins_over_its_default_without_a_warning(monkeypatch):
    """Defaults are constant, because a bound widget leaves the link when it shows its default: a button may give it another value."""
    from streamlit.elements.lib import policies

    warned: list[str] = []
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)  # Streamlit says it once a process
    monkeypatch.setattr(policies._LOGGER, "warning", lambda text, *rest, **_: warned.append(text))
    test = sound(app(run="mnist-20d", view="reconstruct").run())
    test.session_state["next-run"], test.session_state["next-view"] = "clinic-collapsed", "dimensions"  # as All runs does
    sound(test.run())
    assert (test.selectbox(key="run").value, test.session_state["view"]) == ("clinic-collapsed", "dimensions")
    assert warned == []


def test_an_injected_pin_is_on_the_map_with_its_code():
    test = app(run="mnist-2d")
    test.session_state["pins"] = {"mnist-2d": [[[0.5, -1.25], "", None]]}
    [pin] = pins(sound(test.run()))
    assert (pin["label"], pin["z"], pin["map"]) == ("A", [0.5, -1.25], [0.5, -1.25])


def test_pins_travel_in_the_link_with_their_names():
    test = sound(app(run="mnist-2d", pins="0.5_-1.25~1_1*a%7Etall %2A<b>7").run())
    assert [(pin["label"], pin["name"], pin["z"]) for pin in pins(test)] == [("A", "", [0.5, -1.25]), ("B", "a~tall *<b>7", [1, 1])]


PINS = [[[float(i), 0.0], "", None, ""] for i in range(3)]


def edited(*edits):
    """The pins A, B, C after what the browser asked for, and whether it can be taken back and forth."""

    def script(edits, pins):
        import numpy as np
        import streamlit as st

        from explorer.session.events import take_pins
        from explorer.session.load import State
        from explorer.session.pins import can_undo
        from trainer.maps.projection import latent_plane

        st.session_state.setdefault("pins", {"r": pins})
        projection = latent_plane(np.zeros((3, 2), np.float32))
        events = [
            edit if isinstance(edit, dict) and "nonce" in edit else {"edit": edit, "nonce": f"n{i}"} for i, edit in enumerate(edits)
        ]
        now = take_pins(State("r", "atlas", (), None), {"events": events}, projection)
        st.session_state["out"] = [[pin.z[0], pin.name] for pin in now.pins]
        st.session_state["undo"] = list(can_undo("r"))

    test = sound(AppTest.from_function(script, args=(list(edits), PINS)).run())
    return [tuple(pin) for pin in test.session_state["out"]], tuple(test.session_state["undo"])


def test_pins_are_dropped_named_and_cleared():
    assert edited({"kind": "drop", "index": 1}) == ([(0, ""), (2, "")], (True, False))
    assert edited({"kind": "rename", "index": 2, "name": " a\tfine \u202e name "})[0][2] == (2, "a fine name")
    assert edited({"kind": "rename", "index": 0, "name": "x" * 99})[0][0] == (0, "x" * 40)
    assert edited({"kind": "clear"})[0] == []


def test_what_was_done_to_pins_is_taken_back_and_forth():
    drop, name, undo, redo = (
        {"kind": "drop", "index": 0},
        {"kind": "rename", "index": 0, "name": "n"},
        {"kind": "undo"},
        {"kind": "redo"},
    )
    assert edited(drop, name, undo) == ([(1, ""), (2, "")], (True, True))
    assert edited(drop, name, undo, undo) == ([(0, ""), (1, ""), (2, "")], (False, True))
    assert edited(drop, name, undo, undo, redo, redo) == ([(1, "n"), (2, "")], (True, False))
    assert edited(drop, undo, name, redo) == ([(0, "n"), (1, ""), (2, "")], (True, False))  # a new step ends the old future
    assert edited(undo, redo) == ([(0, ""), (1, ""), (2, "")], (False, False))
    assert edited({"kind": "rename", "index": 0, "name": ""})[1] == (False, False)  # nothing changed


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "drop", "index": 9},
        {"kind": "drop", "index": -1},
        {"kind": "drop", "index": "0"},
        {"kind": "rename", "index": 0, "name": 3},
        {"kind": "burn"},
        {},
        "drop",
        None,
        ["drop", 0],
    ],
)
def test_an_edit_that_is_none_changes_nothing(edit):
    assert edited(edit) == ([(0, ""), (1, ""), (2, "")], (False, False))


def test_a_code_that_no_place_stands_for_is_pinned_as_it_is():
    made = {"nonce": "a", "map": [9, 9], "z": [0.25, -1.5], "isOwnCode": True}
    assert edited(made)[0][3] == (0.25, "")
    for z in ([1], ["x", 1], [1, float("nan")], [1, 1e9], None, "12"):
        assert len(edited({**made, "z": z})[0]) == 3, z


def test_pins_of_a_link_that_cannot_be_shown_are_said_to_be_left_out_once():
    test = sound(app(run="mnist-2d", pins="0.5_-1.25~nan_1~1_2_3").run())
    told = "2 of the 3 pins in the link are left out: mnist-2d takes up to 26 pins of 2 numbers between −1000 and 1000."
    assert told in [warning.value.replace("\\", "") for warning in test.warning]
    assert [pin["label"] for pin in pins(test)] == ["A"]
    next(button for button in test.button if button.label == "Dismiss").click()
    assert not sound(test.run()).warning


@pytest.mark.parametrize("link", ["nan_nan", "1_2_3", "<script>alert(1)</script>", "1e99_0", "~~~"])
def test_nonsense_pins_in_a_link_are_left_out(link):
    assert pins(sound(app(run="mnist-2d", pins=link).run())) == []


@pytest.mark.parametrize("view", VIEWS)
def test_an_unknown_run_is_a_sentence_and_a_way_on(view):
    test = sound(app(run="../../etc/passwd", view=view).run())
    assert "There is no run" in said(test.warning[0])
    assert "Showing mnist-2d instead" in said(test.warning[0])
    assert test.selectbox(key="run").value == "mnist-2d"
    next(button for button in test.button if button.label == "Dismiss").click()
    assert not sound(test.run()).warning


def test_an_unknown_view_is_a_sentence_too():
    assert "There is no view “nothing”" in said(sound(app(view="nothing").run()).warning[0])


def test_an_unknown_class_in_the_link_is_a_sentence_and_a_known_one_or_that_of_a_run_without_is_none():
    told = said(sound(app(run="digits-conditional-vae", **{"as": "99"}).run()).warning[0])
    assert (
        "There is no class “99” in this run, which has 0, 1, 2, 3, 4, 5, 6, 7, 8, 9. Pictures are decoded as “0” instead." in told
    )
    assert not sound(app(run="digits-conditional-vae", **{"as": "7"}).run()).warning
    assert not sound(app(run="mnist-2d", **{"as": "99"}).run()).warning


def test_an_unknown_map_in_the_link_is_a_sentence_with_those_that_there_are():
    told = said(sound(app(run="mnist-20d", projection="tsne").run()).warning[0])
    names = list(load_run("mnist-20d", ROOT / "assets/runs").projections)
    assert f"There is no map “tsne” in this run, which has {', '.join(names)}. Showing “{names[0]}” instead." in told
    assert not sound(app(run="mnist-20d", projection=names[-1]).run()).warning


@pytest.mark.parametrize("file", ["weights.safetensors", "encodings.safetensors", "projection.safetensors", "history.csv"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_damaged_run_is_a_sentence_never_a_traceback(tmp_path, monkeypatch, file, view):
    folder = tmp_path / "runs"
    shutil.copytree(ROOT / "assets/runs/digits-16d", folder / "broken")
    path = folder / "broken" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(bytes(data))
    monkeypatch.setenv("LATENT_RUNS", str(folder))
    test = sound(app(run="broken", view=view).run())
    if test.error:  # a view that does not need the damaged part still works
        assert f"run 'broken': {file} is damaged" in said(test.error[0])


def test_a_damaged_run_json_is_listed_and_left_out(tmp_path, monkeypatch):
    (tmp_path / "runs/bad").mkdir(parents=True)
    (tmp_path / "runs/bad/run.json").write_text('{"format": "latent-atlas-run", "version": 99}')
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path / "runs"))
    test = sound(app().run())
    assert "1 damaged run left out" in [expander.label for expander in test.expander]
    assert "format version 99" in words(test)


@pytest.mark.parametrize(
    ("change", "words_said"),
    [
        ({"metrics": None}, "a finished run has metrics"),
        ({"config": {"latent_dim": 3, "data": "digits"}}, "kl_per_dim has 2 numbers, latent_dim is 3"),
    ],
)
def test_a_run_that_contradicts_itself_is_left_out_with_the_reason(tmp_path, monkeypatch, change, words_said):
    shutil.copytree(ROOT / "assets/runs/digits-2d", tmp_path / "runs/odd")
    path = tmp_path / "runs/odd/run.json"
    raw = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps({**raw, "checksum": info_checksum(raw)}))
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path / "runs"))
    for view in VIEWS:
        test = sound(app(run="odd", view=view).run())
        assert words_said in said(test.warning[0])


def test_a_folder_that_is_no_run_name_is_left_out_and_can_be_renamed(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "assets/runs/digits-2d", tmp_path / "runs/My <b>Run")
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path / "runs"))
    assert "Rename the folder" in words(sound(app().run()))


def test_names_from_files_and_links_are_text_and_nothing_else(tmp_path, monkeypatch):
    """A class name must not become a picture that is fetched, a run name in a link no link."""
    shutil.copytree(ROOT / "assets/runs/digits-2d", tmp_path / "runs/odd")
    path = tmp_path / "runs/odd/run.json"
    raw = json.loads(path.read_text())
    raw["dataset"]["class_names"] = [f"![i](http://127.0.0.1/{k}.png)" for k in range(10)]
    path.write_text(json.dumps({**raw, "checksum": info_checksum(raw)}))
    monkeypatch.setenv("LATENT_RUNS", str(tmp_path / "runs"))
    test = sound(app(run="odd", view="reconstruct", pins="0_0").run())
    assert not [c.value for c in test.caption if "![i](" in c.value]
    assert grids(test)
    for grid in grids(test):
        assert "![i](http://127.0.0.1/" in grid  # inside HTML it is text
    test = sound(app(run="[click](https://evil.example) **b**").run())
    assert "[click](" not in test.warning[0].value
    assert "[click](" in said(test.warning[0])


def test_quick_clicks_that_arrive_together_are_all_counted_once():
    from explorer.session.events import counted_events, take_pins
    from explorer.session.load import State
    from trainer.runs.catalogue import HOME, load_run

    projection = load_run("mnist-2d", HOME / "assets/runs").projections["latent"]
    now = State("quick", "atlas", (), None)
    events = [{"map": [i / 10, 0.5], "nonce": f"n{i}"} for i in range(3)]
    now = take_pins(now, {"events": events[:2]}, projection)
    now = take_pins(now, {"events": [*events, {"map": ["x", 1], "nonce": "bad"}]}, projection)
    assert [pin.z for pin in now.pins] == [(0.0, 0.5), (0.1, 0.5), (0.2, 0.5)]
    assert counted_events()[-4:] == ["n0", "n1", "n2", "bad"]


@pytest.mark.parametrize("odd", [10**400, float("nan"), float("inf"), -1e4, "far", None, [1], {}])
def test_numbers_of_a_surface_that_are_no_places_are_no_pins_stops_or_lines(odd):
    from explorer.session import events, stops, ways
    from trainer.runs.catalogue import HOME, load_run

    projection = load_run("mnist-2d", HOME / "assets/runs").projections["latent"]
    assert events.made_pin({"map": [odd, 0.5]}, projection) is None
    assert events.made_pin({"map": [0, 0], "isOwnCode": True, "z": [0.5, odd]}, projection) is None
    assert stops._place([odd, 0.5]) is None and stops._place([0.5, odd]) is None
    assert ways._code([0.5, odd]) is None
    assert (
        events.made_pin({"map": [0.5, 0.25]}, projection).z == stops._place([0.5, 0.25]) == ways._code([0.5, 0.25]) == (0.5, 0.25)
    )
    assert events.fresh_events({"events": odd, "mapId": odd}, "mnist-2d", projection) == []


def test_without_any_run_the_first_step_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.runs.catalogue.HOME", tmp_path)
    test = sound(app().run())
    assert "There are no runs yet" in said(test.info[0])
    assert "python -m trainer fit digits-2d" in test.code[0].value


def test_an_upload_is_reconstructed_and_can_be_pinned():
    paper = np.full((200, 160), 240, np.uint8)
    paper[40:160, 70:90] = 20
    test = upload(sound(app(run="mnist-2d", view="reconstruct").run()), "one.png", png(paper))
    assert "mean absolute error" in words(test)
    assert "μ = (" in words(test)
    next(button for button in test.button if button.label == "Pin this code").click()
    sound(test.run())
    assert len(test.session_state["pins"]["mnist-2d"]) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.png", b""),
        ("text.png", b"this is no picture"),
        ("page.png", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>"),
        ("cut.png", png(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8))[:300]),
        ("blank.png", png(np.full((50, 50), 255, np.uint8))),
    ],
)
def test_a_bad_upload_is_refused_in_one_sentence(name, data):
    test = upload(sound(app(run="mnist-2d", view="reconstruct").run()), name, data)
    assert len(test.error) == 1
    assert ("blank" if name == "blank.png" else name) in said(test.error[0])
    assert "\n" not in said(test.error[0])


def test_a_step_that_is_switched_off_is_left_out():
    drawing = np.full((90, 60), 230, np.uint8)
    drawing[20:70, 28:33] = 20
    test = upload(sound(app(run="mnist-2d", view="reconstruct").run()), "one.png", png(drawing))
    assert "The light background" in words(test)
    titles = [box.label for box in test.checkbox]
    assert titles[:7] == [switch.title for switch in switches("mnist")]
    next(box for box in test.checkbox if box.label == "Crop to the ink").uncheck()
    sound(test.run())
    assert "Not cut" in words(test)


def test_the_pad_has_the_page_and_what_is_handed_over_is_prepared_here():
    test = sound(app(run="mnist-2d", view="reconstruct").run())
    test.segmented_control(key="reconstruct-source").set_value("Draw")
    sound(test.run())
    assert "model input" not in words(test)
    drawing = np.zeros((168, 168), np.uint8)
    drawing[30:140, 80:94] = 255
    test.session_state["pad-picture"] = [base64.b64encode(png(drawing)).decode(), "your <b>drawing</b>", ["mass"]]
    sound(test.run())
    assert "The dark background" in words(test)
    assert "the middle of its box in the middle" in words(test)  # the centre of mass was left out, as in the browser
    test.session_state["pad-picture"] = ["no base64", "x", []]
    assert not sound(test.run()).error


def test_without_the_data_set_the_reconstruction_is_shown_and_the_download_offered(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    test = sound(app(run="mnist-2d", view="reconstruct").run())
    assert "mnist is not on this machine" in said(test.info[0])
    assert any(button.label == "Download mnist" for button in test.button)
    assert "shown is the model's reconstruction instead" in said(test.info[0])


def test_the_dimensions_say_how_many_are_used():
    info = json.loads((ROOT / "assets/runs/mnist-20d/run.json").read_text())
    test = sound(app(run="mnist-20d", view="dimensions", look="traversals").run())
    assert "of 20 latent dimensions are used" in words(test)
    toggle = test.toggle(key="all-dimensions")
    n_strips = lambda: sum("nats" in c.value and "· KL" in c.value for c in test.caption)
    assert n_strips() == 8
    toggle.set_value(True)
    sound(test.run())
    assert n_strips() == info["config"]["latent_dim"]


def test_a_class_from_the_strip_becomes_the_choosers_if_there_is_such_a_class(monkeypatch):
    from explorer.session import class_choice

    session: dict = {"as": "1", "map": {"class": "7"}}
    monkeypatch.setattr(class_choice.st, "session_state", session)
    for sent, chosen in (("7", "7"), ("x", "7"), (None, "7"), (["1"], "7"), ("0", "0")):
        session["map"] = {"class": sent}
        class_choice.take_class("map", tuple("0123456789"))
        assert session["as"] == chosen
    class_choice.take_class("elsewhere", tuple("0123456789"))
    assert session["as"] == "0"

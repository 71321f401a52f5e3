"""Does the app show what the address asks for once Back or Forward was pressed, and keep what the session knows otherwise?"""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from explorer.session import link
from tests.explorer import shown
from tests.explorer.shown import faultless, surfaces

pytestmark = pytest.mark.usefixtures("fresh_app")


def pins(test: AppTest) -> list[list[float]]:
    ((dynamic, _),) = surfaces(test)
    return [pin["z"] for pin in dynamic["pins"]]


def columns(test: AppTest) -> list[str]:
    return [header["run"]["id"] for _, header in surfaces(test)]


def gone_back(test: AppTest, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    """The app at the address of an earlier entry of the browser's history."""
    monkeypatch.setattr(link, "came_back", lambda: True)
    for name, value in query.items():
        test.query_params[name.rstrip("_")] = value
    faultless(test.run())
    monkeypatch.undo()
    return test


def test_pins_are_the_addresss_after_back_and_the_sessions_after_any_other_rerun(monkeypatch):
    test = faultless(shown.app(run="digits-2d", pins="0.5_0.25~1_1").run())
    assert pins(test) == [[0.5, 0.25], [1.0, 1.0]]
    test.session_state["pins"] = {"digits-2d": [[[2.0, 2.0], "", None, ""]]}
    assert pins(faultless(test.run())) == [[2.0, 2.0]]
    assert pins(gone_back(test, monkeypatch, pins="0.5_0.25")) == [[0.5, 0.25]]
    assert pins(faultless(test.run())) == [[0.5, 0.25]]
    assert test.session_state["past"]["digits-2d"][-1] == [[[2.0, 2.0], "", None, ""]]  # undo has them back


def test_a_pin_beyond_the_most_is_a_sentence_and_all_others_stay():
    many = [[[float(i), 1.0], "", None, ""] for i in range(26)]
    test = shown.app(run="digits-2d", view="reconstruct")
    test.session_state["pins"] = {"digits-2d": many}
    faultless(test.run())
    next(button for button in test.button if button.label == "Pin this code").click()
    faultless(test.run())
    assert "26 pins are the most. All are kept; remove one" in shown.said(test.warning[0])
    assert test.session_state["pins"]["digits-2d"] == many


def test_pins_that_no_link_has_room_for_stay(monkeypatch):
    test = faultless(shown.app(run="digits-2d").run())
    many = [[[float(i), 1.0], "", None, ""] for i in range(26)]
    test.session_state["pins"] = {"digits-2d": many}
    monkeypatch.setattr("explorer.session.pins.MAX_URL_NUMBERS", 51)
    test.run()
    monkeypatch.setattr(link, "came_back", lambda: True)
    assert len(pins(faultless(test.run()))) == 26


def test_columns_are_the_addresss_after_back(monkeypatch):
    test = faultless(shown.app(view="compare", run="digits-2d", with_="digits-16d").run())
    assert columns(test) == ["digits-2d", "digits-16d"]
    assert columns(gone_back(test, monkeypatch, with_="digits-16d:pca~digits-m2")) == ["digits-2d", "digits-16d", "digits-m2"]


# --- another run of as many dimensions


def switched(test: AppTest, run: str) -> AppTest:
    """Another run by its chooser, which writes it into the address as a browser does."""
    test.selectbox(key="run").set_value(run)
    test.query_params["run"] = run
    return faultless(test.run())


@pytest.mark.parametrize("view", ["atlas", "dimensions", "interpolate"])
def test_pins_of_a_link_are_those_of_its_run_alone(view):
    test = faultless(shown.app(run="digits-2d", view=view, pins="0.5_0.25~1_1").run())
    switched(test, "mnist-2d")
    assert "pins" not in test.query_params and test.session_state["pins"].get("mnist-2d", []) == []
    switched(test, "digits-2d")
    assert [z for z, *_ in test.session_state["pins"]["digits-2d"]] == [[0.5, 0.25], [1.0, 1.0]]
    assert test.query_params["pins"] == "0.5_0.25~1_1"


def test_stops_and_a_drawn_line_are_those_of_their_run_alone():
    path = {"stops": "0.5_-1*one~1.25_0.5*other", "drawn": "latent!0_0_0.001!AAIEAg"}
    test = faultless(shown.app(run="digits-2d", view="interpolate", **path).run())
    assert {"stops", "drawn"} <= set(test.query_params)
    switched(test, "mnist-2d")
    assert not {"stops", "drawn"} & set(test.query_params)
    ((dynamic, _),) = surfaces(test)
    assert "one" not in dynamic["path"]["ends"] and dynamic["path"]["title"] != "drawn"
    switched(test, "digits-2d")
    assert test.query_params["stops"] == path["stops"] and "drawn" in test.query_params


def test_a_link_to_a_run_that_is_not_here_leaves_its_codes_out():
    codes = {"pins": "0.5_0.25", "stops": "0.5_-1*one~1.25_0.5*other", "drawn": "latent!0_0_0.001!AAIEAg"}
    test = faultless(shown.app(run="nobody", view="interpolate", **codes).run())
    ((dynamic, header),) = surfaces(test)
    assert header["run"]["id"] == "mnist-2d"
    assert dynamic["pins"] == [] and "one" not in dynamic["path"]["ends"] and dynamic["path"]["title"] != "drawn"
    assert not set(codes) & set(test.query_params)


def test_what_was_done_on_a_map_counts_for_its_run_and_a_place_for_its_map_alone(monkeypatch):
    sent: dict = {}
    monkeypatch.setattr("explorer.session.events.surface_event", lambda key: sent.get(key))
    test = faultless(shown.app(run="digits-linear-ae", projection="pca").run())
    ((_, first),) = surfaces(test)
    place, own, drop = (
        {"map": [0.5, 0.25]},
        {"map": [0, 0], "isOwnCode": True, "z": [0.5] * 8},
        {"edit": {"kind": "drop", "index": 0}},
    )

    def arrives(*events: dict) -> None:
        """Done on the map that was shown first, with whatever is changed before the next rerun."""
        named = [{**one, "nonce": f"{id(events)}-{i}"} for i, one in enumerate(events)]
        sent["atlas-surface"] = {"events": named, "mapId": first["id"]}

    arrives(place, own)
    assert len(pins(faultless(test.run()))) == 2
    arrives(place, own, drop)
    test.segmented_control(key="projection").set_value("axes")
    assert pins(faultless(test.run())) == [[0.5] * 8, [0.5] * 8]
    arrives(place, own, drop)
    assert pins(switched(test, "digits-pca")) == []
    assert pins(switched(test, "digits-linear-ae")) == [[0.5] * 8, [0.5] * 8]

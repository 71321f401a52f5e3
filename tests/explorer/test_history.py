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

"""Does the Walk page go where it is told? Stops, kinds of path, drawn lines and what they leave behind, without a browser."""

from __future__ import annotations

import base64
import io
import re
import time
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.jobs.background import Background
from tests.explorer.shown import app, faultless, surfaces
from tests.places import ASSETS
from trainer.errors import DataError
from trainer.latent.decoded_graphs import decoded_graphs
from trainer.latent.interpolation import interpolate
from trainer.latent.paths import shortest_leg
from trainer.runs.catalogue import load_run

pytestmark = pytest.mark.usefixtures("fresh_app")
PATIENCE_S = 60


def opened(run: str = "digits-2d", **query: str) -> AppTest:
    return faultless(app(run=run, view="interpolate", **query).run())


def shown(test: AppTest) -> dict:
    """What the browser is told of this rerun."""
    ((dynamic, _),) = surfaces(test)
    return dynamic


def tiles(test: AppTest) -> list[str]:
    """Names of the stops in their order, by the captions of their menus."""
    names = [re.sub(r"\\(.)", r"\1", caption.value) for caption in test.caption]
    return [name for name in names if re.match(r"test image \d|mean of|prior sample|Pin |your drawing", name)]


def patiently(test: AppTest, ready) -> AppTest:
    """Reruns until the background has its answer."""
    deadline = time.monotonic() + PATIENCE_S
    while not ready(test):
        assert time.monotonic() < deadline
        time.sleep(0.3)
        faultless(test.run())
    return test


def test_stops_are_added_moved_replaced_and_removed():
    test = opened()
    first = tiles(test)
    assert len(first) == 2
    test.segmented_control(key="stop-from-TCPU").set_value("Class mean")
    test.run()
    test.selectbox(key="stop-Class mean").select("mean of 3")
    test.run()
    test.button(key="put-stop").click()
    assert tiles(faultless(test.run())) == [*first, "mean of 3"]
    test.button(key="earlier-2").click()
    assert tiles(faultless(test.run())) == [first[0], "mean of 3", first[1]]
    test.button(key="later-0").click()
    assert tiles(faultless(test.run())) == ["mean of 3", *first]
    test.button(key="turn-round").click()
    assert tiles(faultless(test.run())) == [*reversed(first), "mean of 3"]
    test.selectbox(key="stop-place").select("instead of stop 1")
    test.run()
    test.button(key="put-stop").click()
    assert tiles(faultless(test.run())) == ["mean of 3", first[0], "mean of 3"]
    for _ in range(3):
        test.button(key="remove-0").click()
        faultless(test.run())
    assert tiles(test) == []
    assert "at least two stops" in test.info[0].value
    test.button(key="start-over").click()
    assert tiles(faultless(test.run())) == first


def test_who_chooses_and_adds_at_once_adds_what_was_chosen():
    """Both clicks reach the server together when it is slow; nothing was drawn between them."""
    test = opened()
    test.segmented_control(key="stop-from-TCPU").set_value("Class mean")
    test.run()
    test.selectbox(key="stop-Class mean").select("mean of 3")
    test.button(key="put-stop").click()
    assert tiles(faultless(test.run()))[-1] == "mean of 3"


def test_a_class_mean_and_the_path_through_it_are_the_runs():
    run = load_run("digits-2d", ASSETS)
    test = opened()
    test.segmented_control(key="stop-from-TCPU").set_value("Class mean")
    faultless(test.run())
    test.button(key="put-stop").click()
    path = shown(faultless(test.run()))["path"]
    mean = np.mean([mu for mu, y in zip(run.encodings.mu, run.encodings.label, strict=True) if y == 0], axis=0)
    np.testing.assert_allclose(path["z"][-1], mean, atol=1e-4)
    assert len(path["z"]) == 121
    np.testing.assert_allclose(path["z"][0], run.encodings.mu[0], atol=1e-4)


def test_prior_draws_are_new_when_asked():
    test = opened()
    test.segmented_control(key="stop-from-TCPU").set_value("Prior sample")
    faultless(test.run())
    ends = []
    for _ in range(2):
        test.button(key="stop-draw").click()
        faultless(test.run())
        test.button(key="put-stop").click()
        ends.append(shown(faultless(test.run()))["path"]["z"][-1])
    assert ends[0] != ends[1]
    assert tiles(test)[-2:] == ["prior sample 2", "prior sample 3"]


def test_a_drawing_that_was_handed_over_can_be_a_stop():
    drawing = np.zeros((80, 80), np.uint8)
    drawing[10:70, 36:44] = 255
    file = io.BytesIO()
    Image.fromarray(drawing).save(file, "PNG")
    test = opened()
    test.session_state["pad-picture"] = [base64.b64encode(file.getvalue()).decode(), "your drawing", []]
    faultless(test.run())
    test.segmented_control(key="stop-from-TCPUD").set_value("Drawing")
    test.run()
    test.button(key="put-stop").click()
    assert tiles(faultless(test.run()))[-1] == "your drawing"


def test_pins_are_the_stops_until_something_is_chosen():
    path = shown(opened(pins="1.5_-0.5~-1_1~0_0.25"))["path"]
    np.testing.assert_allclose([path["z"][i] for i in (0, 60, 120)], [[1.5, -0.5], [-1, 1], [0, 0.25]], atol=1e-6)
    assert path["ends"] == ["Pin A", "Pin C"]


@pytest.mark.parametrize("run_id", ["digits-2d", "digits-16d", "digits-pca", "digits-conditional-vae"])
def test_every_kind_is_on_the_map_and_measured(run_id, finding):
    run = load_run(run_id, ASSETS)
    test = finding(opened(run_id))
    assert len(test.dataframe[0].value) == 4
    table, path = test.dataframe[0].value, shown(test)["path"]
    assert {path["title"], *(other["title"] for other in path["others"])} == {
        "linear",
        "variance-preserving",
        "spherical",
        "geodesic",
    }

    def decode(z, label):
        return run.forward.decode(np.asarray(z, np.float32), None if label is None else np.full(len(z), label))

    def length(z, labels):
        """Step by step, each divided in 16; a step into another class goes there as the first one and then jumps."""
        total = 0.0
        for (a, b), (before, after) in zip(pairwise(np.array(z)), pairwise(labels), strict=True):
            x = decode(a + np.linspace(0, 1, 17)[:, None] * (b - a), before).reshape(17, -1)
            jump = decode([b], after).ravel() - x[-1]
            total += np.linalg.norm(np.diff(x, axis=0), axis=1).sum() + np.linalg.norm(jump)
        return total

    for row, one in zip(table.itertuples(), [path, *path["others"]], strict=True):
        assert row.path.lower().startswith(one["title"])
        labels = one["labels"] or [None] * len(one["z"])
        assert (one["labels"] is not None) == run.config.is_conditional
        walked = length(one["z"], labels)
        assert float(row.length) == pytest.approx(walked, rel=5e-3, abs=0.006)  # two decimals are told
        first, last = (decode([one["z"][i]], labels[i]) for i in (0, -1))
        assert float(row.straight) == pytest.approx(np.linalg.norm(last - first) / walked, rel=5e-3, abs=0.006)
    lengths = dict(zip(table["path"].str.rstrip(" ▸").str.lower(), table["length"].astype(float), strict=True))
    assert lengths["geodesic"] == min(lengths.values())
    names = [strip["name"] for strip in path["strips"]]
    assert ("log p(0) − log p(z)" in names) == (not run.config.is_deterministic)
    for strip in path["strips"]:
        assert len(strip["values"]) == len(path["z"])


@pytest.fixture
def finding(monkeypatch):
    """What the page answers when legs are missing, as if the browser had sent it."""
    sent: dict = {}
    monkeypatch.setattr("explorer.session.events.surface_event", lambda key: sent.get(key))

    def answer(test: AppTest, change=lambda ways: ways) -> AppTest:
        missing = shown(test)["path"]["missing"]
        run = load_run(missing[0]["of"].split()[0], ASSETS)
        graphs = {
            label: decoded_graphs(
                lambda z, label=label: run.forward.decode(
                    np.asarray(z, np.float32), None if label is None else np.full(len(z), label)
                ),
                run.encodings.mu,
            )
            for label in {leg[side] for leg in missing for side in ("label_a", "label_b")}
        }
        ways = []
        for leg in missing:
            then = None if leg["label_a"] == leg["label_b"] else graphs[leg["label_b"]]
            z = shortest_leg(leg["a"], leg["b"], graphs[leg["label_a"]], 61, then=then)
            ways.append({**leg, "z": z.tolist()})
        event = {"edit": {"kind": "geodesic", "ways": change(ways)}, "nonce": str(len(sent) + time.monotonic())}
        sent["interpolate-surface"] = {"events": [event]}
        return faultless(test.run())

    return answer


def test_a_geodesic_is_the_pages_and_the_line_plays_until_it_is_there(monkeypatch, finding):
    asked = []
    monkeypatch.setattr(Background, "ask", lambda self, name, work: asked.append(name))
    test = opened(path="geodesic")
    path = shown(test)["path"]
    assert (path["title"], path["is_meanwhile"], len(path["missing"])) == ("linear", True, 1)
    np.testing.assert_array_equal(
        [path["missing"][0]["a"], path["missing"][0]["b"]], load_run("digits-2d", ASSETS).encodings.mu[:2]
    )
    found = shown(finding(test))["path"]
    assert (found["title"], found["is_meanwhile"], found["missing"]) == ("geodesic", False, [])
    assert {one["title"] for one in found["others"]} == {"linear", "variance-preserving", "spherical"}
    assert not asked  # the server computed none


@pytest.mark.parametrize(
    "change",
    [
        lambda ways: [],
        lambda ways: "text",
        lambda ways: [{**way, "z": [[0.0]] * 61} for way in ways],
        lambda ways: [{**way, "z": [[float("nan")] * 2] * 61} for way in ways],
        lambda ways: [{**way, "z": way["z"][:9]} for way in ways],
        lambda ways: [{**way, "a": None} for way in ways],
        lambda ways: [{**way, "of": "another run"} for way in ways],
    ],
)
def test_what_is_no_way_along_the_leg_is_not_taken(finding, change):
    path = shown(finding(opened(path="geodesic"), change))["path"]
    assert (path["title"], len(path["missing"])) == ("linear", 1)


def test_through_stored_pictures_the_server_computes_the_geodesic(monkeypatch):
    monkeypatch.setattr("explorer.pages.interpolate.found_paths.is_tabulated", lambda run: True)
    monkeypatch.setattr("explorer.jobs.background.DELAY_S", 3.0)
    test = opened(path="geodesic")
    assert shown(test)["path"]["title"] == "linear"
    assert shown(test)["path"]["missing"] == []
    assert any("linear path is shown until then" in str(bar.proto.text) for bar in test.get("progress"))
    patiently(test, lambda test: shown(test)["path"]["title"] == "geodesic")


def test_settings_loop_overshoot_and_equal_steps():
    run, test = load_run("digits-2d", ASSETS), opened()
    a, b = run.encodings.mu[0], shown(test)["path"]["z"][-1]
    test.slider(key="walk-beyond").set_value(0.5)
    path = shown(faultless(test.run()))["path"]
    np.testing.assert_allclose(path["z"], interpolate(a, b, np.linspace(-0.5, 1.5, 121)), atol=1e-3)
    test.toggle(key="walk-even").set_value(True)
    faultless(test.run())
    assert test.dataframe[0].value["uneven"][0] in ("< 1\u00a0%", "1\u00a0%", "2\u00a0%", "3\u00a0%")
    test.toggle(key="walk-loop").set_value(True)
    path = shown(faultless(test.run()))["path"]
    assert path["is_loop"]
    assert path["z"][0] == path["z"][-1]


@pytest.fixture
def drawing(monkeypatch):
    """The surface's event as if the browser had sent it."""
    sent: dict = {}
    monkeypatch.setattr("explorer.session.events.surface_event", lambda key: sent.get(key))
    return lambda places, nonce="1": sent.update(
        {"interpolate-surface": {"events": [{"edit": {"kind": "drawn", "places": places}, "nonce": nonce}]}}
    )


def test_a_drawn_line_is_played_evenly_and_taken_back(drawing):
    test = opened()
    before = shown(test)["path"]
    drawing([[0, 0], [1, 0], [1, 2]])
    path = shown(faultless(test.run()))["path"]
    assert path["title"] == "drawn"
    np.testing.assert_allclose(np.linalg.norm(np.diff(path["z"], axis=0), axis=1), 3 / 120, atol=2e-4)
    np.testing.assert_allclose([path["z"][0], path["z"][40], path["z"][-1]], [[0, 0], [1, 0], [1, 2]], atol=1e-4)
    test.button(key="forget-drawn").click()
    assert shown(faultless(test.run()))["path"]["z"] == before["z"]
    drawing([[0, 0], [1, 1]], nonce="2")
    assert shown(faultless(test.run()))["path"]["title"] == "drawn"
    test.segmented_control(key="path").set_value("spherical")  # who asks for a kind wants the stops
    assert shown(faultless(test.run()))["path"]["title"] == "spherical"


@pytest.mark.parametrize(
    "places",
    [
        [],
        [[0, 0]],
        [[0, 0], [1]],
        [[0, 0], ["1", 2]],
        [[0, 0], [float("nan"), 1]],
        [[0, 0], [1e9, 1]],
        [[0, 0]] * 500,
        "ab",
        None,
        {},
    ],
)
def test_what_is_no_line_changes_nothing(drawing, places):
    test = opened()
    drawing(places)
    assert shown(faultless(test.run()))["path"]["title"] == "linear"


TOOLS = {
    "digits-2d": "Analogy",
    "digits-16d": "Direction",
    "digits-pca": "Four corners",
    "digits-conditional-vae": "Labels",
    "pendulum-2d": "Four corners",
    "shapes-6d": "Four corners",
}


@pytest.mark.parametrize(("run_id", "tool"), TOOLS.items())
def test_every_tool_shows_its_pictures(run_id, tool):
    test = opened(run_id)
    before = n_pictures(test)
    test.segmented_control(key="walk-tool").set_value(tool)
    assert n_pictures(faultless(test.run())) > before


def n_pictures(test: AppTest) -> int:
    return len(test.get("image")) + sum(str(html.proto).count("<figure>") for html in test.get("html"))


def test_an_analogy_can_be_walked_to():
    run, test = load_run("digits-2d", ASSETS), opened()
    test.segmented_control(key="walk-tool").set_value("Analogy")
    faultless(test.run())
    wanted = "test image 2 (class 8)"
    test.selectbox(key="term-c").select(wanted) if wanted in test.selectbox(key="term-c").options else None
    test.run()
    names = [test.selectbox(key=f"term-{letter}").value for letter in "abc"]
    test.button(key="analogy-add").click()
    path = shown(faultless(test.run()))["path"]
    rows = [int(re.match(r"test image (\d+)", name).group(1)) if name.startswith("test") else None for name in names]
    terms = [
        run.encodings.mu[row] if row is not None else run.encodings.mu[run.encodings.label == int(name[-1])].mean(0)
        for row, name in zip(rows, names, strict=True)
    ]
    np.testing.assert_allclose(path["z"][-1], terms[0] - terms[1] + terms[2], atol=1e-4)


def test_background_answers_once_and_names_its_faults(monkeypatch):
    monkeypatch.setattr("explorer.jobs.background.DELAY_S", 0.0)
    background, calls = Background(), []

    def wait(job):
        deadline = time.monotonic() + 60
        while not job.is_done and time.monotonic() < deadline:
            time.sleep(0.01)
        return job

    job = background.ask("a", lambda report: calls.append(1) or 7)
    assert wait(job).answer == 7
    assert background.ask("a", lambda report: calls.append(1)) is job
    assert calls == [1]
    assert "server's log" in wait(background.ask("b", lambda report: 1 / 0)).error

    def refuse(report):
        raise DataError("there is no way.")

    assert wait(background.ask("c", refuse)).error == "there is no way."


def test_background_drops_what_nobody_waits_for(monkeypatch):
    monkeypatch.setattr("explorer.jobs.background.DELAY_S", 0.0)
    monkeypatch.setattr(
        "explorer.jobs.background.FORGOTTEN_S", 1.0
    )  # longer than a busy machine lets this thread wait between two questions
    background, done = Background(), []
    background.ask("slow", lambda report: time.sleep(1.5))
    job = background.ask("left", lambda report: done.append("left"))
    kept = background.ask("kept", lambda report: done.append("kept"))
    deadline = time.monotonic() + 60
    while not kept.is_done and time.monotonic() < deadline:
        background.ask("kept", lambda report: done.append("again"))
        time.sleep(0.02)
    assert (job.is_dropped, done) == (True, ["kept"])


def test_a_click_on_the_map_adds_a_stop_once(monkeypatch):
    sent: dict = {}
    monkeypatch.setattr("explorer.session.events.surface_event", lambda key: sent.get(key))
    test = opened()
    sent["interpolate-surface"] = {"events": [{"map": [0.5, -1.25], "nonce": "7"}]}
    for _ in range(2):
        path = shown(faultless(test.run()))["path"]
        assert len(path["stops"]) == 3
        np.testing.assert_allclose(path["stops"][-1], [0.5, -1.25], atol=1e-4)
        np.testing.assert_allclose(path["z"][-1], [0.5, -1.25], atol=1e-4)
    assert "map point (0.50, −1.25)" in path["ends"]


def test_at_most_twelve_stops(monkeypatch):
    sent: dict = {}
    monkeypatch.setattr("explorer.session.events.surface_event", lambda key: sent.get(key))
    test = opened()
    sent["interpolate-surface"] = {"events": [{"map": [0.1 * i, 0], "nonce": str(i)} for i in range(20)]}
    assert len(shown(faultless(test.run()))["path"]["stops"]) == 12


def test_a_long_film_is_made_with_a_bar_and_then_offered():
    test = opened()
    labels = [button.proto.label for button in test.get("download_button")]
    assert {"GIF", "WebP", "MP4", "Filmstrip", "CSV of z"} <= set(labels)
    test.selectbox(key="save-size").select("large, about 512 px")
    test.selectbox(key="save-frames").select(241)
    faultless(test.run())
    labels = [button.proto.label for button in test.get("download_button")]
    assert "GIF" not in labels  # it would take longer than a click may
    test.button(key="make-gif").click()
    faultless(test.run())
    assert "Save GIF" in [button.proto.label for button in test.get("download_button")]

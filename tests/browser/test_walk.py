"""Does the Walk page play, scrub, draw and wander under a real hand?"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from explorer.pages.interpolate.stops import other_row
from tests.browser import surface
from tests.browser.surface import answered, at, choose_tab, code, eventually, grey, hear, pretrained, settled, tab, the_map, watched
from trainer.latent.decoded_graphs import decoded_graphs
from trainer.latent.interpolation import interpolate
from trainer.latent.paths import FORMULAS, LatentPath, decoded_path_length, shortest_leg


def opened(page: Page, server: str, **query: str) -> None:
    surface.opened(page, server, view="interpolate", **query)
    expect(page.get_by_role("slider", name="Position on the path")).to_be_visible()
    page.evaluate("document.fonts.ready")
    answered(page)


def pause(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Pause")).click()
    settled(page)


def test_playing_shows_pictures_between_the_frames_and_rests_on_one(page, server):
    opened(page, server, run="digits-2d")
    pause(page)
    run = pretrained("digits-2d")
    frames = np.linspace(0, 1, 61)[:, None] * (run.encodings.mu[1] - run.encodings.mu[0]) + run.encodings.mu[0]
    page.get_by_role("button", name=re.compile("^Play")).click()
    seen = watched(page, 90)
    off = [np.abs(frames - z).max(1).min() for z in seen]
    assert np.mean(np.array(off) > 1e-4) > 0.5  # most of the pictures lie between two frames
    assert len({tuple(z) for z in seen}) > 0.7 * len(seen)  # nearly every screen is a new one
    pause(page)
    assert np.abs(frames - code(page)).max(1).min() < 1e-4


def test_scrubbing_by_slider_key_and_strip_shows_the_very_frame(page, server):
    opened(page, server, run="digits-2d")
    pause(page)
    run = pretrained("digits-2d")
    a, b = run.encodings.mu[:2].astype(float)
    slider = page.get_by_role("slider", name="Position on the path")
    slider.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    settled(page)
    np.testing.assert_allclose(code(page), a + 3 / 60 * (b - a), atol=1e-4)
    page.mouse.click(*at(page.get_by_test_id("path-strip").first.locator("> *").nth(1), 0.75, 0.5))
    settled(page)
    np.testing.assert_allclose(code(page), a + 0.75 * (b - a), atol=1e-4)
    assert slider.input_value() == "45"


def test_the_strips_say_what_is_measured(page, server):
    opened(page, server, run="digits-2d")
    pause(page)
    strips = page.get_by_test_id("path-strip")
    expect(strips).to_have_count(4)
    run = pretrained("digits-2d")
    page.get_by_role("slider", name="Position on the path").fill("30")
    settled(page)
    z = np.array(code(page))
    words = [strips.locator(f"> :first-child > :{side}-child").all_inner_texts() for side in ("first", "last")]
    shown = dict(zip(*words, strict=True))
    assert float(shown["log p(0) − log p(z)"]) == pytest.approx((z**2).sum() / 2, rel=0.02)
    p = run.classifier.probabilities(run.forward.decode(z[None].astype(np.float32)))[0]
    assert shown["Class"].startswith(run.info.dataset.class_names[int(p.argmax())])


def test_two_kinds_play_side_by_side(page, server):
    opened(page, server, run="digits-2d")
    pause(page)
    run = pretrained("digits-2d")
    page.get_by_role("combobox", name="Compare with").select_option("spherical")
    page.get_by_role("slider", name="Position on the path").fill("30")
    settled(page)
    shown = grey(page.get_by_role("img", name="The other path at the same frame")).ravel()
    z = interpolate(run.encodings.mu[0], run.encodings.mu[1], [0.5], "spherical").astype(np.float32)
    np.testing.assert_allclose(shown, 255 * run.forward.decode(z)[0].ravel(), atol=2)


def distance_to(line: np.ndarray, place: np.ndarray) -> float:
    """From a place to the nearest point of a line of straight pieces."""
    begin, step = line[:-1], np.diff(line, axis=0)
    t = np.clip(((place - begin) * step).sum(1) / np.maximum((step**2).sum(1), 1e-12), 0, 1)
    return float(np.linalg.norm(begin + t[:, None] * step - place, axis=1).min())


def test_a_path_drawn_by_hand_is_played_and_saved(page, server):
    opened(page, server, run="digits-2d")
    pause(page)
    page.get_by_role("button", name=re.compile("^Drag draws a path")).click()
    canvas = the_map(page)
    page.mouse.move(*at(canvas, 0.3, 0.5))
    page.mouse.down()
    places = []
    for x, y in ((0.3, 0.5), (0.4, 0.4), (0.5, 0.4), (0.6, 0.5), (0.7, 0.45)):
        page.mouse.move(*at(canvas, x, y), steps=6)
        settled(page)
        places.append(code(page))  # what the hand decodes on its way
    page.mouse.up()
    expect(page.get_by_text("Playing the path that you drew")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Drag draws a path"))).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("heading", name="Drawn path")).to_be_visible()
    pause(page)
    slider = page.get_by_role("slider", name="Position on the path")
    for frame, place in (("0", places[0]), ("120", places[-1])):
        slider.fill(frame)
        settled(page)
        np.testing.assert_allclose(code(page), place, atol=0.02)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of z").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    z = np.array([[float(row["z1"]), float(row["z2"])] for row in rows])
    for place in places:
        assert distance_to(z, np.array(place)) < 0.03  # the line goes where the hand went
    page.get_by_role("button", name="Back to the stops").click()
    expect(page.get_by_role("heading", name=re.compile("^Linear path"))).to_be_visible()


@pytest.mark.parametrize(("kind", "mime"), [("MP4", "mp4"), ("Filmstrip", "png")])
def test_other_files_are_what_they_say(page, server, kind, mime):
    opened(page, server, run="digits-2d")
    with page.expect_download() as download:
        page.get_by_role("button", name=kind).click()
    name, data = download.value.suggested_filename, Path(download.value.path()).read_bytes()
    assert re.fullmatch(rf"digits-2d-[A-Za-z0-9._-]+\.{mime}", name)
    if mime == "mp4":
        assert data[4:8] == b"ftyp"
    else:
        width, height = Image.open(io.BytesIO(data)).size
        assert (width, height) == (11 * 256 + 10, 256)


class SlowLine:
    """What the server says to the page, held back while `is_held`: as on a busy machine or a far network."""

    def __init__(self, page: Page) -> None:
        self.is_held, self.waiting, self.to_page = False, [], None
        page.route_web_socket(re.compile("/_stcore/stream"), self._listen)

    def _listen(self, to_page: WebSocketRoute) -> None:
        self.to_page, server = to_page, to_page.connect_to_server()
        server.on_message(lambda said: self.waiting.append(said) if self.is_held else to_page.send(said))

    def let_go(self) -> None:
        self.is_held = False
        for said in self.waiting:
            self.to_page.send(said)


def assert_has_run(page: Page, line: SlowLine) -> None:
    """A run of the page has ended of which the page does not know."""
    hear(page)
    assert any(ForwardMsg.FromString(said).WhichOneof("type") == "script_finished" for said in line.waiting)


def test_a_click_on_a_button_of_the_run_before_brings_its_file(page, server):
    """The page asks for a file under a number of the run before, which the server has ended meanwhile."""
    line = SlowLine(page)
    opened(page, server, run="digits-2d")
    pause(page)
    line.is_held = True
    page.get_by_role("radio", name="Spherical").click()
    eventually(lambda: assert_has_run(page, line), 30)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of z").click()
        line.let_go()
    assert download.value.suggested_filename.endswith("-linear.csv")


def test_a_random_walk_starts_glides_and_stops(page, server):
    opened(page, server, run="digits-16d")
    pause(page)
    choose_tab(page, "Details")
    page.get_by_role("button", name="Random walk").click()
    assert len(set(map(tuple, watched(page, 60)[::7]))) >= 6
    page.get_by_role("button", name="Stop the random walk").click()
    settled(page)
    there = code(page)
    assert all(z == there for z in watched(page, 25))
    the_map(page).focus()
    page.keyboard.press("w")
    expect(page.get_by_role("button", name="Stop the random walk")).to_be_visible()
    page.keyboard.press("p")  # the film starts, the walk ends
    expect(page.get_by_role("button", name="Random walk", exact=True)).to_be_visible()


def test_where_motion_is_unwelcome_the_walk_is_stills(browser, server):
    with tab(browser, reduced_motion="reduce") as page:
        opened(page, server, run="digits-2d")
        choose_tab(page, "Details")
        page.get_by_role("button", name="Random walk").click()
        assert 2 <= len(set(map(tuple, watched(page, 204)))) <= 4  # one every two and a half seconds


def test_a_stop_is_added_from_the_page(page, server):
    opened(page, server, run="digits-2d")
    page.get_by_role("button", name="Add a stop").click()
    page.get_by_role("radio", name="Prior sample").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("slider", name="Position on the path")).to_have_attribute("max", "120")
    expect(page.get_by_text("prior sample 1").first).to_be_visible()


@pytest.mark.parametrize("run_id", ["mnist-2d", "digits-conditional-vae"])
def test_the_page_finds_the_geodesic_and_the_server_measures_it(page, server, run_id):
    """As short as Python's, and told of on the page; that the server looks for none is a test of the page without a browser."""
    opened(page, server, run=run_id, path="geodesic")
    expect(page.get_by_role("heading", name=re.compile("^Geodesic path"))).to_be_visible()
    expect(page.get_by_text("Computing the geodesic")).to_have_count(0)
    pause(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of z").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    run = pretrained(run_id)
    z = np.array([[float(row[f"z{k + 1}"]) for k in range(run.config.latent_dim)] for row in rows])
    labels = (0, 0) if not run.config.is_conditional else tuple(run.encodings.label[[0, other_row(run)]].tolist())

    def decode(codes: np.ndarray, label: int | None) -> np.ndarray:
        told = np.full(len(codes), label) if run.config.is_conditional else None
        return run.forward.decode(np.asarray(codes, np.float32), told)

    walk = LatentPath(z[[0, -1]], "geodesic", labels=labels)
    graphs = [decoded_graphs(lambda codes, label=label: decode(codes, label), run.encodings.mu) for label in labels]
    then = graphs[1] if labels[0] != labels[1] else None
    lengths = [decoded_path_length(walk, decode, [way]) for way in (z, shortest_leg(z[0], z[-1], graphs[0], 61, then=then))]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.02)
    assert lengths[0] <= 1.001 * min(decoded_path_length(replace(walk, kind=kind), decode) for kind in FORMULAS)


def test_a_walk_from_a_5_to_a_9_shows_a_5_and_a_9(page, server):
    """The pixels at both ends, and who the card says was drawn."""
    opened(page, server, run="digits-conditional-vae")
    pause(page)
    run = pretrained("digits-conditional-vae")
    names, labels = run.info.dataset.class_names, run.encodings.label
    expect(page.get_by_role("button", name=f"Decode as class {names[labels[0]]}")).to_have_attribute("aria-pressed", "true")
    for frame, row in ((0, 0), (60, int(np.flatnonzero(labels != labels[0])[0]))):
        page.get_by_role("slider", name="Position on the path").fill(str(frame))
        expect(page.get_by_test_id("decoded-as")).to_have_text(f"decoded as class {names[labels[row]]}")
        shown = grey(page.get_by_test_id("decoded")).ravel()
        x_hat = run.forward.decode(run.encodings.mu[[row]], [int(labels[row])])[0]
        np.testing.assert_allclose(shown, 255 * x_hat.ravel(), atol=2)

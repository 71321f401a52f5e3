"""Does the map work where there is no server: in a file from disk with the network off, and in a notebook's widget?"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from explorer.hosts.cli import main
from explorer.hosts.html_file import html_page, write_page
from explorer.notebook import show
from explorer.surface.film import pack_film_bundle
from tests.browser.surface import (
    SURFACE,
    assert_no_barrier,
    assert_no_barrier_in_either_scheme,
    choose_tab,
    code,
    eventually,
    grey,
    hover,
    ready,
    settled,
    stroke,
    tab,
    the_map,
    tiles,
)
from tests.places import ASSETS
from trainer.latent.decoded_graphs import decoded_graphs
from trainer.latent.decoded_length import curve_length
from trainer.latent.geodesics import geodesic
from trainer.latent.interpolation import PATH_KINDS, interpolate
from trainer.runs.catalogue import HOME, load_run
from trainer.runs.read import Run

# Camera and probe, in map units.
LOOKED = f"""(() => {{
  const {{ view, probe }} = ({SURFACE}).shown().context.state, {{ camera, plot }} = view;
  return [camera.x, camera.y, plot.width / camera.scale, ...probe.at];
}})()"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory, kinds) -> dict[str, str]:
    """Addresses of exported files by the name of their run, as the command line writes them."""
    folder = tmp_path_factory.mktemp("pages")
    roots = {
        "mnist-2d": ASSETS,
        "mnist-20d": ASSETS,
        "shapes-6d": ASSETS,
        "digits-conditional-vae": ASSETS,
        "tiny-autoencoder": kinds,
    }
    for name, root in roots.items():
        assert main(["export", name, "--html", str(folder / f"{name}.html"), "--runs", str(root)]) == 0
    return {name: (folder / f"{name}.html").as_uri() for name in roots}


@pytest.fixture
def offline(browser: Browser) -> Iterator[Page]:
    """A tab without a network, in which every request but for the file itself, and every complaint on the console, fails the test."""
    asked: list[str] = []
    said: list[str] = []
    with tab(browser, reduced_motion="reduce", offline=True) as page:
        page.context.route(re.compile("^https?:"), lambda route: (asked.append(route.request.url), route.abort()))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        yield page
    assert not asked
    assert not said, said


def opened(page: Page, address: str, fragment: str = "") -> Locator:
    """The map, once its first picture is there. A new fragment alone would not load the file anew."""
    page.goto("about:blank")
    page.goto(f"{address}#{fragment}" if fragment else address)
    return ready(page)


def click(page: Page, canvas: Locator, x: float, y: float) -> None:
    hover(page, canvas, x, y)
    page.mouse.down()
    page.mouse.up()
    settled(page)


def shown_code(page: Page) -> np.ndarray:
    return np.array(code(page))


def decoded(page: Page, z: np.ndarray) -> np.ndarray:
    return np.array(page.evaluate(f"z => Array.from({SURFACE}.decode(z))", z.tolist()))


def draw(page: Page, places: list[tuple[float, float]]) -> None:
    """One stroke on the pad, through places in shares of its size."""
    choose_tab(page, "Draw")
    pad = page.get_by_test_id("pad")
    pad.scroll_into_view_if_needed()
    stroke(page, pad, places, steps=4)


# --- the file from disk


def test_a_file_on_a_phone_has_map_and_picture_on_one_screen_and_tells_all_of_the_run_when_asked(offline, exported):
    offline.set_viewport_size({"width": 390, "height": 844})
    offline.goto(exported["mnist-20d"])
    canvas = ready(offline)
    for found in (canvas, offline.get_by_test_id("decoded"), offline.get_by_label("Colour points by")):
        expect(found).to_be_in_viewport(ratio=1)
    facts = offline.get_by_text("parameters").first
    width = "e => e.scrollWidth - e.clientWidth"
    assert facts.evaluate(width) > 0
    offline.get_by_text("What the figures mean").click()
    assert facts.evaluate(width) == 0


def test_hovering_decodes_what_the_run_decodes(offline, exported):
    run = load_run("mnist-2d", ASSETS)
    canvas = opened(offline, exported["mnist-2d"])
    seen = []
    for x, y in ((0.42, 0.45), (0.6, 0.3)):
        hover(offline, canvas, x, y)
        z = shown_code(offline)
        expected = run.model.decode(z[None].astype(np.float32)).numpy()[0]
        np.testing.assert_allclose(decoded(offline, z).reshape(expected.shape), expected, atol=1e-3)
        picture = grey(offline.get_by_test_id("decoded"))
        assert np.abs(picture - 255 * expected[0]).max() <= 1.5
        seen.append((z, picture))
    (z0, first), (z1, second) = seen
    assert np.abs(z0 - z1).max() > 0.3
    assert np.abs(first - second).max() > 100


def test_the_head_tells_the_run_and_its_figures(offline, exported):
    opened(offline, exported["mnist-2d"])
    expect(offline).to_have_title("mnist-2d · Latent Atlas")
    expect(offline.get_by_role("heading", level=1)).to_have_text("mnist-2d")
    metrics = load_run("mnist-2d", ASSETS).info.metrics
    line = offline.get_by_text(re.compile("ELBO.+NLL")).first.inner_text().replace("\u00a0", " ")
    assert f"ELBO −{abs(metrics.elbo):.1f}" in line
    assert f"NLL {metrics.nll:.1f}" in line
    offline.get_by_text("What the figures mean").click()
    expect(offline.get_by_text("lower bound of log p(x)")).to_be_visible()
    expect(offline.get_by_text("CC BY-SA 3.0")).to_be_visible()


def test_pins_stay_in_the_address_with_their_pictures(offline, exported):
    run = load_run("mnist-2d", ASSETS)
    canvas = opened(offline, exported["mnist-2d"])
    choose_tab(offline, "Pins")
    expect(offline.get_by_text("Click or tap the map")).to_be_visible()
    click(offline, canvas, 0.3, 0.4)
    clicked = shown_code(offline)
    click(offline, canvas, 0.7, 0.55)
    canvas.focus()
    for key in ("ArrowUp", "ArrowUp", "Enter"):
        offline.keyboard.press(key)
    before = tiles(offline)
    assert len(before) == 3
    np.testing.assert_allclose(before[0], clicked, atol=1e-4)
    fragment = offline.evaluate("location.hash")
    assert fragment.startswith("#pins=")
    offline.reload()
    expect(offline.get_by_test_id("tile")).to_have_count(3)
    assert tiles(offline) == before
    for i, z in enumerate(before):
        expected = 255 * run.forward.decode(np.array([z], np.float32))[0, 0]
        picture = grey(offline.get_by_role("img", name=f"Decoded picture of pin {'ABC'[i]}"))
        assert np.abs(picture - expected).max() <= 1.5
    offline.get_by_role("button", name="Remove pin B").click()
    assert tiles(offline) == [before[0], before[2]]
    expect(offline.get_by_role("button", name="Remove pin B")).to_be_focused()
    offline.get_by_role("button", name="Remove all").click()
    assert tiles(offline) == []
    assert "pins=" not in offline.evaluate("location.hash")


@pytest.mark.parametrize("kind", PATH_KINDS)
def test_a_path_between_two_pins_is_trainers(offline, exported, kind):
    a, b = [0.5, -1.25], [-1.2, 0.8]
    opened(offline, exported["mnist-2d"], "pins=0.5_-1.25~-1.2_0.8")
    offline.get_by_role("radio", name=kind.capitalize()).check(force=True)
    offline.get_by_role("button", name="Play the path").click()
    slider = offline.get_by_role("slider", name="Position on the path")
    expect(slider).to_be_visible()
    assert slider.get_attribute("max") == "60"
    moments = [0, 17, 30, 60]
    shown = []
    for frame in moments:
        slider.fill(str(frame))
        shown.append(shown_code(offline))
    np.testing.assert_allclose(shown, interpolate(a, b, np.array(moments) / 60, kind), atol=1e-9)
    expect(offline).to_have_url(re.compile(f"walk={kind}_1_2"))
    offline.reload()  # the link plays it again
    expect(slider).to_be_visible()
    offline.get_by_role("button", name="Remove the path").click()
    expect(slider).to_be_hidden()
    expect(offline).to_have_url(re.compile("^((?!walk).)*$"))


def test_a_geodesic_is_found_without_a_server_and_as_short_as_trainers(offline, exported):
    run = load_run("mnist-2d", ASSETS)
    a, b = run.encodings.mu[[3, 40]].astype(float).round(4)
    opened(offline, exported["mnist-2d"], "pins=" + "~".join("_".join(map(str, z)) for z in (a, b)))
    offline.get_by_role("tab", name="Pins").click()
    offline.get_by_role("radio", name="Geodesic").check(force=True)
    offline.get_by_role("button", name="Play the path").click()
    expect(offline.get_by_role("heading", name="Geodesic path, A to B")).to_be_visible()
    expect(offline.get_by_text("Computing the geodesic")).to_have_count(0)
    expect(offline).to_have_url(re.compile("walk=geodesic_1_2"))
    slider, z = offline.get_by_role("slider", name="Position on the path"), []
    for frame in range(61):
        slider.fill(str(frame))
        z.append(shown_code(offline))
    np.testing.assert_allclose([z[0], z[-1]], [a, b], atol=1e-6)

    def decode(codes: np.ndarray) -> np.ndarray:
        return run.forward.decode(np.asarray(codes, np.float32))

    length = curve_length(decode, np.array(z))
    assert length == pytest.approx(geodesic(a, b, decoded_graphs(decode, run.encodings.mu)).decoded_length, rel=0.02)
    for kind in PATH_KINDS:
        assert length <= 1.001 * curve_length(decode, interpolate(a, b, np.linspace(0, 1, 61), kind))
    offline.get_by_role("radio", name="Linear").check(force=True)  # and another kind at once
    expect(offline.get_by_role("heading", name="Linear path, A to B")).to_be_visible()


def test_a_path_goes_with_its_pins(offline, exported):
    opened(offline, exported["mnist-2d"], "pins=0_0~1_1~2_0&path=linear_2_3")
    offline.get_by_role("button", name="Remove pin A").click()
    expect(offline).to_have_url(re.compile("#pins=1_1~2_0&.*walk=linear_1_2"))
    offline.get_by_role("button", name="Remove pin A").click()
    expect(offline).to_have_url(re.compile("#pins=2_0(?!.*walk)"))
    expect(offline.get_by_text("Pin a second code")).to_be_visible()


def test_a_link_opens_exactly_this_in_the_file_and_in_the_app(offline, exported, page, server):
    """One grammar: what the file's address says of pins, path and screen, the app understands, and the other way round."""
    canvas = opened(offline, exported["mnist-2d"], "pins=0_0~1_1~2_0")

    def step_is_kept() -> None:
        canvas.press("ArrowRight")
        assert "at=" in offline.url  # from here on every change is one against the screen that was opened

    eventually(step_is_kept)
    offline.get_by_role("button", name="Play the path").click()
    for key in ("m", "+", "+", "ArrowLeft"):
        canvas.press(key)
    settled(offline)
    before = offline.evaluate(LOOKED)
    canvas.press("u")
    link = offline.get_by_role("dialog", name="Share").get_by_role("textbox").input_value()
    assert link == offline.url and "walk=linear_1_3_all" in link and "bg=manifold" in link
    expect(offline.get_by_text("This page is a file on this computer")).to_be_visible()
    page.goto(f"{server}/?run=mnist-2d#{link.split('#')[1]}")
    expect(page).to_have_url(re.compile(r"\?pins=0_0~1_1~2_0#v=1"))
    ready(page)
    eventually(lambda: np.testing.assert_allclose(page.evaluate(LOOKED), before, rtol=1e-3, atol=1e-3))
    expect(page.get_by_test_id("tile")).to_have_count(3)
    offline.goto(link.split("#")[0] + "#pins=0_0~1_1~2_0&" + page.url.split("#")[1])
    offline.reload()
    ready(offline)
    eventually(lambda: np.testing.assert_allclose(offline.evaluate(LOOKED), before, rtol=1e-3, atol=1e-3))
    expect(offline.get_by_role("slider", name="Position on the path")).to_be_visible()


def test_every_stroke_is_encoded_and_decoded(offline, exported):
    run = load_run("mnist-2d", ASSETS)
    opened(offline, exported["mnist-2d"])
    expect(offline.get_by_test_id("drawing")).to_have_text("Nothing drawn yet")
    codes = []
    one = [(0.55, 0.15), (0.5, 0.85)]
    for line in (one, [(0.3, 0.2), (0.75, 0.2)]):  # a one becomes something like a seven
        draw(offline, line)
        z = np.array(json.loads(offline.get_by_test_id("drawing").get_attribute("data-z")), np.float32)
        fed = grey(offline.get_by_test_id("seen"))
        posterior = run.forward.encode((fed / 255)[None, None].astype(np.float32))
        np.testing.assert_allclose(z, posterior.mu[0], atol=0.05)  # of the same picture in 256 grey levels
        made = grey(offline.get_by_test_id("made"))
        assert np.abs(made - 255 * run.forward.decode(z[None])[0, 0]).max() <= 1.5
        codes.append(z)
    ones = run.encodings.mu[run.encodings.label == 1]
    nearest = run.encodings.label[np.argsort(((run.encodings.mu - codes[0]) ** 2).sum(1))[:15]]
    assert (nearest == 1).mean() > 0.9, ones.mean(0)
    assert np.abs(codes[0] - codes[1]).max() > 0.2
    rows = np.flatnonzero((fed > 60).any(1))
    assert 18 <= rows[-1] - rows[0] + 1 <= 22  # as in MNIST: 20 of 28
    offline.get_by_role("button", name="Pin this code").click()
    np.testing.assert_allclose(tiles(offline), [codes[1]], atol=1e-4)
    choose_tab(offline, "Draw")
    offline.get_by_role("button", name="Undo", exact=True).click()
    settled(offline)
    np.testing.assert_allclose(json.loads(offline.get_by_test_id("drawing").get_attribute("data-z")), codes[0], atol=1e-6)
    offline.get_by_role("button", name="Clear", exact=True).click()
    expect(offline.get_by_test_id("drawing")).to_have_text("Nothing drawn yet")


def test_every_map_decodes_its_own_places(offline, exported):
    run = load_run("mnist-20d", ASSETS)
    canvas = opened(offline, exported["mnist-20d"])
    for name, projection in run.projections.items():
        title = projection.title
        offline.get_by_role("radio", name=title).check(force=True)
        expect(offline.get_by_test_id("map-title")).to_have_text(title)
        click(offline, canvas, 0.45, 0.5)
        z = shown_code(offline)
        expected = run.forward.decode(z[None].astype(np.float32))[0].ravel()
        np.testing.assert_allclose(decoded(offline, z), expected, atol=2e-3)
        assert ("projection=" in offline.evaluate("location.hash")) == (name != next(iter(run.projections)))
    first, *_ = tiles(offline)
    offline.reload()
    expect(offline.get_by_test_id("tile")).to_have_count(3)
    assert tiles(offline)[0] == first
    # all three stand where Python puts them on the last map, and the first where it was clicked on its own
    places = run.projections["axes"].to_map(tiles(offline), run.encodings.mu)
    offline.get_by_role("radio", name="UMAP").check(force=True)
    offline.get_by_role("button", name="Go to pin A").click()
    settled(offline)
    np.testing.assert_allclose(shown_code(offline), first, atol=1e-3)
    expected = run.projections["umap"].to_map([tiles(offline)[1]], run.encodings.mu)[0]
    offline.get_by_role("button", name="Go to pin C").click()
    offline.get_by_role("button", name="Go to pin B").click()
    settled(offline)
    place = offline.get_by_test_id("place").inner_text()
    x, y = (float(value.replace("−", "-")) for value in re.findall(r"[−\d.]+", place))
    np.testing.assert_allclose((x, y), expected, atol=0.02)
    assert np.isfinite(places).all()


def test_a_conditional_run_decodes_as_the_class_that_is_chosen(offline, exported):
    run = load_run("digits-conditional-vae", ASSETS)
    opened(offline, exported["digits-conditional-vae"])
    z = np.zeros(8, np.float32)
    for label in ("3", "7"):
        offline.get_by_role("combobox", name="Decode as class").select_option(label)
        expect(offline.get_by_test_id("decoded-as")).to_have_text(f"decoded as class {label}")
        np.testing.assert_allclose(decoded(offline, z), run.forward.decode(z[None], [int(label)])[0].ravel(), atol=2e-3)
    assert "as=7" in offline.evaluate("location.hash")
    draw(offline, [(0.5, 0.1), (0.5, 0.9)])
    fed = grey(offline.get_by_test_id("seen")) / 255
    code = json.loads(offline.get_by_test_id("drawing").get_attribute("data-z"))
    np.testing.assert_allclose(code, run.forward.encode(fed[None, None].astype(np.float32), [7]).mu[0], atol=0.1)


def test_colour_pictures_are_not_drawn_and_a_point_has_no_width(offline, exported):
    opened(offline, exported["shapes-6d"])
    expect(offline.get_by_role("button", name="Eraser")).to_have_count(0)
    opened(offline, exported["tiny-autoencoder"], "pins=0_0~1_1")
    draw(offline, [(0.5, 0.1), (0.5, 0.9)])
    expect(offline.get_by_test_id("drawing")).to_have_text(re.compile("^z = "))
    expect(offline.get_by_text("how sharp the encoder is")).to_have_count(0)
    choose_tab(offline, "Pins")
    offline.get_by_role("radio", name="Spherical").check(force=True)
    expect(offline.get_by_text("This model has no prior")).to_be_visible()


@pytest.mark.parametrize(
    "fragment",
    ["map=no&as=9&pins=x~1_2_3&path=linear_1_9", "pins=%3Cimg%20src=x%20onerror=alert(1)%3E", "%%%&&==", "pins=" + "1_1~" * 99],
)
def test_a_damaged_link_opens_the_map(offline, exported, fragment):
    opened(offline, exported["mnist-2d"], fragment)
    assert len(tiles(offline)) in (0, 26)


def test_words_of_a_run_are_only_words(offline, tmp_path, kinds):
    evil = "<img src=x onerror=document.title='owned'>"
    run = load_run("tiny-conditional", kinds)
    names = tuple(f"{evil}{i}" for i in range(10))
    dataset = run.info.dataset.model_copy(update={"class_names": names, "licence": evil, "name": f"folder:{evil}"})
    write_page(tmp_path / "evil.html", lambda: html_page(replace(run, info=run.info.model_copy(update={"dataset": dataset}))))
    canvas = opened(offline, (tmp_path / "evil.html").as_uri())
    click(offline, canvas, 0.4, 0.4)
    assert offline.locator("img").count() == 0
    assert offline.get_by_text(evil).count() > 3
    expect(offline).to_have_title("tiny-conditional · Latent Atlas")


def test_a_page_from_disk_computes_with_webassembly(page, exported):
    opened(page, exported["mnist-2d"])
    assert page.evaluate(f"{SURFACE}.stats().arithmetic").split()[0] in ("relaxed", "simd")


def test_the_browser_refuses_what_the_policy_does_not_name(page, exported):
    opened(page, exported["mnist-2d"])
    refused, markup = page.evaluate("""async () => {
      const refused = [];
      addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
      await fetch('http://127.0.0.1:9/').catch(() => 0);
      new Image().src = 'http://127.0.0.1:9/x.png';
      const style = document.createElement('style');
      style.textContent = 'body { color: red }';
      document.head.append(style);
      let markup = 'taken';
      try { document.body.innerHTML = '<b>bold</b>'; } catch { markup = 'refused'; }
      for (let i = 0; new Set(refused).size < 4 && i < 600; i++) await new Promise(requestAnimationFrame);
      return [refused, markup];
    }""")
    assert {"connect-src", "img-src", "style-src-elem", "require-trusted-types-for"} <= set(refused)
    assert markup == "refused"


def test_a_damaged_file_says_so(offline, tmp_path):
    page = html_page(load_run("digits-2d", ASSETS)).decode()
    start = page.index('type="text/plain">') + 2000
    (tmp_path / "cut.html").write_text(page[:start] + "A" * 40 + page[start + 40 :])
    offline.goto((tmp_path / "cut.html").as_uri())
    expect(offline.get_by_role("alert")).to_have_text("The data of this page are damaged or cut short. Export the page again.")


def test_the_page_follows_the_system(offline, exported):
    offline.emulate_media(reduced_motion="reduce")
    opened(offline, exported["digits-conditional-vae"], "pins=0_0_0_0_1_0_0_0~0_1_0_0_0_0_2_1")
    surface = offline.get_by_test_id("surface")
    for scheme in ("light", "dark", "light"):
        offline.emulate_media(color_scheme=scheme)
        expect(surface).to_have_css("color-scheme", scheme)
        background = offline.evaluate("getComputedStyle(document.getElementById('latent-atlas')).backgroundColor")
        assert (max(map(int, re.findall(r"\d+", background))) < 60) == (scheme == "dark")


def test_axe_finds_no_barrier(page, exported):
    # not in the strict tab: axe itself brings a style sheet that the page's policy refuses
    opened(page, exported["mnist-2d"], "pins=0_0~1_1&path=linear_1_2")
    assert_no_barrier(page, rests=False)  # the path of the link plays


def test_a_phone_shows_it_without_sideways_scrolling(offline, exported):
    offline.set_viewport_size({"width": 390, "height": 844})
    for name in ("mnist-2d", "digits-conditional-vae"):
        n = 2 if name == "mnist-2d" else 8
        opened(offline, exported[name], "pins=" + "~".join("_".join([value] * n) for value in ("0", "1")))
        assert offline.evaluate("document.documentElement.scrollWidth") == 390
        small = offline.evaluate(
            "Array.from(document.querySelectorAll('button, select')).filter((e) => e.offsetParent)"
            ".map((e) => e.getBoundingClientRect()).filter((b) => b.height < 24 || b.width < 24).length"
        )
        assert small == 0


def test_files_are_small(exported):
    sizes = {name: Path(address.removeprefix("file://")).stat().st_size for name, address in exported.items()}
    assert sizes["mnist-2d"] <= 6e6
    film = len(base64.b64encode(pack_film_bundle(load_run("mnist-20d", ASSETS))))
    program = (HOME / "explorer/surface/dist/film.js").stat().st_size
    assert film <= 3.5e6 and program <= 200_000
    assert sizes["mnist-20d"] - film - program <= 6e6
    assert (HOME / "explorer/surface/dist/hosts.js").stat().st_size <= 360_000  # the engine, its two modules and the pad are in it


# --- the film of the training


FILM_CODES = (
    "[document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)]"
    ".map((r) => r.querySelector('[data-testid=film]')).find(Boolean).replay.shown.mu"
)


def assert_codes(page: Page, codes: np.ndarray) -> None:
    found = np.array(page.evaluate(f"() => Array.from({FILM_CODES})"), np.float32)
    np.testing.assert_array_equal(found, codes.astype(np.float32).ravel())


def assert_film_is_that_of_the_run(page: Page, run: Run) -> None:
    """By its button and its key, at both ends of its slider; and the map comes back."""
    slider = page.get_by_role("slider", name="Moment of the training")
    page.get_by_role("button", name="Film", exact=True).click()
    for key, moment in (("Home", 0), ("ArrowRight", 1), ("End", -1)):
        slider.press(key)
        expect(page.get_by_test_id("epoch")).to_have_text(f"Epoch {run.film.epoch[moment]:.1f} of {run.film.epoch[-1]:.0f}")
        eventually(
            lambda moment=moment: assert_codes(page, run.film.mu[moment])
        )  # the words of a moment may come before its points
    expect(page.get_by_test_id("surface")).to_be_hidden()
    page.get_by_role("button", name="Back to the map").click()
    expect(page.get_by_test_id("film")).to_have_count(0)
    the_map(page).press("f")
    expect(slider).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("surface")).to_be_visible()
    expect(page.get_by_test_id("film")).to_have_count(0)


def test_a_file_has_the_film_of_the_training(offline, exported):
    opened(offline, exported["mnist-2d"])
    assert_film_is_that_of_the_run(offline, load_run("mnist-2d", ASSETS))
    offline.get_by_role("button", name="Film", exact=True).click()
    expect(offline.get_by_test_id("film")).to_be_visible()
    assert_no_barrier_in_either_scheme(offline)


def test_the_film_of_a_file_follows_the_map_that_is_chosen(offline, exported):
    opened(offline, exported["mnist-20d"])
    offline.get_by_role("button", name="Film", exact=True).click()
    facts = offline.get_by_text("test images were watched at")
    expect(facts).to_be_visible()
    offline.get_by_role("radio", name="UMAP").check(force=True)
    expect(offline.get_by_text("lays out the codes of the end only")).to_be_visible()
    offline.get_by_role("radio", name="PCA").check(force=True)
    expect(facts).to_be_visible()
    expect(offline.get_by_text("lays out the codes of the end only")).to_have_count(0)


def test_a_file_without_the_film_offers_none(offline, tmp_path):
    target = tmp_path / "page.html"
    assert main(["export", "digits-2d", "--html", str(target), "--runs", str(ASSETS), "--no-film"]) == 0
    opened(offline, target.as_uri())
    expect(offline.get_by_role("button", name="Film", exact=True)).to_have_count(0)


# --- the notebook

WIDGET = """async ([program, book, film, traits]) => {
  const view = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const values = { ...traits, book: view(book), film: view(film) };
  const listeners = {};
  window.saved = 0;
  window.model = {
    get: (name) => values[name],
    set(name, value) { values[name] = value; (listeners['change:' + name] ?? []).forEach((listener) => listener()); },
    save_changes() { window.saved++; },
    on(event, listener) { (listeners[event] ??= []).push(listener); },
    off(event, listener) { listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener); },
    listening: () => Object.values(listeners).reduce((sum, of) => sum + of.length, 0),
  };
  document.body.innerHTML = '<div id="cell" style="width: 900px"></div>';
  const module = await import(URL.createObjectURL(new Blob([program], { type: 'text/javascript' })));
  window.leave = await module.default.render({ model: window.model, el: document.getElementById('cell') });
}"""


def in_notebook(page: Page, widget) -> Locator:
    """The widget's program with a model that answers as Jupyter's does; gives the map."""
    page.goto("about:blank")
    traits = {name: getattr(widget, name) for name in ("pinned", "map_name", "decoded_as", "height", "film_program")}
    book, film = (base64.b64encode(data).decode() for data in (widget.book, widget.film))
    page.evaluate(WIDGET, [widget._esm, book, film, traits])
    return ready(page)


def test_a_notebook_has_the_film_of_the_training(page):
    in_notebook(page, show("digits-2d", runs=ASSETS))
    assert_film_is_that_of_the_run(page, load_run("digits-2d", ASSETS))


def test_a_notebook_without_the_film_offers_none_and_holds_nothing_of_it(page):
    widget = show("digits-2d", runs=ASSETS, film=False)
    assert (widget.film, widget.film_program) == (b"", "")
    in_notebook(page, widget)
    expect(page.get_by_role("button", name="Film", exact=True)).to_have_count(0)


def test_a_pin_in_the_notebook_reaches_python(page):
    widget = show("mnist-2d", runs=ASSETS, pins=[[0.5, -1.25]])
    canvas = in_notebook(page, widget)
    assert tiles(page) == [[0.5, -1.25]]
    click(page, canvas, 0.4, 0.4)
    clicked = shown_code(page)
    assert page.evaluate("window.saved") == 1
    widget.set_state({"pinned": page.evaluate("window.model.get('pinned')")})
    assert len(widget.pins) == 2
    np.testing.assert_allclose(widget.pins[1].z, clicked, atol=1e-4)
    assert widget.pins[1].support > 0


def test_the_key_for_a_link_gives_the_line_that_opens_this_again_in_a_cell(page):
    """Python's own reading of the line is the second opinion."""
    widget = show("mnist-20d", runs=ASSETS, pins=[[0.5] * 20])
    canvas = in_notebook(page, widget)
    click(page, canvas, 0.4, 0.4)
    widget.set_state({"pinned": page.evaluate("window.model.get('pinned')")})
    page.keyboard.press("u")
    told = page.locator(".lp-cell > [role=status]")
    expect(told).to_contain_text("show(")
    run, link = re.search(r'show\("(.+)", link="(.+)"\)$', told.inner_text()).groups()
    again = show(run, runs=ASSETS, link=link)
    assert len(again.pins) == 2 and again.map_name == "umap"
    assert [pin.map for pin in again.pins] == [pytest.approx(pin.map) for pin in widget.pins]
    np.testing.assert_allclose([pin.z for pin in again.pins], [pin.z for pin in widget.pins], atol=1e-4)


def test_pins_map_and_class_set_in_python_are_shown(page):
    run = load_run("digits-conditional-vae", ASSETS)
    widget = show(run, as_class="3")
    in_notebook(page, widget)
    expect(page.get_by_test_id("decoded-as")).to_have_text("decoded as class 3")
    widget.pins = [np.zeros(8), np.ones(8)]
    page.evaluate("pins => window.model.set('pinned', pins)", widget.pinned)
    assert tiles(page) == [[0] * 8, [1] * 8]
    assert page.evaluate("window.saved") == 0  # what came from Python is not sent back
    page.evaluate("window.model.set('map_name', 'pca')")
    expect(page.get_by_test_id("map-title")).to_have_text("PCA")
    page.evaluate("window.model.set('decoded_as', '7')")
    expect(page.get_by_test_id("decoded-as")).to_have_text("decoded as class 7")
    np.testing.assert_allclose(
        decoded(page, np.zeros(8)), run.forward.decode(np.zeros((1, 8), np.float32), [7])[0].ravel(), atol=2e-3
    )


def test_a_cell_that_is_cleared_leaves_nothing(page):
    in_notebook(page, show("digits-2d", runs=ASSETS))
    assert page.evaluate("window.model.listening()") == 3
    page.evaluate("window.leave()")
    assert page.evaluate("[window.model.listening(), document.getElementById('cell').childElementCount]") == [0, 0]


def test_the_notebooks_theme_wins_over_the_systems(page):
    in_notebook(page, show("digits-2d", runs=ASSETS))
    root = page.get_by_test_id("surface")
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    expect(root).to_have_css("color-scheme", "dark")
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    expect(root).to_have_css("color-scheme", "light")

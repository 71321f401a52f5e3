"""Are the bars the classifier's probabilities of the shown picture, and the strip the same z under every class, in a real browser?"""

from __future__ import annotations

import base64
import json
import re
import shutil

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from explorer.hosts.html_file import html_page
from explorer.surface.payload import pack, pack_static
from explorer.surface.schema import Dynamic
from tests.browser import surface
from tests.browser.conftest import tiny_kinds
from tests.browser.surface import assert_no_barrier, choose_tab, grey, opened, ready, settled
from tests.places import ASSETS, BUNDLES
from trainer.runs.catalogue import load_run
from trainer.runs.folder import info_checksum

TOLD = [name for name, config in tiny_kinds().items() if config.is_conditional]
PLACES = ((0.3, 0.4), (0.52, 0.5), (0.7, 0.62))


def hover(page: Page, canvas: Locator, x: float, y: float) -> np.ndarray:
    """Moves there; the code that is shown then, (1, K)."""
    surface.hover(page, canvas, x, y)
    return code(page)


def test_how_often_the_classifier_is_right_stands_where_the_class_is_said(page, server):
    run = load_run("mnist-2d", ASSETS)
    canvas = opened(page, server, run="mnist-2d")
    hover(page, canvas, 0.5, 0.5)
    told = page.get_by_test_id("accuracy")
    expect(told).to_be_visible()
    assert round(100 * run.classifier.decoded.accuracy) == int(re.search(r"right on (\d+)", told.inner_text())[1])
    page.goto(surface.address(server, run="mnist-2d", view="reconstruct"))
    share = round(100 * run.classifier.images.accuracy)
    expect(
        page.get_by_text(re.compile(rf"The classifier that says so is right on {share}\W% of test images")).first
    ).to_be_visible()


def code(page: Page) -> np.ndarray:
    return np.array([surface.code(page)], np.float32)


def bars(page: Page) -> dict[str, float]:
    """The height or length of each bar, by its class."""
    found = (
        page.get_by_test_id("class-bars")
        .locator("> div")
        .evaluate_all(
            "all => all.map(b => [b.firstChild.textContent, Number(b.querySelector('i').style.getPropertyValue('--la-share'))])"
        )
    )
    return dict(found)


def strip_pictures(page: Page) -> list[np.ndarray]:
    return [grey(canvas) for canvas in page.get_by_test_id("class-strip").locator("canvas").all()]


def wanted_pictures(run, z: np.ndarray) -> list[np.ndarray]:
    return [255 * run.forward.decode(z, [label])[0, 0] for label in range(run.n_classes)]


def assert_strip_is(page: Page, run, z: np.ndarray) -> None:
    for shown, expected in zip(strip_pictures(page), wanted_pictures(run, z), strict=True):
        assert np.abs(shown - expected).max() <= 1.5


# --- bars


@pytest.mark.parametrize("name", ["mnist-2d", "mnist-20d", "shapes-6d", "digits-conditional-vae"])
def test_bars_are_the_classifiers_answer_to_the_decoded_picture(page, server, name):
    """Numpy decodes the code that the page says it shows, and numpy classifies what it decoded."""
    run = load_run(name, ASSETS)
    canvas = opened(page, server, run=name)
    seen = []
    for place in PLACES:
        z = hover(page, canvas, *place)
        x_hat = run.forward.decode(z, [0] if run.config.is_conditional else None)
        expected = run.classifier.probabilities(x_hat)[0]
        shown = bars(page)
        assert list(shown) == list(run.info.dataset.class_names)
        assert np.abs(np.array(list(shown.values())) - expected).max() <= 0.015  # float16 weights, steps of 1/500
        best = int(expected.argmax())
        if expected[best] - np.sort(expected)[-2] > 0.03:
            words = page.get_by_test_id("class-bars").get_attribute("aria-label").replace("\u00a0", " ")
            assert words.startswith(f"Class probabilities: {class_words(run, best)} ")
            number = int(re.search(r"(\d+) %", words)[1])
            assert abs(number - 100 * expected[best]) <= 2
        seen.append(tuple(shown.values()))
    assert len(set(seen)) > 1 or name == "digits-conditional-vae"


def class_words(run, label: int) -> str:
    name = run.info.dataset.class_names[label]
    return f"class {name}" if len(name) <= 3 else name


def test_what_it_looks_like_is_spoken_once_the_hand_rests_and_defined_one_hover_away(page, server):
    run = load_run("mnist-2d", ASSETS)
    canvas = opened(page, server, run="mnist-2d")
    z = hover(page, canvas, 0.4, 0.7)
    p = run.classifier.probabilities(run.forward.decode(z))[0]
    said = page.get_by_test_id("surface-state")
    expect(said).to_contain_text(f"looks like class {p.argmax()}, ")
    assert "nearest test image" not in said.inner_text()
    meaning = page.get_by_role("group", name="Class probabilities").get_attribute("title")
    assert f"{100 * run.classifier.images.accuracy:.1f}\u00a0%" in meaning
    assert f"{100 * run.classifier.decoded.accuracy:.1f}\u00a0%" in meaning
    assert "calibration error" in meaning


def test_bars_follow_pins_and_a_path(page, server):
    run = load_run("digits-2d", ASSETS)
    opened(page, server, run="digits-2d", view="interpolate", pins="1.5_-0.5~-1_1")
    play = page.get_by_role("button", name=re.compile("^(Pause|Play)"))
    expect(play.first).to_be_visible()
    slider = page.get_by_role("slider", name="Position on the path")
    for frame in ("0", "30"):
        slider.fill(frame)
        settled(page)
        expected = run.classifier.probabilities(run.forward.decode(code(page)))[0]
        assert np.abs(np.array(list(bars(page).values())) - expected).max() <= 0.015


def test_card_and_strips_tell_of_the_same_moment_while_a_path_plays(page, server):
    opened(page, server, run="digits-2d", view="interpolate", pins="1.5_-0.5~-1_1")
    expect(page.get_by_test_id("path-strip").first).to_be_visible()
    pairs = page.get_by_role("group", name="Class probabilities").evaluate(TOLD_WHILE_PLAYING)
    assert len({tuple(pair["card"]) for pair in pairs}) > 10  # it plays
    for pair in pairs:
        (name, share), density = pair["card"][:2], pair["card"][-1]
        assert pair["strips"] == [f"{name.removeprefix('class ')} {share}", density.split(" density")[0]]
        assert pair["dots"] == ["low", "medium", "high"].index(pair["strips"][1]) + 1


# one pair a frame, in one call: nothing is painted between the two readings
TOLD_WHILE_PLAYING = """async (bars) => {
  const root = bars.getRootNode();
  const density = root.querySelector("[data-testid=support]");
  const heads = [...root.querySelectorAll("[data-testid=path-strip]")].map((strip) => strip.firstChild);
  const strip = (name) => heads.find((head) => head.textContent.startsWith(name)).lastChild.textContent;
  const pairs = [];
  for (let i = 0; i < 90; i++) {
    await new Promise(requestAnimationFrame);
    pairs.push({
      card: [...[...bars.querySelector("strong").parentElement.children].slice(1).map((e) => e.textContent), density.textContent],
      strips: [strip("Class"), strip("Density").split(",")[0]],
      dots: Number(density.querySelector("[data-level]").dataset.level),
    });
  }
  return pairs;
}"""


def test_a_run_without_a_classifier_has_no_bars_and_speaks_of_the_nearest_point(page, server):
    canvas = opened(page, server, run="tiny-continuous")
    hover(page, canvas, 0.5, 0.5)
    expect(page.get_by_label("Class probabilities", exact=True)).to_be_hidden()
    expect(page.get_by_label("The same z as every class")).to_be_hidden()
    expect(page.get_by_test_id("surface-state")).to_contain_text("(nearest test image)")


def test_of_many_long_names_the_three_most_probable_are_rows(page, kinds, tmp_path):
    """tiny-conditional under names that do not fit side by side, as a page from disk."""
    folder = tmp_path / "tiny-conditional"
    shutil.copytree(kinds / "tiny-conditional", folder)
    raw = json.loads((folder / "run.json").read_text())
    raw["dataset"]["class_names"] = [f"number {k}" for k in range(10)]
    (folder / "run.json").write_text(json.dumps({**raw, "checksum": info_checksum(raw)}))
    run = load_run("tiny-conditional", tmp_path)
    (tmp_path / "page.html").write_bytes(html_page(run))
    page.goto((tmp_path / "page.html").as_uri())
    canvas = ready(page)
    for place in PLACES:
        z = hover(page, canvas, *place)
        p = run.classifier.probabilities(run.forward.decode(z, [0]))[0]
        shown = bars(page)
        assert len(shown) == 3
        assert list(shown.values()) == sorted(shown.values(), reverse=True)
        for name, share in shown.items():
            assert share == pytest.approx(p[int(name.removeprefix("number "))], abs=0.015)
        assert min(shown.values()) >= np.sort(p)[-4] - 0.015


# --- the strip


SCRIPT = """async ([bundle, payload, codes, nClasses]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const { Model } = await import(URL.createObjectURL(new Blob([bundle], { type: 'text/javascript' })));
  const model = new Model(bytes(payload));
  const single = codes.map((z) => Array.from({ length: nClasses }, (_, y) => Array.from(model.decodeAsShared(z, y))));
  const pairs = codes.flatMap((z) => Array.from({ length: nClasses }, (_, y) => [z, y]));
  const batch = [];
  const take = (x, from) => batch.push(Array.from(x.subarray(from, from + single[0][0].length)));
  model.decodeEach(pairs.map(([z]) => z), take, pairs.map(([, y]) => y));
  return [single.flat(), batch];
}"""


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("label", [0, 7])
def test_one_payload_decodes_every_class_as_torch_does(page, kinds, name, label):
    run = load_run(name, kinds)
    codes = (2 * np.random.default_rng(2).standard_normal((5, 2))).astype(np.float32)
    static = pack_static(run, next(iter(run.projections.values())), precision="float32", label=label)
    page.goto("about:blank")
    bundle = (BUNDLES / "surface.js").read_text(encoding="utf-8")
    payload = base64.b64encode(pack(Dynamic(), static)).decode()
    single, batch = np.array(page.evaluate(SCRIPT, [bundle, payload, codes.tolist(), run.n_classes]))
    np.testing.assert_allclose(batch, single, atol=1e-6)  # a batch of all codes as all classes
    single = single.reshape(5, run.n_classes, -1)
    for y in range(run.n_classes):
        expected = run.model.decode(codes, torch.full((5,), y)).numpy().reshape(5, -1)
        np.testing.assert_allclose(single[:, y], expected, atol=1e-5)


@pytest.mark.parametrize("name", ["digits-conditional-vae", "digits-m2"])
def test_the_strip_is_the_same_z_under_every_class_and_follows_the_probe(page, server, name):
    run = load_run(name, ASSETS)
    canvas = opened(page, server, run=name, **{"as": "4"})
    codes = [hover(page, canvas, *place) for place in PLACES[:2]]
    assert np.abs(codes[0] - codes[1]).max() > 0.1
    assert_strip_is(page, run, codes[1])
    strip = page.get_by_test_id("class-strip")
    assert strip.locator("button span").all_inner_texts() == list(run.info.dataset.class_names)
    pressed = strip.get_by_role("button", pressed=True)
    expect(pressed).to_have_count(1)
    expect(pressed).to_have_accessible_name("Decode as class 4")
    np.testing.assert_allclose(grey(page.get_by_test_id("decoded")), strip_pictures(page)[4], atol=0)
    choose_tab(page, "Sliders")
    page.get_by_label(re.compile("^Dimension 1(,|$)")).fill("2.5")
    settled(page)
    moved = code(page)
    assert moved[0, 0] == pytest.approx(2.5)
    assert_strip_is(page, run, moved)


def test_under_a_moving_hand_the_strip_is_painted_in_short_slices_and_catches_up(page, server):
    run = load_run("digits-conditional-vae", ASSETS)
    canvas = opened(page, server, run="digits-conditional-vae")
    box = canvas.bounding_box()
    for step in range(40):
        page.mouse.move(box["x"] + (0.2 + 0.015 * step) * box["width"], box["y"] + 0.5 * box["height"])
    settled(page)
    assert_strip_is(page, run, code(page))


def test_a_click_on_the_strip_chooses_the_class_and_leaves_the_code(page, server):
    run = load_run("digits-conditional-vae", ASSETS)
    canvas = opened(page, server, run="digits-conditional-vae")
    z = hover(page, canvas, 0.4, 0.5)
    page.get_by_role("button", name="Decode as class 7").click()
    expect(page.get_by_test_id("decoded-as")).to_have_text("decoded as class 7")
    expect(page).to_have_url(re.compile(r"[?&]as=7(&|#|$)"))
    expect(page.get_by_role("combobox", name=re.compile("Decode as class"))).to_have_value("7")
    np.testing.assert_allclose(code(page), z, atol=1e-6)
    assert np.abs(grey(page.get_by_test_id("decoded")) - 255 * run.forward.decode(z, [7])[0, 0]).max() <= 1.5
    expect(page.get_by_role("button", name="Decode as class 7")).to_have_attribute("aria-pressed", "true")
    page.reload()
    ready(page)
    expect(page.get_by_test_id("decoded-as")).to_have_text("decoded as class 7")


def test_in_a_file_from_disk_the_strip_moves_the_pages_chooser(page, tmp_path):
    run = load_run("digits-conditional-vae", ASSETS)
    (tmp_path / "page.html").write_bytes(html_page(run))
    page.goto((tmp_path / "page.html").as_uri())
    canvas = ready(page)
    z = hover(page, canvas, 0.45, 0.5)
    assert_strip_is(page, run, z)
    button = page.get_by_role("button", name="Decode as class 3")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("decoded-as")).to_have_text("decoded as class 3")
    assert "as=3" in page.evaluate("location.hash")
    expect(page.get_by_role("combobox", name="Decode as class")).to_have_value("3")
    expect(button).to_be_focused()
    np.testing.assert_allclose(code(page), z, atol=1e-6)


@pytest.mark.parametrize("width", [1400, 390])
def test_bars_and_strip_have_no_barrier(page, server, width):
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, server, run="digits-m2")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert_no_barrier(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")

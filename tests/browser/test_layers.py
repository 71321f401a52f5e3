"""What can be laid on the map, coloured, found, selected and moved by hand, in a real browser?"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.surface import (
    assert_no_barrier,
    choose_tab,
    code,
    drawer,
    drawn,
    export_menu,
    find,
    grey,
    heading,
    hover,
    opened,
    pretrained,
    settled,
    stroke,
    tab,
    the_map,
)
from tests.places import ROOT
from tests.programs import alone
from trainer.maps.support import LOW, SupportEstimator
from trainer.numerals import dimension


@pytest.mark.parametrize(
    ("background", "title"),
    [
        ("Density of the codes", "Aggregated posterior"),
        ("Posterior − prior", "Posterior − prior"),
        ("Magnification", "Magnification"),
    ],
)
def test_a_field_lies_under_the_points_and_says_what_it_is(page, server, background, title):
    opened(page, server, run="digits-2d")
    settled(page)
    before = drawn(page.get_by_test_id("ground"))
    drawer(page).get_by_label(background).check()
    bar = page.get_by_test_id("scale").first
    expect(bar.locator("[aria-hidden]")).to_be_visible()
    expect(bar).to_contain_text(title)
    assert len(bar.get_attribute("title")) > 60
    settled(page)
    assert drawn(page.get_by_test_id("ground")) != before


def test_holes_have_prior_mass_and_low_density_and_come_by_mass(page, server):
    """Counted again: of as many prior draws as there are images many more fall into the disc than codes are there."""
    opened(page, server, run="mnist-2d")
    drawer(page).get_by_label("Posterior − prior").check()
    choose_tab(page, "Details")
    run = pretrained("mnist-2d")
    mu = run.encodings.mu.astype(float)
    draws = np.random.default_rng(0).standard_normal((len(mu), 2))
    expected, places = [], []
    for rank in (1, 2, 3):
        page.get_by_role("button", name=re.compile("Show me a hole")).click()
        expect(heading(page)).to_have_text(re.compile(rf"^Hole {rank} of \d+$"))
        places.append(code(page))
        radius = np.sort(np.linalg.norm(mu - places[-1], axis=1))[4]
        expected.append(int((np.linalg.norm(draws - places[-1], axis=1) < radius).sum()))
        assert SupportEstimator(run.encodings.mu, True).of([places[-1]])[0] < LOW
        assert np.linalg.norm(places[-1]) < 3.04  # 99 % of the prior
    assert min(expected) > 20
    assert expected[0] == max(expected)
    assert len(set(map(tuple, places))) == 3
    expect(page.get_by_test_id("support")).to_have_text("low density of encoded images")


def test_a_hole_is_found_from_the_menu_of_layers_where_there_is_a_prior_and_its_link_tells_of_it(page, server, browser):
    opened(page, server, run="digits-2d")
    drawer(page).get_by_role("button", name="Go to a hole").click()
    expect(heading(page)).to_have_text(re.compile(r"^Hole 1 of \d+$"))
    told = page.get_by_text(re.compile(r"^Hole 1 of \d+: of 539 samples from the prior about \d+ lie within")).first
    expect(told).to_be_visible()
    expect(page).to_have_url(re.compile("at=.*Hole"))
    with tab(browser) as other:
        other.goto(page.evaluate("location.href"))
        expect(other.get_by_text(told.text_content(), exact=True).first).to_be_visible()
    opened(page, server, run="digits-autoencoder")
    expect(drawer(page).get_by_label("Density of the codes")).to_be_visible()
    expect(drawer(page).get_by_role("button", name="Go to a hole")).to_have_count(0)


def test_a_ring_of_codes_and_a_map_without_a_plane_have_holes_too(page, server):
    opened(page, server, run="pendulum-2d")
    the_map(page).focus()
    page.keyboard.press("h")
    expect(heading(page)).to_have_text(re.compile(r"^Hole 1 of \d+$"))
    assert np.linalg.norm(code(page)) < 2
    opened(page, server, run="digits-16d")
    the_map(page).focus()
    page.keyboard.press("h")
    expect(page.get_by_test_id("hint")).to_contain_text("of samples from the prior have low density of encoded images")
    run = pretrained("digits-16d")
    assert SupportEstimator(run.encodings.mu, True).of([code(page)])[0] < LOW


def test_a_picture_of_low_density_keeps_its_pixels_and_gets_a_frame(page, server):
    opened(page, server, run="digits-2d")
    the_map(page).focus()
    for _ in range(12):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_test_id("support")).to_have_text("low density of encoded images")
    decoded = page.get_by_test_id("decoded")
    expect(decoded).to_have_attribute("data-low", "")
    assert decoded.evaluate("c => getComputedStyle(c).opacity + getComputedStyle(c).filter") == "1none"
    shown = grey(decoded).ravel()
    x_hat = pretrained("digits-2d").forward.decode(np.array([code(page)], np.float32))[0]
    np.testing.assert_allclose(shown, np.rint(255 * x_hat.ravel()), atol=1)


def test_points_are_coloured_by_a_quantity_with_a_scale_and_a_list_that_leads_to_them(page, server):
    opened(page, server, run="digits-2d")
    settled(page)
    before = drawn(page.get_by_test_id("points"))
    names = page.get_by_label("Colour points by").locator("option").all_inner_texts()
    assert names == ["Class", "ELBO", "Reconstruction loss", "KL", "Posterior width", "Neighbours of its class"]
    page.get_by_label("Colour points by").select_option("reconstruction")
    settled(page)
    assert drawn(page.get_by_test_id("points")) != before
    choose_tab(page, "Details")
    run = pretrained("digits-2d")
    worst = int(np.argmax(run.encodings.reconstruction))
    page.get_by_role("button", name=re.compile(f"^Go to test image {worst},")).click()
    settled(page)
    assert code(page) == pytest.approx(run.encodings.mu[worst].tolist(), abs=5e-3)
    expect(page.get_by_role("button", name=re.compile("^Go to test image"))).to_have_count(20)


def test_an_image_is_found_by_number_and_a_class_by_name(page, server):
    opened(page, server, run="digits-2d")
    run = pretrained("digits-2d")
    for asked in ("image 321", "#321", "321"):
        find(page, asked)
        settled(page)
        assert code(page) == pytest.approx(run.encodings.mu[321].tolist(), abs=5e-3)
    find(page, "class 7")
    shown = f"{int((run.encodings.label == 7).sum())} of {len(run.encodings.mu)} test images"
    expect(page.get_by_text(re.compile(shown.replace(" ", r"\s")))).to_be_visible()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Find a command, a layer, an image or a class")
    for wrong, answer in (("#100000", "is not there: they go from 0 to"), ("<b>x</b>", "Nothing found for “<b>x</b>”.")):
        box.fill(wrong)
        expect(page.get_by_role("dialog", name="Find")).to_contain_text(answer)


def test_sliders_set_one_number_and_leave_the_others(page, server):
    opened(page, server, run="digits-16d", projection="pca")
    choose_tab(page, "Sliders")
    rows = page.get_by_test_id("dimension")
    expect(rows).to_have_count(8)
    run = pretrained("digits-16d")
    kl = 0.5 * (run.encodings.mu**2 + np.expm1(run.encodings.logvar) - run.encodings.logvar).mean(0)
    order = np.argsort(-kl, kind="stable")
    assert [row.locator("span").first.inner_text() for row in rows.all()] == [dimension(k) for k in order[:8]]
    before = code(page)
    k = int(order[0])
    page.get_by_label(re.compile(f"^Dimension {k + 1}(,|$)")).fill("1.75")
    settled(page)
    after = code(page)
    assert after[k] == pytest.approx(1.75)
    assert [v for i, v in enumerate(after) if i != k] == pytest.approx([v for i, v in enumerate(before) if i != k], abs=1e-6)
    expect(page.get_by_role("heading", name="By the sliders")).to_be_visible()
    page.get_by_role("button", name="Show all 16").click()
    expect(rows).to_have_count(16)
    picture = rows.first.locator("canvas").nth(4)
    picture.click()
    settled(page)
    assert code(page)[k] == pytest.approx(2.0537, abs=1e-3)  # the 98 % quantile of N(0, 1)


def loop_around(page: Page, canvas: Locator, corners: list[tuple[float, float]]) -> None:
    stroke(page, canvas, [*corners, corners[0]], steps=4)


def test_a_loop_selects_points_whose_csv_is_theirs_and_two_groups_make_a_direction(page, server):
    canvas = opened(page, server, run="digits-2d")
    page.get_by_role("button", name=re.compile("^Drag draws a loop")).click()
    loop_around(page, canvas, [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98)])
    chosen = page.get_by_role("group", name="Selection and groups").get_by_text("points selected")
    expect(chosen).to_be_visible()
    n = int(re.search(r"([\d\s]+) points selected", chosen.inner_text())[1].replace("\u00a0", ""))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert len(rows) == n > 50
    run = pretrained("digits-2d")
    for row in rows[:20]:
        i = int(row["image"])
        assert [float(row["z1"]), float(row["z2"])] == pytest.approx(run.encodings.mu[i].tolist(), abs=5e-3)
        assert float(row["ELBO"]) == pytest.approx(float(run.encodings.elbo[i]), rel=1e-5)
        assert row["class"] == str(run.encodings.label[i])
    left = run.encodings.mu[[int(row["image"]) for row in rows]].mean(0)
    page.get_by_role("button", name="Save as group").click()
    loop_around(page, canvas, [(0.5, 0.02), (0.98, 0.02), (0.98, 0.98), (0.5, 0.98)])
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    others = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    right = run.encodings.mu[[int(row["image"]) for row in others]].mean(0)
    page.get_by_role("button", name="Save as group").click()
    start = np.array(code(page))
    page.get_by_label(re.compile("^Strength")).fill("0.5")
    settled(page)
    assert np.array(code(page)) - start == pytest.approx(0.5 * (left - right), abs=2e-2)


def test_the_keyboard_reaches_layers_and_the_drawer_has_no_barrier(page, server):
    canvas = opened(page, server, run="digits-2d")
    canvas.focus()
    page.keyboard.press("l")
    panel = page.get_by_role("group", name="Layers of the map")
    expect(panel).to_be_visible()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert_no_barrier(page)
    page.keyboard.press("l")
    expect(panel).to_be_hidden()
    canvas.focus()
    settled(page)
    before = drawn(canvas)
    page.keyboard.press("n")
    settled(page)
    assert drawn(canvas) != before
    page.keyboard.press("h")
    expect(page.get_by_role("button", name=re.compile("Show me a hole"))).to_be_visible()


def test_close_by_pictures_take_the_place_of_dots(page, server):
    canvas = opened(page, server, run="digits-2d")
    canvas.focus()
    for _ in range(9):
        page.keyboard.press("+")
        settled(page)
    assert page.get_by_test_id("points").evaluate("c => c.style.opacity") == "0"
    page.keyboard.press("0")
    settled(page)
    assert page.get_by_test_id("points").evaluate("c => c.style.opacity") == "1"


@pytest.mark.parametrize(("run", "projection"), [("digits-16d", "pca"), ("digits-conditional-vae", "pca")])
def test_the_programs_that_are_copied_give_the_picture_under_the_cursor(page, server, tmp_path, run, projection):
    canvas = opened(page, server, run=run, projection=projection)
    hover(page, canvas, 0.4, 0.6)
    files = []
    for language in ("PyTorch", "NumPy"):
        panel = export_menu(page)
        panel.get_by_role("button", name=f"Copy as {language}").click()
        files.append(tmp_path / f"{language}.py")
        files[-1].write_text(panel.get_by_label("Python code").inner_text())
        page.keyboard.press("Escape")
    shown = grey(page.get_by_test_id("decoded"))
    found = alone(files, tmp_path, cwd=ROOT)  # from where the file of weights is what the program says
    for file in files:
        assert np.abs(found[str(file)][0] * 255 - shown).max() <= 1.5


def test_the_map_is_saved_as_a_picture_with_its_scale_and_the_pins_as_json(page, server):
    canvas = opened(page, server, run="digits-2d")
    canvas.click(position={"x": 200, "y": 200})
    expect(page.get_by_test_id("pin")).to_have_attribute("data-label", "A")
    place = code(page)
    panel = export_menu(page)
    with page.expect_download() as download:
        panel.get_by_role("button", name="PNG of the map").click()
    picture = np.asarray(Image.open(download.value.path()).convert("RGB"))
    assert download.value.suggested_filename == "map.png"
    box = canvas.bounding_box()
    assert picture.shape[1] > box["width"] + 200
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50  # points in their colours
    assert (picture[-20:, 40:200] != picture[-1, -1]).any()  # the axis' numbers
    with page.expect_download() as download:
        panel.get_by_role("button", name="Pins as JSON").click()
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved["run"] == "digits-2d"
    assert [pin["label"] for pin in saved["pins"]] == ["A"]
    assert saved["pins"][0]["z"] == pytest.approx(place, abs=1e-3)


def test_a_link_to_selected_points_shows_their_mean_image_too(page, server, browser):
    """The originals come after the selection that the link brings."""
    opened(page, server, run="digits-2d")
    page.goto(f"{page.url.split('#')[0]}#v=1&of=digits-2d/latent&group=AAIEAgICAg&tab=group")
    page.reload()
    expect(page.get_by_label("Mean image of the selection")).to_be_visible()
    expect(page.get_by_label("Decoded mean code of the selection")).to_be_visible()

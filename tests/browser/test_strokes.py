"""Are the lines of a walk between drawings seen, saved as lines, and left out where pictures are no drawings?"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.browser.surface import answered, assert_no_barrier, opened, settled, tab

SVG = "{http://www.w3.org/2000/svg}"
N_SHOWN = 11


def row(page):
    return page.locator(".st-key-strokes")


def test_every_picture_of_the_walk_has_its_lines_and_the_file_has_the_same(page, server):
    opened(page, server, run="sketches-2d", view="interpolate")
    pictures, lines = row(page).get_by_alt_text(re.compile("^decoded at ")), row(page).get_by_alt_text(re.compile("strokes"))
    expect(pictures).to_have_count(N_SHOWN)
    expect(lines).to_have_count(N_SHOWN)
    answered(page)
    told = [int(re.search(r"\d+", text)[0]) for text in lines.evaluate_all("all => all.map((one) => one.alt)")]
    assert min(told) >= 1
    with page.expect_download() as download:
        row(page).get_by_role("button", name="SVG").click()
    assert download.value.suggested_filename.endswith("-strokes.svg")
    drawn = ElementTree.fromstring(Path(download.value.path()).read_bytes())
    assert {one.tag.removeprefix(SVG) for one in drawn.iter()} == {"svg", "rect", "g", "path"}
    paths = [one.get("d") for one in drawn.iter(f"{SVG}path")]
    assert [path.count("M") for path in paths] == told
    numbers = [float(number) for path in paths for number in re.findall(r"-?\d+\.\d+", path)]
    assert min(numbers) >= -1 and max(numbers) <= 29  # of 28 pixels; a line's end may lie half a pixel outside


def test_pictures_that_are_no_drawings_have_no_such_row(page, server):
    opened(page, server, run="faces-2d", view="interpolate")
    answered(page)
    expect(page.get_by_role("slider", name="Position on the path")).to_be_visible()
    expect(row(page)).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_row_fits_and_has_no_barrier(browser, server, width):
    with tab(browser, viewport={"width": width, "height": 844}, reduced_motion="reduce") as page:
        opened(page, server, run="sketches-2d", view="interpolate")
        expect(row(page).get_by_alt_text(re.compile("strokes"))).to_have_count(N_SHOWN)
        answered(page)
        settled(page)
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
        assert_no_barrier(page)

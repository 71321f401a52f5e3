"""In a real browser: is a file's name text and nothing else, and do several uploads become a table?"""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np
from PIL import Image
from playwright.sync_api import expect

MARKUP = "<img src=x onerror=window.hit=1><b>bold</b> ![m](http://127.0.0.1/m.png).png"


def drawing() -> bytes:
    out = io.BytesIO()
    sheet = np.full((120, 120), 240, np.uint8)
    sheet[20:100, 52:64] = 20
    Image.fromarray(sheet).save(out, "PNG")
    return out.getvalue()


def file(name: str, data: bytes, mime: str = "image/png") -> dict[str, object]:
    return {"name": name, "mimeType": mime, "buffer": data}


def nothing_was_rendered(page) -> None:
    assert page.evaluate("window.hit") is None
    assert page.locator('img[src="x"], img[src*="m.png"]').count() == 0
    assert page.locator("b", has_text=re.compile("^bold$")).count() == 0


def test_a_file_name_with_markup_is_shown_as_text(page, server):
    page.goto(f"{server}/?run=mnist-2d&view=reconstruct")
    page.get_by_text("Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(file(MARKUP, b"no picture"))
    expect(page.get_by_role("alert")).to_contain_text(MARKUP)
    nothing_was_rendered(page)
    page.locator("input[type=file]").set_input_files(file(MARKUP, drawing()))
    expect(page.get_by_text("mean absolute error")).to_contain_text(MARKUP)
    nothing_was_rendered(page)


def test_several_uploads_are_a_table_with_its_faults_and_a_csv(page, server):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(MARKUP, drawing())
        out.writestr("../up.png", drawing())
    page.goto(f"{server}/?run=digits-16d&view=reconstruct")
    page.get_by_text("Batch", exact=True).click()
    files = [file("all.zip", archive.getvalue(), "application/zip"), file("=1+1.png", drawing()), file(f"b {MARKUP}", b"no")]
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_text("2 images, most unusual first")).to_be_visible()
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text("../up.png has a path that leads out of the archive")
    expect(fault).to_contain_text(f"b {MARKUP}"[:60])
    nothing_was_rendered(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the table as CSV").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert download.value.suggested_filename == "digits-16d-pictures.csv"
    assert "'=1+1.png" in text
    assert len(text.strip().splitlines()) == 5


def test_the_gauge_says_that_noise_is_no_digit(page, server):
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)).save(out, "PNG")
    page.goto(f"{server}/?run=mnist-20d&view=reconstruct")
    page.get_by_text("Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(file("noise.png", out.getvalue()))
    expect(page.get_by_text("More unusual than each of the")).to_be_visible()
    expect(page.get_by_text("worse than all 10\u00a0000 test images").first).to_be_visible()

"""Does the page learn from a person's own pictures as they are, and say what it did not take?"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from explorer.hosts.html_file import training_page
from tests.browser.surface import assert_no_barrier, tab
from tests.browser.test_train import TRAINING, stands
from trainer.datasets import load_dataset
from trainer.importers.kept.reading import read_page_training
from trainer.importers.kept.write_run import import_page_training

N = 30
DIGITS = load_dataset("digits").subset("test")


@pytest.fixture
def page(browser, tmp_path) -> Iterator[Page]:
    (tmp_path / "train.html").write_bytes(training_page(load_dataset("digits")))
    with tab(browser, offline=True) as page:
        page.goto((tmp_path / "train.html").as_uri())
        stands(page, "Not trained yet")
        yield page


def png(image: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(image).save(data, "png")
    return data.getvalue()


def packed(files: dict[str, bytes]) -> dict[str, object]:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return {"name": "mine.zip", "mimeType": "application/zip", "buffer": data.getvalue()}


def give(page: Page, *files: dict[str, object]) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Your pictures …").click()
    chooser.value.set_files(list(files))


def told(page: Page, words: str) -> None:
    expect(page.get_by_test_id("own-images")).to_contain_text(words)


def held(page: Page) -> dict[str, object]:
    """What the page learns from, in the order in which it has it."""
    return dict(
        page.evaluate(
            f"""() => {{
              const {{header, train, test, labels}} = {TRAINING}.images;
              return {{header, pixels: [...train, ...test], labels: [...labels]}};
            }}"""
        )
    )


def test_a_zip_of_folders_is_learned_from_pixel_by_pixel_and_becomes_a_run(page, tmp_path):
    classes = ("even", "odd")
    files = {f"digits/{classes[DIGITS.labels[i] % 2]}/{i:02}.png": png(DIGITS.images[i, 0]) for i in range(N)}
    give(page, packed({**files, "__MACOSX/x.png": b"?", "digits/even/broken.png": b"no picture", "notes.txt": b"?"}))
    told(page, "1 file could not be read, such as digits/even/broken.png.")
    found = held(page)
    assert found["header"]["class_names"] == list(classes)
    size = 64
    mine = [bytes(found["pixels"][i * size : (i + 1) * size]) for i in range(N)]
    given = {DIGITS.images[i].tobytes(): int(DIGITS.labels[i] % 2) for i in range(N)}
    assert {pixels: found["labels"][i] for i, pixels in enumerate(mine)} == given
    stands(page, "Not trained yet")
    assert_no_barrier(page)
    page.get_by_role("button", name="One epoch").click()
    stands(page, "Step 1, epoch 1.0.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Keep as a run").click()
    kept = read_page_training(Path(download.value.path()).read_bytes())
    run = import_page_training(kept, "mine", tmp_path / "runs", umap=False, classifier=False)
    assert run.info.dataset.is_own and run.info.dataset.class_names == classes
    assert run.info.dataset.n_train + run.info.dataset.n_test == N


def test_a_table_is_learned_from_and_one_goes_back_to_what_was_there(page):
    rows = ["label," + ",".join(f"p{k}" for k in range(64))]
    rows += [f"{DIGITS.labels[i]}," + ",".join(map(str, DIGITS.images[i].ravel())) for i in range(N)]
    give(page, {"name": "table.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()})
    told(page, f"{N} pictures,")
    assert held(page)["header"]["image_shape"] == [1, 8, 8]
    page.get_by_role("button", name="Back to digits").click()
    stands(page, "Not trained yet")
    assert held(page)["header"]["dataset"] == "digits"


def test_large_coloured_photographs_are_cut_to_their_middle_square_and_it_says_so(page):
    rng = np.random.default_rng(0)
    photos = [png(np.broadcast_to(rng.integers(0, 255, 3, dtype=np.uint8), (90, 140, 3)).copy()) for _ in range(12)]
    give(page, packed({f"{i}.png": photo for i, photo in enumerate(photos)}))
    told(page, "The middle square of every picture was scaled to 32 × 32 pixels.")
    assert held(page)["header"]["image_shape"] == [3, 32, 32]
    stands(page, "Not trained yet")
    page.get_by_role("button", name="One step").click()
    stands(page, "Step 1,")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ({"name": "x.zip", "mimeType": "application/zip", "buffer": b"?"}, "“x.zip” is not a zip, or is damaged"),
        ({"name": "x.csv", "mimeType": "text/csv", "buffer": b"1,2,3"}, "The table has 3 columns"),
        ({"name": "x.txt", "mimeType": "text/plain", "buffer": b"?"}, "There is no picture and no table"),
    ],
)
def test_what_is_no_picture_is_told_and_nothing_is_lost(page, file, sentence):
    page.get_by_role("button", name="One epoch").click()
    stands(page, "epoch 1.0.")
    give(page, file)
    told(page, sentence)
    stands(page, "epoch 1.0.")


def test_other_pictures_end_a_training_only_when_it_is_agreed(page):
    page.get_by_role("button", name="One epoch").click()
    stands(page, "epoch 1.0.")
    give(page, packed({f"{i}.png": png(DIGITS.images[i, 0]) for i in range(N)}))
    told(page, "Other images end this training.")
    stands(page, "epoch 1.0.")
    page.get_by_role("button", name=re.compile("^End it and take ")).click()
    stands(page, "Not trained yet")
    assert len(held(page)["labels"]) == N


def test_the_pad_comes_into_view_on_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Draw your own").click()
    expect(page.get_by_role("img", name=re.compile("^Drawing pad"))).to_be_in_viewport(ratio=0.99)
    expect(page.get_by_role("button", name="Learn from these")).to_be_in_viewport(ratio=0.99)


def test_drawings_with_a_class_each_are_learned_from(page):
    page.get_by_role("button", name="Draw your own").click()
    pad = page.get_by_role("img", name=re.compile("^Drawing pad"))
    learn = page.get_by_role("button", name="Learn from these")
    for i in range(10):
        box = pad.bounding_box()
        assert box
        x = box["x"] + box["width"] * (0.2 + 0.05 * i)
        page.get_by_label("Class", exact=True).fill("AB"[i % 2])
        page.mouse.move(x, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(x, box["y"] + box["height"] - 20, steps=4)
        page.mouse.up()
        expect(learn).to_be_disabled()
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("button", name="Drawing of")).to_have_count(i + 1)
    expect(page.get_by_test_id("drawings")).to_have_text("5 of A, 5 of B.")
    learn.click()
    told(page, "10 pictures, 2 of them held back.")
    stands(page, "Not trained yet")
    found = held(page)
    assert (found["header"]["image_shape"], found["header"]["class_names"]) == ([1, 28, 28], ["A", "B"])
    images = np.array(found["pixels"]).reshape(10, 28, 28)
    lit = np.sort(images.sum(1).argmax(1))
    np.testing.assert_allclose(lit, 28 * (0.2 + 0.05 * np.arange(10)), atol=1)
    assert_no_barrier(page)
    page.get_by_role("button", name="One epoch").click()
    stands(page, "Step 1, epoch 1.0.")

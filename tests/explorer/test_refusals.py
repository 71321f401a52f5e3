"""Does whatever a person uploads give a picture or one sentence, within bounds of memory, and does the session go on?"""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from explorer.pictures.batch import items, shown_name
from explorer.pictures.opening import open_upload
from explorer.pictures.preprocess import prepare
from tests.explorer.odd_files import LARGE_ONES, ODD, PICTURE, drawing, saved
from tests.explorer.pictures.test_batch import REFUSED, png, zipped
from tests.explorer.shown import app, said, sound, upload, words
from tests.places import ROOT
from trainer.errors import ImageError

pytestmark = pytest.mark.usefixtures("fresh_app")
MNIST, SHAPES = ((1, 28, 28), "mnist"), ((3, 32, 32), "shapes")
MOST_MB = 300


def outcome(data: bytes, name: str, shape: tuple[int, int, int], dataset: str) -> str:
    """`PICTURE`, or the sentence; anything else is raised."""
    try:
        ready = prepare(open_upload(data, shown_name(name)), shape, dataset)
    except ImageError as error:
        return str(error)
    assert ready.x.shape == shape
    assert np.isfinite(ready.x).all()
    assert ready.x.min() >= 0
    assert ready.x.max() <= 1
    return PICTURE


def is_one_sentence(text: str) -> bool:
    """One line that ends with its only full stop between words, and no sign of a traceback."""
    rest = re.sub(r"\([^)]*\)", "", text)  # what a decoder said
    return (
        "\n" not in text
        and rest.endswith(".")
        and not re.search(r"[.!?] [A-Z]", rest)
        and "Traceback" not in text
        and len(text) < 420
    )


def test_the_table_is_long_enough():
    assert len(ODD) + len(LARGE_ONES) + len(REFUSED) >= 60
    assert len(ODD) >= 60


@pytest.mark.parametrize("kind", ODD)
def test_each_file_gives_a_picture_or_one_sentence(kind):
    odd = ODD[kind]
    data = odd.make()
    for (shape, dataset), expected in zip((MNIST, SHAPES), odd.expected, strict=True):
        found = outcome(data, odd.name, shape, dataset)
        assert expected in found
        assert (found == PICTURE) == (expected == PICTURE)
        assert found == PICTURE or is_one_sentence(found), found


THE_SAME = [
    "16 bits",
    "1 bit",
    "CMYK JPEG",
    "palette",
    "interlaced PNG",
    "animated GIF",
    "TIFF of three pages",
    "grey with alpha",
    "real numbers",
    "corrupt EXIF",
    "corrupt ICC profile",
    "trailing rubbish",
]


@pytest.mark.parametrize("kind", THE_SAME)
def test_the_picture_is_the_drawing_whatever_holds_it(kind):
    expected = prepare(drawing(), *MNIST).x
    found = prepare(open_upload(ODD[kind].make(), "a"), *MNIST).x
    assert np.abs(found - expected).mean() < 0.02  # an edge that a lossy format moved by a part of a pixel


def test_no_file_takes_more_than_300_mb(tmp_path):
    """Of a process that reads them all, one after the other, whose memory never shrinks below its peak."""
    (tmp_path / "0 ordinary.png").write_bytes(saved(drawing(1500, 1500), "PNG"))
    for i, (kind, odd) in enumerate(ODD.items()):
        (tmp_path / f"odd {i} {re.sub('[^a-zA-Z0-9]', ' ', kind)}").write_bytes(odd.make())
    for i, (data, _) in enumerate(REFUSED.values()):
        (tmp_path / f"zip {i}.zip").write_bytes(data)
    for kind, make in LARGE_ONES.items():
        (tmp_path / f"large {kind}").write_bytes(make())
    heavy = LARGE_ONES["RGBA PNG"]()
    (tmp_path / "many large.zip").write_bytes(zipped({f"{i}.png": heavy + bytes(19_000_000 - len(heavy)) for i in range(9)}))
    command = [sys.executable, "-m", "tests.explorer.measure_uploads", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert len(found) == len(ODD) + len(REFUSED) + len(LARGE_ONES) + 2
    most = max(found, key=lambda name: found[name]["grown"])
    assert found[most]["grown"] <= MOST_MB, most
    for name, row in found.items():
        if name.startswith("large"):
            assert row["told"] == [PICTURE, PICTURE], name


# --- in the app


IN_THE_APP = [
    "zero bytes",
    "SVG called PNG",
    "PDF",
    "HTML",
    "truncated JPEG",
    "PNG of 50 000 × 50 000",
    "NaN TIFF",
    "AVIF",
    "PNG whose text is 64 MB",
    "fully transparent",
    "fully white",
    "1 × 1",
    "1 × 10 000",
    "markup as a name",
    "Markdown as a name",
    "a name of 300 letters",
    "a name with control characters",
    "a name that reads backwards",
    "no name",
    "animated WebP",
    "16 bits",
    "CMYK JPEG",
    "palette with transparency",
    "EXIF turned JPEG",
    "corrupt EXIF",
]


def test_a_session_goes_on_after_each_of_them():
    test = sound(app(run="mnist-2d", view="reconstruct").run())
    for kind in IN_THE_APP:
        odd = ODD[kind]
        test = upload(test, odd.name, odd.make(), "application/octet-stream")
        if odd.expected[0] == PICTURE:
            assert not test.error, kind
            assert "mean absolute error" in words(test), kind
        else:
            assert len(test.error) == 1, kind
            assert is_one_sentence(said(test.error[0])), kind
            assert odd.expected[0] in said(test.error[0]), kind
    test.segmented_control(key="reconstruct-source").set_value("Test image")
    assert "test image 0" in words(sound(test.run()))


def test_all_of_them_at_once_are_a_table_and_a_list_of_sentences():
    files = [(odd.name or "x", odd.make(), "application/octet-stream") for odd in (ODD[kind] for kind in IN_THE_APP)]
    files += [("all.zip", zipped({"../a.png": png(), "good.png": png()}), "application/zip"), ("=1+1.png", png(), "image/png")]
    test = sound(app(run="mnist-2d", view="reconstruct").run())
    test.segmented_control(key="reconstruct-source").set_value("Batch")
    sound(test.run())
    test.file_uploader[0].set_value(files)
    sound(test.run())
    pictures = [kind for kind in IN_THE_APP if ODD[kind].expected[0] == PICTURE]
    (table,) = test.dataframe
    assert len(table.value) == len(pictures) + 2
    assert list(table.value["percentile"]) == sorted(table.value["percentile"], reverse=True)
    (listed,) = test.warning
    lines = said(listed).splitlines()
    assert len(lines) == len(IN_THE_APP) - len(pictures) + 1
    for line in lines:
        assert line.startswith("- ")
        assert is_one_sentence(line)


def test_markdown_of_a_name_is_escaped_where_it_is_shown():
    odd = ODD["Markdown as a name"]
    test = upload(sound(app(run="mnist-2d", view="reconstruct").run()), odd.name, saved(drawing(), "PNG"))
    caption = next(caption.value for caption in test.caption if "mean absolute error" in caption.value)
    assert "\\!\\[x\\]\\(http" in caption
    assert "\\*\\*b\\*\\*" in caption
    test = upload(test, odd.name, odd.make())
    assert "\\!\\[x\\]\\(http" in test.error[0].value


def test_a_sentence_after_a_long_name_is_whole():
    test = upload(sound(app(run="mnist-2d", view="reconstruct").run()), "x" * 296 + ".png", b"no")
    assert said(test.error[0]).endswith("save it as PNG and try again.")
    assert items([("x" * 296 + ".png", b"no")])[0].name.endswith("x…")

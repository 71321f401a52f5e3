"""Is an archive of pictures read within bounds and refused in sentences, and is the table that comes of it what it says?"""

from __future__ import annotations

import csv
import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from explorer.pictures import batch
from explorer.pictures.batch import Item, csv_text, items
from explorer.pictures.judge import Against, Row, as_records, most_unusual_first, row_of
from explorer.pictures.trust import population
from trainer.datasets import load_dataset
from trainer.runs.catalogue import load_run


def png(seed: int = 0, size: int = 40) -> bytes:
    out = io.BytesIO()
    sheet = np.full((size, size), 250, np.uint8)
    sheet[size // 5 : -size // 5, size // 2 : size // 2 + size // 8 + seed % 3] = 10
    Image.fromarray(sheet).save(out, "PNG")
    return out.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def patched(data: bytes, local: tuple[int, bytes], central: tuple[int, bytes]) -> bytes:
    """A zip of one member with bytes of its two headers replaced, each at an offset from the header's beginning."""
    out = bytearray(data)
    for signature, (at, new) in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        begin = data.rindex(signature) + at
        out[begin : begin + len(new)] = new
    return bytes(out)


def encrypted() -> bytes:
    return patched(zipped({"a.png": png()}), (6, b"\x01\x00"), (8, b"\x01\x00"))


def link() -> bytes:
    out = io.BytesIO()
    info = zipfile.ZipInfo("a.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


def directory_of(n: int) -> bytes:
    """A zip whose directory lists the same small member n times."""
    data = zipped({"a.png": b"x"})
    begin, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    listed = data[begin:end] * n
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, min(n, 65535), min(n, 65535), len(listed), begin, 0)
    return data[:begin] + listed + tail


REFUSED = {
    "../": (zipped({"../a.png": png()}), "leads out of the archive"),
    "deeper ..": (zipped({"a/../../b.png": png()}), "leads out of the archive"),
    "backslash ..": (zipped({"..\\a.png": png()}), "leads out of the archive"),
    "absolute": (zipped({"/etc/a.png": png()}), "absolute path"),
    "drive": (zipped({"C:\\a.png": png()}), "absolute path"),
    "server": (zipped({"\\\\server\\a.png": png()}), "absolute path"),
    "nested": (zipped({"b.zip": zipped({"a.png": png()})}), "an archive in an archive"),
    "nested, called a picture": (zipped({"b.png": zipped({"a.png": png()})}), "an archive in an archive"),
    "gzip, called a picture": (zipped({"b.png": b"\x1f\x8b\x08rest"}), "an archive in an archive"),
    "text": (zipped({"readme.txt": b"hello"}), "is not a picture by its name"),
    "no suffix": (zipped({"readme": b"hello"}), "is not a picture by its name"),
    "encrypted": (encrypted(), "is encrypted"),
    "link": (link(), "is a link"),
    "bzip2": (zipped({"a.png": png()}, zipfile.ZIP_BZIP2), "compressed by method 12"),
    "lzma": (zipped({"a.png": png()}, zipfile.ZIP_LZMA), "compressed by method 14"),
    "bomb": (zipped({"a.png": bytes(30_000_000)}), "would have 30.0 MB"),
    "bomb that lies": (patched(zipped({"a.png": bytes(30_000_000)}), (22, b"\x10\0\0\0"), (24, b"\x10\0\0\0")), "is damaged"),
    "damaged": (zipped({"a.png": png()}, zipfile.ZIP_STORED).replace(b"IDAT", b"IDAX"), "is damaged (Bad CRC-32"),
    "cut": (zipped({"a.png": png()})[:-30], "is not a zip archive that can be read"),
    "empty file": (b"", "is empty"),
    "no member": (zipped({}), "holds no file"),
    "only a folder": (zipped({"a/": b""}), "holds no file"),
    "text called zip": (b"hello", "is not a zip archive that can be read"),
    "large directory": (directory_of(5000), "about 5000 entries"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_wrong_in_an_archive_is_one_sentence_and_the_picture_beside_it_is_read(kind):
    data, words = REFUSED[kind]
    found = items([("all.zip", data), ("good.png", png())])
    assert [item.name for item in found if item.data is not None] == ["good.png"]
    (refused,) = (item for item in found if item.data is None)
    assert words in refused.refusal
    assert refused.refusal.endswith(".")
    assert "\n" not in refused.refusal


def test_pictures_come_in_order_byte_for_byte_and_what_file_managers_add_is_passed_over():
    members = {"b/2.png": png(2), "__MACOSX/b/._2.png": b"?", "b/.DS_Store": b"?", "a.JPG": png(1), "Thumbs.db": b"?"}
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        found = items([("first.png", png()), ("all.zip", zipped(members, method))])
        assert [(item.name, item.data) for item in found] == [("first.png", png()), ("b/2.png", png(2)), ("a.JPG", png(1))]


def test_an_archive_is_known_by_its_content_too():
    assert [item.name for item in items([("all.png", zipped({"a.png": png()}))])] == ["a.png"]


@pytest.mark.parametrize("as_zip", [False, True])
def test_sixty_four_are_read_and_the_rest_is_counted(as_zip):
    named = {f"{i}.png": png(i) for i in range(70)}
    found = items([("all.zip", zipped(named))] if as_zip else list(named.items()))
    assert [item.name for item in found] == [*list(named)[:64], "6 more"]
    assert found[-1].refusal.startswith("6 more left out; allowed: 64 pictures at once")


def test_refusals_are_bounded_too():
    found = items([("all.zip", zipped({f"{i}.txt": b"" for i in range(300)}))])
    assert len(found) == 65
    assert found[-1].name == "236 more"


def test_what_does_not_fit_is_not_even_decompressed(monkeypatch):
    data = zipped({f"{i}.png": bytes(batch.MAX_BYTES) for i in range(9)})  # 180 MB in 180 kB
    read = []
    real = zipfile.ZipFile.open
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda self, info, *rest: read.append(info.filename) or real(self, info, *rest))
    found = items([("all.zip", data)])
    assert read == [f"{i}.png" for i in range(3)]
    assert found[-1].name == "6 more"


def test_an_entry_whose_name_begins_with_a_zero_byte_is_taken():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.png", b"x")
    found = items([("b.zip", out.getvalue().replace(b"a.png", b"\0.png"))])  # to zipfile its name is empty
    assert [(item.data, item.name) for item in found] == [(b"x", ".png")]


@settings(max_examples=150)
@given(st.integers(0), st.integers(0, 255))
def test_a_damaged_byte_of_an_archive_is_never_an_error(place, value):
    data = bytearray(zipped({"a.png": png(), "b/c.png": png(1)}))
    data[place % len(data)] = value
    for item in items([("all.zip", bytes(data))]):
        assert (item.data is None) == bool(item.refusal)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\u202egnp.exe", "a gnp.exe"),
        ("a\x00\nb.png", "a  b.png"),
        ("x" * 300 + ".png", "x" * 119 + "…"),
        ("<b>x</b>.png", "<b>x</b>.png"),
        ("\u200f", "a file without a name"),
    ],
)
def test_names_are_one_line_without_signs_that_hide_or_reverse(name, shown):
    assert items([(name, png())])[0].name == shown


# --- rows


def against(name: str) -> Against:
    run = load_run(name)
    stored, info = run.encodings, run.info.dataset
    elbo = None if run.config.is_deterministic else stored.elbo
    return Against(
        run.forward, info.name, info.class_names, stored.mu, stored.label, population(stored.mu, stored.reconstruction, elbo)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits-16d", "digits-pca", "digits-conditional-vae", "shapes-6d"])
def test_test_images_get_the_figures_that_the_run_stored_and_their_own_class(name):
    """Pictures of the model's own size pass unchanged; stored figures are of one draw, so they agree but for noise."""
    run, all_of = load_run(name), against(name)
    stored, names = run.encodings, run.info.dataset.class_names
    rows = np.linspace(0, len(stored.mu) - 1, 30).astype(int)
    images = load_dataset(run.info.dataset.name).images[stored.index[rows]]
    found = []
    for image in images:
        out, pixels = io.BytesIO(), image[0] if len(image) == 1 else image.transpose(1, 2, 0)
        Image.fromarray(pixels).save(out, "PNG")
        found.append(row_of(Item("x.png", out.getvalue()), all_of))
        np.testing.assert_array_equal(found[-1].fed, pixels)
    for figure, there in (("reconstruction", stored.reconstruction[rows]), ("elbo", stored.elbo[rows])):
        here = [getattr(row, figure) for row in found]
        if run.config.is_deterministic and figure == "elbo":
            assert here == [None] * 30
        else:
            assert np.corrcoef(here, there)[0, 1] > (0.8 if run.config.is_conditional else 0.95)
    if not run.config.is_conditional:  # there each stored code is under the image's own class, here under a guess
        assert max(row.distance for row in found) < 1e-3
        assert [row.nearest for row in found] == [names[label] for label in stored.label[rows]]


def test_faults_are_rows_and_do_not_stop_the_others():
    all_of = against("digits-16d")
    blank = io.BytesIO()
    Image.new("L", (50, 50), 255).save(blank, "PNG")
    found = items(
        [("bad.png", b"no"), ("blank.png", blank.getvalue()), ("all.zip", zipped({"../x.png": b"x"})), ("good.png", png())]
    )
    rows = [row_of(item, all_of) for item in found]
    assert [bool(row.problem) for row in rows] == [True, True, True, False]
    assert all(row.name in row.problem for row in rows[:3])
    assert [row.name for row in most_unusual_first(rows)] == ["good.png"]


def test_the_most_unusual_comes_first():
    rows = [
        Row("a", percentile=10.0, reconstruction=9.0),
        Row("b", percentile=99.0, reconstruction=1.0),
        Row("c", problem="no."),
        Row("d", percentile=99.0, reconstruction=5.0),
    ]
    assert [row.name for row in most_unusual_first(rows)] == ["d", "b", "a"]
    assert [record["name"] for record in as_records(rows)] == ["d", "b", "a", "c"]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "=cmd|' /C calc'!A0", "plain.png", 'a,"b"\nc']
)
def test_a_name_is_no_formula_in_a_spreadsheet_and_numbers_stay_numbers(name):
    text = csv_text(as_records([Row(name, percentile=1.5, elbo=-90.25, reconstruction=-3.0, distance=0.1, nearest="=7")]))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert not row["name"].lstrip(" ").startswith(batch.FORMULA)
    assert row["name"] in (name, f"'{name}")
    assert (row["name"] == name) == (name in ("plain.png", 'a,"b"\nc'))
    assert row["class of the nearest test image"] == "'=7"
    assert float(row["ELBO, nats"]) == -90.25
    assert float(row["reconstruction loss, nats"]) == -3.0


def test_a_table_of_nothing_is_empty():
    assert csv_text([]) == "\r\n"

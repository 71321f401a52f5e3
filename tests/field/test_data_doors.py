"""Is the same file the same picture at every door: folder, archive, table, array, upload?"""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.pictures.batch import items
from explorer.pictures.opening import open_upload
from explorer.pictures.preprocess import prepare
from trainer.datasets import Dataset, absolute_name, load_dataset
from trainer.datasets.archive import ZipSource
from trainer.datasets.pictures import to_grey_or_rgb
from trainer.errors import DataError

RNG = np.random.default_rng(5)
IMAGES = RNG.integers(0, 256, (24, 12, 12)).astype(np.uint8)
LABELS = np.arange(24) % 2
NAMES = ("circle", "cross")


def read(path: Path | str) -> Dataset:
    return load_dataset(absolute_name(str(path)))


def png(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, format="PNG")
    return out.getvalue()


def as_folder(folder: Path) -> Path:
    for i, (picture, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        path = folder / NAMES[label] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(picture))
    return folder


def as_zip(path: Path, before: str = "", more: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for i, (picture, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
            archive.writestr(f"{before}{NAMES[label]}/{i}.png", png(picture))
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return path


def as_csv(path: Path, rows: list[list[object]], delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def known(dataset: Dataset) -> dict[bytes, str]:
    """Class by the pixels of a picture."""
    assert dataset.labels is not None
    return {picture.tobytes(): dataset.class_names[label] for picture, label in zip(dataset.images, dataset.labels, strict=True)}


EXPECTED = {picture.tobytes(): NAMES[label] for picture, label in zip(IMAGES, LABELS, strict=True)}


def test_folder_and_zip_are_the_same_data_set(tmp_path: Path) -> None:
    folder = read(f"{as_folder(tmp_path / 'photos')}?size=12")
    archive = read(f"{as_zip(tmp_path / 'photos.zip')}?size=12")
    assert known(folder) == known(archive) == EXPECTED
    assert folder.sha256 == archive.sha256
    packed = read(f"{as_zip(tmp_path / 'packed.zip', 'photos/')}?size=12")
    assert known(packed) == EXPECTED


def test_a_zip_that_windows_made_and_its_litter(tmp_path: Path) -> None:
    path = tmp_path / "windows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i, (picture, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
            info = zipfile.ZipInfo("x")
            info.filename = f"photos\\{NAMES[label]}\\{i}.png"
            archive.writestr(info, png(picture))
        for name in ("__MACOSX/photos/circle/._0.png", "photos/Thumbs.db", "photos/circle/.DS_Store", "photos/notes.txt"):
            archive.writestr(name, b"x")
    dataset = read(f"{path}?size=12")
    assert known(dataset) == EXPECTED
    assert "1 file left out, no picture by ending: 1 .txt; 3 more, hidden or of other programs" in dataset.notes


def test_a_zip_of_splits_is_divided_as_given(tmp_path: Path) -> None:
    path = tmp_path / "split.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i, (picture, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
            archive.writestr(f"data/{['Train', 'Test'][i % 4 == 0]}/{NAMES[label]}/{i}.png", png(picture))
    dataset = read(f"{path}?size=12")
    test = {picture.tobytes() for picture in dataset.subset("test").images}
    assert test == {picture.tobytes() for picture in IMAGES[::4]}


def test_a_bomb_costs_one_picture_and_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(60_000_000))
        for i in range(4):
            archive.writestr(f"{i}.png", png(IMAGES[i]))
    dataset = read(tmp_path / "bomb.zip")
    assert dataset.n == 4
    assert "1 unreadable file was skipped: bomb.png" in dataset.notes


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_could_not_be_unpacked_in_parts_is_not_unpacked(tmp_path: Path, method: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever such a member says of its size, unpacking its first byte would unpack a block of any size."""
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w") as archive:
        archive.writestr("bomb.png", bytes(60_000_000), method)
        for i in range(4):
            archive.writestr(f"{i}.png", png(IMAGES[i]))
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", method) as archive, archive.open("images.npy", "w") as member:
        np.save(member, np.zeros((100, 400, 400), np.uint8))
    opened: list[str] = []
    real = zipfile.ZipFile.open

    def noted(self: zipfile.ZipFile, name: zipfile.ZipInfo, *more: object, **named: object) -> object:
        opened.append(name if isinstance(name, str) else name.filename)
        return real(self, name, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(zipfile.ZipFile, "open", noted)
    dataset = read(tmp_path / "bomb.zip")
    assert dataset.n == 4
    assert "1 unreadable file was skipped: bomb.png" in dataset.notes
    with pytest.raises(DataError, match=r"is compressed in another way than numpy does; allowed: an \.npz"):
        read(tmp_path / "bomb.npz")
    assert sorted(set(opened)) == [f"{i}.png" for i in range(4)]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"no zip at all", "is not a zip archive that can be read"),
        (b"PK\x03\x04" + bytes(80), "is not a zip archive"),
    ],
)
def test_what_is_no_zip_is_a_sentence(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(DataError, match=says):
        read(tmp_path / "a.zip")


def test_names_in_a_zip_never_become_paths(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "evil.zip", more={"../../evil.png": png(IMAGES[0]), "/etc/evil.png": png(IMAGES[0])})
    read(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evil.zip"]
    assert "../../evil.png" in ZipSource(path).members


def test_pictures_of_one_name_in_a_zip_are_counted(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "twice.zip", more={"./circle/0.png": png(IMAGES[5]), "cross/notes.txt": b""})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("cross/1.png", png(IMAGES[7]))
    dataset = read(f"{path}?size=12")
    assert dataset.n == 24
    assert "2 pictures left out, as a later one of the archive has the same name: circle/0.png, cross/1.png" in dataset.notes


@pytest.mark.parametrize("door", ["folder", "zip", "csv", "npz"])
def test_more_classes_than_can_be_are_none_at_every_door(tmp_path: Path, door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.datasets.labels.MOST_CLASSES", 1)
    monkeypatch.setattr("trainer.datasets.decoding.order.MOST_CLASSES", 1)
    path = {
        "folder": lambda: as_folder(tmp_path / "photos"),
        "zip": lambda: as_zip(tmp_path / "photos.zip"),
        "csv": lambda: as_csv(tmp_path / "a.csv", [["label", *HEADER], *rows_of_pixels()]),
        "npz": lambda: tmp_path / "own.npz",
    }[door]()
    if door == "npz":
        np.savez(path, images=IMAGES, labels=LABELS)
    dataset = read(path)
    assert dataset.labels is None
    assert any("2 different" in note and note.endswith("group them into at most 1") for note in dataset.notes)


@pytest.mark.parametrize("names", [("Train", "test"), ("train_images", "test_images"), ("x-train", "x-val")])
def test_splits_whose_classes_differ_in_case_have_the_same_classes(tmp_path: Path, names: tuple[str, str]) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i, (picture, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
            name = NAMES[label].upper() if i < 6 else NAMES[label]
            archive.writestr(f"{names[i < 6]}/{name}/{i}.png", png(picture))
    dataset = read(f"{path}?size=12")
    assert known(dataset) == EXPECTED
    assert {picture.tobytes() for picture in dataset.subset("test").images} == {picture.tobytes() for picture in IMAGES[:6]}
    told = "class names of different splits that differ only in case were taken as one class: CIRCLE as circle, CROSS as cross"
    assert told in dataset.notes


@pytest.mark.parametrize("is_long", [False, True, None])
def test_a_directory_beyond_the_bound_is_not_read(tmp_path: Path, is_long: bool | None) -> None:
    """The end of an archive is written by hand after APPNOTE 4.3.14 to 4.3.16, with a directory of 1 GB; None: only the locator of
    the longer record is there."""
    length, data = 10**9, bytes(200)
    record = b"PK\x06\x06" + (44).to_bytes(8, "little") + bytes(28) + length.to_bytes(8, "little") + bytes(8)
    locator = b"PK\x06\x07" + bytes(4) + len(data).to_bytes(8, "little") + (1).to_bytes(4, "little")
    end = b"PK\x05\x06" + bytes(8) + (length if is_long is False else 0xFFFFFFFF).to_bytes(4, "little") + bytes(6)
    (tmp_path / "a.zip").write_bytes(data + {True: record + locator, False: b"", None: locator}[is_long] + end)
    with pytest.raises(DataError, match=rf"has a directory of {4295 if is_long is None else 1000} MB; allowed: at most 200 MB"):
        read(tmp_path / "a.zip")


def test_an_ordinary_zip64_archive_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)  # more files, and zipfile writes the longer record
    path = as_zip(tmp_path / "a.zip")
    assert b"PK\x06\x06" in path.read_bytes()
    assert known(read(f"{path}?size=12")) == EXPECTED


# --- tables


def rows_of_pixels(label: bool = True) -> list[list[object]]:
    return [[*([NAMES[y]] if label else []), *picture.ravel().tolist()] for picture, y in zip(IMAGES, LABELS, strict=True)]


HEADER = [f"pixel{i}" for i in range(144)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_of_pixels_as_kaggle_has_it(tmp_path: Path, delimiter: str) -> None:
    path = as_csv(tmp_path / "train.csv", [["label", *HEADER], *rows_of_pixels()], delimiter)
    assert known(read(path)) == EXPECTED


def test_a_table_of_pixels_without_a_header(tmp_path: Path) -> None:
    rows = [[int(y), *row] for y, row in zip(LABELS, rows_of_pixels(label=False), strict=True)]
    dataset = read(as_csv(tmp_path / "mnist.csv", rows))
    assert dataset.class_names == ("0", "1")
    assert {key: NAMES[int(name)] for key, name in known(dataset).items()} == EXPECTED
    plain = read(as_csv(tmp_path / "plain.csv", rows_of_pixels(label=False)))
    assert plain.labels is None
    assert (plain.images[:, 0] == IMAGES).all()


def test_a_table_with_pixels_in_one_cell_and_a_column_of_splits(tmp_path: Path) -> None:
    usage = ["Training", "PublicTest", "PrivateTest"]
    rows = [
        [NAMES[y], " ".join(map(str, picture.ravel())), usage[i % 3]]
        for i, (picture, y) in enumerate(zip(IMAGES, LABELS, strict=True))
    ]
    dataset = read(as_csv(tmp_path / "fer.csv", [["emotion", "pixels", "Usage"], *rows]))
    assert known(dataset) == EXPECTED
    assert dataset.splits["train"].tolist() == list(range(0, 24, 3))
    assert dataset.splits["validation"].tolist() == list(range(1, 24, 3))
    assert dataset.splits["test"].tolist() == list(range(2, 24, 3))


@pytest.mark.parametrize(
    ("cells", "names", "labels"),
    [
        (["-1", "1", "01", "1.0", "", "2", "1e0"], ("1", "2"), [-1, 0, 0, 0, -1, 1, 0]),
        (["9007199254740992", "9007199254740993"], ("9007199254740992", "9007199254740993"), [0, 1]),
        (["cat", "", "dog", "-1"], ("cat", "dog"), [0, -1, 1, -1]),
        (["10", "9", "x1"], ("9", "10", "x1"), [1, 0, 2]),
        (["1e999999999", "2"], ("1e999999999", "2"), None),
        (["36893488147419103232", "-5", "-1"], ("-5", "36893488147419103232"), [1, 0, -1]),
    ],
)
def test_numbers_texts_and_nothing_in_a_column_of_labels(
    tmp_path: Path, cells: list[str], names: tuple[str, ...], labels: list[int] | None
) -> None:
    rows = [[cells[i % len(cells)], *picture.ravel().tolist()] for i, picture in enumerate(IMAGES)]
    dataset = read(as_csv(tmp_path / "a.csv", [["label", *HEADER], *rows]))
    assert set(dataset.class_names) == set(names)
    if labels is not None:
        assert dataset.labels is not None
        assert dataset.class_names == names
        assert dataset.labels.tolist() == [labels[i % len(cells)] for i in range(24)]


def test_a_large_image_in_one_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    side, before = 300, csv.field_size_limit()
    pictures = RNG.integers(100, 256, (3, side, side)).astype(np.uint8)
    rows = [["label", "pixels"], *([i, " ".join(map(str, picture.ravel()))] for i, picture in enumerate(pictures))]
    assert len(str(rows[1][1])) > before
    path = as_csv(tmp_path / "a.csv", rows)
    assert (read(path).images[:, 0] == pictures).all()
    assert csv.field_size_limit() == before
    monkeypatch.setattr("trainer.datasets.table.LONGEST_CELL", 1000)
    with pytest.raises(DataError, match=r"a cell has more than 1000 characters; allowed: .*up to 512 × 512"):
        read(path)
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("cell", ["link", "link.png"])
def test_a_link_out_of_the_folder_is_followed_only_when_asked(tmp_path: Path, cell: str) -> None:
    folder = tmp_path / "table"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(png(IMAGES[9]))
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    rows: list[list[object]] = [["file", "label"], [cell, "a"], ["0.png", "b"]]
    for i in range(4):
        (folder / f"{i}.png").write_bytes(png(IMAGES[i]))
        rows.append([f"{i}.png", "a"])
    path = as_csv(folder / "a.csv", rows)
    dataset = read(f"{path}?size=12")
    secret = IMAGES[9].tobytes()
    assert secret not in {picture.tobytes() for picture in dataset.images}
    assert any(note.startswith("1 file outside of the table's folder left out") for note in dataset.notes)
    assert "1 row names a file again: the last one counts" in dataset.notes
    assert secret in {picture.tobytes() for picture in read(f"{path}?size=12&links=follow").images}


@pytest.mark.parametrize("ending", [".png", ""])
def test_a_table_of_files_and_labels(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    rows: list[list[object]] = [["image", "label"]]
    for i, (picture, y) in enumerate(zip(IMAGES, LABELS, strict=True)):
        (folder / f"{i}.png").write_bytes(png(picture))
        rows.append([f"images/{i}{ending}", NAMES[y]])
    rows += [["images/none.png", "cross"], ["../outside.png", "cross"], ["/etc/passwd.png", "cross"]]
    (tmp_path.parent / "outside.png").write_bytes(png(IMAGES[0]))
    dataset = read(f"{as_csv(tmp_path / 'labels.csv', rows)}?size=12")
    assert known(dataset) == EXPECTED
    assert "1 file of the table not there: images/none.png" in dataset.notes
    assert any(note.startswith("2 files outside of the table's folder left out") for note in dataset.notes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no row"),
        ("label,pixel0\n", "has no row"),
        ("a,b,c\n1,2,3\n1,2,3\n", "no square number of pixels"),
        ("1,2,3,4\n1,2,3,4\n1,2\n", "row 3 has 0 pixels"),
        ("label,p0,p1,p2,p3\nx,1,2,3,4\nx,1,2,3,cat\nx,1,2,3,4\n", "row 2: a pixel is not a number but 'cat'; fix it"),
        ("\n\nlabel,p0,p1,p2,p3\nx,1,2,3,4\nx,1,2,,4\nx,1,2,3,4\n", "row 2: a pixel is not a number but ''"),
        ("label,p0,p1,p2,p3\nx,1,2,3,nan\nx,1,2,3,4\nx,1,2,3,4\n", "image 0 has a pixel that is not a number"),
    ],
)
def test_what_is_no_table_is_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=says):
        read(tmp_path / "a.csv")


def test_a_quote_that_is_not_closed_costs_its_own_cell_and_is_told(tmp_path: Path) -> None:
    rows = [",".join(map(str, RNG.integers(0, 256, 784))) for _ in range(1000)]
    rows[600] = '"'.join(rows[600].rsplit(",", 1)).replace('"', ',"')
    (tmp_path / "a.csv").write_text("\n".join(rows))
    tracemalloc.start()
    with pytest.raises(
        DataError, match=r"row 601 has a pixel of .* characters, '.*' …; look for a quote that is not closed\.$"
    ) as error:
        read(tmp_path / "a.csv")
    assert tracemalloc.get_traced_memory()[1] < 300e6
    tracemalloc.stop()
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("names", ["first", "none"])
def test_a_header_that_does_not_name_the_rows_names(tmp_path: Path, names: str) -> None:
    """As R writes a table: one name fewer than columns, the names of rows before them. And an empty line before it."""
    header, others = ["label", *(f"p{k}" for k in range(144))], rows_of_pixels()
    lines = [
        "" if names == "first" else "\n",
        ",".join(map(str, header)),
        *(f'"r{i}",{",".join(map(str, row))}' for i, row in enumerate(others)),
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    assert known(read(tmp_path / "a.csv")) == EXPECTED


def test_a_comma_behind_every_row_is_no_column(tmp_path: Path) -> None:
    header, others = ["label", *(f"p{k}" for k in range(144))], rows_of_pixels()
    lines = [",".join(map(str, header)), *(f"{','.join(map(str, row))}," for row in others)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    assert known(read(tmp_path / "a.csv")) == EXPECTED


# --- arrays of several parts


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "Y_train", "X_val", "Y_val"),
    ],
)
def test_parts_of_an_npz_are_its_splits(tmp_path: Path, names: tuple[str, ...]) -> None:
    arrays = dict(zip(names, (IMAGES[:18], LABELS[:18, None], IMAGES[18:], LABELS[18:, None]), strict=True))
    np.savez(tmp_path / "own.npz", **arrays, class_names=np.array(NAMES))
    dataset = read(tmp_path / "own.npz")
    assert known(dataset) == EXPECTED
    assert dataset.splits["test"].tolist() == list(range(18, 24))


def test_parts_of_other_scales_and_spellings_are_one_set(tmp_path: Path) -> None:
    said = np.array(NAMES)[LABELS]
    np.savez(
        tmp_path / "own.npz", x_train=IMAGES[:18], y_train=said[:18], x_val=IMAGES[18:] / 255, y_valid=np.char.upper(said[18:])
    )
    dataset = read(tmp_path / "own.npz")
    assert known(dataset) == EXPECTED
    assert (
        "the parts have pixels of different ranges, and each was rescaled from its own: x_train 0 to 255, x_val 0 to 1"
        in dataset.notes
    )
    assert any("CIRCLE as circle, CROSS as cross" in note for note in dataset.notes)


def test_a_huge_array_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 64, 64)})
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", header.getvalue() + bytes(100))
    with pytest.raises(DataError, match=r"array 'images' has 4096 GB; allowed: at most 16 GB"):
        read(tmp_path / "bomb.npz")


@pytest.mark.parametrize(
    ("name", "says"), [("images", "'images' is no array that numpy wrote"), ("labels", "'labels' is no array")]
)
def test_a_member_that_numpy_did_not_write_is_told(tmp_path: Path, name: str, says: str) -> None:
    np.savez(tmp_path / "own.npz", **({} if name == "images" else {"images": IMAGES}))
    with zipfile.ZipFile(tmp_path / "own.npz", "a") as archive:
        archive.writestr(name, b"not an array")
    with pytest.raises(DataError, match=says):
        read(tmp_path / "own.npz")


def test_two_arrays_of_one_name_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=IMAGES)
    with zipfile.ZipFile(tmp_path / "own.npz", "a") as archive:
        archive.writestr("images", b"not an array")
    with pytest.raises(DataError, match="holds two arrays of one name"):
        read(tmp_path / "own.npz")


def test_who_holds_a_split_at_the_same_time_shares_its_copy(tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", np.concatenate([IMAGES, IMAGES[::-1] ^ 1]))
    dataset = read(tmp_path / "own.npy")
    one, again = dataset.subset("train"), dataset.subset("train")
    assert np.shares_memory(one.images, again.images)
    np.testing.assert_array_equal(one.images, dataset.images[dataset.splits["train"]])
    assert not one.images.flags.writeable


def test_an_option_without_effect_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", x_train=IMAGES[:18], x_test=IMAGES[18:])
    dataset = read(f"{tmp_path / 'own.npz'}?size=8&held-out=0.4")
    assert dataset.image_shape == (1, 12, 12)
    assert dataset.splits["test"].tolist() == list(range(18, 24))
    assert any("held-out=0.4 does not change that" in note for note in dataset.notes)
    assert any(note.startswith("size=8 has no effect") for note in dataset.notes)


# --- uploads


@pytest.mark.parametrize("kind", ["JPEG", "PPM", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("upper", [False, True])
def test_every_kind_gets_the_same_answer_in_a_folder_a_zip_and_an_upload(tmp_path: Path, kind: str, upper: bool) -> None:
    ending = {"JPEG": "jfif", "PPM": "pgm"}.get(kind, kind.lower())
    name = f"one.{ending.upper() if upper else ending}"
    out = io.BytesIO()
    Image.fromarray(np.kron(IMAGES[0], np.ones((4, 4), np.uint8))).save(out, format=kind)
    (tmp_path / "photos").mkdir()
    for i in range(3):
        (tmp_path / "photos" / f"{i}{name}").write_bytes(out.getvalue())
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for i in range(3):
            archive.writestr(f"{i}{name}", out.getvalue())
    folder, packed = read(f"{tmp_path / 'photos'}?size=48"), read(f"{tmp_path / 'photos.zip'}?size=48")
    (single,) = items([(name, out.getvalue())])
    several = items([("photos.zip", (tmp_path / "photos.zip").read_bytes())])
    assert single.data is not None
    uploaded = np.asarray(to_grey_or_rgb(open_upload(single.data, name)).convert("L"))
    assert len(several) == 3
    assert all(item.data == single.data for item in several)
    for dataset in (folder, packed):
        assert dataset.n == 3
        assert np.abs(dataset.images[0, 0].astype(int) - uploaded).max() <= (2 if kind in ("JPEG", "WEBP") else 0)


@pytest.mark.parametrize("name", ["a.heic", "a.svg", "a.txt", "none"])
def test_what_is_no_kind_is_told_at_every_door(tmp_path: Path, name: str) -> None:
    folder = as_folder(tmp_path / "photos")
    (folder / "circle" / name).write_bytes(b"x")
    path = as_zip(tmp_path / "photos.zip", more={f"circle/{name}": b"x"})
    kind = f"1 .{name[2:]}" if "." in name else "1 without an ending"
    for dataset in (read(folder), read(path)):
        assert any(f"1 file left out, no picture by ending: {kind}" in note for note in dataset.notes)
    refusals = [item.refusal for item in items([("photos.zip", path.read_bytes())]) if item.refusal]
    assert any(f"{name} is not a picture by its name" in refusal for refusal in refusals)


@pytest.mark.parametrize("kind", ["TIFF", "GIF"])
def test_an_upload_of_several_pictures_says_that_the_first_is_looked_at(kind: str) -> None:
    out = io.BytesIO()
    first, *rest = (Image.fromarray(picture) for picture in IMAGES[:5])
    first.save(out, format=kind, save_all=True, append_images=rest)
    image = open_upload(out.getvalue(), "stack")
    assert (np.asarray(image.convert("L")) == IMAGES[0]).all()
    said = prepare(image, (1, 12, 12), "folder:/x").steps[0].sentence
    assert said.startswith("12 × 12 pixels, the first of 5 pictures in the file.")

"""Rows D1 to D17 of what people bring: is each data set read as what it is, and is it said what was assumed?

The right values are of another source: the pictures as Pillow and numpy read them here, counts of files, arithmetic.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.field.cases import CASES, copied, needs_cases
from trainer.datasets import Dataset, absolute_name, load_dataset
from trainer.errors import DataError

pytestmark = needs_cases


def read(case: str | Path) -> Dataset:
    return load_dataset(absolute_name(str(CASES / case)))


def sizes(dataset: Dataset) -> dict[str, int]:
    return {name: len(index) for name, index in dataset.splits.items()}


def pictures(folder: Path) -> dict[bytes, Path]:
    """Every PNG of a folder by its pixels, as Pillow reads them."""
    return {np.asarray(Image.open(path)).tobytes(): path for path in sorted(folder.rglob("*.png"))}


# --- D1


@pytest.mark.parametrize("n", [3, 4, 6, 9, 12])
def test_d1_a_tiny_folder_has_a_few_test_pictures_and_more_to_learn_from(n: int) -> None:
    dataset = read(f"a12_tiny/{n}")
    found = sizes(dataset)
    assert sum(found.values()) == n
    assert found["test"] == max(1, n // 3)
    assert found["train"] >= found["test"]


@pytest.mark.parametrize("case", ["a14_blank/white", "a14_blank/same", "a12_import/photos"])
def test_d1_folders_of_ten_and_twenty_have_more_than_one_test_picture(case: str) -> None:
    assert sizes(read(case))["test"] >= 3


@pytest.mark.parametrize(
    ("case", "n", "classes"),
    [("a13_one_class/photos", 20, ("circle",)), ("a15_odd/photos", None, None), ("a16_many8/photos", 60, ())],
)
def test_one_class_odd_sizes_and_many_small_pictures_are_all_there(
    case: str, n: int | None, classes: tuple[str, ...] | None
) -> None:
    files = sorted((CASES / case).rglob("*.png"))
    dataset = read(case + "?size=32")
    assert sum(sizes(dataset).values()) == len(files)
    assert n is None or len(files) == n
    assert dataset.class_names == (tuple(sorted({path.parent.name for path in files})) if classes is None else classes)
    assert dataset.image_shape == (1, 32, 32)


def test_an_odd_table_keeps_its_height_and_width() -> None:
    with np.load(CASES / "a15_odd/odd.npz") as arrays:
        images, labels = arrays["images"], arrays["labels"]
    dataset = read("a15_odd/odd.npz")
    assert dataset.image_shape == (1, *images.shape[1:])
    assert sum(sizes(dataset).values()) == len(images)
    assert len(dataset.class_names) == len(np.unique(labels))


# --- D2


@pytest.mark.parametrize(("case", "white"), [("twelve", 4095), ("sixteen", 65535)])
def test_d2_one_white_for_the_whole_set(case: str, white: int) -> None:
    dataset = read(f"a5_deep/{case}")
    raw = [np.asarray(Image.open(path)) for path in sorted((CASES / "a5_deep" / case).rglob("*.png"))]
    expected = sorted(np.rint(picture.astype(float) * 255 / white).astype(int).tobytes() for picture in raw)
    assert sorted(picture[0].astype(int).tobytes() for picture in dataset.images) == expected
    assert any(f"{white} was taken as white" in note for note in dataset.notes)


def test_d2_both_depths_have_the_same_black_and_white() -> None:
    twelve, sixteen = read("a5_deep/twelve"), read("a5_deep/sixteen")
    assert np.unique(twelve.images).tolist() == np.unique(sixteen.images).tolist() == [20, 230]


# --- D3


@pytest.mark.parametrize(
    "case", ["a6_masks/masks", "b2_dtypes/zero_one_uint8.npz", "b2_dtypes/zero_one_int64.npz", "b2_dtypes/bool.npz"]
)
def test_d3_masks_of_every_type_are_black_and_white(case: str) -> None:
    dataset = read(case)
    assert np.unique(dataset.images).tolist() == [0, 255]
    assert any("white" in note for note in dataset.notes)


def test_d3_the_masks_are_those_of_the_file() -> None:
    with np.load(CASES / "b2_dtypes/bool.npz") as file:
        assert (read("b2_dtypes/bool.npz").images[:, 0] == 255 * file["images"]).all()


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("minus1", "were taken as −1 to 1"),
        ("float_255", "were taken as 0 to 255"),
        ("uint16", "were taken as 0 to 4095"),
        ("rgba", "opacity"),
    ],
)
def test_d3_other_ranges_are_rescaled_and_said(case: str, says: str) -> None:
    assert any(says in note for note in read(f"b2_dtypes/{case}.npz").notes)


@pytest.mark.parametrize("case", ["bigendian", "float16", "int64"])
def test_d3_usual_ranges_of_other_types_are_read_without_a_word(case: str) -> None:
    dataset = read(f"b2_dtypes/{case}.npz")
    assert (dataset.images.min(), dataset.images.max()) == (20, 230)
    assert len(dataset.notes) == 1  # how it was divided


@pytest.mark.parametrize(("case", "says"), [("complex", "complex64"), ("flat", r"reshape\(-1, 32, 32\)"), ("text", r"\(3,\)")])
def test_d3_what_is_no_picture_is_a_sentence_with_the_remedy(case: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read(f"b2_dtypes/{case}.npz")


# --- D4


def test_d4_a_given_split_is_respected() -> None:
    dataset = read("a1_split_layout/shapes")
    assert dataset.class_names == ("circle", "cross")
    folders = {"train": "train", "validation": "val", "test": "test"}
    for split, folder in folders.items():
        part = dataset.subset(split)
        for k, name in enumerate(dataset.class_names):
            there = sorted(
                np.asarray(Image.open(path)).tobytes() for path in (CASES / "a1_split_layout/shapes" / folder / name).iterdir()
            )
            assert sorted(picture[0].tobytes() for picture in part.images[np.asarray(part.labels) == k]) == there
    assert any("as given (train, val, test)" in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"train": "Train", "val": "Valid", "test": "TEST"}, {"train": 40, "validation": 12, "test": 12}),
        ({"train": "training", "val": "validation", "test": "testing"}, {"train": 40, "validation": 12, "test": 12}),
        ({"train": "train", "val": "dev", "test": "eval"}, {"train": 36, "validation": 4, "test": 24}),  # two names of one part
        ({"train": "train", "val": "", "test": "test"}, {"train": 36, "validation": 4, "test": 12}),
        ({"train": "train", "val": "val", "test": ""}, {"train": 36, "validation": 4, "test": 12}),
    ],
)
def test_d4_every_case_and_spelling(tmp_path: Path, names: dict[str, str], expected: dict[str, int]) -> None:
    folder = copied("a1_split_layout/shapes", tmp_path)
    for old, new in names.items():
        if not new:
            shutil.rmtree(folder / old)
        elif new != old:
            (folder / old).rename(folder / f"{new}-")
            (folder / f"{new}-").rename(folder / new)
    dataset = read(folder)
    assert sizes(dataset) == expected
    assert dataset.class_names == ("circle", "cross")


def test_d4_one_outer_folder_does_not_count(tmp_path: Path) -> None:
    copied("a1_split_layout/shapes", tmp_path / "outer" / "inner")
    inside, outside = read(tmp_path / "outer" / "inner" / "shapes"), read(tmp_path / "outer")
    assert sizes(inside) == sizes(outside)
    assert outside.class_names == ("circle", "cross")
    assert any("'inner/shapes', the only folder" in note for note in outside.notes)


def test_d4_splits_below_the_classes(tmp_path: Path) -> None:
    folder = copied("a1_split_layout/shapes", tmp_path)
    for path in sorted(folder.rglob("*.png")):
        split, label, name = path.relative_to(folder).parts
        target = tmp_path / "turned" / label / split / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    dataset = read(tmp_path / "turned")
    assert sizes(dataset) == {"train": 40, "validation": 12, "test": 12}
    assert dataset.class_names == ("circle", "cross")


def test_d4_pictures_directly_in_the_folders_of_the_splits(tmp_path: Path) -> None:
    folder = copied("a1_split_layout/shapes", tmp_path)
    for path in sorted(folder.rglob("*.png")):
        split, label, name = path.relative_to(folder).parts
        path.rename(folder / split / f"{label}-{name}")
    for path in folder.glob("*/c*"):
        if path.is_dir():
            path.rmdir()
    dataset = read(folder)
    assert sizes(dataset) == {"train": 40, "validation": 12, "test": 12}
    assert dataset.labels is None


# --- D6


def test_d6_a_relative_name_becomes_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / "b7_relative")
    cases = CASES.resolve()
    expected = f"npz:{cases / 'b7_relative' / 'own.npz'}"
    for name in ("own.npz", "./own.npz", "npz:own.npz", "NPZ:own.npz", "../b7_relative/own.npz"):
        assert absolute_name(name) == expected
    assert load_dataset("own.npz").name == expected
    assert absolute_name("../a12_tiny/12?size=8") == f"folder:{cases / 'a12_tiny' / '12'}?size=8"
    assert absolute_name("folder:../a12_tiny/12?size=8&held-out=0.5") == f"folder:{cases / 'a12_tiny' / '12'}?size=8&held-out=0.5"


# --- D7, D8, D9


def test_d7_an_npy_is_images(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.load(CASES / "b3_npy/images.npy")
    dataset = read("b3_npy/images.npy")
    assert (dataset.images[:, 0] == array).all()
    assert dataset.labels is None
    with pytest.raises(DataError, match=r"is a file \.npy; allowed: a file \.npz"):
        load_dataset(f"npz:{CASES / 'b3_npy/images.npy'}")


@pytest.mark.parametrize("case", ["empty", "empty_float"])
def test_d8_no_images_is_a_sentence(case: str) -> None:
    with pytest.raises(DataError, match=r"are none \(shape \(0, 32, 32\)\); allowed: 3 or more"):
        read(f"b2_dtypes/{case}.npz")


def test_d9_an_array_of_objects_beside_the_images_is_left_alone() -> None:
    dataset = read("b1_metadata/sprites.npz")
    assert dataset.n == 60
    assert "arrays that are not read: metadata" in dataset.notes


def test_d9_a_bad_array_that_is_needed_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=np.zeros((5, 4, 4), np.uint8), labels=np.array([{}] * 5))
    with pytest.raises(DataError, match="array 'labels' cannot be read, it holds Python objects"):
        read(tmp_path / "own.npz")


# --- D10 to D13


def labels_of(case: str) -> NDArray[np.generic]:
    with np.load(CASES / case) as file:
        return np.asarray(file["labels"])


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("ids", ("20240105", "20240212")),
        ("from_one", ("1", "2", "3")),
        ("strings", ("circle", "cross")),
        ("floats", ("0", "1")),
        ("bool", ("0", "1")),
        ("uint64", ("0", "1")),
        ("column", ("0", "1")),
    ],
)
def test_d10_the_values_that_occur_are_the_classes(case: str, names: tuple[str, ...]) -> None:
    dataset, raw = read(f"b5_labels/{case}.npz"), labels_of(f"b5_labels/{case}.npz").reshape(-1)
    assert dataset.class_names == names
    assert dataset.labels is not None
    for label, value in zip(dataset.labels, raw, strict=True):
        assert names[label] == (str(value) if raw.dtype.kind == "U" else str(int(value)))


def test_d11_minus_one_is_no_label_and_said() -> None:
    dataset, raw = read("b5_labels/minus_one.npz"), labels_of("b5_labels/minus_one.npz")
    assert dataset.labels is not None
    assert ((dataset.labels == -1) == (raw == -1)).all()
    assert any(note.startswith(f"{(raw == -1).sum()} images have no label (−1)") for note in dataset.notes)


def test_d11_one_hot_rows_are_labels() -> None:
    dataset = read("b5_labels/onehot.npz")
    assert dataset.labels is not None
    assert (dataset.labels == labels_of("b5_labels/onehot.npz").argmax(1)).all()


def test_d12_names_as_bytes_are_text() -> None:
    assert read("b4_names/bytes.npz").class_names == ("circle", "cross")
    assert read("b4_names/markup.npz").class_names == ("<5 mm", "5–10 mm & more", "$x^2$ <b>big</b>")


def test_d13_equal_names_are_numbered() -> None:
    dataset = read("b4_names/same.npz")
    assert dataset.class_names == ("thing", "thing (2)")
    assert any("they are numbered" in note for note in dataset.notes)


# --- D14


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """The two folders of links, which git and archives keep as files with the link's text."""
    folder = copied("a4_symlinks", tmp_path)
    for path in sorted((folder / "by_file").rglob("*.png")):
        target = path.read_text().strip()
        path.unlink()
        path.symlink_to(target)
    for name in ("circle", "cross"):
        path = folder / "by_class" / name
        target = path.read_text().strip()
        path.unlink()
        path.symlink_to(target)
    return folder


@pytest.mark.parametrize(("case", "n"), [("by_file", 24), ("by_class", 2)])
def test_d14_links_that_lead_out_are_said_and_can_be_allowed(links: Path, case: str, n: int) -> None:
    with pytest.raises(DataError, match=rf"{n} links that lead out of the folder were not followed \(add links=follow"):
        read(links / case)
    dataset = read(f"{links / case}?links=follow")
    assert Counter(np.asarray(dataset.labels).tolist()) == {0: 12, 1: 12}
    assert dataset.class_names == ("circle", "cross")
    assert dataset.name.endswith("?links=follow")


def test_d14_links_in_circles_come_to_an_end(links: Path) -> None:
    (links / "by_class" / "again").symlink_to(links / "by_class")
    assert read(f"{links / 'by_class'}?links=follow").n == 24


# --- D15


def test_d15_jfif_and_pgm_are_pictures() -> None:
    dataset = read("a11_endings/photos")
    n = sum(path.is_file() for path in (CASES / "a11_endings/photos").rglob("*"))
    assert dataset.n == n == 28


def test_d15_what_is_left_out_is_counted_by_ending_and_an_empty_class_is_named(tmp_path: Path) -> None:
    folder = copied("a8_empty_class/photos", tmp_path)
    (folder / "triangle").mkdir()
    notes = read(folder).notes
    assert "folders without a picture, so no classes: heart, triangle" in notes
    assert any("5 files left out, no pictures by ending: 5 .heic" in note for note in notes)


def test_d15_every_page_of_a_stack_is_a_picture_and_pages_stay_together() -> None:
    dataset = read("a10_stacks/stacks")
    pages = []
    for path in sorted((CASES / "a10_stacks/stacks").rglob("*.tif")):
        with Image.open(path) as file:
            for page in range(file.n_frames):
                file.seek(page)
                pages.append(np.asarray(file).tobytes())
    assert sorted(picture[0].tobytes() for picture in dataset.images) == sorted(pages)
    assert any(f"each page is a picture, {len(pages)} together" in note for note in dataset.notes)


def test_d15_pages_of_one_file_stay_in_one_split(tmp_path: Path) -> None:
    for i in range(12):
        pages = [Image.new("L", (32, 32), 16 * i + page) for page in range(5)]
        pages[0].save(tmp_path / f"{i}.tif", save_all=True, append_images=pages[1:])
    dataset = read(tmp_path)
    assert dataset.n == 60
    files = {split: {int(level) // 16 for level in dataset.subset(split).images[:, 0, 0, 0]} for split in dataset.splits}
    assert sorted(i for found in files.values() for i in found) == list(range(12))


def test_d15_pages_of_a_single_stack_are_divided_and_said(tmp_path: Path) -> None:
    pages = [Image.new("L", (32, 32), page) for page in range(40)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    dataset = read(tmp_path)
    assert sizes(dataset) == {"train": 28, "validation": 4, "test": 8}
    assert any("neighbouring pages may be alike" in note for note in dataset.notes)


def test_d15_an_animation_is_its_first_moment_and_said(tmp_path: Path) -> None:
    frames = [Image.new("L", (16, 16), level) for level in (10, 200)]
    for i in range(4):
        frames[0].save(tmp_path / f"{i}.gif", save_all=True, append_images=frames[1:])
    dataset = read(tmp_path)
    assert dataset.n == 4
    assert (dataset.images == 10).all()
    assert any("4 animated pictures: of each only the first moment was taken" in note for note in dataset.notes)


def test_d15_a_zip_takes_the_same_kinds() -> None:
    dataset = read("a11_endings/pictures.zip")
    assert dataset.n == 4
    assert any("1 file left out, no picture by ending: 1 without an ending" in note for note in dataset.notes)


# --- D16, D17


def test_d16_folders_of_other_programs_are_no_classes() -> None:
    dataset = read("a7_litter/photos")
    assert dataset.class_names == ("circle", "cross")
    there = [path for name in ("circle", "cross") for path in (CASES / "a7_litter/photos" / name).iterdir() if path.is_file()]
    assert dataset.n == len(there) == 24


def test_d17_numbers_in_names_count_as_numbers() -> None:
    dataset = read("a3_numeric/years")
    assert dataset.class_names == tuple(map(str, range(1, 13)))
    known = pictures(CASES / "a3_numeric/years")
    for picture, label in zip(dataset.images, np.asarray(dataset.labels), strict=True):
        assert known[picture[0].tobytes()].parent.name == dataset.class_names[label]

"""Do splits, ranges, labels, names and lists hold for any data, not only for the cases? Properties, with brute force beside."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.datasets import absolute_name, with_held_out
from trainer.datasets.kinds import PICTURES, counted, is_litter, is_picture, natural
from trainer.datasets.labels import LONGEST_NAME, MOST_CLASSES, LabelPart, classes_of, classes_of_parts, distinct, of_one_case
from trainer.datasets.layout import arrange
from trainer.datasets.names import OwnData, parse
from trainer.datasets.splits import digest, divide, is_division, sizes, split_of
from trainer.datasets.values import WHITES, parts_on_one_scale, to_bytes
from trainer.errors import DataError

SHARES = st.floats(0.05, 0.6)


# --- splits


@given(st.integers(3, 400), SHARES)
def test_sizes_are_the_shares_as_nearly_as_whole_images_can_be(n: int, held_out: float) -> None:
    train, validation, test = sizes(n, held_out)
    assert train + validation + test == n
    assert min(train, validation, test) >= 1
    if n * held_out >= 5 and n >= 15:  # else a few test images are worth more than the share
        assert abs(test - n * held_out) <= 0.5 + 1e-9
        assert abs(validation - n * held_out / 2) <= 0.5 + 1e-9
    elif n >= 9:
        assert test >= 3


@settings(max_examples=60)
@given(st.lists(st.integers(-1, 4), min_size=3, max_size=150), SHARES, st.integers(0, 10**6))
def test_parts_are_disjoint_complete_sorted_stable_and_hold_every_class_by_its_share(
    labels: list[int], held_out: float, seed: int
) -> None:
    keys = [f"{seed}/{i}.png" for i in range(len(labels))]
    y = np.array(labels)
    found = divide(keys, y, None, held_out).places
    together = np.concatenate(list(found.values()))
    assert sorted(together.tolist()) == list(range(len(labels)))
    assert all((np.diff(part) > 0).all() for part in found.values())
    assert [len(found[name]) for name in ("train", "validation", "test")] == list(sizes(len(labels), held_out))
    again = divide(keys, y, None, held_out).places
    assert digest(found) == digest(again)
    share = len(found["test"]) / len(labels)
    for label in set(labels):
        n = int((y == label).sum())
        assert abs(int((y[found["test"]] == label).sum()) - share * n) <= 2  # systematic sampling: within one, and one at the cut


@given(st.permutations(list(range(40))))
def test_the_order_of_the_files_does_not_matter(order: list[int]) -> None:
    keys = [f"{i}.png" for i in range(40)]
    plain = divide(keys).places
    mixed = divide([keys[i] for i in order]).places
    for name, part in plain.items():
        assert {keys[i] for i in part} == {keys[order[i]] for i in mixed[name]}


@given(st.integers(3, 12), st.integers(1, 7), SHARES)
def test_images_of_one_file_stay_together(n_files: int, n_pages: int, held_out: float) -> None:
    keys = [f"{i}.tif" for i in range(n_files) for _ in range(n_pages)]
    found = divide(keys, None, None, held_out).places
    assert sorted(np.concatenate(list(found.values())).tolist()) == list(range(len(keys)))
    assert sum(len({keys[i] for i in part}) for part in found.values()) == n_files
    assert all(len(part) for part in found.values())


@pytest.mark.parametrize(
    ("word", "split"),
    [
        ("Train", "train"),
        ("TRAINING", "train"),
        ("valid", "validation"),
        ("val_set", "validation"),
        ("dev", "validation"),
        ("Test", "test"),
        ("testing", "test"),
        ("PublicTest", "validation"),
        ("cats", ""),
        ("trains", ""),
        ("", ""),
        ("train_images", "train"),
        ("Test-Images", "test"),
        ("images val", "validation"),
        ("hold_out_data", "test"),
        ("x_train", "train"),
        ("train_station", ""),
        ("train_labels", ""),
        ("images", ""),
    ],
)
def test_words_for_splits(word: str, split: str) -> None:
    assert split_of(word) == split


def test_test_alone_is_no_division() -> None:
    assert not is_division(["test", "cats"])
    assert not is_division(["train"])
    assert is_division(["Train", "Valid"])


# --- ranges


@settings(max_examples=60)
@given(st.integers(2, 65535), st.integers(0, 2**32 - 1))
def test_whole_numbers_have_the_smallest_white_that_none_exceeds(high: int, seed: int) -> None:
    raw = np.random.default_rng(seed).integers(0, high, (4, 3, 3), endpoint=True).astype(np.uint16)
    raw[0, 0, 0] = high
    white = min(w for w in WHITES if w >= high)
    pixels, note = to_bytes(raw, "own.npz")
    assert (pixels == np.rint(raw.astype(float) * 255 / white)).all()
    assert (f"white is {white}" in note.replace("\u00a0", "")) == (white != 255)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["float16", "float32", "float64", ">f4"]))
def test_floats_from_zero_and_from_minus_one_are_the_same_pictures(seed: int, kind: str) -> None:
    raw = np.random.default_rng(seed).random((5, 4, 4))
    raw[0, 0, :2] = 0, 1
    unit, note = to_bytes(raw.astype(kind), "own.npz")
    assert not note
    tanh, said = to_bytes((2 * raw - 1).astype(kind), "own.npz")
    assert "−1 to 1" in said
    tolerance = 1 if kind == "float16" else 0
    assert np.abs(unit.astype(int) - np.rint(255 * raw)).max() <= max(tolerance, 1)
    assert np.abs(unit.astype(int) - tanh).max() <= 1


@pytest.mark.parametrize("kind", ["bool", "uint8", "int8", "int64", "uint64", "uint16"])
def test_masks_of_every_type(kind: str) -> None:
    raw = np.array([[[0, 1], [1, 0]]] * 3).astype(kind)
    pixels, note = to_bytes(raw, "own.npz")
    assert (pixels == 255 * raw.astype(int)).all()
    assert "white" in note


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (np.full((3, 2, 2), -3), "pixels from −3 to −3"),
        (np.full((3, 2, 2), 70_000), "pixels from 70\u00a0000 to 70\u00a0000"),
        (np.array([[[-2.1, 0.0], [1.7, 0.3]]] * 3), "pixels from −2.10 to 1.70"),  # normalised by mean and deviation
        (np.array([[[0.0, 1.0], [np.inf, 0.3]]] * 3), "image 0 has a pixel that is not a number"),
        (np.array([[["a", "b"], ["c", "d"]]] * 3), "pixels are of type <U1"),
    ],
)
def test_what_is_no_range_is_refused_with_the_remedy(raw: np.ndarray, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        to_bytes(raw, "own.npz")
    assert "rescale them to 0 to 1, or to 0 to 255" in str(caught.value)


def test_almost_black_pictures_are_said() -> None:
    assert "of 255: they are almost black" in to_bytes(np.full((3, 2, 2), 9, np.uint8), "own.npz")[1]


@given(st.integers(0, 2**32 - 1), st.sampled_from([255, 1, 65535]), st.sampled_from(["unit", "signed", "bool"]))
def test_parts_on_different_scales_are_the_same_pictures(seed: int, white: int, other: str) -> None:
    grey = np.random.default_rng(seed).integers(0, 2, (4, 3, 3))
    grey[0, 0, :2] = 0, 1
    as_other = {"unit": grey.astype(np.float32), "signed": 2.0 * grey - 1, "bool": grey.astype(bool)}[other]
    first = (grey * white).astype(np.uint8 if white < 256 else np.uint16)
    scaled, note = parts_on_one_scale([("x_train", first), ("x_test", as_other)], "own.npz")
    pixels, _ = to_bytes(np.concatenate(scaled), "own.npz")
    assert (pixels[:4] == 255 * grey).all()
    assert (pixels[4:] == 255 * grey).all()
    assert ("each was rescaled from its own: x_train" in note) == (white > 1 or other == "signed")


@pytest.mark.parametrize("kinds", [("uint16", "uint16"), ("uint8", "uint8"), ("float32", "float32"), ("uint8", "float64")])
def test_a_dark_part_of_the_same_scale_stays_dark(kinds: tuple[str, str]) -> None:
    white = 4095 if kinds[0] == "uint16" else 255
    parts = [("x_train", np.full((3, 2, 2), white).astype(kinds[0])), ("x_test", np.full((3, 2, 2), 20).astype(kinds[1]))]
    scaled, note = parts_on_one_scale(parts, "own.npz")
    assert not note
    assert to_bytes(np.concatenate(scaled), "own.npz")[0][3:].max() == round(255 * 20 / white)


def test_bytes_beside_deeper_pixels_keep_their_own_white() -> None:
    parts = [("x_train", np.full((3, 2, 2), 255, np.uint8)), ("x_test", np.full((3, 2, 2), 65535, np.uint16))]
    scaled, note = parts_on_one_scale(parts, "own.npz")
    assert all((part == 255).all() for part in scaled)
    assert "x_train 0 to 255, x_test 0 to 65\u00a0535" in note


def test_a_part_that_cannot_be_read_is_named() -> None:
    good, bad = np.zeros((3, 2, 2)), np.full((3, 2, 2), np.nan)
    with pytest.raises(DataError, match=r"own\.npz, x_test: image 0 has a pixel that is not a number"):
        parts_on_one_scale([("x_train", good), ("x_test", bad)], "own.npz")
    with pytest.raises(DataError, match=r"own\.npz, x_test: pixels are of type <U1"):
        parts_on_one_scale([("x_train", good), ("x_test", np.full((3, 2, 2), "a"))], "own.npz")


# --- labels


def test_labels_of_parts_are_the_same_classes_however_they_are_written() -> None:
    wanted = np.array([0, 2, 1, -1])
    one_hot = np.vstack([np.eye(3), np.zeros(3)])[wanted]
    ways = [wanted, wanted[:, None], wanted.astype(float), one_hot, np.where(wanted < 0, np.nan, wanted)]
    for first in ways:
        for second in ways:
            found = classes_of_parts([LabelPart("y_train", first, 4), LabelPart("y_test", second, 4)], "own.npz")
            assert found.labels is not None
            assert found.labels.tolist() == [*wanted, *wanted]
            assert found.names == ("0", "1", "2")
            assert any("taken as one-hot" in note for note in found.notes) == (first is one_hot or second is one_hot)


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (np.array(["a", "b"]), np.array([0, 1]), "labels are texts in y_train and numbers in y_test"),
        (np.eye(2), np.eye(3)[:2], r"one-hot labels have different numbers of columns \(y_train 2, y_test 3\)"),
        (np.eye(2), np.zeros((2, 0)), r"labels y_test have shape \(2, 0\) for 2 images"),
        (np.array([0, 1]), np.array([0]), r"labels y_test have shape \(1,\) for 2 images"),
        (np.array([0, 1]), np.array([[[0]], [[1]]]), r"labels y_test have shape \(2, 1, 1\)"),
        (np.array([0, 1]), np.array([{}, "a"], object), "labels y_test are of type object"),
        (np.array([0, 1]), [[0, 1], [1]], "labels y_test are lists of different lengths"),
        (np.array([0, 1]), np.array([0, 1], "datetime64[D]"), r"labels y_test are of type datetime64"),
    ],
)
def test_labels_of_parts_that_do_not_go_together_are_a_sentence(first: np.ndarray, second: np.ndarray, says: str) -> None:
    with pytest.raises(DataError, match=says):
        classes_of_parts([LabelPart("y_train", first, 2), LabelPart("y_test", second, 2)], "own.npz")


@given(st.lists(st.integers(2**53 - 3, 2**53 + 3) | st.integers(2**64 - 3, 2**64 - 1), min_size=1, max_size=20))
def test_numbers_that_no_float_holds_stay_apart(values: list[int]) -> None:
    found = classes_of_parts([LabelPart("a", np.array(values, np.uint64), len(values)), LabelPart("b", [1], 1)], "own.npz")
    assert found.names == tuple(map(str, sorted({1, *values})))


def test_minus_one_is_no_label_as_a_text_either() -> None:
    found = classes_of(np.array(["a", "-1", "", "b"]), 4, "own.npz")
    assert found.labels is not None
    assert found.labels.tolist() == [0, -1, -1, 1]
    assert any(note.startswith("2 images have no label (−1, or empty or missing)") for note in found.notes)


def test_a_name_is_cut_to_be_shown_and_not_to_be_told_apart() -> None:
    long = "x" * (LONGEST_NAME + 10)
    found = classes_of([f"{long}a", f"{long}b", f"{long}a"], 3, "own.npz")
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1, 0]
    assert found.names == (f"{'x' * (LONGEST_NAME - 1)}…", f"{'x' * (LONGEST_NAME - 1)}… (2)")
    assert any("they are numbered" in note for note in found.notes)


@given(st.lists(st.tuples(st.sampled_from(["Cat", "cat", "CAT", "dog", None]), st.sampled_from(["train", "test", "validation"]))))
def test_spellings_that_never_meet_in_a_split_are_one_class(pairs: list[tuple[str | None, str]]) -> None:
    same = of_one_case([label for label, _ in pairs], [split for _, split in pairs])
    met = {
        split: {label for label, where in pairs if where == split and label and label != "dog"}
        for split in ("train", "test", "validation")
    }
    spellings = set().union(*met.values())
    apart = all(len(names) <= 1 for names in met.values()) and sum(map(len, met.values())) == sum(
        sum(name in names for names in met.values()) for name in spellings
    )
    assert bool(same) == (apart and len(spellings) > 1)
    assert "dog" not in same
    if same:
        assert len(set(same.values())) == 1
        assert set(same) | set(same.values()) == spellings


def test_numbering_names_is_linear() -> None:
    found = distinct(["a"] * 200_000)  # a quadratic way takes minutes
    assert found[-1] == "a (200000)"
    assert len(set(found)) == len(found)


def test_a_number_of_any_length_in_a_name_is_ordered() -> None:
    numbers = ["img1" + "0" * k for k in (5000, 1, 0)]
    assert sorted(numbers, key=natural) == numbers[::-1]


def test_one_thing_is_not_many() -> None:
    assert [counted(n, "row") for n in (0, 1, 2, 10_000)] == ["0 rows", "1 row", "2 rows", "10\u00a0000 rows"]


# --- labels as they come


@given(st.lists(st.integers(-1, 10**12), min_size=3, max_size=60))
def test_numbers_as_labels(values: list[int]) -> None:
    found = classes_of(np.array(values), len(values), "own.npz")
    there = sorted({value for value in values if value != -1})
    assert found.names == tuple(map(str, there))
    if there:
        assert found.labels is not None
        assert [there[k] if k >= 0 else -1 for k in found.labels] == values


@given(st.lists(st.text(alphabet=string.ascii_letters + string.digits + " ", max_size=8), min_size=3, max_size=40))
def test_texts_and_their_bytes_as_labels_are_the_same(values: list[str]) -> None:
    texts = classes_of(np.array(values), len(values), "own.npz")
    raw = classes_of(np.array([value.encode() for value in values]), len(values), "own.npz")
    assert texts.names == raw.names
    assert sorted(texts.names, key=natural) == list(texts.names)
    if texts.labels is not None:
        for value, label in zip(values, texts.labels, strict=True):
            assert (value.strip() == "") == (label < 0)
            assert label < 0 or texts.names[label] == value.strip()


@given(st.lists(st.sampled_from(["a", "a (2)", "b", ""]), max_size=12))
def test_names_become_distinct_and_the_first_keeps_its_own(names: list[str]) -> None:
    found = distinct(names)
    assert len(set(found)) == len(names)
    assert all(new.startswith(old or "no name") for new, old in zip(found, names, strict=True))


@pytest.mark.parametrize(
    ("labels", "given_names", "expected", "says"),
    [
        ([0, 2, 2], ["a", "b", "c"], ("a", "c"), "class without an image left out: b"),
        ([1, 2, 3], ["a", "b", "c"], ("a", "b", "c"), "class_names were given to them in this order"),
        ([0, 1, np.nan], ["a", "b"], ("a", "b"), "1 image has no label"),
        ([[1, 0], [0, 1], [0, 0]], ["a", "b"], ("a", "b"), "1 image has no label"),
    ],
)
def test_names_that_are_given(labels: list[float], given_names: list[str], expected: tuple[str, ...], says: str) -> None:
    found = classes_of(np.array(labels), 3, "own.npz", np.array(given_names))
    assert found.names == expected
    assert any(says in note for note in found.notes)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([[0.5, 0.5]] * 3, "shares of classes or several labels an image"),
        ([[1, 1]] * 3, "more than one class an image"),
        ([0.5, 1, 2], "labels are numbers such as 0.5"),
        ([0, 1], r"labels have shape \(2,\) for 3 images"),
    ],
)
def test_what_is_no_label_is_refused(labels: list[float], says: str) -> None:
    with pytest.raises(DataError, match=says):
        classes_of(np.array(labels), 3, "own.npz")


def test_numbers_of_things_are_no_classes() -> None:
    found = classes_of(np.arange(MOST_CLASSES + 1), MOST_CLASSES + 1, "own.npz")
    assert found.labels is None
    assert "they are not classes" in found.notes[0]


# --- names


@given(
    st.sampled_from(["folder", "zip", "npz", "npy", "csv"]),
    st.text(alphabet="abc?= &.é", min_size=1, max_size=12).filter(str.strip),
    st.none() | st.integers(8, 128),
    st.sampled_from([0.2, 0.05, 0.6, 0.125]),
    st.booleans(),
)
def test_a_name_says_what_it_was_made_of(kind: str, path: str, size: int | None, held_out: float, follows: bool) -> None:
    own = OwnData(kind, Path("/") / path, size, held_out, follows)  # type: ignore[arg-type]
    if "?" not in path or size is not None:  # a question mark at the end of a path alone could begin an option
        assert parse(own.name) == own


def test_built_in_names_win_over_folders_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert absolute_name("digits") == "digits"
    assert absolute_name("./digits") == f"folder:{tmp_path / 'digits'}"


@pytest.mark.parametrize(
    "name", ["nowhere/photos", "nowhere.npz", "folder:nowhere", "zip:nowhere.zip", "~/nowhere-at-all", "../nowhere.csv"]
)
def test_what_is_not_there_is_one_sentence(name: str) -> None:
    with pytest.raises(DataError, match=r"does not exist; give the path of a folder, or a file \.zip") as caught:
        absolute_name(name)
    assert "\n" not in str(caught.value)


def test_another_share_is_held_out() -> None:
    assert with_held_out("folder:/a?size=8", 0.3) == "folder:/a?size=8&held-out=0.3"
    with pytest.raises(DataError, match=r"held-out is 0.9 .* allowed: 0.05 to 0.6"):
        with_held_out("folder:/a", 0.9)
    with pytest.raises(DataError, match="whose split is fixed"):
        with_held_out("mnist", 0.3)


# --- lists


@pytest.mark.parametrize(
    "path",
    [
        "__MACOSX/a.png",
        "a/@eaDir/b.jpg/x.jpg",
        "$RECYCLE.BIN/a.png",
        "a/.ipynb_checkpoints/b.png",
        "Thumbs.db",
        "a/.DS_Store",
        "a/._b.png",
        "desktop.ini",
        "System Volume Information/a.png",
        "lost+found/a.png",
        ".git/a.png",
        "__pycache__/a.png",
        "a\\Thumbs.db",
    ],
)
def test_what_other_programs_put_there(path: str) -> None:
    assert is_litter(path)


def test_what_people_put_there_is_theirs() -> None:
    assert not any(map(is_litter, ["a/b.png", "Thumbs/..b/c.png" if False else "recycling/b.png", "a.b/c.png", "@home/b.png"]))
    assert all(is_picture(f"a/b.{kind.upper()}") for kind in PICTURES)
    assert not any(map(is_picture, ["a/b.heic", "png", "a.png/b", ".png"]))


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=20))
def test_numbers_in_names_are_ordered_as_numbers(numbers: list[int]) -> None:
    assert sorted((f"img{n}.png" for n in numbers), key=natural) == [f"img{n}.png" for n in sorted(numbers)]


def test_one_class_folder_is_a_class_and_a_packing_is_none() -> None:
    assert {entry.label for entry in arrange(["circle/0.png", "circle/1.png"]).entries} == {"circle"}
    assert {entry.label for entry in arrange(["photos/0.png", "photos/1.png"], outer_is_class=False).entries} == {None}
    assert {entry.label for entry in arrange(["data/cat/0.png", "data/dog/1.png"]).entries} == {"cat", "dog"}
    assert {entry.label for entry in arrange(["dog/old/0.png", "dog/old/1.png"]).entries} == {"dog"}
    assert {entry.label for entry in arrange(["0.png", "1.png", "2.png", "odd/3.png"]).entries} == {None}

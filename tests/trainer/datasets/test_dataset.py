"""Do the built-in sets keep what every data set promises: shapes, splits, a checksum, names, sentences?"""

from __future__ import annotations

import csv
import gzip
import hashlib
from importlib.resources import files

import numpy as np
import pytest

from trainer.datasets import Dataset, availability, dataset_names, load_dataset
from trainer.datasets.dataset import consecutive_splits, stratified_splits, unit_hash
from trainer.datasets.splits import divide
from trainer.errors import DataError


def tiny(n: int = 10) -> Dataset:
    images = np.arange(n * 12, dtype=np.uint8).reshape(n, 3, 2, 2)
    factors = np.arange(n * 2, dtype=np.float32).reshape(n, 2)
    return Dataset(
        name="tiny",
        images=images,
        labels=np.arange(n, dtype=np.int64) % 2,
        class_names=("even", "odd"),
        factors=factors,
        factor_names=("a", "b"),
        splits=divide([f"{i}" for i in range(n)], held_out=0.3).places,
        licence="none",
    )


@pytest.mark.parametrize("name", ["digits", "shapes", "pendulum", "walker", "faces", "faces-64", "sketches", "melodies"])
def test_splits_are_sorted_disjoint_and_cover_everything(name: str) -> None:
    dataset = load_dataset(name)
    assert list(dataset.splits) == ["train", "validation", "test"]
    for index in dataset.splits.values():
        assert (np.diff(index) > 0).all()
        assert index.dtype == np.int64
    assert sorted(np.concatenate(list(dataset.splits.values())).tolist()) == list(range(dataset.n))


def test_subset_takes_the_images_of_its_index() -> None:
    dataset = tiny()
    for split in ("train", "validation", "test", "train+validation", "test+train"):
        part = dataset.subset(split)
        wanted = sorted(i for name in split.split("+") for i in dataset.splits[name].tolist())
        assert part.index.tolist() == wanted
        assert part.n == len(wanted)
        for place, i in enumerate(wanted):
            assert (part.images[place] == dataset.images[i]).all()
            assert part.labels is not None
            assert part.labels[place] == i % 2
            assert part.factors is not None
            assert part.factors[place].tolist() == [2 * i, 2 * i + 1]


@pytest.mark.parametrize("split", ["", "all", "train+", "train+train", "Train"])
def test_a_wrong_split_is_a_sentence(split: str) -> None:
    with pytest.raises(DataError, match=r"allowed: train, validation, test, or several different ones joined by '\+'\."):
        tiny().subset(split)


def test_a_consecutive_split_is_viewed_and_a_scattered_one_copied() -> None:
    shapes, digits = load_dataset("shapes"), load_dataset("digits")
    assert np.shares_memory(shapes.subset("train+validation").images, shapes.images)
    assert not np.shares_memory(digits.subset("test").images, digits.images)


def test_nobody_can_write_into_a_shared_array() -> None:
    dataset = tiny()
    part = dataset.subset("train")
    for array in (dataset.images, dataset.labels, dataset.factors, part.images, part.labels, part.factors, part.index):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(TypeError):
        dataset.splits["train"] = part.index  # type: ignore[index]


def test_sha256_is_of_shape_pixels_and_labels() -> None:
    dataset = tiny(4)
    expected = hashlib.sha256(b"(4, 3, 2, 2)" + bytes(range(48)))
    expected.update(b"".join(label.to_bytes(8, "little") for label in (0, 1, 0, 1)))
    assert dataset.sha256 == expected.hexdigest()


def test_sha256_does_not_depend_on_the_pieces_that_it_is_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = tiny(10).sha256
    for images_a_piece in (1, 3, 10, 11):
        monkeypatch.setattr("trainer.datasets.dataset.HASHED", images_a_piece)
        assert tiny(10).sha256 == expected


def test_stratified_splits_are_those_of_digits() -> None:
    """The same rule with the seed and the shares of digits, whose runs remember which images they were trained on."""
    digits = load_dataset("digits")
    assert digits.labels is not None
    for name, index in stratified_splits(digits.labels, "latent-atlas/digits/1", 0.1, 0.3).items():
        assert index.tolist() == digits.splits[name].tolist()


def test_unit_hash_is_uniform() -> None:
    values = np.sort([unit_hash(str(i)) for i in range(2000)])
    # Kolmogorov-Smirnov: the gap exceeds 1.95/√n with probability 0.001
    assert np.abs(values - (np.arange(2000) + 0.5) / 2000).max() < 1.95 / 2000**0.5


def test_consecutive_splits() -> None:
    assert {name: index.tolist() for name, index in consecutive_splits(3, 1, 2).items()} == {
        "train": [0, 1, 2],
        "validation": [3],
        "test": [4, 5],
    }


def test_digits_are_the_numbers_in_the_file_of_scikit_learn() -> None:
    """A second reader: the csv itself, scaled with integers and halves rounded up."""
    with gzip.open(files("sklearn.datasets.data") / "digits.csv.gz", "rt") as text:  # type: ignore[call-overload]
        rows = [[int(float(value)) for value in row] for row in csv.reader(text)]
    dataset = load_dataset("digits")
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [row[-1] for row in rows]
    assert dataset.images.reshape(-1, 64).tolist() == [[(2 * 255 * v + 16) // 32 for v in row[:-1]] for row in rows]
    assert dataset.image_shape == (1, 8, 8)
    assert dataset.class_names[dataset.labels[0]] == "0"


def test_digits_are_split_60_10_30_in_every_class() -> None:
    dataset = load_dataset("digits")
    assert dataset.labels is not None
    for label in range(10):
        total = (dataset.labels == label).sum()
        for split, share in (("train", 0.6), ("validation", 0.1), ("test", 0.3)):
            assert abs((dataset.labels[dataset.splits[split]] == label).sum() - share * total) <= 1


def test_digits_have_the_published_mean_image_cost() -> None:
    """Known of digits/16: a Bernoulli model of the mean image alone pays 27.11 nats, and the pixel entropy is 13.66."""
    x = load_dataset("digits").images.reshape(-1, 64) / 255
    mean = np.clip(x.mean(0), 1e-3, 1 - 1e-3)
    null = -(x * np.log(mean) + (1 - x) * np.log(1 - mean)).sum(1).mean()
    inside = np.clip(x, 1e-12, 1 - 1e-12)
    floor = -(inside * np.log(inside) + (1 - inside) * np.log(1 - inside)).sum(1).mean()
    assert null == pytest.approx(27.11, abs=0.02)
    assert floor == pytest.approx(13.66, abs=0.02)


def test_availability_agrees_with_what_is_loaded() -> None:
    for name in ("digits", "shapes", "pendulum", "walker", "faces", "faces-64", "sketches", "melodies"):
        known, dataset = availability(name), load_dataset(name)
        assert known.is_here
        assert (known.name, known.n_images, known.image_shape) == (dataset.name, dataset.n, dataset.image_shape)
        assert known.licence == dataset.licence


@pytest.mark.parametrize("ask", [load_dataset, availability])
def test_an_unknown_name_lists_the_allowed_ones(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(DataError) as caught:
        ask("mnits")
    assert str(caught.value) == (
        "no data set 'mnits' (did you mean 'mnist'?); available: "
        f"{', '.join(dataset_names())}, or the path of a folder, or a file .zip, .npz, .npy or .csv with your own images."
    )
    drawn = {"shapes", "pendulum", "walker", "faces", "faces-64", "sketches", "melodies"}
    assert drawn | {"digits", "mnist", "fashion-mnist", "kmnist", "olivetti"} <= set(dataset_names())


def _dataset(**changes):
    images = np.zeros((6, 1, 3, 3), np.uint8)
    given = {
        "name": "own",
        "images": images,
        "labels": np.array([0, 1, 0, 1, 0, 1]),
        "class_names": ("a", "b"),
        "factors": None,
        "factor_names": (),
        "licence": "",
        "splits": {"train": np.arange(4), "test": np.arange(4, 6)},
    }
    return Dataset(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"images": np.zeros((6, 3, 3), np.uint8)}, "images have shape (6, 3, 3); allowed: (N, C, H, W)."),
        ({"images": np.zeros((6, 1, 3, 3))}, "pixels are float64; allowed: uint8, 0 to 255."),
        (
            {"images": np.where(np.arange(54).reshape(6, 1, 3, 3) == 30, np.nan, 0.5)},
            "pixels are float64, and image 3 has a pixel that is not a number; allowed: uint8, 0 to 255.",
        ),
        ({"splits": {"train": np.arange(4), "test": np.array([4, 9])}}, "split 'test' names image 9; allowed: 0 to 5."),
        ({"splits": {"train": np.arange(0), "test": np.arange(6)}}, "split 'train' is empty; allowed: 1 image or more."),
        ({"splits": {"train": np.arange(6), "test": np.arange(0)}}, "split 'test' is empty; allowed: 1 image or more."),
        ({"labels": np.array([0, 1, 2, 0, 1, 0])}, "label 2 has no name; allowed: 0 to 1."),
    ],
)
def test_what_would_fail_in_training_is_refused_at_once(changes, sentence):
    with pytest.raises(DataError) as error:
        _dataset(**changes)
    assert str(error.value) == f"Data set 'own': {sentence}"

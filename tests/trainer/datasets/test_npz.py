"""Is a numpy file read as what it says it is, and refused in a sentence otherwise?"""

from __future__ import annotations

import numpy as np
import pytest

from trainer.datasets import load_dataset
from trainer.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 6, 5)).astype(np.uint8)


def read(tmp_path, **arrays):
    np.savez(tmp_path / "own.npz", **arrays)
    return load_dataset(f"npz:{tmp_path / 'own.npz'}")


def test_the_same_pictures_in_every_form_are_the_same_data_set(tmp_path):
    plain = read(tmp_path, images=IMAGES)
    assert plain.image_shape == (1, 6, 5) and np.array_equal(plain.images[:, 0], IMAGES)
    for other in (IMAGES[:, None], IMAGES / 255, IMAGES.astype(np.float32)[..., None] / 255):
        assert read(tmp_path, images=other).sha256 == plain.sha256


def test_every_picture_is_in_one_split_and_stays_there_when_more_come(tmp_path):
    few, more = read(tmp_path, images=IMAGES[:40]), read(tmp_path, images=IMAGES)
    assert sorted(np.concatenate(list(more.splits.values())).tolist()) == list(range(50))
    for name, index in few.splits.items():
        assert set(index.tolist()) <= set(more.splits[name].tolist())


def test_colours_and_classes(tmp_path):
    found = read(tmp_path, images=np.stack([IMAGES] * 3, -1), labels=np.arange(50) % 2, class_names=np.array(["cat", "dog"]))
    assert found.image_shape == (3, 6, 5) and found.class_names == ("cat", "dog")
    assert read(tmp_path, images=IMAGES, labels=np.arange(50) % 2).class_names == ("0", "1")


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"pictures": IMAGES}, "holds pictures; allowed: an array 'images'"),
        ({"images": IMAGES[:2]}, "holds 2 images; allowed: 3 or more"),
        ({"images": IMAGES[0]}, r"have shape \(6, 5\); allowed: \(N, H, W\)"),
        ({"images": IMAGES * 1.0}, "float64 from 0 to 255; allowed: uint8, or floats from 0 to 1"),
        ({"images": np.full((5, 6, 5), np.nan)}, "from nan to nan; allowed"),
        ({"images": IMAGES, "labels": np.zeros(50)}, "labels of .* type float64; allowed"),
        ({"images": IMAGES, "labels": np.full(50, 3), "class_names": np.array(["a"])}, "label 3 has no name"),
        ({"images": np.array([{}] * 5)}, "cannot be read; allowed: an .npz"),
    ],
)
def test_what_is_no_data_set_is_a_sentence(tmp_path, arrays, says):
    with pytest.raises(DataError, match=says):
        read(tmp_path, **arrays)


def test_a_missing_or_broken_file_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        load_dataset(f"npz:{tmp_path / 'none.npz'}")
    (tmp_path / "text.npz").write_text("no zip")
    with pytest.raises(DataError, match="cannot be read"):
        load_dataset(f"npz:{tmp_path / 'text.npz'}")

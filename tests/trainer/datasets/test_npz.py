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


def test_every_picture_is_in_one_split_and_most_stay_there_when_one_more_comes(tmp_path):
    few, more = read(tmp_path, images=IMAGES[:49]), read(tmp_path, images=IMAGES)
    assert sorted(np.concatenate(list(more.splits.values())).tolist()) == list(range(50))
    moved = [i for name, index in few.splits.items() for i in index.tolist() if i not in more.splits[name]]
    assert len(moved) <= 2  # at the borders of three parts


def test_colours_and_classes(tmp_path):
    found = read(tmp_path, images=np.stack([IMAGES] * 3, -1), labels=np.arange(50) % 2, class_names=np.array(["cat", "dog"]))
    assert found.image_shape == (3, 6, 5) and found.class_names == ("cat", "dog")
    assert read(tmp_path, images=IMAGES, labels=np.arange(50) % 2).class_names == ("0", "1")


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"sounds": IMAGES}, "holds sounds; allowed: an array 'images'"),
        ({"images": IMAGES[:2]}, "holds 2 images; allowed: 3 or more"),
        ({"images": IMAGES[0]}, r"have shape \(6, 5\); allowed: \(N, H, W\)"),
        ({"images": IMAGES / 255 * 5 - 2}, "pixels from −2 to 3; allowed: 0 to 1, −1 to 1, 0 to 255"),
        ({"images": np.full((5, 6, 5), np.nan)}, "image 0 has a pixel that is not a number"),
        ({"images": IMAGES, "labels": np.full(50, 0.5)}, "labels are numbers such as 0.5, no whole ones"),
        ({"images": IMAGES, "labels": np.full(50, 3), "class_names": np.array(["a", "b"])}, "label 3 has no name"),
        ({"images": np.array([{}] * 5)}, "array 'images' cannot be read, it holds Python objects"),
    ],
)
def test_what_is_no_data_set_is_a_sentence(tmp_path, arrays, says):
    with pytest.raises(DataError, match=says):
        read(tmp_path, **arrays)


def test_a_missing_or_broken_file_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match=r"none\.npz does not exist"):
        load_dataset(f"npz:{tmp_path / 'none.npz'}")
    (tmp_path / "text.npz").write_text("no zip")
    with pytest.raises(DataError, match="cannot be read"):
        load_dataset(f"npz:{tmp_path / 'text.npz'}")

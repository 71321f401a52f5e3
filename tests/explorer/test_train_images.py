"""Does the Train page offer everything that is here, with the numbers that are true of it? Second opinion: the data sets themselves."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from explorer.cache.datasets import images_to_learn_from
from explorer.jobs.own_data import keep_upload
from explorer.pages.train import images
from explorer.surface.payload import arrays_of
from explorer.surface.training import MOST_BYTES, MOST_TEST, MOST_TRAIN, most_images
from tests.explorer.test_own_data import SOUND
from trainer.datasets import availability, dataset_names, load_dataset
from trainer.numerals import count
from trainer.runs.folder import IMAGES
from trainer.runs.records import DatasetInfo, RunInfo


@pytest.fixture
def here(monkeypatch, tmp_path):
    """A place for uploads, where training is allowed or not."""
    monkeypatch.setattr("explorer.jobs.own_data.uploads_folder", lambda: tmp_path / "uploads")
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))
    allowed = SimpleNamespace(is_allowed=True)
    monkeypatch.setattr(images, "permission", lambda: allowed)
    monkeypatch.setattr(images, "all_runs", dict)
    return allowed


def titles() -> dict[str, str]:
    return {offer["name"]: offer["title"] for offer in images.offers()}


def test_every_data_set_that_is_here_is_offered_with_its_number_and_size(here):
    found = titles()
    assert next(iter(found)) == "digits"
    assert set(found) == {name for name in dataset_names() if availability(name).is_here}
    for name in ("digits", "shapes", "pendulum", "walker", "faces", "faces-64", "sketches", "melodies"):
        data = load_dataset(name)
        _, height, width = data.image_shape
        assert found[name].startswith(f"{name}: {count(data.n)} images, {height} × {width}")
        given = len(arrays_of(images_to_learn_from(name))[1]["images"])
        assert given == sum(len(data.splits[part]) for part in ("train", "test")) or f"{count(given)} of them here" in found[name]


def test_no_page_gets_more_than_it_holds():
    assert most_images(64) == MOST_TRAIN + MOST_TEST
    for n_bytes in (28 * 28, 64 * 64 * 3, 10**6):
        assert n_bytes * most_images(n_bytes) <= MOST_BYTES


@pytest.mark.parametrize(("n_test", "words"), [(30, "pets-8d: 30 test images, 40 × 48 in colour"), (9, None)])
def test_a_run_that_holds_images_is_offered_where_they_are_enough(here, monkeypatch, n_test, words):
    data = DatasetInfo(name="folder:/pets", sha256="", image_shape=(3, 40, 48), class_names=(), n_train=70, n_test=n_test)
    known = {
        "with": RunInfo.model_construct(files={IMAGES: ""}, dataset=data),
        "without": RunInfo.model_construct(files={}, dataset=data),
    }
    monkeypatch.setattr(images, "all_runs", lambda: {"pets-8d": known["with"], "pets-2d": known["without"]})
    assert {name: title for name, title in titles().items() if name.startswith("run:")} == ({"run:pets-8d": words} if words else {})


def test_an_upload_is_offered_where_one_may_train(here):
    kept = keep_upload(SOUND["zip"], "pets")
    assert titles()["upload:pets"] == f"pets: {kept.n_images} images"
    here.is_allowed = False
    assert "upload:pets" not in titles()


def test_an_upload_is_learned_from_under_its_own_name(here, monkeypatch):
    kept = keep_upload(SOUND["zip"], "pets")
    monkeypatch.setattr(images, "remembered", lambda name, first: "upload:pets")
    header, arrays = arrays_of(images.chosen_images())
    assert header["dataset"] == "upload:pets"
    sound = load_dataset(kept.name)
    assert len(arrays["images"]) == len(sound.splits["train"]) + len(sound.splits["test"])
    np.testing.assert_array_equal(arrays["images"][: header["n_train"]], sound.subset("train").images)
    here.is_allowed = False
    assert arrays_of(images.chosen_images())[0]["dataset"] == "digits"

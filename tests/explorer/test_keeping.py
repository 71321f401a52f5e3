"""What the browser hands over to be kept: free names, bounds, and a sentence for what is no training. What is good: test_train_app.py."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from explorer.jobs.keeping import MOST_BYTES, MOST_WAITING, Keeping, KeptTrainings, kept_name
from explorer.surface.payload import arrays_of
from explorer.surface.training import for_app, pack_kept_images
from trainer.config import check_run_name
from trainer.errors import LatentError


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("digits-2d-page", "digits-2d-page-3"),
        ("../../etc/passwd", "etc-passwd"),
        ("Mein Bild ü", "mein-bild"),
        ("", "kept"),
        ("..", "kept"),
        ("x" * 300, "x" * 58),
    ],
)
def test_a_name_is_one_that_a_run_may_have_and_none_has(stem, name):
    found = kept_name(stem, {"digits-2d-page"}, {"digits-2d-page-2": None})
    assert found == name == check_run_name(found)


def test_what_is_no_training_is_said_in_a_sentence_and_leaves_nothing(tmp_path):
    kept = KeptTrainings()
    one = kept.keep(b"no zip", "x", "me", (), str(tmp_path))
    kept._worker.shutdown(wait=True)
    assert not one.is_done
    assert "this is not a training that the page has kept" in one.error
    assert list(tmp_path.iterdir()) == []
    assert kept.of("me") == [one] and kept.of("you") == []
    kept.forget(one)
    assert kept.of("me") == []


def test_what_is_too_large_or_too_much_is_refused(monkeypatch):
    kept, goes_on = KeptTrainings(), threading.Event()

    def waits(self: KeptTrainings, one: Keeping, data: bytes, runs: str) -> None:
        goes_on.wait(60)

    monkeypatch.setattr(KeptTrainings, "_make", waits)
    with pytest.raises(LatentError, match=r"64.000.000 at most"):
        kept.keep(bytes(MOST_BYTES + 1), "x", "me", (), "runs")
    names = [kept.keep(b"", "x", "me", (), "runs").name for _ in range(MOST_WAITING)]
    assert len(set(names)) == MOST_WAITING
    with pytest.raises(LatentError, match="wait to become runs"):
        kept.keep(b"", "x", "me", (), "runs")
    goes_on.set()
    kept._worker.shutdown(wait=True)


def test_a_fifth_of_a_run_s_images_is_held_back_each_with_its_label():
    images = np.random.default_rng(0).integers(0, 255, (23, 1, 3, 3), dtype=np.uint8)
    labels = np.arange(23)
    header, arrays = arrays_of(pack_kept_images("run:x", images, labels, ("a", "b")))
    assert (header["dataset"], header["n_train"], header["image_shape"]) == ("run:x", 19, [1, 3, 3])
    np.testing.assert_array_equal(arrays["images"], images[arrays["labels"]])
    assert sorted(arrays["labels"].tolist()) == labels.tolist()


def test_what_the_app_tells_stands_before_the_images():
    images = pack_kept_images("run:x", np.zeros((10, 1, 2, 2), np.uint8), np.zeros(10, np.int64), ())
    told = for_app(images, [{"name": "digits", "title": "Digits"}], True)
    assert told.endswith(images) and (len(told) - len(images)) % 8 == 0
    assert b'{"offers":[{"name":"digits","title":"Digits"}],"keeps":true,"begin":null}' in told

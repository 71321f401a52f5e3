"""Are the faces fetched once, by scikit-learn, and never read from a pickle? With stand-ins: noise instead of faces."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import availability, load_dataset
from trainer.datasets.built_in.olivetti import FILE, N_IMAGES
from trainer.errors import DataError


class Trap:
    """Leaves a trace where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.trace),)


@pytest.fixture
def faces() -> NDArray[np.uint8]:
    """(4096, 400), a picture a column and each stored by columns, as the published file has them; 0 and 255 occur."""
    return np.random.default_rng(0).integers(0, 256, (4096, N_IMAGES), dtype=np.uint8)


@pytest.fixture
def fetches(faces: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """scikit-learn's own fetcher runs; only its download is a stand-in. A trap lies where it usually keeps its pickle."""
    from scipy.io import savemat

    home, trace = tmp_path / "scikit_learn_data", tmp_path / "unpickled"
    home.mkdir()
    (home / "olivetti_py3.pkz").write_bytes(pickle.dumps(Trap(trace)))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(home))
    monkeypatch.delenv("LATENT_DATA", raising=False)
    calls: list[str] = []

    def download(remote: object, dirname: str, **_: object) -> str:
        calls.append(dirname)
        path = os.path.join(dirname, "olivettifaces.mat")
        savemat(path, {"faces": faces})
        return path

    monkeypatch.setattr("sklearn.datasets._olivetti_faces._fetch_remote", download)
    yield calls
    assert not trace.exists()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(remote: object, dirname: str, **_: object) -> str:
        raise URLError("Name or service not known")

    monkeypatch.delenv("LATENT_DATA", raising=False)
    monkeypatch.setattr("sklearn.datasets._olivetti_faces._fetch_remote", download)


def test_fetched_once_then_read_from_the_cache(
    fetches: list[str], faces: NDArray[np.uint8], cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = load_dataset("olivetti")
    assert dataset.image_shape == (1, 64, 64)
    for i in (0, 1, 399):
        assert (dataset.images[i, 0] == faces[:, i].reshape(64, 64).T).all()
    load_dataset("olivetti")
    assert len(fetches) == 1
    assert not Path(fetches[0]).exists()
    assert [path.name for path in (cache / "olivetti").iterdir()] == [FILE]
    assert capsys.readouterr().out == ""  # scikit-learn prints what it does, which would spoil --json


def test_ten_pictures_of_each_person_are_split_6_1_3(fetches: list[str]) -> None:
    dataset = load_dataset("olivetti")
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [i // 10 for i in range(400)]
    assert dataset.class_names[39] == "person 40"
    for split, n in (("train", 6), ("validation", 1), ("test", 3)):
        assert np.bincount(dataset.labels[dataset.splits[split]]).tolist() == [n] * 40
    assert sorted(np.concatenate(list(dataset.splits.values())).tolist()) == list(range(400))


def test_availability_looks_and_fetches_nothing(fetches: list[str], cache: Path) -> None:
    known = availability("olivetti")
    assert (known.is_here, known.n_images, known.image_shape) == (False, 400, (1, 64, 64))
    assert fetches == []
    dataset = load_dataset("olivetti")
    known = availability("olivetti")
    assert (known.is_here, known.where) == (True, str(cache / "olivetti"))
    assert known.licence == dataset.licence


def test_a_copy_in_the_given_folder_is_used(fetches: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = load_dataset("olivetti").sha256
    given = tmp_path / "data" / "olivetti"
    given.mkdir(parents=True)
    os.rename(availability("olivetti").where + f"/{FILE}", given / FILE)
    monkeypatch.setenv("LATENT_DATA", str(tmp_path / "data"))
    assert load_dataset("olivetti", download=False).sha256 == expected


@pytest.mark.usefixtures("offline")
def test_without_a_network_there_is_one_sentence(cache: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset("olivetti")
    target = cache / "olivetti" / FILE
    assert str(caught.value) == (
        "the faces of 'olivetti' could not be fetched from https://ndownloader.figshare.com/files/5976027 "
        f"(Name or service not known); check the network and run again, or copy {FILE} from another machine's cache to {target}."
    )
    with pytest.raises(DataError, match=r"data set 'olivetti' is not on this machine: .* is missing; allow the download\."):
        load_dataset("olivetti", download=False)
    assert not target.exists()


def damage(path: Path, how: str, tmp_path: Path) -> None:
    data = bytearray(path.read_bytes())
    images = np.load(path)["images"]
    if how == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "no zip":
        path.write_bytes(b"faces" * 1000)
    elif how == "pickle":
        with path.open("wb") as file:
            np.savez(file, images=np.array([Trap(tmp_path / "unpickled")], dtype=object), sha256=np.array("0"))
    elif how == "other pixels":
        with path.open("wb") as file:
            np.savez(file, images=255 - images, sha256=np.load(path.with_name("before.npz"))["sha256"])
    elif how == "other shape":
        with path.open("wb") as file:
            np.savez(file, images=images[:399], sha256=np.array("0"))
    elif how == "bomb":
        with path.open("wb") as file:
            np.savez_compressed(file, images=np.zeros(50_000_000, np.uint8), sha256=np.array("0"))
    elif how == "nothing in it":
        with path.open("wb") as file:
            np.savez(file, faces=images)


@pytest.mark.parametrize(
    "how", ["flipped", "cut", "empty", "no zip", "pickle", "other pixels", "other shape", "bomb", "nothing in it"]
)
def test_a_damaged_file_is_named(fetches: list[str], cache: Path, tmp_path: Path, how: str) -> None:
    load_dataset("olivetti")
    path = cache / "olivetti" / FILE
    path.with_name("before.npz").write_bytes(path.read_bytes())
    damage(path, how, tmp_path)
    with pytest.raises(DataError, match=r"olivetti\.npz is damaged: .*; delete it and run again, so that it is fetched again\."):
        load_dataset("olivetti")
    path.unlink()
    load_dataset("olivetti")
    assert len(fetches) == 2

"""Does an upload become a data set, and can none of it lie elsewhere, unpack to more than it may, or stay when it was refused?"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from explorer.jobs import own_data
from explorer.jobs.own_data import Upload, checked_path, forget_upload, keep_upload, kept_uploads
from trainer.datasets import load_dataset
from trainer.errors import ConfigError, DataError

NAMES = [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(12)]


def picture(seed: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (20, 20), np.uint8)).save(out, "PNG")
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


PICTURES = {name: picture(i) for i, name in enumerate(NAMES)}
SOUND = {
    "zip": [Upload("pets.zip", zipped(PICTURES))],
    "folder": [Upload(f"pets/{name}", data) for name, data in PICTURES.items()],
    "npz": [Upload("a.npz", npz(images=np.random.default_rng(0).integers(0, 255, (40, 9, 9), np.uint8), labels=np.arange(40) % 2))],
}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("kind", SOUND)
def test_an_upload_is_a_data_set_of_its_own(tmp_path, kind):
    kept = keep_upload(SOUND[kind], "pets", folder=tmp_path / "up")
    data = load_dataset(kept.name)
    assert kept.n_images == data.n == (40 if kind == "npz" else 24)
    assert data.class_names == (("0", "1") if kind == "npz" else ("cat", "dog"))
    assert kept_uploads(tmp_path / "up") == {"pets": kept.name}
    with pytest.raises(DataError, match="there is an upload 'pets' already"):
        keep_upload(SOUND["zip"], "pets", folder=tmp_path / "up")
    assert forget_upload("pets", tmp_path / "up")
    assert not forget_upload("pets", tmp_path / "up")
    assert kept_uploads(tmp_path / "up") == {}


def test_the_size_of_its_pictures_is_chosen(tmp_path):
    kept = keep_upload(SOUND["zip"], "small", 16, tmp_path)
    assert load_dataset(kept.name).image_shape == (1, 16, 16)
    with pytest.raises(DataError, match="size is 4; allowed: 8 to 128 pixels"):
        keep_upload(SOUND["zip"], "tiny", 4, tmp_path)


def flat(n: int) -> bytes:
    """What a bomb is made of."""
    return b"\0" * n


REFUSED = {
    "nothing": ([], "nothing was uploaded"),
    "no picture": ([Upload("a.txt", b"x")], "no picture is in the upload"),
    "no archive": ([Upload("a.zip", b"PK" + flat(50))], "a.zip is not an archive that can be read"),
    "a bomb": ([Upload("a.zip", zipped({"a.png": flat(30_000_000)}))], "would unpack to"),
    "a bomb of arrays": ([Upload("a.npz", npz(images=np.zeros((3000, 100, 100), np.uint8)))], "would unpack to"),
    "too few": ([Upload("a.png", picture(0))], "holds 1 readable image"),
    "objects": ([Upload("a.npz", npz(images=np.array([{"a": 1}] * 9, object)))], "objects"),
    "out of the folder": ([Upload("../../a.png", picture(0))], "cannot be a picture's place"),
    "a drive": ([Upload("C:/a.png", picture(0))], "cannot be a picture's place"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_nothing_behind(tmp_path, case):
    files, sentence = REFUSED[case]
    with pytest.raises(DataError, match=sentence):
        keep_upload(files, "mine", folder=tmp_path / "up")
    assert [path for path in tmp_path.rglob("*") if path.is_file() and "cache" not in path.parts] == []


@pytest.mark.parametrize("title", ["", "..", "../x", "a/b", ".hidden", "A", "x" * 65, "a\0b"])
def test_a_title_never_becomes_a_path_unchecked(tmp_path, title):
    with pytest.raises(ConfigError):
        keep_upload(SOUND["zip"], title, folder=tmp_path)
    with pytest.raises(ConfigError):
        forget_upload(title, tmp_path)


def test_paths_in_an_archive_lead_nowhere(tmp_path):
    """It is read where it lies: nothing of it is ever written."""
    evil = {f"../../../{name}": data for name, data in PICTURES.items()}
    keep_upload([Upload("evil.zip", zipped(evil))], "evil", folder=tmp_path / "a/b/up")
    assert [path.name for path in tmp_path.rglob("*.png")] == []


def test_uploads_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(own_data, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match=r"allowed: at most .* files and 0 MB"):
        keep_upload(SOUND["folder"], "large", folder=tmp_path)
    monkeypatch.undo()
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(own_data, "MOST_KEPT", 1000)
    with pytest.raises(DataError, match=r"there is no room for"):
        keep_upload(SOUND["folder"], "large", folder=tmp_path)


@given(st.text(max_size=60))
def test_no_path_leads_out_of_its_folder(path):
    try:
        place = checked_path(path)
    except DataError:
        return
    if place is not None:
        root = Path("/data/uploads/x")
        assert (root / place).is_relative_to(root)
        assert ".." not in place.parts

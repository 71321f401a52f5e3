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
from explorer.jobs.own_data import MOST_NAME, Upload, checked_path, forget_upload, keep_upload, kept_uploads
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
    assert kept_uploads(tmp_path / "up") == {"pets": kept}
    with pytest.raises(DataError, match="there is an upload 'pets' already"):
        keep_upload(SOUND["zip"], "pets", folder=tmp_path / "up")
    assert forget_upload("pets", tmp_path / "up")
    assert not forget_upload("pets", tmp_path / "up")
    assert kept_uploads(tmp_path / "up") == {}


def test_the_size_of_its_pictures_is_chosen(tmp_path):
    kept = keep_upload(SOUND["zip"], "small", 16, tmp_path)
    assert load_dataset(kept.name).image_shape == (1, 16, 16)
    assert kept_uploads(tmp_path) == {"small": kept}  # with its size
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
    "half a letter": ([*SOUND["folder"], Upload("\ud800.png", picture(0))], "cannot be a picture's place"),
    "half a letter of an archive": ([Upload("\ud800.zip", b"PK" + flat(50))], "is not an archive that can be read"),
    "a name of too many bytes": ([*SOUND["folder"], Upload("\u732b" * 90 + ".png", picture(0))], "at most 200 bytes"),
    "a file that is a folder": ([*SOUND["folder"], Upload("pets/cat/0.png/a.png", picture(0))], "lies where another file"),
    "a folder that is a file": ([Upload("a.png/b.png", picture(0)), Upload("a.png", picture(1))], "lies where another file"),
    "one place twice": ([Upload("a/b.png", picture(0)), Upload("a\\b.png", picture(1))], "lies where another file"),
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


def test_a_title_with_an_ending_is_another_upload(tmp_path):
    """A folder `x.zip` and an archive of title `x` have nothing to do with each other."""
    folder = keep_upload(SOUND["folder"], "x.zip", folder=tmp_path)
    archive = keep_upload(SOUND["zip"], "x", folder=tmp_path)
    assert kept_uploads(tmp_path) == {"x": archive, "x.zip": folder}
    assert forget_upload("x", tmp_path)
    assert not forget_upload("x", tmp_path)
    assert kept_uploads(tmp_path) == {"x.zip": folder}
    assert load_dataset(folder.name).n == 24


def test_what_is_left_out_is_said(tmp_path, monkeypatch):
    most = max(map(len, PICTURES.values()))
    monkeypatch.setattr(own_data, "MAX_BYTES", most)
    others = [Upload("pets/large.png", picture(0) + flat(most)), Upload("pets/a.txt", b"x"), Upload("pets/.DS_Store", b"x")]
    kept = keep_upload([*SOUND["folder"], *others], "pets", folder=tmp_path)
    assert kept.n_images == 24
    assert "1 file left out, larger than 0 MB: pets/large.png" in kept.notes
    assert "1 file left out, no picture by ending: 1 .txt" in kept.notes


def test_what_somebody_put_there_by_hand_stays(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.png").write_bytes(picture(0))
    (tmp_path / "odd").mkdir()
    for text in ("[]", "{", '{"kind": "pickle", "size": 28, "n_images": 1, "notes": []}', '{"kind": "zip"}'):
        (tmp_path / "odd/upload.json").write_text(text)
        assert kept_uploads(tmp_path) == {}
    assert not forget_upload("photos", tmp_path)
    assert (tmp_path / "photos/a.png").is_file()


def test_a_disk_that_refuses_is_a_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"cannot be written \(.*\); make room there, or set LATENT_DATA"):
        keep_upload(SOUND["zip"], "mine", folder=tmp_path / "file")
    assert kept_uploads(tmp_path / "file") == {}


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_no_path_leads_out_of_its_folder(path):
    try:
        place = checked_path(path)
    except DataError:
        return
    if place is not None:
        root = Path("/data/uploads/x")
        assert (root / place).is_relative_to(root)
        assert ".." not in place.parts
        assert all(len(part.encode()) <= MOST_NAME for part in place.parts)

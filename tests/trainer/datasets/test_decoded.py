"""Is a folder decoded once, noticed when it changes, rebuilt when its cache is damaged, and never wholly in memory?"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.places import ROOT
from trainer.datasets import Dataset, load_dataset
from trainer.datasets.decoding import cache as decoding_cache
from trainer.datasets.decoding import writing
from trainer.datasets.decoding.keys import bound
from trainer.datasets.decoding.seen import Seen
from trainer.datasets.folder import FolderSource
from trainer.datasets.splits import divide
from trainer.errors import DataError

N = 40


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """40 pictures of one colour each, (number, class, 7), in two classes; two more files cannot be read."""
    for i in range(N):
        path = tmp_path / "pictures" / "ab"[i % 2] / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (i, i % 2, 7)).save(path)
    (tmp_path / "pictures" / "a" / "05x.png").write_bytes(b"no picture")
    (tmp_path / "pictures" / "b" / "zz.png").write_bytes(b"")
    return tmp_path / "pictures"


def loaded(folder: Path) -> Dataset:
    return load_dataset(f"folder:{folder}?size=8")


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were decoded so far."""
    names: list[str] = []
    decode = writing._pictures

    def counted(content: bytes, name: str, size: int, seen: Seen) -> object:
        names.append(name)
        return decode(content, name, size, seen)

    monkeypatch.setattr(writing, "_pictures", counted)
    return names


def cache_files(cache: Path) -> list[str]:
    return sorted(path.suffix for path in (cache / "folders").iterdir())


def only(cache: Path, suffix: str) -> Path:
    (path,) = (cache / "folders").glob(f"*{suffix}")
    return path


# --- what it holds


@pytest.mark.parametrize("block", [1, 3 * 64 * 5, 3 * 64 * N, 2**22])
def test_every_picture_lies_where_its_path_says(pictures: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Whatever is read at once: one picture, five, all of them."""
    for module in (writing, decoding_cache):
        monkeypatch.setattr(module, "BLOCK", block)
    dataset = loaded(pictures)
    paths = sorted(path.relative_to(pictures).as_posix() for path in pictures.rglob("[0-9][0-9].png"))
    splits = divide(paths, np.array([int(path[0] == "b") for path in paths])).places
    assert dataset.labels is not None
    assert dataset.notes[1:] == ("2 unreadable files were skipped: a/05x.png, b/zz.png",)
    for split, places in splits.items():
        part = dataset.subset(split)
        assert part.labels is not None
        assert part.n == len(places)
        for image, label, place in zip(part.images, part.labels, places, strict=True):
            number = int(Path(paths[place]).stem)
            assert (image == np.array([number, number % 2, 7])[:, None, None]).all()
            assert label == number % 2


def test_sha256_is_of_shape_pixels_splits_and_labels(pictures: Path) -> None:
    """Computed here from the loaded arrays, as the docstrings say."""
    for _ in range(2):
        dataset = loaded(pictures)
        assert dataset.labels is not None
        pixels = hashlib.sha256(f"({N}, 3, 8, 8)".encode() + dataset.images.tobytes()).hexdigest()
        splits = hashlib.sha256()
        for name, index in dataset.splits.items():
            splits.update(f"{name} {len(index)} ".encode() + index.astype("<i8").tobytes())
        expected = hashlib.sha256(f"{pixels} {splits.hexdigest()} ".encode() + dataset.labels.astype("<i8").tobytes())
        assert dataset.sha256 == expected.hexdigest()


def test_every_split_is_a_view_of_the_mapped_file(pictures: Path, cache: Path) -> None:
    dataset = loaded(pictures)
    assert isinstance(dataset.images, np.memmap)
    assert str(dataset.images.filename) == str(only(cache, ".pixels"))
    for split in ("train", "validation", "test", "train+validation", "validation+test", "train+validation+test"):
        part = dataset.subset(split)
        assert np.shares_memory(part.images, dataset.images)
        assert (part.images == dataset.images[part.index]).all()
        with pytest.raises(ValueError, match="read-only"):
            part.images[0] = 0
    assert type(dataset.images[np.array([1, 5])]) is np.ndarray  # a batch is a copy, in memory


# --- decoded once


def test_a_second_load_decodes_nothing(pictures: Path, decodings: list[str]) -> None:
    first = loaded(pictures)
    assert len(decodings) == N + 1  # the empty file is not even tried
    second = loaded(pictures)
    assert len(decodings) == N + 1
    assert second.notes == first.notes
    assert second.class_names == first.class_names
    assert second.sha256 == first.sha256


def test_unchanged_files_are_not_even_read(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(pictures)

    def read(*_: object) -> bytes:
        raise AssertionError("read")

    monkeypatch.setattr(FolderSource, "content", read)
    assert loaded(pictures).n == N
    os.utime(pictures / "a" / "00.png")
    with pytest.raises(AssertionError, match="read"):
        loaded(pictures)


def test_touched_copied_or_moved_files_are_read_but_not_decoded_again(pictures: Path, decodings: list[str], cache: Path) -> None:
    first = loaded(pictures)
    os.utime(pictures / "a" / "00.png", (1, 1))
    assert loaded(pictures).sha256 == first.sha256
    shutil.copytree(pictures, pictures.with_name("copy"))
    assert loaded(pictures.with_name("copy")).sha256 == first.sha256
    assert len(decodings) == N + 1
    assert cache_files(cache) == [".json", ".pixels", ".stamp", ".stamp"]


def test_a_changed_file_is_noticed_although_size_and_time_are_as_before(pictures: Path, cache: Path) -> None:
    first = loaded(pictures)
    path = pictures / "a" / "00.png"
    known, data = path.stat(), path.read_bytes()
    other = pictures.parent / "other.png"
    Image.new("RGB", (8, 8), (200, 0, 7)).save(other)
    assert len(other.read_bytes()) == len(data)
    path.write_bytes(other.read_bytes())
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
    second = loaded(pictures)
    assert second.sha256 != first.sha256
    assert (second.images == 200).any()
    assert not (first.images == 200).any()  # whoever has the old one mapped keeps it
    assert cache_files(cache) == [".json", ".pixels", ".stamp"]  # what the folder held before is not kept for ever


@pytest.mark.parametrize("change", ["added", "removed", "renamed", "now readable"])
def test_a_changed_folder_is_decoded_again(pictures: Path, change: str) -> None:
    first = loaded(pictures)
    a, b = pictures / "a" / "00.png", pictures / "b" / "new.png"
    if change == "added":
        shutil.copy(a, b)
    elif change == "removed":
        a.unlink()
    elif change == "renamed":
        a.rename(b)
    else:
        Image.new("RGB", (8, 8), (99, 1, 7)).save(pictures / "b" / "zz.png")
    second = loaded(pictures)
    assert second.n == first.n + {"added": 1, "removed": -1, "renamed": 0, "now readable": 1}[change]
    assert second.sha256 != first.sha256
    assert second.labels is not None
    assert (second.labels == 1).sum() == N / 2 + (change != "removed")


def test_sizes_do_not_share_a_cache(pictures: Path) -> None:
    assert loaded(pictures).image_shape == (3, 8, 8)
    assert load_dataset(f"folder:{pictures}?size=9").image_shape == (3, 9, 9)
    assert loaded(pictures).image_shape == (3, 8, 8)


# --- faults


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def edited(**fields: object) -> Callable[[Path], object]:
    return lambda path: path.write_text(json.dumps(json.loads(path.read_text()) | fields))


DAMAGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a flipped bit": (".pixels", flip),
    "pixels cut off": (".pixels", cut),
    "pixels too long": (".pixels", lambda path: path.write_bytes(path.read_bytes() + b"\0")),
    "pixels missing": (".pixels", Path.unlink),
    "description cut off": (".json", cut),
    "description missing": (".json", Path.unlink),
    "no description": (".json", lambda path: path.write_bytes(b"\xff\x00")),
    "another description": (".json", lambda path: path.write_text("[1]")),
    "another shape": (".json", edited(shape=[N, 3, 64, 1])),
    "a huge shape": (".json", edited(shape=[10**30, 3, 8, 8])),
    "no shape": (".json", edited(shape=[float("inf"), None])),
    "another checksum": (".json", edited(sha256="0")),
    "other files": (".json", edited(pages=[1] * 40 + [0, 0])),
    "impossible files": (".json", edited(pages=[-1, 10**9])),
    "another note": (".json", edited(notes=["all is well"])),
    "no stamp": (".stamp", lambda path: path.write_bytes(b"{}")),
    "a stamp with a path": (".stamp", edited(key="../../secret")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_noticed_and_rebuilt(pictures: Path, cache: Path, damage: str) -> None:
    expected = loaded(pictures).sha256
    suffix, spoil = DAMAGES[damage]
    spoil(only(cache, suffix))
    again = loaded(pictures)
    assert again.sha256 == expected
    assert again.subset("train").n + again.subset("validation").n + again.subset("test").n == N
    assert cache_files(cache) == [".json", ".pixels", ".stamp"]


def test_a_cache_that_cannot_be_written_is_a_sentence(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError) as caught:
        loaded(pictures)
    assert str(caught.value) == (
        f"the cache folder {tmp_path / 'file' / 'folders'} cannot be written (Not a directory); make room there, or set "
        "LATENT_CACHE to another folder."
    )


def test_a_full_disk_is_a_sentence_and_leaves_nothing(pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(DataError, match=r"cannot be written \(No space left on device\); make room there, or set LATENT_CACHE"):
            loaded(pictures)
        assert list((cache / "folders").iterdir()) == []
    assert loaded(pictures).n == N


LOAD = """
import sys, time
from trainer.datasets import load_dataset
from trainer.datasets.decoding import writing
pictures = writing._pictures
def slow(*given):
    time.sleep(float(sys.argv[2]))
    return pictures(*given)
writing._pictures = slow
print(load_dataset(sys.argv[1]).sha256)
"""


def in_a_process(folder: Path, seconds_a_picture: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LOAD, f"folder:{folder}?size=8", str(seconds_a_picture)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_processes_at_once_do_no_harm(pictures: Path, cache: Path) -> None:
    processes = [in_a_process(pictures, 0.01) for _ in range(3)]
    answers = {process.communicate(timeout=300)[0] for process in processes}
    assert answers == {loaded(pictures).sha256 + "\n"}
    assert cache_files(cache) == [".json", ".pixels", ".stamp"]


def test_a_killed_process_leaves_no_half_of_a_cache(pictures: Path, cache: Path) -> None:
    process = in_a_process(pictures, 0.2)
    until = time.monotonic() + 300
    while not (cache / "folders").is_dir() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert not list((cache / "folders").glob("*.json"))
    assert loaded(pictures).n == N


def test_what_killed_writers_left_is_removed_after_a_day(pictures: Path, cache: Path) -> None:
    (cache / "folders").mkdir()
    old, new = cache / "folders" / ".old.tmp", cache / "folders" / ".new.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    loaded(pictures)
    assert not old.exists()
    assert new.exists()


def test_of_many_folders_those_asked_for_the_longest_ago_make_room(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 12 · 8 · 8 · 3 bytes, and there is room for two and a half."""
    monkeypatch.setattr(decoding_cache, "bound", partial(bound, most=12 * 8 * 8 * 3 * 5 // 2))
    folders = [tmp_path / name for name in "abc"]
    for shade, folder in enumerate(folders):
        folder.mkdir()
        for i in range(12):
            Image.new("RGB", (8, 8), (i, 50 * shade, 7)).save(folder / f"{i}.png")
    first = loaded(folders[0])
    age(cache, 200)
    loaded(folders[1])
    age(cache, 100)
    assert loaded(folders[0]).sha256 == first.sha256  # asked for again, from the cache
    loaded(folders[2])
    kept = {json.loads(path.read_bytes())["sha256"] for path in (cache / "folders").glob("*.json")}
    assert len(kept) == len([*(cache / "folders").glob("*.pixels")]) == 2
    decoded_again: list[str] = []
    monkeypatch.setattr(decoding_cache, "write_decoded", noting(decoded_again))
    loaded(folders[0])
    loaded(folders[2])
    assert not decoded_again
    loaded(folders[1])
    assert len(decoded_again) == 1
    assert first.images[0, 0, 0, 0] < 12  # what is mapped stays


def age(cache: Path, seconds: float) -> None:
    """As if everything in the cache had been asked for so long ago as it was, and that much longer."""
    for path in (cache / "folders").glob("*.json"):
        os.utime(path, (path.stat().st_mtime - seconds,) * 2)


def noting(keys: list[str]) -> Callable[..., str]:
    def write(*given: object) -> str:
        keys.append(writing.write_decoded(*given))  # type: ignore[arg-type]
        return keys[-1]

    return write


# --- larger than memory


def test_memory_does_not_grow_with_the_folder(tmp_path: Path) -> None:
    """600 pictures of 128 × 128 are 29 MB; what is held at once are blocks of 1 MB, four of them while one is turned."""
    (tmp_path / "many").mkdir()
    for i in range(600):
        Image.new("RGB", (4, 4), (i % 256, i // 256, 0)).save(tmp_path / "many" / f"{i:04}.bmp")
    load_dataset(f"folder:{tmp_path / 'many'}?size=8")  # imports
    tracemalloc.start()
    dataset = load_dataset(f"folder:{tmp_path / 'many'}?size=128")
    dataset.subset("train+validation")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert dataset.images.nbytes > 29e6
    assert peak < 7e6

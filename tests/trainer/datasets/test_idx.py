"""Are MNIST and its siblings read from where they lie, verified, fetched when missing, refused when damaged?"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import struct
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.datasets import availability, load_dataset
from trainer.datasets.built_in.idx import FILES, SOURCES, Source, load_idx
from trainer.errors import DataError

REAL = Path(os.environ.get("LATENT_DATA", "")) / "mnist"
needs_mnist = pytest.mark.skipif(
    not os.environ.get("LATENT_DATA") or not REAL.is_dir(), reason="the MNIST files are not in $LATENT_DATA/mnist"
)
TRAIN, TEST = 6, 4


def values(file: str) -> NDArray[np.uint8]:
    """Small files with the same layout: 6 training and 4 test images."""
    n = TRAIN if file.startswith("train") else TEST
    if "labels" in file:
        return np.arange(n, dtype=np.uint8) % 10
    return np.random.default_rng(n).integers(0, 256, (n, 28, 28), dtype=np.uint8)


def packed(array: NDArray[np.uint8], magic: int | None = None) -> bytes:
    magic = 0x0800 + array.ndim if magic is None else magic
    return gzip.compress(struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes(), mtime=0)


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which it is served."""
    folder = tmp_path / "server"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{httpd.server_port}/"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def source(server: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """A small data set on the server; the user's cache is an empty folder."""
    folder, url = server
    monkeypatch.delenv("LATENT_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    for file in FILES:
        (folder / file).write_bytes(packed(values(file)))
    checksums = {file: md5((folder / file).read_bytes()) for file in FILES}
    return replace(SOURCES["kmnist"], url=url, md5=checksums, n_train=TRAIN, n_validation=2, n_test=TEST)


def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "latent-atlas" / "kmnist"


def test_fetched_once_then_read_from_the_cache(source: Source, server: tuple[Path, str], tmp_path: Path) -> None:
    dataset = load_idx(source, download=True, progress=False)
    assert sorted(path.name for path in cache(tmp_path).iterdir()) == sorted(FILES)
    shutil.rmtree(server[0])
    again = load_idx(source, download=False, progress=False)
    assert again.sha256 == dataset.sha256
    assert (dataset.images[:, 0] == np.concatenate([values(FILES[0]), values(FILES[2])])).all()
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
    assert {name: index.tolist() for name, index in dataset.splits.items()} == {
        "train": [0, 1, 2, 3],
        "validation": [4, 5],
        "test": [6, 7, 8, 9],
    }


def test_progress_shows_a_bar(source: Source, capsys: pytest.CaptureFixture[str]) -> None:
    load_idx(source, download=True, progress=True)
    assert "100%" in capsys.readouterr().err


def test_a_file_in_latent_data_comes_before_the_cache(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_idx(source, download=True, progress=False)
    given = tmp_path / "given"
    (given / "kmnist").mkdir(parents=True)
    (given / "kmnist" / FILES[1]).write_bytes(b"not what it should be")
    monkeypatch.setenv("LATENT_DATA", str(given))
    with pytest.raises(DataError) as caught:
        load_idx(source, download=False, progress=False)
    assert str(given / "kmnist" / FILES[1]) in str(caught.value)
    (given / "kmnist" / FILES[1]).unlink()  # what the sentence tells to do
    assert load_idx(source, download=False, progress=False).n == TRAIN + TEST


def test_without_download_the_sentence_says_where_to_put_the_file(source: Source, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_idx(source, download=False, progress=False)
    assert str(caught.value) == (
        f"data set 'kmnist' is not on this machine: {FILES[0]} is missing; allow the download, or put the file from "
        f"{source.url} into {cache(tmp_path)}."
    )


def test_no_network_is_a_sentence(source: Source, tmp_path: Path) -> None:
    nowhere = replace(source, url="http://127.0.0.1:9/")  # port 9, discard: nobody listens
    with pytest.raises(DataError) as caught:
        load_idx(nowhere, download=True, progress=False)
    assert str(caught.value) == (
        f"{FILES[0]} of kmnist could not be fetched from http://127.0.0.1:9/ (no connection); check the network "
        f"and run again, or put the file into {cache(tmp_path)} by hand."
    )


def test_a_file_missing_on_the_server_is_a_sentence(source: Source, server: tuple[Path, str]) -> None:
    (server[0] / FILES[2]).unlink()
    with pytest.raises(DataError, match=rf"{FILES[2]} of kmnist could not be fetched .*the server answered 404"):
        load_idx(source, download=True, progress=False)


def test_a_wrong_download_is_thrown_away(source: Source, server: tuple[Path, str], tmp_path: Path) -> None:
    (server[0] / FILES[0]).write_bytes(b"<html>maintenance</html>")
    with pytest.raises(DataError, match=rf"wrong checksum \(expected MD5 {source.md5[FILES[0]]}\) and was deleted"):
        load_idx(source, download=True, progress=False)
    assert not (cache(tmp_path) / FILES[0]).exists()


def damaged(source: Source, tmp_path: Path, data: bytes, *, trusted: bool) -> str:
    """The sentence about a cache whose first file is `data`; `trusted`: with a checksum that matches it."""
    load_idx(source, download=True, progress=False)
    path = cache(tmp_path) / FILES[0]
    path.write_bytes(data)
    checksums = {**source.md5, FILES[0]: md5(data)} if trusted else source.md5
    with pytest.raises(DataError) as caught:
        load_idx(replace(source, md5=checksums), download=True, progress=False)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path} is damaged: ")
    assert sentence.endswith("; delete it and run again, so that it is fetched again.")
    return sentence.removeprefix(f"{path} is damaged: ").removesuffix("; delete it and run again, so that it is fetched again.")


def test_a_flipped_byte_gives_expected_and_found(source: Source, tmp_path: Path) -> None:
    array = values(FILES[0]).copy()
    array[0, 0, 0] ^= 1
    data = packed(array)
    assert damaged(source, tmp_path, data, trusted=False) == (f"the MD5 is {md5(data)} and should be {source.md5[FILES[0]]}")


def test_a_cut_file_ends_too_early(source: Source, tmp_path: Path) -> None:
    assert damaged(source, tmp_path, packed(values(FILES[0]))[:-100], trusted=True) == "it ends too early"


def test_an_empty_file_is_refused(source: Source, tmp_path: Path) -> None:
    assert damaged(source, tmp_path, b"", trusted=True) == f"it holds 0 bytes and should hold {16 + TRAIN * 784}"


def test_a_web_page_is_no_gzip_file(source: Source, tmp_path: Path) -> None:
    assert damaged(source, tmp_path, b"<html></html>", trusted=True).startswith("it is not a complete gzip file (Not a gzipped")


def test_a_gzip_bomb_is_not_unpacked(source: Source, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    expected = 16 + TRAIN * 784
    tracemalloc.start()
    assert damaged(source, tmp_path, bomb, trusted=True) == f"it holds more than {expected} bytes and should hold {expected}"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("magic", [0x00000801, 0x00000D03, 0x01000803])
def test_a_wrong_header_is_refused(source: Source, tmp_path: Path, magic: int) -> None:
    """Labels instead of images, floats instead of bytes, something in the two bytes that must be zero."""
    sentence = damaged(source, tmp_path, packed(values(FILES[0]), magic), trusted=True)
    assert sentence == f"its header is {magic:08x}000000060000001c0000001c and should be 00000803000000060000001c0000001c"


def test_wrong_axes_of_the_right_size_are_refused(source: Source, tmp_path: Path) -> None:
    data = packed(values(FILES[0]).reshape(TRAIN, 14, 56))
    assert "000000060000000e00000038" in damaged(source, tmp_path, data, trusted=True)


def test_a_label_beyond_the_classes_is_refused(source: Source) -> None:
    with pytest.raises(DataError, match="a label of kmnist is 5; allowed: 0 to 2"):
        load_idx(replace(source, class_names=("a", "b", "c")), download=True, progress=False)


def test_availability_looks_and_fetches_nothing(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not availability("kmnist").is_here
    assert not cache(tmp_path).exists()
    cache(tmp_path).mkdir(parents=True)
    for file in FILES:
        (cache(tmp_path) / file).write_bytes(b"not even looked into")
    known = availability("kmnist")
    assert (known.is_here, known.where) == (True, str(cache(tmp_path)))
    assert (known.n_images, known.image_shape) == (70_000, (1, 28, 28))


def test_every_source_has_four_checksums_ten_classes_and_a_licence() -> None:
    for source in SOURCES.values():
        assert set(source.md5) == set(FILES)
        assert len(set(source.md5.values())) == 4
        assert len(source.class_names) == 10
        assert source.licence


@needs_mnist
def test_mnist_has_its_published_figures() -> None:
    """Class counts, first labels and mean pixel of the 60 000 training images as they are known everywhere."""
    dataset = load_dataset("mnist", download=False)
    assert dataset.image_shape == (1, 28, 28)
    assert dataset.labels is not None
    counts = np.bincount(dataset.labels[:60_000]).tolist()
    assert counts == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert dataset.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.images[:60_000].mean(dtype=np.float64) / 255 == pytest.approx(0.1307, abs=5e-5)
    assert dataset.splits["train"].tolist() == list(range(55_000))
    assert dataset.splits["validation"].tolist() == list(range(55_000, 60_000))
    assert dataset.splits["test"].tolist() == list(range(60_000, 70_000))


@needs_mnist
def test_mnist_packed_with_other_content_names_both_checksums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mnist"
    folder.mkdir()
    for file in FILES:
        shutil.copy(REAL / file, folder)
    labels = bytearray(gzip.decompress((folder / FILES[3]).read_bytes()))
    labels[-1] ^= 1
    (folder / FILES[3]).chmod(0o644)
    (folder / FILES[3]).write_bytes(gzip.compress(bytes(labels)))
    monkeypatch.setenv("LATENT_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load_dataset("mnist")
    found = hashlib.sha256(labels).hexdigest()
    assert f"the SHA-256 of its content is {found} and should be ff7bcfd4" in str(caught.value)

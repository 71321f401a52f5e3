"""What if a folder of pictures is larger than memory? It is decoded once into a file, and that file is mapped.

In `<cache>/folders/`, where every file is renamed into place when it is whole:

    KEY.pixels     (N, C, H, W) uint8, nothing else
    KEY.json       shape, the data set's sha256, and which files could not be read; written last: no KEY.json, no cache
    SEEN.stamp     of one folder at one size: what its files looked like from outside, and the KEY that they had then

KEY is a digest of all paths and all bytes of the files, so the cache cannot be out of date. As reading 200 000 files
takes a while, SEEN spares it where path, size and times of every file are as they were. The pixels are verified each
time against sha256, piece by piece; where a file is damaged, cut off or missing, the folder is decoded again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from trainer.datasets.dataset import SPLITS, consecutive_splits, hashed_splits, sha256_of
from trainer.datasets.memory import cache_folder, scratch, sweep, written
from trainer.datasets.pictures import middle_square, open_picture, read_bytes, to_grey_or_rgb
from trainer.errors import DataError, ImageError

FORMAT = f"latent-atlas folder 1, Pillow {PIL.__version__}"  # another decoder may give other pixels
SHARES = (0.8, 0.1)  # train, validation; the rest is test
BLOCK = 2**20  # bytes read or written at once


class TooFewError(Exception):
    """There are not enough pictures to fill the splits."""

    def __init__(self, n_readable: int, unreadable: Sequence[str]) -> None:
        super().__init__(f"{n_readable} readable images")
        self.n_readable, self.unreadable = n_readable, tuple(unreadable)


@dataclass(frozen=True)
class Decoded:
    """images (N, C, H, W), a read-only map of a file, as `lay_out(readable)` orders them · sha256: that of the data set."""

    images: NDArray[np.uint8]
    readable: tuple[str, ...]
    unreadable: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Layout:
    """How readable files (n,) become a data set.

    order (n,): the place of each image's file in the list of files · labels (n,) in the order of the images ·
    splits: consecutive.
    """

    order: NDArray[np.int64]
    splits: dict[str, NDArray[np.int64]]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]


def decoded(folder: Path, files: Sequence[str], size: int, *, progress: bool = False) -> Decoded:
    """The pictures `files` of `folder`, `size` × `size` pixels: (N, 1, H, W) when every picture is grey, else (N, 3, H, W).

    Raises `TooFewError`.
    """
    cache = cache_folder("folders")
    seen = cache / f"{_digest((FORMAT, os.path.realpath(folder), str(size)))}.stamp"
    stamp = _stamp(folder, files, size)  # before anything is read: a file that changes meanwhile is noticed next time
    remembered, key = _remembered(seen)
    if remembered == stamp and (found := _cached(cache, key, files)) is not None:
        return found
    before, key = key, _key(folder, files, size, progress)
    found = _cached(cache, key, files)
    if found is None:
        sweep(cache)
        key = _decode(cache, folder, files, size, progress)
        found = _cached(cache, key, files)
    if found is None:
        raise DataError(
            f"{cache / key}.pixels was damaged while it was written; check the disk, or set LATENT_CACHE to another folder."
        )
    with written(seen) as file:
        file.write(json.dumps({"stamp": stamp, "key": key}).encode())
    if before not in ("", key):
        _forget(cache, before)
    return found


# --- in which order


def lay_out(files: Sequence[str]) -> Layout:
    """`files` in the order of their paths; each goes into the split that the hash of its path says."""
    by_split = hashed_splits(files, *SHARES)
    order = np.concatenate([by_split[split] for split in SPLITS])
    class_names, labels = _labels(files)
    return Layout(
        order=order,
        splits=consecutive_splits(*(len(by_split[split]) for split in SPLITS)),
        labels=None if labels is None else labels[order],
        class_names=class_names,
    )


def _labels(files: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64] | None]:
    if "/" not in files[0]:
        return (), None
    names = [file.split("/", 1)[0] for file in files]
    class_names, labels = np.unique(np.array(names, dtype=object), return_inverse=True)
    shown = tuple(str(name).encode("utf-8", "replace").decode() for name in class_names)
    return shown, labels.astype(np.int64)


# --- which cache file


def _stamp(folder: Path, files: Sequence[str], size: int) -> str:
    """From outside: the change time tells also of a file that was given its old size and modification time."""
    return _digest((FORMAT, str(size), *(f"{file}\0{_looks(os.path.join(folder, file))}" for file in files)))


def _looks(path: str) -> tuple[int, ...]:
    try:
        known = os.stat(path)
    except OSError:
        return ()
    return known.st_size, known.st_mtime_ns, known.st_ctime_ns


def _remembered(seen: Path) -> tuple[str, str]:
    """Stamp and key of the last time; empty where there was none."""
    try:
        known = json.loads(seen.read_bytes())
        stamp, key = known["stamp"], known["key"]
        is_key = isinstance(key, str) and len(key) == 64 and set(key) <= set("0123456789abcdef")
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""
    return (stamp, key) if is_key and isinstance(stamp, str) else ("", "")


def _key(folder: Path, files: Sequence[str], size: int, progress: bool) -> str:
    contents = (_content(folder, file) for file in _told(files, "comparing images", progress))
    return _key_of(files, size, map(_digest_of, contents))


def _key_of(files: Sequence[str], size: int, digests: Iterable[str]) -> str:
    return _digest((FORMAT, str(size), *(f"{file}\0{digest}" for file, digest in zip(files, digests, strict=True))))


def _content(folder: Path, file: str) -> bytes | None:
    """None where there are no bytes that could be a picture."""
    with contextlib.suppress(ImageError):
        return read_bytes(folder / file, file)
    return None


def _digest_of(content: bytes | None) -> str:
    return "unreadable" if content is None else hashlib.sha256(content).hexdigest()


def _digest(words: Iterable[str]) -> str:
    """Of words of any characters: each is preceded by its length."""
    digest = hashlib.sha256()
    for word in words:
        data = word.encode("utf-8", "surrogateescape")
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()


def _forget(cache: Path, key: str) -> None:
    """What a folder held before it changed; whoever has it mapped keeps it."""
    for ending in (".json", ".pixels"):
        with contextlib.suppress(OSError):
            (cache / (key + ending)).unlink()


# --- read


def _cached(cache: Path, key: str, files: Sequence[str]) -> Decoded | None:
    """What lies under `key`, if it is whole and every pixel is as it was written."""
    pixels = cache / f"{key}.pixels"
    try:
        shape, sha256, skipped = _description(json.loads((cache / f"{key}.json").read_bytes()), len(files))
        readable = tuple(file for i, file in enumerate(files) if i not in skipped)
        if pixels.stat().st_size != math.prod(shape) or shape[0] != len(readable):
            return None
        with pixels.open("rb") as file:
            actual = sha256_of(shape, iter(lambda: file.read(BLOCK), b""), lay_out(readable).labels)
        if actual != sha256:
            return None
        images = np.memmap(pixels, dtype=np.uint8, mode="r", shape=shape)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return Decoded(images, readable, tuple(files[i] for i in sorted(skipped)), sha256)


def _description(known: Any, n_files: int) -> tuple[tuple[int, int, int, int], str, set[int]]:
    """shape, sha256 and the places of the unreadable files; raises ValueError, KeyError or TypeError."""
    n, channels, height, width = (int(side) for side in known["shape"])
    skipped = {int(place) for place in known["unreadable"]}
    if min(n, channels, height, width) < 1 or not skipped <= set(range(n_files)):
        raise ValueError("no shape, or places outside of the files")
    return (n, channels, height, width), str(known["sha256"]), skipped


# --- write


def _decode(cache: Path, folder: Path, files: Sequence[str], size: int, progress: bool) -> str:
    """Every file is opened once, one after the other; the key is that of the bytes that were decoded."""
    digests: list[str] = []
    skipped: list[int] = []
    is_grey = True
    with scratch(cache) as raw:  # in the order of paths and in colour: what each split holds is known at the end only
        for place, file in enumerate(_told(files, "reading images", progress)):
            content = _content(folder, file)
            digests.append(_digest_of(content))
            try:
                picture = None if content is None else _picture(content, file, size)
            except ImageError:
                picture = None
            if picture is None:
                skipped.append(place)
                continue
            is_grey = is_grey and picture.ndim == 2
            raw.write(picture.tobytes() if picture.ndim == 3 else np.repeat(picture, 3).tobytes())
        without = set(skipped)
        readable = [file for i, file in enumerate(files) if i not in without]
        if len(readable) < len(SPLITS):
            raise TooFewError(len(readable), [files[i] for i in skipped])
        key = _key_of(files, size, digests)
        _write(cache, key, raw, readable, size, 1 if is_grey else 3, skipped)
    return key


def _write(
    cache: Path, key: str, raw: IO[bytes], readable: Sequence[str], size: int, n_channels: int, skipped: Sequence[int]
) -> None:
    layout = lay_out(readable)
    shape = (len(readable), n_channels, size, size)
    with written(cache / f"{key}.pixels") as file:

        def copied() -> Iterator[bytes]:
            for index in layout.splits.values():
                for part in _of_split(raw, layout.order[index], size, n_channels):
                    file.write(part)
                    yield part

        sha256 = sha256_of(shape, copied(), layout.labels)
    with written(cache / f"{key}.json") as file:
        file.write(json.dumps({"shape": shape, "sha256": sha256, "unreadable": list(skipped)}).encode())


def _of_split(raw: IO[bytes], places: NDArray[np.int64], size: int, n_channels: int) -> Iterator[bytes]:
    """The pictures at `places`, which ascend, channels first: one pass over all of them, a block at a time."""
    n_bytes = 3 * size * size
    step = max(1, BLOCK // n_bytes)
    raw.seek(0)
    for start in range(0, int(places[-1]) + 1, step):
        block = np.frombuffer(raw.read(step * n_bytes), np.uint8).reshape(-1, size, size, 3)
        first, last = np.searchsorted(places, (start, start + step))
        chosen = block[places[first:last] - start, :, :, :n_channels]
        yield chosen.transpose(0, 3, 1, 2).tobytes()


def _picture(content: bytes, name: str, size: int) -> NDArray[np.uint8]:
    """(size, size) where the picture is grey, also when it is stored as colour; else (size, size, 3)."""
    image = to_grey_or_rgb(open_picture(content, name, draft_px=4 * size))
    # BOX repeats pixels when enlarging; LANCZOS is the sharpest when making smaller
    filter_ = Image.Resampling.LANCZOS if min(image.size) >= size else Image.Resampling.BOX
    picture = np.asarray(middle_square(image).resize((size, size), filter_))
    if picture.ndim == 3 and (picture == picture[..., :1]).all():
        picture = picture[..., 0]
    return picture


def _told(files: Sequence[str], what: str, progress: bool) -> Iterable[str]:
    from tqdm import tqdm

    shown: Iterable[str] = tqdm(files, desc=what, unit="image", disable=not progress, leave=False)
    return shown

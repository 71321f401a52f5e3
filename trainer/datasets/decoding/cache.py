"""What if pictures in files are larger than memory? They are decoded once into a file, and that file is mapped.

In `<cache>/folders/`, where every file is renamed into place when it is whole:

    KEY.pixels     (N, C, H, W) uint8, nothing else
    KEY.json       shape, sha256 of the pixels, pictures of each file, notes, its own checksum; written last: no KEY.json, no cache
    SEEN.stamp     of one source at one size: what its files looked like from outside, and the KEY that they had then

KEY is a digest of all paths, classes and bytes of the files, so the cache cannot be out of date. As reading 200 000 files takes a while,
SEEN spares it where path, size and times of every file are as they were. The pixels are verified each time against sha256, piece by
piece; where a file is damaged, cut off or missing, the pictures are decoded again. What was asked for the longest ago makes room where all
of it has more than 50 GB.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from trainer.datasets.dataset import sha256_of
from trainer.datasets.decoding.keys import bound, check_of, digest_of, forget, key_now, remembered, stamp_of, touch
from trainer.datasets.decoding.order import lay_out, order_digest
from trainer.datasets.decoding.records import BLOCK, Decoded, Source, Wanted
from trainer.datasets.decoding.writing import write_decoded
from trainer.datasets.memory import cache_folder, sweep, written
from trainer.errors import DataError


def decoded(source: Source, wanted: Wanted, *, progress: bool = False) -> Decoded:
    """The pictures of a source, `size` × `size` pixels: (N, 1, H, W) when every picture is grey, else (N, 3, H, W).

    Raises `TooFewError`.
    """
    cache = cache_folder("folders")
    seen = cache / f"{digest_of((*wanted.words()[:3], source.place))}.stamp"
    stamp = stamp_of(source, wanted)  # before anything is read: a file that changes meanwhile is noticed next time
    last, key = remembered(seen)
    if last == stamp and (found := _cached(cache, key, wanted)) is not None:
        touch(cache, key)
        return found
    before, key = key, key_now(source, wanted, progress)
    found = _cached(cache, key, wanted)
    if found is None:
        sweep(cache)
        key = write_decoded(cache, source, wanted, progress)
        found = _cached(cache, key, wanted)
    if found is None:
        raise DataError(
            f"{cache / key}.pixels was damaged while it was written; check the disk, or set LATENT_CACHE to another folder."
        )
    with written(seen) as file:
        file.write(json.dumps({"stamp": stamp, "key": key}).encode())
    if before not in ("", key):
        forget(cache, before)
    touch(cache, key)
    bound(cache, key)
    return found


def _cached(cache: Path, key: str, wanted: Wanted) -> Decoded | None:
    """What lies under `key`, if it is whole and every pixel is as it was written."""
    pixels = cache / f"{key}.pixels"
    try:
        shape, sha256, pages, notes, order = _description(json.loads((cache / f"{key}.json").read_bytes()), len(wanted.entries))
        if pixels.stat().st_size != math.prod(shape) or shape[0] != sum(pages) or order != order_digest(lay_out(wanted, pages)):
            return None
        with pixels.open("rb") as file:
            actual = sha256_of(shape, iter(lambda: file.read(BLOCK), b""), None)
        if actual != sha256:
            return None
        images = np.memmap(pixels, dtype=np.uint8, mode="r", shape=shape)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return Decoded(images, pages, sha256, notes)


def _description(known: Any, n_files: int) -> tuple[tuple[int, int, int, int], str, tuple[int, ...], tuple[str, ...], str]:
    """shape, sha256, pictures of each file, notes and what tells their order; raises ValueError, KeyError or TypeError."""
    if known["check"] != check_of(known):
        raise ValueError("not as it was written")
    n, channels, height, width = (int(side) for side in known["shape"])
    pages = tuple(int(n) for n in known["pages"])
    if min(n, channels, height, width) < 1 or len(pages) != n_files or min(pages) < 0:
        raise ValueError("no shape, or not as many files")
    return (n, channels, height, width), str(known["sha256"]), pages, tuple(map(str, known["notes"])), str(known["order"])

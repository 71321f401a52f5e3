"""How are the pictures of many files decoded into one?

Every file is opened once, one after the other; a second time where the brightest pixel of all says that white is not as usual.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.datasets.dataset import SPLITS, sha256_of
from trainer.datasets.decoding.keys import check_of, content_of, digest_of_content, key_of, with_progress
from trainer.datasets.decoding.order import lay_out, order_digest
from trainer.datasets.decoding.records import BLOCK, Source, TooFewError, Wanted
from trainer.datasets.decoding.seen import DEEP, OTHER_COLOURS, Seen, notes_of
from trainer.datasets.memory import scratch, written
from trainer.datasets.pictures import (
    BLACK,
    MAX_PAGES,
    WHITE,
    deep_values,
    fitted,
    ground_behind,
    is_deep,
    is_transparent,
    of_pages,
    to_grey_or_rgb,
)
from trainer.datasets.values import USUAL, Scale
from trainer.errors import ImageError


def write_decoded(cache: Path, source: Source, wanted: Wanted, progress: bool) -> str:
    """Every file is opened once, one after the other; a second time where the brightest pixel of all says that white is not as usual.

    The key is that of the bytes that were decoded.
    """
    with scratch(cache) as raw:  # in the order of paths and in colour: what each split holds is known at the end only
        seen = _pass(source, wanted, raw, (USUAL, DEEP, WHITE), progress)
        if seen.fitting() != (*seen.scales, seen.ground):
            seen = _pass(source, wanted, raw, seen.fitting(), progress)
        n = sum(seen.pages)
        if n < len(SPLITS):
            raise TooFewError(n, seen.reasons)
        key = key_of(wanted, seen.digests)
        _write(cache, key, raw, wanted, seen)
    return key


def _pass(source: Source, wanted: Wanted, raw: IO[bytes], fitting: tuple[Scale, Scale, int], progress: bool) -> Seen:
    raw.seek(0)
    raw.truncate()
    seen = Seen(scales=fitting[:2], ground=fitting[2])
    for file in with_progress(wanted.files, "reading images", progress):
        content, why = content_of(source, file)
        seen.digests.append(digest_of_content(content))
        pictures: list[NDArray[np.uint8]] = []
        if content is not None:
            try:
                pictures = _pictures(content, file, wanted, seen)
            except ImageError as error:
                why = str(error)
        if not pictures:
            seen.reasons.append(why)
        seen.pages.append(len(pictures))
        for picture in pictures:
            seen.is_grey = seen.is_grey and picture.ndim == 2
            raw.write(picture.tobytes() if picture.ndim == 3 else np.repeat(picture, 3).tobytes())
    return seen


def _write(cache: Path, key: str, raw: IO[bytes], wanted: Wanted, seen: Seen) -> None:
    layout = lay_out(wanted, seen.pages)
    n_channels, size = 1 if seen.is_grey else 3, wanted.size
    shape = (sum(seen.pages), n_channels, size, size)
    with written(cache / f"{key}.pixels") as file:

        def copied() -> Iterator[bytes]:
            for index in layout.splits.values():
                for part in _of_split(raw, layout.order[index], size, n_channels):
                    file.write(part)
                    yield part

        sha256 = sha256_of(shape, copied(), None)
    known = {"shape": shape, "sha256": sha256, "pages": seen.pages, "notes": notes_of(wanted, seen), "order": order_digest(layout)}
    known["check"] = check_of(known)
    with written(cache / f"{key}.json") as file:
        file.write(json.dumps(known).encode())


def _of_split(raw: IO[bytes], places: NDArray[np.int64], size: int, n_channels: int) -> Iterator[bytes]:
    """The pictures at `places`, which ascend, channels first: one pass over all of them, a block at a time."""
    if not len(places):
        return
    n_bytes = 3 * size * size
    step = max(1, BLOCK // n_bytes)
    raw.seek(0)
    for start in range(0, int(places[-1]) + 1, step):
        block = np.frombuffer(raw.read(step * n_bytes), np.uint8).reshape(-1, size, size, 3)
        first, last = np.searchsorted(places, (start, start + step))
        chosen = block[places[first:last] - start, :, :, :n_channels]
        yield chosen.transpose(0, 3, 1, 2).tobytes()


def _pictures(content: bytes, file: str, wanted: Wanted, seen: Seen) -> list[NDArray[np.uint8]]:
    """Every picture of a file, and what the whole set should know of it."""
    found = of_pages(content, file, lambda image: _picture(image, wanted, seen), draft_px=4 * wanted.size)
    if found.n_frames > 1 and not found.is_stack:
        seen.animated.append(file)
    if found.is_stack and found.n_frames > MAX_PAGES:
        seen.cut.append(file)
    return list(found.pages)


def _picture(image: Image.Image, wanted: Wanted, seen: Seen) -> NDArray[np.uint8]:
    """(size, size) where the picture is grey, also when it is stored as colour; else (size, size, 3)."""
    of_bytes, deep = seen.scales
    seen.oblong += image.width != image.height
    seen.other_colours.update([image.mode] if image.mode in OTHER_COLOURS else [])
    if is_transparent(image):
        seen.transparent += 1
        seen.on_black += ground_behind(image) == BLACK
    if is_deep(image):
        values = deep_values(image)
        seen.low, seen.high = min(seen.low, float(values.min())), max(seen.high, float(values.max()))
        image = to_grey_or_rgb(image, seen.ground, deep)
    else:
        image = to_grey_or_rgb(image, seen.ground)
        highs = image.getextrema()
        seen.brightest = max(seen.brightest, *(int(pair[1]) for pair in (highs if image.mode == "RGB" else (highs,))))  # type: ignore[index,arg-type]
        if not of_bytes.is_usual:
            image = image.point(lambda value: 255 * min(value, 1))
    picture = np.asarray(fitted(image, wanted.size, wanted.fit))
    if picture.ndim == 3 and (picture == picture[..., :1]).all():
        picture = picture[..., 0]
    return picture

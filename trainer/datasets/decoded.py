"""What if pictures in files are larger than memory? They are decoded once into a file, and that file is mapped.

In `<cache>/folders/`, where every file is renamed into place when it is whole:

    KEY.pixels     (N, C, H, W) uint8, nothing else
    KEY.json       shape, sha256 of the pixels, pictures of each file, notes, its own checksum; written last: no KEY.json, no cache
    SEEN.stamp     of one source at one size: what its files looked like from outside, and the KEY that they had then

KEY is a digest of all paths, classes and bytes of the files, so the cache cannot be out of date. As reading 200 000 files takes a while,
SEEN spares it where path, size and times of every file are as they were. The pixels are verified each time against sha256, piece by
piece; where a file is damaged, cut off or missing, the pictures are decoded again.

The images lie training split first, then validation, then test, each in the order of its paths: every split is then a view of one file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from trainer.datasets.dataset import SPLITS, consecutive_splits, sha256_of
from trainer.datasets.kinds import counted, files_word, named, natural
from trainer.datasets.labels import MOST_CLASSES, UNLABELLED, distinct, text_of, told_equal, too_many
from trainer.datasets.layout import Entry
from trainer.datasets.memory import cache_folder, scratch, sweep, written
from trainer.datasets.names import FIT, Fit
from trainer.datasets.pictures import (
    BLACK,
    MAX_PAGES,
    WHITE,
    deep_scale,
    deep_values,
    fitted,
    ground_behind,
    is_deep,
    is_transparent,
    of_pages,
    to_grey_or_rgb,
)
from trainer.datasets.splits import divide
from trainer.datasets.values import DARK, USUAL, Scale
from trainer.errors import DataError, ImageError
from trainer.numerals import count

FORMAT = f"latent-atlas folder 3, Pillow {PIL.__version__}"  # another decoder may give other pixels
BLOCK = 2**20  # bytes read or written at once
DEEP = Scale(0.0, 65535.0)
OTHER_COLOURS = {"CMYK": "CMYK", "YCbCr": "YCbCr", "LAB": "CIELAB", "HSV": "HSV"}  # modes of Pillow; a palette loses nothing
TOLD_FIT: dict[Fit, str] = {
    "crop": "the middle was cut out (?fit=pad after the path keeps all of it)",
    "pad": "the tone of their edge was added around them (fit=pad)",
    "stretch": "they were stretched to a square (fit=stretch)",
}


class Source(Protocol):
    """Where files of pictures are."""

    @property
    def place(self) -> str:
        """A name that no other source has."""

    def content(self, file: str) -> bytes:
        """The bytes of a file. Raises `ImageError`."""

    def looks(self, file: str) -> tuple[int, ...]:
        """What tells from outside that a file has changed; empty where it cannot be seen."""


@dataclass(frozen=True)
class Wanted:
    """entries: files in the order of their paths, with class and split · size: pixels of a side · held_out: share of the test split ·
    fit: how what is not square becomes square."""

    entries: tuple[Entry, ...]
    size: int
    held_out: float
    fit: Fit = FIT

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(entry.file for entry in self.entries)

    def words(self) -> tuple[str, ...]:
        """What the pictures of the same files depend on."""
        told = (f"{entry.file}\0{entry.label}\0{entry.split}" for entry in self.entries)
        return FORMAT, f"{self.size} {self.fit}", repr(self.held_out), *told


class TooFewError(Exception):
    """There are not enough pictures to fill the splits."""

    def __init__(self, n_readable: int, unreadable: Sequence[str]) -> None:
        super().__init__(f"{n_readable} readable images")
        self.n_readable, self.unreadable = n_readable, tuple(unreadable)


@dataclass(frozen=True)
class Decoded:
    """images (N, C, H, W), a read-only map of a file, as `lay_out` orders them · sha256: of the pixels · notes: for the person."""

    images: NDArray[np.uint8]
    pages: tuple[int, ...]
    sha256: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """How files become a data set.

    order (n,): the place of each image among the pictures in the order of files and pages · labels (n,) in the order of the images ·
    splits: consecutive · notes: how they were divided.
    """

    order: NDArray[np.int64]
    splits: dict[str, NDArray[np.int64]]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class _Seen:
    """What one pass over all files found. pages: pictures of each file, 0 where it cannot be read · lows, highs: of deep pictures."""

    pages: list[int] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    animated: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    other_colours: Counter[str] = field(default_factory=Counter)  # pictures by the mode that was neither grey nor RGB
    oblong: int = 0  # pictures that are not square
    transparent: int = 0  # pictures
    on_black: int = 0  # of them, whose visible part would vanish on white
    ground: int = WHITE
    is_grey: bool = True
    brightest: int = 0  # of pictures of 8 bits
    low: float = math.inf
    high: float = -math.inf
    scales: tuple[Scale, Scale] = (USUAL, DEEP)

    def fitting(self) -> tuple[Scale, Scale, int]:
        """Black and white of all pictures of 8 bits, and of all deeper ones; the ground behind what is transparent, of all."""
        of_bytes = Scale(0.0, 1.0) if self.brightest == 1 else USUAL
        deep = deep_scale(self.low, self.high) if self.low <= self.high else DEEP
        return of_bytes, deep, BLACK if 2 * self.on_black > self.transparent else WHITE


def decoded(source: Source, wanted: Wanted, *, progress: bool = False) -> Decoded:
    """The pictures of a source, `size` × `size` pixels: (N, 1, H, W) when every picture is grey, else (N, 3, H, W).

    Raises `TooFewError`.
    """
    cache = cache_folder("folders")
    seen = cache / f"{_digest((*wanted.words()[:3], source.place))}.stamp"
    stamp = _stamp(source, wanted)  # before anything is read: a file that changes meanwhile is noticed next time
    remembered, key = _remembered(seen)
    if remembered == stamp and (found := _cached(cache, key, wanted)) is not None:
        return found
    before, key = key, _key(source, wanted, progress)
    found = _cached(cache, key, wanted)
    if found is None:
        sweep(cache)
        key = _decode(cache, source, wanted, progress)
        found = _cached(cache, key, wanted)
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


def lay_out(wanted: Wanted, pages: Sequence[int]) -> Layout:
    """The order of the images from the pictures that each file has; pages of one file stay in one split, unless it has most of them."""
    entries = [entry for entry, n in zip(wanted.entries, pages, strict=True) for _ in range(n)]
    class_names, labels, told = _labels(entries)
    is_one_stack = max(pages) > len(entries) / len(SPLITS)
    keys = [f"{entry.file}#{i}" if is_one_stack else entry.file for i, entry in enumerate(entries)]
    given = [entry.split or "" for entry in entries]
    divided = divide(keys, labels, given, wanted.held_out)
    order = np.concatenate([divided.places[split] for split in SPLITS])
    notes = ["pages of one file are in different splits, as there are few files: neighbouring pages may be alike"] if (
        is_one_stack and max(pages) > 1
    ) else []  # fmt: skip
    return Layout(
        order=order,
        splits=consecutive_splits(*(len(divided.places[split]) for split in SPLITS)),
        labels=None if labels is None else labels[order],
        class_names=class_names,
        notes=(divided.note, *notes, *told),
    )


def _labels(entries: Sequence[Entry]) -> tuple[tuple[str, ...], NDArray[np.int64] | None, tuple[str, ...]]:
    """Names of the classes in natural order, the class of each picture, and notes; a picture of no class beside others is unlabelled."""
    labels = [entry.label for entry in entries]
    names = sorted({label for label in labels if label is not None}, key=natural)
    if not names:
        return (), None, ()
    if len(names) > MOST_CLASSES:
        return (), None, (too_many(len(names), "the pictures have {} different labels"),)
    place: dict[str | None, int] = {name: k for k, name in enumerate(names)}
    told = [text_of(name) for name in names]
    return distinct(told), np.array([place.get(label, UNLABELLED) for label in labels], np.int64), told_equal(told)


# --- which cache file


def _stamp(source: Source, wanted: Wanted) -> str:
    """From outside: the change time tells also of a file that was given its old size and modification time."""
    return _digest((*wanted.words(), *(f"{source.looks(file)}" for file in wanted.files)))


def _remembered(seen: Path) -> tuple[str, str]:
    """Stamp and key of the last time; empty where there was none."""
    try:
        known = json.loads(seen.read_bytes())
        stamp, key = known["stamp"], known["key"]
        is_key = isinstance(key, str) and len(key) == 64 and set(key) <= set("0123456789abcdef")
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""
    return (stamp, key) if is_key and isinstance(stamp, str) else ("", "")


def _key(source: Source, wanted: Wanted, progress: bool) -> str:
    contents = (_content(source, file)[0] for file in _told(wanted.files, "comparing images", progress))
    return _key_of(wanted, map(_digest_of, contents))


def _key_of(wanted: Wanted, digests: Iterable[str]) -> str:
    return _digest((*wanted.words(), *digests))


def _content(source: Source, file: str) -> tuple[bytes | None, str]:
    """The bytes, or None and why there are none that could be a picture."""
    try:
        return source.content(file), ""
    except ImageError as error:
        return None, str(error)


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
    """What a source held before it changed; whoever has it mapped keeps it."""
    for ending in (".json", ".pixels"):
        with contextlib.suppress(OSError):
            (cache / (key + ending)).unlink()


# --- read


def _cached(cache: Path, key: str, wanted: Wanted) -> Decoded | None:
    """What lies under `key`, if it is whole and every pixel is as it was written."""
    pixels = cache / f"{key}.pixels"
    try:
        shape, sha256, pages, notes, order = _description(json.loads((cache / f"{key}.json").read_bytes()), len(wanted.entries))
        if pixels.stat().st_size != math.prod(shape) or shape[0] != sum(pages) or order != _order(lay_out(wanted, pages)):
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
    if known["check"] != _check(known):
        raise ValueError("not as it was written")
    n, channels, height, width = (int(side) for side in known["shape"])
    pages = tuple(int(n) for n in known["pages"])
    if min(n, channels, height, width) < 1 or len(pages) != n_files or min(pages) < 0:
        raise ValueError("no shape, or not as many files")
    return (n, channels, height, width), str(known["sha256"]), pages, tuple(map(str, known["notes"])), str(known["order"])


def _check(known: Any) -> str:
    """Of everything else in the description: with other pages pictures would have other classes."""
    return _digest(json.dumps(known[name]) for name in ("shape", "sha256", "pages", "notes", "order"))


def _order(layout: Layout) -> str:
    """Of the order in which the images lie: another version of this program may divide them in another way."""
    return hashlib.sha256(layout.order.astype("<i8").tobytes()).hexdigest()


# --- write


def _decode(cache: Path, source: Source, wanted: Wanted, progress: bool) -> str:
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
        key = _key_of(wanted, seen.digests)
        _write(cache, key, raw, wanted, seen)
    return key


def _pass(source: Source, wanted: Wanted, raw: IO[bytes], fitting: tuple[Scale, Scale, int], progress: bool) -> _Seen:
    raw.seek(0)
    raw.truncate()
    seen = _Seen(scales=fitting[:2], ground=fitting[2])
    for file in _told(wanted.files, "reading images", progress):
        content, why = _content(source, file)
        seen.digests.append(_digest_of(content))
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


def _write(cache: Path, key: str, raw: IO[bytes], wanted: Wanted, seen: _Seen) -> None:
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
    known = {"shape": shape, "sha256": sha256, "pages": seen.pages, "notes": _notes(wanted, seen), "order": _order(layout)}
    known["check"] = _check(known)
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


def _pictures(content: bytes, file: str, wanted: Wanted, seen: _Seen) -> list[NDArray[np.uint8]]:
    """Every picture of a file, and what the whole set should know of it."""
    found = of_pages(content, file, lambda image: _picture(image, wanted, seen), draft_px=4 * wanted.size)
    if found.n_frames > 1 and not found.is_stack:
        seen.animated.append(file)
    if found.is_stack and found.n_frames > MAX_PAGES:
        seen.cut.append(file)
    return list(found.pages)


def _picture(image: Image.Image, wanted: Wanted, seen: _Seen) -> NDArray[np.uint8]:
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


def _notes(wanted: Wanted, seen: _Seen) -> list[str]:
    """What was left out, and what was taken as black and white."""
    unreadable = [file for file, n in zip(wanted.files, seen.pages, strict=True) if not n]
    stacks = [n for n in seen.pages if n > 1]
    notes = []
    if unreadable:
        notes.append(
            f"{counted(len(unreadable), 'unreadable file')} {'was' if len(unreadable) == 1 else 'were'} skipped: {named(unreadable)}"
        )
    if stacks:
        notes.append(f"{files_word(len(stacks))} with several pages: each page is a picture, {count(sum(stacks))} together")
    if seen.cut:
        notes.append(f"{files_word(len(seen.cut))} with more than {count(MAX_PAGES)} pages, the rest left out: {named(seen.cut)}")
    if seen.animated:
        n, they = len(seen.animated), "it" if len(seen.animated) == 1 else "each"
        notes.append(
            f"{n} animated picture{'s' if n > 1 else ''}: of {they} only the first moment was taken: {named(seen.animated)}"
        )
    return notes + _told_changed(wanted, seen) + _told_white(seen)


def _told_changed(wanted: Wanted, seen: _Seen) -> list[str]:
    """Pictures of which the model sees something else than what is in their files."""
    n, notes = sum(seen.pages), []
    if seen.oblong:
        are = "is" if seen.oblong == 1 else "are"
        notes.append(f"{count(seen.oblong)} of {count(n)} pictures {are} not square: {TOLD_FIT[wanted.fit]}")
    for mode, m in sorted(seen.other_colours.items()):
        notes.append(f"{count(m)} {'picture was' if m == 1 else 'pictures were'} {OTHER_COLOURS[mode]} and converted to RGB")
    if seen.transparent and seen.ground == WHITE:
        has = "picture has" if seen.transparent == 1 else "pictures have"
        notes.append(f"{count(seen.transparent)} {has} transparent parts: taken as white")
    return notes


def _told_white(seen: _Seen) -> list[str]:
    of_bytes, deep = seen.scales
    notes = ["parts of pictures that are transparent were taken as black: what is visible would vanish on white"] if (
        seen.ground == BLACK
    ) else []  # fmt: skip
    if not of_bytes.is_usual:
        notes.append("pixels are 0 and 1 only: 1 was taken as white in every picture")
    elif 0 < seen.brightest < DARK:
        notes.append(f"the brightest pixel of all pictures is {seen.brightest} of 255: they are almost black")
    if seen.low <= seen.high:
        ends = (
            f"{deep.black:g} was taken as black and {deep.white:g} as white" if deep.black else f"{deep.white:g} was taken as white"
        )
        notes.append(f"pictures of more than 8 bits, pixels from {seen.low:g} to {seen.high:g}: {ends}, in all of them")
    return notes


def _told(files: Sequence[str], what: str, progress: bool) -> Iterable[str]:
    from tqdm import tqdm

    shown: Iterable[str] = tqdm(files, desc=what, unit="image", disable=not progress, leave=False)
    return shown

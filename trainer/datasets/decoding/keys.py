"""Which cache file belongs to the files of a source as they are now?

KEY is a digest of all paths, classes and bytes; a stamp is what the files looked like from outside when KEY was found.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from trainer.datasets.decoding.records import Source, Wanted
from trainer.errors import ImageError

MOST_BYTES = 50_000_000_000  # of all decoded pictures together


def stamp_of(source: Source, wanted: Wanted) -> str:
    """From outside: the change time tells also of a file that was given its old size and modification time."""
    return digest_of((*wanted.words(), *(f"{source.looks(file)}" for file in wanted.files)))


def remembered(seen: Path) -> tuple[str, str]:
    """Stamp and key of the last time; empty where there was none."""
    try:
        known = json.loads(seen.read_bytes())
        stamp, key = known["stamp"], known["key"]
        is_key = isinstance(key, str) and len(key) == 64 and set(key) <= set("0123456789abcdef")
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""
    return (stamp, key) if is_key and isinstance(stamp, str) else ("", "")


def key_now(source: Source, wanted: Wanted, progress: bool) -> str:
    contents = (content_of(source, file)[0] for file in with_progress(wanted.files, "comparing images", progress))
    return key_of(wanted, map(digest_of_content, contents))


def key_of(wanted: Wanted, digests: Iterable[str]) -> str:
    return digest_of((*wanted.words(), *digests))


def content_of(source: Source, file: str) -> tuple[bytes | None, str]:
    """The bytes, or None and why there are none that could be a picture."""
    try:
        return source.content(file), ""
    except ImageError as error:
        return None, str(error)


def digest_of_content(content: bytes | None) -> str:
    return "unreadable" if content is None else hashlib.sha256(content).hexdigest()


def digest_of(words: Iterable[str]) -> str:
    """Of words of any characters: each is preceded by its length."""
    digest = hashlib.sha256()
    for word in words:
        data = word.encode("utf-8", "surrogateescape")
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()


def forget(cache: Path, key: str) -> None:
    """What a source held before it changed; whoever has it mapped keeps it."""
    for ending in (".json", ".pixels"):
        with contextlib.suppress(OSError):
            (cache / (key + ending)).unlink()


def bound(cache: Path, key: str, most: int = MOST_BYTES) -> None:
    """Removes the pictures that were not asked for the longest while all together have more bytes than that; `key` stays, and whoever
    has others mapped keeps them."""
    kept = []
    for pixels in cache.glob("*.pixels"):
        with contextlib.suppress(OSError):  # another process removes it
            kept.append((used(cache, pixels.stem), pixels.stat().st_size, pixels.stem))
    total = sum(size for _, size, _ in kept)
    for _, size, other in sorted(kept):
        if total <= most:
            break
        if other != key:
            forget(cache, other)
            total -= size


def used(cache: Path, key: str) -> float:
    """When its pictures were asked for the last time; 0 where nothing describes them, which a killed process left."""
    try:
        return (cache / f"{key}.json").stat().st_mtime
    except OSError:
        return 0.0


def touch(cache: Path, key: str) -> None:
    """Its pictures are asked for now."""
    with contextlib.suppress(OSError):  # a cache that may only be read
        os.utime(cache / f"{key}.json")


def check_of(known: Any) -> str:
    """Of everything else in the description: with other pages pictures would have other classes."""
    return digest_of(json.dumps(known[name]) for name in ("shape", "sha256", "pages", "notes", "order"))


def with_progress(files: Sequence[str], what: str, progress: bool) -> Iterable[str]:
    from tqdm import tqdm

    shown: Iterable[str] = tqdm(files, desc=what, unit="image", disable=not progress, leave=False)
    return shown

"""Which pictures are in what a person uploaded at once? Files and zip archives, each picture as bytes or as one sentence why not.

An archive is read in memory, never unpacked: no name of it becomes a path, and nothing is decompressed beyond the bounds, whatever its
directory says. What is wrong with one file does not stop the others.
"""

from __future__ import annotations

import csv
import io
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from explorer.text.escape import CONTROLS, shortened
from trainer.datasets import kinds
from trainer.datasets.archive import METHODS
from trainer.datasets.kinds import ALLOWED, PICTURES, ending, is_litter
from trainer.datasets.pictures import MAX_BYTES

MOST_PICTURES = 64
MOST_UNPACKED = 60_000_000  # bytes of all pictures together: they are in memory while one of them is decoded
MOST_ENTRIES = 1000  # in an archive: its directory is read before anything else is known
LONGEST_NAME = 120
ENTRY = b"PK\x01\x02"  # begins every entry of the directory
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00")
DRIVE = re.compile(r"^([A-Za-z]:|[/\\])")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Item:
    """One picture that may be opened, or why not."""

    name: str
    """As it is shown, without control characters."""
    data: bytes | None = None
    """None after a refusal."""
    refusal: str = ""
    """A sentence, or nothing."""


@dataclass
class _Room:
    """How much more may be taken in."""

    pictures: int = MOST_PICTURES
    refusals: int = MOST_PICTURES
    n_bytes: int = MOST_UNPACKED
    beyond: int = 0
    """How many files found no room."""

    def takes(self, n_bytes: int) -> bool:
        """Whether a picture of so many bytes still fits; asked before it is read, so that what does not fit costs nothing."""
        if self.pictures == 0 or n_bytes > self.n_bytes:
            self.beyond += 1
            return False
        self.pictures, self.n_bytes = self.pictures - 1, self.n_bytes - n_bytes
        return True


def items(files: Iterable[tuple[str, bytes]]) -> list[Item]:
    """All pictures in files of (name, bytes), archives opened, in order; at most `MOST_PICTURES`, and one sentence about those beyond."""
    room, found = _Room(), list[Item]()
    for name, data in files:
        is_archive = data.startswith(ARCHIVES[:2]) or name.lower().endswith(".zip")
        for item in _from_zip(name, data, room) if is_archive else _single(name, data, room):
            if item.refusal:
                room.refusals -= 1
            if room.refusals >= 0:
                found.append(item)
            else:
                room.beyond += 1
    if room.beyond:
        most = MOST_UNPACKED // 10**6
        left = f"{room.beyond} more left out; allowed: {MOST_PICTURES} pictures at once, {most} MB together; upload the rest afterwards."
        found.append(Item(f"{room.beyond} more", None, left))
    return found


def _single(name: str, data: bytes, room: _Room) -> Iterator[Item]:
    if room.takes(len(data)):
        yield Item(shown_name(name), data)


def _from_zip(name: str, data: bytes, room: _Room) -> Iterator[Item]:
    shown = shown_name(name)
    refusal, archive = _opened(shown, data)
    if archive is None:
        yield Item(shown, None, refusal)
        return
    members = [info for info in archive.infolist() if not info.filename.endswith("/") and not is_litter(info.orig_filename)]
    if not members:
        yield Item(shown, None, f"{shown} holds no file; allowed: a zip with pictures in it; add some.")
    for info in members:
        refusal = _refusal(shown_name(info.orig_filename), info)
        if refusal:
            yield Item(shown_name(info.orig_filename), None, refusal)
        elif room.takes(info.file_size):
            yield _member(shown, archive, info)


def _opened(name: str, data: bytes) -> tuple[str, zipfile.ZipFile | None]:
    """The archive, or why not."""
    if not data:
        return f"{name} is empty (0 bytes); copy it again.", None
    if len(data) > MAX_BYTES:
        return f"{name} has {len(data) / 1e6:.1f} MB; allowed: at most {MAX_BYTES // 10**6} MB; make two of it.", None
    n_entries = data.count(ENTRY)
    if n_entries > MOST_ENTRIES:
        return f"{name} has about {n_entries} entries; allowed: at most {MOST_ENTRIES}; make several archives of it.", None
    try:
        return "", zipfile.ZipFile(io.BytesIO(data))
    except Exception as error:  # BadZipFile, but also ValueError, struct.error, NotImplementedError on damaged directories
        return f"{name} is not a zip archive that can be read ({_short(error)}); make it again.", None


def _member(archive_name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Item:
    name = shown_name(info.orig_filename)
    try:
        with archive.open(info) as member:
            data = member.read(MAX_BYTES + 1)  # whatever the directory says of its size
    except (
        Exception
    ) as error:  # BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, struct.error ... on damaged archives
        return Item(name, None, f"{name} in {archive_name} is damaged ({_short(error)}); make the archive again.")
    if data.startswith(ARCHIVES):
        return Item(name, None, _nested(name))
    return Item(name, data)


def _refusal(name: str, info: zipfile.ZipInfo) -> str:
    """From the directory, before a byte is decompressed."""
    parts = re.split(r"[/\\]", info.orig_filename)
    if DRIVE.match(info.orig_filename):
        return f"{name} has an absolute path as its name; allowed: names inside the archive; make the archive again."
    if ".." in parts:
        return f"{name} has a path that leads out of the archive (..); allowed: names inside it; make the archive again."
    if stat.S_ISLNK(info.external_attr >> 16):
        return f"{name} is a link, not a picture; put the picture itself into the archive."
    if info.flag_bits & 0x1:
        return f"{name} is encrypted; allowed: archives without a password; make one without."
    if info.compress_type not in METHODS:
        return f"{name} is compressed by method {info.compress_type}; allowed: stored or deflated; make an ordinary zip."
    if info.file_size > MAX_BYTES:
        return (
            f"{name} would have {info.file_size / 1e6:.1f} MB; allowed: at most {MAX_BYTES // 10**6} MB; make the picture smaller."
        )
    suffix = ending(info.orig_filename)
    if suffix in kinds.ARCHIVES:
        return _nested(name)
    if suffix not in PICTURES:
        return f"{name} is not a picture by its name; allowed: {ALLOWED}; save it as one of them."
    return ""


def _nested(name: str) -> str:
    return f"{name} is an archive in an archive; allowed: pictures; unpack it first."


def shown_name(name: str) -> str:
    """On one line, without characters that reverse or hide others, not longer than can be read."""
    text = name.encode("utf-8", "replace").decode()  # half a surrogate is no text that can be sent to a browser
    return shortened(CONTROLS.sub(" ", text).strip(), LONGEST_NAME) or "a file without a name"


def _short(error: Exception) -> str:
    return (CONTROLS.sub(" ", str(error)).splitlines() or [""])[0][:80].rstrip(".") or type(error).__name__


# --- the table as a file


def csv_text(rows: Sequence[dict[str, str | float | None]]) -> str:
    """Comma-separated rows under the keys of the first; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else [], lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _as_text(value) for key, value in row.items()})
    return out.getvalue()


def _as_text(value: str | float | None) -> str | float:
    """Numbers stay numbers; of a text the first sign that is no space decides (OWASP, CSV injection)."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.lstrip(" ").startswith(FORMULA) else value

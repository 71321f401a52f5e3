"""Which pictures are in a zip archive? `pictures.zip`, `zip:PATH?size=64`. Read in memory, never unpacked.

No name of it becomes a path. Its directory is read within a bound, and of a member never more than a picture may have, whatever the
directory says; so a bomb costs a picture's worth of memory.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from trainer.datasets.folder import Listing
from trainer.datasets.kinds import files_word, is_litter, is_picture, natural
from trainer.datasets.pictures import MAX_BYTES, read_bytes
from trainer.errors import DataError, ImageError
from trainer.numerals import count

MOST_ENTRIES = 2_000_000
MOST_UNPACKED = 200_000_000_000  # bytes of all pictures together, by the directory
MOST_DIRECTORY = 200_000_000  # bytes: a hundred for each of so many entries
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How a member may be compressed: of these `zipfile` unpacks no more than is asked for, of bzip2 and LZMA all that a block holds."""


@dataclass(frozen=True)
class ZipSource:
    """The members of an archive, for `decoded`."""

    path: Path
    """of the archive"""

    @property
    def place(self) -> str:
        return os.path.realpath(self.path)

    @cached_property
    def archive(self) -> zipfile.ZipFile:
        """Open for as long as this is used. Raises `DataError`."""
        try:
            size = self.path.stat().st_size
            if size == 0:
                raise DataError(f"{self.path} is empty (0 bytes); copy it again.")
            _check_directory(self.path, size)
            return zipfile.ZipFile(self.path)
        except FileNotFoundError:
            raise DataError(f"there is no file {self.path}; allowed: a zip archive of pictures.") from None
        except OSError as error:
            raise DataError(f"{self.path} cannot be read ({error.strerror or error}); check the rights of the file.") from None
        except DataError:
            raise
        except Exception:  # BadZipFile, but also ValueError, struct.error, NotImplementedError on damaged directories
            raise DataError(f"{self.path} is not a zip archive that can be read; make it again.") from None

    def close(self) -> None:
        """Lets go of the file."""
        if "archive" in self.__dict__:
            self.archive.close()

    @cached_property
    def named_so(self) -> dict[str, list[zipfile.ZipInfo]]:
        """By their path with forward slashes."""
        found: dict[str, list[zipfile.ZipInfo]] = {}
        for info in self.archive.infolist():
            path = info.orig_filename.replace("\\", "/")
            if not (path.endswith("/") or info.is_dir()):
                found.setdefault(re.sub(r"^(\./)+|^/+", "", path), []).append(info)
        return found

    @cached_property
    def members(self) -> dict[str, zipfile.ZipInfo]:
        """Of those of one path the last, as unpacking would leave it."""
        return {path: infos[-1] for path, infos in self.named_so.items()}

    def content(self, file: str) -> bytes:
        info = self.members[file]
        if info.flag_bits & 0x1:
            raise ImageError(f"{file} is encrypted; allowed: archives without a password; make one without.")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ImageError(f"{file} is a link, not a picture; put the picture itself into the archive.")
        if info.compress_type not in METHODS:
            raise ImageError(
                f"{file} is compressed by method {info.compress_type}; allowed: stored or deflated, as zip programs do by default."
            )
        try:
            with self.archive.open(info) as member:
                data = member.read(MAX_BYTES + 1)  # whatever the directory says of its size
        except Exception as error:  # BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError ... on damaged archives
            raise ImageError(f"{file} is damaged in the archive; make the archive again.") from error
        return read_bytes(data, file)

    def looks(self, file: str) -> tuple[int, ...]:
        info = self.members[file]
        return info.CRC, info.file_size, info.header_offset, *self.stamp

    @cached_property
    def stamp(self) -> tuple[int, ...]:
        known = self.path.stat()
        return known.st_size, known.st_mtime_ns, known.st_ctime_ns

    def listing(self) -> Listing:
        """The same answer as for a folder. Raises `DataError` for an archive that is no archive or beyond the bounds."""
        n, total = len(self.members), sum(info.file_size for info in self.members.values())
        if n > MOST_ENTRIES or total > MOST_UNPACKED:
            raise DataError(
                f"{self.path} holds {files_word(n)} of {total / 1e9:.1f} GB; allowed: at most {count(MOST_ENTRIES)} files and "
                f"{MOST_UNPACKED // 10**9} GB; make several archives of it."
            )
        sound = sorted((file for file in self.members if not is_litter(file)), key=natural)
        folders = {"/".join(file.split("/")[:k]) for file in (*sound, *self._empty()) for k in range(1, file.count("/") + 1)}
        return Listing(
            tuple(file for file in sound if is_picture(file)),
            tuple(file for file in sound if not is_picture(file)),
            tuple(sorted(folders, key=natural)),
            n_litter=len(self.members) - len(sound),
            replaced=tuple(file for file in sound if is_picture(file) for _ in self.named_so[file][1:]),
        )

    def _empty(self) -> list[str]:
        """Folders that the archive lists for themselves, each with a slash at its end."""
        paths = (info.orig_filename.replace("\\", "/") for info in self.archive.infolist())
        return [path for path in paths if path.endswith("/") and not is_litter(f"{path}x")]


def _check_directory(path: Path, size: int) -> None:
    """Its length as the end of the archive says, before all of it is read. Raises `DataError`."""
    with path.open("rb") as file:
        file.seek(max(0, size - 66_000))
        tail = file.read()
        length = max((_length(file, tail, found.start(), size) for found in re.finditer(b"PK\x05\x06", tail)), default=0)
    if length > MOST_DIRECTORY:
        raise DataError(
            f"{path} has a directory of {length / 1e6:.0f} MB; allowed: at most {MOST_DIRECTORY // 10**6} MB; make several."
        )


def _length(file: BinaryIO, tail: bytes, at: int, size: int) -> int:
    """The length of the directory by one mark of an end, and by the longer record (zip64) that may lie before it, where its locator says
    and right before its locator: readers differ in where they look."""
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    locator = tail[max(0, at - 20) : at]
    if not locator.startswith(b"PK\x06\x07"):
        return length
    lengths = list[int]()
    for place in (int.from_bytes(locator[8:16], "little"), size - len(tail) + at - 76):
        if 0 <= place < size:
            file.seek(place)
            record = file.read(56)
            lengths += [int.from_bytes(record[40:48], "little")] if record.startswith(b"PK\x06\x06") else []
    if length != 0xFFFFFFFF or not lengths:
        lengths.append(length)
    return max(lengths)

"""Where do data sets keep what took long to get, and what if it is larger than memory?

A cache file is written to a temporary name and renamed: a reader never sees half of one, and two processes that make
the same file at once leave one whole file.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from trainer.errors import DataError

ABANDONED_S = 86_400


def cache_folder(name: str) -> Path:
    """`$LATENT_CACHE/<name>`, else the folder of that name in the user's cache; it need not be there yet."""
    given = os.environ.get("LATENT_CACHE", "").strip()
    if given:
        return Path(given).expanduser() / name
    import pooch

    return Path(pooch.os_cache("latent-atlas")) / name


@contextlib.contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file to write; it gets its name when the block ends, and vanishes when the block fails."""
    with _told(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def sweep(folder: Path) -> None:
    """Removes what writers left behind that were killed; a file of the last day may still be written."""
    for path in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > ABANDONED_S:
                path.unlink()


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[IO[bytes]]:
    """A file without a name, for reading and writing, on the disk of `folder`: gone with the block or the process."""
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            yield file


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"the cache folder {folder} cannot be written ({error.strerror or type(error).__name__}); make room there, or "
            "set LATENT_CACHE to another folder."
        ) from error

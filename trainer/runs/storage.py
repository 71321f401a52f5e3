"""Where do the files of runs lie, and how does one get there whole?

    place("runs"), place("file:///data/runs")      a pathlib.Path
    place("s3://bucket/runs"), place("memory://")  a RemoteFolder: any address that fsspec knows, with the few words of Path that are needed
    store_of(place)                                its files by name: read, write, exists, remove, list, size, join

A write leaves the new file or the one before, never half of one: a folder gets a temporary file that is flushed and renamed, an object
store puts an object in one piece, everything else gets a temporary file that is moved.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from trainer.errors import RunError

# whose put is atomic, and where a folder is only the beginning of a name
OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "adl", "oci", "oss", "tos", "tosfs"})


class Store(Protocol):
    """The files of one folder by name: `run.json`, `checkpoint/state.safetensors`.

    What is asked of a missing file raises `FileNotFoundError`, what a disk refuses to read another `OSError`. A store that cannot be
    reached, and a write that fails, raise `RunError`.
    """

    def join(self, name: str) -> Store:
        """The folder of that name in this one, there or not."""

    def read(self, name: str) -> bytes:
        """The whole file."""

    def start(self, name: str, n_bytes: int) -> bytes:
        """The file's first bytes, fewer where it is shorter."""

    def write(self, name: str, data: bytes) -> None:
        """The file anew, whole or not at all; the one before stays when it fails."""

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""

    def remove(self, name: str) -> None:
        """No such file from now on, nor an empty folder left of its name."""

    def list(self) -> tuple[str, ...]:
        """Names of the files and folders directly in this one, sorted; none where there is no such folder."""

    def size(self, name: str) -> int:
        """Bytes of a file."""

    def total_size(self) -> int:
        """Bytes of all files, also those in folders."""

    def stamp(self, name: str) -> int:
        """A number that changes when the file is written anew; 0 where there is none."""


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    path: Path

    def join(self, name: str) -> LocalFolder:
        return LocalFolder(self.path / name)

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def start(self, name: str, n_bytes: int) -> bytes:
        with (self.path / name).open("rb") as file:
            return file.read(n_bytes)

    def write(self, name: str, data: bytes) -> None:
        target = self.path / name
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException as error:  # an interrupt leaves no half file behind either
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise _not_written(target, error) from None
            raise

    def exists(self, name: str) -> bool:
        try:
            return (self.path / name).is_file()
        except OSError:
            return False

    def remove(self, name: str) -> None:
        path = self.path / name
        path.unlink(missing_ok=True)
        if path.parent != self.path:
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # which an empty folder allows and no other

    def list(self) -> tuple[str, ...]:
        try:
            return tuple(sorted(path.name for path in self.path.iterdir()))
        except OSError:
            return ()  # no folder, or not ours to read

    def size(self, name: str) -> int:
        return (self.path / name).stat().st_size

    def total_size(self) -> int:
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    def stamp(self, name: str) -> int:
        try:
            return (self.path / name).stat().st_mtime_ns
        except OSError:
            return 0


@dataclass(frozen=True)
class RemoteFolder:
    """A folder by its fsspec address; made by `place`. Nothing is opened before a file is asked for."""

    url: str

    # --- the words of pathlib.Path

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> RemoteFolder:
        return RemoteFolder(self.url + name if self.url.endswith("://") else f"{self.url}/{name}")

    @property
    def name(self) -> str:
        return self._parts[2]

    @property
    def parent(self) -> RemoteFolder:
        scheme, above, _ = self._parts
        return RemoteFolder(f"{scheme}://{above}")

    def is_file(self) -> bool:
        return self.parent.exists(self.name)

    @property
    def _parts(self) -> tuple[str, str, str]:
        """Scheme, what is above, the last name."""
        scheme, _, path = self.url.partition("://")
        above, _, name = path.rpartition("/")
        return scheme, above, name

    # --- its files

    def join(self, name: str) -> RemoteFolder:
        return self / name

    def read(self, name: str) -> bytes:
        with self._files("read", name) as (files, path):
            return bytes(files.cat_file(path))

    def start(self, name: str, n_bytes: int) -> bytes:
        with self._files("read", name) as (files, path):
            return bytes(files.cat_file(path, start=0, end=n_bytes))

    def write(self, name: str, data: bytes) -> None:
        _file_system(self.url)  # whose own sentence is the better one
        try:
            with self._files("write", name) as (files, path):
                if _scheme(self.url) in OBJECT_STORES:
                    files.pipe_file(path, data)
                else:
                    _write_and_move(files, path, data)
        except (RunError, FileNotFoundError) as error:
            raise _not_written(self / name, error.__cause__ or error) from None

    def exists(self, name: str) -> bool:
        # not fsspec's own `exists`, for which a store that cannot be reached holds nothing
        try:
            with self._files("look for", name) as (files, path):
                return bool(files.info(path)["type"] == "file")
        except FileNotFoundError:
            return False

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError), self._files("remove", name) as (files, path):
            files.rm_file(path)
        above, _, _ = name.rpartition("/")
        if above and _scheme(self.url) not in OBJECT_STORES:
            with contextlib.suppress(OSError, RunError), self._files("remove", above) as (files, path):
                files.rmdir(path)

    def list(self) -> tuple[str, ...]:
        try:
            with self._files("list") as (files, path):
                return tuple(sorted({entry.rstrip("/").rpartition("/")[2] for entry in files.ls(path, detail=False)}))
        except FileNotFoundError:
            return ()

    def size(self, name: str) -> int:
        with self._files("look for", name) as (files, path):
            return int(files.info(path)["size"])

    def total_size(self) -> int:
        with self._files("list") as (files, path):
            return int(files.du(path))

    def stamp(self, name: str) -> int:
        try:
            with self._files("look for", name) as (files, path):
                # time, size, ETag: whatever the store tells; the bit keeps it from 0
                return zlib.crc32(repr(sorted(files.info(path).items())).encode()) | 1 << 32
        except FileNotFoundError:
            return 0

    @contextlib.contextmanager
    def _files(self, doing: str, name: str = "") -> Iterator[tuple[Any, str]]:
        """fsspec's file system and the path in it; every exception but a missing file becomes a `RunError` with it as its cause."""
        files, path = _file_system(self.url)
        try:
            files.invalidate_cache()  # others write too
            yield files, f"{path.rstrip('/')}/{name}" if name else path
        except FileNotFoundError:
            raise
        except Exception as error:  # each kind of store has exceptions of its own
            raise RunError(
                f"cannot {doing} {self / name if name else self}: {_reason(error)}; check the address and your rights."
            ) from error


Place = Path | RemoteFolder


def place(root: str | Path | RemoteFolder) -> Place:
    """Where a path or an address points to; `file://` is a path. Raises `RunError` for an address that cannot be one."""
    if not isinstance(root, str):
        return root
    scheme, separator, rest = root.partition("://")
    if not separator:
        return Path(root)
    scheme = scheme.lower()
    if scheme not in ("file", "local"):
        return RemoteFolder(f"{scheme}://{rest.rstrip('/')}")
    host, slash, path = rest.partition("/")
    if host not in ("", "localhost") or not slash:
        raise RunError(f"{root!r} is not a folder of this machine; allowed: {scheme}:///absolute/path.")
    return Path(unquote(f"/{path}"))


def store_of(folder: Place) -> Store:
    """The files of a folder."""
    return LocalFolder(folder) if isinstance(folder, Path) else folder


def _file_system(url: str) -> tuple[Any, str]:
    """fsspec's file system for an address and the path in it. Raises `RunError`."""
    scheme = _scheme(url)
    try:
        import fsspec  # only where an address is given
    except ImportError:
        raise RunError(f"{scheme}:// needs the package fsspec: pip install fsspec.") from None
    try:
        files, path = fsspec.core.url_to_fs(url)
    except ImportError:
        raise RunError(_missing_package(scheme)) from None
    except Exception as error:  # each kind of store has exceptions of its own
        if scheme not in fsspec.available_protocols():
            raise RunError(
                f"{url!r} begins with {scheme}://, which fsspec does not know; allowed: a path, file://, s3:// and others."
            ) from None
        raise RunError(f"cannot reach {url}: {_reason(error)}; check the address and your rights.") from error
    return files, str(path)


def _missing_package(scheme: str) -> str:
    from fsspec.registry import known_implementations

    known = known_implementations[scheme]
    package = known["class"].split(".")[0].replace("_", "-")
    if package != "fsspec":
        return f"{scheme}:// needs the package {package}: pip install {package}."
    return f"{scheme}:// cannot be used: {known['err'].rstrip('.')}."


def _write_and_move(files: Any, path: str, data: bytes) -> None:
    above, _, name = path.rpartition("/")
    temporary = f"{above}/.{name}.{secrets.token_hex(4)}.tmp"
    try:
        files.makedirs(above, exist_ok=True)
        files.pipe_file(temporary, data)
        files.mv(temporary, path)
    except BaseException:
        with contextlib.suppress(Exception):
            files.rm_file(temporary)
        raise


def _scheme(url: str) -> str:
    """`s3` of `s3://bucket` and of `simplecache::s3://bucket`."""
    return url.partition("://")[0].rpartition("::")[2]


def _reason(error: BaseException) -> str:
    """The first line of what an exception says, without the number that an `OSError` begins with."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(said).strip().splitlines()[0].rstrip(".")


def _not_written(target: Place, error: BaseException) -> RunError:
    return RunError(
        f"cannot write {target}: {_reason(error)}; nothing that was there is changed: "
        "make room or choose another --runs folder, then go on with --resume if the run had begun."
    )

"""How does a site come into its folder, whole or not at all? Written beside it and renamed; only files of ours are ever replaced.

What else lies in the folder, such as `.git` or a host's `CNAME`, goes over into the new one.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from trainer.errors import LatentError

MARK = "latent-atlas-site.json"
"""By which a folder is known to be a site, which may be replaced."""
OPEN_TO_ALL = 0o755


def write_folder(target: Path, make: Callable[[], Mapping[str, bytes]], overwrite: bool = False) -> int:
    """Writes the files that `make` gives, by their paths in the folder `target`; returns their bytes. Raises `LatentError`."""
    check_folder(target, overwrite)
    made = make()
    mark = {"site": "latent-atlas", "version": 1, "files": sorted(made)}
    files = {**made, MARK: json.dumps(mark, indent=0).encode() + b"\n"}
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as beside:
            whole, before = Path(beside) / "whole", Path(beside) / "before"
            _fill(whole, files)
            check_folder(target, overwrite)  # it may have come meanwhile
            _exchange(whole, target, before)
    except OSError as error:
        raise LatentError(f"cannot write {target}: {error.strerror or error}; nothing that was there is changed.") from None
    return sum(map(len, files.values()))


def check_folder(target: Path, overwrite: bool) -> None:
    """Raises `LatentError` for where no site may be written."""
    if target.is_symlink():
        raise LatentError(f"{target} is a link; name the folder itself.")
    if target.exists() and not target.is_dir():
        raise LatentError(f"{target} is a file; a site is a folder: give another name.")
    if not target.name or not target.parent.is_dir():
        raise LatentError(f"cannot write {target}: there is no folder {target.parent}; make it first or choose another.")
    if not target.is_dir() or not _names(target):
        return
    if not (target / MARK).is_file():
        raise LatentError(f"{target} is a folder that is not empty and holds no site of this program; name an empty or a new one.")
    if not overwrite:
        raise LatentError(f"{target} holds a site already; --overwrite replaces it.")


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise LatentError(f"{folder} cannot be read ({error.strerror}); name another folder.") from None


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(mode=OPEN_TO_ALL)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(mode=OPEN_TO_ALL, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _exchange(whole: Path, target: Path, before: Path) -> None:
    """The new folder takes the place of the old one, which stands there again where that fails or is interrupted."""
    if not target.is_dir():
        whole.rename(target)
        return
    target.rename(before)
    try:
        for name in _foreign(before):
            (before / name).rename(whole / name)
        whole.rename(target)
    except BaseException:
        for name in _foreign(whole):
            (whole / name).rename(before / name)
        before.rename(target)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _foreign(site: Path) -> list[str]:
    """What lies in the folder of a site, at its top, and is neither of ours nor a folder of files of ours."""
    if not os.listdir(site):
        return []
    try:
        told = json.loads((site / MARK).read_text(encoding="utf-8"))
        ours = {str(name).partition("/")[0] for name in told["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise LatentError(f"the {MARK} of the folder does not say which files are the site's; name a new folder.") from None
    return [name for name in sorted(os.listdir(site)) if name not in ours and name != MARK]

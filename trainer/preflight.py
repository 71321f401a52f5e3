"""Can what a run needs at its end be done on this machine? Asked before the training, not after it.

UMAP is compiled by numba, which keeps the compiled code beside the installed packages or in the user's cache and gives up where neither can
be written, as in many containers and on clusters. Then a folder for this process alone is made: one in a shared place that others could
write to would be code of theirs, run by us.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from trainer.errors import LatentError

COMPILED = ("umap", "pynndescent")  # the packages whose code numba compiles and keeps
VARIABLE = "NUMBA_CACHE_DIR"


def keep_compiled_code() -> str:
    """Sees to it that UMAP can run; a sentence for the person where its compiled code is lost at the end of the process, else empty.

    Call it before umap is imported. Raises `LatentError` where no folder at all can be written.
    """
    given = os.environ.get(VARIABLE, "").strip()
    users = _users_cache()
    tried = [*([Path(given)] if given else []), users]
    if all(any(map(_is_writable, [*tried, folder / "__pycache__"])) for folder in _package_folders()):
        return ""
    if kept := _under_latent_cache():
        _use(kept)
        return ""
    try:
        folder = Path(tempfile.mkdtemp(prefix="latent-atlas-numba-"))  # readable by its owner only
    except OSError as error:
        raise LatentError(
            f"the map of many dimensions cannot be made here: UMAP needs a folder for its compiled code, and neither {users} nor the "
            f"folder for temporary files can be written ({error.strerror or error}); set {VARIABLE} or LATENT_CACHE to a folder that can, "
            "or leave the map out (--no-umap)."
        ) from None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _use(folder)
    where = " nor ".join(map(str, tried))
    return (
        f"UMAP's compiled code cannot be kept: neither {where} nor its own folder can be written, so it is compiled again each "
        f"time (seconds to a minute). Set {VARIABLE} or LATENT_CACHE to a folder that can be written to keep it."
    )


def _package_folders() -> list[Path]:
    """Where the compiled packages are installed, without importing them."""
    found = []
    for name in COMPILED:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            found.append(Path(spec.origin).parent)
    return found


def _users_cache() -> Path:
    """The folder that numba takes in a home that can be written."""
    import pooch

    return Path(pooch.os_cache("numba"))


def _under_latent_cache() -> Path | None:
    given = os.environ.get("LATENT_CACHE", "").strip()
    folder = Path(given).expanduser().absolute() / "numba"
    return folder if given and _is_writable(folder) else None


def _is_writable(folder: Path) -> bool:
    """Whether a file can be made in the folder, as numba asks; the folder is made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _use(folder: Path) -> None:
    os.environ[VARIABLE] = str(folder)
    numba = sys.modules.get("numba")
    if numba is not None:  # it has read the variable already
        numba.config.CACHE_DIR = str(folder)

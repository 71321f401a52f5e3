"""Where are the programs that the browser runs, and which version of each is there now?

They are built from `frontend/src` and committed in `dist`, so that users need no Node. `make dev` builds them into a folder of its own
at every change and names it in `LATENT_BUNDLES`.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import Literal

Bundle = Literal[
    "surface", "studio", "hosts", "clinic", "history", "link", "train", "film", "searches", "sound", "lessons", "pieces"
]
SiteBundle = Literal["site", "site-film", "site-sound", "site-train", "site-math", "site-pieces", "site-worker"]
"""Of a web site without a server."""


def read(name: str) -> str:
    """A built file's text, such as `surface.css`. Raises `OSError` where it is not there."""
    if folder := os.environ.get("LATENT_BUNDLES"):
        return (Path(folder) / name).read_text(encoding="utf-8")
    return files("explorer.surface").joinpath("dist", name).read_text(encoding="utf-8")


def stamp(name: str) -> int:
    """Tells one version of a built file from the next: nanoseconds of its last change; 0 of a packed one, which never changes."""
    folder = os.environ.get("LATENT_BUNDLES")
    path = Path(folder) / name if folder else Path(str(files("explorer.surface"))) / "dist" / name
    return path.stat().st_mtime_ns if path.exists() else 0

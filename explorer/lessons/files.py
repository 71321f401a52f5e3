"""Where do the files of lessons lie? Those that ship beside this one, and one's own in the folder of LATENT_LESSONS."""

from __future__ import annotations

import os
from pathlib import Path

ENDING = ".md"
NO_LESSON = "README"
MOST_LESSONS = 200
"""Of a folder."""


def lesson_files() -> dict[str, Path]:
    """Every file by the name of its lesson; one's own stands in place of a shipped one of the same name."""
    paths = _files(Path(__file__).parent)
    if given := os.environ.get("LATENT_LESSONS", "").strip():
        paths += _files(Path(given).expanduser())
    return {path.name.removesuffix(ENDING): path for path in paths}


def _files(folder: Path) -> list[Path]:
    """None where the folder cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ENDING and path.stem != NO_LESSON)[:MOST_LESSONS]
    except OSError:
        return []

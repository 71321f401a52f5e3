"""Is the session touched in one folder only, and what is kept in memory in another? Is every page a module with `show`?"""

import importlib
import re
from pathlib import Path

import pytest

from explorer.app.pages import NAMES, PAGES

EXPLORER = Path(__file__).resolve().parents[2] / "explorer"
DOORS = {
    r"\bst\.(session_state|query_params)\b": "session",
    r"\bst\.context\b": "session",
    r"\bst\.cache_(data|resource)\b": "cache",
    r"\bfrom streamlit import\b|\bimport streamlit\b(?! as st\b)": "nowhere",  # or the patterns above would not find it
}


def sources():
    return [path for path in EXPLORER.rglob("*.py") if "frontend" not in path.parts]


@pytest.mark.parametrize(("pattern", "folder"), DOORS.items())
def test_only_one_folder_has_the_door(pattern, folder):
    users = [path.relative_to(EXPLORER) for path in sources() if re.search(pattern, path.read_text(encoding="utf-8"))]
    # a docstring may name the door
    users = [path for path in users if path.parts[0] not in (folder, f"{folder}.py")]
    assert users == []


def test_every_page_is_there_once_and_can_be_shown():
    assert len(set(NAMES)) == len(PAGES)
    assert all(callable(importlib.import_module(page.module).show) for page in PAGES)


def test_every_page_folder_has_a_record():
    pages = {
        path.stem if path.is_file() else path.name for path in (EXPLORER / "pages").iterdir() if not path.name.startswith("__")
    }
    missing = pages - {page.module.split(".")[2] for page in PAGES}
    assert not missing, f"no record in PAGES of explorer/app/pages.py for {missing}"

"""Does the surface speak in the field's terms? Every string of its source that can reach the page, comments left out."""

from __future__ import annotations

import re

import pytest

from tests.field.test_sentences import PRIVATE, texts
from tests.places import ROOT

SOURCE = sorted((ROOT / "explorer/surface/frontend/src").rglob("*.ts"))
PYTHON = [
    "explorer/session/stops.py",
    "explorer/text/map_notes.py",
    "explorer/pages/interpolate/page.py",
    *(f"explorer/pages/interpolate/{name}.py" for name in ("stops", "stop_row", "stop_chooser", "found_paths", "below_map")),
    "explorer/pages/interpolate/arithmetic.py",
    "explorer/pages/interpolate/downloads.py",
    "explorer/pages/compare/page.py",
    *(f"explorer/pages/compare/{name}.py" for name in ("column_choosers", "columns", "image_row", "image_scores")),
    "trainer/maps/projection.py",
    "trainer/latent/paths.py",
    "trainer/latent/path_measures.py",
    "trainer/latent/directions.py",
]
ALSO = [
    r"\bprior draws?\b",
    r"\bTurn the order round\b",
    r"\bYours\b",
    r"\bBeside it\b",
    r"\blooking for its mass\b",
    r"\bdecoded again\b",
    r"\ba place stands for\b",
    r"\bnats below the prior's peak\b",
    r"\bmodel’s input\b",
    r"\bhow sharp\b",
    r"\bcrowds?\b",
    r"\btold the class\b",
    r"\bfew real\b",
    r"\bat the edge\b",
]
STRINGS = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')
COMMENTS = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)


def strings_of(source: str) -> list[str]:
    return STRINGS.findall(COMMENTS.sub("", source))


def test_comments_are_left_out_and_strings_found():
    assert strings_of('/** "a" */ const x = "b"; // "c"\nconst y = `d ${"e"} f`; const u = "http://g";') == [
        '"b"',
        '`d ${"e"} f`',
        '"http://g"',
    ]


@pytest.mark.parametrize("path", SOURCE, ids=lambda path: path.name)
def test_the_browser_says_nothing_private(path):
    found = [
        (word, text) for text in strings_of(path.read_text("utf-8")) for word in (*PRIVATE, *ALSO) if re.search(word, text, re.I)
    ]
    assert not found


@pytest.mark.parametrize("name", PYTHON)
def test_what_goes_with_it_says_nothing_private(name):
    found = [(word, text) for text in texts(ROOT / name) for word in (*PRIVATE, *ALSO) if re.search(word, text, re.I)]
    assert not found

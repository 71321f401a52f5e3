"""Is a bundle that was built anew read anew, and is the committed one read where nobody builds?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from explorer.hosts.html_file import dist
from explorer.surface import bundles

COMMITTED = Path(bundles.__file__).parent / "dist"


def test_the_committed_files_are_read_where_nobody_builds(monkeypatch):
    monkeypatch.delenv("LATENT_BUNDLES", raising=False)
    for name in (
        "surface.js",
        "studio.js",
        "hosts.js",
        "clinic.js",
        "history.js",
        "learner.js",
        "film.js",
        "searches.js",
        "sound.js",
        "sound.css",
        "surface.css",
        "page.css",
    ):
        assert bundles.read(name) == (COMMITTED / name).read_text(encoding="utf-8")
        assert bundles.stamp(name) == (COMMITTED / name).stat().st_mtime_ns


def test_a_file_that_is_built_anew_is_read_anew(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_BUNDLES", str(tmp_path))
    built = tmp_path / "hosts.js"
    built.write_text("one", encoding="utf-8")
    first = bundles.stamp("hosts.js")
    assert (bundles.read("hosts.js"), dist("hosts.js")) == ("one", "one")
    built.write_text("two", encoding="utf-8")
    os.utime(built, ns=(first + 1_000_000, first + 1_000_000))
    assert bundles.stamp("hosts.js") != first
    assert (bundles.read("hosts.js"), dist("hosts.js")) == ("two", "two")


def test_a_file_that_is_not_there_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_BUNDLES", str(tmp_path))
    assert bundles.stamp("surface.js") == 0
    with pytest.raises(OSError, match=r"surface\.js"):
        bundles.read("surface.js")

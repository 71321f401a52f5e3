"""Is everything there that README and CONTRIBUTING name? A newcomer's first command must not end in "no such file"."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

NAMED = re.compile(r"`((?:app|explorer|trainer|assets|tests)[\w./-]*)`")
COMMAND = re.compile(r"make ([a-z]+)\b")


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_path_is_there(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    paths = {found for found in NAMED.findall(text) if "/" in found}
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_target_of_make_is_there(document):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    named = set(COMMAND.findall("\n".join(re.findall(r"`[^`]*`", (ROOT / document).read_text(encoding="utf-8")))))
    assert named
    assert named <= targets

"""Is everything there that README and CONTRIBUTING name? A newcomer's first command must not end in "no such file"."""

from __future__ import annotations

import re

import pytest

from explorer.hosts.cli import LOOK
from tests.conftest import ROOT
from trainer.cli.main import GROUPS

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


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_command_of_atlas_is_there(document):
    code = "\n".join(re.findall(r"```\n.*?```|`[^`\n]+`", (ROOT / document).read_text(encoding="utf-8"), flags=re.S))
    named = set(re.findall(r"(?:\batlas|python -m trainer) +([a-z]+)\b", code))
    assert named <= {*LOOK, *(name for group in GROUPS.values() for name in group)}


def test_every_test_that_the_recipes_run_is_there():
    commands = re.findall(r"`[^`]*(?:pytest|vitest)[^`]*`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    missing = set()
    for command in commands:
        root = ROOT / "explorer/surface/frontend" if "vitest" in command else ROOT
        missing |= {path for path in re.findall(r"\btests/[\w./]+", command) if not (root / path).exists()}
    assert len(commands) >= 7
    assert missing == set()

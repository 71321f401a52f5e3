"""Where are the inputs that people bring? Beside the checkout; tests that need them say so where they are not there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.places import ROOT

CASES = Path(os.environ.get("LATENT_CASES", ROOT.parent / "shared" / "cases"))
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"the cases are not in {CASES}; LATENT_CASES says where they are")


def copied(case: str, to: Path) -> Path:
    """A case that may be changed: the originals are read-only."""
    target = to / Path(case).name
    shutil.copytree(CASES / case, target)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target

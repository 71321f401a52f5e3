"""What do the field tests share? A cache of their own, so that none depends on what this machine has decoded before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data(digits):
    """What most models here are made for."""
    return digits


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """LATENT_CACHE for all of them together."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_CACHE", str(folder))
        yield folder

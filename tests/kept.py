"""How do tests get by without training what was trained before? Finished runs are kept under a hash of all that they depend on.

Only for fixtures whose tests look at a run. A test of training, or of an import, trains and imports by itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import torch

from tests.places import ROOT
from trainer.config import FitConfig
from trainer.datasets import Dataset, load_dataset
from trainer.training.fit import fit

FOLDER = Path(os.environ.get("LATENT_TEST_CACHE") or ROOT / ".pytest-runs")
WEEK_S = 7 * 24 * 3600
NOT_IN_A_RUN = ROOT / "trainer" / "cli"  # what only calls the trainer


def kept(name: str, recipe: object, make: Callable[[Path], object]) -> Path:
    """A folder that `make` has filled, now or before; `recipe` is what it depends on besides the trainer. No test changes it."""
    key = hashlib.sha256(json.dumps([name, recipe, trainer_sources()], sort_keys=True).encode()).hexdigest()[:16]
    home = FOLDER / f"{name}-{key}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _only_one(home.with_suffix(".lock")):  # the other workers wait for what the first one makes
        if not home.is_dir():
            unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=FOLDER))
            make(unfinished)
            unfinished.rename(home)
            _forget_old()
        os.utime(home)
    return home


def trained_runs(folder: Path, configs: Mapping[str, FitConfig], dataset: Dataset | None = None) -> Path:
    """Puts finished runs of these names into a folder, which is then the caller's own; of the configurations' data sets by default."""
    for name, config in configs.items():
        recipe = [config.model_dump(mode="json"), dataset and _digest(dataset)]

        def train(where: Path, name: str = name, config: FitConfig = config) -> None:
            for _ in fit(config, dataset or load_dataset(config.data), name, where):
                pass

        shutil.copytree(kept(name, recipe, train) / name, folder / name)
    return folder


def imported_runs(folder: Path) -> Path:
    """Puts the runs of models that were trained elsewhere into a folder, which is then the caller's own."""
    from tests.explorer import imported

    recipe = [hashlib.sha256(Path(module.__file__).read_bytes()).hexdigest() for module in (imported, imported.foreign_models)]
    shutil.copytree(kept("imported", recipe, imported.write_imported), folder, dirs_exist_ok=True)
    return folder


@cache
def trainer_sources() -> str:
    """One hash of the trainer's programs and of what computes for them."""
    found = hashlib.sha256(f"{platform.platform()} {platform.python_version()} {torch.__version__} {np.__version__}".encode())
    for path in sorted((ROOT / "trainer").rglob("*.py")):
        if not path.is_relative_to(NOT_IN_A_RUN):
            found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def _digest(dataset: Dataset) -> str:
    found = hashlib.sha256(dataset.name.encode())
    for array in (dataset.images, dataset.labels, *dataset.splits.values()):
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _forget_old() -> None:
    """What no test has asked for in a week was made by another state of the trainer."""
    for path in FOLDER.iterdir():
        if path.is_dir() and time.time() - path.stat().st_mtime > WEEK_S:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

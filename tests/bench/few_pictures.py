"""What does early stopping save of a first training on few pictures? Real digits as files, trained without a setting; dated JSON.

    python -m tests.bench.few_pictures --out tests/bench/results/DATE-few-pictures.json

For each number of pictures the same folder is trained by `fit FOLDER`, and by `fit FOLDER --no-early-stopping`. The figures are those of
the test images of the folder, one in five; seconds are of the whole command.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.places import ROOT
from trainer.datasets import load_dataset
from trainer.runs.read import read_info

SIZE = 32
WAYS = {"early stopping": [], "all epochs": ["--no-early-stopping"]}


def make_folder(folder: Path, n: int, seed: int = 0) -> None:
    """So many training images of MNIST as PNG."""
    images = load_dataset("mnist").subset("train").images
    folder.mkdir(parents=True)
    for i in np.random.default_rng(seed).permutation(len(images))[:n].tolist():
        Image.fromarray(images[i, 0]).resize((SIZE, SIZE)).save(folder / f"{i}.png")


def trained(folder: Path, runs: Path, name: str, words: list[str]) -> dict[str, Any]:
    """One run by the command line."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "trainer", "fit", str(folder), "--runs", str(runs), "--name", name, "--no-umap", *words]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    info = read_info(runs / name)
    assert info.metrics is not None
    return {
        "epochs": info.config.epochs,
        "elbo": info.metrics.elbo,
        "nll": info.metrics.nll,
        "overfitting": info.overfitting and info.overfitting.model_dump(),
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs="+", default=[100, 300, 1000, 3000])
    parser.add_argument("--seed", type=int, default=0, help="of which images are taken")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as name:
        for n in options.images:
            folder = Path(name) / f"digits-{n}"
            make_folder(folder, n, options.seed)
            ways = {way: trained(folder, Path(name) / "runs", f"{n}-{i}", words) for i, (way, words) in enumerate(WAYS.items())}
            found.append({"images": n, **ways})
            print(json.dumps(found[-1]), flush=True)
    record = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python -m tests.bench.few_pictures", *sys.argv[1:]]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', '')}",
        "load": [round(value, 2) for value in os.getloadavg()],
        "seed": options.seed,
        "results": found,
    }
    if options.out is not None:
        options.out.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

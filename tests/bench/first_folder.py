"""Is a folder of 10 000 small JPEGs a run that can be looked at ten minutes after one command? Makes it, trains, opens, examines; JSON.

    python -m tests.bench.first_folder --out tests/bench/results/DATE-first-folder.json

Processes of their own, one after the other: `python -m trainer fit FOLDER` without a setting, the page of the run in the app, from the
start of the process until all of it is there, and `python -m trainer examine --seconds 20`. With the seconds of each, peaks of memory,
what `fit` chose, what the run says of itself, and the load of the machine before and after.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from tests.bench.large_folder import CHUNK, ROOT, _pictures, measured
from trainer.runs.read import read_info

LIMIT_S = 600
QUALITY = 90
OPEN = """
import sys
from streamlit.testing.v1 import AppTest
test = AppTest.from_file(sys.argv[1], default_timeout=300)
test.query_params["run"] = sys.argv[2]
test.run()
assert not test.exception, [error.value for error in test.exception]
"""


def make_jpegs(folder: Path, n: int, size: int, n_classes: int = 10, seed: int = 0) -> None:
    """`n` pictures as JPEG in a subfolder a class: what `large_folder` draws."""
    rng = np.random.default_rng(seed)
    for label in range(n_classes):
        (folder / f"class-{label}").mkdir(parents=True, exist_ok=True)
    for start in range(0, n, CHUNK):
        labels = np.arange(start, min(start + CHUNK, n)) % n_classes
        for i, picture in enumerate(_pictures(labels / n_classes, size, rng), start):
            Image.fromarray(picture).save(folder / f"class-{i % n_classes}" / f"{i:06}.jpg", quality=QUALITY)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=None, help="else those that fit chooses")
    parser.add_argument("--runs", type=Path, default=None, help="keep the run in this folder")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, runs = Path(name) / "pictures", options.runs or Path(name) / "runs"
        make_jpegs(folder, options.images, options.size)
        environment = {"LATENT_CACHE": f"{name}/cache", "LATENT_RUNS": str(runs)}
        environment |= {"OMP_NUM_THREADS": str(options.threads)} if options.threads else {}
        load, began = os.getloadavg(), time.perf_counter()
        commands = {
            "fit": ["-m", "trainer", "fit", str(folder)],
            "open": ["-c", OPEN, str(ROOT / "app.py"), "pictures"],
            "examine": ["-m", "trainer", "examine", "pictures", "--seconds", "20"],
        }
        found = [measured(what, [sys.executable, *words], environment) for what, words in commands.items()]
        seconds = time.perf_counter() - began
        info = read_info(runs / "pictures")
    record = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python -m tests.bench.first_folder", *sys.argv[1:]]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "threads": options.threads,
        "load": {"before": [round(value, 2) for value in load], "after": [round(value, 2) for value in os.getloadavg()]},
        "images": options.images,
        "size": options.size,
        "processes": [asdict(one) for one in found],
        "chosen": list(info.chosen),
        "trained_s": info.seconds,
        "epochs": info.epoch,
        "parameters": info.n_parameters,
        "metrics": info.metrics and info.metrics.model_dump(include={"elbo", "nll", "kl", "active_units", "knn_accuracy"}),
        "seconds": round(seconds, 1),
        "limit_s": LIMIT_S,
        "is_within": seconds <= LIMIT_S,
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    print(text, flush=True)
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

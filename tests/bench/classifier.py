"""What should the classifier of pictures learn from: images, reconstructions, or both? Prints a table and writes a dated JSON.

    python tests/bench/classifier.py digits-2d mnist-2d mnist-20d

Each mixture is trained with seeds 0, 1, 2 (MNIST: 0) and calibrated on the validation split's reconstructions, as a run's is; the figures
are of the test split's images and of their reconstructions, whose true class is the image's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from trainer.datasets import load_dataset
from trainer.runs.catalogue import load_run
from trainer.training import picture_classifier as classifier_fit

RESULTS = Path(__file__).parent / "results"
MIXTURES = {"images": 0.0, "both": 0.5, "reconstructions": 1.0}
FEW_IMAGES = 20_000  # below that a seed matters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    records = [record for name in options.runs for record in measured(name)]
    when = datetime.now(UTC).date().isoformat()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {options.threads} thread"
    (RESULTS / f"{when}-classifier.json").write_text(json.dumps({"machine": machine, "records": records}, indent=1) + "\n")


def measured(name: str) -> list[dict[str, object]]:
    run = load_run(name)
    dataset = load_dataset(run.info.dataset.name)
    seeds = (0, 1, 2) if dataset.n < FEW_IMAGES else (0,)
    records: list[dict[str, object]] = []
    for mixture, share in MIXTURES.items():
        classifier_fit.DECODED_SHARE = share
        found, began = [], time.perf_counter()
        for seed in seeds:
            training = classifier_fit.ClassifierTraining(run.model, dataset, seed)
            for _ in training.epochs():
                pass
            found.append(training.result())
        seconds = (time.perf_counter() - began) / len(seeds)
        means = {
            part: {key: float(np.mean([asdict(getattr(c, part))[key] for c in found])) for key in ("accuracy", "nll", "ece")}
            for part in ("images", "decoded")
        }
        records.append({"run": name, "learned from": mixture, "seconds": seconds, **means})
        print(f"{name:<12} {mixture:<16} {seconds:5.1f} s  " + "  ".join(_line(part, means[part]) for part in means), flush=True)
    return records


def _line(part: str, figures: dict[str, float]) -> str:
    return f"{part}: accuracy {figures['accuracy']:.3f} NLL {figures['nll']:.3f} ECE {figures['ece']:.3f}"


if __name__ == "__main__":
    main()

"""Do convolutions train faster where the channels of a pixel lie together? A step of the training's own loop, both layouts in turns.

`python -m tests.bench.layouts [--rounds N] [--json FILE]`

Networks of presets, in float32 with torch's own number of threads; that for folders of 64 × 64 on faces-64. MNIST comes from LATENT_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch

from trainer.config import FitConfig, checked
from trainer.datasets import load_dataset
from trainer.presets import PRESETS
from trainer.runs.write import RunWriter
from trainer.training.choosing.trial import step_seconds
from trainer.training.loop import Trainer

LAYOUTS = {"channels last": torch.channels_last, "planes": torch.contiguous_format}
NETWORKS = {
    "mnist-20d": PRESETS["mnist-20d"],
    "shapes-6d": PRESETS["shapes-6d"],
    "faces-64": PRESETS["faces-64"],
    "folder-64": checked(PRESETS["folder-64"], data="faces-64"),
}


def trainer_of(config: FitConfig, layout: torch.memory_format) -> Trainer:
    """Nothing is written."""
    plain = checked(config, precision="fp32", film_weights=0)
    trainer = Trainer(plain, load_dataset(config.data), RunWriter.at("bench", "bench"), "bench", "", snapshots=0)
    trainer.model.to(memory_format=layout)
    return trainer


def measured(name: str, rounds: int) -> dict[str, object]:
    """Milliseconds of a step, median of the rounds after the first two, by layout."""
    config = NETWORKS[name]
    trainers = {layout: trainer_of(config, form) for layout, form in LAYOUTS.items()}
    took: dict[str, list[float]] = {layout: [] for layout in LAYOUTS}
    for i in range(rounds + 2):
        for layout, trainer in trainers.items():
            took[layout].append(step_seconds(trainer, i))
    middle = {layout: 1000 * statistics.median(each[2:]) for layout, each in took.items()}
    return {
        "network": list(config.hidden),
        "batch": config.batch_size,
        "step_ms": middle,
        "times": middle["planes"] / middle["channels last"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {name: measured(name, options.rounds) for name in NETWORKS}
    for name, one in found.items():
        print(name, one)
    if options.json:
        record = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, {torch.get_num_threads()} threads",
            "command": f"python -m tests.bench.layouts {' '.join(sys.argv[1:])}",
            "seed": 0,
            "load": os.getloadavg(),
            "found": found,
        }
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""How good do the presets get on MNIST, against papers' numbers? Trains, evaluates the whole test set, writes a dated JSON.

    python tests/bench/quality.py burda iwae --runs /tmp/quality
    python tests/bench/quality.py m2 --seeds 5 --bare

A run that is there and finished is evaluated, not trained again. Every figure stands beside the target of the design notes; a target
that is missed is printed as missed.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from trainer.config import checked
from trainer.datasets import load_dataset
from trainer.errors import RunError
from trainer.metrics.evaluate import evaluate
from trainer.presets import PRESETS
from trainer.runs.catalogue import load_run
from trainer.training.events import EpochEnded
from trainer.training.fit import fit

RESULTS = Path(__file__).parent / "results"
TARGETS: dict[str, dict[str, float]] = {  # upper bounds; elbo and knn_accuracy: lower bounds
    "burda": {"nll": 86.35},
    "iwae": {"nll": 84.78},
    "mnist-2d": {"elbo": -129, "knn_accuracy": 0.92},
    "mnist-20d": {"nll": 82.0, "minutes": 30},
    "conditional-vae": {"nll": 85.0},
    "m2": {"classifier_error": 0.07},
    "m1+m2": {"classifier_error": 0.0333},
}
AT_LEAST = ("elbo", "knn_accuracy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="+", choices=sorted(PRESETS))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each preset, seeds 0, 1, …")
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--images", type=int, default=None)
    parser.add_argument(
        "--bare", action="store_true", help="without layout, classifier of pictures and film: the figures are the same"
    )
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    records = [measured(name, seed, options) for name in options.presets for seed in range(options.seeds)]
    out = options.out or RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-quality-{'-'.join(options.presets).replace('+', '-')}.json"
    out.write_text(
        json.dumps(
            {"machine": platform.machine(), "threads": torch.get_num_threads(), "torch": torch.__version__, "results": records},
            indent=1,
        )
        + "\n"
    )
    print(f"written: {out}")


def measured(preset: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """One training and its figures on the whole test set."""
    name, runs = f"{preset.replace('+', '-')}-seed{seed}" if seed else preset.replace("+", "-"), options.runs
    config = checked(PRESETS[preset], seed=seed)
    if options.bare:
        config = checked(config, umap=False, classifier=False, film_weights=0)
    dataset = load_dataset(config.data)
    try:
        run = load_run(name, runs)
    except RunError:
        for event in fit(config, dataset, name, runs, preset, resume=(runs / name / "run.json").is_file()):
            if isinstance(event, EpochEnded) and event.epoch % 10 == 0:
                print(
                    f"{name} {event.epoch}/{config.epochs} {event.row.get('test_elbo', 0):.2f} "
                    f"{event.row.get('test_error', float('nan')):.4f}",
                    flush=True,
                )
        run = load_run(name, runs)
    without = {"film_weights": 0, "umap": False, "classifier": False}  # which change no figure
    measured_here = {"precision": run.config.precision} if config.precision == "auto" else {}
    if checked(run.config, **without) != checked(config, **without, **measured_here):
        raise SystemExit(f"run {name} in {runs} was trained with other settings than the preset; remove it or choose other --runs")
    began = time.perf_counter()
    figures = asdict(evaluate(run.model, dataset, samples=options.samples, nll_images=options.images))
    figures.pop("kl_per_dim")
    record = {
        "preset": preset,
        "seed": seed,
        "minutes": run.info.seconds / 60,
        "trained_on": run.info.machine,
        "evaluation_s": time.perf_counter() - began,
        **figures,
        "config": config.model_dump(),
        "command": f"python -m trainer fit {preset} --seed {seed}",
        "created": run.info.created,
    }
    for key, target in TARGETS.get(preset, {}).items():
        is_met = record[key] >= target if key in AT_LEAST else record[key] <= target
        print(
            f"{name}: {key} {record[key]:.4g}, target {'≥' if key in AT_LEAST else '≤'} {target:g}: {'met' if is_met else 'MISSED'}"
        )
    return record


if __name__ == "__main__":
    main()

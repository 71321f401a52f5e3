"""Does a picture that was put on a larger sheet find its code again? `python tests/bench/pasted.py [--json FILE]`

MNIST test images at random size, place, angle (±5°) and brightness, inverted or not, on larger sheets: how far from the code of the
original is the code of the picture, prepared, and only made small? Median Euclidean distances in latent units; aim: at most a quarter.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.core.preprocess import prepare
from trainer.datasets import load_dataset
from trainer.runs import HOME, Run, load_run

RUNS = ["mnist-2d", "mnist-20d"]
N_IMAGES = 500


def on_a_sheet(pixels: NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    """pixels (28, 28) → a grey sheet of 80 to 400 pixels a side."""
    height, width = (int(side) for side in rng.integers(80, 401, 2))
    size = int(min(height, width) * rng.uniform(0.4, 0.95))
    digit = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
    turned = np.asarray(digit.rotate(rng.uniform(-5, 5), Image.Resampling.BICUBIC), np.float64)
    sheet = np.zeros((height, width))
    top, left = int(rng.integers(0, height - size + 1)), int(rng.integers(0, width - size + 1))
    sheet[top : top + size, left : left + size] = turned
    paper, ink = rng.uniform(0, 60), rng.uniform(140, 255)
    grey = paper + sheet / 255 * (ink - paper)
    return Image.fromarray(np.rint(255 - grey if rng.random() < 0.5 else grey).astype(np.uint8))


def only_made_small(sheet: Image.Image) -> NDArray[np.float32]:
    """What a model is fed by whoever prepares nothing: (1, 28, 28)."""
    return np.asarray(sheet.resize((28, 28), Image.Resampling.LANCZOS), np.float32)[None] / 255


def distances(run: Run, originals: NDArray[np.uint8], seed: int = 0) -> dict[str, float]:
    """Medians over the images: prepared, only made small, and their ratio."""
    rng = np.random.default_rng(seed)
    sheets = [on_a_sheet(pixels[0], rng) for pixels in originals]
    mu = run.forward.encode(originals.astype(np.float32) / 255).mu
    ways: dict[str, Sequence[NDArray[np.float32]]] = {
        "prepared": [prepare(sheet, (1, 28, 28), "mnist").x for sheet in sheets],
        "only made small": [only_made_small(sheet) for sheet in sheets],
    }
    found = {way: float(np.median(np.linalg.norm(run.forward.encode(np.stack(x)).mu - mu, axis=1))) for way, x in ways.items()}
    return {**found, "ratio": found["prepared"] / found["only made small"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    dataset = load_dataset("mnist")
    originals = dataset.images[dataset.splits["test"][:N_IMAGES]]
    found = {name: distances(load_run(name, HOME / "assets" / "runs"), originals) for name in RUNS}
    for name, values in found.items():
        print(f"{name}: " + ", ".join(f"{way} {value:.3f}" for way, value in values.items()) + " (aim: ratio ≤ 0.25)")
    if options.json:
        record = {
            "n_images": N_IMAGES, "runs": found, "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores", "command": "python tests/bench/pasted.py",
        }  # fmt: skip
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()

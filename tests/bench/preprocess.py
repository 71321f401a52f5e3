"""Does a picture's code survive that the picture was pasted somewhere? Prints a table and writes a dated JSON.

    LATENT_DATA=… python tests/bench/preprocess.py [mnist-2d mnist-20d]

MNIST test images, each in a random size and place, turned by up to 5°, in random brightness, every other one dark on light, on a canvas
larger than itself. The distance of its code μ to that of the original image is measured with preprocessing and without, where the canvas is
only resized to the model's 28 × 28.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.pictures.preprocess import prepare
from trainer.datasets import load_dataset
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

RESULTS = Path(__file__).parent / "results"
Floats = NDArray[np.float32]
N_IMAGES = 500
CANVAS_PX = (150, 600)  # the canvas is square
SHARE = (0.25, 0.8)  # of the canvas that the pasted 28 × 28 image takes
TURN = 5.0  # degrees at most
INK, PAPER = (140, 255), (0, 50)  # grey levels, exchanged where it is inverted


@dataclass(frozen=True)
class Survived:
    """Distances ‖μ − μ'‖ (B,) to the codes of the originals, with preprocessing and without; seconds for one picture."""

    with_steps: Floats
    without: Floats
    seconds: float

    @property
    def ratio(self) -> float:
        """Median with over median without; the smaller, the better."""
        return float(np.median(self.with_steps) / np.median(self.without))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", default=["mnist-2d", "mnist-20d"])
    parser.add_argument("--n", type=int, default=N_IMAGES)
    options = parser.parse_args()
    records = []
    for name in options.runs:
        found = measured(load_run(name), options.n)
        records.append(
            {
                "run": name,
                "n": options.n,
                "median distance with": round(float(np.median(found.with_steps)), 4),
                "median distance without": round(float(np.median(found.without)), 4),
                "ratio": round(found.ratio, 4),
                "ninth decile with": round(float(np.quantile(found.with_steps, 0.9)), 4),
                "milliseconds a picture": round(1000 * found.seconds, 1),
            }
        )
        print("  ".join(f"{key} {value}" for key, value in records[-1].items()), flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    command = f"python tests/bench/preprocess.py {' '.join(options.runs)} --n {options.n}"
    when = datetime.now(UTC).date().isoformat()
    found_text = json.dumps({"machine": machine, "command": command, "records": records}, indent=1)
    (RESULTS / f"{when}-preprocess.json").write_text(found_text + "\n")


def measured(run: Run, n: int, seed: int = 0) -> Survived:
    """n images of the test split, spread over it."""
    images = load_dataset(run.info.dataset.name, download=False).subset("test").images
    originals = images[np.linspace(0, len(images) - 1, n).round().astype(int)]
    generator = np.random.default_rng(seed)
    canvases = [pasted(image[0], generator) for image in originals]
    began = time.perf_counter()
    ready = np.stack([prepare(canvas, run.image_shape, run.info.dataset.name).x for canvas in canvases])
    seconds = (time.perf_counter() - began) / n
    size = run.image_shape[2], run.image_shape[1]
    resized = np.stack([np.asarray(canvas.resize(size, Image.Resampling.BOX), np.float32)[None] / 255 for canvas in canvases])
    mu = run.forward.encode(originals.astype(np.float32) / 255).mu
    with_steps, without = (np.linalg.norm(run.forward.encode(x).mu - mu, axis=1) for x in (ready, resized))
    return Survived(with_steps, without, seconds)


def pasted(image: NDArray[np.uint8], generator: np.random.Generator) -> Image.Image:
    """One image (h, w), light on dark, somewhere on a larger canvas."""
    canvas = int(generator.integers(*CANVAS_PX))
    side = max(image.shape[1] + 1, round(canvas * generator.uniform(*SHARE)))
    turned = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    turned = turned.rotate(generator.uniform(-TURN, TURN), Image.Resampling.BICUBIC)
    ink, paper = generator.uniform(*INK), generator.uniform(*PAPER)
    sheet = np.zeros((canvas, canvas))
    top, left = generator.integers(0, canvas - side + 1, 2)
    sheet[top : top + side, left : left + side] = np.asarray(turned, float) / 255
    grey = paper + (ink - paper) * sheet
    if generator.random() < 0.5:
        grey = 255 - grey
    return Image.fromarray(np.rint(grey).astype(np.uint8))


if __name__ == "__main__":
    main()

"""How live is a hover over a model that was brought along, or over a run?

    python -m tests.bench.brought [--only NAME | --run FOLDER] [--seconds S] [--json FILE]

rgb64       a convolutional VAE for 64 × 64 RGB, 50 million multiply-adds a picture
pythae      the convolutional networks for MNIST of pythae, 134 million

Both are imported with random weights and a few hundred pictures, into a folder that is thrown away. In one headless Chromium: milliseconds
a picture for each arithmetic, and new pictures a second while a mouse crosses the map without a pause, with the processor as it is and
slowed four times. Machines are shared: it reports and fails at no number.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from playwright.sync_api import Page, sync_playwright
from torch import Tensor, nn

from explorer.surface.payload import pack, pack_static
from explorer.surface.schema import Dynamic
from tests.bench.browser import SETTLE_MS, chromium, drive, opened
from tests.bench.crowds import served
from trainer.datasets import Dataset, load_dataset
from trainer.importing import HowTrained, import_model
from trainer.models.layer_shapes import multiply_adds
from trainer.models.networks import parts_of
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

N_PICTURES = 300
ARITHMETIC = (None, "simd", "scalar")  # None: the best that there is
SLOWDOWNS = (1, 4)

DECODE = """async ([kind, turns]) => {
  const { Model, useArithmetic } = await import('/surface.js');
  useArithmetic(kind);
  const model = new Model(new Uint8Array(await (await fetch('/payload' + location.search)).arrayBuffer()));
  const codes = Array.from({ length: turns + 1 }, (_, i) => Array.from({ length: model.latentDim }, (_, k) => Math.sin(i + 2 * k)));
  model.decode(codes[turns]);
  const spent = codes.slice(0, turns).map((z) => {
    const start = performance.now();
    model.decode(z);
    return performance.now() - start;
  });
  useArithmetic(null);
  return [model.arithmetic, spent.sort((a, b) => a - b)[Math.floor(turns / 2)]];
}"""
# counts the codes whose pictures were shown
COUNT = """() => {
  window.shown = 0;
  window.counter?.disconnect();
  window.counter = new MutationObserver(() => window.shown++);
  window.counter.observe(watch.root().querySelector('[data-testid=decoded]'), { attributeFilter: ['data-z'] });
}"""


class Rgb64(nn.Module):
    """As `large_decoder` of engine.py, with an encoder of its mirror's first half."""

    def __init__(self, n_dims: int = 6) -> None:
        super().__init__()
        self.down = nn.Sequential(
            *(nn.Conv2d(3, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU()),
            nn.Flatten(),
        )
        self.mean, self.spread = nn.Linear(4096, n_dims), nn.Linear(4096, n_dims)
        self.up = nn.Sequential(
            *(nn.Linear(n_dims, 128 * 64), nn.ReLU(), nn.Unflatten(1, (128, 8, 8))),
            *(nn.ConvTranspose2d(128, 80, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(80, 32, 4, 2, 1), nn.ReLU()),
            *(nn.Conv2d(32, 32, 3, 1, 1), nn.ReLU(), nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU()),
            *(nn.Conv2d(16, 16, 3, 1, 1), nn.ReLU(), nn.Conv2d(16, 3, 3, 1, 1), nn.Sigmoid()),
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.down(x)
        return self.mean(h), self.spread(h)

    def decode(self, z: Tensor) -> Tensor:
        found: Tensor = self.up(z)
        return found


def of_pythae() -> nn.Module:
    from pythae.models import VAE, VAEConfig
    from pythae.models.nn.benchmarks.mnist import Decoder_Conv_AE_MNIST, Encoder_Conv_VAE_MNIST

    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=16)
    net: nn.Module = VAE(config, encoder=Encoder_Conv_VAE_MNIST(config), decoder=Decoder_Conv_AE_MNIST(config))
    return net


MODELS: dict[str, tuple[Callable[[], nn.Module], str, int]] = {"rgb64": (Rgb64, "shapes", 64), "pythae": (of_pythae, "mnist", 28)}
"""By name: what builds it, the data set whose test images it encodes, and the side of its pictures."""


def imported(name: str, folder: Path) -> Run:
    build, data, side = MODELS[name]
    torch.manual_seed(0)
    how = HowTrained(likelihood="bernoulli")
    return import_model(build().eval(), few(load_dataset(data), side), name, how=how, runs=folder, umap=False, classifier=False)


def few(data: Dataset, side: int) -> Dataset:
    """The first of its test images, as large as is asked for: importing is not what is measured."""
    test = data.splits["test"][:N_PICTURES]
    times = max(1, side // data.image_shape[-1])
    images = data.images[test].repeat(times, axis=2).repeat(times, axis=3)
    labels = None if data.labels is None else data.labels[test]
    return Dataset(data.name, images, labels, data.class_names, None, (), {"test": np.arange(len(test))}, "")


def by_mouse(page: Page, slowdown: int, seconds: float) -> float:
    """New pictures a second under moves of the browser's own mouse, one after the other as fast as the page takes them."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.wait_for_timeout(SETTLE_MS)
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    page.evaluate(COUNT)
    start = time.perf_counter()
    while (t := time.perf_counter() - start) < seconds:
        x, y = 0.5 + 0.45 * math.sin(2.1 * t), 0.5 + 0.45 * math.cos(1.7 * t)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    shown, spent = page.evaluate("() => shown"), time.perf_counter() - start
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    session.detach()
    return round(shown / spent, 1)


def decode_ms(page: Page, slowdown: int) -> dict[str, float]:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    found = dict(page.evaluate(DECODE, [kind, 5 if kind == "scalar" else 25]) for kind in ARITHMETIC)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    session.detach()
    return {kind: round(value, 2) for kind, value in found.items()}


def measured(page: Page, run: Run, seconds: float) -> dict[str, Any]:
    origin = run.info.origin
    decoder = parts_of(run.config, run.image_shape, 0)["decoder"]
    found: dict[str, Any] = {
        "decoder": None if origin is None else origin.decoder,
        "multiply_adds": multiply_adds(decoder, (run.config.latent_dim,), 0),
    }
    for slowdown in SLOWDOWNS:
        motion = drive(page, "hover", slowdown, seconds)
        found[f"{slowdown}x"] = {
            "decode_ms": decode_ms(page, slowdown),
            "pictures_per_s_by_mouse": by_mouse(page, slowdown, seconds),
            "frames_per_s": motion.fps,
            "pictures_per_s": round(motion.fps * motion.decoded_share, 1),
            "p95_ms": motion.p95_ms,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*MODELS], help="one of the models")
    parser.add_argument("--run", type=Path, help="instead, the folder of a run that is there")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a movement (default 4)")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    now = datetime.now(UTC)
    record: dict[str, Any] = {
        "measured": now.isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    record["command"] = " ".join(["python -m tests.bench.brought", *sys.argv[1:]])
    names = [options.run.name] if options.run else [options.only] if options.only else [*MODELS]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        runs = {name: load_run(name, options.run.parent) if options.run else imported(name, Path(folder)) for name in names}
        payloads = {name: pack(Dynamic(), pack_static(run, next(iter(run.projections.values())))) for name, run in runs.items()}
        browser = chromium(playwright)
        with served(payloads) as url:
            for name, run in runs.items():
                page = opened(browser, f"{url}/?{name}")
                record[name] = measured(page, run, options.seconds)
                page.close()
        record["browser"], record["load"] = browser.version, [round(value, 2) for value in os.getloadavg()]
        browser.close()
    print(json.dumps(record, indent=1))
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""How fast does the page learn, and does it draw meanwhile? Drives Chromium and writes a dated JSON.

    LATENT_DATA=… python -m tests.bench.learning
    LATENT_DATA=… python -m tests.bench.learning --only digits --seconds 5

One worker, batch 128, told as the page is told: codes of 2000 images and all weights up to forty times a second. Seconds an epoch are the
wall's, over the middle of the training; frames are the page's own. The loop of pytorch/examples takes turns with the largest, in this
process with torch's own number of threads, its epochs without a test pass. `exact`: plain SIMD, the same digits on every machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, chromium_path
from tests.places import BUNDLES
from trainer.cli.benchmark.loops import Examples
from trainer.datasets import load_dataset

RESULTS = Path(__file__).parent / "results"
ORIGIN = "http://bench.test"

LEARN = """async ({program, words, seconds, isExact}) => {
  const images = new Uint8Array(await (await fetch('/images')).arrayBuffer());
  const told = [], frames = [];
  let heard = () => {};
  const session = latentLearner.openSession(program, (message) => { told.push([performance.now(), message]); heard(message); });
  const until = (kind) => new Promise((resolve) => { heard = (message) => message.kind === kind && resolve(message); });
  const ready = until('ready');
  session.post({kind: 'start', record: latentLearner.dense(words), seed: 0, images, isExact}, [images.buffer]);
  const {arithmetic, stepsPerEpoch} = await ready;
  session.post({kind: 'train'});
  await new Promise((resolve) => setTimeout(resolve, 1000)); // compiled, and in its stride
  const from = performance.now(), to = from + 1000 * seconds;
  await new Promise((resolve) => {
    const draw = (now) => { frames.push(now); if (now < to) requestAnimationFrame(draw); else resolve(); };
    requestAnimationFrame(draw);
  });
  const paused = until('progress');
  session.post({kind: 'pause'});
  const last = await paused;
  session.close();
  const within = told.filter(([at, {kind}]) => kind === 'progress' && at >= from);
  const [first, end] = [within[0], within.at(-1)];
  const epochs = (end[1].step - first[1].step) / stepsPerEpoch;
  return {
    arithmetic, where: session.where, epochs: last.epoch, loss: end[1].terms?.loss ?? null,
    seconds_an_epoch: (end[0] - first[0]) / 1000 / epochs,
    messages_per_s: (within.length - 1) / (end[0] - first[0]) * 1000,
    frames_per_s: (frames.length - 1) / (frames.at(-1) - frames[0]) * 1000,
  };
}"""


@dataclass(frozen=True)
class Scene:
    """A dense autoencoder and its data."""

    data: str
    n_images: int | None
    """the first so many; None: all"""
    hidden: int
    latent_dim: int
    aim: str

    def images(self) -> NDArray[np.uint8]:
        dataset = load_dataset(self.data)
        images = dataset.images if self.data == "digits" else dataset.subset("train").images
        return np.ascontiguousarray(images[: self.n_images])

    def words(self, images: NDArray[np.uint8]) -> dict[str, Any]:
        return {"imageShape": images.shape[1:], "latentDim": self.latent_dim, "hidden": [self.hidden], "likelihood": "bernoulli"}


SCENES = {
    "digits 64-128-2": Scene("digits", None, 128, 2, "≥ 100 epochs a second"),
    "mnist 10 000 784-256-2": Scene("mnist", 10_000, 256, 2, "≤ 0.8 s an epoch"),
    "mnist 60 000 784-400-20": Scene("mnist", None, 400, 20, "≤ 1.3 of pytorch/examples, relaxed ≤ 1"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="scenes whose name holds this")
    parser.add_argument("--seconds", type=float, default=10.0, help="of every measurement")
    parser.add_argument("--rounds", type=int, default=2, help="turns of page and pytorch/examples")
    options = parser.parse_args()
    records: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for name, scene in SCENES.items():
            if options.only in name:
                records[name] = measured(browser, name, scene, options.seconds, options.rounds)
                print(name, json.dumps(records[name], indent=1), flush=True)
        browser.close()
    now = datetime.now(UTC)
    record = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "command": f"python -m tests.bench.learning --seconds {options.seconds:g} --rounds {options.rounds}",
        "when": now.isoformat(timespec="seconds"),
        "scenes": records,
    }
    (RESULTS / f"{now.date().isoformat()}-learning.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def measured(browser: Browser, name: str, scene: Scene, seconds: float, rounds: int) -> dict[str, Any]:
    images = scene.images()
    has_rival = "60 000" in name
    loop = Examples(images, images[:1]) if has_rival else None
    pages: list[dict[str, Any]] = []
    theirs: list[float] = []
    for turn in range(rounds):
        pages.append(learned(browser, scene, images, seconds, is_exact=False))
        if loop:
            began = time.perf_counter()
            loop.train(turn + 1)
            theirs.append(time.perf_counter() - began)
    exact = learned(browser, scene, images, seconds, is_exact=True)
    best = min(page["seconds_an_epoch"] for page in pages)
    found = {
        **asdict(scene),
        "load": round(os.getloadavg()[0], 1),
        "seconds_an_epoch": best,
        "epochs_per_s": 1 / best,
        "frames_per_s": [page["frames_per_s"] for page in pages],
        "rounds": pages,
        "exact": exact,
    }
    if not theirs:
        return found
    ratios = {"ratio": best / min(theirs), "ratio_exact": exact["seconds_an_epoch"] / min(theirs)}
    return {**found, **ratios, "pytorch_examples_s": theirs, "torch_threads": torch.get_num_threads()}


def learned(browser: Browser, scene: Scene, images: NDArray[np.uint8], seconds: float, *, is_exact: bool) -> dict[str, Any]:
    """One training in a page of its own."""
    page = browser.new_page()
    serve(page, images)
    page.goto(f"{ORIGIN}/")
    program = (BUNDLES / "learner.js").read_text(encoding="utf-8")
    page.add_script_tag(content=program)
    found: dict[str, Any] = page.evaluate(
        LEARN, {"program": program, "words": scene.words(images), "seconds": seconds, "isExact": is_exact}
    )
    page.close()
    return found


def serve(page: Page, images: NDArray[np.uint8]) -> None:
    page.route(f"{ORIGIN}/", lambda route: route.fulfill(body="<!doctype html><title>learning</title>", content_type="text/html"))
    page.route(f"{ORIGIN}/images", lambda route: route.fulfill(body=images.tobytes(), content_type="application/octet-stream"))


if __name__ == "__main__":
    main()

"""How long does it take to save a walk, to find a geodesic, and how often does a playing film change? Writes a dated JSON.

    python tests/bench/walk.py mnist-2d shapes-6d
    python tests/bench/walk.py mnist-2d shapes-6d --ways --url http://127.0.0.1:8501    with an app that runs, playing too

Files hold 60 frames of about 256 px between the first two test images of different classes; wall seconds, decoding counted, the better
of three. Geodesics: the graph, then one way. A film that plays: pictures a second that differ, over three seconds in Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.arrays import to_picture
from explorer.pictures.export import animation, codes_csv, filmstrip, png
from trainer.latent.decoded_graphs import decoded_graphs
from trainer.latent.geodesics import geodesic
from trainer.models.numpy_engine import Forward
from trainer.runs.catalogue import load_run
from trainer.runs.read import Run

Codes = NDArray[np.float32]

RESULTS = Path(__file__).parent / "results"
N_FRAMES, SIZE_PX, FPS = 60, 256, 20
PLAYING = """root => new Promise(done => {
    const seen = new Set(), start = performance.now();
    let screens = 0;
    const look = now => {
        seen.add(String(root.surface.z)); screens++;
        now - start < 3000 ? requestAnimationFrame(look) : done({pictures: seen.size / 3, screens: screens / 3});
    };
    requestAnimationFrame(look);
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--url", help="of an app that runs: playing is measured too")
    parser.add_argument("--ways", action="store_true", help="geodesics too: up to a minute a run")
    options = parser.parse_args()
    records = {name: saved(name) for name in options.runs}
    for name in options.runs if options.ways else ():
        records[name]["geodesic"] = ways(name)
    if options.url:
        for name, playing in played(options.url, options.runs).items():
            records[name]["playing_per_s"] = playing
    now = datetime.now(UTC)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    command = " ".join(
        ["python tests/bench/walk.py", *options.runs, *(["--ways"] if options.ways else []), *(["--url …"] if options.url else [])]
    )
    record = {"machine": machine, "command": command, "when": now.isoformat(timespec="seconds"), "runs": records}
    (RESULTS / f"{now.date().isoformat()}-walk.json").write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(record, indent=1))


def ends_of(run: Run) -> tuple[Forward, Codes, Codes]:
    """The network, and the codes of two images of different classes."""
    mu, label = run.encodings.mu, run.encodings.label
    other = np.flatnonzero(label != label[0])
    return replace(run.forward, label=0 if run.config.is_conditional else None), mu[0], mu[other[0] if len(other) else 1]


def saved(name: str) -> dict[str, Any]:
    run = load_run(name)
    forward, a, b = ends_of(run)
    codes = (a + np.linspace(0, 1, N_FRAMES)[:, None] * (b - a)).astype(np.float32)
    scale = max(1, round(SIZE_PX / max(run.image_shape[1:])))

    def frames() -> Any:
        return np.stack([to_picture(x_hat) for x_hat in forward.decode(codes)])

    makers: dict[str, Callable[[], bytes]] = {
        "gif": lambda: animation(frames(), FPS, scale, "gif"),
        "webp": lambda: animation(frames(), FPS, scale, "webp"),
        "mp4": lambda: animation(frames(), FPS, scale, "mp4"),
        "filmstrip_png": lambda: png(filmstrip(frames()[:: N_FRAMES // 10], scale)),
        "csv": lambda: codes_csv(codes),
    }
    saving = {kind: timed(make) for kind, make in makers.items()}
    return {"saving": saving, "size_px": scale * max(run.image_shape[1:]), "n_frames": N_FRAMES}


def ways(name: str) -> dict[str, float]:
    run = load_run(name)
    forward, a, b = ends_of(run)
    began = time.perf_counter()
    graph = decoded_graphs(lambda z: forward.decode(np.asarray(z, np.float32)), run.encodings.mu)
    between = time.perf_counter()
    geodesic(a, b, graph)
    return {"graph_s": round(between - began, 2), "way_s": round(time.perf_counter() - between, 2)}


def timed(make: Callable[[], bytes], times: int = 3) -> dict[str, float]:
    seconds, size = [], 0
    for _ in range(times):
        began = time.perf_counter()
        size = len(make())
        seconds.append(time.perf_counter() - began)
    return {"seconds": round(min(seconds), 3), "kilobytes": round(size / 1000, 1)}


def played(url: str, names: list[str]) -> dict[str, dict[str, float]]:
    from playwright.sync_api import sync_playwright

    found = {}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("LATENT_BROWSER"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = chromium.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="no-preference").new_page()
        for name in names:
            page.goto(f"{url}/?view=interpolate&run={name}")
            page.get_by_role("button", name="Pause").wait_for(timeout=60_000)
            page.wait_for_timeout(3000)
            found[name] = {key: round(value, 1) for key, value in page.locator(".la-root").evaluate(PLAYING).items()}
        chromium.close()
    return found


if __name__ == "__main__":
    main()

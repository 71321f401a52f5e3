"""How fast does the page compute? `python -m tests.bench.engine [--before CHECKOUT]` writes a dated JSON.

The bundles are compared on the same pages of one headless Chromium: a picture alone and many at once, ten thousand images encoded, a large
decoder with random weights (with the processor slowed four times too), and the layers that decode much, from the click to the last frame.
Milliseconds unless a name says otherwise; the better of the turns. Machines are shared: it reports and fails at no number.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from explorer.surface.payload import pack, pack_arrays, pack_static
from explorer.surface.schema import Dynamic
from trainer.latent.decoded_graphs import decoded_graphs
from trainer.latent.geodesics import geodesic
from trainer.runs.catalogue import load_run

ROOT = Path(__file__).resolve().parents[2]
RUNS, DIST, RESULTS = ROOT / "assets" / "runs", Path("explorer/surface/dist"), Path(__file__).parent / "results"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
TURNS = 3
MAPS = ("mnist-2d", "mnist-20d", "shapes-6d")
TOLD = "digits-conditional-vae"
PACK = """
import sys
from explorer.surface.payload import pack, pack_static
from explorer.surface.schema import Dynamic, Options
from trainer.runs.catalogue import load_run
run = load_run(sys.argv[1], __import__("pathlib").Path("assets/runs"))
sys.stdout.buffer.write(pack(Dynamic(options=Options(hint=False)), pack_static(run, next(iter(run.projections.values())))))
"""

# bundle and payload come as text; frames are watched before the bundle asks for any
LOAD = """async ([bundle, searches, payload]) => {
  window.bytes = Uint8Array.from(atob(payload), (c) => c.charCodeAt(0));
  if (!window.ask) {
    window.ask = requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (draw) => ask((now) => { draw(now); window.drawn = performance.now(); });
  }
  const module = (text) => import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
  window.program = await module(bundle);
  if (searches) window.program.offerSearches((await module(searches)).default);
}"""
DECODE = """([n, turns]) => {
  const model = new program.Model(bytes), K = model.latentDim;
  let seed = 1;
  const next = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const codes = Float32Array.from({ length: n * K }, () => 4 * next() - 2);
  const time = (run) => Math.min(...Array.from({ length: turns }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  }));
  const one = () => { for (let i = 0; i < n; i++) model.decode(codes.subarray(i * K, i * K + K)); };
  const many = () => model.decodeMany(codes, n);
  one();
  const found = { single_us: 1000 * time(one) / n };
  if (!model.decodeMany) return found;
  many();
  return { ...found, batch_us: 1000 * time(many) / n, arithmetic: model.arithmetic };
}"""
# the same code as every class: one by one, as pages of an earlier day did it, and as one batch, in turns
CLASSES = """([turns]) => {
  const model = new program.Model(bytes), z = Array.from({ length: model.latentDim }, (_, k) => Math.sin(k + 1));
  const labels = Array.from({ length: model.nClasses }, (_, label) => label), codes = labels.map(() => z);
  let sum = 0;
  const singly = () => { for (const label of labels) sum += model.decodeAsShared(z, label)[0]; };
  const together = () => model.decodeEach(codes, (x, from) => { sum += x[from]; }, labels);
  const best = [Infinity, Infinity];
  for (let turn = 0; turn < turns; turn++) [singly, together].forEach((run, i) => {
    const start = performance.now();
    for (let n = 0; n < 50; n++) run();
    best[i] = Math.min(best[i], (performance.now() - start) / 50);
  });
  return { one_by_one_ms: best[0], together_ms: best[1], classes: labels.length };
}"""
ENCODE = """([n, turns]) => {
  const model = new program.Model(bytes), size = model.imageShape.reduce((a, b) => a * b);
  const x = Float32Array.from({ length: n * size }, (_, i) => (i * 7919 % 256) / 255);
  let best = Infinity;
  model.encode(x.subarray(0, size));
  for (let i = 0; i < turns; i++) {
    const start = performance.now();
    if (model.encodeMany) model.encodeMany(x, n);
    else for (let j = 0; j < n; j++) model.encode(x.subarray(j * size, j * size + size));
    best = Math.min(best, performance.now() - start);
  }
  return best;
}"""
MOUNT = """() => {
  document.body.replaceChildren(document.createElement('div'));
  program.mount(document.body.firstChild, bytes);
}"""
# from a click until the surface has drawn its last frame
UNTIL_REST = """async ([name]) => {
  const root = document.querySelector('[data-testid=surface]');
  const box = [...root.querySelectorAll('label')].find((e) => e.textContent.trim().startsWith(name))?.querySelector('input');
  const start = performance.now();
  window.drawn = start;
  box.click();
  do { await new Promise((done) => setTimeout(done, 50)); } while (performance.now() - window.drawn < 500);
  const spent = window.drawn - start;
  box.click();
  return spent;
}"""
POSTERIOR = """async ([x, mu, logvar]) => {
  const root = document.querySelector('[data-testid=surface]');
  const words = root.querySelector('[data-testid=truth]');
  const start = performance.now();
  root.surface.study({ x: Float32Array.from(x), q: { mu, logvar } });
  do { await new Promise((done) => setTimeout(done, 5)); } while (!words.dataset.posterior?.includes(`own ${mu}`));
  return performance.now() - start;
}"""
GEODESIC = """async ([a, b]) => {
  const find = program.geodesicsOf(bytes);
  const start = performance.now();
  const { decodedLength, straightLength } = await find(a, b);
  const first = performance.now();
  await find(b, a);
  return { first_ms: first - start, next_ms: performance.now() - first, decodedLength, straightLength };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="a checkout of an earlier day, whose Python and bundle are measured too")
    parser.add_argument("--server", action="store_true", help="the geodesic of shapes-6d in Python too: half a minute")
    options = parser.parse_args()
    checkouts = {"before": options.before} if options.before else {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("LATENT_BROWSER"), args=ARGUMENTS)
        record: dict[str, Any] = {name: measured(browser, path) for name, path in {**checkouts, "after": ROOT}.items()}
        record["geodesic"] = {name: geodesic_in_page(browser, name) for name in ("mnist-2d", "shapes-6d")}
    if options.server:
        record["geodesic"]["shapes-6d in Python"] = geodesic_in_python("shapes-6d")
    now = datetime.now(UTC)
    record = {"measured": now.isoformat(timespec="seconds"), "machine": f"{platform.machine()}, {os.cpu_count()} cores", **record}
    out = RESULTS / f"{now:%Y-%m-%d}-engine.json"
    out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


def measured(browser: Browser, checkout: Path) -> dict[str, Any]:
    """All that one bundle is asked, of payloads of its own day."""
    found: dict[str, Any] = {}
    bundle, of = checkout / DIST / "surface.js", {name: payload_of(name, checkout) for name in MAPS}
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    for name in MAPS:
        load(page, bundle, of[name])
        found[f"decode {name}"] = page.evaluate(DECODE, [512, TURNS])
        found[f"decode a strip of 20, {name}"] = page.evaluate(DECODE, [20, 10 * TURNS])
    load(page, bundle, of["mnist-2d"])
    found["encode 10 000 images, mnist-2d"] = page.evaluate(ENCODE, [10_000, 2])
    if checkout == ROOT:  # batches of several classes are new, and the records of convolutions have changed
        load(page, bundle, payload_of(TOLD))
        found[f"every class, {TOLD}"] = page.evaluate(CLASSES, [10 * TURNS])
        load(page, bundle, large_decoder())
        found["decode 64 × 64 RGB, 50 M multiply-adds"] = page.evaluate(DECODE, [16, 2])
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        found["the same, slowed 4×"] = page.evaluate(DECODE, [8, 2])
        session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    found["manifold, shapes-6d"] = min(layer(page, bundle, of["shapes-6d"], "Decoded manifold") for _ in range(TURNS))
    found["magnification, mnist-2d"] = min(layer(page, bundle, of["mnist-2d"], "Magnification") for _ in range(TURNS))
    found["true posterior, mnist-2d"] = posteriors(page, bundle, of["mnist-2d"])
    page.close()
    return found


def load(page: Page, bundle: Path, payload: bytes) -> None:
    page.goto("about:blank")
    beside = bundle.with_name("searches.js")  # of an earlier checkout it is in the bundle
    searches = beside.read_text(encoding="utf-8") if bundle.name == "surface.js" and beside.exists() else ""
    page.evaluate(LOAD, [bundle.read_text(encoding="utf-8"), searches, base64.b64encode(payload).decode()])


def payload_of(name: str, checkout: Path = ROOT) -> bytes:
    """Packed by the Python of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    return subprocess.run([sys.executable, "-c", PACK, name], cwd=checkout, env=environment, check=True, capture_output=True).stdout


def layer(page: Page, bundle: Path, payload: bytes, name: str) -> float:
    """A fresh map; milliseconds until the layer is whole."""
    load(page, bundle, payload)
    page.evaluate(MOUNT)
    page.get_by_role("button", name="Layers").first.click()
    page.wait_for_timeout(1500)
    return float(page.evaluate(UNTIL_REST, [name]))


def posteriors(page: Page, bundle: Path, payload: bytes) -> list[float]:
    """Of four pictures on one map, one after the other: the first finds the plane undecoded."""
    run = load_run("mnist-2d", RUNS)
    load(page, bundle, payload)
    page.evaluate(MOUNT)
    page.get_by_role("button", name="Layers").first.click()
    page.get_by_label("True posterior").check()
    page.wait_for_timeout(1500)
    found = []
    for i in (0, 1, 2, 3):
        mu, logvar = run.encodings.mu[i], run.encodings.logvar[i]
        x = run.forward.decode(mu[None])[0]
        found.append(float(page.evaluate(POSTERIOR, [x.ravel().tolist(), mu.tolist(), logvar.tolist()])))
    return found


def large_decoder() -> bytes:
    """The map of shapes-6d with a decoder of 64 × 64 RGB pictures and 50 M multiply-adds, its weights random."""
    run = load_run("shapes-6d", RUNS)
    static = pack_static(run, next(iter(run.projections.values())))
    header = json.loads(static[4 : 4 + int.from_bytes(static[:4], "little")])
    rng, arrays, ops = np.random.default_rng(0), {}, []

    def weights(*shape: int, fan_in: int) -> str:
        name = f"w.large.{len(arrays)}"
        arrays[name] = (rng.standard_normal(shape) * (2 / fan_in) ** 0.5).astype(np.float32)
        return name

    def add(op: str, into: int, out: int, *kernel: int, **more: Any) -> None:
        shape = (into, out, *kernel) if op == "conv_transpose2d" else (out, into, *kernel)
        fan_in = into * int(np.prod(kernel)) // (4 if op == "conv_transpose2d" else 1)
        ops.append({"op": op, "weight": weights(*shape, fan_in=fan_in), "bias": weights(out, fan_in=10**6), **more})
        ops.append({"op": "activation", "kind": "relu"})

    up = {"stride": [2, 2], "padding": [1, 1], "output_padding": [0, 0], "dilation": [1, 1], "groups": 1}
    same = {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1}
    add("linear", 6, 128 * 64)
    ops.append({"op": "unflatten", "shape": [128, 8, 8]})
    add("conv_transpose2d", 128, 80, 4, 4, **up)  # 10.5 M
    add("conv_transpose2d", 80, 32, 4, 4, **up)  # 10.5 M
    add("conv2d", 32, 32, 3, 3, **same)  # 9.4 M
    add("conv_transpose2d", 32, 16, 4, 4, **up)  # 8.4 M
    add("conv2d", 16, 16, 3, 3, **same)  # 9.4 M
    add("conv2d", 16, 3, 3, 3, **same)  # 1.8 M
    header |= {"decoder": ops[:-1], "encoder": [], "run": {**header["run"], "image_shape": [3, 64, 64]}}
    return pack(Dynamic(), pack_arrays({k: v for k, v in header.items() if k not in ("id", "arrays")}, arrays))


def ends(name: str) -> NDArray[np.float64]:
    mu = load_run(name, RUNS).encodings.mu
    return mu[[0, len(mu) // 2]].astype(float)


def geodesic_in_page(browser: Browser, name: str) -> dict[str, float]:
    page = browser.new_page()
    load(page, ROOT / DIST / "hosts.js", payload_of(name))
    found: dict[str, float] = page.evaluate(GEODESIC, ends(name).tolist())
    page.close()
    return found


def geodesic_in_python(name: str) -> dict[str, float]:
    run, (a, b), start = load_run(name, RUNS), ends(name), time.perf_counter()
    graphs = decoded_graphs(lambda z: run.forward.decode(np.asarray(z, np.float32)), run.encodings.mu)
    found = geodesic(a, b, graphs)
    spent = time.perf_counter() - start
    return {"first_ms": 1000 * spent, "decodedLength": found.decoded_length, "straightLength": found.straight_length}


if __name__ == "__main__":
    main()

"""Who decodes fastest in a browser, start-up included? `python tests/bench/rivals.py [--json FILE]`.

The same decoders with the same weights in one headless Chromium: the page's own engine, ONNX Runtime Web (WebAssembly, one thread) and
TensorFlow.js, on which VAE Explainer runs (WebAssembly and the plain processor). First picture: from the moment at which the program is
asked for to the first decoded picture, everything coming from a server on this machine. Then one code after another, the picture read back
each time, and batches of 64. Turns alternate; the best of them counts. It fails only where a rival decodes another picture.

Needs, once, in `tests/bench/rivals`: `npm ci --ignore-scripts`, and `pip install onnx==1.19.0`. Nothing of either is shipped.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import shutil
import sys
import tempfile
import threading
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from explorer.surface.lowering import PlainNetwork, plain_network  # noqa: E402
from explorer.surface.payload import pack, pack_static  # noqa: E402
from explorer.surface.schema import Dynamic  # noqa: E402
from trainer.models import layers as spec  # noqa: E402
from trainer.runs.catalogue import load_run  # noqa: E402

MODULES = Path(__file__).parent / "rivals" / "node_modules"
DIST = ROOT / "explorer" / "surface" / "dist"
RUNS = ("mnist-2d", "shapes-6d")
ENGINES = ("ours", "onnxruntime-web", "tensorflow.js wasm", "tensorflow.js cpu")
TURNS, CODES, BATCH = 3, 200, 64
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
const script = (src) => new Promise((done, failed) => {
  const element = Object.assign(document.createElement('script'), { src, onload: done, onerror: failed });
  document.head.append(element);
});
const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());

const engines = {
  async ours(run) {
    const [{ Model }, payload] = await Promise.all([import('/surface.js'), bytes(`/${run}.payload`)]);
    const model = new Model(payload);
    return { what: model.arithmetic, decode: async (codes, n) => (n === 1 ? model.decode(codes) : model.decodeMany(codes, n)) };
  },
  async 'onnxruntime-web'(run) {
    const ort = await import('/rivals/onnxruntime-web/dist/ort.wasm.min.mjs');
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = '/rivals/onnxruntime-web/dist/';
    const session = await ort.InferenceSession.create(await bytes(`/${run}.onnx`), { executionProviders: ['wasm'] });
    return { what: 'wasm, 1 thread', decode: async (codes, n) => {
      const z = new ort.Tensor('float32', codes, [n, codes.length / n]);
      return (await session.run({ z })).x.data;
    } };
  },
  'tensorflow.js wasm': (run) => tensorflow(run, 'wasm'),
  'tensorflow.js cpu': (run) => tensorflow(run, 'cpu'),
};

async function tensorflow(run, backend) {
  await script('/rivals/@tensorflow/tfjs/dist/tf.min.js');
  if (backend === 'wasm') {
    await script('/rivals/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js');
    tf.wasm.setWasmPaths('/rivals/@tensorflow/tfjs-backend-wasm/dist/');
    tf.wasm.setThreadsCount(1);
  }
  await tf.setBackend(backend);
  await tf.ready();
  const { layers, likelihood } = await (await fetch(`/${run}.json`)).json();
  const raw = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const kept = layers.map((layer) => Object.fromEntries(Object.entries(layer.tensors).map(([name, { shape, data }]) => {
    const tensor = tf.tensor(raw(data), shape);
    // channels last: (in, out, h, w) to (h, w, out, in), and a picture's bias too
    if (name === 'weight' && shape.length === 4) return [name, tensor.transpose([2, 3, 1, 0])];
    if (name === 'weight') return [name, tensor.transpose()];
    return [name, layer.op === 'Bias' ? tensor.transpose([1, 2, 0]) : tensor];
  })));
  const step = (x, { op, shape, stride }, { weight, bias }) => {
    if (op === 'Linear') return tf.add(tf.matMul(x, weight), bias);
    if (op === 'Activation') return tf.mul(x, tf.sigmoid(x));
    if (op === 'Unflatten') return x.reshape([-1, ...shape]).transpose([0, 2, 3, 1]);
    if (op === 'Bias') return tf.add(x, bias);
    const [n, h, w] = x.shape;
    return tf.add(tf.conv2dTranspose(x, weight, [n, h * stride, w * stride, weight.shape[2]], stride, 'same'), bias);
  };
  return { what: tf.getBackend(), decode: async (codes, n) => {
    const x = tf.tidy(() => {
      let x = tf.tensor(codes, [n, codes.length / n]);
      layers.forEach((layer, i) => (x = step(x, layer, kept[i])));
      return (likelihood === 'bernoulli' ? tf.sigmoid(x) : tf.clipByValue(x, 0, 1)).transpose([0, 3, 1, 2]);
    });
    const values = x.dataSync();
    x.dispose();
    return values;
  } };
}

window.measure = async (engine, run, codes, n, batch) => {
  const K = codes.length / n;
  const all = Float32Array.from(codes);
  const start = performance.now();
  const { what, decode } = await engines[engine](run);
  const first = Float32Array.from(await decode(all.slice(0, K), 1));
  const firstPicture = performance.now() - start;
  for (let i = 0; i < 20; i++) await decode(all.slice(0, K), 1);
  const times = [];
  for (let i = 0; i < n; i++) {
    const z = all.slice(i * K, (i + 1) * K);
    const began = performance.now();
    await decode(z, 1);
    times.push(performance.now() - began);
  }
  const many = all.slice(0, batch * K);
  await decode(many, batch);
  const began = performance.now();
  for (let i = 0; i < 5; i++) await decode(many, batch);
  const batched = (performance.now() - began) / (5 * batch);
  return { what, first: Array.from(first), first_picture_ms: firstPicture, one_ms: times.reduce((a, b) => a + b) / n, of_64_ms: batched };
};
window.isReady = true;
</script>"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    target = parser.parse_args().json
    if not MODULES.is_dir():
        raise SystemExit(f"The rivals are missing: run npm ci --ignore-scripts in {MODULES.parent.relative_to(ROOT)}.")
    record: dict[str, Any] = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": os.getloadavg(),
        "command": "python tests/bench/rivals.py",
    }
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(folder)
        prepare(site)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        path = os.environ.get("LATENT_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        for name in RUNS:
            record[name] = compared(browser, f"http://127.0.0.1:{server.server_port}/index.html", name)
        record["browser"] = browser.version
        browser.close()
        server.shutdown()
    if target:
        target.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


class Quiet(SimpleHTTPRequestHandler):
    """Serves the folder without a line for every file."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript", ".wasm": "application/wasm"}

    def log_message(self, *_: Any) -> None:
        pass


def prepare(site: Path) -> None:
    """The page, the programs, and every decoder in each form."""
    (site / "index.html").write_text(PAGE, encoding="utf-8")
    shutil.copy(DIST / "surface.js", site)
    (site / "rivals").symlink_to(MODULES.resolve())
    for name in RUNS:
        run = load_run(name, ROOT / "assets" / "runs")
        network = plain_network(run, "decoder")
        (site / f"{name}.payload").write_bytes(pack(Dynamic(), pack_static(run, next(iter(run.projections.values())))))
        (site / f"{name}.onnx").write_bytes(onnx_of(network, run.config.likelihood, run.config.latent_dim))
        (site / f"{name}.json").write_text(json.dumps({"likelihood": run.config.likelihood, "layers": plain_of(network)}))


def plain_of(network: PlainNetwork) -> list[dict[str, Any]]:
    """The layers for TensorFlow.js: name, what it needs, and tensors as text."""
    found = []
    for i, layer in enumerate(network.layers):
        own = {name.partition(".")[2]: array for name, array in network.arrays.items() if name.partition(".")[0] == str(i)}
        tensors = {
            name: {"shape": array.shape, "data": base64.b64encode(np.ascontiguousarray(array, np.float32).tobytes()).decode()}
            for name, array in own.items()
        }
        record = {"op": type(layer).__name__, "tensors": tensors, "stride": getattr(layer, "stride", None)}
        found.append(record | {"shape": getattr(layer, "shape", None)})
    return found


def onnx_of(network: PlainNetwork, likelihood: str, latent_dim: int) -> bytes:
    """The decoder as an ONNX file, mean picture at its end. Raises `ValueError` for a layer that these runs do not have."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, at = [], [], "z"

    def constant(name: str, array: NDArray[Any]) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    for i, layer in enumerate(network.layers):
        weight, bias = (network.arrays.get(f"{i}.{name}") for name in ("weight", "bias"))
        to = f"x{i}"
        match layer:
            case spec.Linear():
                nodes.append(helper.make_node("Gemm", [at, constant(f"w{i}", weight), constant(f"b{i}", bias)], [to], transB=1))
            case spec.Activation("silu"):
                nodes += [helper.make_node("Sigmoid", [at], [f"s{i}"]), helper.make_node("Mul", [at, f"s{i}"], [to])]
            case spec.Unflatten(shape):
                nodes.append(helper.make_node("Reshape", [at, constant(f"shape{i}", np.array([-1, *shape]))], [to]))
            case spec.ConvTranspose2d(stride=int(stride), padding=int(padding)):
                sides = {"strides": [stride] * 2, "pads": [padding] * 4}
                given = [at, constant(f"w{i}", weight), constant(f"b{i}", bias)]
                nodes.append(helper.make_node("ConvTranspose", given, [to], **sides))
            case spec.Bias():
                nodes.append(helper.make_node("Add", [at, constant(f"b{i}", bias)], [to]))
            case _:
                raise ValueError(f"{layer} has no form here")
        at = to
    if likelihood == "bernoulli":
        nodes.append(helper.make_node("Sigmoid", [at], ["x"]))
    else:
        low, high = constant("low", np.float32(0)), constant("high", np.float32(1))
        nodes.append(helper.make_node("Clip", [at, low, high], ["x"]))
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", latent_dim])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, None)
    model = helper.make_model(helper.make_graph(nodes, "decoder", [z], [x], constants), opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def compared(browser: Any, url: str, name: str) -> dict[str, Any]:
    """Every engine in turns, each on a page of its own; the best of each figure."""
    run = load_run(name, ROOT / "assets" / "runs")
    codes = np.random.default_rng(0).standard_normal((CODES, run.config.latent_dim)).astype(np.float32)
    expected = run.model.decode(codes[:1]).numpy().ravel()
    best: dict[str, Any] = {}
    for _ in range(TURNS):
        for engine in ENGINES:
            measured = on_page(browser, url, engine, name, codes)
            off = float(np.abs(np.array(measured.pop("first")) - expected).max())
            if off > 5e-3:
                raise SystemExit(f"{engine} decodes another picture of {name}: off by {off:.3g}")
            before = best.get(engine, measured)
            best[engine] = {key: value if isinstance(value, str) else min(value, before[key]) for key, value in measured.items()}
    for engine, figures in best.items():
        words = ", ".join(f"{key} {value if isinstance(value, str) else f'{value:.3f}'}" for key, value in figures.items())
        print(f"{name:10} {engine:20} {words}", flush=True)
    return best


def on_page(browser: Any, url: str, engine: str, name: str, codes: NDArray[np.float32]) -> dict[str, Any]:
    context = browser.new_context()  # with nothing in its cache
    page: Page = context.new_page()
    page.goto(url)
    page.wait_for_function("() => window.isReady")
    call = "([engine, run, codes, n, batch]) => measure(engine, run, codes, n, batch)"
    measured: dict[str, Any] = page.evaluate(call, [engine, name, codes.ravel().tolist(), CODES, BATCH])
    context.close()
    return measured


if __name__ == "__main__":
    main()

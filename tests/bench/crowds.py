"""What does a run look like with seventy thousand or a million points? Its own codes again and again, each moved a little.

The payload is the app's (`pack_static`) but for the points, so the network, the map and the way back are the run's own. It is shown by a
bare page from a server on 127.0.0.1: the bundle, the payload, one `mount`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.pictures.protocols import browser_protocol
from explorer.surface.payload import pack, pack_static
from explorer.surface.schema import Dynamic, Options
from trainer.maps.projection import Projection
from trainer.runs.catalogue import load_run
from trainer.runs.records import Encodings

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "explorer" / "surface" / "dist" / "surface.js"
JITTER = 0.03  # of a standard deviation: copies of a point lie apart, clusters stay clusters

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>crowd</title>
<body style="margin:16px"><main id="here"></main>
<script type="module">
const { mount } = await import(location.search.endsWith("-pad") ? "/studio.js" : "/surface.js");
const bytes = new Uint8Array(await (await fetch("/payload" + location.search)).arrayBuffer());
await new Promise((done) => setTimeout(done, 50)); // what was fetched is not what is measured
const start = performance.now();
window.surface = mount(document.getElementById("here"), bytes);
requestAnimationFrame(() => setTimeout(() => { window.firstPictureMs = performance.now() - start; }));
</script></body></html>"""


@dataclass(frozen=True)
class Scene:
    """A run by its name, with n points on its first map; pad: with a drawing pad before it."""

    run: str
    n: int
    pad: bool = False

    @property
    def name(self) -> str:
        return f"{self.run} × {self.n}{'-pad' if self.pad else ''}"


def payload(scene: Scene, seed: int = 0) -> bytes:
    """The bytes that the surface is given."""
    run = load_run(scene.run, ROOT / "assets" / "runs")
    projection = next(iter(run.projections.values()))
    source = np.resize(np.arange(len(run.encodings.mu)), scene.n)
    rng = np.random.default_rng(seed)
    mu = jittered(run.encodings.mu, source, rng)
    many = Encodings(
        **{k: getattr(run.encodings, k)[source] for k in ("logvar", "elbo", "reconstruction", "label", "index")}, mu=mu
    )
    crowd = replace(run)
    vars(crowd)["encodings"] = many  # a cached property: it answers with what is there
    # a page about drawing: the tab with the pad is chosen at once
    options = Options(pad=browser_protocol(run.info.dataset.name), pad_hands_over=True) if scene.pad else Options()
    return pack(Dynamic(options=options), pack_static(crowd, crowded(projection, mu, source, rng)))


def crowded(projection: Projection, mu: NDArray[np.float32], source: NDArray[np.int64], rng: np.random.Generator) -> Projection:
    """The map with a place for every code: exact on a plane, beside its original's place on another map."""
    if projection.kind == "lattice":
        return replace(projection, points=jittered(projection.points, source, rng))
    return replace(projection, points=projection.to_map(mu, mu))


def jittered(values: NDArray[np.float32], source: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
    noise = rng.standard_normal((len(source), values.shape[1]), np.float32)
    noise[: len(values)] = 0  # the originals stay where they are
    return np.asarray(values[source] + JITTER * values.std(0) * noise, np.float32)


@contextmanager
def served(scenes: Mapping[str, bytes], bundle: Path = BUNDLE) -> Iterator[str]:
    """The address of a server for payloads by name: `{url}/?name`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, name = self.path.partition("?")
            known: dict[str, tuple[str, Any]] = {
                "/": ("text/html", PAGE.encode),
                "/surface.js": ("text/javascript", bundle.read_bytes),
                "/studio.js": ("text/javascript", bundle.with_name("studio.js").read_bytes),
                "/payload": ("application/octet-stream", lambda: scenes[name]),
            }
            if path not in known:
                return self.send_error(404)
            kind, content = known[path]
            data = content()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return None

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

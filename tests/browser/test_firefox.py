"""Does Firefox show what an exported file has: the first picture, another one under the pointer, a training step in a worker?

Driven by WebDriver BiDi over the WebSocket that Firefox itself opens: no driver program. One smoke test; Chromium has the rest.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from explorer.hosts.html_file import html_page
from tests.browser.surface import SURFACE
from tests.places import ASSETS, BUNDLES
from trainer.runs.catalogue import load_run

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
SECONDS = 60  # for one answer

PICTURE = """(() => {
  const roots = [document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)];
  const canvas = roots.map((root) => root.querySelector('[data-testid=decoded]')).find(Boolean);
  return JSON.stringify(Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data));
})()"""
FIRST = f"""new Promise((resolve) => {{
  const look = () => {{
    const surface = {SURFACE.removesuffix(".surface")};
    if (!surface?.surface) return requestAnimationFrame(look);
    const {{x, y, width, height}} = surface.querySelector('canvas').getBoundingClientRect();
    resolve(JSON.stringify([x, y, width, height]));
  }};
  look();
}})"""
TWO_FRAMES = "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
STEP = """new Promise((resolve, reject) => {
  const record = latentLearner.dense({imageShape: [1, 8, 8], latentDim: 2, hidden: [32], likelihood: 'bernoulli'});
  const program = document.getElementById('latent-atlas-learner').textContent;
  const session = latentLearner.openSession(program, (message) => {
    if (message.kind === 'stopped') reject(new Error(message.sentence));
    if (message.kind === 'progress' && message.step === 1) resolve(JSON.stringify([session.where, message.terms.loss]));
  });
  session.post({kind: 'start', record, seed: 1, images: new Float32Array(640).fill(0.5)});
  session.post({kind: 'step', steps: 1});
})"""


class Tab:
    """The one tab of a browser that speaks BiDi."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.asked = 0
        self.call("session.new", capabilities={})
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self.asked += 1
        self.socket.send(json.dumps({"id": self.asked, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv(timeout=SECONDS))
            if answer.get("id") == self.asked:
                assert answer["type"] == "success", answer
                return dict(answer["result"])

    def open(self, address: str) -> None:
        self.call("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def value(self, expression: str) -> Any:
        found = self.call("script.evaluate", expression=expression, target={"context": self.context}, awaitPromise=True)
        assert found["type"] == "success", found
        return found["result"].get("value")

    def move(self, x: float, y: float) -> None:
        pointer = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}}
        actions = [{"type": "pointerMove", "x": round(x), "y": round(y)}]
        self.call("input.performActions", context=self.context, actions=[{**pointer, "actions": actions}])
        self.value(TWO_FRAMES)


@contextmanager
def firefox(profile: Path) -> Iterator[Tab]:
    assert FIREFOX
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    # as root its sandbox cannot start
    environment = {**os.environ, "HOME": str(profile), "MOZ_DISABLE_CONTENT_SANDBOX": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment) as process:
        try:
            assert process.stderr
            address = next(found[0] for line in process.stderr if (found := re.search(r"ws://\S+", line)))
            with connect(f"{address}/session", max_size=None) as socket:
                yield Tab(socket)
        finally:
            process.kill()


@pytest.mark.skipif(FIREFOX is None, reason="there is no Firefox on this machine")
def test_firefox_shows_hovers_and_learns(tmp_path):
    page = tmp_path / "page.html"
    page.write_bytes(html_page(load_run("mnist-2d", ASSETS), learns=True))
    program = (BUNDLES / "learner.js").read_text(encoding="utf-8")
    with firefox(tmp_path) as tab:
        tab.open(page.as_uri())
        x, y, width, height = json.loads(tab.value(FIRST))
        first = json.loads(tab.value(PICTURE))
        assert max(first[::4]) > min(first[::4])
        tab.move(x + 0.4 * width, y + 0.4 * height)
        there = json.loads(tab.value(PICTURE))
        tab.move(x + 0.6 * width, y + 0.6 * height)
        assert json.loads(tab.value(PICTURE)) != there != first
        tab.value(f"(() => {{ {program}\nglobalThis.latentLearner = latentLearner; return 1; }})()")
        where, loss = json.loads(tab.value(STEP))
    assert where == "worker"
    assert 40 < loss < 50  # 64 pixels of log 2 nats, and a little of KL

"""How does a test train in a browser? With the learner's program in an empty page, that is sent networks and images and read."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.places import BUNDLES

Floats = NDArray[np.float32]

HELPERS = """
globalThis.floatsOf = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
globalThis.textOf = (array) => {
  const raw = new Uint8Array(array.buffer, array.byteOffset, array.byteLength); let out = '';
  for (let i = 0; i < raw.length; i += 8192) out += String.fromCharCode(...raw.subarray(i, i + 8192));
  return btoa(out);
};
globalThis.learnerOf = ({record, images, seed, batch, settings, weights, kernels}) => {
  latentLearner.use(kernels ?? null);
  const learner = new latentLearner.Learner(record, floatsOf(images), {seed, batchSize: batch, settings});
  for (const [name, text] of Object.entries(weights)) learner.vae.parameters.floats(name).set(floatsOf(text));
  return learner;
};
globalThis.arraysOf = (learner, read) => {
  const { parameters } = learner.vae;
  return Object.fromEntries(parameters.places.map(({name}) => [name, textOf(parameters[read](name))]));
};
"""


def open_learner(page: Page) -> Page:
    page.goto("about:blank")
    page.add_script_tag(content=(BUNDLES / "learner.js").read_text(encoding="utf-8"))
    page.add_script_tag(content=HELPERS)
    return page


def to_text(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array, np.float32).tobytes()).decode()


def from_text(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), np.float32)


def arrays_of(texts: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    return {name: from_text(text).reshape(shapes[name]) for name, text in texts.items()}

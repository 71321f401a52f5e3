"""From what are networks made that only a test needs? Layers with random weights, packed as the bundle takes them, and torch's answer."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from explorer.surface.lowering import PlainNetwork, ops
from explorer.surface.payload import pack, pack_arrays
from explorer.surface.schema import PAYLOAD_FORMAT, PAYLOAD_VERSION, Dynamic
from tests.browser.test_engine import to_text
from trainer.models import layers as spec
from trainer.models.layer_shapes import tensor_shapes
from trainer.models.layers import Layer
from trainer.models.torch_layers import Stack

BATCH = 5
CLASSES = ("round", "flat", "both")

# What the bundle answers, with each arithmetic, to every payload: codes of pictures and pictures of codes, one by one and all at once.
SCRIPT = """async ([kinds, cases]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const floats = (text) => new Float32Array(bytes(text).buffer);
  const text = (array) => {
    const raw = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    let out = '';
    for (let i = 0; i < raw.length; i += 8192) out += String.fromCharCode(...raw.subarray(i, i + 8192));
    return btoa(out);
  };
  const { Model, useArithmetic } = await import('/surface.js');
  const each = (all, n, f) => {
    const size = all.length / n;
    const parts = Array.from({ length: n }, (_, i) => f(all.subarray(i * size, (i + 1) * size)).slice());
    const out = new Float32Array(n * parts[0].length);
    parts.forEach((part, i) => out.set(part, i * part.length));
    return text(out);
  };
  return kinds.map((kind) => {
    useArithmetic(kind);
    return cases.map(({ payload, pictures, codes, n, label }) => {
      const model = new Model(bytes(payload));
      const [x, z] = [floats(pictures), floats(codes)];
      return {
        arithmetic: model.arithmetic,
        mu: each(x, n, (one) => model.encode(one).mu),
        muOfMany: text(model.encodeMany(x, n).mu),
        decoded: each(z, n, (one) => model.decodeAsShared(one, label)),
        decodedMany: text(model.decodeMany(z, n, label).slice()),
      };
    });
  });
}"""


@dataclass(frozen=True)
class Network:
    """A graph with weights."""

    layers: tuple[Layer, ...]
    arrays: dict[str, np.ndarray]
    """By layer number: `3.weight`."""


@dataclass(frozen=True)
class Asked:
    """An encoder, a decoder, and what they are asked."""

    encoder: Network
    decoder: Network
    pictures: np.ndarray  # (BATCH, C, H, W)
    codes: np.ndarray  # (BATCH, K)
    label: int = -1

    def payload(self) -> bytes:
        parts = {"encoder": self.encoder, "decoder": self.decoder}
        header: dict[str, Any] = {
            "format": PAYLOAD_FORMAT,
            "version": PAYLOAD_VERSION,
            "run": {"id": "made", "dataset": "none", "latent_dim": self.codes.shape[1], "image_shape": self.pictures.shape[1:]},
            "class_names": CLASSES,
            "decoded_as": CLASSES[self.label] if self.label >= 0 else None,
            "likelihood": "gaussian",
        }
        header |= {part: ops(part, PlainNetwork(network.layers, network.arrays)) for part, network in parts.items()}
        arrays = {f"w.{part}.{name}": array for part, network in parts.items() for name, array in network.arrays.items()}
        return pack(Dynamic(), pack_arrays(header, arrays))

    def record(self) -> dict[str, Any]:
        payload = base64.b64encode(self.payload()).decode()
        return {
            "payload": payload,
            "pictures": to_text(self.pictures),
            "codes": to_text(self.codes),
            "n": BATCH,
            "label": self.label,
        }


@dataclass
class Graph:
    """A network that is being written: every layer with random weights."""

    rng: np.random.Generator
    layers: list[Layer] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, layer: Layer, *inputs: int) -> int:
        """Gives its number."""
        number = len(self.layers)
        self.layers.append(replace(layer, inputs=inputs))
        self.arrays |= {f"{number}.{name}": array for name, array in weights_of(layer, self.rng).items()}
        return number

    def row(self, number: int, *layers: Layer) -> int:
        """One after the other, the first after layer `number`."""
        for layer in layers:
            number = self.add(layer, number)
        return number

    def done(self) -> Network:
        return Network(tuple(self.layers), self.arrays)


def weights_of(layer: Layer, rng: np.random.Generator) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {
        name: (rng.standard_normal(shape) / np.sqrt(max(np.prod(shape[1:]), 1))).astype(np.float32)
        for name, shape in tensor_shapes(layer).items()
    }
    if "pictures" in found:
        found["pictures"] = rng.integers(0, 256, found["pictures"].shape, np.uint8)
    return found


def of_torch(network: Network, x: np.ndarray, label: int = -1) -> np.ndarray:
    """In double precision."""
    stack = Stack(network.layers, len(CLASSES))
    stack.load_state_dict({name: torch.from_numpy(array) for name, array in network.arrays.items()})
    y = torch.full((len(x),), label) if label >= 0 else None
    with torch.no_grad():
        return stack.double()(torch.from_numpy(x).double(), y).numpy()


def nothing(shape: tuple[int, int, int], rng: np.random.Generator) -> Network:
    """Gives the same picture whatever it is asked."""
    graph = Graph(rng)
    graph.add(spec.Constant(shape))
    return graph.done()


def encoding(encoder: Network, pictures: np.ndarray, n_out: int, rng: np.random.Generator) -> Asked:
    codes = np.zeros((BATCH, n_out), np.float32)
    return Asked(encoder, nothing(pictures.shape[1:], rng), pictures, codes)

"""Does the browser's engine compute what torch computes, for every pretrained run and every other kind of model?"""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch

from explorer.surface.payload import pack, pack_static
from explorer.surface.schema import Dynamic
from tests.browser.conftest import tiny_kinds
from tests.places import ASSETS, BUNDLES
from trainer.runs.catalogue import load_run

RUNS = [
    "digits-2d",
    "digits-16d",
    "digits-pca",
    "digits-autoencoder",
    "pendulum-2d",
    "walker-2d",
    "faces-2d",
    "faces-64",
    "shapes-6d",
    "mnist-2d",
    "mnist-20d",
]
N = 200

SCRIPT = """async ([bundle, payload, codes, pictures]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const floats = (text) => new Float32Array(bytes(text).buffer);
  const text = (array) => {
    const raw = new Uint8Array(array.buffer); let out = '';
    for (let i = 0; i < raw.length; i += 8192) out += String.fromCharCode(...raw.subarray(i, i + 8192));
    return btoa(out);
  };
  const url = URL.createObjectURL(new Blob([bundle], { type: 'text/javascript' }));
  const { Model } = await import(url);
  const model = new Model(bytes(payload));
  const split = (all, size) => Array.from({ length: all.length / size }, (_, i) => all.subarray(i * size, (i + 1) * size));
  const pixels = model.imageShape.reduce((a, b) => a * b);
  const join = (parts) => { const out = new Float32Array(parts.length * parts[0].length); parts.forEach((p, i) => out.set(p, i * p.length)); return text(out); };
  const posteriors = split(floats(pictures), pixels).map((x) => model.encode(x));
  return {
    decoded: join(split(floats(codes), model.latentDim).map((z) => model.decode(z))),
    mu: join(posteriors.map((q) => q.mu)), logvar: join(posteriors.map((q) => q.logvar)),
  };
}"""


def to_text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array, np.float32).tobytes()).decode()


def from_text(text: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.float32).reshape(shape)


def asked(page, payload: bytes, codes: np.ndarray, pictures: np.ndarray) -> dict[str, str]:
    """What the bundle answers on an empty page."""
    page.goto("about:blank")
    bundle = (BUNDLES / "surface.js").read_text(encoding="utf-8")
    return page.evaluate(SCRIPT, [bundle, base64.b64encode(payload).decode(), to_text(codes), to_text(pictures)])


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_decode_and_encode_are_torchs(page, name, precision):
    run = load_run(name, ASSETS)
    projection = next(iter(run.projections.values()))
    rng, n_dims = np.random.default_rng(0), run.config.latent_dim
    codes = np.concatenate([rng.standard_normal((N // 2, n_dims)) * 1.5, run.encodings.mu[: N // 2]]).astype(np.float32)
    pictures = run.model.decode(codes).numpy()
    noise = rng.random(pictures.shape, np.float32)
    pictures = np.concatenate([pictures[: N // 2], (pictures > noise).astype(np.float32)[N // 2 :]])
    answer = asked(page, pack(Dynamic(), pack_static(run, projection, precision=precision)), codes, pictures)
    decoded = from_text(answer["decoded"], pictures.shape)
    mu, logvar = from_text(answer["mu"], codes.shape), from_text(answer["logvar"], codes.shape)
    q = run.model.encode(torch.from_numpy(pictures))
    expected = run.model.decode(codes).numpy()
    if run.config.is_deterministic:  # a code is a point: log 0
        assert np.isneginf(logvar).all()
        assert np.isneginf(q.logvar.numpy()).all()
        logvar, expected_logvar = np.zeros(1), np.zeros(1)
    else:
        expected_logvar = q.logvar.numpy()
    if precision == "float16":
        assert np.abs(decoded - expected).max() < 1 / 255  # a grey level: a screen shows the same one or its neighbour
        assert np.abs(mu - q.mu.numpy()).max() <= 1e-2
        assert np.abs(logvar - expected_logvar).max() <= 1e-2
    else:
        assert np.abs(decoded - expected).max() <= 1e-5
        for ours, torchs in ((mu, q.mu.numpy()), (logvar, expected_logvar)):
            assert (np.abs(ours - torchs) / np.maximum(1, np.abs(torchs))).max() <= 1e-5


@pytest.mark.parametrize("name", tiny_kinds())
@pytest.mark.parametrize("label", [0, 7])
def test_every_kind_of_model_is_torchs_for_the_class_that_it_is_told(page, kinds, name, label):
    run = load_run(name, kinds)
    rng = np.random.default_rng(1)
    codes = (3 * rng.standard_normal((40, 2))).astype(np.float32)
    pictures = rng.random((40, *run.image_shape), np.float32)
    y = torch.full((40,), label) if run.config.is_conditional else None
    projection = next(iter(run.projections.values()))
    answer = asked(page, pack(Dynamic(), pack_static(run, projection, precision="float32", label=label)), codes, pictures)
    np.testing.assert_allclose(from_text(answer["decoded"], pictures.shape), run.model.decode(codes, y).numpy(), atol=1e-5)
    q = run.model.encode(torch.from_numpy(pictures), y)
    np.testing.assert_allclose(from_text(answer["mu"], codes.shape), q.mu.numpy(), rtol=1e-4, atol=1e-4)
    logvar = from_text(answer["logvar"], codes.shape)
    if run.config.is_deterministic:
        assert np.isneginf(logvar).all()
    else:
        np.testing.assert_allclose(logvar, q.logvar.numpy(), rtol=1e-4, atol=1e-4)

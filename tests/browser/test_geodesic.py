"""Does the browser find geodesics as short as Python's, on the same graphs of codes?"""

from __future__ import annotations

import base64

import numpy as np
import pytest

from explorer.surface.payload import pack, pack_static
from explorer.surface.schema import Dynamic
from tests.places import ASSETS, BUNDLES
from trainer.latent.decoded_graphs import decoded_graphs
from trainer.latent.decoded_length import curve_length
from trainer.latent.geodesics import geodesic
from trainer.runs.catalogue import load_run

FIND = """async ([bundle, payload, pairs]) => {
  const bytes = Uint8Array.from(atob(payload), (c) => c.charCodeAt(0));
  const { geodesicsOf } = await import(URL.createObjectURL(new Blob([bundle], { type: 'text/javascript' })));
  const find = geodesicsOf(bytes);
  const found = [];
  for (const [a, b] of pairs) found.push(await find(a, b));
  return found;
}"""


@pytest.mark.parametrize("name", ["digits-2d", "mnist-2d", "shapes-6d"])
def test_a_geodesic_is_as_long_as_pythons_and_never_longer_than_the_line(page, name):
    run = load_run(name, ASSETS)
    mu, n_pairs = run.encodings.mu.astype(float), 1 if name == "shapes-6d" else 3
    rows = np.random.default_rng(4).choice(len(mu), (n_pairs, 2), replace=False)
    payload = pack(Dynamic(), pack_static(run, next(iter(run.projections.values())), precision="float32"))
    page.goto("about:blank")
    found = page.evaluate(
        FIND, [(BUNDLES / "hosts.js").read_text(encoding="utf-8"), base64.b64encode(payload).decode(), mu[rows].tolist()]
    )

    def decode(z: np.ndarray) -> np.ndarray:
        return run.forward.decode(np.asarray(z, np.float32))

    graphs = decoded_graphs(decode, mu)
    for (i, j), one in zip(rows, found, strict=True):
        z = np.array(one["z"])
        np.testing.assert_array_equal(z[[0, -1]], mu[[i, j]])
        assert one["decodedLength"] <= one["straightLength"]
        assert one["decodedLength"] == pytest.approx(curve_length(decode, z), rel=1e-3)
        expected = geodesic(mu[i], mu[j], graphs)
        assert one["straightLength"] == pytest.approx(expected.straight_length, rel=1e-3)
        assert one["decodedLength"] == pytest.approx(expected.decoded_length, rel=0.01)

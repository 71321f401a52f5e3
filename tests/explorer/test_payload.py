"""Do the browser's bytes hold what the run holds, aligned and bounded?"""

import base64
import json

import numpy as np
import pytest

from explorer.surface.payload import pack, pack_static, picture_bytes, reference, static_id, unpack
from explorer.surface.schema import Dynamic, Ellipse, MarkerRecord, Options, PathRecord, PinRecord, SubjectRecord
from trainer.exporting import DIALECTS, decoder_of, program
from trainer.runs.catalogue import load_run


@pytest.mark.parametrize(("name", "kind"), [("tiny-2d", "identity"), ("tiny-5d", "linear"), ("tiny-conv", "linear")])
@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_round_trip(trained, name, kind, precision):
    run = load_run(name, trained)
    projection = next(iter(run.projections.values()))
    originals = np.random.default_rng(0).integers(0, 256, (26, 1, 6, 5), np.uint8)
    dynamic = Dynamic(
        pins=[PinRecord("A", (0.5, -1.25), (0.0,) * run.config.latent_dim)],
        path=PathRecord("linear", ((0.0, 1.0), (1.0, 0.0)), ((0.0, 1.0), (1.0, 0.0)), ("A", "B")),
        markers=[MarkerRecord("“quoted” µ", (1.0, 2.0), (1.0,), Ellipse(0.1, 0.2))],
        probe=(0.1, 0.2),
        options=Options(manifold=True),
    )
    record, header, arrays = unpack(pack(dynamic, pack_static(run, projection, originals, precision)))
    assert record == json.loads(json.dumps(dynamic.record()))
    assert record["markers"][0]["ellipse"] == {"rx": 0.1, "ry": 0.2}
    assert header["projection"]["kind"] == kind
    assert header["run"] == {"id": name, "dataset": "digits", "latent_dim": run.config.latent_dim, "image_shape": [1, 6, 5]}
    np.testing.assert_array_equal(arrays["originals"], originals)
    if kind == "identity":
        np.testing.assert_array_equal(
            arrays["points_map"], arrays["points_mu"], "a place on this map is the code itself, in its precision"
        )
        np.testing.assert_array_equal(projection.points, run.encodings.mu)
    else:
        np.testing.assert_array_equal(arrays["points_map"], projection.points)
    np.testing.assert_allclose(arrays["points_mu"], run.encodings.mu, atol=0 if precision == "float32" else 2e-3)
    for key, weight in run.weights.items():
        if key != "log_sigma":
            np.testing.assert_array_equal(arrays[f"w.{key}"], weight.astype(precision))
    for key, weight in run.classifier.weights.items():
        np.testing.assert_array_equal(arrays[f"w.{key}"], weight.astype(precision))
    assert header["classifier_facts"]["decoded"]["accuracy"] == run.classifier.decoded.accuracy
    named = {
        op[slot]
        for part in ("encoder", "decoder", "classifier")
        for op in header[part]
        for slot in ("weight", "bias")
        if slot in op
    }
    assert named == {key for key in arrays if key.startswith("w.")}


def test_a_map_has_the_programs_of_its_decoder(trained):
    run = load_run("tiny-2d", trained)
    _, _, arrays = unpack(pack(Dynamic(), pack_static(run, run.projections["latent"])))
    for dialect in DIALECTS:
        assert arrays[f"program.{dialect}"].tobytes().decode() == program(decoder_of(run), dialect)


def test_arrays_begin_at_multiples_of_eight(trained):
    run = load_run("tiny-2d", trained)
    data = pack(Dynamic(), pack_static(run, run.projections["latent"]))
    first = 4 + int.from_bytes(data[:4], "little")
    second = first + 4 + int.from_bytes(data[first : first + 4], "little")
    assert first % 8 == 0
    assert second % 8 == 0
    _, header, _ = unpack(data)
    assert all(entry["offset"] % 8 == 0 for entry in header["arrays"].values())


def test_a_reference_names_the_map_and_leaves_its_arrays_out(trained):
    run = load_run("tiny-2d", trained)
    static = pack_static(run, run.projections["latent"])
    _, header, arrays = unpack(pack(Dynamic(), reference(static)))
    assert header["id"] == static_id(static)
    assert header["reference"] is True
    assert arrays == {}


def test_the_id_is_of_the_content(trained):
    run = load_run("tiny-5d", trained)
    ids = [unpack(pack(Dynamic(), pack_static(run, run.projections[name])))[1]["id"] for name in ("pca", "axes", "pca")]
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize(
    ("name", "is_known"), [("continuous", True), ("pendulum", True), ("conditional", True), ("per-pixel", False), ("m1-m2", False)]
)
def test_the_pixels_scale_is_told_where_it_is_all_that_the_likelihood_needs(kinds, name, is_known):
    """The browser's log p(x|z) is then torch's: nothing but the decoder's output and this number goes into it."""
    import torch

    run = load_run(name, kinds)
    _, header, _ = unpack(pack(Dynamic(), pack_static(run, next(iter(run.projections.values())))))
    assert header["log_sigma"] == (pytest.approx(float(run.weights["log_sigma"])) if is_known else None)
    if not is_known or header["likelihood"] != "gaussian":
        return
    output, x = torch.rand((2, 3, *run.image_shape))
    normal = torch.distributions.Normal(output, float(np.exp(header["log_sigma"])))
    expected = -normal.log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(run.model.nll(output, x).detach(), expected, rtol=1e-4, atol=1e-3)


def test_another_version_is_refused():
    header = json.dumps({"format": "latent-atlas", "version": 9, "arrays": {}}).encode().ljust(60)
    static = len(header).to_bytes(4, "little") + header
    with pytest.raises(ValueError, match="version 9; expected latent-atlas 2"):
        unpack(pack(Dynamic(), static))


def test_a_picture_of_ones_own_goes_along_with_its_bytes():
    x = np.random.default_rng(0).random((1, 3, 4), np.float32)
    record = Dynamic(subject=SubjectRecord("mine", (1.0, -2.0), (0.5, 0.25), picture_bytes(x))).record()["subject"]
    assert (record["label"], record["mu"], record["std"]) == ("mine", (1.0, -2.0), (0.5, 0.25))
    pixels = np.frombuffer(base64.b64decode(record["x"]), np.uint8) / 255
    np.testing.assert_allclose(pixels, x.ravel(), atol=0.5 / 255 + 1e-6)
    assert Dynamic(subject=SubjectRecord("stand-in", (0.0,), (0.0,), None)).record()["subject"]["x"] is None
    assert Dynamic().record()["subject"] is None

"""Is every layer an operation of the wire with the fields that its record promises, and does a graph stay the same network?"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import NotRequired, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.surface import network_schema
from explorer.surface.lowering import SIDES, PlainNetwork, op_name, ops, plain_network
from tests.trainer.test_graphs import EMBEDDED, weights_of
from tests.trainer.test_operations import CASES
from trainer.config import ImportedConfig
from trainer.models import layers as spec
from trainer.models.layer_records import layer_record
from trainer.models.layer_shapes import tensor_shapes
from trainer.models.layers import CLASS
from trainer.models.numpy_engine import run_part
from trainer.runs.catalogue import load_run

RECORDS = {get_args(get_type_hints(kind)["op"])[0]: kind for kind in get_args(network_schema.Op)}


def test_every_layer_is_an_operation_and_every_operation_a_layer():
    names = {op_name(object.__new__(kind)) for kind in get_args(spec.Layer)}
    assert names - set(RECORDS) == {"first"}  # folded into the layer before
    assert set(RECORDS) <= names
    assert {"conv_transpose2d", "adaptive_pool", "pixel_unshuffle", "matmul", "prelu"} <= names


@pytest.mark.parametrize("kind", [kind for kind in CASES if kind is not spec.First], ids=lambda kind: kind.__name__)
@settings(max_examples=15)
@given(st.data())
def test_an_operation_has_the_fields_of_its_record(kind, data):
    layer, _ = data.draw(CASES[kind])
    (op,) = ops("decoder", PlainNetwork((layer,), {}))
    fields = get_type_hints(RECORDS[op["op"]], include_extras=True)
    assert {name for name, kind in fields.items() if get_origin(kind) is not NotRequired} <= set(op) <= set(fields)
    json.dumps(op, allow_nan=False)
    for name, value in op.items():
        if name in tensor_shapes(layer):
            assert value == f"w.decoder.0.{name}"
        elif name in SIDES:
            assert value == spec.pair(getattr(layer, name))
        elif name != "op":
            assert value == getattr(layer, name)


def test_a_row_says_nothing_of_inputs_and_a_graph_where_it_has_to():
    found = ops("decoder", PlainNetwork(EMBEDDED, {}))
    assert [op.get("inputs") for op in found] == [(-2,), (-1, 0), None, None]


def conditional(decoder, encoder):
    """As much of a run as the lowering looks at."""
    parts = {"decoder": decoder, "encoder": encoder}
    config = ImportedConfig(
        data="digits", model="conditional-vae", parts={part: tuple(map(layer_record, layers)) for part, layers in parts.items()}
    )
    weights = {name: array for part, layers in parts.items() for name, array in weights_of(layers, part).items()}
    return SimpleNamespace(config=config, image_shape=(1, 2, 2), n_classes=5, weights=weights)


ENCODERS = {
    "an input": (spec.Flatten(), spec.Concat(0, inputs=(0, CLASS)), spec.Linear(9, 4)),
    "the first layer": (spec.Linear(5, 4, inputs=(CLASS,)), spec.Flatten(inputs=(-1,)), spec.Combine("add", inputs=(0, 1))),
    "a dense layer": (spec.Flatten(), spec.Linear(4, 4, 5)),
    "a dense layer and an input": (spec.Flatten(), spec.Linear(4, 3, 5), spec.Concat(0, inputs=(CLASS, 1)), spec.Linear(8, 4)),
}


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("label", [None, 3])
def test_a_browser_tells_the_decoder_the_class_and_its_encoder_knows_it(encoder, label):
    run = conditional(EMBEDDED, ENCODERS[encoder])
    x, z = np.random.default_rng(1).random((6, 1, 2, 2), np.float32), np.random.default_rng(2).random((6, 2), np.float32)
    y = np.full(6, label or 0)
    plain = plain_network(run, "encoder", label)
    assert not any(CLASS in layer.inputs for layer in plain.layers)
    found = run_part("p", plain.layers, {f"p.{name}": array for name, array in plain.arrays.items()}, x)
    np.testing.assert_allclose(found, run_part("encoder", ENCODERS[encoder], run.weights, x, y, 5), atol=1e-5)
    decoder = plain_network(run, "decoder", label)
    assert decoder.layers == EMBEDDED
    told = run_part("p", decoder.layers, {f"p.{name}": array for name, array in decoder.arrays.items()}, z, y, 5)
    np.testing.assert_allclose(told, run_part("decoder", EMBEDDED, run.weights, z, y, 5), atol=1e-5)


def test_a_moment_of_training_has_the_runs_operations_with_its_own_weights(trained):
    """The last moment's arrays are the final ones to float16; the first one's are others."""
    run = load_run("tiny-conv", trained)
    final = plain_network(run, "decoder")
    assert run.film_weights is not None
    for i, is_last in ((0, False), (len(run.film_weights.moment) - 1, True)):
        then = plain_network(run.decoder_at(i), "decoder")
        assert ops("decoder", then) == ops("decoder", final)
        assert {name: array.shape for name, array in then.arrays.items()} == {name: a.shape for name, a in final.arrays.items()}
        same = all(np.array_equal(array, final.arrays[name].astype(np.float16)) for name, array in then.arrays.items())
        assert same == is_last

"""Does run.json give back every layer that it holds, and refuse whatever is none?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.test_operations import CASES
from trainer.models import layers as spec
from trainer.models.layer_records import NOT_STORED, STORABLE, layer_of, layer_record


@pytest.mark.parametrize("kind", sorted(STORABLE))
@settings(max_examples=30)
@given(st.data())
def test_a_record_survives_json(kind, data):
    layer, _ = data.draw(CASES[STORABLE[kind]])
    assert layer_of(json.loads(json.dumps(layer_record(layer)))) == layer


@settings(max_examples=30)
@given(st.lists(st.integers(-2, 50), max_size=5).map(tuple))
def test_whose_outputs_are_taken_survives_json(inputs):
    layer = spec.Concat(1, inputs=inputs)
    record = layer_record(layer)
    assert ("inputs" in record) == bool(inputs)
    assert layer_of(json.loads(json.dumps(record))) == layer


def test_layers_of_our_own_configurations_are_not_stored():
    for kind in NOT_STORED:
        with pytest.raises(ValueError, match=f"layer '{kind.__name__}' is not known"):
            layer_of({"op": kind.__name__, "n": 3})


CONV = {"op": "Conv2d", "n_in": 1, "n_out": 2, "kernel": 3, "stride": 1, "padding": 1}
BROKEN = [
    {},
    {"op": "Convolution"},
    {"op": ["Conv2d"]},
    {"op": "Conv2d"},
    CONV | {"more": 1},
    CONV | {"kernel": 0},
    CONV | {"kernel": [3]},
    CONV | {"kernel": [3, 3, 3]},
    CONV | {"stride": 1.5},
    CONV | {"padding": -1},
    CONV | {"groups": True},
    CONV | {"n_in": 2**27},
    CONV | {"n_in": "1"},
    CONV | {"inputs": [-3]},
    CONV | {"inputs": 0},
    CONV | {"inputs": [0.0]},
    CONV | {"inputs": list(range(65))},
    {"op": "Activation", "kind": "sine"},
    {"op": "Activation", "kind": ["relu"]},
    {"op": "Activation", "kind": "elu", "slope": float("nan")},
    {"op": "Activation", "kind": "elu", "slope": "1"},
    {"op": "Pad", "left": 1, "right": 1, "top": 1, "bottom": 1, "kind": "mirror"},
    {"op": "Pool", "kind": "max", "kernel": 2, "stride": 2, "rounds_up": 1},
    {"op": "GroupNorm", "groups": 1, "channels": 2, "eps": 0},
    {"op": "Reshape", "shape": [0, 2]},
    {"op": "Reshape", "shape": 4},
    {"op": "Reshape", "shape": [1] * 7},
    {"op": "Unflatten", "shape": [1, 2]},
    {"op": "Clamp", "low": float("-inf"), "high": 1},
    {"op": "Slice", "axis": -1, "start": 0, "stop": 1},
    {"op": "Resize", "kind": "bilinear", "height": 2, "width": 2, "aligns_corners": None},
    {"op": "Reduce", "kind": "mean", "axes": [[1]]},
]


@pytest.mark.parametrize("record", BROKEN, ids=str)
def test_what_is_no_layer_is_refused(record):
    with pytest.raises(ValueError, match=r"^layer .* (is not known|has fields)"):
        layer_of(record)

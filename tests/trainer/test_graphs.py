"""Is a network computed as its graph says, in numpy and in torch, and is one that run.json describes read, or refused in a sentence?"""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from torch.nn import functional

from trainer import load_run
from trainer.config import ImportedConfig
from trainer.errors import DataError, RunCorrupt
from trainer.models import layers as spec
from trainer.models.layer_records import layer_record
from trainer.models.layer_shapes import multiply_adds, network_shapes, part_shapes
from trainer.models.layers import CLASS, INPUT
from trainer.models.networks import check_imported, parameter_shapes
from trainer.models.numpy_engine import CHUNK, run_part
from trainer.models.torch_engine import model_of
from trainer.models.torch_layers import Stack, build_layer
from trainer.runs.folder import VERSION, info_checksum
from trainer.runs.read import read_info

RNG = np.random.default_rng(3)


def weights_of(layers, part="p"):
    return {name: np.asarray(RNG.standard_normal(shape) / 2, np.float32) for name, shape in part_shapes(part, layers).items()}


def both(layers, x, y=None, n_classes=0, tolerance=2e-5):
    """What both engines make of x, and the weights as tensors, `0.weight`; numpy first."""
    weights = weights_of(layers)
    stack = Stack(layers, n_classes).eval()
    own = {name.removeprefix("p."): torch.from_numpy(array) for name, array in weights.items()}
    stack.load_state_dict(own)
    with torch.no_grad():
        wanted = stack(torch.from_numpy(x), None if y is None else torch.from_numpy(y))
    found = run_part("p", layers, weights, x, y, n_classes)
    np.testing.assert_allclose(found, wanted.numpy(), atol=tolerance, rtol=tolerance)
    assert found.shape[1:] == network_shapes(layers, x.shape[1:], n_classes)[-1]
    return torch.from_numpy(found), own


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def close(found, wanted):
    torch.testing.assert_close(found, wanted, atol=2e-5, rtol=1e-5)


def test_a_residual_block_adds_what_came_in():
    layers = (
        spec.GroupNorm(2, 4, 1e-5),
        spec.Activation("silu"),
        spec.Conv2d(4, 4, 3, 1, 1),
        spec.Combine("add", inputs=(INPUT, 2)),
    )
    x = floats(3, 4, 5, 6)
    found, w = both(layers, x)
    inside = functional.silu(functional.group_norm(torch.from_numpy(x), 2, w["0.weight"], w["0.bias"]))
    close(found, torch.from_numpy(x) + functional.conv2d(inside, w["2.weight"], w["2.bias"], padding=1))


def test_branches_are_joined_in_the_order_of_their_numbers():
    layers = (
        spec.Conv2d(2, 3, 3, 2, 1),
        spec.Pool("max", 3, 2, 1, inputs=(INPUT,)),
        spec.Concat(0, inputs=(1, 0, 1)),
    )
    x = floats(2, 2, 7, 4)
    found, w = both(layers, x)
    pooled = functional.max_pool2d(torch.from_numpy(x), 3, 2, 1)
    close(found, torch.cat((pooled, functional.conv2d(torch.from_numpy(x), w["0.weight"], w["0.bias"], 2, 1), pooled), 1))


def test_attention():
    """Softmax(q kᵀ / √n) v over the pixels, and back to a picture, as AutoencoderKL has it."""
    n, height, width = 4, 3, 5
    layers = (
        spec.Reshape((n, height * width)),
        spec.Permute((1, 0)),
        spec.Linear(n, n),
        spec.Linear(n, n, inputs=(1,)),
        spec.Linear(n, n, inputs=(1,)),
        spec.Permute((1, 0), inputs=(3,)),
        spec.MatMul(inputs=(2, 5)),
        spec.Scale(n**-0.5),
        spec.Softmax(1),
        spec.MatMul(inputs=(8, 4)),
        spec.Permute((1, 0)),
        spec.Reshape((n, height, width)),
        spec.Combine("add", inputs=(INPUT, 11)),
    )
    x = floats(2, n, height, width)
    found, w = both(layers, x)
    rows = torch.from_numpy(x).flatten(2).transpose(1, 2)
    q, k, v = (functional.linear(rows, w[f"{i}.weight"], w[f"{i}.bias"]) for i in (2, 3, 4))
    seen = functional.scaled_dot_product_attention(q, k, v)
    close(found, torch.from_numpy(x) + seen.transpose(1, 2).reshape(x.shape))
    pairs = (height * width) ** 2
    assert multiply_adds(layers, x.shape[1:]) == 3 * n * n * height * width + 2 * n * pairs


def test_heads_of_different_depth_end_in_one_vector():
    layers = (
        spec.Flatten(),
        spec.Linear(12, 3),
        spec.Linear(12, 5, inputs=(0,)),
        spec.Activation("relu"),
        spec.Linear(5, 3),
        spec.Clamp(-1.0, 1.0),
        spec.Concat(0, inputs=(1, 5)),
    )
    x = floats(4, 3, 2, 2)
    found, w = both(layers, x)
    flat = torch.from_numpy(x).flatten(1)
    hidden = functional.linear(flat, w["2.weight"], w["2.bias"]).relu()
    logvar = functional.linear(hidden, w["4.weight"], w["4.bias"]).clamp(-1, 1)
    close(found, torch.cat((functional.linear(flat, w["1.weight"], w["1.bias"]), logvar), 1))


@st.composite
def graphs(draw):
    """Layers that keep the shape of a picture (4, …), each taking any that come before it; a Concat is brought back by a convolution."""
    layers = []
    for _ in range(draw(st.integers(1, 12))):
        whole = [i for i in range(-1, len(layers)) if i < 0 or not isinstance(layers[i], spec.Concat)]
        a, b = draw(st.sampled_from(whole)), draw(st.sampled_from(whole))
        match draw(st.integers(0, 5)):
            case 0:
                layers.append(spec.Conv2d(4, 4, 3, 1, 1, groups=draw(st.sampled_from([1, 2, 4])), inputs=(a,)))
            case 1:
                layers.append(spec.Activation("tanh", inputs=(a,)))
            case 2:
                layers.append(spec.Combine("subtract", inputs=(a, b)))
            case 3:
                layers += [spec.Concat(0, inputs=(a, b)), spec.Conv2d(8, 4, 1, 1, 0)]
            case 4:
                layers.append(spec.GroupNorm(2, 4, 1e-2, inputs=(a,)))
            case 5:
                layers.append(spec.ChannelAffine(4) if whole[-1] == len(layers) - 1 else spec.Scale(0.5, inputs=(a,)))
    return tuple(layers)


@settings(max_examples=60)
@given(graphs())
def test_any_graph_keeps_what_a_later_layer_takes(layers):
    """Both engines let go of what nothing takes any more, each by its own count, and agree; a plain loop keeps everything."""
    x = floats(2, 4, 3, 5)
    found, w = both(layers, x, tolerance=1e-4)
    values = {INPUT: torch.from_numpy(x)}
    with torch.no_grad():
        for i, layer in enumerate(layers):
            module = build_layer(layer)
            module.load_state_dict({name.partition(".")[2]: array for name, array in w.items() if name.startswith(f"{i}.")})
            values[i] = module(*(values[number] for number in spec.inputs_of(layers, i)))
    torch.testing.assert_close(found, values[len(layers) - 1], atol=1e-4, rtol=1e-4)


EMBEDDED = (spec.Linear(5, 3, inputs=(CLASS,)), spec.Concat(0, inputs=(INPUT, 0)), spec.Linear(5, 4), spec.Unflatten((1, 2, 2)))


def test_an_embedding_of_the_class_is_a_product_with_it_one_hot():
    z, y = floats(7, 2), np.array([0, 4, 2, 2, 1, 3, 0])
    found, w = both(EMBEDDED, z, y, 5)
    embedded = functional.embedding(torch.from_numpy(y), w["0.weight"].T.contiguous()) + w["0.bias"]
    wanted = functional.linear(torch.cat((torch.from_numpy(z), embedded), 1), w["2.weight"], w["2.bias"])
    close(found, wanted.reshape(7, 1, 2, 2))


def test_one_code_with_several_labels_is_repeated():
    stack = Stack(EMBEDDED, 5)
    z, y = torch.randn(3, 2), torch.tensor([0, 1, 2, 3, 4, 0])
    torch.testing.assert_close(stack(z, y), stack(z.repeat(2, 1), y))


def test_a_network_that_is_told_the_class_does_not_run_without_it():
    with pytest.raises(DataError, match="A conditional model was asked without labels"):
        Stack(EMBEDDED, 5)(torch.zeros(1, 2))
    with pytest.raises(AssertionError, match="asked without labels"):
        run_part("p", EMBEDDED, weights_of(EMBEDDED), floats(1, 2), None, 5)
    with pytest.raises(ValueError, match=r"layer 0 \(Linear\) takes the output of layer -2, which is not computed before it"):
        network_shapes(EMBEDDED, (2,))


@pytest.mark.parametrize("n", [0, 1, CHUNK, CHUNK + 3])
def test_a_constant_is_there_for_every_picture_and_chunk(n):
    layers = (
        spec.Constant((3, 2, 2)),
        spec.Constant(()),
        spec.Combine("multiply", inputs=(INPUT, 1)),
        spec.Concat(0, inputs=(0, 2)),
    )
    x = floats(n, 1, 2, 2)
    found, w = both(layers, x)
    assert found.shape == (n, 4, 2, 2)
    close(found, torch.cat((w["0.weight"].expand(n, 3, 2, 2), torch.from_numpy(x) * w["1.weight"]), 1))


def test_gradients_reach_every_parameter_of_a_graph():
    stack = Stack(EMBEDDED, 5)
    stack(torch.randn(6, 2), torch.arange(6) % 5).square().sum().backward()
    assert all(float(parameter.grad.abs().sum()) > 0 for parameter in stack.parameters())


@pytest.mark.parametrize("number", [1, 2, 9, -3])
def test_a_graph_whose_inputs_point_forward_or_nowhere_is_refused(number):
    layers = (spec.Linear(2, 2), spec.Combine("add", inputs=(0, number)), spec.Linear(2, 2))
    with pytest.raises(ValueError, match=rf"layer 1 \(Combine\) takes the output of layer {number}, which is not computed before"):
        network_shapes(layers, (2,))


def test_a_conditional_decoder_of_a_graph_is_a_model_like_any_other():
    config = ImportedConfig(
        data="digits",
        model="conditional-vae",
        likelihood="gaussian",
        scale="fixed",
        parts={
            "decoder": tuple(map(layer_record, EMBEDDED)),
            "encoder": tuple(map(layer_record, (spec.Flatten(), spec.Concat(0, inputs=(0, CLASS)), spec.Linear(9, 4)))),
        },
    )
    check_imported(config, (1, 2, 2), 5)
    with pytest.raises(ValueError, match="not computed before it"):
        check_imported(config, (1, 2, 2), 0)
    model = model_of(config, (1, 2, 2), 5)
    assert {name: tuple(value.shape) for name, value in model.state_dict().items()} == parameter_shapes(config, (1, 2, 2), 5)
    x, y = torch.rand(6, 1, 2, 2), torch.tensor([0, 1, 2, 3, 4, 0])
    assert model.decode(model.encode(x, y).mu, y).shape == x.shape
    assert model.label_of(x).shape == (6,)


# --- run.json

VERSION_2 = """
{"format": "latent-atlas-run", "version": 2, "preset": "imported", "config": {"data": "digits", "model": "vae",
"latent_dim": 2, "network": "own", "likelihood": "bernoulli", "beta": 1.0, "umap": false,
"parts": {"decoder": [{"op": "Linear", "n_in": 2, "n_out": 8, "n_labels": 0}, {"op": "Activation", "kind": "relu",
"slope": 0.0}, {"op": "Unflatten", "shape": [2, 2, 2]}, {"op": "Upsample", "scale": 2}, {"op": "ConvTranspose2d", "n_in": 2,
"n_out": 1, "kernel": 4, "stride": 2, "padding": 1}, {"op": "Flatten"}, {"op": "Unflatten", "shape": [1, 8, 8]}],
"encoder": [{"op": "Conv2d", "n_in": 1, "n_out": 2, "kernel": 3, "stride": 2, "padding": 1}, {"op": "Activation",
"kind": "leaky-relu", "slope": 0.1}, {"op": "Flatten"}, {"op": "Linear", "n_in": 32, "n_out": 4, "n_labels": 0}]}},
"dataset": {"name": "digits", "sha256": "ac2213023a1dd19f8222ec82825f32c3504d17957813b2fdf14736bb5f12f150",
"image_shape": [1, 8, 8], "class_names": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], "n_train": 1079,
"n_test": 539}, "state": "finished", "epoch": 0, "created": "2026-11-28T04:12:46+00:00", "metrics": {"split": "test",
"n": 539, "elbo": -45.5, "nll": 45.25, "nll_n": 100, "samples": 86, "reconstruction": 45.0, "kl": 0.5, "kl_per_dim": [0.25,
0.25], "active_units": 0, "knn_accuracy": 0.5, "input": "grey"}, "origin": {"source": "Small"}, "files": {},
"checksum": "5094a8e8ca066110b520c9eca78c4de5d06f35bfbf123fc6830232a491e4a8f8"}
"""
"""As the program of version 2 wrote it of an imported model, without fields that have defaults."""


@pytest.fixture
def written(tmp_path):
    """The folder of runs with that run and weights made by a formula."""
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "run.json").write_text(VERSION_2)
    info = read_info(folder)
    shapes = parameter_shapes(info.config, info.dataset.image_shape, 0)
    waves = {name: np.sin(np.arange(int(np.prod(shape))) + len(name)) / 2 for name, shape in shapes.items()}
    save_file(
        {name: np.asarray(wave.reshape(shapes[name]), np.float32) for name, wave in waves.items()}, folder / "weights.safetensors"
    )
    return tmp_path


def test_a_run_of_version_2_is_read_and_gives_the_pictures_that_it_gave(written):
    run = load_run("old", written)
    assert run.info.version == VERSION == 4
    x = run.forward.decode(np.array([[0.5, -1.0]]))
    pixels = [[0.70547, 0.627104, 0.621285], [0.703381, 0.757881, 0.651982], [0.642001, 0.695571, 0.676337]]
    np.testing.assert_allclose(x[0, 0, ::3, ::3], pixels, atol=2e-6)
    codes = run.forward.encode(x)
    np.testing.assert_allclose(codes.mu, [[0.246638, 0.103527]], atol=2e-6)
    np.testing.assert_allclose(codes.logvar, [[-0.265042, -0.461114]], atol=2e-6)
    np.testing.assert_allclose(run.model.decode(np.array([[0.5, -1.0]])).numpy(), x, atol=2e-6)


DAMAGE = {
    "a forward input": ({"op": "Activation", "kind": "relu", "inputs": [3]}, r"layer 1 \(Activation\) takes the output of layer 3"),
    "the class of a model without": ({"op": "Linear", "n_in": 8, "n_out": 8, "inputs": [-2]}, "takes the output of layer -2"),
    "a number of inputs": ({"op": "Combine", "kind": "add"}, "cannot take a tensor of shape"),
    "another shape": ({"op": "MatMul", "inputs": [0, 0]}, "cannot take a tensor of shape"),
    "an unknown layer": ({"op": "Lambda"}, "layer 'Lambda' is not known"),
    "no name": ({}, "layer None is not known"),
    "a field too many": ({"op": "Flatten", "depth": 1}, "layer 'Flatten' has fields"),
    "inputs that are no list": ({"op": "Flatten", "inputs": 0}, "layer 'Flatten' has fields"),
    "a tensor that fills the memory": ({"op": "Constant", "shape": [4096, 4096, 4096]}, "cannot take a tensor of shape"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_network_that_cannot_be_is_refused_in_one_sentence(written, damage):
    layer, says = DAMAGE[damage]
    raw = json.loads(VERSION_2) | {"version": 3}
    raw["config"]["parts"]["decoder"][1] = layer
    raw["checksum"] = info_checksum(raw)
    (written / "old/run.json").write_text(json.dumps(raw))
    with pytest.raises(RunCorrupt, match=rf"^run 'old': run\.json is damaged: .*{says}.*; restore the file") as found:
        load_run("old", written)
    assert "\n" not in str(found.value)

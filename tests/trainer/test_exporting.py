"""Does a decoder's program give what the project gives, with nothing of the project, and can a name in a run become code?

Programs run in one fresh interpreter that refuses to import `trainer` and `explorer`; the second opinion is the project's own engines.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from math import prod
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from tests.programs import alone
from tests.trainer.test_graphs import EMBEDDED
from tests.trainer.test_operations import CASES
from trainer import load_run
from trainer.config import FitConfig
from trainer.exporting import Decoder, Dialect, decoder_of, program
from trainer.likelihoods.torch_ import likelihood_of
from trainer.models import layers as spec
from trainer.models.layer_shapes import network_shapes, part_shapes, shape_after
from trainer.models.torch_engine import model_of
from trainer.models.torch_layers import Stack
from trainer.runs.catalogue import HOME, shipped_roots

DIALECTS = get_args(Dialect)
TOLERANCE = {"torch": 1e-5, "numpy": 1e-4}


def check_pictures(wanted, to):
    """wanted: of every program the picture, and how far it may be off."""
    found = alone(wanted, to)
    for file, (picture, tolerance) in wanted.items():
        np.testing.assert_allclose(found[file], picture, atol=tolerance, rtol=0, err_msg=file)


def with_values(text, **values):
    """The program with other last lines, as the map in the browser writes them."""
    lines = text.splitlines()
    for name, value in values.items():
        (at,) = [i for i, line in enumerate(lines) if line.startswith(f"{name} = ")]
        lines[at] = f"{name} = {value}"
    return "\n".join(lines)


def check_words(text):
    """Plain imports, and nothing that runs text or unpickles."""
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert not names & {"eval", "exec", "compile", "pickle", "__import__", "open"}
    modules = {(node.module or "") for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert {module.partition(".")[0] for module in modules} <= {
        "__future__", "collections", "dataclasses", "math", "numpy", "safetensors", "torch", "typing",
    }  # fmt: skip


# --- runs


RUNS = [(name.name, root) for root in shipped_roots() for name in sorted(root.iterdir()) if (name / "run.json").is_file()]


def test_programs_of_shipped_runs_give_the_pictures_of_the_runs(tmp_path):
    wanted = {}
    for name, root in RUNS:
        run = load_run(name, root)
        z = [float(x) for x in run.encodings.mu[3]]
        label = 1 if run.config.is_conditional else None
        picture = run.model.decode([z], None if label is None else [label])[0].numpy()
        for dialect in DIALECTS:
            text = program(decoder_of(run), dialect)
            check_words(text)
            given_ = {"z": z} | ({} if label is None else {"label": label})
            file = tmp_path / f"{root.name}-{name}-{dialect}.py"
            written = with_values(text, **given_)
            where = decoder_of(run).file
            assert not Path(where).is_absolute()
            file.write_text(written.replace(repr(where), repr(str(HOME / where))))
            wanted[str(file)] = picture, TOLERANCE[dialect]
    check_pictures(wanted, tmp_path)


# --- operations


def drawn(strategy, n):
    """The first examples of a strategy, always the same."""
    found = []

    @settings(max_examples=n, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(value):
        found.append(value)

    collect()
    return found


def decoder_around(layer, shapes):
    """A decoder that gives the layer what it takes: parts of a code, in other shapes."""
    layers, at, inputs = [], 0, []
    for shape in shapes:
        layers += [spec.Slice(0, at, at + prod(shape), inputs=(spec.INPUT,)), spec.Reshape(shape)]
        inputs.append(len(layers) - 1)
        at += prod(shape)
    if isinstance(layer, spec.Combine) and layer.kind == "divide":
        layers += [spec.Activation("exp", inputs=(inputs[1],))]
        inputs[1] = len(layers) - 1
    if layer in (spec.Activation("log"), spec.Activation("sqrt")):
        layers += [spec.Activation("exp")]
        inputs = [len(layers) - 1]
    layers.append(replace(layer, inputs=tuple(inputs)))
    layers += [spec.Flatten(), spec.Unflatten((1, 1, prod(shape_after(layer, *shapes))))]
    image_shape = network_shapes(tuple(layers), (at or 1,))[-1]
    return Decoder("one layer", "w.safetensors", tuple(layers), (), "gaussian", at or 1, image_shape, 0)


def is_possible(drawn_):
    """Also not of a single number, which a code has no part for."""
    try:
        shape_after(drawn_[0], *drawn_[1])
    except ValueError:
        return False
    return all(drawn_[1])


def in_torch(decoder, weights, z, label=None):
    stack = Stack(decoder.layers, decoder.n_classes).eval()
    stack.load_state_dict({name.removeprefix("decoder."): torch.from_numpy(array) for name, array in weights.items()})
    y = None if label is None else torch.tensor([label])
    with torch.no_grad():
        output = stack(torch.tensor([z]), y)
        return likelihood_of(FitConfig(likelihood=decoder.likelihood)).mean(output)[0].numpy()


def weights_of(layers, rng):
    found = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in part_shapes("decoder", layers).items()}
    pictures = {name: rng.integers(0, 256, array.shape, np.uint8) for name, array in found.items() if name.endswith("pictures")}
    return found | pictures


def test_a_program_writes_every_operation_in_both_languages(tmp_path):
    rng, wanted, kinds = np.random.default_rng(4), {}, set()
    for kind, strategy in CASES.items():
        for n, (layer, shapes) in enumerate(drawn(strategy.filter(is_possible), 40 if kind is spec.Activation else 8)):
            decoder = decoder_around(layer, shapes)
            weights = weights_of(decoder.layers, rng)
            z = [float(x) for x in rng.standard_normal(decoder.latent_dim).astype(np.float32)]
            picture = in_torch(decoder, weights, z)
            place = tmp_path / f"{kind.__name__}-{n}"
            save_file(weights, place.with_suffix(".safetensors"))
            kinds.add(kind)
            for dialect in DIALECTS:
                text = program(replace(decoder, file=str(place.with_suffix(".safetensors"))), dialect)
                check_words(text)
                file = tmp_path / f"{place.name}-{dialect}.py"
                file.write_text(with_values(text, z=z))
                wanted[str(file)] = picture, TOLERANCE[dialect]
    assert kinds == set(get_args(spec.Layer)) - {
        spec.Autoregress
    }  # which is none of a decoder: pixels that know those before them, below
    check_pictures(wanted, tmp_path)


# --- models

MODELS = {
    "a mean of continuous coins": FitConfig(likelihood="continuous-bernoulli", hidden=(6,)),
    "a scale for each pixel": FitConfig(likelihood="gaussian", scale="per-pixel", network="conv", hidden=(3, 4)),
    "residual convolutions": FitConfig(likelihood="gaussian", network="residual", hidden=(3, 4)),
    "a scale for each pixel, told the class": FitConfig(
        model="conditional-vae", likelihood="laplace", scale="per-pixel", hidden=(6,)
    ),
    "two models in a row": FitConfig(model="m1+m2", hidden=(6,), feature_epochs=1, feature_dim=4, feature_hidden=(9,)),
    "pixels that know those before them": FitConfig(context=7, hidden=(6,)),
    "lines": FitConfig(model="conditional-vae", network="linear", likelihood="gaussian"),
}
SHAPE, Y = (1, 6, 5), 5


def own_model(config, folder):
    """A model with weights drawn at random, and as much of a run of it as a program is written of."""
    torch.manual_seed(3)
    model = model_of(config, SHAPE, Y).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    folder.mkdir()
    save_file({name: tensor.numpy() for name, tensor in model.state_dict().items()}, folder / "weights.safetensors")
    n_classes = Y if config.is_conditional else 0
    return model, SimpleNamespace(id="odd", folder=folder, config=config, image_shape=SHAPE, n_classes=n_classes)


def test_a_program_gives_the_mean_of_every_kind_of_model(tmp_path):
    wanted = {}
    for i, config in enumerate(MODELS.values()):
        model, run = own_model(config, tmp_path / f"{i}")
        z = [float(x) for x in np.float32(np.linspace(-1.3, 1.7, config.latent_dim))]
        label = 3 if config.is_conditional else None
        picture = model.decode([z], None if label is None else [label])[0].numpy()
        for dialect in DIALECTS:
            decoder = decoder_of(run)
            assert decoder.file == "runs/odd/weights.safetensors"  # wherever on this machine it lies
            text = program(replace(decoder, file=str(run.folder / "weights.safetensors")), dialect)
            check_words(text)
            file = tmp_path / f"{i}-{dialect}.py"
            file.write_text(with_values(text, z=z, **({} if label is None else {"label": label})))
            wanted[str(file)] = picture, TOLERANCE[dialect]
    check_pictures(wanted, tmp_path)


def test_a_class_reaches_every_layer_that_takes_it(tmp_path):
    shape = network_shapes(EMBEDDED, (2,), 5)[-1]
    layers = (*EMBEDDED, spec.Flatten(), spec.Linear(prod(shape), 4, 5), spec.Unflatten((1, 2, 2)))
    weights, wanted = weights_of(layers, np.random.default_rng(5)), {}
    decoder = Decoder("told", str(tmp_path / "w.safetensors"), layers, (), "bernoulli", 2, (1, 2, 2), 5)
    save_file(weights, decoder.file)
    for dialect in DIALECTS:
        file = tmp_path / f"{dialect}.py"
        file.write_text(with_values(program(decoder, dialect), z=[0.25, -1.5], label=3))
        wanted[str(file)] = in_torch(decoder, weights, [0.25, -1.5], 3), TOLERANCE[dialect]
    check_pictures(wanted, tmp_path)


# --- names


@settings(max_examples=60)
@given(
    st.one_of(
        st.text(max_size=40), st.sampled_from(['"""', "'''", "a\nimport os", "\\", "\r", "\x0c", "\u2028x", "{z}", "#", "z = 1"])
    )
)
def test_nothing_in_a_name_is_code(name):
    layers = (spec.Linear(2, 4), spec.Unflatten((1, 2, 2)))
    plain = Decoder("n", "f", layers, (), "bernoulli", 2, (1, 2, 2), 0)
    for dialect in DIALECTS:
        tree = ast.parse(program(replace(plain, name=name, file=name), dialect))
        (assigned,) = [node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "WEIGHTS"]
        assert assigned.value.value == name
        assigned.value.value = "f"
        assert ast.dump(tree) == ast.dump(ast.parse(program(plain, dialect)))


@pytest.mark.parametrize("bad", ["1); import os; (1", [1], None, float("nan")])
def test_only_numbers_of_a_record_become_code(bad):
    layers = (spec.Linear(2, 4), spec.Scale(bad), spec.Unflatten((1, 2, 2)))
    for dialect in DIALECTS:
        with pytest.raises(TypeError, match="is not a number that a program can hold"):
            program(Decoder("n", "f", layers, (), "bernoulli", 2, (1, 2, 2), 0), dialect)

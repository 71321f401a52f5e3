"""Does a class and a file of weights become the model, however the file was saved?

The network of pytorch/examples, as people write it, and files of its weights as people have them. The second opinion is the model that was
saved: the same pictures from the same codes.
"""

from __future__ import annotations

import argparse
import collections
import copy
import json
import os
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from trainer.errors import LatentError
from trainer.importers.loading import load_model
from trainer.importers.weights.alignment import align
from trainer.importers.weights.candidates import candidates
from trainer.importers.weights.loading import load_weights
from trainer.importers.weights.reading import read_weights

pytestmark = pytest.mark.slow

SOURCE = """
import torch
from torch import nn
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self, n_pixels=784, width=400, n_codes=20):
        super().__init__()
        self.n_pixels = n_pixels
        self.fc1 = nn.Linear(n_pixels, width)
        self.fc21 = nn.Linear(width, n_codes)
        self.fc22 = nn.Linear(width, n_codes)
        self.fc3 = nn.Linear(n_codes, width)
        self.fc4 = nn.Linear(width, n_pixels)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, self.n_pixels))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


class Normed(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 64), nn.Sigmoid())

    def encode(self, x):
        return self.encoder(x).chunk(2, 1)

    def decode(self, z):
        return self.decoder(z)


class Lit(nn.Module):
    def __init__(self, latent, lr=1e-3):
        super().__init__()
        self.model = Normed(latent)
        self.encode, self.decode = self.model.encode, self.model.decode
"""
SIZES = {"n_pixels": 64, "width": 24, "n_codes": 5}
ARGUMENTS = json.dumps(SIZES)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("project") / "models.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture(scope="module")
def classes(file):
    found = {}
    exec(compile(SOURCE, str(file), "exec"), found)  # the test's own text
    return argparse.Namespace(VAE=found["VAE"], Normed=found["Normed"], Lit=found["Lit"])


@pytest.fixture(scope="module")
def model(classes):
    torch.manual_seed(11)
    return classes.VAE(**SIZES)


@pytest.fixture(scope="module")
def normed(classes):
    torch.manual_seed(12)
    made = classes.Normed(4)
    made.train()
    made.decode(made.encode(torch.rand(50, 64))[0])
    return made.eval()


def same(loaded, wanted, n_codes=5):
    z = torch.linspace(-2, 2, 3 * n_codes).reshape(3, n_codes)
    return torch.allclose(loaded.eval().decode(z), wanted.eval().decode(z), atol=1e-6)


def prefixed(state, prefix):
    return {f"{prefix}{name}": value for name, value in state.items()}


def adam_of(model):
    model = copy.deepcopy(model)
    optimiser = torch.optim.Adam(model.parameters())
    sum(p.sum() for p in model.parameters()).backward()
    optimiser.step()
    return optimiser.state_dict()


def ways(model):
    """Files as people save them: name to what torch.save is given."""
    state = {name: value.clone() for name, value in model.state_dict().items()}
    noise = {name: value + 1 for name, value in state.items()}
    return {
        "bare": state,
        "an ordered dict": collections.OrderedDict(state),
        "under state_dict": {"state_dict": state, "epoch": 10, "loss": 0.3},
        "under model": {"model": state, "optimizer": adam_of(model), "args": {"lr": 1e-3}},
        "under model_state_dict": {
            "epoch": 3,
            "model_state_dict": state,
            "optimizer_state_dict": adam_of(model),
            "loss": torch.ones(1),
        },
        "under net": {"net": state, "acc": 0.9, "epoch": 1},
        "under network": {"network": state},
        "under weights": {"weights": state},
        "under params": {"params": state, "params_ema": noise},
        "deep": {"checkpoint": {"models": {"vae": state}, "step": 3}},
        "beside an average of another name": {"ema": noise, "model": state},
        "DataParallel": prefixed(state, "module."),
        "torch.compile": prefixed(state, "_orig_mod."),
        "both": prefixed(state, "_orig_mod.module."),
        "FSDP": {name.replace(".", "._fsdp_wrapped_module.", 1): value for name, value in state.items()},
        "a part of another": {
            **prefixed(state, "vae."),
            "classifier.weight": torch.zeros(10, 5),
            "classifier.bias": torch.zeros(10),
        },
        "a part called as nobody foresees": prefixed(state, "stage_one.generator."),
        "Lightning": {
            "epoch": 9,
            "global_step": 1000,
            "pytorch-lightning_version": "2.1.0",
            "state_dict": prefixed(state, "model."),
            "loops": {},
            "callbacks": {},
            "optimizer_states": [adam_of(model)],
            "lr_schedulers": [],
            "hyper_parameters": {"lr": 1e-3},
        },
        "an average beside it in one dict": {**prefixed(noise, "ema_model."), **prefixed(state, "model.")},
        "parameters": {name: nn.Parameter(value) for name, value in state.items()},
        "double precision": {name: value.double() for name, value in state.items()},
        "settings of argparse": {"args": argparse.Namespace(lr=0.1), "state_dict": state},
        "numbers of numpy": {"loss": np.float64(0.3), "best": np.array([1.0, 2.0]), "state_dict": state},
        "more than the model has": {**state, "pixel_loss.scale": torch.ones(3)},
    }


NAMES = (
    "bare",
    "an ordered dict",
    "under state_dict",
    "under model",
    "under model_state_dict",
    "under net",
    "under network",
    "under weights",
    "under params",
    "deep",
    "beside an average of another name",
    "DataParallel",
    "torch.compile",
    "both",
    "FSDP",
    "a part of another",
    "a part called as nobody foresees",
    "Lightning",
    "an average beside it in one dict",
    "parameters",
    "double precision",
    "settings of argparse",
    "numbers of numpy",
    "more than the model has",
)


@pytest.mark.parametrize("way", NAMES)
@pytest.mark.parametrize("ending", ["pt", "ckpt"])
def test_a_file_of_torch_becomes_the_model_that_was_saved(way, ending, file, model, tmp_path):
    torch.save(ways(model)[way], tmp_path / f"w.{ending}")
    loaded = load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / f"w.{ending}"))
    assert same(loaded.model, model)
    assert any("10 tensors" in note and "all that the model has" in note for note in loaded.notes)


def test_no_way_is_forgotten(model):
    assert tuple(ways(model)) == NAMES


@pytest.mark.parametrize("prefix", ["", "module.", "first_stage_model."])
def test_safetensors(prefix, file, model, tmp_path):
    save_file(prefixed(model.state_dict(), prefix), tmp_path / "m.safetensors")
    assert same(load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "m.safetensors")).model, model)


def test_arrays_of_numpy(file, model, tmp_path):
    np.savez(tmp_path / "w.npz", **{name: value.numpy() for name, value in model.state_dict().items()})
    assert same(load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "w.npz")).model, model)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single_and_said(dtype, file, model, tmp_path):
    torch.save({name: value.to(dtype) for name, value in model.state_dict().items()}, tmp_path / "w.pt")
    loaded = load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "w.pt"))
    assert all(p.dtype == torch.float32 for p in loaded.model.parameters())
    assert torch.equal(loaded.model.fc3.weight, model.fc3.weight.to(dtype).float())
    assert any(f"{str(dtype).removeprefix('torch.')}, computed here in float32" in note for note in loaded.notes)


def test_a_counter_that_no_evaluation_reads_may_be_missing_and_statistics_may_not(file, normed, tmp_path):
    state = {name: value for name, value in normed.state_dict().items() if "num_batches" not in name}
    torch.save(state, tmp_path / "w.pt")
    assert same(load_model(f"{file}:Normed", "[4]", str(tmp_path / "w.pt")).model, normed, 4)
    torch.save({name: value for name, value in state.items() if "running_mean" not in name}, tmp_path / "w.pt")
    with pytest.raises(LatentError, match=r"2 of \d+ tensors are missing.*\n.*encoder\.1\.running_mean \(16\) is missing"):
        load_model(f"{file}:Normed", "[4]", str(tmp_path / "w.pt"))


def test_two_state_dicts_side_by_side_are_the_two_parts_of_one_model(file, normed, tmp_path):
    parts = {"encoder": normed.encoder.state_dict(), "decoder": normed.decoder.state_dict(), "opt": adam_of(normed)}
    torch.save(parts, tmp_path / "w.pt")
    assert same(load_model(f"{file}:Normed", "[4]", str(tmp_path / "w.pt")).model, normed, 4)


def test_parts_of_other_names_are_found_by_their_shapes_and_it_is_said(file, normed, tmp_path):
    torch.save({"enc": normed.encoder.state_dict(), "dec": normed.decoder.state_dict()}, tmp_path / "w.pt")
    loaded = load_model(f"{file}:Normed", "[4]", str(tmp_path / "w.pt"))
    assert same(loaded.model, normed, 4)
    assert any("taken for" in note or "without the prefix" in note for note in loaded.notes)


def test_encoder_and_decoder_in_files_of_their_own(file, normed, tmp_path):
    torch.save({"state_dict": normed.encoder.state_dict(), "epoch": 2}, tmp_path / "enc_last.pt")
    torch.save(normed.decoder.state_dict(), tmp_path / "decoder.pt")
    files = [str(tmp_path / name) for name in ("enc_last.pt", "decoder.pt")]
    for order in (files, files[::-1]):
        assert same(load_model(f"{file}:Normed", "[4]", order).model, normed, 4)
    with pytest.raises(LatentError, match=r"enc_last.pt does not fit Normed: 7 of 14 tensors are missing|are missing"):
        load_model(f"{file}:Normed", "[4]", files[:1])


def test_the_model_may_be_a_part_of_what_the_weights_are_of_and_the_other_way_round(file, classes, normed, tmp_path):
    torch.save(normed.state_dict(), tmp_path / "w.pt")
    lit = load_model(f"{file}:Lit", "[4]", str(tmp_path / "w.pt")).model
    assert same(lit.model, normed, 4)
    wrapped = classes.Lit(4)
    wrapped.model.load_state_dict(normed.state_dict())
    torch.save({"state_dict": wrapped.state_dict()}, tmp_path / "l.ckpt")
    assert same(load_model(f"{file}:Normed", "[4]", str(tmp_path / "l.ckpt")).model, normed, 4)


def test_a_checkpoint_that_keeps_the_settings_needs_no_arguments(file, model, tmp_path):
    kept = {"state_dict": model.state_dict(), "hyper_parameters": {**SIZES, "lr": 1e-3}}
    torch.save(kept, tmp_path / "w.ckpt")
    loaded = load_model(f"{file}:VAE", None, str(tmp_path / "w.ckpt"))
    assert same(loaded.model, model)
    assert any("n_pixels = 64, width = 24, n_codes = 5" in note for note in loaded.notes)
    torch.save({"model": model.state_dict(), "args": argparse.Namespace(**SIZES)}, tmp_path / "n.pt")
    assert same(load_model(f"{file}:VAE", None, str(tmp_path / "n.pt")).model, model)
    with pytest.raises(LatentError, match="width"):  # what is given goes before what is kept
        load_model(f"{file}:VAE", '{"width": 25}', str(tmp_path / "w.ckpt"))


def test_the_average_is_taken_where_it_is_asked_for(file, model, tmp_path):
    state = model.state_dict()
    torch.save({"model": {name: value + 1 for name, value in state.items()}, "ema": state}, tmp_path / "w.pt")
    loaded = load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "w.pt"))
    assert not same(loaded.model, model) and any("as much under 'ema'; --weights-key" in note for note in loaded.notes)
    assert same(load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "w.pt"), "ema").model, model)
    flat = {**prefixed(state, "ema_model."), **prefixed({n: v + 1 for n, v in state.items()}, "net.")}
    torch.save(flat, tmp_path / "f.pt")
    assert same(load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "f.pt"), "ema_model").model, model)
    with pytest.raises(LatentError, match=r"--weights-key is 'swa'; in w\.pt there are"):
        load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "w.pt"), "swa")


# --- what does not fit


def test_another_size_is_told_by_name_with_the_argument_that_makes_it(file, classes, tmp_path):
    torch.save(classes.VAE(64, 32, 5).state_dict(), tmp_path / "w.pt")
    with pytest.raises(LatentError) as error:
        load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "w.pt"))
    said = str(error.value)
    assert said.startswith("w.pt does not fit VAE: 7 of 10 are of another shape;") and "\x1b" not in said
    assert "fc1.weight is (32, 64) in the file, (24, 64) in the model" in said
    assert "width = 24" in said and "--arguments '{\"width\": 32}'" in said


def test_a_missing_tensor_is_told_with_the_three_nearest_names(file, model, tmp_path):
    state = dict(model.state_dict())
    state["fc_mu.weight"], state["fc_mu.bias"] = state.pop("fc21.weight"), state.pop("fc21.bias")
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(LatentError) as error:
        load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "w.pt"))
    said = str(error.value)
    assert "2 of 10 tensors are missing" in said
    assert "fc21.weight (5, 24) is missing; nearest in the file: fc_mu.weight (5, 24)" in said
    assert "left over in the file: fc_mu.weight (5, 24), fc_mu.bias (5)" in said


def test_what_is_left_over_is_a_note(file, model, tmp_path):
    torch.save({**model.state_dict(), "critic.weight": torch.zeros(3, 3)}, tmp_path / "w.pt")
    notes = load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "w.pt")).notes
    assert any("left over in the file, 1: critic.weight" in note for note in notes)


class Odd:
    """A class that no safe loader makes."""


def written(path, make):
    make(path)
    return path


UNREADABLE = {
    "empty.pt": (lambda p: p.write_bytes(b""), "empty.pt is empty"),
    "lfs.pt": (lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"), "git lfs pull"),
    "page.pt": (lambda p: p.write_text("<!DOCTYPE html><html><body>404</body></html>"), "is a web page"),
    "keras.h5": (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100)), "is of Keras"),
    "text.pt": (lambda p: p.write_text("hello world, these are no weights"), "cannot be read as weights"),
    "cut.safetensors": (lambda p: p.write_bytes(b"\x10\0\0\0\0\0\0\0{"), "cannot be read as weights"),
    "tensor.pt": (lambda p: torch.save(torch.zeros(3), p), "holds a Tensor; allowed: a file of torch.save"),
    "list.pt": (lambda p: torch.save([1, 2], p), "holds a list; allowed"),
    "numbers.pt": (lambda p: torch.save({"epoch": 3}, p), "holds no tensors"),
    "zip.pt": (lambda p: zipfile.ZipFile(p, "w").writestr("a.txt", "hello"), "cannot be read as weights"),
    "whole.pt": (lambda p: torch.save(nn.Linear(2, 2), p), "object of the class torch.nn.modules.linear.Linear"),
    "script.pt": (lambda p: torch.jit.save(torch.jit.script(nn.Linear(2, 2)), p), "is a TorchScript archive"),
    "odd.ckpt": (
        lambda p: torch.save({"state_dict": {}, "hyper_parameters": {"net": Odd()}}, p),
        r"Odd .*hyper_parameters.*weights.pt",
    ),
    "model.onnx": (lambda p: p.write_bytes(b"onnx"), "ends in .onnx"),
    "nan.pt": (lambda p: torch.save({"fc1.weight": torch.full((24, 64), torch.nan)}, p), "9 of 10 tensors are missing"),
}


@pytest.mark.filterwarnings("ignore")
def test_the_line_that_takes_weights_out_of_a_whole_model_does_so(file, model, tmp_path):
    """As the message says it, in a process of its own in the folder of the code."""
    script = f"import sys, torch; sys.path.insert(0, {str(file.parent)!r}); import models; torch.manual_seed(1); m = models.VAE(64, 24, 5)"
    save = "torch.save(m, 'whole.pt'); torch.save({'state_dict': m.state_dict(), 'hyper_parameters': {'m': m}}, 'lit.ckpt')"
    subprocess.run([sys.executable, "-c", f"{script}; {save}"], cwd=tmp_path, check=True)
    for name in ("whole.pt", "lit.ckpt"):
        with pytest.raises(LatentError) as error:
            read_weights(str(tmp_path / name))
        (line,) = re.findall(r'python -c "(.*)"\.$', str(error.value))
        subprocess.run([sys.executable, "-c", line], cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": str(file.parent)})
        torch.manual_seed(1)
        wanted = type(model)(64, 24, 5)
        assert same(load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "weights.pt")).model, wanted)
        (tmp_path / "weights.pt").unlink()


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_file_of_weights_is_a_sentence(name, file, tmp_path):
    make, says = UNREADABLE[name]
    with pytest.raises(LatentError, match=says) as error:
        load_model(f"{file}:VAE", ARGUMENTS, str(written(tmp_path / name, make)))
    assert "\x1b" not in str(error.value) and "Traceback" not in str(error.value)


def test_weights_that_are_no_numbers_are_refused(file, model, tmp_path):
    state = {name: value.clone() for name, value in model.state_dict().items()}
    state["fc1.bias"][0] = torch.nan
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(LatentError, match=r"fc1.bias in w.pt holds values that are not finite numbers"):
        load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "w.pt"))
    torch.save({name: (100 * value).to(torch.int8) for name, value in model.state_dict().items()}, tmp_path / "q.pt")
    with pytest.raises(LatentError, match=r"holds whole numbers \(torch.int8\), as quantised weights do"):
        load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "q.pt"))
    torch.save({name: value.to(torch.complex64) for name, value in model.state_dict().items()}, tmp_path / "c.pt")
    with pytest.raises(LatentError, match=r"in c.pt holds complex numbers \(torch.complex64\); allowed: floats."):
        load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "c.pt"))
    torch.save({name: value.double() * 1e300 for name, value in model.state_dict().items()}, tmp_path / "d.pt")
    with pytest.raises(LatentError, match=r"in d.pt holds \d.*e\+\d+, too large for the single precision \(float32\)"):
        load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "d.pt"))


def test_complex_weights_are_those_of_a_model_that_has_complex_ones():
    own, saved = nn.Module(), torch.ones(2, 2, dtype=torch.complex64)
    own.register_parameter("w", nn.Parameter(torch.zeros_like(saved)))
    load_weights(own, {"w": saved}, "w.pt")
    assert torch.equal(own.w.detach(), saved)


def test_a_file_that_was_cut_off_says_so(file, model, tmp_path):
    torch.save(model.state_dict(), tmp_path / "w.pt")
    whole = (tmp_path / "w.pt").read_bytes()
    for part in (0.3, 0.5, 0.9, 0.999):
        (tmp_path / "part.pt").write_bytes(whole[: int(part * len(whole))])
        with pytest.raises(LatentError, match=r"part.pt is cut off: .* copy or download it once more"):
            load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "part.pt"))


def test_a_file_that_is_not_there_names_those_beside_it(file, model, tmp_path):
    torch.save(model.state_dict(), tmp_path / "vae_10.pt")
    with pytest.raises(LatentError, match=r"there is no such file; beside it are vae_10.pt"):
        load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path / "vae_1.pt"))
    assert same(load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path)).model, model)  # the only one in a folder
    torch.save(model.state_dict(), tmp_path / "vae_20.pt")
    with pytest.raises(LatentError, match=r"which holds vae_10.pt, vae_20.pt; allowed: one file"):
        load_model(f"{file}:VAE", ARGUMENTS, str(tmp_path))


def test_nothing_in_a_file_is_run(file, tmp_path):
    """A pickle that would write a file when it is loaded writes none."""
    trap = tmp_path / "trap"

    class Trap:
        def __reduce__(self):
            return (open, (str(trap), "w"))

    torch.save({"state_dict": {}, "x": Trap()}, tmp_path / "w.pt")
    with pytest.raises(LatentError, match="nothing but tensors is loaded here"):
        read_weights(str(tmp_path / "w.pt"))
    assert not trap.exists()


# --- the search itself


def test_prefixes_are_found_on_both_sides_at_once():
    there = {"a.b.enc.0.weight": (3, 2), "a.b.enc.0.bias": (3,), "a.b.dec.0.weight": (2, 3), "other.weight": (9, 9)}
    wanted = {"x.enc.0.weight": (3, 2), "x.enc.0.bias": (3,), "x.dec.0.weight": (2, 3)}
    found = align(there, wanted)
    assert (found.prefix, found.own_prefix) == ("a.b.", "x.")
    assert found.names == {f"x.{name}": f"a.b.{name}" for name in ("enc.0.weight", "enc.0.bias", "dec.0.weight")}


def test_layers_of_one_shape_are_never_exchanged_for_each_other():
    """fc21 and fc22 have the same shapes: a file that calls them otherwise must not be guessed at."""
    there = {"mean.weight": (4, 8), "mean.bias": (4,), "spread.weight": (4, 8), "spread.bias": (4,)}
    wanted = {"fc21.weight": (4, 8), "fc21.bias": (4,), "fc22.weight": (4, 8), "fc22.bias": (4,)}
    assert align(there, wanted).n < 4


def test_every_mapping_is_a_candidate():
    one, two = torch.zeros(2), torch.ones(3)
    found = candidates({"a": {"b": {"w": one}}, "c": two, "n": 3})
    assert {c.path: set(c.tensors) for c in found} == {(): {"a.b.w", "c"}, ("a",): {"b.w"}, ("a", "b"): {"w"}}

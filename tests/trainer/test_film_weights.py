"""Do the weights of the film's moments decode as the model did then, take the room that is said, and survive an interruption?"""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from tests.trainer.test_runs import rewrite, summed_anew
from trainer.config import FitConfig, checked
from trainer.errors import RunCorrupt, RunError
from trainer.models.networks import decoder_parameter_shapes
from trainer.runs.catalogue import load_run
from trainer.training import film_weights
from trainer.training.film_weights import evenly
from trainer.training.fit import fit

pytestmark = pytest.mark.slow

BASE = FitConfig(hidden=(12,), learning_rate=0.02, epochs=5, batch_size=17, umap=False, classifier=False)
FILE = "film_weights.safetensors"
MODELS = {
    "vae": {},
    "convolutions": {"network": "conv", "hidden": (4, 6), "latent_dim": 3},
    "context": {"context": 8},
    "classes": {"model": "conditional-vae"},
    "two models": {"model": "m1+m2", "labelled": 6, "feature_dim": 4, "feature_hidden": (8,), "feature_epochs": 2, "hidden": (8,)},
    "points": {"model": "autoencoder"},
    "closed form": {"model": "pca", "network": "linear", "likelihood": "gaussian", "epochs": 1},
    "finished in closed form": {"network": "linear", "likelihood": "gaussian", "finish_linear": True},
}


def trained(config, dataset, folder, name="r", **options):
    for _ in fit(config, dataset, name, folder, **options):
        pass
    return load_run(name, folder)


@pytest.mark.parametrize("kind", MODELS)
def test_the_last_moment_decodes_as_the_run_does_and_every_moment_lies_in_the_film(tiny_dataset, tmp_path, kind):
    """To float16, whose rounding is held against torch's own: the final network with its parameters rounded by torch."""
    run = trained(checked(BASE, **MODELS[kind]), tiny_dataset, tmp_path)
    kept = run.film_weights
    last = len(run.film.mu) - 1
    assert (kept.moment[0], kept.moment[-1]) == (0, last)
    assert len(kept.moment) == min(20, last + 1)
    np.testing.assert_array_equal(kept.epoch, run.film.epoch[kept.moment])
    z = np.random.default_rng(0).standard_normal((9, run.config.latent_dim)).astype(np.float32)
    y = np.arange(9) % 3 if run.config.is_conditional else None
    got = run.decoder_at(len(kept.moment) - 1).decode(z, y)
    rounded = run.model
    rounded.load_state_dict({key: value.half().float() for key, value in rounded.state_dict().items()})
    np.testing.assert_allclose(got, rounded.decode(z, y).numpy(), atol=1e-5)
    error = np.abs(got - run.forward.decode(z, y)).max()
    assert error < 0.01
    assert np.abs(run.decoder_at(0).decode(z, y) - got).max() > 5 * error  # it was another network then


def test_a_moment_in_the_middle_is_the_network_of_that_step(tiny_dataset, tmp_path):
    """The second opinion: a training that ends there, with a constant rate, has the same weights."""
    config = checked(BASE, schedule="constant", epochs=4)
    run = trained(config, tiny_dataset, tmp_path)
    short = trained(checked(config, epochs=2), tiny_dataset, tmp_path, "short")
    i = run.film_weights.epoch.tolist().index(2.0)
    for name, value in run.film_weights.at(i).items():
        np.testing.assert_array_equal(value, short.weights[name].astype(np.float16).astype(np.float32), name)
    assert run.film_weights.nearest(int(run.film_weights.moment[i])) == i


def test_the_file_is_as_large_as_is_said(tiny_dataset, tmp_path, monkeypatch):
    run = trained(BASE, tiny_dataset, tmp_path)
    shapes = decoder_parameter_shapes(run.config, run.image_shape, 0)
    n = sum(int(np.prod(shape)) for shape in shapes.values())
    payload = 20 * 2 * n + 20 * (8 + 4)
    size = (run.folder / FILE).stat().st_size
    assert payload < size < payload + 2000  # the header's names
    monkeypatch.setattr(film_weights, "MOST_BYTES", 5 * 2 * n + 1)
    assert len(trained(BASE, tiny_dataset, tmp_path, "large").film_weights.moment) == 5


def test_a_run_without_them_says_so(tiny_dataset, tmp_path):
    run = trained(checked(BASE, film_weights=0), tiny_dataset, tmp_path)
    assert run.film_weights is None
    assert not (run.folder / FILE).exists()
    with pytest.raises(RunError, match="run 'r' was trained without the weights of its film; train it again"):
        run.decoder_at(0)


def test_a_run_of_before_says_that_it_kept_none(tiny_dataset, tmp_path):
    run = trained(checked(BASE, film_weights=0), tiny_dataset, tmp_path)

    def as_before(raw):
        raw["version"] = 3
        del raw["config"]["film_weights"]

    rewrite(run.folder / "run.json", as_before)
    assert load_run("r", tmp_path).config.film_weights == 0
    assert load_run("r", tmp_path).film_weights is None


@pytest.mark.parametrize("stop_after", [1, 9, 14])
def test_an_interrupted_training_ends_with_the_same_file(tiny_dataset, tmp_path, stop_after, monkeypatch):
    monkeypatch.setattr("trainer.training.loop.CHECKPOINT_S", 0.0)
    monkeypatch.setattr("trainer.training.loop.STEP_EVENTS_S", 0.0)
    trained(BASE, tiny_dataset, tmp_path, "whole")
    events = fit(BASE, tiny_dataset, "cut", tmp_path)
    for _ in range(stop_after):
        next(events)
    events.close()
    trained(BASE, tiny_dataset, tmp_path, "cut", resume=True)
    for file in (FILE, "film.safetensors", "weights.safetensors"):
        assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file
    assert not (tmp_path / "cut/checkpoint").exists()


def test_a_moment_that_was_damaged_meanwhile_is_named_before_anything_is_trained(tiny_dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.training.loop.CHECKPOINT_S", 0.0)
    events = fit(BASE, tiny_dataset, "cut", tmp_path)
    while not (tmp_path / "cut/checkpoint/state.safetensors").exists():
        next(events)
    events.close()
    part = tmp_path / "cut/checkpoint/film-0.safetensors"
    part.write_bytes(part.read_bytes()[:-1] + b"!")
    with pytest.raises(RunCorrupt, match=r"checkpoint/film-0\.safetensors is damaged: its checksum differs"):
        next(fit(BASE, tiny_dataset, "cut", tmp_path, resume=True))
    trained(BASE, tiny_dataset, tmp_path, "cut", overwrite=True)
    assert not (tmp_path / "cut/checkpoint").exists()


def test_weights_that_are_not_of_this_decoder_are_refused(tiny_dataset, tmp_path):
    folder = trained(BASE, tiny_dataset, tmp_path).folder
    sound = dict(load_file(folder / FILE))
    wrong = {
        "unexpected or missing tensors: log_sigma": {key: value for key, value in sound.items() if key != "log_sigma"},
        "expected .* as float16": sound | {"log_sigma": sound["log_sigma"].astype(np.float32)},
        "not a finite number": sound | {"log_sigma": np.full_like(sound["log_sigma"], np.nan)},
        "its moments are not those of the film": sound | {"moment": sound["moment"] + 5},
    }
    for sentence, arrays in wrong.items():
        save_file(arrays, folder / FILE)
        summed_anew(folder, FILE)
        with pytest.raises(RunCorrupt, match=sentence):
            _ = load_run("r", tmp_path).film_weights


def test_keeping_them_changes_nothing_else(tiny_dataset, tmp_path):
    for name, n in (("with", 20), ("without", 0)):
        trained(checked(BASE, film_weights=n), tiny_dataset, tmp_path, name)
    for file in ("weights.safetensors", "film.safetensors", "encodings.safetensors", "history.csv"):
        assert (tmp_path / "with" / file).read_bytes() == (tmp_path / "without" / file).read_bytes(), file
    sums = json.loads((tmp_path / "with/run.json").read_text())["files"]
    assert FILE in sums


def test_what_float16_cannot_hold_is_its_largest_number():
    from trainer.runs.film_weights import as_half

    half = as_half({"a": np.float32([1e6, -1e6, 0.1])}, {"a": (3,)})["a"]
    assert torch.isfinite(torch.from_numpy(half)).all()
    assert half[2] == np.float16(0.1)


@pytest.mark.parametrize(("n", "expected"), [(0, set()), (1, {9}), (2, {0, 9}), (3, {0, 4, 9}), (20, set(range(10)))])
def test_moments_are_spread_evenly(n, expected):
    assert evenly(tuple(range(10)), n) == expected

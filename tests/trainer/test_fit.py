"""Does a run come out whole, the same for the same seed, and does it survive interruption, divergence and a second start?"""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import ROOT
from trainer.config import FitConfig, checked
from trainer.datasets import load_dataset
from trainer.errors import ConfigError, RunCorrupt, RunError, TrainingDiverged
from trainer.runs.catalogue import load_run
from trainer.training.events import EpochEnded, Finished, Stepped
from trainer.training.fit import fit
from trainer.training.snapshots import snapshot_steps

pytestmark = pytest.mark.slow

CONFIG = FitConfig(hidden=(12,), epochs=5, batch_size=17, umap=False)  # 60 images: the last batch of an epoch is short


def run_to_end(config, dataset, name, folder, **options):
    return list(fit(config, dataset, name, folder, **options))


def test_the_same_seed_gives_the_same_bytes(tiny_dataset, tmp_path):
    for name in ("one", "two"):
        run_to_end(CONFIG, tiny_dataset, name, tmp_path)
    run_to_end(checked(CONFIG, seed=1), tiny_dataset, "other", tmp_path)
    whole = ("history.csv", "weights.safetensors", "encodings.safetensors", "film.safetensors", "projection.safetensors")
    for file in (*whole, "classifier.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    assert (tmp_path / "one/history.csv").read_bytes() != (tmp_path / "other/history.csv").read_bytes()


@pytest.mark.parametrize("stop_after", [1, 7, 13])
def test_an_interrupted_run_resumes_to_the_same_weights(tiny_dataset, tmp_path, stop_after, monkeypatch):
    monkeypatch.setattr("trainer.training.loop.CHECKPOINT_S", 0.0)
    monkeypatch.setattr("trainer.training.loop.STEP_EVENTS_S", 0.0)
    config = checked(CONFIG, warmup_epochs=2, binarise=True)
    run_to_end(config, tiny_dataset, "whole", tmp_path)
    events = fit(config, tiny_dataset, "cut", tmp_path, preset="digits-2d")
    for _ in range(stop_after):
        next(events)
    events.close()
    assert json.loads((tmp_path / "cut/run.json").read_text())["state"] == "interrupted"
    with pytest.raises(RunError, match=r"interrupted after .* --resume finishes it"):
        load_run("cut", tmp_path)
    run_to_end(config, tiny_dataset, "cut", tmp_path, resume=True)
    for file in ("weights.safetensors", "history.csv", "film.safetensors", "classifier.safetensors"):
        assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file
    assert not (tmp_path / "cut/checkpoint").exists()


def test_a_nan_stops_with_step_term_and_remedy(tiny_dataset, tmp_path, monkeypatch):
    import trainer.training.objectives as module

    real, calls = module.elbo_terms, []

    def poisoned(*arguments):
        calls.append(0)
        terms = real(*arguments)
        return dataclasses.replace(terms, kl=terms.kl * float("nan")) if len(calls) > 6 else terms

    monkeypatch.setattr(module, "elbo_terms", poisoned)
    monkeypatch.setattr(
        "trainer.training.loop.reason_against", lambda *_: "asked for"
    )  # the written one: tests/trainer/test_backward.py
    with pytest.raises(TrainingDiverged, match=r"step 6: the KL term is not a finite number; try --learning-rate 0\.0001"):
        run_to_end(CONFIG, tiny_dataset, "bad", tmp_path)
    assert json.loads((tmp_path / "bad/run.json").read_text())["state"] == "diverged"


def test_a_run_is_never_overwritten_by_accident(tiny_dataset, tmp_path):
    run_to_end(CONFIG, tiny_dataset, "mine", tmp_path)
    before = (tmp_path / "mine/weights.safetensors").read_bytes()
    with pytest.raises(RunError, match=r"already in .*; --overwrite replaces it"):
        run_to_end(checked(CONFIG, seed=3), tiny_dataset, "mine", tmp_path)
    with pytest.raises(RunError, match="is finished"):
        run_to_end(CONFIG, tiny_dataset, "mine", tmp_path, resume=True)
    assert (tmp_path / "mine/weights.safetensors").read_bytes() == before
    run_to_end(checked(CONFIG, seed=3), tiny_dataset, "mine", tmp_path, overwrite=True)
    assert (tmp_path / "mine/weights.safetensors").read_bytes() != before


def test_a_flipped_bit_in_the_checkpoint_is_found(tiny_dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.training.loop.CHECKPOINT_S", 0.0)
    events = fit(CONFIG, tiny_dataset, "cut", tmp_path)
    while not (tmp_path / "cut/checkpoint/state.safetensors").exists():
        next(events)
    events.close()
    path = tmp_path / "cut/checkpoint/state.safetensors"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(RunCorrupt, match=r"run 'cut': checkpoint/state\.safetensors"):
        run_to_end(CONFIG, tiny_dataset, "cut", tmp_path, resume=True)


def test_a_run_that_cannot_begin_leaves_the_old_one(tiny_dataset, tmp_path, monkeypatch):
    run_to_end(CONFIG, tiny_dataset, "mine", tmp_path)

    def no_room(*_):
        raise MemoryError

    monkeypatch.setattr("trainer.training.loop.model_of", no_room)
    with pytest.raises(MemoryError):
        run_to_end(CONFIG, tiny_dataset, "mine", tmp_path, overwrite=True)
    assert len(load_run("mine", tmp_path).encodings.mu) == 26


def test_more_than_two_dimensions_with_a_single_test_image(tiny_dataset, tmp_path):
    splits = {**tiny_dataset.splits, "test": tiny_dataset.splits["test"][:1]}
    lonely = dataclasses.replace(tiny_dataset, splits=splits)
    run_to_end(checked(CONFIG, latent_dim=4, epochs=1), lonely, "one", tmp_path)
    assert load_run("one", tmp_path).projections["pca"].points.shape == (1, 2)


def test_resume_refuses_another_configuration_and_a_missing_run(tiny_dataset, tmp_path):
    events = fit(CONFIG, tiny_dataset, "cut", tmp_path)
    next(events)
    events.close()
    with pytest.raises(ConfigError, match=r"beta is 2\.0; allowed: 1\.0, with which run 'cut' began"):
        run_to_end(checked(CONFIG, beta=2.0), tiny_dataset, "cut", tmp_path, resume=True)
    with pytest.raises(RunError, match="nothing to resume"):
        run_to_end(CONFIG, tiny_dataset, "none", tmp_path, resume=True)


def test_a_training_that_is_stopped_before_its_first_step_leaves_nothing(tiny_dataset, tmp_path, monkeypatch):
    def stop(*_, **__):
        assert list((tmp_path / "runs").rglob("*")) == []
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.training.fit.Trainer", stop)
    with pytest.raises(KeyboardInterrupt):
        run_to_end(CONFIG, tiny_dataset, "none", tmp_path / "runs")
    assert list((tmp_path / "runs").rglob("*")) == []


def test_what_a_run_holds(tiny_dataset, tmp_path):
    events = run_to_end(CONFIG, tiny_dataset, "r", tmp_path)
    assert sum(isinstance(e, EpochEnded) for e in events) == 5
    assert isinstance(events[-1], Finished)
    assert max(e.step for e in events if isinstance(e, Stepped)) == 5 * 4
    run, test = load_run("r", tmp_path), tiny_dataset.subset("test")
    assert run.encodings.mu.shape == (26, 2)
    np.testing.assert_array_equal(run.encodings.index, test.index)
    np.testing.assert_array_equal(run.encodings.label, test.labels)
    expected = run.model.encode(test.images)
    np.testing.assert_allclose(run.encodings.mu, expected.mu.numpy(), atol=1e-6)
    assert run.film.mu.shape == (21, 26, 2)  # the start and every one of 20 steps
    assert run.film.epoch[0] == 0
    assert run.film.epoch[-1] == 5
    np.testing.assert_allclose(run.film.mu[-1], run.encodings.mu, atol=2e-3)
    assert list(run.history["epoch"]) == [1, 2, 3, 4, 5]
    history = run.history
    np.testing.assert_allclose(history["test_elbo"], -(history["test_reconstruction"] + history["test_kl"]))
    np.testing.assert_allclose(history["test_kl"], history["kl_1"] + history["kl_2"])


@pytest.mark.parametrize("n_steps", [1, 20, 39, 41, 57, 100, 1000, 132_000])
def test_film_has_twenty_moments_and_the_last(n_steps):
    moments = snapshot_steps(n_steps)
    assert max(moments) == n_steps
    assert min(moments) >= 1
    assert len(moments) >= min(20, n_steps)


def test_global_randomness_is_left_alone(tiny_dataset, tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    run_to_end(CONFIG, tiny_dataset, "r", tmp_path)
    torch.testing.assert_close(torch.rand(3), expected)


def test_a_full_disk_keeps_the_checkpoint_before(tiny_dataset, tmp_path, monkeypatch):
    """The third checkpoint cannot be written: one sentence, and resuming gives what an undisturbed run gives."""
    monkeypatch.setattr("trainer.training.loop.CHECKPOINT_S", 0.0)
    config = checked(CONFIG, film_weights=0)  # each of whose moments is a file too
    run_to_end(config, tiny_dataset, "whole", tmp_path)
    import trainer.runs.storage as runs

    real, n_writes = runs.os.fsync, []

    def full(descriptor):
        n_writes.append(0)
        if len(n_writes) > 6:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(runs.os, "fsync", full)
    with pytest.raises(RunError, match="No space left on device; nothing that was there is changed"):
        run_to_end(config, tiny_dataset, "cut", tmp_path)
    assert not list(Path(tmp_path / "cut").rglob("*.tmp"))
    monkeypatch.setattr(runs.os, "fsync", real)
    run_to_end(config, tiny_dataset, "cut", tmp_path, resume=True)
    assert (tmp_path / "cut/weights.safetensors").read_bytes() == (tmp_path / "whole/weights.safetensors").read_bytes()


def test_kill_nine_at_any_moment_then_resume_is_bit_for_bit(tmp_path):
    """A real process is killed six times at random moments; what it ends with are the weights of one that was left alone."""
    words = ["fit", "digits-2d", "--runs", str(tmp_path), "--epochs", "40", "--no-umap", "--binarise", "--no-classifier"]
    words += ["--likelihood", "bernoulli"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    rng, began, errors, path = np.random.default_rng(11), [], tmp_path / "errors", tmp_path / "cut/run.json"
    with (
        errors.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", PARENT],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as parent,
    ):

        def start(*more: str) -> int:
            """The process that trains."""
            print(json.dumps([*words, *more]), file=parent.stdin, flush=True)
            return int(parent.stdout.readline())

        def end() -> int:
            """Its exit code, once it has one."""
            return int(parent.stdout.readline())

        for attempt in range(6):
            before = path.stat().st_mtime_ns if path.exists() else 0
            process = start("--name", "cut", *(["--resume"] if attempt else []))
            deadline = time.monotonic() + 300
            while (not path.exists() or path.stat().st_mtime_ns == before) and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(float(rng.uniform(0, 0.25)))
            os.kill(process, signal.SIGKILL)
            assert end() == -signal.SIGKILL, errors.read_text()
            began.append(json.loads(path.read_text())["epoch"])
        assert began == sorted(began)
        for more in (("--name", "cut", "--resume"), ("--name", "whole")):
            start(*more)
            assert end() == 0, errors.read_text()
        parent.stdin.close()
    for file in ("weights.safetensors", "history.csv", "film.safetensors", "encodings.safetensors"):
        assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), (file, began)


# Imports torch once, then forks: for each line a process that trains, of which it says the number, and then the exit code.
PARENT = """
import json, os, sys
import trainer.training.loop
from trainer.cli import fit, main
trainer.training.loop.CHECKPOINT_S = 0.0  # every epoch: a quick run would otherwise be over before its first checkpoint
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(main.main(json.loads(line)))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_who_stops_listening_at_the_last_event_does_not_undo_it(tmp_path):
    events = fit(FitConfig(hidden=(4,), epochs=1, umap=False), load_dataset("digits"), "whole", tmp_path)
    assert isinstance(next(event for event in events if isinstance(event, Finished)), Finished)
    events.close()
    assert load_run("whole", tmp_path).info.state == "finished"

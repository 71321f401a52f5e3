"""Is what a training shows of itself what it is, never half written, and without a trace in what it learns?"""

import threading

import numpy as np
import pytest

from trainer.config import FitConfig, checked
from trainer.errors import RunCorrupt
from trainer.runs import live as live_file
from trainer.runs.catalogue import load_run
from trainer.runs.live import read_live, write_live
from trainer.training import loop, watch
from trainer.training.events import EpochEnded, Stepped
from trainer.training.fit import fit
from trainer.training.steering import Steering

pytestmark = pytest.mark.slow

CONFIG = FitConfig(hidden=(12,), epochs=5, batch_size=17, umap=False, classifier=False, binarise=True)


@pytest.fixture
def every_step(monkeypatch):
    """Everything is told and taken at once."""
    monkeypatch.setattr(loop, "STEP_EVENTS_S", 0.0)
    for name in ("EVERY_S", "EPOCH_S", "LEAST_REST"):
        monkeypatch.setattr(watch, name, 0.0)


@pytest.mark.parametrize("changes", [{}, {"model": "autoencoder"}, {"model": "conditional-vae"}, {"context": 6}])
def test_it_is_the_model_of_that_step(tiny_dataset, tmp_path, every_step, changes):
    config = checked(CONFIG, **changes)
    path = tmp_path / "watch/live.safetensors"
    steps = []
    for event in fit(config, tiny_dataset, "r", tmp_path, steering=Steering(path)):
        if isinstance(event, Stepped):
            steps.append((event.step, read_live(path).step))
        if isinstance(event, EpochEnded):
            now = read_live(path)
            assert (now.step, now.epoch, now.history[-1]) == (4 * event.epoch, event.epoch, event.row)
            # figures of the same images with the same noise, by the history's own way
            assert now.reconstruction == pytest.approx(event.row["test_reconstruction"])
            assert now.kl == pytest.approx(event.row.get("test_kl", 0.0))
            assert (now.beta, now.learning_rate) == (event.row["beta"], event.row["learning_rate"])
    assert all(shown == step for step, shown in steps)
    run, now = load_run("r", tmp_path), read_live(path)
    assert (now.n_steps, now.config, now.class_names, now.image_shape) == (20, config, ("a", "b", "c"), (1, 6, 5))
    np.testing.assert_array_equal(now.mu, run.film.mu[-1])
    np.testing.assert_array_equal(now.label, run.film.label)
    np.testing.assert_array_equal(now.index, run.film.index)
    z, y = run.encodings.mu[:7], np.arange(7) % 3 if config.is_conditional else None
    np.testing.assert_array_equal(now.decoder.decode(z, y), run.decoder_at(-1).decode(z, y))
    assert len(now.kl_per_dim) == (0 if config.is_deterministic else 2)


def test_it_shows_the_untrained_model_before_the_first_step_and_leaves_no_trace(tiny_dataset, tmp_path, every_step):
    path = tmp_path / "live.safetensors"
    assert read_live(path) is None
    events = fit(CONFIG, tiny_dataset, "watched", tmp_path, steering=Steering(path))
    first = next(events)
    assert isinstance(first, Stepped)
    list(events)
    list(fit(CONFIG, tiny_dataset, "alone", tmp_path))
    for file in ("weights.safetensors", "history.csv", "film.safetensors", "encodings.safetensors"):
        assert (tmp_path / "watched" / file).read_bytes() == (tmp_path / "alone" / file).read_bytes(), file
    begun = fit(CONFIG, tiny_dataset, "begun", tmp_path, steering=Steering(tmp_path / "begun.safetensors"), overwrite=True)
    seen = []
    write, module = watch.write_live, watch
    module.write_live = lambda path, state: (seen.append(state.step), write(path, state))
    try:
        next(begun)
    finally:
        module.write_live = write
        begun.close()
    assert seen[:2] == [0, 1]


def test_at_most_a_tenth_of_the_time_goes_into_it(tiny_dataset, tmp_path, monkeypatch):
    """By a clock of its own, on which each state takes two seconds to write and a step one."""
    clock, taken = [0.0], []

    def slow(path, state):
        taken.append((clock[0], state.step))
        clock[0] += 2.0

    monkeypatch.setattr(watch, "write_live", slow)
    from trainer.runs.write import RunWriter
    from trainer.training.loop import Trainer
    from trainer.training.schedules import Setting
    from trainer.training.watch import Watch

    trainer = Trainer(CONFIG, tiny_dataset, RunWriter.at(tmp_path, "r"), "custom", "")
    watched = Watch(tmp_path / "x", trainer.model, tiny_dataset, trainer.snapshots, 1000, lambda: clock[0])
    for step in range(200):
        watched.after(step, step / 4, Setting(1.0, 1e-3), [], is_marked=step % 4 == 0)
        clock[0] += 1.0
    starts = [when for when, _ in taken]
    assert starts[0] == 0
    assert min(np.diff(starts)) >= 2 + 20
    watched.after(1000, 250, Setting(1.0, 1e-3), [], is_marked=True)
    assert taken[-1][1] == 1000


def test_a_reader_never_meets_half_a_file(tiny_dataset, tmp_path, every_step):
    path, read, is_over = tmp_path / "live.safetensors", [], threading.Event()

    def reader():
        while not is_over.is_set():
            found = read_live(path)
            if found is not None:
                read.append(found.step)

    thread = threading.Thread(target=reader)
    thread.start()
    try:
        list(fit(checked(CONFIG, epochs=20), tiny_dataset, "r", tmp_path, steering=Steering(path)))
    finally:
        is_over.set()
        thread.join()
    assert read == sorted(read)
    assert len(set(read)) > 5


def test_what_is_no_such_file_is_refused(tiny_dataset, tmp_path, every_step):
    path = tmp_path / "live.safetensors"
    list(fit(checked(CONFIG, epochs=1), tiny_dataset, "r", tmp_path, steering=Steering(path)))
    whole = path.read_bytes()
    for data in (whole[:-5], b"", whole.replace(b"n_steps", b"m_steps"), whole.replace(b"decoder.0.bias", b"decoder.7.bias")):
        path.write_bytes(data)
        with pytest.raises(RunCorrupt, match=r"live\.safetensors is damaged"):
            read_live(path)


def test_a_long_history_is_thinned_and_ends_with_its_last_row(tiny_dataset, tmp_path, every_step):
    path = tmp_path / "live.safetensors"
    list(fit(checked(CONFIG, epochs=1), tiny_dataset, "r", tmp_path, steering=Steering(path)))
    from dataclasses import replace

    rows = tuple({"epoch": float(i), "beta": 1.0} for i in range(3 * live_file.MOST_ROWS))
    write_live(path, replace(read_live(path), history=rows))
    kept = read_live(path).history
    assert len(kept) == live_file.MOST_ROWS
    assert (kept[0], kept[-1]) == (rows[0], rows[-1])

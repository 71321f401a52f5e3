"""Is a damaged run refused with the file's name, and is nothing read that was not written?"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from trainer.errors import ConfigError, RunCorrupt, RunError, RunNotFound
from trainer.runs import RunWriter, list_runs, load_run

FILES = ["weights.safetensors", "encodings.safetensors", "film.safetensors", "projection.safetensors", "history.csv"]


@pytest.fixture
def copy(trained, tmp_path) -> Path:
    shutil.copytree(trained, tmp_path / "runs")
    return tmp_path / "runs"


def read_all(run):
    return run.weights, run.encodings, run.film, run.projections, run.history


@pytest.mark.parametrize("file", FILES)
def test_one_flipped_byte_is_found_and_named(copy, file):
    path = copy / "tiny-2d" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(RunCorrupt, match=rf"run 'tiny-2d': {file} is damaged: its checksum differs"):
        read_all(load_run("tiny-2d", copy))


@pytest.mark.parametrize("file", [*FILES, "run.json"])
@pytest.mark.parametrize("damage", ["truncate", "empty", "remove"])
def test_missing_and_truncated_files_are_found_and_named(copy, file, damage):
    path = copy / "tiny-5d" / file
    if damage == "remove" and file == "run.json":
        pytest.skip("a folder without run.json is no run")
    match damage:
        case "truncate":
            path.write_bytes(path.read_bytes()[:-5])
        case "empty":
            path.write_bytes(b"")
        case "remove":
            path.unlink()
    with pytest.raises(RunCorrupt, match=file):
        read_all(load_run("tiny-5d", copy))


@pytest.mark.parametrize("change", ["rename", "reshape", "nan", "add"])
def test_tensors_that_are_not_of_this_network_are_refused_even_without_checksum(copy, change):
    path, info = copy / "tiny-2d/weights.safetensors", copy / "tiny-2d/run.json"
    tensors = dict(load_file(path))
    match change:
        case "rename":
            tensors["decoder.9.weight"] = tensors.pop("decoder.0.weight")
        case "reshape":
            tensors["decoder.0.weight"] = np.ascontiguousarray(tensors["decoder.0.weight"].T)
        case "nan":
            tensors["decoder.0.bias"] = tensors["decoder.0.bias"] * np.float32("nan")
        case "add":
            tensors["extra"] = np.zeros(3, np.float32)
    save_file(tensors, path)
    raw = json.loads(info.read_text())
    raw["files"] = {}
    info.write_text(json.dumps(raw))
    with pytest.raises(RunCorrupt, match=r"weights\.safetensors is damaged: tensor '"):
        _ = load_run("tiny-2d", copy).weights


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "format version 2, this program reads up to 1; update it"),
        ({"version": "x"}, "format version 'x'"),
        ({"format": "other"}, "its format is not 'latent-atlas-run'"),
        ({"config": {"latent_dim": 0}}, "config.latent_dim"),
        ({"dataset": None}, "dataset"),
    ],
)
def test_a_foreign_or_newer_run_json_is_refused(copy, changes, message):
    path = copy / "tiny-2d/run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(RunCorrupt, match=message):
        load_run("tiny-2d", copy)
    listed = list_runs(copy)
    assert isinstance(listed["tiny-2d"], RunError)
    assert listed["tiny-5d"].state == "finished"


def test_an_unknown_run_lists_those_that_are_there(trained):
    with pytest.raises(RunNotFound, match=r"no run 'mnist2'; available: tiny-2d, tiny-5d, tiny-conv \(python -m trainer list\)"):
        load_run("mnist2", trained)


@pytest.mark.parametrize("name", ["../tiny-2d", "/etc", "tiny-2d/..", "~"])
def test_a_name_never_becomes_a_path(trained, name):
    with pytest.raises(ConfigError):
        load_run(name, trained / "tiny-2d")


def test_the_first_folder_wins_and_all_are_searched(trained, copy):
    assert load_run("tiny-2d", [copy, trained]).folder.parent == copy
    shutil.rmtree(copy / "tiny-2d")
    assert load_run("tiny-2d", [copy, trained]).folder.parent == trained


def test_projections_come_back_as_they_were_written(trained):
    maps = load_run("tiny-5d", trained).projections
    assert list(maps) == ["pca", "axes"]
    for projection in maps.values():
        assert projection.points.shape == (26, 2)
        assert projection.support.shape == (64, 64)
        mu = load_run("tiny-5d", trained).encodings.mu
        np.testing.assert_allclose(projection.to_map(mu, mu), projection.points, atol=1e-5)


def test_arrays_are_read_only(trained):
    with pytest.raises(ValueError, match="read-only"):
        load_run("tiny-2d", trained).encodings.mu[0] = 0


def test_a_failed_write_leaves_the_old_file_and_no_temporary(tmp_path, monkeypatch):
    writer = RunWriter(tmp_path / "run")
    writer.write("a.txt", b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainer.runs.os.replace", full)
    with pytest.raises(RunError, match=r"cannot write .*No space left on device"):
        writer.write("a.txt", b"new")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["a.txt"]
    assert (tmp_path / "run/a.txt").read_bytes() == b"old"


def test_no_pickle_is_ever_imported_by_reading_a_run():
    for path in Path("trainer").rglob("*.py"):
        text = path.read_text()
        assert "import pickle" not in text, path
        assert "torch.load" not in text, path

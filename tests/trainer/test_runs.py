"""Is a damaged run refused with the file's name, and is nothing read that was not written?"""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from trainer.errors import ConfigError, RunCorrupt, RunError, RunNotFound
from trainer.runs.catalogue import HOME, list_runs, load_run
from trainer.runs.folder import digest
from trainer.runs.read import read_info, size_bytes
from trainer.runs.records import RunInfo
from trainer.runs.write import RunWriter

FILES = [
    "weights.safetensors",
    "encodings.safetensors",
    "film.safetensors",
    "film_weights.safetensors",
    "projection.safetensors",
    "classifier.safetensors",
    "history.csv",
    "timing.csv",
]
N_FLIPS = 60


@pytest.fixture
def copy(trained, tmp_path) -> Path:
    shutil.copytree(trained, tmp_path / "runs")
    return tmp_path / "runs"


def read_all(run):
    return run.weights, run.encodings, run.film, run.film_weights, run.projections, run.classifier, run.history, run.timing


def rewrite(path, change):
    """run.json with `change` applied and a checksum that fits, made by hand."""
    raw = json.loads(path.read_text())
    raw.pop("checksum", None)
    change(raw)
    text = json.dumps(raw, sort_keys=True, separators=(",", ":"))
    path.write_text(json.dumps({**raw, "checksum": hashlib.sha256(text.encode()).hexdigest()}))


def summed_anew(folder, name):
    """The checksum of a file that was changed on purpose."""
    total = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    rewrite(folder / "run.json", lambda raw: raw["files"].update({name: total}))


def flips(data, seed):
    """`data` with one byte changed, at many random places."""
    rng = np.random.default_rng(seed)
    for place, change in zip(rng.integers(0, len(data), N_FLIPS), rng.integers(1, 256, N_FLIPS), strict=True):
        flipped = bytearray(data)
        flipped[place] ^= change
        yield bytes(flipped)


@pytest.mark.parametrize("file", FILES)
def test_one_flipped_byte_is_found_and_named(copy, file):
    path = copy / "tiny-2d" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(RunCorrupt, match=rf"run 'tiny-2d': {file} is damaged: its checksum differs"):
        read_all(load_run("tiny-2d", copy))


@pytest.mark.parametrize("file", FILES)
def test_a_flipped_byte_anywhere_is_found_and_named(copy, file):
    path = copy / "tiny-2d" / file
    for flipped in flips(path.read_bytes(), 1):
        path.write_bytes(flipped)
        with pytest.raises(RunCorrupt, match=file):
            read_all(load_run("tiny-2d", copy))


def info_or_error(folder, data):
    """What is made of these bytes as run.json: its contents, or the sentence of a RunCorrupt; nothing else may come."""
    (folder / "run.json").write_bytes(data)
    try:
        return read_info(folder)
    except RunCorrupt as error:
        return str(error)


def test_a_flipped_byte_in_run_json_is_found_or_changes_nothing(copy):
    folder = copy / "tiny-2d"
    whole, before = (folder / "run.json").read_bytes(), read_info(folder)
    found = [info_or_error(folder, flipped) for seed in range(6) for flipped in flips(whole, seed)]
    errors = [info for info in found if info != before]  # the others: another kind of white space
    assert all("run 'tiny-2d': run.json" in error for error in errors)
    assert len(errors) > 5 * N_FLIPS


def test_every_digit_of_run_json_counts(copy):
    """A digit that becomes another leaves valid JSON: only the checksum sees it. The 17th of a number may still mean the same number."""
    folder = copy / "tiny-5d"
    whole, before = (folder / "run.json").read_bytes(), read_info(folder)
    for place, letter in enumerate(whole):
        if chr(letter).isdigit():
            other = whole[:place] + b"%d" % ((letter - ord("0") + 1) % 10) + whole[place + 1 :]
            found = info_or_error(folder, other)
            assert "run.json" in found if json.loads(other) != json.loads(whole) else found == before


def test_a_checksum_cannot_be_left_out(copy):
    path = copy / "tiny-2d/run.json"
    path.write_text(path.read_text().replace('"checksum"', '"checksun"'))
    with pytest.raises(RunCorrupt, match=r"run 'tiny-2d': run\.json is damaged: its contents differ from its checksum"):
        load_run("tiny-2d", copy)


def read_sound(writer):
    """A checkpoint as `checkpoint.unpack` takes it: what differs from its digest is refused, in `fit`'s words."""
    read, metadata = writer.read_checkpoint()
    if metadata.get("sha256") != digest(read, metadata.get("progress", "")):
        raise RunCorrupt("run 'run': checkpoint/state.safetensors does not fit this run")


def test_a_flipped_byte_of_a_checkpoint_is_found(tmp_path):
    """By the reader, or by the digest that the checkpoint carries of its arrays: names, kinds, shapes and bytes."""
    writer = RunWriter.at(tmp_path, "run")
    arrays = {"w": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.ones(2, np.float32), "step": np.float32(3)}
    writer.write_arrays("checkpoint/state.safetensors", arrays, {"progress": "{}", "sha256": digest(arrays, "{}")})
    path = tmp_path / "run/checkpoint/state.safetensors"
    whole = path.read_bytes()
    read, metadata = writer.read_checkpoint()
    assert metadata["sha256"] == digest(read, metadata["progress"])
    for seed in range(5):
        for flipped in flips(whole, seed):
            path.write_bytes(flipped)
            with pytest.raises(RunCorrupt, match=r"run 'run': checkpoint/state\.safetensors"):
                read_sound(writer)


def test_the_same_bytes_of_another_kind_or_shape_are_another_checkpoint():
    array = np.arange(6, dtype=np.float32)
    others = [array.reshape(2, 3), array.reshape(3, 2), array.view(np.int32), array.view(np.uint32)]
    assert len({digest({"w": value}, "") for value in [array, *others]}) == 5


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
    path = copy / "tiny-2d/weights.safetensors"
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
    rewrite(copy / "tiny-2d/run.json", lambda raw: raw.update(files={}))
    with pytest.raises(RunCorrupt, match=r"weights\.safetensors is damaged: tensor '"):
        _ = load_run("tiny-2d", copy).weights


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 5}, "format version 5, this program reads up to 4; update it"),
        ({"version": True}, "format version True"),
        ({"version": "x"}, "format version 'x'"),
        ({"format": "other"}, "its format is not 'latent-atlas-run'"),
        ({"config": {"latent_dim": 0}}, "config.latent_dim"),
        ({"config": {"learn_sigma": True}}, "config.learn_sigma"),
        ({"dataset": None}, "dataset"),
        ({"metrics": None}, "a finished run has metrics"),
    ],
)
def test_a_foreign_or_newer_run_json_is_refused(copy, changes, message):
    path = copy / "tiny-2d/run.json"
    rewrite(path, lambda raw: raw.update(changes))
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
        mu = load_run("tiny-5d", trained).encodings.mu
        np.testing.assert_allclose(projection.to_map(mu, mu), projection.points, atol=1e-5)


def test_arrays_are_read_only(trained):
    with pytest.raises(ValueError, match="read-only"):
        load_run("tiny-2d", trained).encodings.mu[0] = 0


@pytest.mark.parametrize(("learn_sigma", "scale"), [(True, "learned"), (False, "fixed")])
def test_version_1_is_read_as_it_was_meant(copy, learn_sigma, scale):
    """What the program of version 1 wrote: learn_sigma, none of the later fields, no checksum."""
    path = copy / "tiny-5d/run.json"
    raw = json.loads(path.read_text())
    old = ("data", "latent_dim", "network", "hidden", "activation", "likelihood", "sigma", "epochs", "batch_size", "seed", "umap")
    raw["config"] = {**{key: raw["config"][key] for key in old}, "learn_sigma": learn_sigma}
    for key in ("nll_standard_error", "ess", "squared_error", "classifier_error", "given_label"):
        raw["metrics"].pop(key)
    del raw["checksum"], raw["dataset"]["n_labelled"]
    path.write_text(json.dumps({**raw, "version": 1}))
    run = load_run("tiny-5d", copy)
    assert (run.config.scale, run.info.version, run.info.metrics.ess) == (scale, 4, None)
    assert run.info.metrics.elbo == raw["metrics"]["elbo"]
    assert all(len(part) for part in (run.weights, run.film.mu, run.projections, run.history, run.timing))
    RunWriter(run.folder).write_info(run.info)
    written = json.loads(path.read_text())
    assert (written["version"], written["config"]["scale"], "learn_sigma" in written["config"]) == (4, scale, False)
    assert read_info(run.folder).config == run.config


def test_the_shipped_runs_are_read():
    for name, info in list_runs(HOME / "assets/runs").items():
        assert isinstance(info, RunInfo), info
        run = load_run(name, HOME / "assets/runs")
        read_all(run)
        raw = json.loads((run.folder / "run.json").read_text())["config"]
        assert run.config.scale == ({True: "learned", False: "fixed"}[raw["learn_sigma"]] if "learn_sigma" in raw else raw["scale"])


def deterministic(copy, **metrics):
    """tiny-2d as an autoencoder's run: a point for every picture, no term of a bound."""
    folder = copy / "tiny-2d"
    nothing = dict.fromkeys(("elbo", "nll", "nll_n", "samples", "kl", "kl_per_dim"))

    def change(raw):
        raw["config"]["model"] = "autoencoder"
        raw["metrics"].update(nothing | metrics)

    arrays = dict(load_file(folder / "encodings.safetensors"))
    arrays["logvar"] = np.full_like(arrays["logvar"], -np.inf)
    arrays["elbo"] = np.full_like(arrays["elbo"], -np.inf)
    save_file(arrays, folder / "encodings.safetensors")
    rows = [line.split(",") for line in (folder / "history.csv").read_text().splitlines()]
    kept = [i for i, name in enumerate(rows[0]) if "kl" not in name and "elbo" not in name]
    (folder / "history.csv").write_text("\n".join(",".join(row[i] for i in kept) for row in rows) + "\n")
    rewrite(folder / "run.json", change)
    for name in ("encodings.safetensors", "history.csv"):
        summed_anew(folder, name)
    return folder


def test_a_deterministic_run_has_points_and_no_bound(copy):
    folder = deterministic(copy)
    run = load_run("tiny-2d", copy)
    assert run.info.metrics.elbo is None and run.info.metrics.kl_per_dim is None
    assert np.isneginf(run.encodings.logvar).all()
    assert not any(name.startswith("kl") for name in run.history)
    arrays = dict(load_file(folder / "encodings.safetensors"))
    for value in (0.0, np.nan, np.inf):
        arrays["logvar"][3, 1] = value
        save_file(arrays, folder / "encodings.safetensors")
        summed_anew(folder, "encodings.safetensors")
        with pytest.raises(RunCorrupt, match="a code is not a finite number"):
            _ = load_run("tiny-2d", copy).encodings


def test_a_bound_is_whole_or_not_there(copy):
    rewrite(copy / "tiny-5d/run.json", lambda raw: raw["metrics"].update(kl=None))
    with pytest.raises(RunCorrupt, match="kl is missing, the model is 'vae'"):
        load_run("tiny-5d", copy)
    deterministic(copy, elbo=-3.0)
    with pytest.raises(RunCorrupt, match="elbo is given, the model is 'autoencoder'"):
        load_run("tiny-2d", copy)


def test_a_code_without_spread_is_refused_where_there_is_a_posterior(copy):
    folder = copy / "tiny-2d"
    arrays = dict(load_file(folder / "encodings.safetensors"))
    arrays["logvar"] = np.full_like(arrays["logvar"], -np.inf)
    save_file(arrays, folder / "encodings.safetensors")
    summed_anew(folder, "encodings.safetensors")
    with pytest.raises(RunCorrupt, match="a code is not a finite number"):
        _ = load_run("tiny-2d", copy).encodings


@pytest.mark.parametrize(("file", "part"), [("encodings", "label"), ("encodings", "logvar"), ("film", "epoch"), ("film", "index")])
def test_arrays_that_do_not_belong_together_are_refused(copy, file, part):
    path = copy / f"tiny-2d/{file}.safetensors"
    arrays = dict(load_file(path))
    save_file(arrays | {part: arrays[part][1:]}, path)
    summed_anew(copy / "tiny-2d", f"{file}.safetensors")
    with pytest.raises(RunCorrupt, match=rf"{file}\.safetensors is damaged: {part} has shape"):
        read_all(load_run("tiny-2d", copy))


@pytest.mark.parametrize(
    "text", ["", "epoch\n1\n", "epoch,kl_1,kl_2\n1,2\n", "epoch,kl_1,kl_2\na,b,c\n", "epoch,kl_1\r2\n", "\n\n"]
)
def test_a_history_that_is_no_table_is_refused(copy, text):
    (copy / "tiny-2d/history.csv").write_bytes(text.encode())
    summed_anew(copy / "tiny-2d", "history.csv")
    with pytest.raises(RunCorrupt, match=r"history\.csv is damaged"):
        _ = load_run("tiny-2d", copy).history


def test_a_silent_writer_changes_nothing(copy):
    folder = copy / "tiny-2d"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    info = read_info(folder)
    writer = RunWriter.at(copy, "tiny-2d", is_silent=True)
    writer.write_info(info.model_copy(update={"epoch": 1}))
    writer.write_arrays("weights.safetensors", {"a": np.zeros(3)})
    writer.write_rows("history.csv", [{"epoch": 1.0}])
    writer.write_projections(())
    writer.drop_checkpoint()
    writer.clear()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    RunWriter.at(tmp := copy / "new", "x", is_silent=True).write("a", b"a")
    assert not tmp.exists()
    assert writer.read_checkpoint() is None


def test_clear_removes_the_files_of_the_format_and_nothing_else(copy):
    folder = copy / "tiny-2d"
    (folder / "notes.txt").write_text("mine")
    writer = RunWriter.at(copy, "tiny-2d")
    writer.write("checkpoint/state.safetensors", b"x")
    writer.clear()
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_run_in_memory_is_the_run_on_disk(trained, tiny_dataset):
    """Trained into memory://: the same bytes as in a folder, clocks aside, and the same reader."""
    from trainer.training.fit import fit

    local = load_run("tiny-2d", trained)
    for _ in fit(local.config, tiny_dataset, "tiny-2d", "memory://test-runs/deep"):
        pass
    roots = ["memory://test-runs/deep", trained]
    remote = load_run("tiny-2d", roots)
    assert str(remote.folder) == "memory://test-runs/deep/tiny-2d"
    assert remote.info.files.keys() == local.info.files.keys()
    assert {name for name, total in remote.info.files.items() if total != local.info.files[name]} == {"timing.csv"}
    np.testing.assert_array_equal(remote.encodings.mu, local.encodings.mu)
    assert list(list_runs("memory://test-runs/deep/")) == ["tiny-2d"]
    assert list(list_runs(roots)) == ["tiny-2d", "tiny-5d", "tiny-conv"]
    assert (
        size_bytes(remote.folder)
        == size_bytes("memory://test-runs/deep/tiny-2d")
        > sum((trained / "tiny-2d" / name).stat().st_size for name in FILES if name != "timing.csv")
    )
    with pytest.raises(RunNotFound, match="no run 'other'; available: tiny-2d "):
        load_run("other", "memory://test-runs/deep")
    with pytest.raises(RunError, match="already in memory://test-runs/deep; --overwrite replaces it"):
        next(fit(local.config, tiny_dataset, "tiny-2d", "memory://test-runs/deep"))
    RunWriter(remote.folder).clear()
    assert list_runs("memory://test-runs/deep") == {}
    assert size_bytes(remote.folder) == 0


def test_a_remote_run_that_was_cut_resumes_to_the_same_weights(trained, tiny_dataset, monkeypatch):
    from trainer.training.events import EpochEnded
    from trainer.training.fit import fit

    monkeypatch.setattr("trainer.training.loop.CHECKPOINT_S", 0.0)
    local, root = load_run("tiny-2d", trained), "memory://test-cut"
    events = fit(local.config, tiny_dataset, "cut", root)
    while not (isinstance(event := next(events), EpochEnded) and event.epoch == 3):
        pass
    events.close()
    with pytest.raises(
        RunError, match=r"run 'cut' is interrupted after 3 of 6 epochs; call trainer\.training\.fit\.fit again with resume=True"
    ):
        load_run("cut", root)
    for _ in fit(local.config, tiny_dataset, "cut", root, resume=True):
        pass
    assert load_run("cut", root).info.files["weights.safetensors"] == local.info.files["weights.safetensors"]
    assert RunWriter.at(root, "cut").read_checkpoint() is None


def test_a_damaged_file_in_memory_is_named(trained):
    writer = RunWriter.at("memory://test-damage", "tiny-2d")
    for path in (trained / "tiny-2d").iterdir():
        writer.write(path.name, path.read_bytes())
    read_all(load_run("tiny-2d", "memory://test-damage"))
    writer.write("film.safetensors", (trained / "tiny-5d/film.safetensors").read_bytes())
    with pytest.raises(RunCorrupt, match=r"run 'tiny-2d': film\.safetensors is damaged: its checksum differs"):
        _ = load_run("tiny-2d", "memory://test-damage").film
    (writer.folder / "film.safetensors").parent.remove("film.safetensors")
    with pytest.raises(RunCorrupt, match=r"run 'tiny-2d': film\.safetensors cannot be read"):
        _ = load_run("tiny-2d", "memory://test-damage").film


def test_the_environment_may_name_an_address(trained, monkeypatch):
    monkeypatch.setenv("LATENT_RUNS", trained.as_uri())
    assert load_run("tiny-2d").folder == trained / "tiny-2d"
    monkeypatch.setenv("LATENT_RUNS", "memory://test-env")
    writer = RunWriter.at("memory://test-env", "tiny-5d")
    for path in (trained / "tiny-5d").iterdir():
        writer.write(path.name, path.read_bytes())
    assert str(load_run("tiny-5d").folder) == "memory://test-env/tiny-5d"
    assert "digits-2d" in list_runs()


def test_names_are_checked_wherever_a_run_lies():
    with pytest.raises(ConfigError):
        RunWriter.at("memory://test-names", "../x")
    with pytest.raises(ConfigError):
        load_run("a/b", "memory://test-names")
    RunWriter.at("memory://test-names", "fine").write("run.json", b"{}")
    from trainer.runs.storage import place

    RunWriter(place("memory://test-names") / "Not Fine").write("run.json", b"{}")
    listed = list_runs("memory://test-names")
    assert "Rename the folder memory://test-names/Not Fine" in str(listed["Not Fine"])
    assert "its format is not" in str(listed["fine"])


def test_no_pickle_is_ever_imported_by_reading_a_run():
    for path in Path("trainer").rglob("*.py"):
        text = path.read_text()
        assert "import pickle" not in text, path
        calls = re.findall(r"(?<![('\"])\btorch\.load\(.*", text)
        assert all("weights_only=True" in call for call in calls), path

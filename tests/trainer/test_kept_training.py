"""Does a training that the page has kept become the run that its weights are, and is every damaged file refused in a sentence?

Second opinion: a run of the trainer's own with the same weights, whose files are packed as the page packs them.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.kept import trained_runs
from trainer import load_run
from trainer.cli.main import main
from trainer.config import FitConfig
from trainer.errors import ConfigError, RunCorrupt, RunError
from trainer.importers.kept.reading import MOST_BYTES, read_page_training
from trainer.importers.kept.write_run import import_page_training
from trainer.runs.folder import parse_arrays

CONFIG = FitConfig(hidden=(32,), epochs=3, classifier=False, umap=False, schedule="constant")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    trained_runs(folder, {"own": CONFIG})
    return load_run("own", folder)


def files_of(run) -> dict[str, bytes]:
    """As the page would keep that run after its last epoch."""
    columns = run.history
    history = [
        {name: float(column[i]) for name, column in columns.items()} | {"free_bits": 0.0, "noise": 1.0}
        for i in range(len(columns["epoch"]))
    ]
    record = {
        "format": "latent-atlas-training",
        "version": 1,
        "config": run.config.model_dump(mode="json"),
        "steps": 3 * 8,
        "steps_per_epoch": 8,
        "n_train": run.info.dataset.n_train,
        "seconds": 1.5,
        "class_names": [],
        "history": history,
    }
    return {
        "training.json": json.dumps(record).encode(),
        "weights.safetensors": (run.folder / "weights.safetensors").read_bytes(),
        "film.safetensors": save(film_of(run)),
    }


def film_of(run) -> dict[str, np.ndarray]:
    """The run's own, with places in the test split."""
    film = load((run.folder / "film.safetensors").read_bytes())
    return film | {"index": np.searchsorted(run.encodings.index, film["index"])}


def packed(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return data.getvalue()


def changed(files: dict[str, bytes], **values: object) -> dict[str, bytes]:
    """The same with other values in its record."""
    record = json.loads(files["training.json"])
    return files | {"training.json": json.dumps(record | values).encode()}


def test_it_is_the_run_that_the_same_weights_are(own, tmp_path):
    run = import_page_training(read_page_training(packed(files_of(own))), "kept", tmp_path)
    again = load_run("kept", tmp_path)
    assert again.info.state == "finished"
    np.testing.assert_array_equal(again.encodings.mu, own.encodings.mu)
    np.testing.assert_allclose(again.encodings.elbo, own.encodings.elbo, atol=1e-4)
    assert run.info.metrics is not None and own.info.metrics is not None
    assert run.info.metrics.kl == pytest.approx(own.info.metrics.kl)
    assert run.info.metrics.elbo == pytest.approx(own.info.metrics.elbo, abs=0.5)  # one draw each, of another generator
    assert again.info.examination is not None
    for name, column in own.history.items():
        np.testing.assert_array_equal(again.history[name], column)
    np.testing.assert_array_equal(again.film.mu, own.film.mu)
    np.testing.assert_array_equal(again.film.index, own.film.index)
    assert again.timing["images_per_s"][0] == pytest.approx(3 * own.info.dataset.n_train / 1.5)


def test_images_that_only_the_page_has_come_along(own, tmp_path):
    from trainer.datasets import load_dataset

    digits = load_dataset("digits")
    test = np.zeros(len(digits.images), np.uint8)
    test[digits.splits["test"]] = 1
    arrays = {"images": np.array(digits.images), "label": np.array(digits.labels), "is_test": test}
    config = own.config.model_dump(mode="json") | {"data": "own"}
    files = changed(files_of(own), config=config, class_names=list(digits.class_names)) | {"images.safetensors": save(arrays)}
    run = import_page_training(read_page_training(packed(files)), "drawn", tmp_path)
    np.testing.assert_array_equal(run.encodings.mu, own.encodings.mu)
    assert (run.info.dataset.name, run.info.dataset.is_own) == ("own:drawn", True)
    assert (run.folder / "images.safetensors").is_file()


def test_the_command_takes_it(own, tmp_path, capsys):
    file = tmp_path / "My Digits.zip"
    file.write_bytes(packed(files_of(own)))
    assert main(["import", str(file), "--runs", str(tmp_path / "runs")]) == 0
    assert "after 24 steps in the page" in capsys.readouterr().out
    assert load_run("my-digits", tmp_path / "runs").info.preset == "page"
    assert main(["import", str(file), "--runs", str(tmp_path / "runs")]) == 2
    assert "'my-digits' is already in" in capsys.readouterr().err


def weights_changed(files: dict[str, bytes], name: str, array: np.ndarray) -> dict[str, bytes]:
    return files | {"weights.safetensors": save(load(files["weights.safetensors"]) | {name: array})}


def bomb() -> bytes:
    """A megabyte that unpacks to more than a record may have."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("training.json", b" " * (MOST_BYTES["training.json"] + 1))
    return data.getvalue()


REFUSED = {
    "no zip": (lambda files: b"PK nothing", "it is damaged or not a zip"),
    "a bomb": (lambda files: bomb(), "training.json has 8388609 bytes"),
    "a path": (lambda files: packed(files | {"../../evil": b""}), "it holds '../../evil'"),
    "no weights": (lambda files: packed({k: v for k, v in files.items() if k[0] != "w"}), "weights.safetensors is missing"),
    "pickle": (lambda files: packed(files | {"weights.safetensors": b"\x80\x04."}), "not a safetensors file"),
    "another format": (lambda files: packed(changed(files, format="run")), "training.json: format"),
    "data by path": (
        lambda files: packed(changed(files, config={"data": "folder:/etc"})),
        "data is 'folder:/etc'; allowed: a built-in data set, or own",
    ),
    "a setting": (lambda files: packed(changed(files, config={"latent_dim": 0})), "config.latent_dim"),
    "NaN": (lambda files: packed(changed(files, seconds=float("nan"))), "training.json"),
    "a row": (lambda files: packed(changed(files, history=[{"epoch": 1}])), "row 0 of the history has epoch; expected"),
    "a shape": (
        lambda files: packed(weights_changed(files, "decoder.0.weight", np.zeros((3, 2), np.float32))),
        "decoder.0.weight is float32 of shape (3, 2), expected float32 of shape (32, 2)",
    ),
    "not finite": (
        lambda files: packed(weights_changed(files, "decoder.0.weight", np.full((32, 2), np.nan, np.float32))),
        "decoder.0.weight has a value that is not a finite number",
    ),
    "a stranger": (lambda files: packed(weights_changed(files, "more", np.zeros(1, np.float32))), "has 'more'"),
    "an image that is not there": (
        lambda files: packed(files | {"film.safetensors": save(load(files["film.safetensors"]) | {"index": np.arange(539) + 1})}),
        "index goes to 539, and there are 539 test images",
    ),
    "images beside a data set": (
        lambda files: packed(files | {"images.safetensors": save({"images": np.zeros((1, 1, 1, 1), np.uint8)})}),
        "images.safetensors is there, and the data set is 'digits'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_kept_training_is_refused_and_nothing_is_written(own, tmp_path, case):
    make, sentence = REFUSED[case]
    with pytest.raises(RunError) as caught:
        import_page_training(read_page_training(make(files_of(own))), "kept", tmp_path)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith("keep it again on the Train page.")
    assert not list(Path(tmp_path).rglob("run.json"))


def test_a_zip_with_another_byte_is_read_or_refused(own):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files_of(own).items():
            target.writestr(name, content)
    whole, rng = data.getvalue(), np.random.default_rng(0)
    for at in rng.integers(0, len(whole), 200):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        with contextlib.suppress(RunError):
            read_page_training(bytes(damaged))


def test_a_name_that_is_a_path_is_refused(own, tmp_path):
    with pytest.raises(ConfigError, match="run name"):
        import_page_training(read_page_training(packed(files_of(own))), "../kept", tmp_path)


def of_a_kind_that_numpy_lacks() -> bytes:
    """Two numbers of bfloat16, as the format has them (the header's length, the header, the bytes)."""
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    return len(header).to_bytes(8, "little") + header + b"\0\0\x80\x3f"


@pytest.mark.parametrize("damage", ["nothing", "cut", "pickle", "another kind of numbers"])
def test_a_file_of_arrays_that_is_none_is_said_to_be_so_in_the_same_words_as_a_runs(own, damage):
    """Of a kept training and of a run's folder, by what both are to say."""
    files = files_of(own)
    whole = files["weights.safetensors"]
    data = {
        "nothing": b"",
        "cut": whole[: len(whole) // 2],
        "pickle": b"\x80\x04.",
        "another kind of numbers": of_a_kind_that_numpy_lacks(),
    }[damage]
    with pytest.raises(RunError, match=r"weights\.safetensors is truncated or not a safetensors file"):
        read_page_training(packed(files | {"weights.safetensors": data}))
    with pytest.raises(RunCorrupt, match=r"weights\.safetensors is damaged: it is truncated or not a safetensors file"):
        parse_arrays(data, "own", "weights.safetensors")
    for arrays in (read_page_training(packed(files)).weights, parse_arrays(whole, "own", "weights.safetensors")):
        with pytest.raises(ValueError, match="read-only"):
            next(iter(arrays.values()))[...] = 0

"""Do runs of people's own data train, keep their test images, open in every view, and claim nothing that they cannot carry?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.app.pages import NAMES as VIEWS
from tests.explorer import shown as page
from tests.explorer.shown import faultless, words
from tests.field.cases import CASES, copied, needs_cases
from trainer.cli.main import main
from trainer.datasets import load_dataset
from trainer.errors import RunCorrupt
from trainer.runs import image_packing as packed
from trainer.runs.catalogue import load_run
from trainer.runs.folder import IMAGES

pytestmark = pytest.mark.slow

QUICK = ["--epochs", "2", "--hidden", "8", "--no-classifier", "--overwrite"]
LOOKS = ["information", "prior", "traversals", "before training", "mend"]


def fit(name: str, data: Path | str, runs: Path, *more: str) -> int:
    return main(["fit", "digits-2d", "--name", name, "--data", str(data), "--runs", str(runs), *QUICK, "--no-umap", *more])


@pytest.fixture
def shown(fresh_app: Path) -> Path:
    """The folder of runs that the app shows."""
    return fresh_app


def app(run: str, view: str) -> AppTest:
    return faultless(page.app(run=run, view=view).run())


# --- test images in a run


@pytest.mark.parametrize("shape", [(7, 1, 5, 6), (3, 3, 4, 4), (600, 3, 32, 32), (2, 2, 3, 5)])
def test_packed_images_come_back_as_they_were(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    arrays = packed.pack(images)
    back = packed.unpack(arrays, shape[0], shape[1:])  # type: ignore[arg-type]
    assert back.is_whole
    assert (back.images == images).all()


def test_of_very_many_images_some_are_kept_evenly_and_it_is_known_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_IMAGES", 10)
    images = np.arange(35, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 2), np.uint8)
    back = packed.unpack(packed.pack(images), 35, (1, 2, 2))
    assert not back.is_whole
    assert back.rows.tolist() == [0, 3, 7, 10, 14, 17, 21, 24, 28, 31]
    for row in range(35):
        picture = back.of_row(row)
        assert (picture is None) == (row not in back.rows)
        assert picture is None or (picture == row).all()


def _png(size: tuple[int, int]) -> NDArray[np.uint8]:
    import io

    out = io.BytesIO()
    Image.new("L", size).save(out, format="PNG")
    return np.frombuffer(out.getvalue(), np.uint8)


@pytest.mark.parametrize(
    "damage",
    [
        {"rows": np.array([0, 0])},
        {"rows": np.array([0, 99])},
        {"rows": np.array([-1, 0])},
        {"rows": np.empty(0, np.int64)},
        {"rows": np.array([0.0, 1.0])},
        {"sheet_0": np.zeros(9, np.uint8)},
        {"sheet_0": _png((5000, 5000))},
        {"sheet_0": _png((4, 7))},
    ],
)
def test_damaged_images_are_refused_before_they_are_decoded(damage: dict[str, NDArray[np.generic]]) -> None:
    arrays = packed.pack(np.zeros((2, 1, 4, 4), np.uint8))
    with pytest.raises(ValueError, match=r"expected|sheet"):
        packed.unpack({**arrays, **damage}, 2, (1, 4, 4))


# --- D5


@needs_cases
def test_d5_originals_are_shown_also_when_the_folder_is_gone(tmp_path: Path, shown: Path) -> None:
    folder = copied("a12_tiny/12", tmp_path)
    assert fit("own", folder, shown) == 0
    expected = load_dataset(str(folder)).subset("test").images
    shutil.rmtree(folder)
    run = load_run("own", shown)
    assert run.images is not None
    assert (run.images == expected).all()
    test = app("own", "reconstruct")
    assert not test.info
    assert "reconstruction instead" not in words(test)
    assert "is not on this machine" not in words(app("own", "atlas"))


@needs_cases
@pytest.mark.parametrize("case", ["b7_relative/own.npz", "b3_npy/images.npy"])
def test_d5_arrays_keep_their_test_images_too(case: str, tmp_path: Path) -> None:
    assert fit("own", CASES / case, tmp_path / "runs") == 0
    run = load_run("own", tmp_path / "runs")
    assert run.images is not None
    assert (run.images == load_dataset(str(CASES / case)).images[run.encodings.index]).all()


@needs_cases
def test_d5_where_fewer_are_kept_the_app_says_so(tmp_path: Path, shown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_IMAGES", 2)
    assert fit("own", CASES / "a12_tiny" / "12", shown) == 0
    test = app("own", "reconstruct")
    assert not test.info
    row = next(number for number in test.number_input if number.key == "reconstruct-row")
    row.set_value(1).run()
    assert "This run keeps 2 of its 4 test images, and this is none of them" in words(test)


@needs_cases
def test_a_run_without_its_images_says_why(tmp_path: Path, shown: Path) -> None:
    """As runs of before were: the file is left out, run.json written anew."""
    from trainer.runs.write import RunWriter

    assert fit("own", CASES / "a12_tiny" / "12", shown) == 0
    (shown / "own" / IMAGES).unlink()
    RunWriter.at(shown, "own").write_info(load_run("own", shown).info)
    assert "This run does not hold its test images" in words(app("own", "reconstruct"))


@needs_cases
def test_damaged_images_are_a_sentence(tmp_path: Path) -> None:
    assert fit("own", CASES / "a12_tiny" / "12", tmp_path / "runs") == 0
    path = tmp_path / "runs" / "own" / IMAGES
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RunCorrupt, match=r"images\.safetensors is damaged"):
        _ = load_run("own", tmp_path / "runs").images


# --- names and notes in run.json


@needs_cases
def test_d6_every_command_finds_a_relative_data_set_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(copied("b7_relative", tmp_path))
    for i, name in enumerate(("own.npz", "npz:own.npz", "../b7_relative/own.npz?held-out=0.3")):
        assert fit(f"own{i}", name, tmp_path / "runs") == 0
    monkeypatch.chdir(tmp_path)
    for i in range(3):
        assert main(["evaluate", f"own{i}", "--runs", str(tmp_path / "runs"), "--samples", "3"]) == 0
        assert load_run(f"own{i}", tmp_path / "runs").config.data.startswith(f"npz:{tmp_path / 'b7_relative' / 'own.npz'}")
    assert "Traceback" not in capsys.readouterr().err


@needs_cases
def test_what_was_assumed_is_printed_kept_and_shown(tmp_path: Path, shown: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit("deep", CASES / "a5_deep" / "twelve", shown) == 0
    note = "pictures of more than 8 bits, pixels from 321 to 3693: 4095 was taken as white, in all of them"
    assert note in capsys.readouterr().err
    assert note in json.loads((shown / "deep" / "run.json").read_text())["dataset"]["notes"]
    for view in VIEWS:
        test = app("deep", view)
        if view in ("train", "lessons"):  # they show no run of before
            continue
        test.button(key="about-0" if view == "compare" else "about-run").click()
        assert note in words(faultless(test.run()), ("markdown",)), view


@needs_cases
def test_held_out_is_chosen_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit("half", CASES / "b7_relative" / "own.npz", tmp_path, "--held-out", "0.5") == 0
    info = load_run("half", tmp_path).info
    assert (info.dataset.n_test, info.dataset.n_train) == (30, 15)
    assert "30 held out as test images (50\u00a0%)" in capsys.readouterr().err
    assert fit("mnist", "digits", tmp_path, "--held-out", "0.5") == 2
    assert "whose split is fixed" in capsys.readouterr().err


@needs_cases
def test_a_run_is_not_judged_on_another_division(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = copied("a12_tiny/12", tmp_path)
    assert fit("own", folder, tmp_path / "runs") == 0
    shutil.copy(folder / "0.png", folder / "another.png")
    assert main(["evaluate", "own", "--runs", str(tmp_path / "runs")]) == 2
    err = capsys.readouterr().err
    assert "is not the one that run 'own' was trained on: its files have changed" in err


# --- labels


@needs_cases
def test_m2_learns_from_unlabelled_images_and_is_judged_on_labelled_ones(tmp_path: Path, shown: Path) -> None:
    assert fit("m2", CASES / "b5_labels" / "minus_one.npz", shown, "--model", "m2", "--labelled", "8") == 0
    run = load_run("m2", shown)
    dataset = load_dataset(str(CASES / "b5_labels" / "minus_one.npz"))
    test = dataset.subset("test")
    assert test.labels is not None
    guesses = run.forward.label_of(test.images.astype(np.float32) / 255)
    known = test.labels >= 0
    assert 0 < known.sum() < len(known)
    assert run.info.metrics is not None
    assert run.info.metrics.classifier_error == pytest.approx(float((guesses != test.labels)[known].mean()))
    assert run.told is not None
    assert run.told.tolist() == np.where(known, test.labels, guesses).tolist()
    for view in VIEWS:
        app("m2", view)


@needs_cases
def test_a_model_that_is_told_every_class_says_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit("c", CASES / "b5_labels" / "minus_one.npz", tmp_path, "--model", "conditional-vae") == 2
    assert "12 of 60 have no label; allowed: one for each image; label them, or choose --model m2" in capsys.readouterr().err


# --- tiny and blank sets


TINY = [
    ("a12_tiny/3", 2),
    ("a12_tiny/3", 4),
    ("a12_tiny/4", 4),
    ("a12_tiny/9", 2),
    ("a14_blank/white", 4),
    ("a14_blank/same", 4),
    ("a13_singletons/photos", 4),
]


@needs_cases
@pytest.mark.parametrize(("case", "latent_dim"), TINY)
def test_d1_tiny_sets_train_and_are_examined(
    case: str, latent_dim: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words_ = [
        "fit",
        "digits-2d",
        "--name",
        "tiny",
        "--data",
        str(CASES / case),
        "--runs",
        str(tmp_path),
        "--epochs",
        "2",
        "--hidden",
        "8",
    ]
    assert main([*words_, "--latent-dim", str(latent_dim)]) == 0  # with UMAP and a classifier of pictures
    for command in (["evaluate", "tiny", "--samples", "5"], ["examine", "tiny"], ["maps", "tiny"]):
        assert main([*command, "--runs", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    n_test = load_run("tiny", tmp_path).info.dataset.n_test
    assert n_test < 30
    assert f"too few test images ({n_test}" in said.out.lower()


@needs_cases
@pytest.mark.parametrize("case", ["a12_tiny/3", "a14_blank/white"])
def test_d1_tiny_sets_open_in_every_view(case: str, shown: Path) -> None:
    assert fit("tiny", CASES / case, shown, "--latent-dim", "3") == 0
    for view in VIEWS:
        test = app("tiny", view)
    test = app("tiny", "dimensions")
    for look in LOOKS:
        next(group for group in test.get("button_group") if group.key == "look").set_value(look)
        test.run()
        assert not test.exception, (look, test.exception)
        assert not test.error

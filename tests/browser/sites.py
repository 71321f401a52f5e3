"""A web site without a server: how is it written for a test, and served as a static host does, with its bytes counted?"""

from __future__ import annotations

import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from explorer.hosts.cli import main

LESSONS = ("08-dimensions-that-die", "07-watch-it-learn")


def written(folder: Path) -> Path:
    """A site of two runs and two lessons, as the command line writes it."""
    site = folder / "site"
    assert main(["site", str(site), "--lessons", *LESSONS, "--runs", "digits-2d", "mnist-2d", "mnist-20d"]) == 0
    return site


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files as they are; every answer's file is noted."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(urlsplit(self.path).path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is its own."""


@contextmanager
def static_host(site: Path) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the paths that were asked for."""
    asked: list[str] = []
    kind = type("Noting", (Handler,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(kind, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            server.shutdown()
            thread.join()


def sizes(site: Path, paths: list[str]) -> tuple[int, int]:
    """Bytes of those files as they are on disk, and as a host sends them that compresses with gzip."""
    files = [site / (path.lstrip("/") or "index.html") for path in dict.fromkeys(paths) if path != "/favicon.ico"]
    data = [file.read_bytes() for file in files]
    return sum(map(len, data)), sum(len(gzip.compress(one, 6)) for one in data)

"""What can be typed after `atlas`, and after `python -m explorer`?

app and export are of this file; `atlas` has the commands of `trainer.cli.main` too. A mistake is one sentence on stderr and exit code 2.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from trainer.cli.arguments import RunName, RunsToRead, parse
from trainer.cli.main import GROUPS as TRAINER_GROUPS
from trainer.console import Command, program, run_one
from trainer.errors import LatentError
from trainer.runs.catalogue import HOME, load_run
from trainer.runs.storage import place

MOST_PORT = 65_535


@dataclass(frozen=True)
class AppOptions:
    """Start the app and say its address; Ctrl-C ends it. It shows your runs and the ones that ship with the program."""

    port: int = 8501
    """port that it listens on, 1 to 65535"""
    address: str = "127.0.0.1"
    """address that it listens on; with 0.0.0.0 everybody on the network sees it, there is no password"""


@dataclass(frozen=True)
class ExportOptions:
    """A run as one HTML file: map, decoder, pins, paths and a drawing pad, from disk, without network or server."""

    run: RunName
    """name of the run"""
    html: Annotated[str, arg(metavar="FILE")]
    """the file to be written"""
    runs: RunsToRead = None
    """folder of runs (default: yours, then those of the checkout and the shipped ones)"""
    overwrite: bool = False
    """replace the file if it is there"""


def main(argv: Sequence[str]) -> int:
    """`python -m explorer`: runs one command; returns the exit code: 0, 2 for a mistake, 130 for Ctrl-C."""
    return run_one(argv, {"look at runs": LOOK})


def atlas_main(argv: Sequence[str]) -> int:
    """`atlas`: the commands of this file and those of the trainer."""
    return run_one(argv, {"look at runs": LOOK, **TRAINER_GROUPS})


# --- app


def _app(argv: list[str]) -> None:
    options = parse(AppOptions, argv, f"{program()} app")
    if not 1 <= options.port <= MOST_PORT:
        raise LatentError(f"--port is {options.port}; allowed: 1 to {MOST_PORT}.")
    door = HOME / "app.py"
    if not door.is_file():
        raise LatentError(f"the app's own files are not beside {HOME / 'explorer'}; install it from its checkout: pip install -e .")
    _check_free(options.address, options.port)
    from streamlit.web.cli import main as streamlit  # half a second

    # its settings lie beside app.py, where Streamlit finds them from every folder
    words = ["run", str(door), "--server.port", str(options.port), "--server.address", options.address]
    streamlit(words, prog_name="streamlit", standalone_mode=False)


def _check_free(address: str, port: int) -> None:
    """Raises `LatentError` where nothing can listen there."""
    where = f"port {port} of {address}"
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError):
        raise LatentError(f"--address is {address!r}; allowed: an address of this machine, such as 127.0.0.1 or 0.0.0.0.") from None
    with socket.socket(family, kind, protocol) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(target)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise LatentError(f"{where} is in use, perhaps by this app already; --port chooses another.") from None
            if error.errno == errno.EACCES:
                raise LatentError(f"{where} is not yours to use; --port chooses another, 1024 or above.") from None
            raise LatentError(f"{where} cannot be listened on ({error.strerror}); --address chooses one of this machine.") from None


# --- export


def _export(argv: list[str]) -> None:
    options = parse(ExportOptions, argv, f"{program()} export")
    target = Path(options.html).expanduser()
    if options.runs is not None and isinstance(root := place(options.runs), Path) and not root.is_dir():
        raise LatentError(f"--runs is {options.runs!r}; allowed: a folder that is there, or an address such as s3://bucket/runs.")
    from explorer.hosts.html_file import html_page, write_page

    run = load_run(options.run, options.runs)
    size = write_page(target, lambda: html_page(run), options.overwrite)
    print(f"{target}: run {run.id}, {size / 1e6:.1f} MB; open it in any browser, no network is needed.")


LOOK = {
    "app": Command(_app, "start the app, on http://127.0.0.1:8501", "", "--port 8600"),
    "export": Command(_export, "a run as one web page that needs no network", "RUN --html FILE", "mnist-2d --html mnist-2d.html"),
}

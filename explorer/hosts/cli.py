"""What can be typed after `atlas`, and after `python -m explorer`?

app, export and film are of this file; lesson, serve and site of a file each. `atlas` has the commands of
`trainer.cli.main` too. A mistake is one sentence on stderr and exit code 2; of a lesson it is a line for each problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

from tyro.conf import Positional, arg

from explorer.hosts.listening import check_free, check_port
from trainer.cli.arguments import RunName, RunsToRead, parse
from trainer.cli.main import GROUPS as TRAINER_GROUPS
from trainer.console import Command, program, run_one
from trainer.errors import LatentError
from trainer.runs.catalogue import HOME, load_run
from trainer.runs.storage import place

FileToWrite = Annotated[str | None, arg(metavar="FILE", help_behavior_hint="")]


@dataclass(frozen=True)
class AppOptions:
    """Start the app and print its address; Ctrl-C ends it. It shows your runs and the ones that ship with the program."""

    port: int = 8501
    """port that it listens on, 1 to 65535"""
    address: str = "127.0.0.1"
    """address that it listens on; with 0.0.0.0 everybody on the network can open it without a word; serve asks for one"""


@dataclass(frozen=True)
class ExportOptions:
    """A run as one HTML file with map, decoder, pins, paths and a drawing pad, from disk, without network or server; or its decoder as a
    program of PyTorch or numpy that needs only the run's weights.safetensors."""

    run: RunName
    """name of the run"""
    html: FileToWrite = None
    """the web page to be written"""
    film: bool = True
    """with the film of the training in the web page, where the run has one; it adds 0.4 to 7 MB"""
    torch: FileToWrite = None
    """the program for PyTorch to be written"""
    numpy: FileToWrite = None
    """the program for numpy to be written"""
    runs: RunsToRead = None
    """folder of runs (default: your own, then those of the checkout and the shipped ones)"""
    overwrite: bool = False
    """replace a file that is there"""


@dataclass(frozen=True)
class FilmOptions:
    """The film of a run's training as a file: the codes of test images on a map from moment to moment, its axes, the epoch, and the KL of
    every dimension."""

    run: RunName
    """name of the run"""
    file: Positional[Annotated[str, arg(metavar="FILE")]]
    """the film to be written: a name that ends in .gif, .webp or .mp4"""
    map: Annotated[str | None, arg(metavar="MAP", help_behavior_hint="")] = None
    """map that it is seen on (default: the latent plane, or the main axes)"""
    runs: RunsToRead = None
    """folder of runs (default: your own, then those of the checkout and the shipped ones)"""
    overwrite: bool = False
    """replace a file that is there"""


def main(argv: Sequence[str]) -> int:
    """`python -m explorer`: runs one command; returns the exit code: 0, 2 for a mistake, 130 for Ctrl-C."""
    return run_one(argv, {"look at runs": LOOK})


def atlas_main(argv: Sequence[str]) -> int:
    """`atlas`: the commands of this file and those of the trainer."""
    return run_one(argv, {"look at runs": LOOK, **TRAINER_GROUPS})


# --- app


def _app(argv: list[str]) -> None:
    options = parse(AppOptions, argv, f"{program()} app")
    check_port(options.port)
    door = HOME / "app.py"
    if not door.is_file():
        raise LatentError(f"the app's own files are not beside {HOME / 'explorer'}; install it from its checkout: pip install -e .")
    check_free(options.address, options.port)
    from streamlit.web.cli import main as streamlit  # half a second

    # its settings lie beside app.py, where Streamlit finds them from every folder
    words = ["run", str(door), "--server.port", str(options.port), "--server.address", options.address]
    streamlit(words, prog_name="streamlit", standalone_mode=False)


# --- export


def _export(argv: list[str]) -> None:
    options = parse(ExportOptions, argv, f"{program()} export")
    if options.html is options.torch is options.numpy is None:
        raise LatentError("no file to write was named; allowed: --html FILE, --torch FILE, --numpy FILE.")
    if options.runs is not None and isinstance(root := place(options.runs), Path) and not root.is_dir():
        raise LatentError(f"--runs is {options.runs!r}; allowed: a folder that is there, or an address such as s3://bucket/runs.")
    from explorer.hosts.html_file import html_page, write_page
    from trainer.exporting import DIALECTS, decoder_of
    from trainer.exporting import program as program_text

    run = load_run(options.run, options.runs)
    if options.html is not None:
        target = Path(options.html).expanduser()
        size = write_page(target, lambda: html_page(run, film=options.film), options.overwrite)
        print(f"{target}: run {run.id}, {size / 1e6:.1f} MB; open it in any browser, no network is needed.")
    for dialect, file in zip(DIALECTS, (options.torch, options.numpy), strict=True):
        if file is not None:
            decoder = decoder_of(run, is_here=True)
            write_page(Path(file).expanduser(), program_text(decoder, dialect).encode, options.overwrite)
            print(f"{file}: decodes a code with run {run.id}; it reads {decoder.file} and needs {dialect} and safetensors.")


# --- film


def _film(argv: list[str]) -> None:
    options = parse(FilmOptions, argv, f"{program()} film")
    target = Path(options.file).expanduser()
    from explorer.hosts.html_file import write_page
    from explorer.pictures.export import Film
    from explorer.surface.film_file import film_file, map_for_film

    kind = next((kind for kind in get_args(Film) if target.suffix.lower() == f".{kind}"), None)
    if kind is None:
        endings = ", ".join(f".{kind}" for kind in get_args(Film))
        raise LatentError(f"FILE is {options.file!r}; allowed: a name that ends in {endings}.")
    run = load_run(options.run, options.runs)
    projection = map_for_film(run, options.map)
    size = write_page(target, lambda: film_file(run, projection, kind), options.overwrite)
    print(f"{target}: the training of run {run.id}, {size / 1e6:.1f} MB.")


# --- lesson


def _lesson(argv: list[str]) -> None:
    from explorer.hosts.lesson_command import lesson_command

    lesson_command(argv)


# --- serve


def _serve(argv: list[str]) -> None:
    from explorer.hosts.serve_command import serve

    serve(argv)


# --- site


def _site(argv: list[str]) -> None:
    from explorer.hosts.site_command import site_command

    site_command(argv)


LOOK = {
    "app": Command(_app, "start the app, on http://127.0.0.1:8501", "", "--port 8600"),
    "export": Command(
        _export,
        "a run as one web page that needs no network, or its decoder as a program",
        "RUN --html FILE",
        "mnist-2d --html mnist-2d.html",
    ),
    "film": Command(_film, "a run's training as a film of its map", "RUN FILE", "mnist-20d mnist-20d.gif"),
    "serve": Command(_serve, "open the app to a room, behind a word, with a QR code", "", "--address 0.0.0.0"),
    "site": Command(_site, "lessons and runs as a web site without a server", "OUT", "public --runs mnist-2d digits-2d"),
    "lesson": Command(_lesson, "whether a lesson, a Markdown file, is sound", "check FILE", "check my-lesson.md"),
}

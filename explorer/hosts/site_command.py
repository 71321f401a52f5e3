"""`atlas site OUT`: lessons and runs as a web site without a server, a folder of static files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from explorer.hosts.site.build import Chosen, runs_in, site_files
from explorer.hosts.site.folder import check_folder, write_folder
from explorer.lessons.files import lesson_files
from explorer.lessons.parse import MOST_BYTES, read_lesson
from explorer.lessons.records import Lesson
from trainer.cli.arguments import parse
from trainer.console import meant, program
from trainer.errors import LatentError
from trainer.runs.catalogue import HOME, list_runs, load_run
from trainer.runs.records import RunInfo

Names = Annotated[tuple[str, ...] | None, arg(metavar="NAME...", help_behavior_hint="")]


@dataclass(frozen=True)
class SiteOptions:
    """Lessons and runs as a web site: a folder of files that any static host serves, and that opens from disk too. It asks nothing of any
    other host, and what was seen works without a network."""

    out: Positional[Annotated[str, arg(metavar="OUT")]]
    """the folder to be written: a new one or an empty one"""
    lessons: Names = None
    """names of lessons (default: all that ship, and those in $LATENT_LESSONS)"""
    runs: Names = None
    """names of runs (default: the main ones that ship); those that the lessons show come along"""
    overwrite: bool = False
    """replace a site that is there"""


def site_command(argv: list[str]) -> None:
    """The command. Raises `LatentError`."""
    options = parse(SiteOptions, argv, f"{program()} site")
    target = Path(options.out).expanduser().absolute()
    check_folder(target, options.overwrite)
    known = {name: info for name, info in list_runs().items() if isinstance(info, RunInfo) and info.metrics is not None}
    chosen = Chosen(_lessons(options.lessons), _runs(options.runs), known)
    size = write_folder(target, lambda: site_files(chosen), options.overwrite)
    told = f"{_some(len(chosen.lessons), 'lesson')}, {_some(len(runs_in(chosen)), 'run')}, {size / 1e6:.1f} MB"
    print(f"{target}: {told}; open {target / 'index.html'}.")


def _some(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _runs(asked: tuple[str, ...] | None) -> tuple[str, ...]:
    """Every asked run; of the main ones that ship all that open. Raises `LatentError` for one that is not here."""
    if asked is None:
        shipped = list_runs(HOME / "assets" / "runs")
        return tuple(name for name, info in shipped.items() if isinstance(info, RunInfo) and info.metrics is not None)
    for name in asked:
        load_run(name)  # says what is wrong with it
    return tuple(dict.fromkeys(asked))


# --- lessons


def _lessons(asked: tuple[str, ...] | None) -> dict[str, Lesson]:
    """By their names, in the order of the names. Raises `LatentError` for one that is not here, or is faulty."""
    paths = lesson_files()
    names: Iterable[str] = sorted(paths) if asked is None else dict.fromkeys(asked)
    return {name: _read(name, paths) for name in names}


def _read(name: str, paths: Mapping[str, Path]) -> Lesson:
    if name not in paths:
        there = ", ".join(sorted(paths)) or "none"
        raise LatentError(f"no lesson {name[:60]!r}{meant(name, paths)}; available: {there}.")
    try:
        with paths[name].open("rb") as opened:
            return read_lesson(opened.read(MOST_BYTES + 1), paths[name].name)
    except OSError as error:
        raise LatentError(f"the lesson {name!r} cannot be read ({error.strerror or 'not a file'}); leave it out.") from None

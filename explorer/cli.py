"""What can be typed after `python -m explorer`?

export. A mistake is one sentence on stderr and exit code 2, as with `python -m trainer`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from explorer.export_html import html_page, write_page
from trainer.arguments import parse
from trainer.errors import LatentError
from trainer.runs import load_run
from trainer.store import place

PROG = "python -m explorer"
USAGE = f"""usage: {PROG} COMMAND …

  export RUN --html FILE   a run as one web page that needs no network   {PROG} export mnist-2d --html mnist-2d.html

{PROG} export --help says more; the app itself: streamlit run app.py."""


@dataclass(frozen=True)
class ExportOptions:
    """A run as one HTML file: map, decoder, pins, paths and a drawing pad, from disk, without network or server."""

    run: Positional[str]
    """name of the run"""
    html: str
    """the file to be written"""
    runs: str | None = None
    """folder of runs (default: runs/, then the pretrained ones)"""
    overwrite: bool = False
    """replace the file if it is there"""


def main(argv: Sequence[str]) -> int:
    """Runs one command; returns the exit code: 0, 2 for a mistake, 130 for Ctrl-C."""
    try:
        if not argv or argv[0] in ("-h", "--help"):
            print(USAGE)
            return 0 if argv else 2
        if argv[0] != "export":
            raise LatentError(f"unknown command {argv[0]!r}; allowed: export ({PROG} --help).")
        _export(list(argv[1:]))
        return 0
    except LatentError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _export(argv: list[str]) -> None:
    options = parse(ExportOptions, argv, f"{PROG} export")
    target = Path(options.html).expanduser()
    if options.runs is not None and isinstance(root := place(options.runs), Path) and not root.is_dir():
        raise LatentError(f"--runs is {options.runs!r}; allowed: a folder that is there, or an address such as s3://bucket/runs.")
    run = load_run(options.run, options.runs)
    size = write_page(target, lambda: html_page(run), options.overwrite)
    print(f"{target}: run {run.id}, {size / 1e6:.1f} MB; open it in any browser, no network is needed.")

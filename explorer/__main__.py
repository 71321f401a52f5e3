"""`python -m explorer`."""

import sys

from trainer.console import Main, enter


def _load() -> Main:
    from explorer.hosts.cli import main

    return main


sys.exit(enter(_load, sys.argv[1:], "python -m explorer"))

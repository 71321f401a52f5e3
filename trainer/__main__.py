"""`python -m trainer`."""

import sys

from trainer.console import MODULE_NAME, Main, enter


def _load() -> Main:
    from trainer.cli import main

    return main


sys.exit(enter(_load, sys.argv[1:], MODULE_NAME))

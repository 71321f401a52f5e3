"""`python -m trainer`."""

import sys

if not sys.flags.safe_path:
    # `python -m` looks first into the folder that one is in: a stray random.py or queue.py there would stand for Python's own
    sys.path.append(sys.path.pop(0))

from trainer.console import MODULE_NAME, Main, enter


def _load() -> Main:
    from trainer.cli.main import main

    return main


sys.exit(enter(_load, sys.argv[1:], MODULE_NAME))

"""The console command `atlas`: where does it begin?"""

from __future__ import annotations

import sys

from trainer.console import Main, enter


def atlas() -> int:
    """What the installed script calls."""
    return enter(_load, sys.argv[1:], "atlas")


def _load() -> Main:
    from explorer.hosts.cli import atlas_main

    return atlas_main


if __name__ == "__main__":
    sys.exit(atlas())

"""`bench`: how fast does this machine train, against the usual loop?"""

from __future__ import annotations

import json
from dataclasses import dataclass

from trainer.cli.arguments import AtMost, between, parse
from trainer.console import program


@dataclass(frozen=True)
class BenchOptions:
    """One epoch of this trainer against the loop of pytorch/examples: same model, batch size and data, one process."""

    epochs: int = 3
    """epochs of each"""
    images: AtMost = None
    """use only the first N training images (default: all)"""
    data: str = "mnist"
    """data set"""
    json: bool = False
    """one JSON object on stdout"""


def bench_command(argv: list[str]) -> None:
    options = parse(BenchOptions, argv, f"{program()} bench")
    between("--epochs", options.epochs)
    if options.images is not None:
        between("--images", options.images)
    from trainer.cli.benchmark.comparison import compare

    result = compare(options.data, options.epochs, options.images, quiet=options.json)
    print(json.dumps(result.record()) if options.json else result.table())

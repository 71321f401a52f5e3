"""`list`: which presets, data sets and runs are there?"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from trainer.cli.arguments import RunsToRead, parse
from trainer.cli.import_ import run_line
from trainer.console import program
from trainer.presets import PRESET_NOTES, PRESETS
from trainer.runs.catalogue import default_roots, list_runs, shipped_names, shipped_roots
from trainer.runs.folder import RUN_JSON
from trainer.runs.records import RunInfo
from trainer.runs.storage import store_of


@dataclass(frozen=True)
class ListOptions:
    """Presets, data sets (and whether each is on this machine), runs."""

    runs: RunsToRead = None
    """folder of runs (default: your own, then those of the checkout and the shipped ones)"""
    json: bool = False
    """one JSON object on stdout"""


def list_command(argv: list[str]) -> None:
    options = parse(ListOptions, argv, f"{program()} list")
    from trainer.datasets import availability, dataset_names

    places = [availability(name) for name in dataset_names()]
    runs = list_runs(options.runs)
    if options.json:
        print(
            json.dumps(
                {
                    "presets": {name: {"note": PRESET_NOTES[name], **config.model_dump()} for name, config in PRESETS.items()},
                    "datasets": [asdict(place) for place in places],
                    "runs": {
                        name: info.model_dump(exclude={"files"}) if isinstance(info, RunInfo) else {"error": str(info)}
                        for name, info in runs.items()
                    },
                },
                default=str,
            )
        )
        return
    print_presets()
    print("data sets:")
    for where in places:
        print(f"  {where.name:<14} {'here' if where.is_here else 'to be downloaded':<17} {where.description}; {where.licence}")
    hiding = {} if options.runs else _hiding_shipped()
    print("\nruns:" if runs else "\nruns: none yet")
    for name, info in runs.items():
        print(f"  {name:<22} {run_line(info)}{hiding.get(name, '')}")


def print_presets() -> None:
    print("presets:")
    for name, note in PRESET_NOTES.items():
        print(f"  {name:<22} {note}")
    print()


def _hiding_shipped() -> dict[str, str]:
    """Of runs that have had the name of a shipped one since before names were kept apart: what to do to see both."""
    shipped, others = shipped_names(), [root for root in default_roots() if root not in shipped_roots()]
    return {
        name: f"; hides the run of this name that comes with the program: rename {root / name} to see both"
        for root in reversed(others)
        for name in store_of(root).list()
        if name in shipped and (root / name / RUN_JSON).is_file()
    }

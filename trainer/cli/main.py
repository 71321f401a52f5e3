"""What can be typed after `atlas` or `python -m trainer`?

fit, import, check, evaluate, maps, classifier, examine, list, bench, each a file here; `atlas` adds what shows runs (`explorer.hosts.cli`).
A mistake is one sentence on stderr and exit code 2; Ctrl-C ends with 130 and a run that resumes.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainer.cli.bench import bench_command
from trainer.cli.classifier import classifier_command
from trainer.cli.evaluate import evaluate_command
from trainer.cli.examine import examine_command
from trainer.cli.fit import fit_command
from trainer.cli.import_ import check_command, import_command
from trainer.cli.import_kept import import_kept_command
from trainer.cli.list import list_command
from trainer.cli.maps import maps_command
from trainer.console import Command, program, run_one


def _import(argv: list[str]) -> None:
    """A model by --module, or the zip of a training of the page."""
    is_file = bool(argv) and not argv[0].startswith("-")
    (import_kept_command if is_file else import_command)(argv, program())


GROUPS: dict[str, dict[str, Command]] = {
    "train": {
        "fit": Command(
            fit_command,
            "train a model: a preset, or your own images, whose settings are chosen",
            "PRESET|PATH",
            "digits-2d --epochs 50",
        ),
        "list": Command(list_command, "presets, data sets with their licences, and existing runs"),
        "bench": Command(bench_command, "how fast this machine trains, compared with the usual loop"),
    },
    "a model that was trained elsewhere": {
        "check": Command(lambda argv: check_command(argv, program()), "how a VAE of your own is read, without writing anything"),
        "import": Command(
            _import,
            "make a run of a VAE of your own, or of a training that the page kept",
            "",
            "--module models:trained --data mnist",
        ),
    },
    "an existing run": {
        "evaluate": Command(evaluate_command, "figures on its test images", "RUN", "mnist-2d --samples 500 --json"),
        "examine": Command(examine_command, "which dimensions collapsed, whether it matters, what to do", "RUN"),
        "maps": Command(maps_command, "compute its maps again, without training", "RUN"),
        "classifier": Command(classifier_command, "train its classifier of pictures, its first or another", "RUN"),
    },
}


def main(argv: Sequence[str]) -> int:
    """Runs one command; returns the exit code: 0, 2 for a mistake, 130 for Ctrl-C."""
    return run_one(argv, GROUPS)

"""`classifier`: train the classifier of pictures of a finished run."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.cli.arguments import NewName, RunName, RunsToRead, parse
from trainer.cli.finished_run import dataset_of, progress_bar, run_to_change
from trainer.console import program


@dataclass(frozen=True)
class ClassifierOptions:
    """Train the classifier of decoded pictures of a finished run, its first or another; nothing else of the run changes."""

    run: RunName
    """name of the run"""
    runs: RunsToRead = None
    """folder of runs (default: your own, then those of the checkout and the shipped ones)"""
    name: NewName = None
    """leave the run as it is, and keep the result in a copy of it under this name"""


def classifier_command(argv: list[str]) -> None:
    options = parse(ClassifierOptions, argv, f"{program()} classifier")
    run = run_to_change(options)
    from trainer.cli.measuring import classifier_line
    from trainer.training.refresh import refresh_classifier

    dataset = dataset_of(run)
    with progress_bar() as show:
        found = refresh_classifier(run, dataset, show)
    print(f"{run.id}: {classifier_line(found)}; temperature {found.temperature:.2f}")
    for what, scores in (("test images", found.images), ("reconstructions", found.decoded)):
        figures = f"accuracy {scores.accuracy:.3f}, NLL {scores.nll:.3f} nats, calibration error {scores.ece:.3f}"
        print(f"  {what:<16} {figures} ({scores.n} pictures)")

"""`examine`: did dimensions of a finished run collapse, does it matter, what can be done, and is its latent space continuous?"""

from __future__ import annotations

from dataclasses import dataclass

from trainer.cli.arguments import MaybeNumber, NewName, RunName, RunsToRead, parse
from trainer.cli.finished_run import dataset_of, progress_bar, run_to_change
from trainer.console import program
from trainer.runs.catalogue import load_run


@dataclass(frozen=True)
class ExamineOptions:
    """Measure a finished run for the clinic (information, interventions, sensitivity, implied β, continuity) and print the verdict."""

    run: RunName
    """name of the run"""
    runs: RunsToRead = None
    """folder of runs (default: your own, then those of the checkout and the shipped ones)"""
    name: NewName = None
    """leave the run as it is, and keep the result in a copy of it under this name"""
    seconds: MaybeNumber = None
    """about how long it may take: a slow model gets fewer images, and larger standard errors (default: all of them)"""


def examine_command(argv: list[str]) -> None:
    options = parse(ExamineOptions, argv, f"{program()} examine")
    from trainer.cli.measuring import budget_of, is_measurable, stored_verdict, verdict_of_info
    from trainer.diagnosis.refresh import refresh_examination

    budget = budget_of(options.seconds)
    run = load_run(options.run, options.runs)
    if not is_measurable(run):
        print("\n".join(stored_verdict(run)))
        return
    run = run_to_change(options)
    dataset = dataset_of(run)
    with progress_bar() as show:
        found = refresh_examination(run, dataset, budget, show)
    print("\n".join(verdict_of_info(run, found)))

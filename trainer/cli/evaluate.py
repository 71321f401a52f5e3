"""`evaluate`: how good is a run on images that it did not train on?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from trainer.cli.arguments import AtMost, MaybeNumber, OutFile, RunName, RunsToRead, between, parse
from trainer.cli.finished_run import progress_bar
from trainer.console import program
from trainer.errors import LatentError
from trainer.numerals import count, number
from trainer.runs.catalogue import load_run

if TYPE_CHECKING:
    import torch

    from trainer.metrics.cost import Budget
    from trainer.metrics.evaluate import Evaluation
    from trainer.runs.read import Run

MAX_SAMPLES = 100_000  # one image's draws are decoded at once


@dataclass(frozen=True)
class EvaluateOptions:
    """Figures of a run on images that it did not train on, in nats per image."""

    run: RunName
    """name of the run"""
    runs: RunsToRead = None
    """folder of runs (default: your own, then those of the checkout and the shipped ones)"""
    samples: int = 200
    """samples of z for each image in the importance-sampled NLL"""
    images: AtMost = None
    """importance-sample only the first N images (default: all)"""
    parts: tuple[str, ...] = ()
    """more than the bound: collapse, information, interventions, sensitivity, implied-beta, gaps, gradients, bounds,
    continuity, disentanglement"""
    out: OutFile = None
    """keep every number of the parts in this file, name.npz (default: print their means only)"""
    keep: bool = False
    """keep the means of the parts gaps and bounds in the run, where lessons show them"""
    seconds: MaybeNumber = None
    """about how long it may take: a slow model gets fewer images and samples, and larger standard errors (default: all of them)"""
    device: str = "cpu"
    """cpu, cuda or cuda:NUMBER"""
    json: bool = False
    """one JSON object on stdout"""


def evaluate_command(argv: list[str]) -> None:
    options = parse(EvaluateOptions, argv, f"{program()} evaluate")
    between("--samples", options.samples, MAX_SAMPLES)
    if options.images is not None:
        between("--images", options.images)
    from trainer.cli.measuring import budget_of, is_measurable, stored_lines, stored_record
    from trainer.diagnosis.report import PARTS
    from trainer.training.distributed import device_of

    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        raise LatentError(f"--parts has {unknown[0]!r}; allowed: {', '.join(PARTS)}.")
    from trainer.cli.part_tables import checked_file

    if options.out is not None:
        checked_file(options.out, options.parts)
    device, budget = device_of(options.device), budget_of(options.seconds)
    run = load_run(options.run, options.runs)
    if is_measurable(run):
        _measure(run, options, device, budget)
    else:
        print(json.dumps(stored_record(run)) if options.json else "\n".join(stored_lines(run)))


def _measure(run: Run, options: EvaluateOptions, device: torch.device, budget: Budget | None) -> None:
    """Computes all figures that were asked for, and prints them."""
    from trainer.cli.part_tables import checked_file, save_arrays, table_lines
    from trainer.datasets import load_dataset
    from trainer.diagnosis.kept_bounds import check_kept, keep_bounds
    from trainer.diagnosis.report import PARTS, check_part, report
    from trainer.metrics.evaluate import evaluate

    dataset = load_dataset(run.info.dataset.name, progress=True)
    run.check_dataset(dataset)
    chosen = [part for part in PARTS if part in options.parts]
    for part in chosen:  # before minutes of evaluation
        check_part(run.model, dataset, part)
    if options.keep:
        check_kept(run, chosen)
    model = run.model.to(device)
    with progress_bar() as show:
        result = evaluate(model, dataset, samples=options.samples, nll_images=options.images, budget=budget, on_progress=show)
    model.cpu()
    parts = {part: report(run, dataset, part) for part in chosen}
    if options.keep:
        keep_bounds(run, parts)
    if options.out is not None:
        n_arrays = save_arrays(checked_file(options.out, options.parts), parts)
        print(f"{options.out}: {n_arrays} arrays of {', '.join(parts)}", file=sys.stderr)
    if options.json:
        print(json.dumps({"run": run.id, "dataset": dataset.name, **asdict(result), **parts}))
        return
    _print_figures(run.id, dataset.name, result)
    for part, record in parts.items():
        print("\n".join(table_lines(part, record)))


def _print_figures(run_id: str, dataset: str, result: Evaluation) -> None:
    given = ", given the class" if result.given_label else ""
    print(f"{run_id} on {dataset} {result.split} ({count(result.n)} images, {result.input} input{given}), nats per image")
    if result.elbo is not None and result.nll is not None and result.kl is not None and result.kl_per_dim is not None:
        error = "" if result.nll_standard_error is None else f" ± {number(result.nll_standard_error)}"
        print(f"  ELBO            {number(result.elbo):>10}   = −(reconstruction + KL)")
        draws = f"importance-sampled, {count(result.samples or 0)} samples, {count(result.nll_n or 0)} images"
        print(f"  NLL             {number(result.nll):>10}   {draws}{error}")
        print(f"  reconstruction  {number(result.reconstruction):>10}")
        print(f"  KL              {number(result.kl):>10}   {result.active_units} of {len(result.kl_per_dim)} dimensions active")
    else:
        print(
            f"  reconstruction  {number(result.reconstruction):>10}   −log p(x|z) at the code: a point, so there is no KL and no bound"
        )
    if result.ess is not None:
        print(f"  ESS             {number(result.ess, 1):>10}   effective samples of {result.samples}")
    if result.squared_error is not None:
        print(f"  squared error   {number(result.squared_error, 3):>10}   Σ over pixels at the mean code")
    if result.classifier_error is not None:
        print(f"  test error      {number(result.classifier_error, 3):>10}   share of images that q(y|x) gets wrong")
    if result.knn_accuracy is not None:
        print(f"  15-NN accuracy  {number(result.knn_accuracy, 3):>10}   share of images")

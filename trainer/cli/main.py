"""What can be typed after `atlas` or `python -m trainer`?

fit, import, check, evaluate, maps, classifier, examine, list, bench; `atlas` adds what shows runs (`explorer.hosts.cli`). The options of
`fit` are the fields of `FitConfig`. A mistake is one sentence on stderr and exit code 2; Ctrl-C ends with 130 and a run that resumes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from trainer.cli.arguments import AtMost, MaybeNumber, NewName, RunName, RunsToRead, RunsToWrite, parse
from trainer.cli.import_ import check_command, import_command, run_line
from trainer.cli.progress import show
from trainer.config import PRESET_NOTES, PRESETS, FitConfig, check_run_name, checked, preset
from trainer.console import Command, program, run_one
from trainer.errors import ConfigError, LatentError, RunError
from trainer.numerals import count, number, percent
from trainer.preflight import keep_compiled_code
from trainer.runs.catalogue import default_roots, free_name, list_runs, load_run, own_name, shipped_names, shipped_roots
from trainer.runs.folder import RUN_JSON
from trainer.runs.read import Run, read_info
from trainer.runs.records import RunInfo
from trainer.runs.storage import place, store_of
from trainer.runs.write import RunWriter, copy_of

if TYPE_CHECKING:
    from trainer.datasets import Dataset
    from trainer.maps.projection import Projection
    from trainer.metrics.evaluate import Evaluation

MAX_SAMPLES = 100_000  # one image's draws are decoded at once


@dataclass(frozen=True)
class FitOptions:
    """Train a run. Every option that is not given comes from the preset."""

    config: FitConfig
    name: NewName = None
    """name of the run (default: the preset's, or the next one like it that is free)"""
    runs: RunsToWrite = field(default_factory=lambda: str(default_roots()[0]))
    """folder of runs, a path or an fsspec URL such as s3://bucket/runs (default: $LATENT_RUNS, else runs)"""
    device: str = "cpu"
    """cpu, cuda or cuda:NUMBER"""
    held_out: MaybeNumber = None
    """of images of your own, the share that becomes the test split, 0.05 to 0.6 (default: 0.2; half as many again are for validation)"""
    resume: bool = False
    """go on with a run that was interrupted"""
    overwrite: bool = False
    """replace a run of this name"""


@dataclass(frozen=True)
class EvaluateOptions:
    """Figures of a run on images that it did not train on, in nats per image."""

    run: RunName
    """name of the run"""
    runs: RunsToRead = None
    """folder of runs (default: yours, then those of the checkout and the shipped ones)"""
    samples: int = 200
    """draws of z an image for the importance-sampled NLL"""
    images: AtMost = None
    """importance-sample the first so many images only (default: all)"""
    parts: tuple[str, ...] = ()
    """more than the bound: collapse, information, interventions, sensitivity, implied-beta, gaps, gradients, disentanglement"""
    seconds: MaybeNumber = None
    """about how long it may take: a slow model gets fewer images and draws, and larger standard errors (default: all of them)"""
    device: str = "cpu"
    """cpu, cuda or cuda:NUMBER"""
    json: bool = False
    """one JSON object on stdout"""


@dataclass(frozen=True)
class MapsOptions:
    """Make the maps of a finished run anew from its weights, codes and data set; nothing else of the run changes."""

    run: RunName
    """name of the run"""
    runs: RunsToRead = None
    """folder of runs (default: yours, then those of the checkout and the shipped ones)"""
    name: NewName = None
    """leave the run as it is, and keep the result in a copy of it under this name"""


@dataclass(frozen=True)
class ExamineOptions:
    """Measure a finished run for the clinic (information, interventions, sensitivity, implied β) and say the verdict."""

    run: RunName
    """name of the run"""
    runs: RunsToRead = None
    """folder of runs (default: yours, then those of the checkout and the shipped ones)"""
    name: NewName = None
    """leave the run as it is, and keep the result in a copy of it under this name"""
    seconds: MaybeNumber = None
    """about how long it may take: a slow model gets fewer images, and larger standard errors (default: all of them)"""


@dataclass(frozen=True)
class ClassifierOptions:
    """Train the classifier of decoded pictures of a finished run, its first or another; nothing else of the run changes."""

    run: RunName
    """name of the run"""
    runs: RunsToRead = None
    """folder of runs (default: yours, then those of the checkout and the shipped ones)"""
    name: NewName = None
    """leave the run as it is, and keep the result in a copy of it under this name"""


@dataclass(frozen=True)
class ListOptions:
    """Presets, data sets (and whether each is on this machine), runs."""

    runs: RunsToRead = None
    """folder of runs (default: yours, then those of the checkout and the shipped ones)"""
    json: bool = False
    """one JSON object on stdout"""


@dataclass(frozen=True)
class BenchOptions:
    """One epoch of this trainer against the loop of pytorch/examples: same model, batch size and data, one process."""

    epochs: int = 3
    """epochs of each"""
    images: AtMost = None
    """use the first so many training images (default: all)"""
    data: str = "mnist"
    """data set"""
    json: bool = False
    """one JSON object on stdout"""


def main(argv: Sequence[str]) -> int:
    """Runs one command; returns the exit code: 0, 2 for a mistake, 130 for Ctrl-C."""
    return run_one(argv, GROUPS)


# --- fit


def _fit(argv: list[str]) -> None:
    if argv and argv[0] in ("-h", "--help"):
        _print_presets()
        parse(FitOptions, ["--help"], f"{program()} fit PRESET", FitOptions(PRESETS["digits-2d"]))
    if not argv or argv[0].startswith("-"):
        raise LatentError(f"fit needs a preset first; allowed: {', '.join(PRESETS)} (or {program()} fit --help).")
    name, base = argv[0], preset(argv[0])
    try:
        options = parse(FitOptions, argv[1:], f"{program()} fit {name}", FitOptions(base))
    except ConfigError:  # with the settings of the run that goes on it may be allowed
        if "--resume" not in argv:
            raise
        options = FitOptions(base, name=_typed(argv, "--name"), runs=_typed(argv, "--runs") or FitOptions(base).runs, resume=True)
        if not (place(options.runs) / _name_for(options, name) / RUN_JSON).is_file():
            raise
    if options.resume and options.overwrite:
        raise LatentError("--resume goes on with a run, --overwrite begins it anew; allowed: one of them.")
    if not str(options.runs).strip():
        raise LatentError("--runs is ''; allowed: a folder or an fsspec address.")
    run_name = _name_for(options, name)
    folder = place(options.runs) / run_name
    if options.resume and (folder / RUN_JSON).is_file():
        began = read_info(folder).config  # what is typed is held against it by `fit`
        options = parse(FitOptions, argv[1:], f"{program()} fit {name}", replace(options, config=began))
    from trainer.datasets import absolute_name, load_dataset, with_held_out

    data = options.config.data if options.held_out is None else with_held_out(options.config.data, options.held_out)
    config = checked(options.config, data=absolute_name(data))
    from trainer.training.distributed import device_of, team
    from trainer.training.fit import fit, refuse_to_lose

    device_of(options.device)  # what needs no data set, before it is fetched
    if "RANK" not in os.environ:  # of a team only the first process may ask: it may have begun to write already
        refuse_to_lose(RunWriter.at(options.runs, run_name), options.resume, options.overwrite)
    if config.umap and config.latent_dim > 2 and (note := keep_compiled_code()):
        print(note, file=sys.stderr)
    with team(options.device) as processes:
        dataset = load_dataset(config.data, progress=processes.is_writer)
        for note in dataset.notes if processes.is_writer else ():
            print(note, file=sys.stderr)
        start = partial(
            fit, config, dataset, run_name, options.runs, name, options.resume, options.overwrite, options.device, processes
        )  # fmt: skip
        if not processes.is_writer:
            for _ in start():
                pass
            return
        runs = "" if place(options.runs) == default_roots()[0] else f" --runs {shlex.quote(options.runs)}"
        goes_on, told = f"fit {name} --name {run_name}{runs} --resume", _told_name(run_name, options, name)
        show(lambda heard: start(heard=heard), config, goes_on, told)


def _name_for(options: FitOptions, preset_name: str) -> str:
    """The name of the run: the one that was typed, else one like the preset's that is free, or that goes on or is replaced."""
    if options.name is not None:
        return check_run_name(options.name)
    wish = preset_name.replace("+", "-")
    if options.resume:
        return _unfinished_like(wish, preset_name, options.runs)
    return own_name(wish, options.runs) if options.overwrite else free_name(wish, options.runs)


def _told_name(name: str, options: FitOptions, preset_name: str) -> str:
    """What is said where the run did not get the name that one would look for; empty where it did."""
    wish = preset_name.replace("+", "-")
    if options.name is not None or name == wish:
        return ""
    why = "is a run that comes with the program" if wish in shipped_names() else f"is in {options.runs} already"
    return f"This run is called {name}: {wish} {why} (--name chooses another)."


def _unfinished_like(wish: str, preset_name: str, root: str) -> str:
    """The one unfinished run of a preset, else the run that has the wish. Raises `RunError` where there are several or none."""
    found = [
        name
        for name, info in list_runs(root).items()
        if isinstance(info, RunInfo) and info.preset == preset_name and info.state != "finished"
        and re.fullmatch(rf"{re.escape(wish)}(-[0-9]+)?", name)
    ]  # fmt: skip
    if len(found) > 1:
        raise RunError(f"several runs of {preset_name} in {root} were not finished: {', '.join(found)}; say which with --name.")
    if not found and not (place(root) / wish / RUN_JSON).is_file():
        raise RunError(f"nothing to resume: no run of {preset_name} in {root} is unfinished; leave --resume out to start one.")
    return found[0] if found else wish


def _typed(argv: Sequence[str], option: str) -> str | None:
    """The value of an option as it was typed, `--option value` or `--option=value`."""
    for word, following in zip(argv, [*argv[1:], None], strict=True):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


def _print_presets() -> None:
    print("presets:")
    for name, note in PRESET_NOTES.items():
        print(f"  {name:<22} {note}")
    print()


# --- evaluate


def _evaluate(argv: list[str]) -> None:
    options = parse(EvaluateOptions, argv, f"{program()} evaluate")
    _between("--samples", options.samples, MAX_SAMPLES)
    if options.images is not None:
        _between("--images", options.images)
    from tqdm import tqdm

    from trainer.cli.measuring import budget_of, is_measurable, stored_lines, stored_record
    from trainer.datasets import load_dataset
    from trainer.diagnosis.report import PARTS, check_part, report
    from trainer.metrics.evaluate import evaluate
    from trainer.training.distributed import device_of

    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        raise LatentError(f"--parts has {unknown[0]!r}; allowed: {', '.join(PARTS)}.")
    device, budget = device_of(options.device), budget_of(options.seconds)
    run = load_run(options.run, options.runs)
    if not is_measurable(run):
        print(json.dumps(stored_record(run)) if options.json else "\n".join(stored_lines(run)))
        return
    dataset = load_dataset(run.info.dataset.name, progress=True)
    run.check_dataset(dataset)
    chosen = [part for part in PARTS if part in options.parts]
    for part in chosen:  # before minutes of evaluation
        check_part(run.model, dataset, part)
    model = run.model.to(device)
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", file=sys.stderr, leave=False, disable=None) as bar:
        result = evaluate(
            model, dataset, samples=options.samples, nll_images=options.images, budget=budget,
            on_progress=lambda share: bar.update(100 * share - bar.n),
        )  # fmt: skip
    model.cpu()
    parts = {part: report(model, dataset, part) for part in chosen}
    if options.json:
        print(json.dumps({"run": run.id, "dataset": dataset.name, **asdict(result), **parts}))
        return
    _print_figures(run.id, dataset.name, result)
    for part, record in parts.items():
        print(f"{part}")
        for key, value in record.items():
            print(f"  {key:<22} {_short(value)}")


def _print_figures(run_id: str, dataset: str, result: Evaluation) -> None:
    given = ", given the class" if result.given_label else ""
    print(f"{run_id} on {dataset} {result.split} ({count(result.n)} images, {result.input} input{given}), nats per image")
    if result.elbo is not None and result.nll is not None and result.kl is not None and result.kl_per_dim is not None:
        error = "" if result.nll_standard_error is None else f" ± {number(result.nll_standard_error)}"
        print(f"  ELBO            {number(result.elbo):>10}   = −(reconstruction + KL)")
        draws = f"importance-sampled, {count(result.samples or 0)} draws, {count(result.nll_n or 0)} images"
        print(f"  NLL             {number(result.nll):>10}   {draws}{error}")
        print(f"  reconstruction  {number(result.reconstruction):>10}")
        print(f"  KL              {number(result.kl):>10}   {result.active_units} of {len(result.kl_per_dim)} dimensions active")
    else:
        print(
            f"  reconstruction  {number(result.reconstruction):>10}   −log p(x|z) at the code: a point, so there is no KL and no bound"
        )
    if result.ess is not None:
        print(f"  ESS             {number(result.ess, 1):>10}   effective draws of {result.samples}")
    if result.squared_error is not None:
        print(f"  squared error   {number(result.squared_error, 3):>10}   Σ over pixels at the mean code")
    if result.classifier_error is not None:
        print(f"  test error      {number(result.classifier_error, 3):>10}   share of images that q(y|x) gets wrong")
    if result.knn_accuracy is not None:
        print(f"  15-NN accuracy  {number(result.knn_accuracy, 3):>10}   share of images")


def _short(value: Any) -> str:
    """A figure, or a list cut to what fits a line."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        shown = ", ".join(_short(item) for item in value[:8])
        return f"[{shown}{', …' if len(value) > 8 else ''}]"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items())
    return "not finite" if value is None else str(value)


def _between(option: str, value: int, most: int | None = None) -> None:
    if value < 1 or (most is not None and value > most):
        raise LatentError(f"{option} is {value}; allowed: {f'1 to {most}' if most else '1 or more'}.")


# --- maps, examination, classifier: what is made anew of a finished run


def _to_be_changed(options: MapsOptions | ExamineOptions | ClassifierOptions) -> Run:
    """The run, or the copy of it that was asked for; tried before minutes of work, and said where nothing will be kept."""
    run = load_run(options.run, options.runs)
    run.check_measurable()
    if options.name is not None:
        return copy_of(run, options.name, options.runs or default_roots()[0])
    writer = RunWriter(run.folder)
    if writer.is_kept:
        told = f"{run.id} comes with the program and stays as it is: the result is shown and not kept (--name COPY keeps it in a copy)."
        print(told, file=sys.stderr)
    else:
        writer.check_writable()
    return run


def _dataset_of(run: Run) -> Dataset:
    from trainer.datasets import load_dataset

    return load_dataset(run.info.dataset.name, progress=True)


def _maps(argv: list[str]) -> None:
    options = parse(MapsOptions, argv, f"{program()} maps")
    run = _to_be_changed(options)
    from trainer.training.refresh import refresh_maps

    for projection in refresh_maps(run, _dataset_of(run)):
        print(f"{run.id}: {projection.title}{_losses(projection)}")


def _examine(argv: list[str]) -> None:
    options = parse(ExamineOptions, argv, f"{program()} examine")
    from tqdm import tqdm

    from trainer.cli.measuring import budget_of, is_measurable, stored_verdict, verdict_lines
    from trainer.diagnosis.measure import refresh_examination

    budget = budget_of(options.seconds)
    run = load_run(options.run, options.runs)
    if not is_measurable(run):
        print("\n".join(stored_verdict(run)))
        return
    run = _to_be_changed(options)
    dataset = _dataset_of(run)
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", file=sys.stderr, leave=False, disable=None) as bar:
        found = refresh_examination(run, dataset, budget, lambda share: bar.update(100 * share - bar.n))
    print("\n".join(verdict_lines(run, found)))


def _losses(projection: Projection) -> str:
    """What a map keeps of neighbourhoods, and what its approximate inverse gives back."""
    kept, back = projection.quality, projection.inverse_quality
    parts = []
    if kept is not None:
        parts.append(
            f"keeps {percent(kept.neighbours_kept)} of the {kept.k} neighbours, trustworthiness {number(kept.trustworthiness, 3)}"
        )
    if back is not None:
        parts.append(f"approximate inverse R² {number(back.r2)}{' (held out)' if back.is_held_out else ''}")
        if back.nll is not None and back.own_nll is not None:
            parts.append(f"reconstruction loss {number(back.nll, 1)} nats (own codes {number(back.own_nll, 1)})")
        if back.agreement is not None:
            parts.append(f"label agreement {number(back.agreement, 3)}")
    return f": {', '.join(parts)}" if parts else ""


def _classifier(argv: list[str]) -> None:
    options = parse(ClassifierOptions, argv, f"{program()} classifier")
    run = _to_be_changed(options)
    from tqdm import tqdm

    from trainer.training.refresh import refresh_classifier

    dataset = _dataset_of(run)
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", file=sys.stderr, leave=False, disable=None) as bar:
        found = refresh_classifier(run, dataset, lambda share: bar.update(100 * share - bar.n))
    print(f"{run.id}: classifier of pictures, temperature {found.temperature:.2f}")
    for what, scores in (("test images", found.images), ("reconstructions", found.decoded)):
        figures = f"accuracy {scores.accuracy:.3f}, NLL {scores.nll:.3f} nats, calibration error {scores.ece:.3f}"
        print(f"  {what:<16} {figures} ({scores.n} pictures)")


# --- list


def _list(argv: list[str]) -> None:
    options = parse(ListOptions, argv, f"{program()} list")
    from trainer.datasets import availability, dataset_names

    places = [availability(name) for name in dataset_names()]
    runs = list_runs(options.runs)
    if options.json:
        print(json.dumps({
            "presets": {name: {"note": PRESET_NOTES[name], **config.model_dump()} for name, config in PRESETS.items()},
            "datasets": [asdict(place) for place in places],
            "runs": {
                name: info.model_dump(exclude={"files"}) if isinstance(info, RunInfo) else {"error": str(info)}
                for name, info in runs.items()
            },
        }, default=str))  # fmt: skip
        return
    _print_presets()
    print("data sets:")
    for where in places:
        print(f"  {where.name:<14} {'here' if where.is_here else 'to be downloaded':<17} {where.description}; {where.licence}")
    hiding = {} if options.runs else _hiding_shipped()
    print("\nruns:" if runs else "\nruns: none yet")
    for name, info in runs.items():
        print(f"  {name:<22} {run_line(info)}{hiding.get(name, '')}")


def _hiding_shipped() -> dict[str, str]:
    """Of runs that have had the name of a shipped one since before names were kept apart: what to do to see both."""
    shipped, others = shipped_names(), [root for root in default_roots() if root not in shipped_roots()]
    return {
        name: f"; hides the run of this name that comes with the program: rename {root / name} to see both"
        for root in reversed(others) for name in store_of(root).list() if name in shipped and (root / name / RUN_JSON).is_file()
    }  # fmt: skip


# --- bench


def _bench(argv: list[str]) -> None:
    options = parse(BenchOptions, argv, f"{program()} bench")
    _between("--epochs", options.epochs)
    if options.images is not None:
        _between("--images", options.images)
    from trainer.cli.bench import compare

    result = compare(options.data, options.epochs, options.images, quiet=options.json)
    print(json.dumps(result.record()) if options.json else result.table())


# --- all of them

GROUPS: dict[str, dict[str, Command]] = {
    "train": {
        "fit": Command(
            _fit, "train a model on a data set: a preset, and options for every setting", "PRESET", "digits-2d --epochs 50"
        ),
        "list": Command(_list, "presets, data sets with their licences, and the runs that are there"),
        "bench": Command(_bench, "how fast this machine trains, against the usual loop"),
    },
    "a model that was trained elsewhere": {
        "check": Command(
            lambda argv: check_command(argv, program()), "what is understood of a VAE of yours, without writing anything"
        ),
        "import": Command(
            lambda argv: import_command(argv, program()), "make a run of a VAE of yours", "", "--module models:trained --data mnist"
        ),
    },
    "a run that is there": {
        "evaluate": Command(_evaluate, "figures on its test images", "RUN", "mnist-2d --samples 500 --json"),
        "examine": Command(_examine, "whether dimensions collapsed, whether it matters, what to do", "RUN"),
        "maps": Command(_maps, "make its maps anew, without training", "RUN"),
        "classifier": Command(_classifier, "train its classifier of pictures, its first or another", "RUN"),
    },
}
